"""Which times a series could have: equal steps, months, or the open hours of a week.

A calendar numbers the times that it holds, its slots, so that lags can be counted although rows
are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._times import TimeKind

# A time belongs to the slot it is nearest to if it is off by less than this share of a step.
_TOLERANCE = 0.3
# A slot of the day or week may be empty by chance as often as this, and still count as open.
_CHANCE = 1e-3
_DAY = 86_400
# Fuller than this, equal steps have no hours or days that are closed.
_MAX_OCCUPANCY = 0.9
# Equal steps of which fewer are taken are an accident of the resolution of the times.
_MIN_OPEN = 0.02
# The least open slot of a timetable is taken so often, against the most open.
_MIN_UNIFORM = 0.3
# The last working day of a month may be so many days from its end, next to a holiday.
_MAX_DAYS_APART = 4


@dataclass(frozen=True)
class Grid:
    """Times in equal steps."""

    origin: Any
    step: Any

    def slots(self, times: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the number of the nearest slot of each time, and whether it belongs there."""
        if times.dtype.kind == "i" and self.step == 1:
            return times - self.origin, np.ones(len(times), dtype=bool)
        if times.dtype.kind == "i" and self._holds_all(times):
            first = (int(times[0]) - self.origin) // self.step
            return np.arange(first, first + len(times)), np.ones(len(times), dtype=bool)
        if times.dtype.kind == "i" and isinstance(self.step, int):
            slots, rest = np.divmod(times - self.origin, self.step)
            if not rest.any():
                return slots, np.ones(len(times), dtype=bool)
            off = rest / self.step
            slots, off = slots + (off > 0.5), np.minimum(off, 1 - off)
        else:
            steps = (times - self.origin) / self.step
            off = np.abs(steps - np.rint(steps))
            slots = np.rint(steps).astype(np.int64)
        return slots, off < _TOLERANCE

    def times(self, slots: NDArray[np.int64]) -> NDArray[Any]:
        """Return the time of each slot."""
        return np.asarray(self.origin + self.step * slots)

    def _holds_all(self, times: NDArray[np.integer[Any]]) -> bool:
        """Return whether times are on consecutive slots."""
        if not len(times) or not isinstance(self.step, int):
            return False
        last = times[0] + self.step * (len(times) - 1)
        if times[-1] != last or (times[0] - self.origin) % self.step:
            return False
        return bool((times[1:] - times[:-1] == self.step).all())


