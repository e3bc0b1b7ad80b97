"""All models on drawn panels with holes against scikit-learn's on windows that are written out."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    MultiTaskLasso,
    PoissonRegressor,
    Ridge,
)
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    LagElasticNet,
    LagElasticNetCV,
    LagLogistic,
    LagPoisson,
    LagRidge,
    LagRidgeCV,
)
from tests.linear.designs import assert_same
from tests.linear.panels import draw_panel

EXACT = {"tol": 1e-14, "max_iter": 1_000_000}


def pairs(rng):
    """Return our models, and those of scikit-learn, by drawn penalties."""
    ridge, alpha = 10.0 ** rng.uniform(-3, 3), 10.0 ** rng.uniform(-2, 0)
    share = {"l1_ratio": rng.choice([0.9, 0.5])}
    yield LagRidge(0.0), LinearRegression()
    yield LagRidge(ridge), Ridge(ridge, solver="svd")
    yield LagElasticNet(alpha, **EXACT), Lasso(alpha, **EXACT)
    yield LagElasticNet(alpha, **share, **EXACT), ElasticNet(alpha, **share, **EXACT)


def assert_equal_to(theirs, ours, panel):
    fitted = panel.fitted
    weight = {} if panel.weight is None else {"sample_weight": panel.weights(fitted)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of a gap that is all rounding
        theirs.fit(panel.imputed(fitted, fitted), panel.target(fitted), **weight)
    ours.fit(panel.windows, panel.y, panel.weight)
    complete = np.flatnonzero(panel.is_complete)
    predicted = ours.predict(panel.windows)[complete] - panel.level
    expected = theirs.predict(panel.imputed(fitted, complete))
    assert_same(predicted, expected, panel.target(complete))


@pytest.mark.parametrize("seed", range(200))
def test_models_are_those_of_scikit_learn(seed):
    panel = draw_panel(seed)
    np.testing.assert_array_equal(panel.windows.is_complete, panel.is_complete)
    for ours, theirs in pairs(np.random.default_rng(seed)):
        assert_equal_to(theirs, ours, panel)


@pytest.mark.parametrize("seed", range(14))
def test_several_targets_are_selected_as_by_multi_task_lasso(seed):
    panel = draw_panel(seed, 2, weighted=False, condition=30)
    theirs = MultiTaskLasso(0.1, **EXACT)
    assert_equal_to(theirs, LagElasticNet(0.1, groups="column", **EXACT), panel)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (LagRidgeCV(alphas=[100.0, 1.0]), lambda alpha: Ridge(alpha, solver="svd")),
        (LagElasticNetCV(alphas=[0.5, 0.05], **EXACT), lambda alpha: Lasso(alpha, **EXACT)),
    ],
    ids=["ridge", "lasso"],
)
@pytest.mark.parametrize("seed", range(20))
def test_folds_impute_and_standardize_by_their_own_training_set(seed, ours, theirs):
    panel, rng = draw_panel(seed), np.random.default_rng(seed)
    part_of = rng.integers(3, size=len(panel.y))
    folds = [(np.flatnonzero(part_of != k), np.flatnonzero(part_of == k)) for k in range(3)]
    ours.set_params(cv=folds).fit(panel.windows, panel.y, panel.weight)
    for fold, parts in enumerate(folds):
        train, test = (np.intersect1d(part, panel.fitted) for part in parts)
        scaler = StandardScaler().fit(panel.imputed(train, train), None, panel.weights(train))
        X, tested = (scaler.transform(panel.imputed(train, own)) for own in (train, test))
        for k, alpha in enumerate(ours.alphas_):
            model = theirs(alpha).fit(X, panel.target(train), panel.weights(train))
            errors = (model.predict(tested) - panel.target(test)) ** 2
            expected = np.average(errors, weights=panel.weights(test))
            np.testing.assert_allclose(ours.mse_path_[k, fold], expected, rtol=1e-7)


def differences(flat, panel):
    """Return windows less their last values, without the columns that become zero; and these."""
    n_lags, n_channels = panel.windows.shape[1:]
    windows = flat.reshape(-1, n_lags, n_channels)
    is_known = np.isin(np.arange(n_channels), panel.windows.origin.known_ahead)
    changed = np.where(is_known, windows, windows - windows[:, -1:])
    is_kept = np.ones((n_lags, n_channels), dtype=bool)
    is_kept[-1] = is_known
    return changed[:, is_kept], windows[:, -1, -1]


@pytest.mark.parametrize("seed", range(60))
def test_last_values_are_subtracted_within_series(seed):
    panel = draw_panel(seed)
    fitted, complete = panel.fitted, np.flatnonzero(panel.is_complete)
    (X, last), (tested, at_last) = (
        differences(panel.imputed(fitted, index), panel) for index in (fitted, complete)
    )
    weight = panel.weights(fitted)
    if X.shape[1]:
        scaler = StandardScaler().fit(X, None, weight)
        theirs = Ridge(10.0, solver="svd")
        theirs.fit(scaler.transform(X), panel.target(fitted) - last, weight)
        expected = theirs.predict(scaler.transform(tested)) + at_last
    else:
        expected = at_last + np.average(panel.target(fitted) - last, weights=weight)
    channel = panel.windows.shape[2] - 1
    ours = LagRidge(10.0, standardize="last", target_channel=channel)
    ours.fit(panel.windows, panel.y, panel.weight)
    predicted = ours.predict(panel.windows)[complete] - panel.level
    assert_same(predicted, expected, panel.target(complete))


@pytest.mark.parametrize("seed", range(15))
def test_classes_and_counts_are_those_of_scikit_learn(seed):
    panel, alpha = draw_panel(seed, condition=100), 0.1
    fitted, weight = panel.fitted, panel.weights(panel.fitted)
    X, given = panel.imputed(fitted, fitted), {"tol": 1e-15, "l1_ratio": 0.0}
    eta = panel.y - panel.y[fitted].mean()
    is_up, counts = eta > 0, np.floor(np.exp(eta / np.abs(eta).max()) + 0.5)
    total = len(fitted) if weight is None else weight.sum()
    theirs = LogisticRegression(C=1 / (alpha * total), solver="newton-cholesky", tol=1e-10)
    theirs.fit(X, is_up[fitted], weight)
    ours = LagLogistic(alpha, **given).fit(panel.windows, is_up, panel.weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    theirs = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-10)
    theirs.fit(X, counts[fitted], weight)
    ours = LagPoisson(alpha, **given).fit(panel.windows, counts, panel.weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
