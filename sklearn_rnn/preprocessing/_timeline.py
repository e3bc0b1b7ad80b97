"""Which rows of a table are adjacent, read from its index.

A segment is a contiguous block of rows of one series without a gap in time.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_any_real_numeric_dtype

# Weekends and holidays are no break in a daily series, a missing month is one.
_USUAL_STEPS_OF_TIME = 5
# A month may have 31 days after one of 28, a day 25 hours after one of 24.
_LONGER_THAN_SEEN = 1.2
# Times like 0.1, 0.2, 0.30000000000000004 are equally spaced.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Timeline:
    """Series and time of every row, with the rows of each series brought together.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    kind : str
        What the index holds. Times can be compared within a kind only.
    times : ndarray of shape (n_rows,) or None
        Numbers, datetime64 or timedelta64; None if the index tells no time.
    order : ndarray of shape (n_rows,) or None
        The rows in the order used here; None if that is the order of X.
    series : ndarray of shape (n_rows,) or None
        Number of the series of each row; None if there is only one.
    labels : Index or None
        Name of the series of each row.
    """

    n_rows: int
    kind: str = "no times"
    times: NDArray[Any] | None = None
    order: NDArray[np.intp] | None = None
    series: NDArray[np.intp] | None = None
    labels: pd.Index[Any] | None = None

    def find_max_gap(self, max_gap: Any) -> Any:
        """Return the largest gap between adjoining rows, in the unit of the times.

        Parameters
        ----------
        max_gap : object
            The parameter of `LagTransformer`.

        Returns
        -------
        number, timedelta64 or None
            None if the index tells no time, or has too few rows to tell a usual step.

        Raises
        ------
        ValueError
            If the index never grows.
        """
        if self.times is None:
            return None
        gaps, is_same = self._steps()
        growing = np.sort(gaps[is_same & (gaps > gaps.dtype.type(0))])
        if is_same.any() and not len(growing):
            raise ValueError(
                "The index of X never grows from a row to the next of its series, so that no row "
                "has a past; sort X by its index, or reset the index if it is no time."
            )
        if max_gap is not None:
            return _read_gap(max_gap, self.times.dtype.kind in "mM")
        if not len(growing):
            return None
        usual, largest = growing[(len(growing) - 1) // 2], growing[-1]
        if growing.dtype.kind == "m":
            return min(usual * _USUAL_STEPS_OF_TIME, largest * _LONGER_THAN_SEEN)
        return usual * (1 + _TOLERANCE) if growing.dtype.kind == "f" else usual

    def find_starts(self, max_gap: Any) -> NDArray[np.intp]:
        """Return the first rows of the segments, in the order used here.

        Parameters
        ----------
        max_gap : number, timedelta64 or None
            The largest gap between adjoining rows; None if the times tell nothing.

        Returns
        -------
        ndarray of shape (n_segments,)
            Ascending; the first is 0.
        """
        starts = np.zeros(self.n_rows, dtype=bool)
        starts[0] = True
        if self.times is not None and max_gap is not None:
            gaps, is_same = self._steps()
            starts[1:] = ~(is_same & (gaps > gaps.dtype.type(0)) & (gaps <= max_gap))
        elif self.series is not None:
            starts[1:] = self.series[1:] != self.series[:-1]
        return np.flatnonzero(starts)

    def sort(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Bring rows from the order of X to the order used here."""
        return rows if self.order is None else rows[self.order]

    def unsort(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring values of the rows from the order used here to the order of X."""
        if self.order is None:
            return values
        unsorted = np.empty_like(values)
        unsorted[self.order] = values
        return unsorted

    def label(self, row: int) -> Hashable:
        """Return the name of the series of a row, in the order used here."""
        if self.labels is None:
            return None
        label: Hashable = self.labels[row if self.order is None else int(self.order[row])]
        return label

    def _steps(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the differences of successive times, and whether the series is the same."""
        assert self.times is not None
        with np.errstate(invalid="ignore"):
            gaps = np.diff(self.times)
        if self.series is None:
            return gaps, np.ones(len(gaps), dtype=bool)
        return gaps, self.series[1:] == self.series[:-1]


def read_timeline(X: Any, n_rows: int) -> Timeline:
    """Read the index of X.

    Parameters
    ----------
    X : object
        A DataFrame of pandas with an index of numbers, times or periods, or a MultiIndex
        whose last level is the time and whose other levels name the series. Anything else
        is one series without times.
    n_rows : int
        Number of rows of X.

    Returns
    -------
    Timeline
        The rows of X.
    """
    if not isinstance(X, pd.DataFrame):
        return Timeline(n_rows)
    index = X.index
    kind, times = _read_times(index.get_level_values(-1))
    if not isinstance(index, pd.MultiIndex) or index.nlevels == 1:
        return Timeline(n_rows, kind, times)
    codes = [np.asarray(level) for level in index.codes[:-1]]
    order = np.lexsort(codes)
    is_new = np.any([np.diff(level[order]) != 0 for level in codes], axis=0)
    series = np.concatenate([[0], np.cumsum(is_new)])
    kind = f"{kind} of series in {len(codes)} levels"
    labels = index.droplevel([-1])
    if np.array_equal(order, np.arange(n_rows)):
        return Timeline(n_rows, kind, times, None, series, labels)
    times = None if times is None else times[order]
    return Timeline(n_rows, kind, times, order, series, labels)


def _read_times(index: Any) -> tuple[str, NDArray[Any] | None]:
    """Return the kind of an index with one level, and its values as numbers or times."""
    if isinstance(index, pd.PeriodIndex):
        return f"periods of {index.freqstr}", index.to_timestamp().to_numpy()
    if isinstance(index, pd.DatetimeIndex):
        if index.tz is None:
            return "times", index.to_numpy()
        return "times with a zone", index.tz_convert(None).to_numpy()
    if isinstance(index, pd.TimedeltaIndex):
        return "durations", index.to_numpy()
    if is_any_real_numeric_dtype(index.dtype):
        if index.hasnans or np.dtype(getattr(index.dtype, "numpy_dtype", index.dtype)).kind == "f":
            return "numbers", index.to_numpy(dtype=np.float64, na_value=np.nan)
        return "numbers", index.to_numpy(dtype=np.int64)
    return "no times", None


def _read_gap(max_gap: Any, is_time: bool) -> Any:
    """Return the parameter ``max_gap`` in a type that compares with gaps of the index."""
    if not isinstance(max_gap, str | timedelta | np.timedelta64):
        if is_time:
            raise ValueError(
                f"max_gap={max_gap!r} is a number, but the index of X holds times; give a "
                "timedelta, or a string such as '7D'."
            )
        return max_gap
    if not is_time:
        raise ValueError(
            f"max_gap={max_gap!r} is a time, but the index of X holds numbers; give a number."
        )
    gap = _read_timedelta(max_gap)
    if not gap > pd.Timedelta(0):
        raise ValueError(
            "max_gap must be a time above zero that pandas understands, such as '7D'; "
            f"got {max_gap!r}."
        )
    return gap.to_timedelta64()


def _read_timedelta(value: Any) -> Any:
    return pd.to_timedelta(value, errors="coerce")
