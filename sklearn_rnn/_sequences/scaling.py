"""Standardisation of channels and targets, by column, with their means and scales."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.storage import has_nan, row_chunks
from sklearn_rnn._sequences.windows import Windows

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """An affine scale by column: ``(value - mean) / scale``."""

    mean: FloatArray
    scale: FloatArray

    @classmethod
    def identity(cls, n_columns: int) -> Scale:
        """Return the scale that leaves values as they are."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    @property
    def deviation(self) -> FloatArray:
        """The former name of `scale`, kept until 1.0."""
        return self.scale

    def is_identity(self) -> bool:
        """Return whether it leaves values as they are."""
        return not self.mean.any() and bool((self.scale == 1).all())

    @classmethod
    def of(cls, rows: FloatArray, weight: FloatArray) -> Scale:
        """Learn the weighted mean and standard deviation of each column of `rows`.

        Two passes over chunks of rows, in double precision. Missing values (NaN) are left out. A
        column that is constant, up to rounding, has the scale one; a column without a value has
        the mean zero.
        """
        used = np.flatnonzero(weight)
        chunks = [used[chunk] for chunk in row_chunks(len(used), rows.shape[1])]
        total = sum((weight[c] @ ~np.isnan(rows[c]) for c in chunks), np.zeros(rows.shape[1]))
        total = np.maximum(total, np.finfo(np.float64).tiny)
        mean = sum(weight[c] @ np.nan_to_num(rows[c].astype(np.float64)) for c in chunks) / total
        variance = sum(weight[c] @ np.nan_to_num(rows[c] - mean) ** 2 for c in chunks) / total
        noise = 10 * np.finfo(np.float64).eps * np.abs(mean)
        scale = np.sqrt(variance)
        return cls(mean, np.where(scale <= noise, 1.0, scale))


def is_scaled(rows: NDArray[Any], scale: Scale, dtype: DTypeLike) -> bool:
    """Return whether rows need no scaled copy, and torch can use their memory."""
    is_ready = rows.dtype == dtype and rows.flags.carray  # contiguous and writeable
    return is_ready and scale.is_identity() and not has_nan(rows)


def standardized(
    sequences: Windows | Ragged, scale: Scale, dtype: str, indicated: NDArray[np.intp]
) -> Windows | Ragged:
    """Return the same sequences over a standardised copy of their rows.

    Parameters
    ----------
    sequences : Windows or Ragged
        The sequences.
    scale : Scale
        Means and scales of the channels.
    dtype : str
        The floating-point type of the copy.
    indicated : ndarray of int
        Channels for which an indicator, 1 where they are missing and 0 elsewhere, is appended.

    Returns
    -------
    Windows or Ragged
        Sequences in which missing values are replaced by the mean.
    """
    return replace(sequences, rows=scaled_rows(sequences.rows, scale, dtype, indicated))


def scaled_rows(
    given: NDArray[Any], scale: Scale, dtype: DTypeLike, indicated: NDArray[np.intp]
) -> NDArray[Any]:
    """Return a standardised copy of rows; see `standardized`."""
    n_rows, n_channels = given.shape
    rows = np.zeros((n_rows, n_channels + len(indicated)), dtype=dtype)
    values = rows[:, :n_channels]
    np.subtract(given, scale.mean, out=values, casting="same_kind")
    np.divide(values, scale.scale, out=values, casting="same_kind")
    missing = np.isnan(values)
    if missing.any():
        values[missing] = 0
        rows[:, n_channels:] = missing[:, indicated]
    return rows
