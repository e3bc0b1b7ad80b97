"""Targets of several steps against a loop over rows, and fits with them."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklearn_rnn import (
    CompleteRows,
    DifferencedRegressor,
    Forecaster,
    LagTransformer,
    make_ar,
    make_lagged,
)
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.preprocessing._following_targets import following_targets

RNG = np.random.default_rng(0)
N = 60
DAYS = pd.date_range("2024-01-01", periods=N)
FRAME = pd.DataFrame(RNG.normal(size=(N, 2)).cumsum(axis=0), DAYS, ["a", "b"])
Y = FRAME["a"] + RNG.normal(size=N)
GAP = FRAME.drop(DAYS[30:33])
KEYS = pd.MultiIndex.from_arrays([["s"] * 25 + ["t"] * 35, [*DAYS[:25], *DAYS[:35]]])
PANEL = FRAME.set_axis(KEYS)
SHUFFLED = PANEL.iloc[RNG.permutation(N)].sort_index(level=1, sort_remaining=False)
LONG = SHUFFLED.rename_axis(["store", "day"]).reset_index()


def loop(times, series, y, horizon):
    """Look up each following value by its day."""
    at = dict(zip(zip(series, times, strict=True), y, strict=True))
    step = pd.Timedelta(days=1)
    targets = [
        [at.get((name, time + k * step), np.nan) for k in range(horizon)]
        for name, time in zip(series, times, strict=True)
    ]
    return np.array(targets)


@pytest.mark.parametrize("horizon", [2, 5])
@pytest.mark.parametrize("given", ["array", "gap", "panel", "shuffled", "long"])
def test_targets_are_the_values_of_the_following_days(given, horizon):
    tables = {"array": FRAME, "gap": GAP, "panel": PANEL, "shuffled": SHUFFLED, "long": LONG}
    table, lags = tables[given], [LagTransformer(2)]
    y = RNG.normal(size=len(table))
    if given == "long":
        lags, times, series = (
            [LagTransformer(time="day", series="store")],
            LONG["day"],
            LONG["store"],
        )
    else:
        times = table.index.get_level_values(-1)
        series = (
            table.index.get_level_values(0) if given in ("panel", "shuffled") else [""] * len(y)
        )
    X = table.to_numpy() if given == "array" else table
    targets, is_missing = following_targets(X, y, horizon, lags)
    expected = loop(times, series, y, horizon)
    np.testing.assert_array_equal(is_missing, np.isnan(expected).any(axis=1))
    np.testing.assert_array_equal(targets[~is_missing], expected[~is_missing])
    np.testing.assert_array_equal(targets[is_missing], y[is_missing, None].repeat(horizon, axis=1))
    assert 0 < is_missing.sum() < len(y)


@pytest.mark.parametrize("given", ["series", "panel", "gap"])
def test_several_steps_are_the_direct_forecasts_of_make_lagged(given):
    X = {"series": FRAME, "panel": PANEL, "gap": GAP}[given]
    y = X["a"].to_numpy()
    model = make_ar(3).set_params(horizon=4).fit(X, y)
    if given == "panel":
        parts = [make_lagged(X.loc[s], X.loc[s]["a"], 3, flatten=True, horizon=4) for s in "st"]
        windows, targets = map(np.concatenate, zip(*parts, strict=True))
    else:
        windows, targets = make_lagged(X, y, 3, flatten=True, horizon=4)
    theirs = LinearRegression().fit(windows, targets)
    np.testing.assert_allclose(model[-1].coef_, theirs.coef_, atol=1e-10)
    assert model.n_rows_omitted_ == len(X) - len(windows)
    assert model.predict(X).shape == (len(X), 4)
    one = make_ar(3).fit(X, y)
    np.testing.assert_allclose(
        make_ar(3).set_params(horizon=1).fit(X, y).predict(X), one.predict(X)
    )


def test_scores_leave_out_rows_without_targets_and_folds_do_not_share_them():
    model = make_ar(2).set_params(horizon=3)
    scores = cross_val_score(model, FRAME, Y, cv=TimeSeriesSplit(3, test_size=10))
    for score, end in zip(scores, (40, 50, 60), strict=True):
        windows, targets = make_lagged(FRAME[: end - 10], Y[: end - 10], 2, flatten=True, horizon=3)
        fitted = LinearRegression().fit(windows, targets)
        later, expected = make_lagged(
            FRAME[end - 12 : end], Y[end - 12 : end], 2, flatten=True, horizon=3
        )
        assert score == pytest.approx(r2_score(expected, fitted.predict(later)))
    fitted = model.fit(FRAME, Y)
    weight = np.arange(float(N))
    expected = make_lagged(FRAME, Y, 1, delay=0, horizon=3)[1]
    found = fitted.score(FRAME, Y, sample_weight=weight)
    assert found == pytest.approx(
        r2_score(expected, fitted.predict(FRAME)[:-2], sample_weight=weight[:-2])
    )
    search = GridSearchCV(model, {"horizon": [1, 3]}, cv=TimeSeriesSplit(3)).fit(FRAME, Y)
    assert search.best_params_["horizon"] == 1


def test_supervised_steps_weights_and_labels_go_along():
    lags = LagTransformer(2, flatten=True)
    last = LinearRegression()
    weight = RNG.uniform(0.5, 2, size=N)
    model = CompleteRows(make_pipeline(lags, last), horizon=2).fit(FRAME, Y, sample_weight=weight)
    windows, targets = make_lagged(FRAME, Y, 2, flatten=True, horizon=2)
    theirs = LinearRegression().fit(windows, targets, weight[2:-1])
    np.testing.assert_allclose(model[-1].coef_, theirs.coef_, atol=1e-10)
    labels = np.where(Y.mean() < Y, "up", "down")
    tree = CompleteRows(make_pipeline(lags, DummyClassifier()), horizon=2).fit(FRAME, labels)
    assert tree.predict(FRAME).shape == (N, 2)
    first = SelectKBest(lambda X, y: f_regression(X, y[:, 0]), k=1)
    chosen = CompleteRows(make_pipeline(first, lags, last), horizon=2).fit(FRAME, Y)
    assert chosen[-1].coef_.shape == (2, 2)
    alone = CompleteRows(LinearRegression(), horizon=2).fit(FRAME, Y)
    assert alone.n_rows_omitted_ == 1
    assert np.isfinite(alone.score(FRAME, Y))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"y": FRAME}, "y must be one series, of which horizon=3 makes the targets; got the shape"),
        (
            {"X": LagTransformer(2).fit_transform(FRAME)},
            "X must be rows for horizon=3, not windows",
        ),
        (
            {"horizon": 61},
            "horizon=61 is too long: none of the 60 rows of X is followed by 60 rows",
        ),
        ({"lag_unit": "rows"}, "got lag_unit='auto' and lag_unit='rows'"),
    ],
)
def test_errors_leave_the_model_as_it_was(change, text):
    both = [LagTransformer(1, lag_unit=unit) for unit in ("auto", change.get("lag_unit", "auto"))]
    union = FeatureUnion(
        [("one", both[0].set_params(flatten=True)), ("two", both[1].set_params(flatten=True))]
    )
    model = CompleteRows(make_pipeline(union, LinearRegression()), horizon=change.get("horizon", 3))
    before = dict(vars(model))
    with pytest.raises(ValueError, match=re.escape(text)):
        model.fit(change.get("X", FRAME), change.get("y", Y))
    assert vars(model) == before


def test_meta_estimators_of_one_step_refuse_several():
    model = make_ar(2).set_params(horizon=3)
    with pytest.raises(ValueError, match="estimator must forecast one step with strategy"):
        Forecaster(model, target="a").fit(FRAME)
    with pytest.raises(ValueError, match=r"regressor must predict one step, .* got horizon=3"):
        DifferencedRegressor(model).fit(FRAME, FRAME["a"])
    model.fit(FRAME, Y)
    with pytest.raises(ValueError, match="scores y of one step, but estimator predicts horizon=3"):
        lag_importance(model, FRAME, Y)
    effects = lag_importance(model, FRAME, method="integrated_gradients").effects
    assert effects.shape == (2, 2, 3)


def test_lags_of_some_columns_tell_the_calendar():
    lags = ColumnTransformer([("lags", LagTransformer(2, flatten=True), ["b"])])
    model = CompleteRows(make_pipeline(lags, LinearRegression()), horizon=2).fit(GAP, GAP["a"])
    assert model.n_rows_omitted_ == 2 + 2 + 1 + 1  # two starts, two ends
    assert np.isfinite(model.score(GAP, GAP["a"]))
