"""Series and time of every row of a table: `Timeline`."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing._times import TimeKind, check_kind, missing_times, read_times

# More repeated times than this share are those of several series, or of rows drawn twice.
_MAX_REPEATED = 0.01


@dataclass(frozen=True)
class Timeline:
    """Series and time of every row.

    Attributes
    ----------
    kind : TimeKind
        What the times are measured in; its name is 'none' if the table has no times.
    order : ndarray of shape (n_rows,) or None
        The rows by series, then by time; None if that is their order in the table.
    times : ndarray of shape (n_rows,)
        Times in that order, increasing within a series; row numbers if there are none.
    starts : ndarray of shape (n_series + 1,)
        Where each series begins in that order, and the number of rows that have a time. Rows
        without a time come last.
    labels : list
        Names of the series.
    """

    kind: TimeKind
    order: NDArray[np.intp] | None
    times: NDArray[Any]
    starts: NDArray[np.intp]
    labels: list[Hashable]

    def series(self) -> Iterator[tuple[Hashable, slice]]:
        """Return for each series its name, and where its rows are in the order used here."""
        bounds = zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        return zip(self.labels, (slice(*bound) for bound in bounds), strict=True)

    def index(self) -> Any:
        """Return the times of the rows of the table as an index of pandas; None without times."""
        return None if self.kind.name == "none" else self.kind.to_index(self.unsort(self.times))

    def unsort(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring values of the rows from the order used here to that of the table."""
        if self.order is None:
            return values
        unsorted = np.empty_like(values)
        unsorted[self.order] = values
        return unsorted


def read_timeline(
    X: Any, n_rows: int, *, time: Any = None, series: Any = None, like: TimeKind | None = None
) -> Timeline:
    """Read series and time of the rows of a table.

    Parameters
    ----------
    X : object
        A DataFrame of pandas, whose index is read, or any table if columns are named.
    n_rows : int
        Number of rows of X.
    time, series : str, default=None
        Columns of X, or levels of its index.
    like : TimeKind, default=None
        The kind of times to convert to where they are the same in another form.

    Returns
    -------
    Timeline
        The rows of X.

    Raises
    ------
    ValueError
        If more than a hundredth of the times of a series repeat, `time` names no times, or all of
        them are missing where there is no `like`.
    """
    index, codes, labels = split_index(X, n_rows, time, series)
    kind, times = (TimeKind(), np.zeros(0)) if index is None else read_times(index, like)
    if time is not None:
        check_kind(kind, None, index, "X")
    if kind.name == "none":
        times = np.arange(n_rows)
    if len(labels) == 1 and (kind.name == "none" or _is_increasing(times)):
        return Timeline(kind, None, times, np.array([0, n_rows]), labels)
    missing = missing_times(times)
    codes = np.where(missing, len(labels), codes) if missing.any() else codes
    order = _sort(times, codes, missing)
    times = times if order is None else times[order]
    codes = codes if order is None else codes[order]
    n_timed = n_rows - int(missing.sum())
    if n_timed == 0 and n_rows and like is None:
        where = "its index" if time is None else f"its column {time!r}"
        raise ValueError(f"X must have the times of rows in {where}; got missing ones alone.")
    first = np.flatnonzero(np.append(n_timed > 0, codes[1:n_timed] != codes[: max(n_timed - 1, 0)]))
    present, starts = codes[first], np.append(first, n_timed)
    if kind.name != "none":
        times = _separate_repeated(times, starts, kind)
        if time is None:  # whoever names a column of times knows that rows may be in any order
            _warn_of_decreasing(order, starts)
    return Timeline(kind, order, times, starts, [labels[code] for code in present])


def split_index(
    X: Any, n_rows: int, time: Any, series: Any
) -> tuple[Any, NDArray[np.intp], list[Hashable]]:
    """Return the times of a table, the number of the series of each row, and their names."""
    index: Any = X.index if isinstance(X, pd.DataFrame) else None
    levels: list[int] = []
    if isinstance(index, pd.MultiIndex):
        at = time_level(index, time, series)
        levels = [level for level in range(index.nlevels) if level != at]
    times = index.get_level_values(at) if levels or isinstance(index, pd.MultiIndex) else index
    if time is not None and not (index is not None and time in index.names):
        times = pd.Index(_column(X, time, "time"))
    if time is not None and isinstance(times, pd.CategoricalIndex):
        times = pd.Index(np.asarray(times))
    in_index = index is not None and series in index.names
    if series is not None and not (in_index and isinstance(index, pd.MultiIndex)):
        names_of_rows = index if in_index else pd.Index(_column(X, series, "series"))
        codes, names = pd.factorize(names_of_rows, sort=True, use_na_sentinel=False)
        return times, codes, list(names)
    if series is not None:
        levels = [index.names.index(series)]
    if not levels:
        return times, np.zeros(n_rows, np.intp), [None]
    return times, *_factorize(index, levels)


