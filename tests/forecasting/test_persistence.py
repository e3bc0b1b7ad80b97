"""Persistence by hand, and autoregression against least squares."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rnn.forecasting._persistence import PersistenceRegressor, make_ar
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
            "channel=3 is not among the 3 channels of X, which are counted from 0.",
        ),
        (
            {"season": 7},
            WINDOWS,
            "season=7 goes further back than the 6 steps of X; give longer windows.",
        ),
        (
            {"channel": 1},
            WINDOWS[:, :, 0],
            "channel=1 is not among the 1 channels of X, which are counted from 0.",
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


def autoregressive(n, coefficients, seed=0):
    """Return a series ``y_t = 2 + sum_j coefficients_j y_{t - j} + noise``."""
    series = list(np.random.default_rng(seed).normal(size=n + len(coefficients)))
    for t in range(len(coefficients), len(series)):
        past = series[t - len(coefficients) : t][::-1]
        series[t] += 2 + np.dot(coefficients, past)
    return np.array(series[len(coefficients) :])


def test_make_ar_is_least_squares_on_lags():
    series = autoregressive(400, [0.5, -0.3, 0.2])
    X = np.column_stack([series, np.random.default_rng(1).normal(size=400)])
    lags = [X[4 - back : 400 - back] for back in (4, 3, 2, 1)]
    design = np.column_stack([np.ones(396), *lags])
    expected = np.linalg.lstsq(design, series[4:], rcond=None)[0]
    complete = np.arange(400) >= 4
    ar = make_ar(4).fit(X, series, linearregression__sample_weight=complete)
    np.testing.assert_allclose(ar[-1].intercept_, expected[0], rtol=1e-9)
    np.testing.assert_allclose(ar[-1].coef_, expected[1:], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ar.predict(X)[4:], design @ expected, rtol=1e-9)


def test_make_ar_recovers_the_truth_within_three_standard_errors():
    truth = [0.5, -0.3, 0.2]
    series = autoregressive(5000, truth)
    ar = make_ar(3).fit(series[:, np.newaxis], series)
    lags = np.column_stack([series[3 - back : 5000 - back] for back in (1, 2, 3)])
    noise = np.linalg.inv(np.cov(lags.T) * len(lags))
    errors = ar[-1].coef_[::-1] - truth
    assert (np.abs(errors) < 3 * np.sqrt(np.diag(noise))).all()


def test_make_ar_hands_its_parameters_on():
    given = {
        "n_lags": 2,
        "delay": 3,
        "step": 4,
        "known_ahead": ["a"],
        "fill_value": 0.5,
        "history": "never",
        "max_gap": 2,
    }
    assert make_ar(**given)[0].get_params() == {**given, "flatten": True}


def test_make_ar_can_be_searched():
    series = autoregressive(300, [0.0, 0.8])
    X = pd.DataFrame({"y": series})
    search = GridSearchCV(make_ar(), {"lagtransformer__n_lags": [1, 2]}, cv=TimeSeriesSplit(3))
    assert search.fit(X, series).best_params_ == {"lagtransformer__n_lags": 2}
