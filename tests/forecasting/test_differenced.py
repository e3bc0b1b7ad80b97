"""Models of changes against differences made by hand in pandas."""

import itertools
import pickle
import re
from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    DifferencedRegressor,
    Forecaster,
    LagTransformer,
    PersistenceRegressor,
    make_ar,
)
from sklearn_rnn.exceptions import IncompleteWindowsWarning, TargetLeakWarning
from sklearn_rnn.model_selection import compare_models

RNG = np.random.default_rng(0)
N = 60
DAYS = pd.date_range("2024-01-01", periods=N)
FRAME = pd.DataFrame(RNG.normal(size=(N, 2)).cumsum(axis=0) + 50.0, DAYS, ["a", "b"])
Y = FRAME["a"]
WEIGHT = RNG.uniform(0.5, 2.0, N)
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def autoregression(n_lags=2, last=None, **given):
    lags = LagTransformer(n_lags, flatten=True, **given)
    return make_pipeline(lags, LinearRegression() if last is None else last)


def no_change(n_lags=1, **given):
    return autoregression(n_lags, DummyRegressor(strategy="constant", constant=0.0), **given)


def table(given):
    """Return rows of a series, of a series with a gap, or of two series."""
    if given == "array":
        return FRAME.to_numpy()
    if given == "gap":
        return FRAME.drop(DAYS[[30, 31]])
    if given == "panel":
        keys = pd.MultiIndex.from_arrays([["s"] * 25 + ["t"] * 35, [*DAYS[:25], *DAYS[:35]]])
        return FRAME.set_axis(keys)
    if given == "long":
        days = [*DAYS[:25], *DAYS[:35]]
        return FRAME.reset_index(drop=True).assign(day=days, shop=["s"] * 25 + ["t"] * 35)
    return FRAME


