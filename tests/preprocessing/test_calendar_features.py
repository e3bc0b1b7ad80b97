import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklearn_rnn import CalendarFeatures, Forecaster, LagTransformer

HOURS = pd.date_range("2023-12-30 05:30", periods=24 * 400, freq="h")
TABLE = pd.DataFrame({"x": np.arange(len(HOURS), dtype=float)}, index=HOURS)
CYCLES = ("year", "month", "week", "day", "hour")


def test_fourier_terms_are_sines_of_the_share_of_the_cycle_that_has_passed():
    calendar = CalendarFeatures(harmonics={"year": 2, "week": 1, "day": 3})
    result = calendar.fit_transform(TABLE)
    of_day = (HOURS.hour + HOURS.minute / 60) / 24
    shares = {
        "year": (HOURS.day_of_year - 1 + of_day) / np.where(HOURS.is_leap_year, 366, 365),
        "week": (HOURS.day_of_week + of_day) / 7,
        "day": of_day,
    }
    for cycle, share in shares.items():
        for k in range(1, calendar.harmonics[cycle] + 1):
            assert_allclose(result[f"{cycle}_sin{k}"], np.sin(2 * np.pi * k * share), atol=1e-9)
            assert_allclose(result[f"{cycle}_cos{k}"], np.cos(2 * np.pi * k * share), atol=1e-9)
    assert list(result) == ["x", *calendar.names()] == list(calendar.get_feature_names_out())


@pytest.mark.parametrize("cycle", CYCLES)
def test_every_cycle_begins_at_zero(cycle):
    starts = pd.DatetimeIndex(["2024-01-01 00:00"])  # a Monday
    X = pd.DataFrame({"x": [0.0]}, index=starts)
    added = CalendarFeatures(harmonics={cycle: 1}).fit_transform(X)
    assert_allclose(added.iloc[0, 1:], [0.0, 1.0], atol=1e-12)


def test_parts_are_those_of_pandas():
    parts = ["year", "quarter", "month", "week", "day", "day_of_week", "day_of_year", "hour"]
    parts += ["minute"]
    result = CalendarFeatures(parts=parts).fit_transform(TABLE)
    for part in parts:
        expected = HOURS.isocalendar().week if part == "week" else getattr(HOURS, part)
        assert (result[part].to_numpy() == np.asarray(expected)).all()


def test_a_number_is_a_cycle_of_an_index_of_numbers():
    X = pd.DataFrame({"x": np.zeros(30)}, index=np.arange(30))
    result = CalendarFeatures(harmonics={12: 1}).fit_transform(X)
    assert_allclose(result["12_sin1"], np.sin(2 * np.pi * np.arange(30) / 12), atol=1e-12)


def test_columns_depend_on_the_time_of_their_row_alone():
    calendar = CalendarFeatures(harmonics={"year": 3, "day": 1}, parts=["month"]).fit(TABLE[:10])
    whole = calendar.transform(TABLE)
    rows = np.random.default_rng(0).permutation(len(TABLE))[:50]
    pd.testing.assert_frame_equal(calendar.transform(TABLE.iloc[rows]), whole.iloc[rows])


@pytest.mark.parametrize(
    "index",
    [
        HOURS.tz_localize("UTC").tz_convert("Asia/Tokyo"),
        HOURS.astype(str),
        HOURS.to_period("h"),
    ],
    ids=["zone", "strings", "periods"],
)
def test_times_come_in_any_form(index):
    local = HOURS + pd.Timedelta(hours=9) if getattr(index, "tz", None) is not None else HOURS
    local = local.floor("h") if isinstance(index, pd.PeriodIndex) else local
    calendar = CalendarFeatures(harmonics={"day": 1}, parts=["day_of_week"])
    result = calendar.fit_transform(TABLE.set_axis(index))
    expected = calendar.fit_transform(TABLE.set_axis(local))
    assert_allclose(result.iloc[:, 1:], expected.iloc[:, 1:], atol=1e-9)


def test_panels_have_the_times_of_their_level_or_column():
    level = TABLE.assign(store="a").set_index("store", append=True)
    column = TABLE.rename_axis("when").reset_index()
    calendar = CalendarFeatures(harmonics={"day": 1})
    expected = calendar.fit_transform(TABLE)["day_sin1"].to_numpy()
    assert_allclose(calendar.fit_transform(level)["day_sin1"], expected)
    named = clone(calendar).set_params(time="when")
    assert_allclose(named.fit_transform(column)["day_sin1"], expected)


def test_known_ahead_they_make_a_season_forecastable():
    days = pd.date_range("2020-01-01", periods=4 * 365)
    season = np.sin(2 * np.pi * (days.day_of_year - 1) / np.where(days.is_leap_year, 366, 365))
    X = pd.DataFrame({"x": 5 + season}, index=days)
    calendar = CalendarFeatures(harmonics={"year": 1})
    lags = LagTransformer(1, known_ahead=calendar.names(), flatten=True)
    model = make_pipeline(calendar, lags, LinearRegression())
    forecast = Forecaster(model, strategy="recursive").fit(X[:-365]).predict(365)
    assert_allclose(forecast, X["x"][-365:], atol=1e-8)
    without = make_pipeline(LagTransformer(1, flatten=True), LinearRegression())
    blind = Forecaster(without, strategy="recursive").fit(X[:-365]).predict(365)
    assert np.abs(blind - X["x"][-365:]).max() > 0.5


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({"harmonics": {"decade": 1}}, TABLE, "harmonics must have the cycles"),
        (
            {"harmonics": {np.inf: 1}},
            TABLE.reset_index(drop=True),
            "finite numbers as keys; got inf",
        ),
        ({}, TABLE.set_axis([0], axis=1), r"X must have strings as names of columns.* got \[0\]"),
        ({}, TABLE["x"], r"got a Series: give X.to_frame\(\)"),
        ({"harmonics": {"year": 0}}, TABLE, "harmonics must be integers of at least 1; got 0"),
        ({"parts": ["era"]}, TABLE, r"parts must be among .*; got \['era'\]"),
        (
            {"parts": ["month"]},
            TABLE.reset_index(drop=True),
            r"needs times that are dates",
        ),
        ({"harmonics": {12: 1}}, TABLE, "need an index of numbers"),
        ({"parts": ["month"]}, TABLE.assign(month=1), r"X already has the columns \['month'\]"),
        ({"parts": ["month"], "time": "when"}, TABLE, "when"),
        (
            {"parts": ["month"]},
            TABLE.set_axis(HOURS.where(HOURS[3] != HOURS)),
            "X must have a time in each row; missing in 1 of 9600 rows",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused(parameters, X, message):
    with pytest.raises(ValueError, match=message):
        CalendarFeatures(**parameters).fit(X)


def test_an_array_is_refused():
    with pytest.raises(TypeError, match="X must be a pandas DataFrame"):
        CalendarFeatures(parts=["month"]).fit(TABLE.to_numpy())
