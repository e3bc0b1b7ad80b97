"""The rows to forecast, each series from its own end: `RowsAhead`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn.forecasting._calendar import continue_index, find_frequency
from sklearn_rnn.forecasting._forecast_columns import ForecastColumns
from sklearn_rnn.forecasting._series_table import SeriesTable, with_series
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._layout import Window
from sklearn_rnn.preprocessing._times import read_times


@dataclass(frozen=True)
class RowsAhead:
    """The rows ahead of each series, after the rows of its past.

    Attributes
    ----------
    rows : DataFrame of shape (n_past + n_ahead, n_columns)
        The rows of each series, those ahead last, with NaN for all that is unknown of them.
    step : ndarray of int, of shape (n_past + n_ahead,)
        How many rows a row is after the end of its series; 0 and less in the past.
    series : ndarray of int, of shape (n_past + n_ahead,)
        Number of the series in the past.
    index : Index of shape (n_ahead,)
        Series and times of the rows ahead, in the order in which they were given.
    order : ndarray of int, of shape (n_ahead,)
        Which of these each row ahead is.
    """

    rows: pd.DataFrame
    step: NDArray[np.intp]
    series: NDArray[np.intp]
    index: Any
    order: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        past: SeriesTable,
        ahead: SeriesTable,
        columns: ForecastColumns,
        histories: Sequence[History],
    ) -> RowsAhead:
        """Put rows ahead after the past of their series.

        Parameters
        ----------
        past : SeriesTable
            The last rows of each series.
        ahead : SeriesTable
            Rows ahead, of which no targets are read.
        columns : ForecastColumns
            What the columns are.
        histories : sequence of History
            How the rows of the series are counted.

        Raises
        ------
        ValueError
            If rows ahead do not follow the past of their series one after the other.
        """
        number = {label: code for code, label in enumerate(past.labels)}
        of_ahead = np.array([number[label] for label in ahead.labels], dtype=np.intp)
        kept = np.flatnonzero(np.isin(past.codes, of_ahead))
        before = past.take(kept)
        series = np.concatenate([past.codes[kept], of_ahead[ahead.codes]])
        is_ahead = np.arange(len(series)) >= len(kept)
        order = np.lexsort((is_ahead, series))  # the past of a series, then its rows ahead
        series, is_ahead = series[order], is_ahead[order]
        starts = np.append(np.flatnonzero(np.diff(series, prepend=-1)), len(series))
        table = SeriesTable(
            pd.concat([before.values, columns.of_ahead(before, ahead)]).iloc[order],
            past.kind,
            np.concatenate([before.times, ahead.times])[order],
            starts,
            [past.labels[code] for code in series[starts[:-1]]],
            order,
        )
        ends = starts[:-1] + np.add.reduceat(~is_ahead, starts[:-1])
        step = np.arange(len(series)) - np.repeat(ends, np.diff(starts)) + 1
        _check_adjacent(table, step, histories)
        index = with_series(table.values.index, past.kind.to_index(table.times))
        rows = table.values.set_axis(index.set_names(before.values.index.names), axis=0)
        given = ahead.order[order[is_ahead] - len(kept)]
        return cls(rows, step, series, _unsort(ahead), given)

    @property
    def is_ahead(self) -> NDArray[np.bool_]:
        """Whether each row is ahead."""
        return np.asarray(self.step > 0)

    def within(self, first: int, last: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows from one step to another, and which of these are of the last step.

        Parameters
        ----------
        first, last : int
            Steps; series without a row of the last one are left out.

        Returns
        -------
        rows, chosen : ndarray of int
            Positions in the table, and positions among these.
        """
        has_last = np.isin(self.series, self.series[self.step == last])
        rows = np.flatnonzero((self.step >= first) & (self.step <= last) & has_last)
        return rows, np.flatnonzero(self.step[rows] == last)

    def describe_missing(self, known: list[Any]) -> str:
        """Return where values are missing: in the past, or of columns known ahead; "" if not."""
        past, ahead = self.rows[~self.is_ahead], self.rows.loc[self.is_ahead, known]
        texts = []
        for rows, place in ((past, "before the forecasts"), (ahead, "ahead")):
            missing = rows.isna()
            if columns := missing.columns[missing.any()].tolist():
                at = missing.index[missing.any(axis=1)]
                count = f"in {len(at)} of {len(rows)} rows {place}"
                texts.append(f"{count}, such as {at[0]}, of the columns {columns}")
        return " and ".join(texts)


