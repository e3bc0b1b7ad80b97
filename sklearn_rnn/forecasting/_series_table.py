"""A table of one series or of many, sorted by series and time: `SeriesTable`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.containers import check_is_read
from sklearn_rnn.preprocessing._columns import drop_columns, named_columns
from sklearn_rnn.preprocessing._timeline import Timeline, split_index, time_level
from sklearn_rnn.preprocessing._times import TimeKind, check_kind, missing_times, read_times

_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)


@dataclass(frozen=True)
class SeriesTable:
    """The rows of one series or of many, sorted by series and then by time.

    Attributes
    ----------
    values : DataFrame of shape (n_rows, n_columns)
        The columns other than time and series. The index has the times as they were given, in a
        panel as the last level after those of the series.
    kind : TimeKind
        What the times are measured in.
    times : ndarray of shape (n_rows,)
        The times as numbers.
    starts : ndarray of shape (n_series + 1,)
        Where each series begins, and the number of rows.
    labels : list
        Names of the series; of a single series without a name [None].
    order : ndarray of shape (n_rows,)
        Which row of the given table each row is.
    """

    values: pd.DataFrame
    kind: TimeKind
    times: NDArray[Any]
    starts: NDArray[np.intp]
    labels: list[Hashable]
    order: NDArray[np.intp]

    @property
    def lengths(self) -> NDArray[np.intp]:
        """Number of rows of each series."""
        return np.diff(self.starts)

    @property
    def codes(self) -> NDArray[np.intp]:
        """Number of the series of each row."""
        return np.repeat(np.arange(len(self.labels)), self.lengths)

    @property
    def is_panel(self) -> bool:
        """Whether rows have the name of a series."""
        return self.labels != [None]

    def timeline(self) -> Timeline:
        """Return series and times of the rows."""
        return Timeline(self.kind, None, self.times, self.starts, self.labels)

    def index_of(self, number: int) -> Any:
        """Return the times of a series, as they were given unless they are of another kind."""
        rows = slice(self.starts[number], self.starts[number + 1])
        index = self.values.index[rows]
        index = index.get_level_values(-1) if self.is_panel else index
        is_kind = read_times(index)[0] == self.kind
        return index if is_kind else self.kind.to_index(self.times[rows]).rename(index.name)

    def model_rows(self) -> pd.DataFrame:
        """Return the rows with an index that is the same for all forms of the same times."""
        times = self.kind.to_index(self.times)
        return self.values.set_axis(with_series(self.values.index, times), axis=0)

    def take(self, rows: NDArray[np.intp]) -> SeriesTable:
        """Return some rows, ascending; series of which none is left are dropped."""
        codes = self.codes[rows]
        kept = np.unique(codes)
        return replace(
            self,
            values=self.values.iloc[rows],
            times=self.times[rows],
            starts=np.append(np.searchsorted(codes, kept), len(codes)),
            labels=[self.labels[code] for code in kept],
            order=self.order[rows],
        )

    def last(self, n_rows: int) -> SeriesTable:
        """Return the last rows of each series."""
        back = np.repeat(self.starts[1:], self.lengths) - np.arange(len(self.times))
        return self.take(np.flatnonzero(back <= n_rows))

    def describe(self, number: int) -> str:
        """Return the name of a series in a message."""
        return f"series {self.labels[number]!r}" if self.is_panel else "the series"


def read_series(
    X: Any, name: str, time: Any = None, series: Any = None, like: TimeKind | None = None
) -> SeriesTable:
    """Read a table, whose rows may be in any order.

    Parameters
    ----------
    X : DataFrame or Series
        Rows with their times in the index or in a column.
    name : str
        Name of the argument, for errors.
    time, series : str, default=None
        Columns of X, or levels of its index.
    like : TimeKind, default=None
        What the times must be measured in; other forms of the same times are converted.

    Returns
    -------
    SeriesTable
        The rows.

    Raises
    ------
    ValueError
        If X has no rows, a row has no time, a time repeats in a series, or times are of another
        kind.
    """
    check_is_read(X, name)
    X = X.to_frame() if isinstance(X, pd.Series) else X
    if not isinstance(X, pd.DataFrame):
        raise TypeError(
            f"{name} must be a DataFrame or Series of pandas with the times of its rows in the "
            f"index or in a column; got {type(X).__module__.partition('.')[0]}."
            f"{type(X).__name__}.{' Give X.to_pandas().' * hasattr(X, 'to_pandas')}"
        )
    if not len(X):
        raise ValueError(f"{name} must have rows; got the shape {X.shape}.")
    index, codes, labels = split_index(X, len(X), time, series)
    kind, times = read_times(index, like)
    check_kind(kind, like, index, name)
    if (missing := missing_times(times)).any():
        count = f"{int(missing.sum())} of {len(X)} rows"
        raise ValueError(f"{name} must have a time in each row; missing in {count}.")
    order = np.lexsort((times, codes))
    times, codes = times[order], codes[order]
    starts = np.append(np.flatnonzero(np.diff(codes, prepend=-1)), len(codes))
    if kind.name != "numbers" and not isinstance(index, _TIMES):  # dates, or text
        index = kind.to_index(read_times(index, like)[1]).rename(index.name)
    index = index.rename(time) if time is not None else index
    index = index if (np.diff(order) == 1).all() else index.take(order)  # which has no frequency
    if labels != [None]:
        names = [series]
        if series is None:
            at = time_level(X.index, time)
            names = [name for level, name in enumerate(X.index.names) if level != at]
        of_row: Any = pd.Index(labels).take(codes)
        parts = [of_row.get_level_values(level) for level in range(of_row.nlevels)]
        index = pd.MultiIndex.from_arrays([*parts, index], names=[*names, index.name])
    values = drop_columns(X, named_columns(X, time, series)).iloc[order].set_axis(index, axis=0)
    table = SeriesTable(values, kind, times, starts, [labels[c] for c in codes[starts[:-1]]], order)
    _check_distinct(table, name)
    return table


def with_series(index: Any, times: Any) -> Any:
    """Return an index with the series of another one, if it has some, and these times."""
    times = times.rename(index.names[-1])
    if index.nlevels == 1:
        return times
    parts = [index.get_level_values(level) for level in range(index.nlevels - 1)]
    return pd.MultiIndex.from_arrays([*parts, times], names=index.names)


def _check_distinct(table: SeriesTable, name: str) -> None:
    """Check that no time repeats in a series."""
    repeated = np.flatnonzero((np.diff(table.times) == 0) & (np.diff(table.codes) == 0))
    if len(repeated):
        raise ValueError(
            f"{name} must have each time once in a series; got "
            f"{table.values.index[repeated[0]]} twice, and {len(repeated)} such rows. If it holds "
            "several series, name the column that identifies them by series=."
        )
