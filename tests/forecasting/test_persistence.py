"""Persistence against values picked out by hand."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rnn.forecasting._persistence import PersistenceRegressor
from sklearn_rnn.preprocessing import LagTransformer
from sklearn_rnn.preprocessing._make_lagged import make_lagged

RNG = np.random.default_rng(0)
WINDOWS = RNG.normal(size=(20, 6, 3))
Y = RNG.normal(size=20)


@parametrize_with_checks([PersistenceRegressor()])
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("season", [1, 2, 6])
def test_the_forecast_is_the_value_one_season_before(channel, season):
    persistence = PersistenceRegressor(channel=channel, season=season)
    forecast = persistence.fit(WINDOWS, Y).predict(WINDOWS)
    np.testing.assert_array_equal(forecast, WINDOWS[:, -season, channel])
    flat = WINDOWS.reshape(20, 18)
    persistence.set_params(n_channels=3).fit(flat, Y)
    np.testing.assert_array_equal(persistence.predict(flat), forecast)
    assert persistence.n_features_in_ == 18


@pytest.mark.parametrize("season", [1, 3, 5])
@pytest.mark.parametrize("horizon", [2, 7])
def test_a_periodic_series_is_forecast_without_error_at_every_horizon(season, horizon):
    series = np.tile(RNG.normal(size=season), 20)[:20]
    windows, targets = make_lagged(series[:, np.newaxis], series, 6, horizon=horizon)
    persistence = PersistenceRegressor(season=season).fit(windows, targets)
    np.testing.assert_array_equal(persistence.predict(windows), targets)


def seasonal(n=240, season=12):
    index = pd.period_range("2000-01", periods=n, freq="M")
    other = np.random.default_rng(1).normal(size=n)
    return pd.DataFrame(
        {"a": np.tile(np.random.default_rng(2).normal(size=season), n // season), "b": other}, index
    )


def named_lags(n_lags, **parameters):
    return LagTransformer(n_lags, flatten=True, **parameters).set_output(transform="pandas")


@pytest.mark.parametrize("channel", ["a", 0])
@pytest.mark.parametrize("delay", [1, 2, 3, 4, 7, 12, 13])
def test_a_season_counts_from_the_target_whatever_the_delay(channel, delay):
    X = seasonal()
    persistence = PersistenceRegressor(channel=channel, season=12, n_channels=2)
    model = make_pipeline(named_lags(24, delay=delay), persistence).fit(X, X["a"])
    np.testing.assert_array_equal(model.predict(X)[40:], X["a"][40:])


@pytest.mark.parametrize(("delay", "step"), [(2, 2), (4, 4), (1, 11), (6, 3)])
def test_a_season_counts_rows_whatever_the_step(delay, step):
    X = seasonal()
    persistence = PersistenceRegressor(channel="a", season=12)
    model = make_pipeline(named_lags(8, delay=delay, step=step), persistence).fit(X, X["a"])
    np.testing.assert_array_equal(model.predict(X)[100:], X["a"][100:])
    odd = make_pipeline(named_lags(8, delay=1, step=2), persistence)
    text = "season=12 needs lag 12, which is not among the 8 lags of X from 1 to 15; raise n_lags, "
    text += "or choose a step of the lags that divides the season."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        odd.fit(X, X["a"])


def test_the_order_of_named_columns_does_not_matter():
    table = named_lags(12).fit_transform(seasonal())
    forecasts = [
        PersistenceRegressor(channel="b", season=3).fit(columns, Y[0] * table.index.month)
        for columns in (table, table[table.columns[::-1]])
    ]
    for forecast, columns in zip(forecasts, (table, table[table.columns[::-1]]), strict=True):
        np.testing.assert_array_equal(forecast.predict(columns), table["b_lag3"])


@pytest.mark.parametrize("X", [WINDOWS, WINDOWS[:, :, 0]])
def test_a_channel_can_be_named_only_in_named_columns(X):
    text = "channel='a' needs columns of X named a_lag1 and so on; the channels of X are []."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        PersistenceRegressor(channel="a").fit(X, Y)
    table = named_lags(2).fit_transform(seasonal())
    with pytest.raises(ValueError, match=r"the channels of X are \['a', 'b'\]\.$"):
        PersistenceRegressor(channel="c").fit(table, table["a_lag1"])


@pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 4)])
def test_forecasts_have_the_shape_of_y_and_double_precision(shape):
    persistence = PersistenceRegressor().fit(WINDOWS.astype("float32"), np.zeros(shape))
    forecast = persistence.predict(WINDOWS.astype("float32"))
    assert forecast.shape == shape
    assert forecast.dtype == "float64"


@pytest.mark.parametrize(
    ("parameters", "X", "text"),
    [
        (
            {"channel": 3},
            WINDOWS,
            "channel=3 is out of range for X with 3 channels, counted from 0.",
        ),
        (
            {"season": 7},
            WINDOWS,
            "season=7 needs lag 7, which is not among the 6 lags of X from 1 to 6; raise n_lags, "
            "or choose a step of the lags that divides the season.",
        ),
        (
            {"channel": 1},
            WINDOWS[:, :, 0],
            "channel=1 is out of range for X with 1 channels, counted from 0.",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(parameters, X, text):
    persistence = PersistenceRegressor().fit(WINDOWS, Y)
    before = dict(vars(persistence))
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        persistence.set_params(**parameters).fit(X, Y)
    assert vars(persistence) == before | parameters


@pytest.mark.parametrize(("name", "value"), [("channel", -1), ("season", 0), ("n_channels", 0)])
def test_scikit_learn_words_the_errors_about_parameters(name, value):
    text = f"The '{name}' parameter of PersistenceRegressor must be an int in the range"
    with pytest.raises(ValueError, match=re.escape(text)):
        PersistenceRegressor(**{name: value}).fit(WINDOWS, Y)


def test_targets_must_be_numbers():
    with pytest.raises(ValueError, match=r"^y must hold numbers; got the dtype"):
        PersistenceRegressor().fit(WINDOWS, ["up"] * 20)


@pytest.mark.parametrize(("delay", "step"), [(1, 1), (2, 1), (7, 1), (2, 2), (4, 4), (1, 11)])
@pytest.mark.parametrize("channel", [0, "a"])
def test_windows_tell_their_lags_and_channels(channel, delay, step):
    X = seasonal()
    persistence = PersistenceRegressor(channel=channel, season=12)
    model = make_pipeline(LagTransformer(12, delay=delay, step=step), persistence)
    complete = model.fit(X, X["a"])[0].transform(X).is_complete
    np.testing.assert_array_equal(model.predict(X)[complete], X["a"][complete])
    windows, target = make_lagged(X, X["a"], 12, delay=delay, step=step)
    forecast = PersistenceRegressor(channel=channel, season=12).fit(windows, target)
    np.testing.assert_array_equal(forecast.predict(windows), target)
    np.testing.assert_array_equal(forecast.predict(np.asarray(windows)), target)


# The target is the covariate itself.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.TargetLeakWarning")
def test_a_covariate_known_ahead_is_read_at_its_own_lags():
    X = seasonal()
    windows, target = make_lagged(X, X["b"], 12, delay=3, known_ahead=["b"])
    persistence = PersistenceRegressor(channel="b", season=4).fit(windows, target)
    expected = X["b"].shift(4)[-len(target) :]  # its lags are 0 to 11
    np.testing.assert_array_equal(persistence.predict(windows), expected)


def test_several_targets_of_windows_count_from_each():
    X = seasonal()
    windows, targets = make_lagged(X, X["a"], 24, delay=3, horizon=2)
    forecast = PersistenceRegressor(season=12).fit(windows, targets).predict(windows)
    np.testing.assert_array_equal(forecast, targets)


def test_errors_name_the_channels_of_windows():
    X = seasonal()
    windows, target = make_lagged(X, X["a"], 5)
    with pytest.raises(
        ValueError, match=r"^channel='c' is not among the channels of X, \['a', 'b'"
    ):
        PersistenceRegressor(channel="c").fit(windows, target)
    unnamed, target = make_lagged(X.to_numpy(), X["a"].to_numpy(), 5)
    with pytest.raises(
        ValueError, match=r"^channel='a' is a name, but the channels of X have none"
    ):
        PersistenceRegressor(channel="a").fit(unnamed, target)


@pytest.mark.parametrize("form", ["windows", "array", "table"])
def test_values_may_be_missing_in_other_channels_alone(form):
    frame = pd.DataFrame({"sales": np.arange(9.0), "heat": np.arange(9.0)})
    frame.loc[3, "heat"] = np.nan
    windows, y = make_lagged(frame, frame["sales"], 2)
    X = windows
    if form == "array":
        X = np.asarray(windows)
    elif form == "table":
        names = [f"{c}_lag{k}" for k in (2, 1) for c in frame]
        X = pd.DataFrame(np.asarray(windows).reshape(-1, 4), columns=names)
    channel, other = (0, 1) if form == "array" else ("sales", "heat")
    forecasts = PersistenceRegressor(channel=channel).fit(X, y).predict(X)
    np.testing.assert_array_equal(forecasts, y - 1)
    text = f"X contains NaN: channel={other!r}.* 2 of 7 samples, first in sample 2. Fill .* ffill"
    with pytest.raises(ValueError, match=text):
        PersistenceRegressor(channel=other).fit(X, y)
