"""Tokenisation of texts by scikit-learn's analyzers, with optional sentence boundaries."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, pairwise
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_rnn._sequences.lists import is_sequence
from sklearn_rnn._sklearn.containers import check_is_read

Documents = list[list[NDArray[np.int64]]]


@dataclass(frozen=True)
class Analyzer:
    """Decodes texts and splits them into words, with parameters of ``CountVectorizer``."""

    parameters: dict[str, Any]

    @cached_property
    def _decode(self) -> Callable[[Any], Any]:
        return CountVectorizer(**self.parameters).decode

    @cached_property
    def analyze(self) -> Callable[[str], Iterable[str]]:
        """What splits a decoded text into words."""
        of_content = {**self.parameters, "input": "content"}  # `decode` alone opens files
        try:
            return CountVectorizer(**of_content).build_analyzer()
        except (re.error, TypeError) as error:
            pattern = self.parameters["token_pattern"]
            raise ValueError(
                f"token_pattern must be a regular expression; got {pattern!r}: {error}."
            ) from error

    def decode(self, given: Any) -> Any:
        """Read a text, or the file that holds it; functions of the user may read anything else."""
        try:
            text = self._decode(given)
        except UnicodeDecodeError as error:
            encoding = self.parameters["encoding"]
            raise ValueError(
                f"X must hold texts in the encoding {encoding!r}; got {given!r}: {error}. "
                "Give encoding, or decode_error='replace'."
            ) from error
        except (AttributeError, TypeError) as error:
            kind = self.parameters["input"]
            what = "open files" if kind == "file" else "paths of files"
            raise TypeError(
                f"X must hold {what}, which are read, with input={kind!r}; got {given!r}."
            ) from error
        except ValueError:  # of scikit-learn, for np.nan
            text = given
        replaced = ("analyzer", "preprocessor", "tokenizer")
        is_read = isinstance(text, str) or is_sequence(text)
        if is_read or any(callable(self.parameters[name]) for name in replaced):
            return text
        raise TypeError(
            f"X must hold texts, or lists of words; got {given!r}. Fill missing texts with ''."
        )

    def __call__(self, text: Any) -> list[str]:
        """Return the words of a decoded text, or of a list of words."""
        return [*(_check_words(text) if self.has_words(text) else self.analyze(text))]

    def has_words(self, text: Any) -> bool:
        """Return whether a decoded text is already a list of words, or of sentences."""
        return not (isinstance(text, str) or callable(self.parameters["analyzer"]))


class CorpusEncoder:
    """Records the words of texts as integers, and the ends of texts and sentences.

    Parameters
    ----------
    analyzer : Analyzer
        Splits texts into words.
    sentence_end : str or None
        Regular expression that matches the end of a sentence, including it. None treats a text as
        one sentence.

    Attributes
    ----------
    numbers : dict of str to int
        Integer of each distinct word, in order of first occurrence.
    words : array of int
        Integers of all words of all texts.
    lengths : array of int
        Number of words of each sentence.
    counts : array of int
        Number of sentences of each text.
    """

    def __init__(self, analyzer: Analyzer, sentence_end: str | None) -> None:
        self.analyzer = analyzer
        self.end = None if sentence_end is None else _pattern(sentence_end)
        self.numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self.words, self.lengths, self.counts = array("q"), array("q"), array("q")

    def __call__(self, given: Any) -> list[str]:
        """Record a text (or file), and return its words as without sentence boundaries."""
        text = self.analyzer.decode(given)
        words = self.record(text)
        return words if self.end is None or self.analyzer.has_words(text) else self.analyzer(text)

    def record(self, text: Any) -> list[str]:
        """Record a decoded text, and return the words of its sentences."""
        sentences = [self.analyzer(part) for part in self._split(text)]
        words = [word for sentence in sentences for word in sentence]
        self.words.extend(map(self.numbers.__getitem__, words))
        self.lengths.extend(map(len, sentences))
        self.counts.append(len(sentences))
        return words

    def _split(self, text: Any) -> list[Any]:
        if self.end is None:
            return [text]
        if self.analyzer.has_words(text):
            return _check_sentences(text)
        bounds = [0, *(found.end() for found in self.end.finditer(text)), len(text)]
        return [text[start:stop] for start, stop in pairwise(bounds)]

    def bounds(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the boundaries of sentences in the words, and of texts in the sentences."""
        words, sentences = (
            np.append(0, np.cumsum(sizes, dtype=np.intp)) for sizes in (self.lengths, self.counts)
        )
        return words, sentences


