"""Importance of lags where channels have different lags, or none."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import CompleteRows, DenseRegressor, Forecaster, LagTransformer, make_ar
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.inspection._window_model import find_windows
from sklearn_rnn.plotting import LagImportanceDisplay

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2025-01-01", periods=200, name="day")
TABLE = pd.DataFrame(RNG.normal([5.0, -3.0, 0.0], [2.0, 0.5, 1.0], (200, 3)), DAYS)
TABLE.columns = ["a", "b", "promo"]
Y = TABLE["a"].shift(7, fill_value=5.0) - 8 * TABLE["b"].shift(2, fill_value=-3) + TABLE["promo"]
Y += RNG.normal(size=200)
METHODS = ["permutation", "integrated_gradients"]
QUICK = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0, "dtype": "float64"}
RAGGED = {
    "seasonal": (make_ar(2, seasonal_lags=(7,), exogenous=["promo"]), "ab", [7, 2, 1], [0]),
    "exogenous": (make_ar(2, exogenous=["promo"]), "ab", [2, 1], [0]),
    "known": (make_ar(2, seasonal_lags=(7,), known_ahead=["promo"]), "ab", [7, 2, 1], [7, 1, 0]),
    "delay": (make_ar(2, delay=3, exogenous=["promo"]), "ab", [4, 3], [0]),
}


def frame(found, name="importances_mean"):
    return pd.DataFrame(getattr(found, name), found.lags, found.channels)


def with_last(ar, last, *between):
    """Return the lags of an autoregression before other steps."""
    return CompleteRows(make_pipeline(ar.estimator[0], *between, last))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", RAGGED)
def test_each_channel_has_the_lags_that_the_model_reads(name, method):
    model, others, lags, of_promo = RAGGED[name]
    found = lag_importance(model.fit(TABLE, Y), TABLE, Y, method=method, random_state=0)
    known = frame(found).notna()
    assert found.lags.tolist() == sorted({*lags, *of_promo}, reverse=True)
    expected = {**dict.fromkeys(others, lags), "promo": of_promo}
    assert {c: known.index[known[c]].tolist() for c in known} == expected
    assert (frame(found).loc[0].dropna().index == "promo").all()


@pytest.mark.parametrize("chunk_size", [2**20, 50])
def test_permutation_is_the_naive_loop(chunk_size, monkeypatch):
    monkeypatch.setattr("sklearn_rnn.inspection._window_model.CHUNK_SIZE", chunk_size)
    lags = RAGGED["seasonal"][0].estimator[0]
    model = CompleteRows(make_pipeline(lags, HistGradientBoostingRegressor(max_iter=5)))
    model.fit(TABLE, Y)
    found = frame(lag_importance(model, TABLE, Y, n_repeats=1, random_state=3))
    X, last = model[:-1].transform(TABLE), model[-1]
    order = np.random.RandomState(3).permutation(len(X))
    for column, name in enumerate(model.estimator_[0].get_feature_names_out()):
        channel, _, lag = name.partition("_lag")
        permuted = X.copy()
        permuted[:, column] = X[order, column]
        assert found.loc[int(lag or 0), channel] == last.score(X, Y) - last.score(permuted, Y)


@pytest.mark.parametrize("method", METHODS)
def test_lags_by_several_transformers_are_those_of_one(method):
    one = make_ar(4).fit(TABLE, Y)
    parts = [LagTransformer(2, flatten=True, delay=delay) for delay in (1, 3)]
    union = FeatureUnion([("new", parts[0]), ("old", parts[1])], verbose_feature_names_out=False)
    several = CompleteRows(make_pipeline(union, LinearRegression()))
    several.fit(TABLE, Y)
    mine, other = (
        frame(lag_importance(model, TABLE, Y, method=method, random_state=0))
        for model in (several, one)
    )
    pd.testing.assert_frame_equal(mine, other, atol=1e-9)


def test_effects_of_least_squares_are_coefficients_times_the_deviation_of_the_channel():
    model = RAGGED["seasonal"][0].fit(TABLE, Y)
    effects = frame(lag_importance(model, TABLE, method="integrated_gradients"), "effects")
    table = pd.DataFrame(model[:-1].transform(TABLE), columns=model[:-1].get_feature_names_out())
    for name, coefficient in zip(table, model[-1].coef_, strict=True):
        channel, _, lag = name.partition("_lag")
        of_channel = table.filter(regex=f"^{channel}(_|$)").to_numpy()
        assert np.isclose(effects.loc[int(lag or 0), channel], coefficient * of_channel.std())


@pytest.mark.parametrize("method", METHODS)
def test_a_dense_network_behind_such_lags_is_read_by_lag_and_channel(method):
    model = with_last(RAGGED["seasonal"][0], DenseRegressor(**QUICK), StandardScaler())
    model.fit(TABLE, Y)
    found = frame(lag_importance(model, TABLE, Y, method=method, random_state=0))
    assert found.notna().sum().to_dict() == {"promo": 1, "a": 3, "b": 3}
    assert find_windows(model, TABLE).grid is not None


@pytest.mark.parametrize("as_array", [False, True])
def test_names_of_columns_give_lags_that_differ_by_channel(as_array):
    names = ["a_lag7", "a_lag1", "promo_lag0", "weekday"]
    X = pd.DataFrame(RNG.normal(size=(200, 4)), DAYS, names)
    last = LinearRegression().fit(X.to_numpy() if as_array else X, X["promo_lag0"])
    found = frame(lag_importance(last, X, X["promo_lag0"], random_state=0))
    assert found.notna().sum().to_dict() == {"a": 2, "promo": 1, "weekday": 1}
    assert found.stack().idxmax() == (0, "promo")


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("last", [LinearRegression(), HistGradientBoostingRegressor(max_iter=5)])
def test_the_models_of_a_forecaster_of_a_panel_are_read(strategy, last):
    table = TABLE.rename(columns={"a": "sales"})[["sales", "promo"]]
    table["sales"] += 20 * table["promo"]
    table = pd.concat({"x": table, "y": table * 2}, names=["store"])
    fill = "mean" if isinstance(last, LinearRegression) else "nan"
    ar = make_ar(2, seasonal_lags=(7,), exogenous=["promo"], fill_value=fill)
    log = TransformedTargetRegressor(last)
    model = with_last(ar, GridSearchCV(log, {}, cv=2))
    names = {"target": "sales", "known_ahead": ["promo"]}
    forecaster = Forecaster(model, 2, strategy=strategy, **names).fit(table)
    for step, one in enumerate(forecaster.models_):
        found = frame(lag_importance(one, table, table["sales"], random_state=0))
        assert found.index.tolist() == [7 + step, 2 + step, 1 + step, 0]
        assert found.stack().idxmax() == (0, "promo")


def test_what_a_channel_has_not_is_left_blank_in_the_plot():
    matplotlib = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
    model = RAGGED["seasonal"][0].fit(TABLE, Y)
    display = LagImportanceDisplay.from_estimator(model, TABLE, Y, random_state=0)
    assert display.image_.get_array().mask.sum() == 5
    matplotlib.close(display.figure_)


def test_lags_that_are_given_twice_are_named():
    X = pd.DataFrame(RNG.normal(size=(9, 3)), columns=["a_lag1", "b", "b_lag0"])
    model = LinearRegression().fit(X, X["b"])
    with pytest.raises(ValueError, match=r"^X has several columns for a lag of a channel"):
        lag_importance(model, X, X["b"])
