"""Standardisation of channels and targets, by column, with their means and scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.windows import Windows

FloatArray = NDArray[np.float64]
Exponents = NDArray[np.intp]
"""Powers of two by column: multiplying by one changes no bit of a mantissa."""

SAFE_EXPONENT = 300
"""Values up to two to this power, and down to its inverse, are squared and summed as they are."""

EXACT_EXPONENT = 60
"""Scales up to two to this power, and down to its inverse, are divided by as they are."""

N_EPS_AT_LEAST = 10
"""Roundings to which a column that is read from a file may owe its variation."""


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

    def without(self, columns: list[int]) -> Scale:
        """Return the same scale, which leaves some columns as they are."""
        mean, scale = self.mean.copy(), self.scale.copy()
        mean[columns], scale[columns] = 0.0, 1.0
        return Scale(mean, scale)

    def is_identity(self) -> bool:
        """Return whether it leaves values as they are."""
        return not self.mean.any() and bool((self.scale == 1).all())

    @classmethod
    def of(cls, rows: NDArray[Any], weight: FloatArray) -> Scale:
        """Learn the weighted mean and standard deviation of each column; see `Moments`."""
        return Moments.of(rows, weight).scale

    def standardize(self, values: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        """Write ``(values - mean) / scale`` to `out`, within the bound of its floating-point type.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            Values.
        out : ndarray of shape (n_rows, n_columns)
            Receives the result. Finite values stay finite, whatever its type: they are clipped to
            `bound`, which a network can multiply and square without an overflow.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            `out`.
        """
        exponent = _exponents(self.scale, EXACT_EXPONENT)
        mean, scale = self.mean, self.scale
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if exponent.any():
                values = np.ldexp(values.astype(np.float64), -exponent)
                mean, scale = np.ldexp(mean, -exponent), np.ldexp(scale, -exponent)
            np.subtract(values, mean, out=out, casting="same_kind")
            np.divide(out, scale, out=out, casting="same_kind")
        limit = bound(out.dtype)
        return np.clip(out, -limit, limit, out=out)


@dataclass(frozen=True)
class Moments:
    r"""Range, mean and standard deviation of each column, of rows that may come in pieces.

    A constant column has its value as mean and the scale one. So has, up to rounding, a column
    whose deviation is at most :math:`n \varepsilon` times its mean, the error bound of the
    variance of n values that scikit-learn's StandardScaler uses. A column without a value has the
    mean zero. All scales are positive, and all means and scales finite.

    Attributes
    ----------
    low, high, count, total : ndarray of shape (n_columns,)
        The smallest and the largest value, the number of values, and the sum of their weights.
    mean, deviation : ndarray of shape (n_columns,)
        Mean and standard deviation, divided by two to the power of `exponent`.
    exponent : ndarray of int, of shape (n_columns,)
        Zero, except for extreme columns.
    scale : Scale
        Mean and scale by which the columns are standardised.
    """

    low: FloatArray
    high: FloatArray
    count: FloatArray
    total: FloatArray
    mean: FloatArray
    deviation: FloatArray
    exponent: Exponents
    scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        low, high, deviation = self.low, self.high, self.deviation
        least = np.maximum(self.count, N_EPS_AT_LEAST) * np.finfo(np.float64).eps
        noise = least * np.abs(self.mean)
        mean, scale = np.ldexp(self.mean, self.exponent), np.ldexp(deviation, self.exponent)
        is_constant = (low == high) | (deviation <= noise) | (scale == 0)
        mean = np.where(low == high, low, mean)
        object.__setattr__(self, "scale", Scale(mean, np.where(is_constant, 1.0, scale)))

    @classmethod
    def of(cls, rows: NDArray[Any], weight: FloatArray) -> Moments:
        """Learn the weighted moments of each column of `rows`.

        Three passes over chunks of rows, in double precision, of which the first finds the range
        of the values. Extreme columns and weights are multiplied by a power of two meanwhile, so
        that no square or sum overflows or underflows. Missing values (NaN) are left out.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)
            Values, finite or NaN where the weight is positive.
        weight : ndarray of shape (n_rows,)
            Weights, of which one at least is positive.
        """
        used = np.flatnonzero(weight)
        given, weight = weight[used], without_extremes(weight[used])
        parts = list(row_chunks(len(used), rows.shape[1]))
        chunks = partial(_chunks, rows, used, parts)
        low, high, count, total = _range_of(chunks(), weight, rows.shape[1])
        exponent = _exponents(np.fmax(np.abs(low), np.abs(high)), SAFE_EXPONENT)

        def average(of: Any) -> FloatArray:  # in place, as chunks are large
            terms = (
                weight[part] @ np.nan_to_num(of(values), copy=False)
                for part, values in chunks(exponent)
            )
            return np.asarray(sum(terms, np.zeros(rows.shape[1])) / total)

        def squares(values: FloatArray) -> FloatArray:
            return np.square(np.subtract(values, mean, out=values), out=values)

        mean = average(lambda values: values)
        deviation = np.sqrt(average(squares))
        if given is not weight:
            total = total * (given.max() / weight.max())
        return cls(low, high, count, total, mean, deviation, exponent)

    def merged(self, other: Moments) -> Moments:
        """Return the moments of the rows of both (Chan, Golub and LeVeque, 1979)."""
        low, high = np.fmin(self.low, other.low), np.fmax(self.high, other.high)
        exponent = _exponents(np.fmax(np.abs(low), np.abs(high)), SAFE_EXPONENT)
        both = self, other
        mean, last = (np.ldexp(m.mean, m.exponent - exponent) for m in both)
        first, second = (np.ldexp(m.deviation, m.exponent - exponent) ** 2 for m in both)
        share, distance = other.total / (self.total + other.total), last - mean
        variance = (1 - share) * (first + share * distance**2) + share * second
        count, total = self.count + other.count, self.total + other.total
        mean = mean + share * distance
        return Moments(low, high, count, total, mean, np.sqrt(variance), exponent)


USUAL_EXPONENT = 20
"""Exponent of two up to which a weight is usual."""

IDENTITY = Scale.identity(1)
"""The scale of one column before anything is learned."""


@cache
def bound(dtype: DTypeLike) -> float:
    """Return the largest standardised value: the fourth root of the largest finite number."""
    return float(np.dtype(dtype).type(np.sqrt(np.sqrt(float(np.finfo(dtype).max)))))


def without_extremes(weight: FloatArray) -> FloatArray:
    """Return weights; if the largest is far from 1, times the power of two that brings it there.

    Sums of them neither overflow nor underflow, and ratios of sums keep every bit. Usual weights
    stay what they are, so that those of several calls can be added.
    """
    exponent = np.frexp(weight.max(initial=0.0))[1]
    return weight if abs(exponent) <= USUAL_EXPONENT else np.ldexp(weight, -exponent)


def _exponents(size: FloatArray, safe: int) -> Exponents:
    """Return the exponents of sizes, and zero for those that lie within a safe range, and NaN."""
    if size.size and size.min() >= 2.0**-safe and size.max() < 2.0**safe:
        return np.zeros(size.shape, dtype=np.int32)
    exponent = np.frexp(np.nan_to_num(size))[1]
    return np.where(np.abs(exponent) > safe, exponent, 0)


def _chunks(
    rows: NDArray[Any],
    used: NDArray[np.intp],
    parts: list[slice],
    exponent: Exponents | None = None,
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield parts of `used`, and the rows there, divided by powers of two."""
    for part in parts:
        values = rows[used[part]].astype(np.float64, copy=False)  # a copy by its indices
        if exponent is not None and exponent.any():
            values = np.ldexp(values, -exponent)
        yield part, values


