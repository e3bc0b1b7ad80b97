"""Which rows adjoin: usual steps, breaks, and the forms of ``max_gap``."""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.preprocessing._timeline import read_timeline

DAYS = pd.date_range("1999-12-20", periods=60)
WORKING_DAYS = pd.bdate_range("1999-12-20", periods=60)


def starts(index, max_gap=None):
    timeline = read_timeline(pd.DataFrame(index=index), len(index))
    return timeline.find_starts(timeline.find_max_gap(max_gap)).tolist()


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(5), 1),
        (pd.Index([3, 7, 11, 15, 90]), 4),
        (pd.Index([0.0, 0.1, 0.2, 0.5]), 0.1),
        (DAYS, 1.2 * np.timedelta64(24 * 3600, "s")),
        (WORKING_DAYS, 1.2 * np.timedelta64(3 * 24 * 3600, "s")),
        (WORKING_DAYS.delete([4, 5, 6]), np.timedelta64(5, "D")),
        (pd.timedelta_range("0h", periods=4, freq="3h"), 1.2 * np.timedelta64(3 * 3600, "s")),
        (pd.period_range("2000", periods=4, freq="Y"), 1.2 * np.timedelta64(366 * 24 * 3600, "s")),
        (pd.MultiIndex.from_product([["a", "b"], [1, 3, 5]]), 2),
        (pd.Index([7]), None),
        (pd.Index(["a", "b"]), None),
    ],
)
def test_rows_adjoin_by_the_usual_step_and_times_by_the_largest_too(index, expected):
    found = read_timeline(pd.DataFrame(index=index), len(index)).find_max_gap(None)
    assert found == expected or found == pytest.approx(expected, rel=1e-5)


def test_weekends_and_holidays_adjoin_and_a_missing_month_does_not():
    days = WORKING_DAYS.delete([4, 5])
    assert starts(days) == [0]
    assert starts(days[days.month != 1]) == [0, (days.month == 12).sum()]
    assert starts(days[days.month != 1], "60D") == [0]


@pytest.mark.parametrize("max_gap", ["1D", "36h", timedelta(days=1), np.timedelta64(1, "D")])
def test_max_gap_of_times_is_read_in_every_form(max_gap):
    assert starts(DAYS.delete([20, 30, 31]), max_gap) == [0, 20, 29]
    assert starts(pd.to_timedelta(np.delete(np.arange(9), 4), "D"), max_gap) == [0, 4]


def test_max_gap_of_numbers_is_a_number():
    index = pd.Index([0, 1, 2, 5, 6, 10, 11])
    assert starts(index) == [0, 3, 5]
    assert starts(index, 3.5) == [0, 5]
    assert starts(index * 0.1, 0.35) == [0, 5]
    assert starts(pd.Index([0, 1, 2, 3, 4]), 0.5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([0, 1, 2, 2, 3, 4]),  # a row twice
        pd.Index([3, 4, 5, 2, 3, 4]),  # back in time
        pd.Index([0.0, 1.0, 2.0, np.nan]),
        pd.Index([0.0, 1.0, 2.0, np.inf]),
        pd.array([0, 1, 2, None], dtype="Int64"),
        pd.DatetimeIndex(["2000-01-01", "2000-01-02", "2000-01-03", None]),
    ],
)
def test_the_index_must_grow(index):
    assert starts(index) == [0, 3]


@pytest.mark.parametrize("max_gap", [None, 5])
@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 0, -1),
        pd.Index([7, 7, 7]),
        pd.MultiIndex.from_product([["a", "b"], [3, 2, 1]]),
    ],
    ids=["descending", "equal", "panel"],
)
def test_an_index_that_never_grows_is_refused(index, max_gap):
    with pytest.raises(ValueError, match=r"^The index of X never grows .*; sort X by its index"):
        starts(index, max_gap)


def test_series_of_one_row_have_no_order_to_be_wrong():
    assert starts(pd.MultiIndex.from_product([["a", "b", "c"], [1]])) == [0, 1, 2]


def test_unsigned_numbers_can_go_back():
    assert starts(pd.Index([5, 6, 7, 1, 2], dtype="uint8")) == [0, 3]


def test_a_change_of_clocks_is_no_break():
    hours = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Zurich")
    assert starts(hours, "1h") == [0]


def test_rows_of_a_series_are_brought_together():
    index = pd.MultiIndex.from_arrays([list("baabab"), [0, 0, 1, 1, 2, 9]])
    timeline = read_timeline(pd.DataFrame(index=index), 6)
    assert timeline.order.tolist() == [1, 2, 4, 0, 3, 5]
    assert timeline.find_starts(1).tolist() == [0, 3, 5]
    assert [timeline.label(row) for row in range(6)] == list("aaabbb")
    rows = np.arange(6)
    np.testing.assert_array_equal(timeline.unsort(timeline.sort(rows)), rows)


def test_a_multi_index_of_one_level_is_an_index():
    index = pd.MultiIndex.from_arrays([[0, 1, 2, 5]])
    assert starts(index) == [0, 3]


@pytest.mark.parametrize(
    ("max_gap", "index", "text"),
    [
        (
            5,
            DAYS,
            "max_gap=5 is a number, but the index of X holds times; give a timedelta, or a "
            "string such as '7D'.",
        ),
        (
            "7D",
            pd.RangeIndex(9),
            "max_gap='7D' is a time, but the index of X holds numbers; give a number.",
        ),
        (
            "a week",
            DAYS,
            "max_gap must be a time above zero that pandas understands, such as '7D'; got "
            "'a week'.",
        ),
        (
            timedelta(0),
            DAYS,
            "max_gap must be a time above zero that pandas understands, such as '7D'; got "
            "datetime.timedelta(0).",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(max_gap, index, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        starts(index, max_gap)
