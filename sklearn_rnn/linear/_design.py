"""The design matrix of a linear model on windows, which is never stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from typing_extensions import Self

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.windows import Windows

FloatArray = NDArray[np.float64]
Block = tuple[slice, FloatArray]
"""Which windows, and a copy of them."""

KEPT_VALUES = 2**21
"""Values of windows that are kept at most: 16 MB."""


@dataclass(frozen=True, eq=False)
class Design:
    """Windows as the rows of a matrix with a column for each lag of each channel.

    The columns are blocks of channels, oldest lag first: lag j of window i is the row
    ``first[i] + j * step`` of the table.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The table over which the windows lie; NaN is a missing value.
    first : ndarray of int, of shape (n_windows,)
        The row of the oldest lag of each window.
    step : int
        Rows from a lag to the next.
    n_lags : int
        Number of lags.
    """

    rows: NDArray[Any]
    first: NDArray[np.intp]
    step: int
    n_lags: int

    @classmethod
    def of(cls, windows: Windows) -> Design:
        """Return the design of windows."""
        return cls(windows.rows, windows.first_rows(), windows.step_stride, windows.n_steps)

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return int(self.rows.shape[1])

    @property
    def n_columns(self) -> int:
        """Number of columns: lags times channels."""
        return self.n_lags * self.n_channels

    @property
    def span(self) -> int:
        """Rows from the oldest to the newest lag of a window."""
        return (self.n_lags - 1) * self.step

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.first)

    def take(self, index: Any) -> Self:
        """Return the design of some of the windows."""
        return replace(self, first=self.first[index])

    def cut(self) -> Self:
        """Return the same windows over no other rows than theirs."""
        begin, end = int(self.first.min()), int(self.first.max()) + self.span + 1
        return replace(self, rows=self.rows[begin:end], first=self.first - begin)

    def read(self, part: slice) -> NDArray[Any]:
        """Return some rows of the table."""
        return self.rows[part]

    def coverage(self, weight: FloatArray) -> FloatArray:
        """Return the weight of each row of the table: that of all windows over it."""
        n_starts = len(self.rows) - self.span
        starts = np.bincount(self.first, weights=weight, minlength=n_starts)
        total = np.zeros(len(self.rows))
        for shift in range(0, self.span + 1, self.step):
            total[shift : shift + n_starts] += starts
        return total

    def block(self, part: slice, center: FloatArray) -> FloatArray:
        """Copy some windows, in double precision.

        Parameters
        ----------
        part : slice
            The windows.
        center : ndarray of shape (n_channels,)
            Subtracted from each row. It stands for missing values, too.

        Returns
        -------
        ndarray of shape (n_windows, n_columns)
            One row for each window.
        """
        windows = self.windows(self.first[part])
        return centered(windows, center).reshape(len(windows), self.n_columns)

    def windows(self, first: NDArray[np.intp]) -> NDArray[Any]:
        """Return the windows with these first rows, of shape (n_windows, n_lags, n_channels)."""
        spacing = int(first[1] - first[0]) if len(first) > 1 else 1
        if spacing > 0 and (np.diff(first) == spacing).all():
            pitch, item = self.rows.strides
            return as_strided(
                self.rows[first[0] :],
                shape=(len(first), self.n_lags, self.n_channels),
                strides=(spacing * pitch, self.step * pitch, item),
                writeable=False,
            )
        return np.asarray(self.rows[first[:, np.newaxis] + self.step * np.arange(self.n_lags)])

    def blocks(self, center: FloatArray, n_others: int = 0) -> Iterator[Block]:
        """Yield copies of all windows, a few at a time, and which windows they are.

        Fewer at a time if the caller makes `n_others` values of each window.
        """
        for part in row_chunks(len(self), self.n_columns + n_others):
            yield part, self.block(part, center)


class CenteredDesign:
    """A design less a centre of shape (n_channels,), which stands for missing values, too.

    For many products, `keep` copies the windows only once if they are few.
    """

    def __init__(self, design: Design, center: FloatArray, *, keep: bool = False) -> None:
        self._design, self._center = design, center
        is_kept = keep and len(design) * design.n_columns <= KEPT_VALUES
        self._kept = list(design.blocks(center)) if is_kept else None

    def dot(self, coef: FloatArray) -> FloatArray:
        """Return the products of windows and coefficients, (n_columns,) or (n_columns, k)."""
        product = np.empty((len(self._design), *coef.shape[1:]))
        for part, block in self._blocks():
            product[part] = block @ coef
        return product

    def transposed_dot(self, values: FloatArray) -> FloatArray:
        """Return the products of columns and values, (n_windows,) or (n_windows, k)."""
        product = np.zeros((self._design.n_columns, *values.shape[1:]))
        for part, block in self._blocks():
            product += block.T @ values[part]
        return product

    def _blocks(self) -> Iterable[Block]:
        return self._design.blocks(self._center) if self._kept is None else self._kept


def centered(values: NDArray[Any], center: FloatArray) -> FloatArray:
    """Subtract the centre of each channel in double precision, and put missing values there."""
    result = np.subtract(values, center, dtype=np.float64)
    missing = np.isnan(result)
    if missing.any():
        result[missing] = 0.0
    return result
