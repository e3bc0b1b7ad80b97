"""The calendar of an index: continued as it was made, even if rows are missing."""

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.forecasting._calendar import continue_index, find_frequency

OFFSETS = ["MS", "ME", "BMS", "BME", "QS", "QE", "BQE", "QE-NOV", "YS", "YE", "YE-JUN", "W-SUN"]
OFFSETS += ["W-WED", "B", "D", "2D", "h", "3h", "30min", "s"]
N, AHEAD = 60, 5


def continued(index):
    return continue_index(index, find_frequency(index), AHEAD)


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("missing", [[], [20], [1, 5, 21, 40, 41, 58]])
def test_times_are_continued_as_they_were_made(offset, missing):
    full = pd.date_range("2000-01-01", periods=N + AHEAD, freq=offset, name="time")
    index = pd.DatetimeIndex(list(full[:N].delete(missing)), name="time")
    assert index.freq is None
    found = continued(index)
    assert found.equals(full[N:])
    assert found.name == "time"


@pytest.mark.parametrize(("offset", "n"), [("D", 38), ("MS", 40), ("h", 600), ("B", 40)])
@pytest.mark.parametrize("missing", [[], [20]])
def test_times_of_a_zone_are_continued_over_the_change_of_clocks(offset, n, missing):
    full = pd.date_range("2024-02-20", periods=n + AHEAD, freq=offset, tz="Europe/Berlin")
    index = pd.DatetimeIndex(list(full[:n].delete(missing)))
    assert continued(index).equals(full[n:])


@pytest.mark.parametrize("months", [1, 3, 12])
def test_days_in_the_middle_of_months_are_continued(months):
    full = pd.date_range("2000-01-15", periods=N + AHEAD, freq=pd.DateOffset(months=months))
    assert continued(pd.DatetimeIndex(list(full[:N].delete([9])))).equals(full[N:])


@pytest.mark.parametrize(
    "full",
    [
        pd.RangeIndex(N + AHEAD),
        pd.Index(np.arange(3, 3 + 2 * (N + AHEAD), 2)),
        pd.timedelta_range("1h", periods=N + AHEAD, freq="2h"),
        pd.period_range("2000Q1", periods=N + AHEAD, freq="Q"),
        pd.period_range("2000", periods=N + AHEAD, freq="Y"),
    ],
)
@pytest.mark.parametrize("missing", [[], [20]])
def test_numbers_durations_and_periods_are_continued(full, missing):
    assert continued(full[:N].delete(missing)).equals(full[N:])


def test_decimal_numbers_are_continued_up_to_rounding():
    full = pd.Index(np.arange(N + AHEAD) / 10)
    np.testing.assert_allclose(continued(full[:N].delete(20)), full[N:], rtol=1e-12)


def test_a_frequency_that_is_given_is_used():
    index = pd.date_range("2026-01-01", periods=3, freq="W-THU")
    assert find_frequency(index) == index.freq
    assert find_frequency(pd.DatetimeIndex(["2026-01-05", "2026-01-06"])) == pd.Timedelta("1D")


def test_an_irregular_index_has_no_frequency():
    rng = np.random.default_rng(0)
    halves = pd.date_range("2024-01-01", periods=3000, freq="30min")
    sessions = halves[(halves.hour >= 9) & (halves.hour < 16) & (halves.day_of_week < 5)]
    for index in (
        pd.DatetimeIndex(np.sort(rng.integers(0, 10**9, N)).astype("M8[s]")),
        sessions,
        pd.Index([0, 2, 4, 9, 10]),
        pd.Index(np.sort(rng.random(N))),
    ):
        assert find_frequency(index) is None


def test_one_row_has_no_step():
    text = "^X must have at least two rows to determine the step of its index; got 1.$"
    with pytest.raises(ValueError, match=text):
        find_frequency(pd.RangeIndex(1))
