"""What is kept from `fit`: the calendar of each series, and its last rows."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._layout import Layout, Window, lay_out
from sklearn_rnn.preprocessing._positions import CalendarPositions, Positions, RankPositions
from sklearn_rnn.preprocessing._timeline import Timeline
from sklearn_rnn.preprocessing._times import TimeKind


@dataclass(frozen=True)
class SeriesHistory:
    """What is kept of one series.

    Attributes
    ----------
    positions : CalendarPositions, RankPositions or None
        How its rows are counted; None for a single row, which has no step.
    first, last : number
        Its first and last time.
    kept : slice
        Its rows among those that are kept.
    """

    positions: Positions | None
    first: Any
    last: Any
    kept: slice


@dataclass(frozen=True)
class Placement:
    """Where the rows of a table are, and which of them should have a complete window.

    Attributes
    ----------
    layout : Layout
        Places of the rows.
    is_beyond_start : ndarray of shape (n_rows,)
        Whether the whole window of a row lies behind the first row of its series.
    first_rows : ndarray of shape (n_known_series,)
        For each series known from `fit`, its earliest row in the table.
    first_places : ndarray of shape (n_series,)
        The place of the earliest row of each series; rows without a time are series of their own.
    """

    layout: Layout
    is_beyond_start: NDArray[np.bool_]
    first_rows: NDArray[np.intp]
    first_places: NDArray[np.int64]


@dataclass(frozen=True)
class History:
    """What later rows need of the rows seen in `fit`.

    Attributes
    ----------
    count : LagCount
        How lags are counted.
    kind : TimeKind
        What the times were measured in.
    series : dict
        What is kept of each series.
    rows : ndarray of shape (n_kept, n_channels) or None
        Every row that a window of a row not seen in `fit` may hold: the last of each block of
        rows without a gap.
    times : ndarray of shape (n_kept,) or None
        Their times.
    max_gap : number, timedelta64 or None
        The largest step of the times between adjacent rows.
    """

    count: LagCount
    kind: TimeKind = field(default_factory=TimeKind)
    series: dict[Hashable, SeriesHistory] = field(default_factory=dict)
    rows: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    max_gap: Any = None

    @classmethod
    def learn(
        cls, timeline: Timeline, rows: NDArray[Any], lookback: int, count: LagCount
    ) -> History:
        """Learn from a table.

        Parameters
        ----------
        timeline : Timeline
            Series and times of its rows.
        rows : ndarray of shape (n_rows, n_channels)
            Its rows.
        lookback : int
            How far a window reaches back; with 0 no row is kept.
        count : LagCount
            How lags are counted.

        Returns
        -------
        History
            Rows that are kept are copies.
        """
        if timeline.kind.name == "none":
            return cls(count)
        series, kept, gaps, n_kept = {}, [], [], 0
        for label, part in timeline.series():
            times = timeline.times[part]
            positions = count.learn(times, timeline.kind)
            at = np.zeros(len(times), np.int64) if positions is None else positions.at(times)
            gaps.extend(np.diff(times)[np.diff(at) == 1].max(initial=0, keepdims=True))
            is_kept = _is_near_end(at, lookback)
            kept.append(part.start + np.flatnonzero(is_kept))
            stop = n_kept + len(kept[-1])
            series[label] = SeriesHistory(positions, times[0], times[-1], slice(n_kept, stop))
            n_kept = stop
        chosen = np.concatenate([*kept, np.zeros(0, dtype=np.intp)])
        in_table = chosen if timeline.order is None else timeline.order[chosen]
        max_gap = timeline.kind.to_gap(max(gaps, default=0))
        if lookback == 0:
            return cls(count, timeline.kind, series, max_gap=max_gap)
        return cls(count, timeline.kind, series, rows[in_table], timeline.times[chosen], max_gap)

    @classmethod
    def joined(cls, parts: Sequence[History]) -> History:
        """Return what is kept of tables with the same kind of times, and different series."""
        first, series, n_kept = parts[0], {}, 0
        for part in parts:
            for label, s in part.series.items():
                kept = slice(s.kept.start + n_kept, s.kept.stop + n_kept)
                series[label] = replace(s, kept=kept)
            n_kept += 0 if part.rows is None else len(part.rows)
        kept_rows = [part.rows for part in parts if part.rows is not None]
        kept_times = [part.times for part in parts if part.times is not None]
        gaps = [part.max_gap for part in parts if part.max_gap is not None]
        return replace(
            first,
            series=series,
            rows=np.concatenate(kept_rows) if kept_rows else None,
            times=np.concatenate(kept_times) if kept_times else None,
            max_gap=max(gaps, default=None),
        )

    def place(self, timeline: Timeline, window: Window, *, in_fit: bool = False) -> Placement:
        """Place the rows of a table, and the kept rows that are in their windows.

        Parameters
        ----------
        timeline : Timeline
            Series and times of the rows.
        window : Window
            What windows hold.
        in_fit : bool, default=False
            Whether the table is that of `fit`, so that all kept rows are in it.

        Returns
        -------
        Placement
            In the order of the table.
        """
        n_rows = len(timeline.times)
        series, positions = np.zeros(n_rows, dtype=np.int32), np.zeros(n_rows, dtype=np.int64)
        is_beyond = np.zeros(n_rows, dtype=bool)
        n_kept = 0 if self.times is None or in_fit else len(self.times)
        kept_series = np.full(n_kept, -1, dtype=np.int32)
        kept_positions = np.full(n_kept, -1, dtype=np.int64)
        first_rows = []
        for number, (label, part) in enumerate(timeline.series()):
            times = timeline.times[part]
            past = self._find(label, timeline)
            located = self._learn_positions(times, timeline.kind, past).extend(times)
            series[part], positions[part] = number, located.at(times)
            start = positions[part.start]
            if past is not None and self.times is not None:
                first_rows.append(part.start)
            if past is not None and self.times is not None and not in_fit:
                known = located.at(np.append(past.first, self.times[past.kept]))
                start = min(start, known[0])
                kept_series[past.kept] = number
                kept_positions[past.kept] = known[1:]
            is_beyond[part] = positions[part] - window.lookback >= start
        untimed = np.arange(timeline.starts[-1], n_rows)
        series[untimed] = len(timeline.labels) + np.arange(len(untimed))
        is_beyond[untimed] = -window.lookback >= 0
        layout = lay_out(window, series, positions, kept_series, kept_positions)
        layout = replace(layout, places=timeline.unsort(layout.places))
        first = np.concatenate([timeline.starts[:-1], untimed])
        known, first = (
            rows if timeline.order is None else timeline.order[rows]
            for rows in (np.array(first_rows, dtype=np.intp), first)
        )
        return Placement(layout, timeline.unsort(is_beyond), known, layout.places[first])

    def rows_to_end(self, timeline: Timeline) -> NDArray[np.int64]:
        """Return how many rows of its calendar each row is before the last one of its series."""
        back = np.zeros(len(timeline.times), dtype=np.int64)
        for label, part in timeline.series():
            times = timeline.times[part]
            located = self._learn_positions(times, timeline.kind, self._find(label, timeline))
            positions = located.extend(times).at(times)
            back[part] = positions[-1] - positions
        return back

    def ranks(self, label: Hashable) -> bool:
        """Return whether a series seen in `fit` has no calendar, so that its rows are counted."""
        past = self.series.get(label)
        return past is not None and isinstance(past.positions, RankPositions)

    def _find(self, label: Hashable, timeline: Timeline) -> SeriesHistory | None:
        return self.series.get(label) if timeline.kind == self.kind else None

    def _learn_positions(
        self, times: NDArray[Any], kind: TimeKind, past: SeriesHistory | None
    ) -> Positions:
        """Return how the rows of a series are counted."""
        if past is not None and past.positions is not None:
            return past.positions
        known = times if past is None else np.union1d(times, [past.first])
        positions = self.count.learn(known, kind)
        if positions is not None:
            return positions
        others = [s.positions for s in self.series.values() if s.positions is not None]
        return _like(others[0], known) if others and kind == self.kind else RankPositions(known, 0)


def _is_near_end(positions: NDArray[np.int64], lookback: int) -> NDArray[np.bool_]:
    """Return which rows are less than ``lookback`` from the end of their block."""
    ends = np.flatnonzero(np.append(np.diff(positions) > 1, True))
    end = np.repeat(positions[ends], np.diff(ends, prepend=-1))
    return np.asarray(end - positions < lookback)


def _like(positions: Positions, times: NDArray[Any]) -> Positions:
    """Return positions of a series of one row, counted as those of another series."""
    if isinstance(positions, RankPositions):
        return RankPositions(times, positions.max_gap)
    return CalendarPositions.learn(times, positions.calendar, count_rows=False)
