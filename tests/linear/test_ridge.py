"""LagRidge against Ridge and LinearRegression of scikit-learn on written-out windows."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import LinAlgWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    CompleteRows,
    LagElasticNet,
    LagElasticNetCV,
    LagRidge,
    LagRidgeCV,
    LagTransformer,
)
from sklearn_rnn._sequences.windows import lag_windows
from sklearn_rnn.exceptions import IncompleteWindowsWarning
from tests.linear.designs import assert_same, assert_same_predictions, draw, fit_flat


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("n_outputs", [None, 3])
def test_least_squares_is_linear_regression(seed, n_outputs):
    drawn = draw(seed, n_outputs)
    theirs = LinearRegression().fit(drawn.flat, drawn.target, drawn.weight)
    ours = LagRidge(0.0).fit(drawn.windows, drawn.y, drawn.weight)
    assert_same_predictions(ours, theirs, drawn)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("standardize", [False, True])
def test_ridge_is_ridge(seed, standardize):
    drawn = draw(seed, 2 if seed % 2 else None)
    alpha = 10.0 ** np.random.default_rng(seed).uniform(-3, 3)
    theirs = fit_flat(Ridge(alpha, solver="svd"), drawn, standardize=standardize)
    ours = LagRidge(alpha, standardize=standardize).fit(drawn.windows, drawn.y, drawn.weight)
    assert_same_predictions(ours, theirs, drawn)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_without_intercept(seed, alpha):
    drawn = draw(seed)
    windows, y = drawn.flat.reshape(drawn.windows.shape), drawn.target
    theirs = Ridge(alpha, fit_intercept=False, solver="svd").fit(drawn.flat, y, drawn.weight)
    ours = LagRidge(alpha, fit_intercept=False).fit(windows, y, drawn.weight)
    assert ours.intercept_ == 0
    assert_same(ours.predict(windows), theirs.predict(drawn.flat), y)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_ill_conditioned_windows_are_solved_to_the_digits_of_least_squares(
    fit_intercept, standardize, weighted
):
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(400, 1))
    for _ in range(3):
        smooth = smooth.cumsum(axis=0)
    windows = lag_windows((smooth - smooth.mean()) / smooth.std(), 8)
    flat, weight = windows.reshape(len(windows), -1), np.ones(len(windows))
    if weighted:
        weight = rng.uniform(0.5, 1, size=len(windows))
    y = flat @ rng.normal(size=8) + 1e-4 * rng.normal(size=len(flat))
    design = np.column_stack([flat, np.ones(len(flat))])[:, : 8 + fit_intercept]
    assert 1e6 < np.linalg.cond(flat) < 1e7
    root = np.sqrt(weight)
    expected = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0][:8]
    for ours in (
        LagRidge(0.0),
        LagRidgeCV(alphas=[0.0], cv=2),
        LagElasticNet(0.0),
        LagElasticNet(1.0, penalty_factor=0.0),
        LagElasticNetCV(alphas=[0.0], cv=2),
    ):
        ours.set_params(fit_intercept=fit_intercept, standardize=standardize)
        ours.fit(windows, y, weight if weighted else None)
        np.testing.assert_allclose(ours.coef_, expected, rtol=1e-8)


def test_collinear_columns_get_the_least_norm_and_a_warning():
    rows = np.random.default_rng(0).normal(size=(60, 1)) @ [[1.0, 10.0]]
    windows, y = lag_windows(rows, 2), np.arange(59.0)
    flat = windows.reshape(59, -1)
    theirs = LinearRegression().fit(flat / flat.std(axis=0), y)
    with pytest.warns(LinAlgWarning, match="collinear to working precision.* the same size"):
        ours = LagRidge(0.0).fit(windows, y)
    np.testing.assert_allclose(ours.coef_ * flat.std(axis=0), theirs.coef_, rtol=1e-6)


LOST = [
    (LagElasticNet(0.0), "collinear to working precision"),
    (LagElasticNet(1.0, penalty_factor=[0.0, 0.0]), "collinear to working precision"),
    (LagRidgeCV(alphas=[0.0], standardize=False), "collinear to working precision"),
    (LagRidgeCV(alphas=[0.0]), "collinear to working precision"),
    (LagElasticNet(0.1, penalty_factor=[0.0, 0.0, 1.0]), "penalty_factor 0 have a condition"),
    (LagElasticNetCV(alphas=2, penalty_factor=[0, 0, 1]), "penalty_factor 0 have a condition"),
]


@pytest.mark.parametrize(("model", "text"), LOST, ids=lambda value: repr(value))
def test_unpenalised_columns_that_lose_digits_are_a_warning(model, text):
    rng = np.random.default_rng(0)
    one, third = rng.normal(size=(2, 300, 1, 1))
    for distance, warns in ((1e-8, True), (1e-3, False)):
        near = np.concatenate([one, one + distance * rng.normal(size=one.shape)], axis=2)
        if "condition" in text:
            near = np.concatenate([near, third], axis=2)
        y = near[:, 0, 0] + rng.normal(size=300)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(near, y)
        assert [w.category for w in caught] == [LinAlgWarning] * warns
        assert all(text in str(w.message) for w in caught)
        assert all(w.filename == __file__ for w in caught)


def test_a_penalty_on_nearly_equal_columns_is_enough():
    rng = np.random.default_rng(0)
    near = rng.normal(size=(300, 1, 1)) + 1e-7 * rng.normal(size=(300, 1, 2))
    y = near[:, 0, 0] + rng.normal(size=300)
    for model in (LagRidge(), LagRidgeCV(), LagElasticNetCV(), LagElasticNet(0.1)):
        model.fit(near, y)


def test_a_large_value_at_an_end_loses_no_digits_elsewhere():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 1))
    rows[:2] = 1e6
    windows = lag_windows(rows, 5)
    flat, y = windows.reshape(len(windows), -1), rng.normal(size=len(windows))
    scaled = make_pipeline(StandardScaler(), LinearRegression()).fit(flat, y)
    ours = LagRidge(0.0).fit(windows, y)
    np.testing.assert_allclose(ours.predict(windows), scaled.predict(flat), atol=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_columns_without_penalty_are_free(alpha):
    """The free columns are fitted to what ridge leaves: Frisch, Waugh and Lovell."""
    drawn = draw(5)
    n_lags, n_channels = drawn.windows.shape[1:]
    factor = np.random.default_rng(0).uniform(0.5, 2, size=(n_lags, n_channels))
    factor[-1] = 0.0
    ours = LagRidge(alpha, penalty_factor=factor).fit(drawn.windows, drawn.y)
    X = drawn.flat - drawn.flat.mean(axis=0)
    y = drawn.y - drawn.y.mean()
    expected = np.linalg.solve(X.T @ X + alpha * np.diag(factor.ravel()), X.T @ y)
    np.testing.assert_allclose(ours.coef_, expected, rtol=1e-8, atol=1e-10)


def test_coefficients_have_three_forms():
    drawn = draw(3, 2)
    n, n_lags, n_channels = drawn.windows.shape
    one = LagRidge().fit(drawn.windows, drawn.y[:, 0])
    two = LagRidge().fit(drawn.windows, drawn.y)
    assert one.coef_.shape == (n_lags * n_channels,)
    assert one.lag_coef_.shape == (n_lags, n_channels)
    assert two.lag_coef_.shape == (2, n_lags, n_channels)
    assert two.intercept_.shape == (2,)
    np.testing.assert_allclose(two.coef_[0], one.coef_, rtol=1e-9)
    written = drawn.windows.reshape(n, -1) @ two.coef_.T + two.intercept_
    np.testing.assert_allclose(two.predict(drawn.windows), written, rtol=1e-8)
    np.testing.assert_array_equal(two.lag_coef_.reshape(2, -1), two.coef_)


def test_columns_named_by_lags_are_the_windows_in_any_order():
    drawn = draw(7)
    n, n_lags, n_channels = drawn.windows.shape
    flat = drawn.windows.reshape(n, -1)
    view = LagRidge().fit(drawn.windows, drawn.y)
    names = [f"{c}_lag{lag}" for lag in range(n_lags, 0, -1) for c in "abc"[:n_channels]]
    frame = pd.DataFrame(flat, columns=names)
    for columns in (names, np.random.default_rng(0).permutation(names)):
        table, theirs = (model.fit(frame[columns], drawn.y) for model in (LagRidge(), Ridge()))
        np.testing.assert_allclose(table.lag_coef_, view.lag_coef_, rtol=1e-9)
        np.testing.assert_allclose(table.predict(frame[columns]), view.predict(drawn.windows))
        np.testing.assert_allclose(table.coef_, theirs.coef_, rtol=1e-7)
        np.testing.assert_allclose(table.intercept_, theirs.intercept_, rtol=1e-7)
        np.testing.assert_array_equal(table.feature_names_in_, columns)


def test_single_precision_is_accumulated_in_double():
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(5000, 2)) + 1000).astype(np.float32)
    windows, y = lag_windows(rows, 3), rng.normal(size=4998)
    single, double = (LagRidge().fit(w, y) for w in (windows, windows.astype(np.float64)))
    np.testing.assert_allclose(single.coef_, double.coef_, rtol=1e-10)
    assert single.predict(windows).dtype == np.float64


def test_a_table_without_names_of_lags_has_a_mean_for_each_column():
    rng = np.random.default_rng(0)
    X = np.array([0.0, 100.0]) + rng.normal(size=(50, 2))
    X[rng.random(X.shape) < 0.2] = np.nan
    filled = SimpleImputer().fit_transform(X)
    y = rng.normal(size=50)
    ours = LagRidge().fit(X, y)
    np.testing.assert_allclose(ours.predict(X), Ridge().fit(filled, y).predict(filled))
    assert ours.lag_coef_.shape == (1, 2)


def test_incomplete_windows_of_a_panel_are_predicted_but_not_fitted():
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"series": name, "time": np.arange(n) + start, "x": rng.normal(size=n)})
        for name, n, start in (("a", 60, 0), ("b", 40, 20), ("c", 3, 0), ("d", 80, 0))
    ]
    X = pd.concat(frames, ignore_index=True).drop(index=[10, 11, 12])
    y = rng.normal(size=len(X))
    lags = {"n_lags": 4, "series": "series", "time": "time"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWindowsWarning)  # series c is short
        three = make_pipeline(LagTransformer(**lags), LagRidge()).fit(X, y)
        windows = LagTransformer(**lags).fit_transform(X)
        two = CompleteRows(make_pipeline(LagTransformer(**lags, flatten=True), Ridge())).fit(X, y)
    assert 0 < two.n_rows_omitted_ == (~windows.is_complete).sum()
    np.testing.assert_allclose(three[-1].coef_, two[-1].coef_, rtol=1e-8)
    with pytest.raises(ValueError, match="X has no complete window among 4"):
        LagRidge().fit(windows[:4], y[:4])
    filled = LagRidge().fit(np.asarray(windows), y)  # as an array that knows of no rows
    assert not np.allclose(filled.coef_, two[-1].coef_)


def test_weights_of_zero_and_two_drop_and_repeat():
    drawn = draw(11)
    times = np.random.default_rng(0).integers(0, 3, size=len(drawn.flat))
    repeated = np.repeat(np.arange(len(drawn.flat)), times)
    weighted = LagRidge().fit(drawn.windows, drawn.y, times)
    whole = LagRidge().fit(drawn.windows[repeated], drawn.y[repeated])
    np.testing.assert_allclose(weighted.coef_, whole.coef_, rtol=1e-8)


@pytest.mark.parametrize(
    ("model", "call", "text"),
    [
        (
            LagRidge(penalty_factor=[1.0, 1.0]),
            lambda m: m.fit(np.zeros((9, 4, 3)), np.arange(9)),
            "penalty_factor has the shape (2,), which does not broadcast to (n_lags, n_channels) = "
            "(4, 3); give one factor for each channel, or the shape (n_lags, 1) for lags.",
        ),
        (
            LagRidge(penalty_factor=[1.0, -1.0]),
            lambda m: m.fit(np.zeros((9, 4, 2)), np.arange(9)),
            "penalty_factor must be finite and not negative; got -1.0.",
        ),
        (
            LagRidge().fit(np.zeros((9, 4, 2)), np.arange(9)),
            lambda m: m.predict(np.zeros((9, 3, 2))),
            "X has 3 lags, but LagRidge was fitted on 4; give as many.",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(model, call, text):
    before = dict(vars(model))
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call(model)
    assert vars(model) == before


def test_weights_of_zero_alone_are_an_error():
    with pytest.raises(ValueError, match=r"sample_?\s?weight.* (non-zero|zero)"):
        LagRidge().fit(np.zeros((9, 4, 2)), np.arange(9), np.zeros(9))


@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_values_whose_squares_overflow_are_named(name):
    rng = np.random.default_rng(0)
    given = {"X": rng.normal(size=(30, 3, 2)), "y": rng.normal(size=30), "sample_weight": None}
    for model in (LagRidge(), LagRidgeCV(cv=2), LagElasticNetCV(cv=2)):
        model.fit(given["X"] * 1e150, given["y"])
        large = {
            **given,
            name: np.full(30, 1e300) if name == "sample_weight" else given[name] * 1e300,
        }
        with pytest.raises(ValueError, match=f"^{name} has values up to .* divide it by a const"):
            model.fit(**large)
