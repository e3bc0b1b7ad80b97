"""Texts read word by word, by scikit-learn's analyzers, and cut into sentences if that is asked."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

Documents = list[list[NDArray[np.int64]]]


class Analyzer:
    """What a text is, and what its words are, by the parameters of ``CountVectorizer``."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.decode = CountVectorizer(**parameters).decode
        of_content = {**parameters, "input": "content"}  # `decode` alone opens files
        self.analyze = CountVectorizer(**of_content).build_analyzer()

    def __call__(self, text: str) -> list[str]:
        """Return the words of a decoded text."""
        return [*self.analyze(text)]


class CorpusEncoder:
    """Remembers the words of texts, numbered as they come, and where texts and sentences end.

    Parameters
    ----------
    analyzer : Analyzer
        Reads the texts.
    sentence_end : str or None
        A regular expression of what ends a sentence, and belongs to it. None takes a text for one
        sentence.

    Attributes
    ----------
    numbers : dict of str to int
        The words in the order in which they came first.
    words : array of int
        The numbers of all words of all texts.
    lengths : array of int
        Words of each sentence.
    counts : array of int
        Sentences of each text.
    """

    def __init__(self, analyzer: Analyzer, sentence_end: str | None) -> None:
        self.analyzer = analyzer
        self.end = None if sentence_end is None else _pattern(sentence_end)
        self.numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self.words, self.lengths, self.counts = array("q"), array("q"), array("q")

    def __call__(self, given: Any) -> list[str]:
        """Remember a text, or what holds one, and return its words, whatever its sentences."""
        text = self.analyzer.decode(given)
        words = self.record(text)
        return words if self.end is None else self.analyzer(text)

    def record(self, text: str) -> list[str]:
        """Remember a decoded text, and return the words of its sentences."""
        sentences = [self.analyzer(part) for part in self._split(text)]
        words = [word for sentence in sentences for word in sentence]
        self.words.extend(map(self.numbers.__getitem__, words))
        self.lengths.extend(map(len, sentences))
        self.counts.append(len(sentences))
        return words

    def _split(self, text: str) -> list[str]:
        if self.end is None:
            return [text]
        bounds = [0, *(found.end() for found in self.end.finditer(text)), len(text)]
        return [text[start:stop] for start, stop in pairwise(bounds)]

    def bounds(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return where sentences begin and end among the words, and texts among the sentences."""
        words, sentences = (
            np.append(0, np.cumsum(sizes, dtype=np.intp)) for sizes in (self.lengths, self.counts)
        )
        return words, sentences


def learn(parameters: dict[str, Any], analyze: Any, texts: Iterable[Any]) -> list[str]:
    """Return the vocabulary of texts by ``CountVectorizer``, whose analyzer is replaced."""
    vectorizer = CountVectorizer(**parameters)
    vectorizer.build_analyzer = lambda: analyze
    words: list[str] = vectorizer.fit(texts).get_feature_names_out().tolist()
    return words


def in_rows(
    ids: NDArray[np.int64], starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Copy texts, parts of `ids`, to the rows of one array, with zeros behind."""
    n_steps = max(1, sizes.max(initial=0))  # at least one, if only of padding
    rows = np.zeros((len(sizes), n_steps), dtype=np.int64)
    for row, start, n in zip(rows, starts, sizes, strict=True):
        row[:n] = ids[start : start + n]
    return rows


def in_sentences(
    ids: NDArray[np.int64],
    bounds: NDArray[np.intp],
    texts: NDArray[np.intp],
    starts: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> Documents:
    """Cut texts, parts of `ids`, at the bounds of sentences; no sentence is empty.

    Parameters
    ----------
    ids : ndarray of int, of shape (n_words,)
        The words.
    bounds, texts : ndarray of int
        Where sentences begin and end in `ids`, and texts in `bounds`; see `CorpusEncoder.bounds`.
    starts, sizes : ndarray of int, of shape (n_texts,)
        The part of each text that is kept.

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


def _pattern(sentence_end: str) -> re.Pattern[str]:
    try:
        return re.compile(sentence_end)
    except re.error as error:
        raise ValueError(
            f"sentence_end must be a regular expression; got {sentence_end!r}: {error}."
        ) from error