@dataclass(frozen=True)
class Months:
    """One time every so many months: at the start, the end, or on a day in between."""

    kind: TimeKind
    origin: int
    n_months: int

    def slots(self, times: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the number of the slot of each time, and whether it belongs there."""
        slots, rest = np.divmod(_months(times, self.kind) - self.origin, self.n_months)
        return slots, rest == 0


@dataclass(frozen=True)
class Timetable:
    """The slots of a grid that are open in each day or week, such as working days or sessions."""

    grid: Grid
    cycle: int
    is_open: NDArray[np.intp]
    n_days: int

    def slots(self, times: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the number of the open slot of each time, and whether it belongs there."""
        steps, on = self.grid.slots(times)
        cycles, rest = np.divmod(steps, self.cycle)
        at = np.searchsorted(self.is_open, rest)
        on = on & (self.is_open[np.minimum(at, len(self.is_open) - 1)] == rest)
        return cycles * len(self.is_open) + at, on

    def times(self, slots: NDArray[np.int64]) -> NDArray[Any]:
        """Return the time of each slot."""
        cycles, at = np.divmod(slots, len(self.is_open))
        return self.grid.times(cycles * self.cycle + self.is_open[at])


@dataclass(frozen=True)
class WallClock:
    """A calendar of the local times of a zone, whose days have 23 to 25 hours."""

    kind: TimeKind
    local: Grid | Months | Timetable

    def slots(self, times: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the number of the slot of each time, and whether it belongs there."""
        return self.local.slots(to_local(times, self.kind))


Calendar = Grid | Months | Timetable | WallClock


def learn_calendar(times: NDArray[Any], kind: TimeKind, min_occupancy: float) -> Calendar | None:
    """Learn the calendar of a series.

    Parameters
    ----------
    times : ndarray of shape (n_rows,)
        Times of the rows, increasing.
    kind : TimeKind
        What they are measured in.
    min_occupancy : float
        Share of the slots that must hold a row.

    Returns
    -------
    Grid, Months, Timetable, WallClock or None
        None where the steps are irregular, or there are fewer than two rows.
    """
    if len(times) < 2:
        return None
    if kind.name == "periods":
        return Grid(0, int(kind.to_index(times[:1]).freq.n))
    calendar = _learn(times, kind, min_occupancy)
    if kind.zone is None or (isinstance(calendar, Grid) and calendar.step < _day(kind)):
        return calendar
    local = to_local(times, kind)
    learned = _learn(local, kind, min_occupancy) if (np.diff(local) > 0).all() else None
    return calendar if learned is None else WallClock(kind, learned)


def to_local(times: NDArray[Any], kind: TimeKind) -> NDArray[Any]:
    """Return what the clocks of the zone show at these times."""
    index = kind.to_index(times).tz_localize(None)
    return np.asarray(index.as_unit(kind.unit).asi8)


def two_weeks(calendar: Calendar) -> int | None:
    """Return the number of slots in two weeks of a timetable; None for other calendars."""
    calendar = calendar.local if isinstance(calendar, WallClock) else calendar
    if not isinstance(calendar, Timetable):
        return None
    return 14 * len(calendar.is_open) // calendar.n_days


def _learn(
    times: NDArray[Any], kind: TimeKind, min_occupancy: float
) -> Grid | Months | Timetable | None:
    months = _find_months(times, kind, min_occupancy) if kind.name == "times" else None
    if months is not None:
        return months
    steps = np.diff(times)
    if times.dtype.kind == "i" and (steps == steps[0]).all():
        return Grid(int(times[0]), int(steps[0]))
    best: Grid | None = None
    most = min_occupancy
    for grid in _find_grids(times, kind):
        slots, _ = grid.slots(times)
        occupancy = len(slots) / (slots[-1] - slots[0] + 1)
        if _MIN_OPEN <= occupancy < _MAX_OCCUPANCY:
            timetable, is_uniform = _find_timetable(times, grid, kind, occupancy)
            if timetable is not None:
                return timetable if is_uniform else None
        if occupancy >= most:
            best, most = grid, occupancy
    return best


def _find_months(times: NDArray[Any], kind: TimeKind, min_occupancy: float) -> Months | None:
    steps = np.diff(times)
    if np.median(steps) < 27 * _day(kind):
        return None
    months = _months(times, kind)
    n_months = int(np.gcd.reduce(np.diff(months)))
    if not (np.diff(months) > 0).all() or len(times) * n_months < min_occupancy * np.ptp(months):
        return None
    days = (times // _day(kind)).astype("M8[D]")
    first = days - months.astype("M8[M]").astype("M8[D]")
    last = (months + 1).astype("M8[M]").astype("M8[D]") - days
    day_range = min(np.ptp(first.astype(int)), np.ptp(last.astype(int)))
    is_equal = bool((steps == steps[0]).all())
    if day_range > (0 if is_equal else _MAX_DAYS_APART):
        return None
    return Months(kind, int(months[0]), n_months)


def _months(times: NDArray[Any], kind: TimeKind) -> NDArray[np.int64]:
    """Return the months since 1970 of times."""
    return times.astype(f"M8[{kind.unit}]").astype("M8[M]").astype(np.int64)


def _find_grids(times: NDArray[Any], kind: TimeKind) -> Iterator[Grid]:
    """Find the equal steps on which times lie exactly, and those on which they nearly lie."""
    steps = np.diff(times)
    if times.dtype.kind == "i":
        yield Grid(int(times[0]), int(np.gcd.reduce(steps)))
    usual = np.partition(steps, (len(steps) - 1) // 2)[(len(steps) - 1) // 2]
    counts = np.rint(steps / usual).astype(np.int64)
    if counts.min() < 1:
        return
    slots = np.append(0, np.cumsum(counts))
    step = float(times[-1] - times[0]) / int(slots[-1])
    for rounded in (*_round_steps(step, kind), step):
        off = (times - times[0]) - slots * rounded
        if np.ptp(off) < 2 * _TOLERANCE * step:
            centre = (off.max() + off.min()) / 2
            is_exact = isinstance(rounded, int)
            yield Grid(int(times[0]) + round(centre) if is_exact else times[0] + centre, rounded)
            return


def _round_steps(step: float, kind: TimeKind) -> Iterator[int]:
    """Return whole numbers of days to seconds that a step may stand for."""
    if kind.name not in ("times", "durations"):
        return
    for seconds in (_DAY, 3600, 60, 1):
        unit = seconds * _day(kind) // _DAY
        rounded = round(step / unit) * unit
        if rounded and abs(rounded - step) < 1e-3 * step:
            yield rounded


def _find_timetable(
    times: NDArray[Any], grid: Grid, kind: TimeKind, occupancy: float
) -> tuple[Timetable | None, bool]:
    """Return the open slots of each day or week, and whether all are open about as often.

    A timetable is found where some slots of a cycle are never taken, which with random gaps
    would be an accident of less than one in a thousand.
    """
    found, is_uniform = None, True
    steps, _ = grid.slots(times)
    for per_day, n_days in _cycles(grid, kind):
        cycle = per_day * n_days
        chances = int(steps[-1] - steps[0]) // cycle
        weekends = _count_weekends(steps, grid, per_day) if n_days == 7 else 0
        if weekends:
            is_open = _without_weekend(steps, grid, per_day)
            chances = weekends * 2 * len(is_open) // 5
        elif chances < 2:
            continue
        else:
            is_open = np.flatnonzero(np.bincount(steps % cycle))
        timetable = Timetable(grid, cycle, is_open, n_days)
        slots, _ = timetable.slots(times)
        taken = len(slots) / (slots[-1] - slots[0] + 1)
        is_clear = (1 - taken) ** chances < _CHANCE
        if is_clear and taken >= 1.1 * occupancy:
            used = np.bincount(slots % len(is_open))
            found, occupancy = timetable, taken
            is_uniform = used[used > 0].min() + 1 >= _MIN_UNIFORM * used.max()
    return found, bool(is_uniform)


def _cycles(grid: Grid, kind: TimeKind) -> Iterator[tuple[int, int]]:
    """Return for a day and a week, of whole steps, the steps of a day and the number of days.

    Numbers may be Unix times, in seconds to nanoseconds.
    """
    if kind.name == "periods" or not isinstance(grid.step, int):
        return
    for day in [_DAY * 10**p for p in (0, 3, 6, 9)] if kind.name == "numbers" else [_day(kind)]:
        per_day, rest = divmod(day, grid.step)
        if per_day and not rest:
            yield from [(per_day, n_days) for n_days in (1, 7) if per_day * n_days > 1]


def _weekdays(steps: NDArray[np.int64], grid: Grid, per_day: int) -> NDArray[np.int64]:
    """Return the days since a Monday of steps."""
    return np.asarray(grid.times(steps) // (grid.step * per_day) + 3)  # Thursday, 1970-01-01


def _count_weekends(steps: NDArray[np.int64], grid: Grid, per_day: int) -> int:
    """Return over how many weekends the steps go, of which they have none."""
    days = _weekdays(steps, grid, per_day)
    return 0 if (days % 7 > 4).any() else int(days[-1] // 7 - days[0] // 7)


def _without_weekend(steps: NDArray[np.int64], grid: Grid, per_day: int) -> NDArray[np.int64]:
    """Return the slots of a week that are open if the hours of all working days are alike."""
    hours = np.flatnonzero(np.bincount(steps % per_day))
    week = (np.arange(7)[:, np.newaxis] * per_day + hours).ravel()
    return week[_weekdays(week, grid, per_day) % 7 < 5]


def _day(kind: TimeKind) -> int:
    return _DAY * {"ns": 10**9, "us": 10**6}[kind.unit]
