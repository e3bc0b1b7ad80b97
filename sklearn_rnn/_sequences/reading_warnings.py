"""Warnings of sequences that are probably meant in another way than they are read."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

PADDED = 0.1
"""Share of sequences with several steps of zeros at one end, from which on these look so."""

ZEROS_INSIDE = 0.01
"""Share of zeros among the other steps, from which on zeros look like measurements."""

WORDS = 100
"""Number of different integers from which on they may be the numbers of words."""

LEAST_WORD = 0.1
"""The least integer, relative to the largest, up to which they may be the numbers of words."""

RELATED = 0.2
"""Correlation of neighbouring steps from which on integers are measurements."""

MAX_VALUES = 100_000
"""Values of which the correlation is computed."""


def warn_of_misreading(X: NDArray[Any] | None, rows: NDArray[Any], name: str) -> None:
    """Warn if numbers look like tokens, or zeros at one end of sequences like padding.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_steps, n_channels) or None
        The sequences, unless they differ in length.
    rows : ndarray of shape (n_rows, n_channels)
        The steps of all sequences.
    name : str
        The class of the estimator.

    Warns
    -----
    UserWarning
        If they do.
    """
    text = None
    if _look_like_tokens(rows):
        text = (
            f"X holds integers up to {rows.max()} that are unrelated to those beside them, as the "
            f"numbers of words are, but {name} reads them as measurements. If they are tokens, set "
            "embedding_dim; if not, give X.astype(float)."
        )
    elif X is not None:
        for place, ordered in (("end in", X), ("begin with", X[:, ::-1])):
            if n_padded := _count_padded(ordered):
                text = (
                    f"{n_padded} of {len(X)} sequences of X {place} several steps of zeros, of "
                    "which there are hardly any elsewhere; they are read as measurements. If they "
                    "are padding, set them to NaN, or give a list of arrays without them."
                )
    if text is not None:
        warnings.warn(text, UserWarning, stacklevel=2)


def _look_like_tokens(rows: NDArray[Any]) -> bool:
    """Return whether values are many integers that are not related to their neighbours."""
    if rows.dtype.kind not in "iu" or rows.shape[1] > 1:
        return False
    values = rows[:MAX_VALUES, 0]
    values = values[values != 0]  # padding
    if len(np.unique(values)) < WORDS or not 0 < values.min() < LEAST_WORD * values.max():
        return False
    return bool(abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < RELATED)


def _count_padded(X: NDArray[Any]) -> int:
    """Return how many sequences look padded by zeros: by steps of different number, if by any."""
    is_zero = (X == 0).all(axis=2)
    runs = np.where(is_zero.all(axis=1), X.shape[1], (~is_zero[:, ::-1]).argmax(axis=1))
    n_inside, n_others = is_zero.sum() - runs.sum(), is_zero.size - runs.sum()
    padded = runs >= 2
    looks_so = padded.mean() >= PADDED and len(np.unique(runs[padded])) > 1
    return int(padded.sum()) if looks_so and n_inside < ZEROS_INSIDE * n_others else 0