def _range_of(
    chunks: Iterator[tuple[slice, FloatArray]], weight: FloatArray, n_columns: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the smallest and largest value of each column, their number and their weight."""
    low, high = (np.full(n_columns, np.nan) for _ in range(2))
    count, total = (np.zeros(n_columns) for _ in range(2))
    for part, values in chunks:
        present = ~np.isnan(values)
        low, high = np.fmin(low, np.fmin.reduce(values)), np.fmax(high, np.fmax.reduce(values))
        count, total = count + present.sum(axis=0), total + weight[part] @ present
    return low, high, count, np.maximum(total, np.finfo(np.float64).tiny)


def is_scaled(rows: NDArray[Any], scale: Scale, dtype: DTypeLike) -> bool:
    """Return whether rows need no scaled copy, and torch can use their memory."""
    is_ready = rows.dtype == dtype and rows.flags.carray  # contiguous and writeable
    if not (is_ready and scale.is_identity()):
        return False
    # both are NaN if a value is, and then the comparison fails
    return bool(max(rows.max(initial=0), -rows.min(initial=0)) <= bound(rows.dtype))


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
    given: NDArray[Any], scale: Scale, dtype: DTypeLike, indicated: NDArray[np.intp] | None
) -> NDArray[Any]:
    """Return a standardised copy of rows; see `standardized`.

    If `indicated` is None, missing values stay NaN.
    """
    if indicated is None:
        return scale.standardize(given, out=np.empty(given.shape, dtype=dtype))
    n_rows, n_channels = given.shape
    rows = np.zeros((n_rows, n_channels + len(indicated)), dtype=dtype)
    values = scale.standardize(given, out=rows[:, :n_channels])
    missing = np.isnan(values)
    if missing.any():
        values[missing] = 0
        rows[:, n_channels:] = missing[:, indicated]
    return rows