def check_have_past(ahead: SeriesTable, before: SeriesTable, is_given: bool, hint: str) -> None:
    """Check that the series of rows ahead have rows before them, which `past` has if given."""
    unknown = [label for label in ahead.labels if label not in set(before.labels)]
    if not unknown:
        return
    start = f"Rows ahead hold the series {unknown}, of which "
    if is_given:
        raise ValueError(
            f"{start}past has no rows. It takes the place of all rows of fit: concatenate the rows "
            "of all series, such as past=pd.concat([table, new])."
        )
    raise ValueError(f"{start}no past is known; give it by past=.{hint}")


def find_frequencies(table: SeriesTable, common: Any = None) -> dict[Any, Any]:
    """Return the step of the times of each series; of one row that of the others, if it is one."""
    found: dict[bytes, Any] = {}
    steps = {}
    for number, label in enumerate(table.labels):
        key = table.times[table.starts[number] : table.starts[number + 1]].tobytes()
        if key not in found:
            times = table.index_of(number)
            found[key] = find_frequency(times) if len(times) > 1 else getattr(times, "freq", None)
        steps[label] = found[key]
    single = {label for label, n in zip(table.labels, table.lengths, strict=True) if n == 1}
    common = common or only_frequency(step for label, step in steps.items() if label not in single)
    return steps | {label: steps[label] or common for label in single}


def only_frequency(steps: Iterable[Any]) -> Any:
    """Return the step that all series have; None if they differ."""
    several = {str(step): step for step in steps}
    return next(iter(several.values())) if len(several) == 1 else None


def continue_series(past: SeriesTable, known: Mapping[Any, Any], n_steps: int) -> SeriesTable:
    """Return the next rows of each series by its calendar, without columns.

    Parameters
    ----------
    past : SeriesTable
        The last rows of each series.
    known : mapping
        The step of the times of each series of `fit`; None where they are irregular. That of other
        series is found in their rows.
    n_steps : int
        Number of rows of each series.

    Raises
    ------
    ValueError
        If the times of a series are irregular.
    """
    if new := [i for i, label in enumerate(past.labels) if label not in known]:
        rows = np.flatnonzero(np.isin(past.codes, new))
        known = {**known, **find_frequencies(past.take(rows), only_frequency(known.values()))}
    frequencies = [known[label] for label in past.labels]
    parts = []
    for number, freq in enumerate(frequencies):
        if freq is None:
            raise ValueError(
                f"The times of {past.describe(number)} are irregular, so future times are unknown; "
                "give rows ahead in place of a number of steps, a table with the times, in a panel "
                "also the series, in the columns or the index that have them in fit."
            )
        parts.append(continue_index(past.index_of(number), freq, n_steps))
    times = parts[0] if len(parts) == 1 else parts[0].append(parts[1:])
    index = times
    if past.is_panel:
        of_series = past.values.index[np.repeat(past.starts[1:] - 1, n_steps)]
        index = with_series(of_series, times)
    values = pd.DataFrame(index=index)
    starts = np.arange(0, len(times) + 1, n_steps)
    numbers = read_times(times, past.kind)[1]
    return SeriesTable(values, past.kind, numbers, starts, past.labels, np.arange(len(times)))


def _unsort(ahead: SeriesTable) -> Any:
    """Return the index of rows ahead in the order in which they were given."""
    if (np.diff(ahead.order) == 1).all():
        return ahead.values.index  # with its frequency
    return ahead.values.index[np.argsort(ahead.order)]


def _check_adjacent(
    table: SeriesTable, step: NDArray[np.intp], histories: Sequence[History]
) -> None:
    """Check that each row ahead is the next after the row before it."""
    rows = np.flatnonzero(step > 0)
    wrong = table.times[rows] <= table.times[rows - 1]
    if not wrong.any():
        for history in histories:
            places = history.place(table.timeline(), Window(1, 1, 1)).layout.places
            wrong |= np.diff(places, prepend=0)[rows] != 1
    if wrong.any():
        row = int(rows[np.argmax(wrong)])
        before, found = table.values.index.get_level_values(-1)[row - 1 : row + 1]
        raise ValueError(
            f"Rows ahead must continue each series from its end, one after the other: in "
            f"{table.describe(int(table.codes[row]))} {found} does not directly follow {before}. "
            "Give the rows between, with NaN for what is not known, as table.asfreq(...) or, of a "
            "panel, table.groupby(...).resample(...).asfreq() adds them; or the past up to these "
            "rows by past=. If they are a test set, split by PanelTimeSeriesSplit. If the times "
            "leave out steps, as every second business day does, number the rows instead."
        )
