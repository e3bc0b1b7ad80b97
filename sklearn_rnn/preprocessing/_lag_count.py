"""Whether the lags of a series count rows or time: `LagCount`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._calendar import Calendar, learn_calendar, two_weeks
from sklearn_rnn.preprocessing._positions import CalendarPositions, Positions, RankPositions
from sklearn_rnn.preprocessing._times import TimeKind

# A calendar of equal steps needs this share of slots that hold a row; if lags are asked to count
# time, or if only a doubt is to be raised, less will do.
_MIN_OCCUPANCY, _MIN_OCCUPANCY_IN_TIME, _MIN_OCCUPANCY_IN_DOUBT = 0.4, 0.01, 0.1
# Where at least this share of the open days or hours hold rows, the others are holidays.
_MIN_OPEN = 0.9


@dataclass(frozen=True)
class LagCount:
    """How lags are counted.

    Attributes
    ----------
    unit : {'auto', 'rows', 'time'}
        The parameter ``lag_unit`` of `LagTransformer`.
    max_gap : number, timedelta, str or None
        Its parameter ``max_gap``.
    """

    unit: str = "auto"
    max_gap: Any = None

    def learn(self, times: NDArray[Any], kind: TimeKind) -> Positions | None:
        """Learn the positions of the rows of a series.

        Parameters
        ----------
        times : ndarray of shape (n_rows,)
            Their times, increasing.
        kind : TimeKind
            What the times are measured in.

        Returns
        -------
        CalendarPositions, RankPositions or None
            None for a single row, which has no step.

        Raises
        ------
        ValueError
            If ``lag_unit='time'`` and the times are irregular.
        """
        if kind.name == "none":
            return RankPositions(times, np.inf)
        if self.max_gap is not None:
            if self.unit == "time":
                raise ValueError(
                    f"max_gap={self.max_gap!r} cannot be combined with lag_unit='time', where lags "
                    "do not count rows; leave it out."
                )
            return RankPositions(times, read_gap(self.max_gap, kind))
        if len(times) < 2:
            return None
        in_time = self.unit == "time"
        least = _MIN_OCCUPANCY_IN_TIME if in_time else _MIN_OCCUPANCY
        calendar = learn_calendar(times, kind, least)
        if calendar is not None:
            return CalendarPositions.learn(times, calendar, self._counts_rows(times, calendar))
        if in_time:
            raise ValueError(
                "lag_unit='time' needs times in equal steps, of which some may be missing, but "
                f"those of X are irregular, such as {kind.to_index(times[:3]).tolist()}; use "
                "lag_unit='rows', or resample X to equal steps (DataFrame.resample)."
            )
        return RankPositions.learn(times)

    def _counts_rows(self, times: NDArray[Any], calendar: Calendar) -> bool:
        """Return whether gaps are closed hours or days, rather than missing rows."""
        limit = two_weeks(calendar)
        if self.unit != "auto" or limit is None:
            return self.unit == "rows"
        missing = np.diff(calendar.slots(times)[0]) - 1
        return bool(len(times) >= _MIN_OPEN * (len(times) + missing[missing <= limit].sum()))

    def count_doubtful(self, times: NDArray[Any], kind: TimeKind, lookback: int) -> tuple[int, int]:
        """Count windows whose oldest lag is older than ``lookback`` steps, if steps are equal.

        Returns
        -------
        n_doubtful, n_windows : int
            0 of 0 where the unit is given, or the times are irregular or have no gaps.
        """
        if self.unit != "auto" or self.max_gap is not None or len(times) <= max(lookback, 2):
            return 0, 0
        calendar = learn_calendar(times, kind, _MIN_OCCUPANCY_IN_DOUBT)
        if calendar is None or lookback == 0:
            return 0, 0
        slots, _ = calendar.slots(times)
        doubtful = slots[lookback:] - slots[:-lookback] != lookback
        return int(doubtful.sum()), len(doubtful)


def read_gap(max_gap: Any, kind: TimeKind) -> Any:
    """Return the parameter ``max_gap`` in the unit of the times."""
    is_time = kind.name != "numbers"
    if not isinstance(max_gap, str | timedelta | np.timedelta64):
        if is_time:
            raise ValueError(
                f"max_gap={max_gap!r} is a number, but the index of X holds times; give a "
                "timedelta, or a string such as '7D'."
            )
        return max_gap
    if not is_time:
        raise ValueError(
            f"max_gap={max_gap!r} is a duration, but the index of X holds numbers; give a number."
        )
    given: Any = max_gap
    gap = pd.to_timedelta(given, errors="coerce")
    if not gap > pd.Timedelta(0):
        raise ValueError(
            "max_gap must be a positive duration that pandas can parse, such as '7D'; "
            f"got {max_gap!r}."
        )
    return gap / _unit_of(kind)


def _unit_of(kind: TimeKind) -> Any:
    """Return how long the unit of times is; for months and years, on average."""
    if kind.name == "periods":
        begins = kind.to_index(np.array([0, 1200])).to_timestamp()
        return (begins[1] - begins[0]) / 1200
    return pd.Timedelta(f"1{kind.unit}")
