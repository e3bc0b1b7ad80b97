"""Documents: lists of sentences, which are lists of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.ragged import Ragged

FORM = (
    "X must hold documents, each a list of sentences, each a sequence of tokens, such as "
    "[[[4, 2], [7, 5, 3]], [[2, 2]]]"
)


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents as they were given, in one row of tokens.

    Attributes
    ----------
    tokens : ndarray of int, of shape (n_tokens,)
        All tokens of all sentences; 0 is padding.
    sizes : ndarray of int, of shape (n_sentences,)
        Tokens of each sentence, padding included.
    counts : ndarray of int, of shape (n_documents,)
        Sentences of each document, those without words included.
    """

    tokens: NDArray[np.int64]
    sizes: NDArray[np.intp]
    counts: NDArray[np.intp]

    def sequences(self) -> Ragged:
        """Return each document as the sequence of its words, with a 0 behind each sentence.

        Nothing is left of padding and of sentences without words, wherever they stand.
        """
        sentences, n_words = self._sentences()
        ends = np.cumsum(n_words[sentences])  # among the words
        rows = np.insert(self.tokens[self.tokens != 0], ends, 0)
        document = np.repeat(np.arange(len(self.counts)), self.counts)[sentences]
        n_steps = np.bincount(document, n_words[sentences] + 1, minlength=len(self.counts))
        lengths = n_steps.astype(np.intp)
        starts = np.cumsum(lengths) - lengths
        if not len(rows):  # there is always a row to point at
            rows = np.zeros(1, dtype=np.int64)
        return Ragged(rows[:, np.newaxis], starts, lengths, np.zeros_like(lengths), lengths)

    def spread(
        self, values: NDArray[np.float64]
    ) -> tuple[list[NDArray[np.float64]], list[list[NDArray[np.float64]]]]:
        """Bring what belongs to the steps of `sequences` into the form of the documents.

        Parameters
        ----------
        values : ndarray of shape (n_steps,)
            One for each step of all sequences.

        Returns
        -------
        of_sentences : list of ndarray of shape (n_sentences_i,)
            The values behind each sentence; 0 for those without words.
        of_words : list of list of ndarray of shape (n_words_ij,)
            The values of the words; 0 for padding.
        """
        sentences, n_words = self._sentences()
        ends = np.cumsum(n_words[sentences] + 1) - 1  # among the steps
        of_sentences, of_words = np.zeros(len(self.sizes)), np.zeros(len(self.tokens))
        of_sentences[sentences] = values[ends]
        of_words[self.tokens != 0] = np.delete(values, ends)
        words = np.split(of_words, np.cumsum(self.sizes)[:-1])
        bounds = np.append(0, np.cumsum(self.counts))
        return np.split(of_sentences, bounds[1:-1]), [words[i:j] for i, j in pairwise(bounds)]

    def _sentences(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the sentences with words, and how many words all have."""
        before = np.append(0, np.cumsum(self.tokens != 0))
        n_words = np.diff(before[np.append(0, np.cumsum(self.sizes))])
        return np.flatnonzero(n_words), n_words


def read_documents(X: Any) -> Documents:
    """Return documents in one row of tokens.

    Parameters
    ----------
    X : array-like of int, of shape (n_documents, n_sentences, n_words), or list
        Tokens; or a list of documents, each a list of sentences, each a sequence of tokens.

    Returns
    -------
    Documents
        The documents.
    """
    if isinstance(X, np.ndarray) and X.ndim == 3 and X.dtype.kind != "O":
        n, n_sentences, n_words = X.shape
        tokens, sizes, counts = (
            X.ravel(),
            np.full(n * n_sentences, n_words),
            np.full(n, n_sentences),
        )
    else:
        tokens, sizes, counts = _in_a_row(X)
    if not len(counts):
        raise ValueError(f"{FORM}; got none.")
    return Documents(_checked(tokens), sizes, counts)


def _in_a_row(X: Any) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
    """Return the tokens of lists of sentences, the sizes of these and those of documents."""
    try:
        documents = list(X)
        sentences = list(chain.from_iterable(documents))
        sizes, counts = ([len(part) for part in parts] for parts in (sentences, documents))
        texts = [part for part in (*documents, *sentences) if isinstance(part, str | bytes)]
        tokens = np.array([] if texts else list(chain.from_iterable(sentences)))
    except (TypeError, ValueError) as error:  # what has no length, or tokens of several
        raise ValueError(f"{FORM}. {error}") from error
    if texts:
        raise ValueError(
            f"{FORM}; got the text {texts[0]!r}. TextSequencer(sentence_end=...) makes documents "
            "of texts."
        )
    return tokens, np.array(sizes, dtype=np.intp), np.array(counts, dtype=np.intp)


def _checked(tokens: NDArray[Any]) -> NDArray[np.int64]:
    """Return numbers as tokens, if that is what they are."""
    if tokens.ndim != 1 or tokens.dtype.kind not in "iuf":
        raise ValueError(f"{FORM}; got, in place of tokens, {tokens.ravel()[:3].tolist()}.")
    wrong = ~((tokens >= 0) & (tokens < 2**62) & (tokens == np.floor(tokens)))
    if wrong.any():
        raise ValueError(
            f"X must hold tokens, integers from 0 up; got {tokens[wrong][0].tolist()}."
        )
    return tokens.astype(np.int64)