def _factorize(index: Any, levels: list[int]) -> tuple[NDArray[np.intp], list[Hashable]]:
    """Return a number for the series of each row, and the name of each series."""
    codes, n_codes = np.zeros(len(index), dtype=np.int64), 1
    for level in levels:
        codes *= len(index.levels[level]) + 1
        codes += index.codes[level]
        codes += 1
        n_codes *= len(index.levels[level]) + 1
    if n_codes <= len(index):  # counting is faster than sorting, and takes less memory
        numbers = np.cumsum(np.bincount(codes, minlength=n_codes) > 0) - 1
        codes = numbers[codes]
    else:
        codes = np.unique(codes, return_inverse=True)[1]
    first = np.empty(codes.max(initial=-1) + 1, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # the last value assigned stays
    names = index[first].droplevel([k for k in range(index.nlevels) if k not in levels])
    return codes, list(names)


def time_level(index: Any, time: Any = None, series: Any = None) -> int:
    """Return which level of an index holds the times: the last of times, or else of numbers."""
    if time is not None and time in index.names:
        return list(index.names).index(time)
    named = zip(index.names, index.levels, strict=True)
    kinds = [
        "" if series is not None and name == series else read_times(level)[0].name
        for name, level in named
    ]
    for wanted in (("times", "periods", "durations"), ("numbers",)):
        if found := [level for level, kind in enumerate(kinds) if kind in wanted]:
            return found[-1]
    return len(kinds) - 1


def _column(X: Any, name: Any, parameter: str) -> Any:
    columns = list(getattr(X, "columns", ()))
    if name not in columns:
        raise ValueError(
            f"{parameter}={name!r} is not a column of X, nor a level of its index; its columns "
            f"are {columns}."
            if columns
            else f"{parameter}={name!r} names a column, but X has no names; give a DataFrame."
        )
    column = X[name]
    return column.array if isinstance(column, pd.Series) else np.asarray(column)


def _is_increasing(times: NDArray[Any]) -> bool:
    """Return whether all rows have a time, and one later than that of the row before."""
    return bool((times[1:] > times[:-1]).all()) and not missing_times(times).any()


def _sort(
    times: NDArray[Any], codes: NDArray[np.intp], missing: NDArray[np.bool_]
) -> NDArray[np.intp] | None:
    """Return the order by series and time, rows of the same time as they come; None if sorted."""
    if not missing.any():
        is_sorted, changes = times[1:] >= times[:-1], codes[1:] != codes[:-1]
        if changes.any():
            is_sorted = np.where(changes, codes[1:] > codes[:-1], is_sorted)
        if is_sorted.all():
            return None
    return np.lexsort((times, codes))


def _separate_repeated(
    times: NDArray[Any], starts: NDArray[np.intp], kind: TimeKind
) -> NDArray[Any]:
    """Let repeated times increase by the least that numbers can, in the order of the rows."""
    timed = times[: starts[-1]]
    repeated = np.flatnonzero(timed[1:] == timed[:-1]) + 1
    repeated = repeated[~np.isin(repeated, starts)] if len(repeated) else repeated
    if not len(repeated):
        return times
    n_repeated, n_rows = len(repeated), starts[-1]
    example = kind.to_index(times[repeated[:1]])[0]
    text = f"Times of X repeat in {n_repeated} of {n_rows} rows, such as {example}"
    if n_repeated > max(1, _MAX_REPEATED * n_rows):
        raise ValueError(
            f"{text}. If X holds several series, name the column that identifies them, "
            "LagTransformer(series=...), or give a MultiIndex of series and time; if rows are "
            "drawn with replacement, as in bagging, put LagTransformer before that estimator."
        )
    warnings.warn(
        f"{text}: rows with the same time are taken as consecutive, in their order in X.",
        IncompleteWindowsWarning,
        stacklevel=4,
    )
    is_exact = kind.name in ("times", "durations")
    times = times.copy() if is_exact else times.astype(np.float64)
    for row in repeated:
        times[row] = times[row - 1] + 1 if is_exact else np.nextafter(times[row - 1], np.inf)
    return times


def _warn_of_decreasing(order: NDArray[np.intp] | None, starts: NDArray[np.intp]) -> None:
    if order is None:
        return
    decreases = np.diff(order) < 0
    decreases[starts[1:-1] - 1] = False
    n_decreases = int(decreases[: starts[-1] - 1].sum())
    if n_decreases:
        warnings.warn(
            f"The times of X decrease within a series, in {n_decreases} of {len(order)} rows. "
            "Lags follow the times, not the order of the rows; if rows are missing between them, "
            "as after a shuffled split or in a halving search, lags are missing: LagTransformer "
            "fills them, and make_lagged leaves their windows out.",
            IncompleteWindowsWarning,
            stacklevel=4,
        )
