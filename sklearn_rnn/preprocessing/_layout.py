"""Places for the rows of a table in one array, such that lags are distances: `Layout`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.storage import empty_on_same_storage, row_chunks


@dataclass(frozen=True)
class Window:
    """Which rows a window holds: ``n_lags`` of them, ``step`` apart, the newest ``delay`` back."""

    n_lags: int
    delay: int
    step: int

    @property
    def lookback(self) -> int:
        """Number of rows from the oldest row of a window to the row that it belongs to."""
        return self.delay + (self.n_lags - 1) * self.step

    def check_length(self, n_rows: int) -> None:
        """Check that some row could have a complete window."""
        if n_rows <= self.lookback:
            raise ValueError(
                f"X has n_samples={n_rows}, too few for n_lags={self.n_lags}: with "
                f"delay={self.delay} and step={self.step} a complete window needs at least "
                f"{self.lookback + 1}; give a longer series or fewer lags."
            )


@dataclass(frozen=True)
class Layout:
    """Places of rows in an array in which row p has the rows of its window before it.

    Missing rows have a place of their own; of a longer gap only so many are kept as a window can
    see. Series are as far apart.

    Attributes
    ----------
    window : Window
        What windows hold.
    n_places : int
        Length of the array.
    places : ndarray of shape (n_rows,)
        Places of the rows of the table, in its order.
    past : ndarray of shape (n_past,)
        Which of the remembered rows are in the window of a row.
    past_places : ndarray of shape (n_past,)
        Their places.
    """

    window: Window
    n_places: int
    places: NDArray[np.int64]
    past: NDArray[np.intp]
    past_places: NDArray[np.int64]

    @cached_property
    def is_contiguous(self) -> bool:
        """Whether the rows of the table follow each other, so that windows are a view."""
        return _is_contiguous(self.places)

    def fill(
        self, rows: NDArray[Any], past: NDArray[Any] | None, fill_values: NDArray[Any]
    ) -> NDArray[Any]:
        """Copy rows to their places.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_channels)
            The rows of the table.
        past : ndarray of shape (n_remembered, n_channels) or None
            The remembered rows.
        fill_values : ndarray of shape (n_channels,)
            The values of missing rows.

        Returns
        -------
        ndarray of shape (n_places, n_channels)
            On disk if `rows` stay there.
        """
        padded = empty_on_same_storage(rows, (self.n_places, rows.shape[1]), rows.dtype)
        padded[np.flatnonzero(~self.is_present)] = fill_values
        if past is not None:
            padded[self.past_places] = past[self.past]
        if self.is_contiguous:
            padded[self._rows()] = rows
        else:
            for piece in row_chunks(*rows.shape):
                padded[self.places[piece]] = rows[piece]
        return padded

    def starts(self, chosen: NDArray[np.intp] | None = None) -> range | NDArray[np.int64]:
        """Return where the windows of rows of the table start."""
        if chosen is None and self.is_contiguous:
            first = int(self.places[0]) - self.window.lookback
            return range(first, first + len(self.places))
        return (self.places if chosen is None else self.places[chosen]) - self.window.lookback

    def row_at(self, places: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return which row of the table is at each place."""
        rows = np.zeros(self.n_places, dtype=np.intp)
        rows[self.places] = np.arange(len(self.places))
        return rows[places]

    def longest_block(self) -> int:
        """Return the length of the longest block of places that all hold a row."""
        missing = np.flatnonzero(~np.pad(self.is_present, 1))
        return int(np.diff(missing).max()) - 1

    @cached_property
    def is_present(self) -> NDArray[np.bool_]:
        """Whether each place holds a row."""
        present = np.zeros(self.n_places, dtype=bool)
        present[self._rows() if self.is_contiguous else self.places] = True
        present[self.past_places] = True
        return present

    def _rows(self) -> slice:
        """Return the places of the rows, if they are contiguous."""
        return slice(int(self.places[0]), int(self.places[-1]) + 1)

    def is_complete(self, known_ahead: bool = False, horizon: int = 0) -> NDArray[np.bool_]:
        """Return for which rows of the table no row of the window is missing.

        Parameters
        ----------
        known_ahead : bool
            Whether columns are read ``delay`` rows later as well.
        horizon : int
            Number of rows, from the row itself, that must not be missing either.

        Returns
        -------
        ndarray of shape (n_rows,)
            True where the window is complete.
        """
        n_rows, lookback = len(self.places), self.window.lookback
        is_at_end = self.is_contiguous and self.places[-1] == self.n_places - 1
        if is_at_end and horizon <= 1:  # rows behind the first ones see present rows alone
            complete = np.ones(n_rows, dtype=bool)
            if not len(self.past):
                complete[:lookback] = False
            elif len(self.past) < self.places[0]:
                n_first = min(lookback, n_rows)
                n_places = int(self.places[0]) + n_first
                first = replace(self, n_places=n_places, places=self.places[:n_first])
                complete[:n_first] = first._complete(known_ahead)
            return complete
        complete = self._complete(known_ahead)
        return complete & self._has_all(1 - horizon, horizon, 1) if horizon > 1 else complete

    def _complete(self, known_ahead: bool) -> NDArray[np.bool_]:
        window = self.window
        complete = self._has_all(window.delay, window.n_lags, window.step)
        if known_ahead:
            complete &= self._has_all(0, window.n_lags, window.step)
        return complete

    def _has_all(self, back: int, n_rows: int, step: int) -> NDArray[np.bool_]:
        """Return for each row whether the rows ``back``, ``back + step``, ... before it exist."""
        span = n_rows * step
        size = -(-(self.n_places + 2 * span) // step)
        missing = np.ones((size, step), dtype=np.int32 if size < 2**31 else np.int64)
        total = missing.ravel()
        total[span : span + self.n_places] = ~self.is_present
        np.cumsum(missing, axis=0, out=missing)
        newest = self.places + (span - back)
        n_missing = total[newest]
        newest -= span
        n_missing -= total[newest]
        return n_missing == 0


def lay_out(
    window: Window,
    series: NDArray[np.integer[Any]],
    positions: NDArray[np.int64],
    past_series: NDArray[np.integer[Any]],
    past_positions: NDArray[np.int64],
) -> Layout:
    """Give every row of a table a place, and the remembered rows that its windows hold.

    Parameters
    ----------
    window : Window
        What windows hold.
    series, positions : ndarray of shape (n_rows,)
        Series and position of the rows of the table.
    past_series, past_positions : ndarray of shape (n_remembered,)
        Those of the remembered rows.

    Returns
    -------
    Layout
        A place for each.
    """
    n_rows, lookback = len(series), window.lookback
    if series[0] == series[-1] and _is_contiguous(positions) and (series == series[0]).all():
        back = positions[0] - past_positions
        past = np.flatnonzero((past_series == series[0]) & (back > 0) & (back <= lookback))
        places = np.arange(lookback, lookback + n_rows)
        return Layout(window, lookback + n_rows, places, past, lookback - back[past])
    if not len(past_series) and _is_sorted(series, positions):
        places = _spread(series, positions, lookback)
        return Layout(window, int(places[-1]) + 1, places, np.arange(0), places[:0])
    series = np.concatenate([past_series, series])
    positions = np.concatenate([past_positions, positions])
    is_past = np.arange(len(series)) < len(past_series)
    order = np.lexsort((positions, series))
    if is_past.any():
        order = order[_is_seen(series[order], positions[order], is_past[order], lookback)]
    sorted_places = _spread(series[order], positions[order], lookback)
    places = np.full(len(series), -1)
    places[order] = sorted_places
    past = np.flatnonzero(places[: len(past_series)] >= 0)
    n_places = int(sorted_places[-1]) + 1
    return Layout(window, n_places, places[len(series) - n_rows :], past, places[past])


def _spread(
    series: NDArray[np.integer[Any]], positions: NDArray[np.int64], lookback: int
) -> NDArray[np.int64]:
    """Return the places of sorted rows: as far apart as their positions, or as a window sees."""
    apart = max(lookback, 1) + 1  # a gap has a place, even if windows do not look back
    places = np.empty(len(series), dtype=np.int64)
    places[0], steps = lookback, places[1:]
    np.subtract(positions[1:], positions[:-1], out=steps)
    np.minimum(steps, apart, out=steps)
    steps[series[1:] != series[:-1]] = apart
    return np.cumsum(places, out=places)


def _is_sorted(series: NDArray[np.integer[Any]], positions: NDArray[np.int64]) -> bool:
    is_next, rises = series[1:] > series[:-1], positions[1:] >= positions[:-1]
    return bool((is_next | (rises & (series[1:] == series[:-1]))).all())


def _is_contiguous(positions: NDArray[np.int64]) -> bool:
    if positions[-1] - positions[0] != len(positions) - 1:
        return False
    return bool((positions[1:] - positions[:-1] == 1).all())


def _is_seen(
    series: NDArray[np.integer[Any]],
    positions: NDArray[np.int64],
    is_past: NDArray[np.bool_],
    lookback: int,
) -> NDArray[np.bool_]:
    """Return which sorted rows are of the table, or in the window of a row of the table."""
    rows = np.flatnonzero(~is_past)
    following = np.searchsorted(rows, np.arange(len(series)))
    row = rows[following.clip(max=len(rows) - 1)]
    is_before = (following < len(rows)) & (series[row] == series)
    return ~is_past | (is_before & (positions[row] - positions <= lookback))
