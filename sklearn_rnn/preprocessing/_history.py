"""Rows kept from `fit` as the past of later rows: `History`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._timeline import Timeline


@dataclass(frozen=True)
class History:
    """The last rows of every segment of a table, found again by series and time.

    Attributes
    ----------
    kind : str
        Kind of the index.
    max_gap : number, timedelta64 or None
        The largest gap between adjoining rows.
    times : dict
        For every series the last time of each segment, ascending.
    rows : dict
        For every series the last rows of each segment, in the same order.
    """

    kind: str = "no times"
    max_gap: Any = None
    times: dict[Hashable, list[Any]] = field(default_factory=dict)
    rows: dict[Hashable, list[NDArray[Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, timeline: Timeline, max_gap: Any, rows: NDArray[Any], lookback: int) -> History:
        """Remember the last ``lookback`` rows of every segment.

        Parameters
        ----------
        timeline : Timeline
            The rows.
        max_gap : number, timedelta64 or None
            The largest gap between adjoining rows.
        rows : ndarray of shape (n_rows, n_channels)
            The rows, in the order of the timeline.
        lookback : int
            Number of rows to keep of each segment.

        Returns
        -------
        History
            Copies of the rows.
        """
        history = cls(timeline.kind, max_gap)
        if timeline.times is None or max_gap is None:
            return history
        starts = timeline.find_starts(max_gap)
        stops = np.append(starts[1:], timeline.n_rows)
        last_times = timeline.times[stops - 1]
        for k in np.argsort(last_times, kind="stable"):
            if not np.isnan(last_times[k]):
                label = timeline.label(starts[k])
                last = rows[max(starts[k], stops[k] - lookback) : stops[k]].copy()
                history.times.setdefault(label, []).append(last_times[k])
                history.rows.setdefault(label, []).append(last)
        return history

    def lookup(self, timeline: Timeline, starts: Iterable[int]) -> list[NDArray[Any] | None]:
        """Return the remembered rows that directly precede each segment.

        Parameters
        ----------
        timeline : Timeline
            The rows of a table.
        starts : iterable of int
            The first row of each segment.

        Returns
        -------
        list of (ndarray of shape (n_remembered, n_channels) or None)
            None where the index does not prove that remembered rows directly precede.
        """
        if timeline.kind != self.kind or not self.times:
            return [None for _ in starts]
        return [self._find_past(timeline, start) for start in starts]

    def _find_past(self, timeline: Timeline, start: int) -> NDArray[Any] | None:
        assert timeline.times is not None
        label = timeline.label(start)
        known, first = self.times.get(label, []), timeline.times[start]
        before = bisect_left(known, first) - 1
        if before < 0 or not first - known[before] <= self.max_gap:
            return None
        return self.rows[label][before]
