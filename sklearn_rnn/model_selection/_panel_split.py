"""Folds of several series that are split in time, all series at once: `PanelTimeSeriesSplit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn.preprocessing._timeline import split_index
from sklearn_rnn.preprocessing._times import missing_times, read_times


class PanelTimeSeriesSplit(TimeSeriesSplit):
    """Split panel data in time: in all series, training rows come before test rows.

    Each distinct time is one step of `sklearn.model_selection.TimeSeriesSplit`, and all rows of
    that time are in the same part, however the rows are ordered.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    test_size : int, default=None
        Number of times in each test set. None takes ``n_times // (n_splits + 1)``.
    gap : int, default=0
        Number of times between training and test set that are left out.
    time : str, default=None
        Column of X, or level of its index, that holds the times. None reads the index: of a
        MultiIndex the last datetime-like level, or the last numeric level if there is none.

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
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: int | None = None,
        gap: int = 0,
        time: str | None = None,
    ) -> None:
        super().__init__(n_splits, test_size=test_size, gap=gap)
        self.time = time

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
            If there are no times (an index that numbers the rows does not count), or a row has
            none.
        """
        times = self._read_times(X, groups)
        _, codes = np.unique(times, return_inverse=True)
        for train, test in super().split(np.zeros((int(codes.max()) + 1, 1))):
            yield np.flatnonzero(np.isin(codes, train)), np.flatnonzero(np.isin(codes, test))

    def _read_times(self, X: Any, groups: Any) -> NDArray[Any]:
        if groups is not None:
            index = groups
        elif isinstance(X, WindowArray):
            index = X.times
        else:
            index = split_index(X, num_samples(X), self.time, None)[0]
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
            raise ValueError(f"{int(missing_times(times).sum())} rows of X have no time.")
        return times
