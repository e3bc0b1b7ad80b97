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


class Analyzer:
    """What a text is, and what its words are, by the parameters of ``CountVectorizer``."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.decode = CountVectorizer(**parameters).decode
        of_content = {**parameters, "input": "content"}  # `decode` alone opens files
        self.analyze = CountVectorizer(**of_content).build_analyzer()

    def __call__(self, text: str) -> list[str]:
        """Return the words of a decoded text."""
        return [*self.analyze(text)]


class Recorder:
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

    def record(self, given: Any) -> list[str]:
        """Remember a text, or what holds one, and return its words."""
        text = self.analyzer.decode(given)
        if self.end is None:
            self.counts.append(1)
            return self._record_sentence(text)
        bounds = [0, *(found.end() for found in self.end.finditer(text)), len(text)]
        self.counts.append(len(bounds) - 1)
        for start, stop in pairwise(bounds):
            self._record_sentence(text[start:stop])
        return self.analyzer(text)

    def _record_sentence(self, text: str) -> list[str]:
        words = self.analyzer(text)
        self.words.extend(map(self.numbers.__getitem__, words))
        self.lengths.append(len(words))
        return words

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


def _pattern(sentence_end: str) -> re.Pattern[str]:
    try:
        return re.compile(sentence_end)
    except re.error as error:
        raise ValueError(
            f"sentence_end must be a regular expression; got {sentence_end!r}: {error}."
        ) from error
