"""LagElasticNet against scikit-learn's elastic nets on written-out windows."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, MultiTaskElasticNet

from sklearn_rnn import LagElasticNet, LagElasticNetCV, LagLogisticCV, LagPoissonCV, LagRidge
from sklearn_rnn.linear._group_lasso import Group
from tests.linear.designs import assert_same_predictions, draw, fit_flat

EXACT = {"tol": 1e-14, "max_iter": 1_000_000}


def penalties(seed):
    rng = np.random.default_rng(seed)
    return 10.0 ** rng.uniform(-3, 0), rng.choice([1.0, 0.9, 0.5])


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("standardize", [False, True])
def test_it_is_the_elastic_net(seed, standardize):
    drawn = draw(seed)
    alpha, l1_ratio = penalties(seed)
    given = {"l1_ratio": l1_ratio, **EXACT}
    theirs = fit_flat(ElasticNet(alpha, **given), drawn, standardize=standardize)
    ours = LagElasticNet(alpha, standardize=standardize, **given)
    ours.fit(drawn.windows, drawn.y, drawn.weight)
    assert_same_predictions(ours, theirs, drawn)


@pytest.mark.parametrize("seed", range(40))
def test_columns_are_selected_for_all_targets_as_by_multi_task_lasso(seed):
    drawn = draw(seed, 3)
    alpha, l1_ratio = penalties(seed)
    theirs = MultiTaskElasticNet(alpha, l1_ratio=l1_ratio, **EXACT)
    theirs.fit(drawn.flat, drawn.target)
    ours = LagElasticNet(alpha, l1_ratio=l1_ratio, groups="column", **EXACT)
    ours.fit(drawn.windows, drawn.y)
    assert_same_predictions(ours, theirs, drawn)
    np.testing.assert_array_equal(ours.coef_ != 0, theirs.coef_ != 0)


def subgradient(model, drawn, factor, l1_ratio, alpha):
    """Return the slopes of the squares, and of the ridge part, at the coefficients."""
    X = drawn.flat - drawn.flat.mean(axis=0)
    residual = drawn.y - drawn.y.mean(axis=0) - X @ model.coef_.T
    ridge = alpha * (1 - l1_ratio) * factor * model.coef_
    return (X.T @ residual / len(X)).T - ridge


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_factors_of_the_penalty_meet_the_optimality_conditions(seed, l1_ratio):
    drawn = draw(seed)
    factor = np.random.default_rng(seed).uniform(0.2, 3, size=drawn.windows.shape[1:])
    factor[0, 0] = 0.0
    model = LagElasticNet(0.1, l1_ratio=l1_ratio, penalty_factor=factor, **EXACT)
    model.fit(drawn.windows, drawn.y)
    slope = subgradient(model, drawn, factor.ravel(), l1_ratio, 0.1)
    bound, selected = 0.1 * l1_ratio * factor.ravel(), model.coef_ != 0
    tight = {"atol": 1e-6 * np.abs(drawn.y - drawn.y.mean()).max()}
    np.testing.assert_allclose(slope[selected], (np.sign(model.coef_) * bound)[selected], **tight)
    assert (np.abs(slope) <= bound + tight["atol"]).all()
    assert selected[0]


@pytest.mark.parametrize("groups", ["channel", "lag"])
@pytest.mark.parametrize("n_outputs", [None, 2])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_groups_meet_the_optimality_conditions(groups, n_outputs, l1_ratio, seed):
    drawn, alpha = draw(seed, n_outputs), 0.15
    n_lags, n_channels = drawn.windows.shape[1:]
    model = LagElasticNet(alpha, l1_ratio=l1_ratio, groups=groups, **EXACT)
    model.fit(drawn.windows, drawn.y)
    shape = (-1, n_lags, n_channels)
    slope = subgradient(model, drawn, 1.0, l1_ratio, alpha).reshape(shape)
    coef = model.coef_.reshape(shape)
    for g in range(n_channels if groups == "channel" else n_lags):
        part = (slice(None), slice(None), g) if groups == "channel" else (slice(None), g)
        weight = np.sqrt(n_lags if groups == "channel" else n_channels)
        norm, bound = np.linalg.norm(coef[part]), alpha * l1_ratio * weight
        if norm > 0:
            np.testing.assert_allclose(slope[part], bound * coef[part] / norm, atol=1e-5)
        else:
            assert np.linalg.norm(slope[part]) <= bound * (1 + 1e-6)


def by_proximal_steps(X, y, groups, l1, l2):
    """Minimise half the mean of squares and ``l1 |b| + l2 |b|^2 / 2`` of the blocks b."""
    coef, step = np.zeros(X.shape[1]), len(X) / np.linalg.norm(X, 2) ** 2
    for _ in range(2000):
        coef = coef + step * X.T @ (y - X @ coef) / len(X)
        norm = np.sqrt(np.bincount(groups, weights=coef**2))[groups]
        coef = np.maximum(0, 1 - step * l1 / norm) * coef / (1 + step * l2)
    return coef


@pytest.mark.parametrize("package", ["adelie", "celer and skglm"])
def test_group_penalties_of_other_packages(package):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(200, 4, 3))  # 4 columns in a group
    windows -= windows.mean(axis=0)
    y = windows[:, :, 1] @ [1.0, 2.0, -1.0, 0.5] + windows[:, 0, 0] + rng.normal(size=200)
    y, flat, channel = y - y.mean(), windows.reshape(200, -1), np.tile(np.arange(3), 4)
    if package == "adelie":  # lambda w (a |b| + (1 - a) |b|^2 / 2) with w = sqrt(p)
        l1, l2 = 0.3 * 2 * 0.6, 0.3 * 2 * 0.4
        given = {"alpha": l1 / 2 + l2, "l1_ratio": l1 / 2 / (l1 / 2 + l2)}
    else:  # lambda |b|
        l1, l2 = 0.4, 0.0
        given = {"alpha": l1, "penalty_factor": 1 / np.sqrt(4)}
    ours = LagElasticNet(groups="channel", **given, **EXACT).fit(windows, y)
    expected = by_proximal_steps(flat, y, channel, l1, l2)
    np.testing.assert_allclose(ours.coef_, expected, atol=1e-8)
    assert (expected[channel == 1] != 0).all()
    assert (expected[channel == 2] == 0).all()


@pytest.mark.parametrize("limit", [{"l1_ratio": 0.0, "alpha": 0.3}, {"alpha": 0.0}])
def test_limits_are_ridge_and_least_squares(limit):
    drawn = draw(2)
    ridge = 0.3 * len(drawn.flat) if "l1_ratio" in limit else 0.0
    ours = LagElasticNet(**limit).fit(drawn.windows, drawn.y)
    theirs = LagRidge(ridge).fit(drawn.windows, drawn.y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8)


def test_several_targets_without_groups_are_fits_of_their_own():
    drawn = draw(4, 2)
    both = LagElasticNet(0.1, **EXACT).fit(drawn.windows, drawn.y)
    for k in range(2):
        alone = LagElasticNet(0.1, **EXACT).fit(drawn.windows, drawn.y[:, k])
        np.testing.assert_allclose(both.coef_[k], alone.coef_, atol=1e-10)


@pytest.mark.parametrize("groups", [None, "channel"])
def test_a_fit_that_does_not_converge_warns(groups):
    drawn = draw(6)
    with pytest.warns(ConvergenceWarning, match="converge"):
        LagElasticNet(1e-4, groups=groups, max_iter=1, tol=1e-15).fit(drawn.windows, drawn.y)


def test_a_factor_may_be_one_number_for_all_columns():
    drawn = draw(2)
    for factor, models in (
        (2.0, [LagElasticNet(0.1, **EXACT), LagElasticNet(0.1, groups="lag"), LagRidge(3.0)]),
        (0, [LagElasticNet(0.1), LagElasticNetCV(groups="channel"), LagRidge(3.0)]),
    ):
        for model in models:
            one, two = (
                clone(model).set_params(penalty_factor=given).fit(drawn.windows, drawn.y)
                for given in (factor, np.full(drawn.windows.shape[1:], factor))
            )
            np.testing.assert_array_equal(one.coef_, two.coef_)
            assert not np.allclose(one.coef_, clone(model).fit(drawn.windows, drawn.y).coef_)


def test_factors_differ_between_groups_only():
    text = (
        "penalty_factor must be the same in each group of groups='channel'; got 1 and 2 in the "
        "same channel."
    )
    model = LagElasticNet(groups="channel", penalty_factor=[[1.0], [2.0]])
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        model.fit(np.zeros((9, 2, 3)), np.arange(9.0))


@pytest.mark.parametrize("groups", ["channel", "lag"])
def test_groups_whose_slope_is_the_first_penalty_up_to_rounding(groups):
    given = {"groups": groups, "alphas": 3, "cv": 2, "standardize": False}
    axis = 0 if groups == "channel" else 1
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(80, 3, 2))
        y = X[:, 0, 0] + rng.normal(size=80)
        fits = [(LagElasticNetCV(**given, tol=1e-9), y)]
        if seed < 4:
            counts = rng.poisson(np.exp(y / 2))
            fits += [(LagLogisticCV(**given), y > 0), (LagPoissonCV(**given), counts)]
        for model, target in fits:
            model.fit(X, target)
            is_logistic = isinstance(model, LagLogisticCV)
            mean = model.predict_proba(X)[:, 1] if is_logistic else model.predict(X)
            slope = np.einsum("i,ilc->lc", target - mean, X) / 80
            coef = model.lag_coef_.reshape(3, 2)
            norm, bound = np.linalg.norm(coef, axis=axis), np.sqrt(X.shape[1 + axis])
            bound *= model.alpha_
            assert (np.abs(model.coefs_[0]) < 1e-9).all()
            assert (np.linalg.norm(slope, axis=axis) <= bound + 1e-3).all()
            along = (slope * coef).sum(axis=axis)
            np.testing.assert_allclose(along, bound * norm, atol=1e-3)


def test_a_group_at_its_bound_ends():
    eye, right = np.eye(2), np.array([[3.0], [4.0]])
    for l1 in 5.0 * (1 + np.finfo(float).eps * np.arange(-40, 9)):
        coef = Group(np.arange(2), 1.0, np.ones(2), eye).minimum(right, l1, 0.0)
        np.testing.assert_allclose(coef, 0, atol=1e-13)
    null = Group(np.arange(2), 1.0, np.array([0.0, 1.0]), eye)
    np.testing.assert_allclose(null.minimum(right * [[1e-20], [1]], 1e-30, 0.0), [[0], [4]])
    assert not Group(np.arange(2), 1.0, np.zeros(2), eye).minimum(right, 1e-30, 0.0).any()
