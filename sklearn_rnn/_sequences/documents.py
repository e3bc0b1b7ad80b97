"""Documents as flat arrays: lists of sentences, which are sequences of tokens."""

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
MAKER = (
    "TextSequencer(sentence_end=...) converts texts to documents; GRUClassifier(embedding_dim=32) "
    "reads texts that are not cut into sentences."
)


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents with their tokens in one flat array, padding and empty sentences included.

    Attributes
    ----------
    tokens : ndarray of int, of shape (n_tokens,)
        Tokens of all sentences; 0 is padding.
    sizes : ndarray of int, of shape (n_sentences,)
        Number of tokens of each sentence, padding included.
    counts : ndarray of int, of shape (n_documents,)
        Number of sentences of each document, empty ones included.
    """

    tokens: NDArray[np.int64]
    sizes: NDArray[np.intp]
    counts: NDArray[np.intp]

    def sequences(self) -> Ragged:
        """Return each document as the sequence of its words, with a 0 after each sentence.

        Padding and sentences without words are dropped, wherever they are.
        """
        sentences, n_words = self._sentences()
        ends = np.cumsum(n_words[sentences])  # positions among the words
        rows = np.insert(self.tokens[self.tokens != 0], ends, 0)
        document = np.repeat(np.arange(len(self.counts)), self.counts)[sentences]
        n_steps = np.bincount(document, n_words[sentences] + 1, minlength=len(self.counts))
        lengths = n_steps.astype(np.intp)
        starts = np.cumsum(lengths) - lengths
        if not len(rows):  # starts must point at a row
            rows = np.zeros(1, dtype=np.int64)
        return Ragged(rows[:, np.newaxis], starts, lengths, np.zeros_like(lengths), lengths)

    def unflatten(
        self, values: NDArray[np.float64]
    ) -> tuple[list[NDArray[np.float64]], list[list[NDArray[np.float64]]]]:
        """Rearrange the values of the steps of `sequences` by document, sentence and word.

        Parameters
        ----------
        values : ndarray of shape (n_steps,)
            One value for each step of all sequences.

        Returns
        -------
        of_sentences : list of ndarray of shape (n_sentences_i,)
            Values of the ends of sentences; 0 for sentences without words.
        of_words : list of list of ndarray of shape (n_words_ij,)
            Values of the words; 0 for padding.
        """
        sentences, n_words = self._sentences()
        ends = np.cumsum(n_words[sentences] + 1) - 1  # positions among the steps
        of_sentences, of_words = np.zeros(len(self.sizes)), np.zeros(len(self.tokens))
        of_sentences[sentences] = values[ends]
        of_words[self.tokens != 0] = np.delete(values, ends)
        words = np.split(of_words, np.cumsum(self.sizes)[:-1])
        bounds = np.append(0, np.cumsum(self.counts))
        return np.split(of_sentences, bounds[1:-1]), [words[i:j] for i, j in pairwise(bounds)]

    def _sentences(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the indices of sentences with words, and the number of words of every sentence."""
        before = np.append(0, np.cumsum(self.tokens != 0))
        n_words = np.diff(before[np.append(0, np.cumsum(self.sizes))])
        return np.flatnonzero(n_words), n_words


def read_documents(X: Any) -> Documents:
    """Validate documents and return them as flat arrays.

    Parameters
    ----------
    X : array-like of int, of shape (n_documents, n_sentences, n_words), or list
        Tokens, with 0 as padding; or a list of documents, each a list of sentences, each a
        sequence of tokens.

    Returns
    -------
    Documents
        The documents.

    Raises
    ------
    ValueError
        If X is empty or of another form, or if a token is not an integer from 0 up.
    """
    if isinstance(X, np.ndarray) and X.ndim == 3 and X.dtype.kind != "O":
        n, n_sentences, n_words = X.shape
        tokens, sizes, counts = (
            X.ravel(),
            np.full(n * n_sentences, n_words),
            np.full(n, n_sentences),
        )
    else:
        tokens, sizes, counts = _flatten(X)
    if not len(counts):
        raise ValueError(f"{FORM}; got none.")
    return Documents(_check_tokens(tokens), sizes, counts)


def _flatten(X: Any) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
    """Return tokens of nested lists, the sizes of their sentences, and counts of sentences."""
    try:
        documents = list(X)
        sentences = list(chain.from_iterable(documents))
        sizes, counts = ([len(part) for part in parts] for parts in (sentences, documents))
        texts = [part for part in (*documents, *sentences) if isinstance(part, str | bytes)]
        tokens = np.array([] if texts else list(chain.from_iterable(sentences)))
    except (TypeError, ValueError) as error:  # no length, or tokens of several dimensions
        raise ValueError(f"{FORM}. {error}. {MAKER}") from error
    if texts:
        raise ValueError(f"{FORM}; got the text {texts[0]!r}. {MAKER}")
    return tokens, np.array(sizes, dtype=np.intp), np.array(counts, dtype=np.intp)


def _check_tokens(tokens: NDArray[Any]) -> NDArray[np.int64]:
    """Return tokens as integers; raise if they are something else."""
    if tokens.ndim != 1 or tokens.dtype.kind not in "iuf":
        raise ValueError(f"{FORM}; got {tokens.ravel()[:3].tolist()}.")
    wrong = ~((tokens >= 0) & (tokens < 2**62) & (tokens == np.floor(tokens)))
    if wrong.any():
        raise ValueError(
            f"X must hold tokens, which are non-negative integers; got {tokens[wrong][0].tolist()}."
        )
    return tokens.astype(np.int64)
