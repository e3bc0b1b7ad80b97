"""All models on drawn panels with holes against scikit-learn's on windows that are written out."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, MultiTaskLasso, Ridge
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import LagElasticNet, LagElasticNetCV, LagRidge, LagRidgeCV
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
