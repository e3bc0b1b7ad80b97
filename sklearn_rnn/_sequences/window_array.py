"""Windows of a series as an array that knows its rows: `WindowArray`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from sklearn_rnn._sequences.categories import Labels
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import get_namespace
from sklearn_rnn._sklearn.validation import check_labels

MIN_SAVING = 0.25
"""Share of the rows that no window holds from which on the others are copied, to pass on less."""

Starts = range | NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Origin:
    """What all windows of some series have in common.

    Attributes
    ----------
    delay : int
        Rows from the newest step of a window to the row of its target.
    channels : tuple of str or None
        Names of the channels.
    known_ahead : tuple of int
        Channels that are read ``delay`` rows later than the others.
    series : tuple of hashable
        Names of the series.
    first_starts : ndarray of shape (n_series,)
        Where the first window of each series starts, increasing.
    categories : Labels
        Labels of the channels that hold codes of categories.
    """

    delay: int
    channels: tuple[str, ...] | None
    known_ahead: tuple[int, ...]
    series: tuple[Hashable, ...]
    first_starts: NDArray[np.intp]
    categories: Labels


class WindowArray(NDArrayOperatorsMixin):
    """Windows of one or several series, as a read-only array of three dimensions.

    Step j of window i is ``rows[starts[i] + j * step]``; nothing is copied. A selection of windows
    is a `WindowArray` too, over the same rows; any other use, such as arithmetic, a method or
    another selection, gives or takes the ordinary array, ``np.asarray(windows)``. That is a view
    if the windows are evenly spaced, and otherwise a copy.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The rows.
    starts : range or ndarray of shape (n_windows,)
        First row of each window.
    n_steps, step : int
        Steps of a window, and rows from one step to the next.
    origin : Origin
        What the windows have in common.
    complete : ndarray of bool, of shape (n_windows,), or None
        Whether no row of a window is missing; None if none is in any.
    times : Index of shape (n_windows,) or None
        The time of the row of each target.
    """

    def __init__(
        self,
        rows: NDArray[Any],
        starts: Starts,
        n_steps: int,
        step: int,
        origin: Origin,
        complete: NDArray[np.bool_] | None = None,
        times: pd.Index | None = None,
    ) -> None:
        self.rows = _read_only(rows)
        self.starts = starts if isinstance(starts, range) and starts.step > 0 else _spaced(starts)
        self.n_steps, self.step, self.origin, self.times = n_steps, step, origin, times
        self._complete = None if complete is None or complete.all() else complete

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of windows, steps and channels."""
        return len(self.starts), self.n_steps, self.rows.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the values."""
        return self.rows.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions: 3."""
        return 3

    @property
    def size(self) -> int:
        """Number of values in all windows."""
        return int(np.prod(self.shape))

    @property
    def delay(self) -> int:
        """Rows from the newest step of a window to the row of its target."""
        return self.origin.delay

    @property
    def lags(self) -> NDArray[np.intp]:
        """Lag of each step in rows, oldest first; less by `delay` for known future covariates."""
        return self.delay + self.step * np.arange(self.n_steps - 1, -1, -1)

    @property
    def channels(self) -> tuple[str, ...] | None:
        """Names of the channels, if they are known."""
        return self.origin.channels

    @property
    def series(self) -> NDArray[np.intp]:
        """The number of the series of each window; ``origin.series`` names them."""
        first = self.origin.first_starts
        return np.searchsorted(first, np.asarray(self.starts), side="right") - 1

    @property
    def is_complete(self) -> NDArray[np.bool_]:
        """Whether each window is complete: no lag is before the start of its series or in a gap."""
        if self._complete is None:
            return np.ones(len(self), dtype=bool)
        return self._complete

    def check_labels(self, y: Any) -> None:
        """Check that y, of pandas, has the times of the targets as its index, if they are known."""
        times = self.times if len(self.origin.series) == 1 else None  # else they name no rows
        if times is None or not isinstance(y, pd.DataFrame | pd.Series):
            return
        if times.dtype == y.index.dtype:  # other forms of the same times are not compared
            check_labels(y, pd.Series(0, index=times))

    def windows(self) -> Windows:
        """Return the same windows without what is known of them, over the rows that they hold."""
        return self._compact()._windows()

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return value in np.asarray(self)

    def __getitem__(self, key: Any) -> Any:
        """Return the selected windows as a `WindowArray`, anything else as an ordinary array."""
        first, *rest = key if isinstance(key, tuple) and key else (key,)
        if not all(map(_is_basic, rest)) or not (_is_number(first) or _chooses(first)):
            return np.asarray(self)[key]
        if _is_number(first):
            start = self.starts[first]
            window = self.rows[start : start + self._span : self.step]
            return window[tuple(rest)] if rest else window
        chosen = self._select(first)
        if all(part is Ellipsis or part == slice(None) for part in rest) and len(rest) <= 2:
            return chosen
        return np.asarray(chosen)[(slice(None), *rest)]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the ordinary array: a read-only view if the windows are evenly spaced."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        is_view = isinstance(self.starts, range) and dtype == self.dtype
        if copy is False and not is_view:
            raise ValueError(
                "These windows are not evenly spaced, or have another dtype: they cannot become "
                "an array without a copy. Leave copy=False out."
            )
        array = self._windows().array()
        return array.astype(dtype) if is_view and copy else array.astype(dtype, copy=False)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any
    ) -> Any:
        """Apply a ufunc, and with it an operator, to the ordinary array."""
        if any(isinstance(target, WindowArray) for target in out):
            raise ValueError("Windows are read-only; change a copy of them, np.array(windows).")
        kwargs |= {"out": out} if out else {}
        arrays = (np.asarray(x) if isinstance(x, WindowArray) else x for x in inputs)
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute or a method of the ordinary array, unless it is a special one."""
        if name.startswith("__") or not hasattr(np.ndarray, name):
            hint = "; for a table set flatten=True in LagTransformer" * hasattr(pd.DataFrame, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")
        return getattr(np.asarray(self), name)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Return the array API namespace of the ordinary array."""
        return get_namespace(self.rows)[0]

    def __dlpack__(self, **kwargs: Any) -> Any:
        """Return a copy of the ordinary array for another library, which may write to it."""
        return np.array(self).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[Any, Any]:
        """Return that this is memory of the CPU."""
        return self.rows.__dlpack_device__()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled, without rows that no window holds, if these are many."""
        return dict(vars(self._compact()))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, rows=_read_only(state["rows"]))

    def __repr__(self) -> str:
        form = f"shape={self.shape}, dtype={self.dtype}, delay={self.delay}, step={self.step}"
        return f"WindowArray({form})"

    def __str__(self) -> str:
        return str(np.asarray(self))

    @property
    def _span(self) -> int:
        """Number of rows from the first to the last of a window."""
        return (self.n_steps - 1) * self.step + 1

    def _windows(self) -> Windows:
        starts, shape = self.starts, (len(self.starts), self.n_steps)
        if not isinstance(starts, range):
            return Windows(self.rows, *shape, 0, self.step, starts)
        return Windows(self.rows[self._extent()], *shape, starts.step, self.step)

    def _select(self, key: Any) -> WindowArray:
        """Return some of the windows, in any order."""
        key = list(key) if isinstance(key, tuple) else key  # numpy takes a tuple for several axes
        positions = key if isinstance(key, slice) else np.arange(len(self))[key]
        is_sliced = isinstance(key, slice) and isinstance(self.starts, range)
        return WindowArray(
            self.rows,
            (self.starts if is_sliced else np.asarray(self.starts))[positions],
            self.n_steps,
            self.step,
            self.origin,
            None if self._complete is None else self._complete[positions],
            None if self.times is None else self.times[positions],
        )

    def _extent(self, *, with_targets: bool = False) -> slice:
        """Return the rows that evenly spaced windows hold, or up to the last target."""
        if not len(self):
            return slice(0, 0)
        span = self._span + (self.delay if with_targets else 0)
        return slice(int(self.starts[0]), int(self.starts[-1]) + span)

    def _compact(self) -> WindowArray:
        """Return the same windows without other rows than theirs, if these are many.

        The rows of the targets remain in their places, which tell the channel of y.
        """
        starts, n_rows, first_starts = self.starts, len(self.rows), self.origin.first_starts
        if isinstance(starts, range):
            extent = self._extent(with_targets=True)
            if _is_most(extent.stop - extent.start, n_rows):
                return self
            moved = range(0, len(starts) * starts.step, starts.step)
            return self._over(self.rows[extent], moved, first_starts - extent.start)
        begins, ends = (
            np.bincount(places, minlength=n_rows + 1)
            for places in (starts, np.minimum(starts + self._span + self.delay, n_rows))
        )
        begins -= ends
        is_held = np.cumsum(begins, out=begins)[:-1] > 0
        if _is_most(int(is_held.sum()), n_rows):
            return self
        place = np.append(0, np.cumsum(is_held))
        return self._over(self.rows[is_held], place[starts], place[first_starts.clip(0, n_rows)])

    def _over(
        self, rows: NDArray[Any], starts: Starts, first_starts: NDArray[np.intp]
    ) -> WindowArray:
        """Return the same windows over other rows."""
        origin = replace(self.origin, first_starts=first_starts)
        steps = self.n_steps, self.step
        return WindowArray(rows, starts, *steps, origin, self._complete, self.times)


def _is_most(n_held: int, n_rows: int) -> bool:
    return n_rows - n_held < MIN_SAVING * n_rows


def _read_only(rows: NDArray[Any]) -> NDArray[Any]:
    """Return a view of rows to which nothing can be written."""
    view = rows.view()
    view.flags.writeable = False
    return view


def _spaced(starts: Starts) -> Starts:
    """Return starts as a range if they are evenly spaced and increasing."""
    starts = np.asarray(starts, dtype=np.intp)
    if len(starts) < 2:
        first = int(starts[0]) if len(starts) else 0
        return range(first, first + len(starts))
    stride = int(starts[1] - starts[0])
    span = stride * (len(starts) - 1)
    if stride <= 0 or starts[-1] - starts[0] != span or (np.diff(starts) != stride).any():
        return starts
    return range(int(starts[0]), int(starts[-1]) + 1, stride)


def _is_number(key: Any) -> bool:
    return isinstance(key, Integral) and not isinstance(key, bool)


def _is_basic(key: Any) -> bool:
    return key is Ellipsis or isinstance(key, slice) or _is_number(key)


def _chooses(key: Any) -> bool:
    """Return whether a key selects windows: a slice, a mask or positions in one dimension."""
    return isinstance(key, slice) or np.ndim(key) == 1