def shifted(X, lag):
    """Return the numbers of X some rows before, by pandas."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=["a", "b"])
    if "shop" in frame:
        return frame.groupby("shop")[["a", "b"]].shift(lag)
    if isinstance(frame.index, pd.MultiIndex):
        return frame.groupby(level=0).shift(lag)
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.asfreq("D").shift(lag).loc[frame.index]
    return frame.shift(lag)


def reading(given):
    return {"time": "day", "series": "shop"} if given == "long" else {}


def column(X, name):
    return X[:, ["a", "b"].index(name)] if isinstance(X, np.ndarray) else X[name].to_numpy()


GIVEN = ["series", "array", "gap", "panel", "long"]


@pytest.mark.parametrize(
    ("given", "n_lags", "lag"), list(itertools.product(GIVEN, [1, 3], [1, 2, 7]))
)
def test_it_is_least_squares_on_differences(given, n_lags, lag):
    X = table(given)
    y = column(X, "a")
    lags = np.concatenate([shifted(X, k).to_numpy() for k in range(n_lags, 0, -1)], axis=1)
    past = shifted(X, lag)["a"].to_numpy()
    known = ~np.isnan(lags).any(axis=1) & ~np.isnan(past)
    twin = LinearRegression().fit(lags[known], (y - past)[known])
    pipeline = autoregression(n_lags, **reading(given))
    model = DifferencedRegressor(pipeline, lag=lag, **reading(given)).fit(X, y)
    np.testing.assert_allclose(model.regressor_[-1].coef_, twin.coef_, **EXACT)
    expected = past[known] + twin.predict(lags[known])
    np.testing.assert_allclose(model.predict(X)[known], expected, **EXACT)
    assert model.n_rows_omitted_ == (~known).sum()
    assert np.isfinite(model.predict(X)).all()
    assert isinstance(model.regressor_, type(pipeline))


@pytest.mark.parametrize("given", GIVEN)
def test_the_rows_of_a_test_set_change_from_the_rows_of_fit(given):
    X = table(given)
    ends = [25, 60] if given in ("panel", "long") else [len(X)]
    test = np.concatenate([np.arange(end - 10, end) for end in ends])
    train = np.setdiff1d(np.arange(len(X)), test)
    rows = (lambda at: X[at]) if isinstance(X, np.ndarray) else (lambda at: X.iloc[at])
    pipeline = no_change(**reading(given))
    model = DifferencedRegressor(pipeline, lag=3, target=0, **reading(given))
    forecast = model.fit(rows(train), column(rows(train), "a")).predict(rows(test))
    expected = shifted(X, 3)["a"].to_numpy()[test]
    if given == "array":  # without an index the first rows of a test set have no past
        expected[:3] = column(X, "a")[train].mean()
    np.testing.assert_allclose(forecast, expected, **EXACT)


@pytest.mark.parametrize("season", [1, 4, 12])
def test_no_change_is_persistence(season):
    train, test = FRAME[:40], FRAME[40:]
    persistence = make_pipeline(LagTransformer(12), PersistenceRegressor(season=season))
    expected = persistence.fit(train, train["a"]).predict(test)
    model = DifferencedRegressor(no_change(), lag=season).fit(train, train["a"])
    np.testing.assert_array_equal(model.predict(test), expected)
    assert model.n_rows_omitted_ == season


@pytest.mark.parametrize(
    "last",
    [
        LinearRegression(),
        DenseRegressor(max_epochs=2, random_state=0, lr_schedule="cosine"),
    ],
    ids=["linear", "net"],
)
def test_a_level_moves_the_predictions_along(last):
    lags = LagTransformer(2, flatten=isinstance(last, LinearRegression))
    model = DifferencedRegressor(make_pipeline(lags, last), target="a")
    forecasts = []
    for level in (0.0, 64.0):
        moved = FRAME.assign(a=FRAME["a"] + level)
        fitted = clone(model).fit(moved[:40], moved["a"][:40])
        forecasts.append(fitted.predict(moved[40:]) - level)
    np.testing.assert_allclose(*forecasts, rtol=1e-5)


def test_a_net_that_has_learned_nothing_is_as_good_as_no_change():
    net = DenseRegressor(max_epochs=1, learning_rate=1e-12, random_state=0, lr_schedule="cosine")
    net_alone = make_pipeline(LagTransformer(5), net).fit(FRAME[:40], Y[:40])
    differenced = DifferencedRegressor(make_pipeline(LagTransformer(5), net)).fit(
        FRAME[:40], Y[:40]
    )
    last = Y.shift(1)[40:]
    far, near = (np.abs(m.predict(FRAME[40:]) - last).mean() for m in (net_alone, differenced))
    assert near < far / 2
    assert near < 2 * Y.diff().std()


def test_several_targets_change_from_their_own_columns():
    names = ["b", "a"]
    lags, past = shifted(FRAME, 1).to_numpy()[2:], FRAME[names].shift(2).to_numpy()[2:]
    twin = LinearRegression().fit(lags, FRAME[names].to_numpy()[2:] - past)
    model = DifferencedRegressor(autoregression(1), lag=2).fit(FRAME, FRAME[names])
    assert model.target_columns_ == [1, 0]
    np.testing.assert_allclose(model.predict(FRAME)[2:], past + twin.predict(lags), **EXACT)
    table_of_one = DifferencedRegressor(autoregression(1)).fit(FRAME, FRAME[["a"]])
    assert table_of_one.predict(FRAME).shape == (N, 1)


def test_folds_in_time_have_the_past_of_fit():
    model = DifferencedRegressor(autoregression(3), lag=2)
    folds = TimeSeriesSplit(4, gap=1)
    lags = np.concatenate([FRAME.shift(k) for k in (3, 2, 1)], axis=1)
    past = Y.shift(2).to_numpy()
    for train, test in folds.split(FRAME):
        twin = LinearRegression().fit(lags[train][3:], (Y - past).to_numpy()[train][3:])
        model.fit(FRAME.iloc[train], Y.iloc[train])
        is_whole = test > test[0] + 2  # the rows whose lags are not in the gap
        expected = past[test] + twin.predict(lags[test])
        with pytest.warns(IncompleteWindowsWarning, match="windows after the start"):
            forecast = model.predict(FRAME.iloc[test])
        np.testing.assert_allclose(forecast[is_whole], expected[is_whole], **EXACT)
    scores = cross_val_score(model, FRAME, Y, cv=TimeSeriesSplit(4), error_score="raise")
    assert np.isfinite(scores).all()


def test_a_grid_search_goes_around_it():
    model = DifferencedRegressor(autoregression(2, Ridge()))
    grid = {"lag": [1, 7], "regressor__ridge__alpha": [0.1, 10.0]}
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(3), error_score="raise").fit(FRAME, Y)
    assert search.best_params_["lag"] == 1
    assert len(search.predict(FRAME)) == N


@pytest.mark.parametrize("around", [lambda p: p, CompleteRows])
@pytest.mark.parametrize("name", ["sample_weight", "linearregression__sample_weight"])
def test_weights_are_selected_with_the_rows(around, name):
    past = FRAME.shift(1).to_numpy()[3:]
    change = (Y - Y.shift(3)).to_numpy()[3:]
    expected = LinearRegression().fit(past, change, WEIGHT[3:]).coef_
    model = DifferencedRegressor(around(autoregression(1)), lag=3)
    model.fit(FRAME, Y, **{name: WEIGHT})
    np.testing.assert_allclose(model.regressor_[-1].coef_, expected, **EXACT)
    with sklearn.config_context(enable_metadata_routing=True):
        last = LinearRegression().set_fit_request(sample_weight=True)
        model = DifferencedRegressor(around(autoregression(1, last)), lag=3)
        model.fit(FRAME, Y, sample_weight=WEIGHT)
    np.testing.assert_allclose(model.regressor_[-1].coef_, expected, **EXACT)


def known_columns(last):
    return make_pipeline(ColumnTransformer([("known", "passthrough", ["b"])]), last)


def test_a_regression_without_lags_leaves_out_first_rows():
    expected = LinearRegression().fit(FRAME[["b"]][4:], Y.diff(4)[4:])
    model = DifferencedRegressor(known_columns(LinearRegression()), lag=4)
    model.fit(FRAME, Y, sample_weight=np.ones(N))
    np.testing.assert_allclose(model.regressor_[-1].coef_, expected.coef_, **EXACT)
    assert model.n_rows_omitted_ == 4


def test_columns_of_text_are_left_to_the_regressor():
    X = FRAME.assign(weekday=DAYS.day_name())
    encode = ("weekday", OneHotEncoder(sparse_output=False), ["weekday"])
    pipeline = make_pipeline(ColumnTransformer([encode]), Ridge(1e-8))
    model = DifferencedRegressor(pipeline).fit(X, X["a"])
    change = model.predict(X)[1:] - Y.shift(1).to_numpy()[1:]
    means = Y.diff().groupby(DAYS.day_name()).transform("mean").to_numpy()[1:]
    np.testing.assert_allclose(change, means, atol=1e-6)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_the_container_of_transformed_tables_does_not_matter(container):
    model = DifferencedRegressor(autoregression(), lag=3)
    expected = model.fit(FRAME, Y).predict(FRAME)
    with sklearn.config_context(transform_output=container):
        np.testing.assert_allclose(model.fit(FRAME, Y).predict(FRAME), expected, **EXACT)


def test_a_table_of_polars_names_its_times():
    table = pl.DataFrame({**FRAME.to_dict("list"), "day": DAYS.to_numpy()})
    model = DifferencedRegressor(autoregression(time="day"), lag=3, time="day")
    forecast = model.fit(table[:40], table["a"][:40]).predict(table[40:])
    by_index = DifferencedRegressor(autoregression(), lag=3).fit(FRAME[:40], Y[:40])
    np.testing.assert_allclose(forecast, by_index.predict(FRAME[40:]), **EXACT)


def test_rows_with_incomplete_windows_are_fitted_on_demand():
    pipeline = autoregression(5)
    assert DifferencedRegressor(pipeline).fit(FRAME, Y).n_rows_omitted_ == 5
    model = DifferencedRegressor(CompleteRows(pipeline, incomplete="fit")).fit(FRAME, Y)
    assert model.n_rows_omitted_ == 1
    assert isinstance(model.regressor_, CompleteRows)
    assert DifferencedRegressor(make_ar(4), lag=6).fit(FRAME, Y).n_rows_omitted_ == 6


def test_a_missing_value_of_the_target_is_left_out_and_told():
    X = FRAME.copy()
    X.iloc[20, 0] = np.nan
    model = DifferencedRegressor(known_columns(LinearRegression()), target="a").fit(X, Y)
    assert model.n_rows_omitted_ == 2
    text = "The mean of the training targets is the start of 1 of 60 predictions, since the target "
    with pytest.warns(IncompleteWindowsWarning, match=f"^{text}at lag 1 is a missing value"):
        forecast = model.predict(X)
    change = model.regressor_.predict(X)
    np.testing.assert_allclose(forecast[[0, 21]], X["a"].mean() + change[[0, 21]], **EXACT)


def test_a_recursive_forecast_changes_from_its_own_forecasts():
    season = pd.DataFrame(
        {"a": np.tile(np.arange(12.0), 5)}, pd.period_range("2020-01", periods=60)
    )
    model = DifferencedRegressor(no_change(), lag=12)
    forecaster = Forecaster(model, strategy="recursive").fit(season)
    np.testing.assert_array_equal(forecaster.predict(30), np.tile(np.arange(12.0), 3)[:30])
    drift = DifferencedRegressor(autoregression(1, DummyRegressor()), lag=1)
    forecast = Forecaster(drift, strategy="recursive").fit(FRAME[["a"]]).predict(20)
    slope = (Y.iloc[-1] - Y.iloc[0]) / (N - 1)
    np.testing.assert_allclose(forecast, Y.iloc[-1] + slope * np.arange(1, 21), **EXACT)


def test_a_comparison_counts_its_rows():
    models = {
        "changes": DifferencedRegressor(autoregression(2), lag=6),
        "levels": autoregression(2),
    }
    table = compare_models(models, FRAME, Y, cv=TimeSeriesSplit(2, test_size=15)).to_frame()
    assert table["n_omitted"].to_dict() == {"changes": 6, "levels": 2}


class TestLeaks:
    @pytest.mark.parametrize(
        ("pipeline", "delay"),
        [
            (autoregression(2, delay=3), 3),
            (CompleteRows(autoregression(2, delay=2)), 2),
            (make_pipeline(LagTransformer(2, delay=2, flatten=True), autoregression(1)), 3),
        ],
    )
    def test_a_lag_of_less_than_the_delay_is_refused(self, pipeline, delay):
        model = DifferencedRegressor(pipeline, lag=delay - 1)
        text = f"got lag={delay - 1} and delay={delay}. Set lag={delay} or more, or a smaller delay"
        with pytest.raises(ValueError, match=re.escape(text)):
            model.fit(FRAME, Y)

    def test_the_newest_of_several_lags_counts(self):
        model = DifferencedRegressor(make_ar(1, seasonal_lags=[7]), lag=1).fit(FRAME, Y)
        assert model.n_rows_omitted_ == 7

    @pytest.mark.parametrize("lags", [{"delay": 0}, {"known_ahead": ["a"]}])
    def test_a_target_among_the_inputs_is_told(self, lags):
        model = DifferencedRegressor(autoregression(2, **lags))
        with pytest.warns(TargetLeakWarning, match=r"^regressor reads the columns \['a'\] of X"):
            model.fit(FRAME, Y)
        with pytest.warns(TargetLeakWarning, match=r"the columns \[0\] of X"):
            DifferencedRegressor(LinearRegression()).fit(FRAME.to_numpy(), Y)
        DifferencedRegressor(autoregression(2, known_ahead=["b"])).fit(FRAME, Y)


@pytest.mark.parametrize(
    ("parameters", "X", "y", "text"),
    [
        (
            {"lag": N},
            FRAME,
            Y,
            "^lag=60 is too long: X has n_samples=60, none of which has a value",
        ),
        ({}, FRAME, Y + 1, "^target: no column of X equals y row by row"),
        ({}, FRAME, None, "requires y to be passed, but the target y is None"),
        ({"lag_unit": "rows"}, FRAME, Y, "^DifferencedRegressor has lag_unit='rows', but a LagTr"),
    ],
)
def test_errors_leave_the_model_as_it_was(parameters, X, y, text):
    model = DifferencedRegressor(autoregression()).fit(FRAME, Y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=text):
        model.set_params(**parameters).fit(X, y)
    assert vars(model) == before | parameters


def test_a_model_is_fitted_copied_and_stored():
    model = DifferencedRegressor(autoregression(), lag=2)
    with pytest.raises(NotFittedError):
        model.predict(FRAME)
    forecast = model.fit(FRAME, Y).predict(FRAME)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(FRAME), forecast)
    assert model.n_features_in_ == 2
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert not hasattr(clone(model), "regressor_")
    assert model.score(FRAME, Y) == sklearn.metrics.r2_score(Y, forecast)


class OfFirstColumns(DifferencedRegressor):
    """Takes the first columns of X as the targets, as scikit-learn's checks do not."""

    def fit(self, X, y, **params):
        rows = np.asarray(X)
        if rows.ndim == 2 and not np.iscomplexobj(rows):
            with suppress(TypeError, ValueError):  # an error is expected
                targets = np.asarray(y, dtype=np.float64)
                n_targets = targets.reshape(len(rows), -1).shape[1]
                if np.isfinite(targets).all():
                    y = rows[:, :n_targets].astype(np.float64).reshape(targets.shape)
        return super().fit(X, y, **params)


@parametrize_with_checks(
    [OfFirstColumns(make_pipeline(LagTransformer(1, flatten=True), StandardScaler(), Ridge()))],
    # reason: a difference depends on the order of the rows by its nature
    expected_failed_checks=lambda _: dict.fromkeys(
        ("check_methods_sample_order_invariance", "check_methods_subset_invariance"),
        "a difference depends on the order of the rows",
    ),
)
def test_estimator_checks(estimator, check):
    check(estimator)
