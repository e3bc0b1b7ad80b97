"""Which rows are adjacent: calendars, closed days, irregular steps, forms of ``max_gap``."""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.preprocessing._calendar import Grid, Months, Timetable, WallClock
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._positions import CalendarPositions, RankPositions
from sklearn_rnn.preprocessing._times import read_times

DAYS = pd.date_range("1999-12-20", periods=60)
WORKING_DAYS = pd.bdate_range("1999-12-20", periods=60)


def learn(index, unit="auto", max_gap=None):
    kind, times = read_times(index)
    return LagCount(unit, max_gap).learn(times, kind)


def starts(index, max_gap=None, unit="auto"):
    """Return the first row of each block of adjacent rows."""
    positions = learn(index, unit, max_gap).at(read_times(index)[1])
    return [0, *(np.flatnonzero(np.diff(positions) != 1) + 1).tolist()]


def calendar_of(index):
    positions = learn(index)
    found = positions.calendar if isinstance(positions, CalendarPositions) else None
    return type(found.local if isinstance(found, WallClock) else found)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(5), Grid),
        (pd.Index([0.0, 0.1, 0.2, 0.5]), Grid),
        (DAYS.delete([3, 4, 30]), Grid),
        (DAYS.tz_localize("Europe/Zurich").delete([3]), Grid),
        (pd.date_range("2020", periods=30, freq="MS").delete([3]), Months),
        (pd.date_range("2020", periods=30, freq="BME").delete([3]), Months),
        (pd.date_range("2020", periods=30, freq="YE", unit="s").delete([3]), Months),
        (WORKING_DAYS, Timetable),
        (WORKING_DAYS[:6], Timetable),
        (WORKING_DAYS.delete([4, 5]), Timetable),
        (WORKING_DAYS.tz_localize("America/New_York"), Timetable),
        (WORKING_DAYS.astype("datetime64[s]").astype("int64"), Timetable),
        (pd.date_range("2020", periods=500, freq="bh"), Timetable),
        (pd.period_range("2000", periods=4, freq="Y"), Grid),
        (pd.Index([0, 1, 50, 51, 200]), type(None)),
        (pd.Index(np.random.default_rng(0).exponential(1, 50).cumsum()), type(None)),
    ],
)
def test_calendars_are_told_from_the_times(index, expected):
    assert calendar_of(pd.Index(index)) is expected


def test_weekends_and_holidays_are_closed_and_a_missing_month_is_not():
    days = WORKING_DAYS.delete([4, 5])
    assert starts(days) == [0]
    assert starts(days[days.month != 1]) == [0, (days.month == 12).sum()]
    assert starts(days[days.month != 1], "60D") == [0]
    assert starts(days, unit="time") == [0, 4]


@pytest.mark.parametrize(("n_missing", "is_adjacent"), [(1, True), (2, True), (3, False)])
def test_one_row_more_than_in_the_longest_gap_may_be_missing_later(n_missing, is_adjacent):
    with_holiday = learn(WORKING_DAYS[:40].delete(20))
    later = WORKING_DAYS[40 + n_missing :]
    for positions, expected in ((with_holiday, is_adjacent), (learn(WORKING_DAYS[:40]), False)):
        _, times = read_times(WORKING_DAYS[39:40].append(later))
        step = np.diff(positions.extend(times).at(times))[0]
        assert step == (1 if expected else 1 + n_missing)


def test_a_later_row_at_a_closed_slot_opens_it():
    positions = learn(WORKING_DAYS.delete([19, 20]))
    _, times = read_times(WORKING_DAYS[18:23])
    assert np.diff(positions.at(times[[0, 3, 4]])).tolist() == [1, 1]
    assert np.diff(positions.extend(times[:2]).at(times[[0, 1, 3, 4]])).tolist() == [1, 1, 1]
    assert np.diff(positions.extend(times).at(times)).tolist() == [1, 1, 1, 1]


def test_rows_off_the_calendar_are_adjacent_to_none():
    positions = learn(WORKING_DAYS)
    _, times = read_times(pd.DatetimeIndex(["2000-03-10", "2000-03-11", "2000-03-13"]))
    at = positions.extend(times).at(times)
    assert at[2] - at[0] == 1
    assert abs(at[1] - at[0]) > 1e9


def test_irregular_rows_are_adjacent_up_to_the_longest_gap():
    index = pd.Index([0.0, 1.3, 1.7, 6.1, 6.2])
    positions = learn(index)
    assert isinstance(positions, RankPositions)
    later = np.array([10.6, 15.1])
    at = positions.extend(later).at(np.append(index, later))
    assert np.diff(at)[:5].tolist() == [1, 1, 1, 1, 1]
    assert np.diff(at)[5] > 1e9


@pytest.mark.parametrize("max_gap", ["1D", "36h", timedelta(days=1), np.timedelta64(1, "D")])
def test_max_gap_of_times_is_read_in_every_form(max_gap):
    assert starts(DAYS.delete([20, 30, 31]), max_gap) == [0, 20, 29]
    assert starts(pd.to_timedelta(np.delete(np.arange(9), 4), "D"), max_gap) == [0, 4]
    assert starts(DAYS.to_period("D").delete([20, 30, 31]), max_gap) == [0, 20, 29]


def test_max_gap_of_numbers_is_a_number():
    index = pd.Index([0, 1, 2, 5, 6, 10, 11])
    assert starts(index) == [0, 3, 5]
    assert starts(index, unit="rows") == [0]
    assert starts(index, 3.5) == [0, 5]
    assert starts(index * 0.1, 0.35) == [0, 5]
    assert starts(pd.Index([0, 1, 2, 3, 4]), 0.5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/New_York"])
def test_a_change_of_clocks_is_no_break(zone):
    hours = pd.date_range("2024-10-20", periods=500, freq="h", tz=zone)
    assert starts(hours) == starts(hours, "1h") == [0]
    days = pd.date_range("2024-02-20", periods=300, freq="D", tz=zone)
    assert starts(days) == [0]


@pytest.mark.parametrize(
    ("unit", "max_gap", "index", "text"),
    [
        (
            "auto",
            5,
            DAYS,
            "max_gap=5 is a number, but the index of X holds times; give a timedelta, or a "
            "string such as '7D'.",
        ),
        (
            "auto",
            "7D",
            pd.RangeIndex(9),
            "max_gap='7D' is a duration, but the index of X holds numbers; give a number.",
        ),
        (
            "auto",
            "a week",
            DAYS,
            "max_gap must be a positive duration that pandas can parse, such as '7D'; got "
            "'a week'.",
        ),
        (
            "rows",
            timedelta(0),
            DAYS,
            "max_gap must be a positive duration that pandas can parse, such as '7D'; got "
            "datetime.timedelta(0).",
        ),
        (
            "time",
            "7D",
            DAYS,
            "max_gap='7D' cannot be combined with lag_unit='time', where lags do not count rows; "
            "leave it out.",
        ),
        (
            "time",
            None,
            pd.Index([0.0, 1.3, 1.7, 6.1]),
            "lag_unit='time' needs times in equal steps, of which some may be missing, but those "
            "of X are irregular, such as [0.0, 1.3, 1.7]; use lag_unit='rows', or resample X "
            "to equal steps (DataFrame.resample).",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(unit, max_gap, index, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        starts(index, max_gap, unit)
