"""The training data of a fit: sequences, encoded targets and weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.windows import Windows


@dataclass(frozen=True)
class Data:
    """Sequences with an encoded target and a weight for each sequence, or for each step.

    Attributes
    ----------
    sequences : Windows or Ragged
        The sequences.
    target : ndarray of shape (n_terms, n_outputs) or (n_terms,)
        Targets, of sequences or of valid steps.
    weight : ndarray of shape (n_terms,)
        Weights.
    lengths : ndarray of shape (n_sequences,) or None
        Valid steps of each sequence, if each step has a target.
    groups : ndarray of int, of shape (n_sequences,), or None
        The series that each sequence belongs to, if y or X has a MultiIndex.
    sample_weight : ndarray of shape (n_sequences,)
        The weight of each sequence: the mean weight of its steps.
    """

    sequences: Windows | Ragged
    target: NDArray[Any]
    weight: NDArray[np.float64]
    lengths: NDArray[np.intp] | None = None
    groups: NDArray[np.intp] | None = None

    sample_weight: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        weight = self.weight
        if self.lengths is not None:
            n = len(self.lengths)
            total = np.bincount(np.repeat(np.arange(n), self.lengths), weight, minlength=n)
            weight = np.asarray(total / np.maximum(self.lengths, 1))
        object.__setattr__(self, "sample_weight", weight)

    def only(self, rows: NDArray[np.intp]) -> Data:
        """Return the same data with weight zero for all sequences but those at `rows`."""
        kept = np.zeros(self.sequences.n_windows, dtype=bool)
        kept[rows] = True
        if self.lengths is not None:
            kept = np.repeat(kept, self.lengths)
        return replace(self, weight=np.where(kept, self.weight, 0.0))


def groups_of(X: Any, y: Any) -> NDArray[np.intp] | None:
    """Return the series of each row: all but the last level of a MultiIndex of y, else of X."""
    for table in (y, X):
        index = getattr(table, "index", None)
        if isinstance(index, pd.MultiIndex):
            return np.asarray(index.droplevel(-1).factorize()[0])
    return None
