"""Positions of the rows of a series, whose differences are lags.

On a calendar a position is a slot, less the slots that count as closed; without one it is the
rank of a time among all that are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._calendar import Calendar, two_weeks

# More than any lag: positions so far apart are separated by a break.
FAR = 2**32
# Steps of 0.1 differ by rounding.
_ROUNDING = 1 + 1e-9
# Rows at times that the calendar does not hold are far from all others and from each other.
_OFF_CALENDAR = 2**61


@dataclass(frozen=True)
class CalendarPositions:
    """Positions on a calendar.

    Attributes
    ----------
    calendar : Calendar
        Numbers the slots.
    left, right : ndarray of shape (n_closed,)
        Slots of the rows before and after each gap that counts as closed.
    max_closed : int
        The longest gap that counts as closed, in slots.
    first, last : int
        Slots of the first and last row learned from.
    """

    calendar: Calendar
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    max_closed: int
    first: int
    last: int

    @classmethod
    def learn(cls, times: NDArray[Any], calendar: Calendar, count_rows: bool) -> CalendarPositions:
        """Learn from increasing times which slots are closed: none, or gaps where rows count."""
        slots, _ = calendar.slots(times)
        gaps, limit = np.diff(slots) - 1, two_weeks(calendar)
        is_closed = (gaps > 0) & (count_rows & (gaps <= (gaps if limit is None else limit)))
        longest = int(gaps[is_closed].max(initial=0))
        ends = int(slots[0]), int(slots[-1])
        left, right = slots[:-1][is_closed], slots[1:][is_closed]
        return cls(calendar, left, right, longest + (longest > 0), *ends)

    def extend(self, times: NDArray[Any]) -> CalendarPositions:
        """Take in further rows, in the order of time, which end gaps and begin others."""
        if not self.max_closed:
            return self
        slots, is_slot = self.calendar.slots(times)
        slots = _distinct(slots[is_slot])
        left, right = self.left, self.right
        at = np.searchsorted(left, slots)  # the gap before is the one that may hold the slot
        inside = slots[(at > 0) & (slots < np.append(right, 0)[at - 1])] if len(left) else slots[:0]
        earlier = np.append(slots[slots < self.first], self.first)
        later = np.append(self.last, slots[slots > self.last])
        for row in (earlier, later):
            is_closed = (np.diff(row) > 1) & (np.diff(row) <= self.max_closed + 1)
            left, right = np.append(left, row[:-1][is_closed]), np.append(right, row[1:][is_closed])
        left, right = np.sort(np.append(left, inside)), np.sort(np.append(right, inside))
        return replace(self, left=left, right=right)

    def at(self, times: NDArray[Any]) -> NDArray[np.int64]:
        """Return the position of each time."""
        slots, is_slot = self.calendar.slots(times)
        if len(self.left):
            closed = np.append(0, np.cumsum(self.right - self.left - 1))
            slots = slots - closed[np.searchsorted(self.right, slots, side="right")]
        if not is_slot.all():
            off = np.flatnonzero(~is_slot)
            slots[off] = _OFF_CALENDAR + FAR * np.arange(len(off))
        return slots


@dataclass(frozen=True)
class RankPositions:
    """Positions by rank among all known times, with breaks where the gap is too long.

    Attributes
    ----------
    known : ndarray of shape (n_known,)
        All known times, increasing.
    max_gap : number
        The longest gap between adjacent rows.
    """

    known: NDArray[Any]
    max_gap: Any

    @classmethod
    def learn(cls, times: NDArray[Any]) -> RankPositions:
        """Learn the longest gap from increasing times."""
        return cls(times, np.diff(times).max(initial=0))

    def extend(self, times: NDArray[Any]) -> RankPositions:
        """Take in further rows."""
        if times is self.known:
            return self
        known = np.sort(np.concatenate([self.known, times]), kind="stable")
        return replace(self, known=_distinct(known))

    def at(self, times: NDArray[Any]) -> NDArray[np.int64]:
        """Return the position of each time."""
        positions = np.arange(len(self.known))
        is_break = np.diff(self.known) > self.max_gap * _ROUNDING
        if is_break.any():
            positions += FAR * np.append(0, np.cumsum(is_break))
        return positions if times is self.known else positions[np.searchsorted(self.known, times)]


Positions = CalendarPositions | RankPositions


def _distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return sorted values without repetitions; numpy.unique would not use that they are sorted."""
    return values[np.append(True, np.diff(values) != 0)] if len(values) else values