def learn_words(parameters: dict[str, Any], analyze: Any, texts: Iterable[Any]) -> list[str]:
    """Return the vocabulary that ``CountVectorizer`` learns with the given analyzer."""
    vectorizer = CountVectorizer(**parameters)
    vectorizer.build_analyzer = lambda: analyze
    words: list[str] = vectorizer.fit(texts).get_feature_names_out().tolist()
    return words


def pad_texts(
    ids: NDArray[np.int64], starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Copy texts (slices of `ids`) to the rows of an array, padded with zeros at the end."""
    n_steps = max(1, sizes.max(initial=0))  # at least one step of padding
    rows = np.zeros((len(sizes), n_steps), dtype=np.int64)
    for row, start, n in zip(rows, starts, sizes, strict=True):
        row[:n] = ids[start : start + n]
    return rows


def split_sentences(
    ids: NDArray[np.int64],
    bounds: NDArray[np.intp],
    texts: NDArray[np.intp],
    starts: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> Documents:
    """Split texts (slices of `ids`) into sentences; empty sentences are dropped.

    Parameters
    ----------
    ids : ndarray of int, of shape (n_words,)
        Tokens of all words.
    bounds, texts : ndarray of int
        Boundaries of sentences in `ids`, and of texts in `bounds`; see `CorpusEncoder.bounds`.
    starts, sizes : ndarray of int, of shape (n_texts,)
        First word, and number of words, that are kept of each text.

    Returns
    -------
    list of list of ndarray of shape (n_words_ij,)
        The sentences of each text.
    """
    documents = []
    for (first, last), start, n in zip(pairwise(texts), starts, sizes, strict=True):
        cuts = np.unique(bounds[first : last + 1].clip(start, start + n))
        documents.append([ids[i:j] for i, j in pairwise(cuts)])
    return documents


def check_texts(X: Any) -> Iterator[Any]:
    """Yield texts, checked one by one not to be missing."""
    check_is_read(X)
    if not isinstance(X, Iterable):
        raise TypeError(f"X must be a list of texts; got {X!r}.")
    if isinstance(X, str):  # the message of CountVectorizer
        raise ValueError("Iterable over raw text documents expected, string object received.")
    if (n_dims := getattr(X, "ndim", 1)) != 1:
        raise ValueError(
            f"X must be one list of texts; got {n_dims} dimensions. Give a column, as X['text']."
        )
    return map(_check_text, count(), X)


def _check_text(place: int, text: Any) -> Any:
    if text is pd.NA or (isinstance(text, float) and isnan(text)):
        raise TypeError(
            f"X must hold texts, or lists of words; got {text!r} at position {place}. Fill missing "
            "texts with ''."
        )
    return text


def _check_words(text: Any) -> list[str]:
    """Return the words of a text that is given as a list of them."""
    rule = "X must hold texts, or lists of words; lists of sentences need sentence_end"
    return _parts(text, lambda word: isinstance(word, str), rule)


def _check_sentences(text: Any) -> list[Any]:
    """Return the sentences of a text that is given as a list of lists of words."""
    rule = "With sentence_end X must hold texts, or lists of sentences, each a list of words"
    return _parts(text, is_sequence, rule)


def _parts(text: Any, is_part: Callable[[Any], bool], rule: str) -> list[Any]:
    parts = [*text] if is_sequence(text) else [text]
    if wrong := [part for part in parts if not is_part(part)]:
        raise ValueError(f"{rule}; got {wrong[0]!r}.")
    return parts


def _pattern(sentence_end: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(sentence_end)
    except re.error as error:
        raise ValueError(
            f"sentence_end must be a regular expression; got {sentence_end!r}: {error}."
        ) from error
    if all(pattern.fullmatch(character) for character in "ax1"):
        raise ValueError(
            "sentence_end must be a regular expression of what ends a sentence, but "
            f"{sentence_end!r} matches every letter; for a full stop set r'\\.'."
        )
    return pattern
