"""Folds of several series that are split in time, all series at once: `PanelTimeSeriesSplit`."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn._sklearn.containers import check_is_read
from sklearn_rnn.preprocessing._timeline import split_index
from sklearn_rnn.preprocessing._times import missing_times, read_times


class PanelTimeSeriesSplit(TimeSeriesSplit):
    """Split panel data in time: in all series, training rows come before test rows.

    Each distinct time is one step of `sklearn.model_selection.TimeSeriesSplit`, and all rows of
    that time are in the same part, however the rows are ordered. With ``align="end"`` the steps are
    those of each series, counted from its last time: the last test set has the last rows of each
    series, at whatever time it ends.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 1.
    test_size : int, default=None
        Number of times in each test set. None takes ``n_times // (n_splits + 1)``, with
        ``align="end"`` of the longest series.
    gap : int, default=0
        Number of times between training and test set that are left out.
    time : str, default=None
        Column of X, or level of its index, that holds the times. None reads the index: of a
        MultiIndex the last datetime-like level, or the last numeric level if there is none.
    align : {"time", "end"}, default="time"
        Whether a test set has the same times of all series, or the same number of times of each,
        counted from its end. Of series that end earlier than others, rows after the test rows of
        others are then training rows; shorter series have no training rows in early folds.
    series : str, default=None
        Column of X, or level of its index, that names the series, for ``align="end"``. None reads
        the other levels of a MultiIndex.

    See Also
    --------
    LagTransformer : Windows of the past, which read the series and times in the same way.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn.model_selection import PanelTimeSeriesSplit
    >>> days = pd.date_range("2026-01-01", periods=3)
    >>> index = pd.MultiIndex.from_product([["oslo", "rome"], days])
    >>> X = pd.DataFrame({"sales": range(6)}, index=index)
    >>> for train, test in PanelTimeSeriesSplit(2).split(X):
    ...     print(train, test)
    [0 3] [1 4]
    [0 1 3 4] [2 5]

    The last day of each series, of which one has ended before:

    >>> for train, test in PanelTimeSeriesSplit(1, test_size=1, align="end").split(X[:5]):
    ...     print(train, test)
    [0 1 3] [2 4]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: int | None = None,
        gap: int = 0,
        time: str | None = None,
        align: str = "time",
        series: str | None = None,
    ) -> None:
        if not isinstance(n_splits, int | np.integer):
            raise TypeError(f"n_splits must be a whole number of test sets; got {n_splits!r}.")
        super().__init__(2 if n_splits == 1 else n_splits, test_size=test_size, gap=gap)
        self.n_splits = n_splits  # of which scikit-learn wants two
        self.time = time
        self.align = align
        self.series = series

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Return the rows of each training and test set.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            A table whose index or column holds the times, or windows of `LagTransformer` or
            `make_lagged`; arrays need `groups`.
        y : object, default=None
            Ignored.
        groups : array-like of shape (n_rows,), default=None
            The time of each row, if X does not hold it.

        Yields
        ------
        train, test : ndarray of int
            Positions of the rows, ascending.

        Raises
        ------
        ValueError
            If there are no times (an index that numbers the rows does not count), a row has none,
            or a parameter is invalid.
        """
        if self.align not in ("time", "end"):
            raise ValueError(f"align must be 'time' or 'end'; got {self.align!r}.")
        for name, value, least in (("test_size", self.test_size, 1), ("gap", self.gap, 0)):
            if value is None and name == "test_size":
                continue
            if not isinstance(value, Integral) or value < least:
                raise ValueError(
                    f"{name} must be a whole number of times, at least {least}; got {value!r}."
                )
        check_is_read(X)
        X = X.to_frame() if isinstance(X, pd.Series) else X
        times, series = self._read_rows(X, groups)
        if not len(times):
            raise ValueError("X has no rows to split.")
        distinct, codes = np.unique(times, return_inverse=True)
        if self.align == "end":
            if len(distinct) < len(times) and not series.any() and self.series is None:
                raise ValueError(
                    "X has repeated times but no names of series; for align='end' name their "
                    'column, PanelTimeSeriesSplit(series="store"), or give a MultiIndex.'
                )
            back = pd.Series(codes).groupby(series).rank("dense", ascending=False)
            codes = (back.max() - back).to_numpy(np.intp)
        for train, test in super().split(np.zeros((int(codes.max()) + 1, 1))):
            yield np.flatnonzero(np.isin(codes, train)), np.flatnonzero(np.isin(codes, test))

    def _read_rows(self, X: Any, groups: Any) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Return the time and the number of the series of each row."""
        if isinstance(X, WindowArray):
            index, series = X.times, X.series
        else:
            time = self.time if groups is None else None
            index, series, _ = split_index(X, num_samples(X), time, self.series)
        index = index if groups is None else groups
        if isinstance(index, pd.RangeIndex):
            raise ValueError(
                "The index of X numbers its rows and holds no times; name the column of times, "
                'PanelTimeSeriesSplit(time="date"), or use TimeSeriesSplit for a single series.'
            )
        kind, times = ("none", None) if index is None else read_times(pd.Index(index))
        if times is None or str(kind) == "no times":
            raise ValueError(
                "X has no times; give a DataFrame whose index or column `time` holds them, or "
                "the time of each row as groups."
            )
        if missing_times(times).any():
            n_missing = int(missing_times(times).sum())
            raise ValueError(
                f"Times are missing in {n_missing} of {len(X)} rows of X; leave these rows out."
            )
        return times, series
