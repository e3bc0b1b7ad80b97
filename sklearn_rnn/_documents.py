"""Documents: lists of sentences, which are lists of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._ragged import Ragged, join, without_absent_ends
from sklearn_rnn._windows import Windows


def read_documents(X: Any) -> Windows | Ragged:
    """Return documents as sequences of sentences, each a row of as many tokens as the longest has.

    Parameters
    ----------
    X : array-like of int, of shape (n_documents, n_sentences, n_words), or list
        Tokens, with zeros behind the last of each sentence and below the last sentence; or a list
        of documents, each a list of sentences, each a sequence of tokens.

    Returns
    -------
    Windows or Ragged
        Documents without empty sentences at their ends.
    """
    array = X if isinstance(X, np.ndarray) and X.ndim == 3 else _padded(X)
    tokens = array.astype(np.int64)
    if (tokens != array).any() or tokens.min(initial=0) < 0:
        raise ValueError("X must hold tokens, integers from 0 up; got other numbers.")
    sentences = join(list(tokens))
    return without_absent_ends(sentences, (sentences.rows == 0).all(axis=1))


def _padded(X: Any) -> NDArray[Any]:
    """Return lists of sentences as one array, with zeros behind and below."""
    if not _is_nested(X):
        raise ValueError(
            "X must hold documents, each a list of sentences, each a sequence of tokens; such as "
            "[[[4, 2], [7, 5, 3]], [[2, 2]]]."
        )
    n_sentences = max((len(document) for document in X), default=0)
    n_words = max((len(sentence) for document in X for sentence in document), default=0)
    array = np.zeros((len(X), max(1, n_sentences), max(1, n_words)))
    for i, document in enumerate(X):
        for j, sentence in enumerate(document):
            array[i, j, : len(sentence)] = sentence
    return array


def _is_nested(X: Any) -> bool:
    """Return whether X is a list of lists of sequences of numbers."""
    try:
        sentences = [sentence for document in X for sentence in document]
        return len(X) > 0 and all(np.ndim(s) == 1 or len(s) == 0 for s in sentences)
    except TypeError:  # what has no length
        return False
