"""Windows over the rows of one table, without a copy.

A window is a run of equally spaced rows. Windows laid over one base array
``rows`` are a strided view of it: step j of window i is the row
``i * window_stride + j * step_stride``, so that memory grows with the number of rows,
whatever the length of the windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sklearn.validation import check_memory

# A base array is worth having while it has at most so many rows for each step of a window.
_MAX_ROWS_PER_STEP = 2


def lag_windows(rows: NDArray[Any], n_lags: int, *, step: int = 1) -> NDArray[Any]:
    """Lay a window over every run of equally spaced rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The base array.
    n_lags : int
        Number of steps of a window.
    step : int, default=1
        Spacing between consecutive steps of a window, in rows (dilation).

    Returns
    -------
    ndarray of shape (n_rows - (n_lags - 1) * step, n_lags, n_channels)
        A read-only view of ``rows``: step j of window i is ``rows[i + j * step]``.
    """
    span = (n_lags - 1) * step + 1
    return sliding_window_view(rows, span, axis=0)[..., ::step].transpose(0, 2, 1)


def flatten_windows(windows: ArrayLike) -> NDArray[Any]:
    """Copy windows to a table of one block of columns for each step, oldest first."""
    n_windows, n_steps, n_channels = np.shape(windows)
    try:
        array = np.asarray(windows)
        is_copy = array is not windows and array.flags.owndata and array.flags.c_contiguous
        if not is_copy:
            check_memory(array.nbytes, "flat windows")
        copied = array if is_copy else np.array(array, order="C")
    except MemoryError as error:
        raise MemoryError(
            f"flatten=True writes out n_lags={n_steps} lags of {n_channels} channels for "
            f"{n_windows} rows: {n_windows * n_steps * n_channels * 8:,} bytes, which this machine "
            "cannot give; take fewer lags, or flatten=False, which stores each row once, and a "
            "network or a linear model of sklearn_rnn."
        ) from error
    return copied.reshape(n_windows, n_steps * n_channels)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows laid over the rows of one base array.

    Step j of window i is ``rows[i * window_stride + j * step_stride]``, or with `starts`
    ``rows[starts[i] + j * step_stride]``. Rows that no window covers may lie between the
    others; their values mean nothing.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The base array, which need not be contiguous.
    n_windows, n_steps : int
        Number of windows, and of steps in each.
    window_stride, step_stride : int
        Rows from a window to the next, and from a step to the next.
    starts : ndarray of shape (n_windows,) or None
        First row of each window, if they are not evenly spaced.
    """

    rows: NDArray[Any]
    n_windows: int
    n_steps: int
    window_stride: int
    step_stride: int
    starts: NDArray[np.intp] | None = None

    def first_rows(self) -> NDArray[np.intp]:
        """Return the first row of each window."""
        if self.starts is not None:
            return self.starts
        return np.arange(self.n_windows) * self.window_stride

    def array(self) -> NDArray[Any]:
        """Return the windows, of shape (n_windows, n_steps, n_channels): a view if possible."""
        if self.starts is not None:
            steps = np.arange(self.n_steps) * self.step_stride
            return self.rows[self.starts[:, np.newaxis] + steps]
        pitch, item = self.rows.strides
        return as_strided(
            self.rows,
            shape=(self.n_windows, self.n_steps, self.rows.shape[1]),
            strides=(self.window_stride * pitch, self.step_stride * pitch, item),
            writeable=self.rows.flags.writeable,
        )

    def coverage(self, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
        r"""Return the weight of each row: the sum of the weights of the windows over it.

        With :math:`c_r` the coverage of row r and :math:`w_i` the weight of window i,

        .. math:: \sum_{i, j} w_i f(x_{ij}) = \sum_r c_r f(\mathrm{rows}_r)

        for every function f, which gives weighted means over all steps of all windows
        at the cost of one pass over the rows.

        Parameters
        ----------
        sample_weight : array-like of shape (n_windows,), default=None
            Weights of the windows; None means one each.

        Returns
        -------
        ndarray of shape (n_rows,)
            Zero exactly at rows that no window of a non-zero weight covers.
        """
        weight = np.ones(self.n_windows) if sample_weight is None else np.asarray(sample_weight)
        total = np.zeros(len(self.rows))
        if self.starts is not None:
            begun = np.bincount(self.starts, weight, minlength=len(total))
            for first in range(0, self.n_steps * self.step_stride, self.step_stride):
                total[first:] += begun[: len(total) - first]
        elif self.n_windows:
            span = (self.n_windows - 1) * self.window_stride + 1
            for first in range(0, self.n_steps * self.step_stride, self.step_stride):
                total[first : first + span : self.window_stride] += weight
        return total


def window_rows(X: NDArray[Any]) -> Windows | None:
    """Recognise the base array that the windows of a 3-D array are laid over.

    Contiguous arrays, views made by `lag_windows`, and slices of both along any axis are
    recognised; nothing is copied.

    Parameters
    ----------
    X : ndarray of shape (n_windows, n_steps, n_channels)
        Any 3-D array.

    Returns
    -------
    Windows or None
        None if there is no such base array, and the caller has to copy: where rows would
        overlap in memory, where a stride is zero or negative, and where more than half of
        the rows would lie outside every window.
    """
    n_windows, n_steps, n_channels = X.shape
    if X.size == 0 or X.flags.c_contiguous:
        rows = np.asarray(X).reshape(n_windows * n_steps, n_channels)
        return Windows(rows, n_windows, n_steps, max(n_steps, 1), 1)
    used = [stride for stride, size in zip(X.strides, X.shape, strict=True) if size > 1]
    if min(used, default=1) <= 0:
        return None
    window, step, item = X.strides
    item = item if n_channels > 1 else X.itemsize
    if n_windows > 1:
        pitch = int(np.gcd(window, step)) if n_steps > 1 else window
    else:
        pitch = step if n_steps > 1 else n_channels * item
    step_stride = step // pitch if n_steps > 1 else 1
    window_stride = window // pitch if n_windows > 1 else n_steps * step_stride
    n_rows = (n_windows - 1) * window_stride + (n_steps - 1) * step_stride + 1
    if n_rows > _MAX_ROWS_PER_STEP * n_windows * n_steps:
        return None
    if not _disjoint((n_rows, pitch), (n_channels, item), X.itemsize):
        return None
    rows = as_strided(
        X, shape=(n_rows, n_channels), strides=(pitch, item), writeable=X.flags.writeable
    )
    return Windows(rows, n_windows, n_steps, window_stride, step_stride)


def _disjoint(rows: tuple[int, int], channels: tuple[int, int], itemsize: int) -> bool:
    """Say whether no two values of a table with these (size, stride) axes overlap."""
    (_, inner), (_, outer) = axes = sorted((rows, channels), key=lambda axis: axis[1])
    extent = (axes[0][0] - 1) * inner + itemsize
    return inner >= itemsize and (outer >= extent or axes[1][0] == 1)
