"""Logistic and Poisson regression on windows against scikit-learn's on written-out windows."""

import re

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.metrics import log_loss, mean_poisson_deviance
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from statsmodels.api import GLM, add_constant, families

from sklearn_rnn import (
    ARRegressor,
    LagElasticNetCV,
    LagLogistic,
    LagLogisticCV,
    LagPoisson,
    LagPoissonCV,
)
from sklearn_rnn._sequences.windows import lag_windows
from sklearn_rnn.plotting import PathDisplay
from tests.linear.designs import draw

EXACT = {"tol": 1e-15, "max_iter": 500}
MODELS = {"logistic": LagLogistic, "poisson": LagPoisson}
MODELS_CV = {"logistic": LagLogisticCV, "poisson": LagPoissonCV}


def data(seed, kind):
    """Return a drawn design of moderate size whose targets are classes or counts."""
    drawn = draw(seed)
    rng = np.random.default_rng(seed)
    X = drawn.flat / drawn.flat.std()
    shape = drawn.windows.shape
    eta = X @ (rng.normal(size=X.shape[1]) / np.sqrt(X.shape[1])) - 0.3
    eta -= eta.mean()
    if kind == "poisson":
        y = rng.poisson(np.exp(np.clip(eta, -5, 3)))
    else:
        y = np.where(rng.random(len(eta)) < 1 / (1 + np.exp(-eta)), "up", "down")
    weight = None if drawn.weight is None else drawn.weight + 0.1
    return X.reshape(shape), X, y, weight


def is_second(y):
    return (y == "up").astype(float) if y.dtype.kind == "U" else y.astype(float)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_ridge_penalties_are_those_of_scikit_learn(seed, fit_intercept):
    alpha = 10.0 ** np.random.default_rng(seed).uniform(-3, 0)
    given = {"l1_ratio": 0.0, "fit_intercept": fit_intercept, **EXACT}
    windows, X, y, weight = data(seed, "logistic")
    n = len(y) if weight is None else weight.sum()
    theirs = LogisticRegression(C=1 / (n * alpha), fit_intercept=fit_intercept, tol=1e-10)
    theirs.set_params(solver="newton-cholesky").fit(X, y, weight)
    ours = LagLogistic(alpha, **given).fit(windows, y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    for method in ("decision_function", "predict_proba", "predict_log_proba"):
        mine, expected = getattr(ours, method)(windows), getattr(theirs, method)(X)
        np.testing.assert_allclose(mine, expected, atol=1e-5)
    np.testing.assert_array_equal(ours.predict(windows), theirs.predict(X))

    windows, X, y, weight = data(seed, "poisson")
    theirs = PoissonRegressor(alpha=alpha, fit_intercept=fit_intercept, tol=1e-10)
    theirs.set_params(solver="newton-cholesky").fit(X, y, weight)
    ours = LagPoisson(alpha, **given).fit(windows, y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.predict(windows), theirs.predict(X), rtol=1e-6)
    assert ours.score(windows, y, weight) == pytest.approx(theirs.score(X, y, weight))


@pytest.mark.parametrize("seed", range(5))
def test_the_lasso_is_that_of_scikit_learn(seed):
    windows, X, y, weight = data(seed, "logistic")
    n = len(y) if weight is None else weight.sum()
    theirs = LogisticRegression(C=1 / (n * 0.03), solver="saga", tol=1e-8, max_iter=10**5)
    is_new = theirs.penalty == "deprecated"  # scikit-learn 1.8 has l1_ratio for it
    theirs.set_params(**({"l1_ratio": 1} if is_new else {"penalty": "l1"})).fit(X, y, weight)
    ours = LagLogistic(0.03, **EXACT).fit(windows, y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_array_equal(ours.coef_ != 0, np.abs(theirs.coef_) > 1e-9)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("groups", [None, "channel"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_the_optimality_conditions_hold(kind, groups, l1_ratio, seed):
    windows, X, y, weight = data(seed, kind)
    n_lags, n_channels = windows.shape[1:]
    factor = np.random.default_rng(seed).uniform(0.5, 2, size=n_channels)
    given = {"l1_ratio": l1_ratio, "groups": groups, "penalty_factor": factor, **EXACT}
    model = MODELS[kind](0.02, **given).fit(windows, y, weight)
    weight = np.ones(len(y)) if weight is None else weight
    eta = X @ model.coef_.ravel() + model.intercept_
    mean = np.exp(eta) if kind == "poisson" else 1 / (1 + np.exp(-eta))
    residual = weight / weight.sum() * (is_second(y) - mean)
    coef = model.coef_.reshape(n_lags, n_channels)
    slope = (X.T @ residual).reshape(coef.shape) - 0.02 * (1 - l1_ratio) * factor * coef
    bound = 0.02 * l1_ratio * factor
    assert residual.sum() == pytest.approx(0, abs=1e-7)
    if groups is None:
        np.testing.assert_allclose(slope[coef != 0], (np.sign(coef) * bound)[coef != 0], atol=1e-6)
        assert (np.abs(slope) <= bound + 1e-6).all()
    else:
        norm = np.linalg.norm(coef, axis=0)
        bound = bound * np.sqrt(n_lags)
        unit = coef / np.where(norm > 0, norm, 1)
        np.testing.assert_allclose(slope[:, norm > 0], (bound * unit)[:, norm > 0], atol=1e-6)
        assert (np.linalg.norm(slope, axis=0) <= bound + 1e-6).all()


@pytest.mark.parametrize("kind", MODELS)
def test_without_a_penalty_it_is_the_generalized_linear_model_of_statsmodels(kind):
    windows, X, y, _ = data(3, kind)
    family = families.Poisson() if kind == "poisson" else families.Binomial()
    theirs = GLM(is_second(y), add_constant(X), family=family).fit(tol=1e-12)
    for penalty in ({"alpha": 0.0}, {"alpha": 1.0, "penalty_factor": np.zeros(windows.shape[2])}):
        ours = MODELS[kind](**penalty, **EXACT).fit(windows, y)
        np.testing.assert_allclose(ours.coef_.ravel(), theirs.params[1:], atol=1e-6)
        np.testing.assert_allclose(np.ravel(ours.intercept_), theirs.params[:1], atol=1e-6)


def test_columns_of_factor_zero_are_not_penalised():
    windows, X, y, _ = data(3, "logistic")
    factor = np.ones(windows.shape[1:])
    factor[-1, 0] = 0.0
    free = factor.ravel() == 0
    model = LagLogisticCV(penalty_factor=factor, alphas=20, standardize=False, **EXACT)
    model.fit(windows, y)
    alone = LagLogistic(0.0, **EXACT).fit(X[:, free], y)
    np.testing.assert_allclose(model.coefs_[0, free], alone.coef_[0], atol=1e-6)
    assert (np.abs(model.coefs_[0, ~free]) < 1e-6).all()
    assert (model.coefs_[1, ~free] != 0).any()


@pytest.mark.parametrize("kind", MODELS)
def test_classes_that_a_line_separates_end_with_a_warning(kind):
    windows = np.random.default_rng(0).normal(size=(60, 3, 1))
    y = (windows[:, 1, 0] > 0).astype(int)
    penalised = MODELS[kind](1e-3).fit(windows, y)
    assert np.isfinite(penalised.coef_).all()
    if kind == "logistic":
        with pytest.warns(ConvergenceWarning, match="not converged in 20 steps: increase max"):
            LagLogistic(0.0, max_iter=20, tol=0.0).fit(windows, y)


@pytest.mark.parametrize("kind", MODELS)
def test_the_chosen_penalty_has_the_least_deviance_of_the_folds(kind):
    windows, X, y, weight = data(5, kind)
    alphas = np.geomspace(0.2, 1e-3, 6)
    model = MODELS_CV[kind](alphas=alphas, cv=KFold(4), **EXACT).fit(windows, y, weight)
    weights = np.ones(len(y)) if weight is None else weight
    for fold, (train, test) in enumerate(KFold(4).split(X)):
        scaler = StandardScaler().fit(X[train], sample_weight=weights[train])
        for k, alpha in enumerate(alphas):
            alone = MODELS[kind](alpha, **EXACT)
            alone.fit(scaler.transform(X[train]), y[train], weights[train])
            at = scaler.transform(X[test]), y[test]
            if kind == "poisson":
                found = mean_poisson_deviance(
                    at[1], alone.predict(at[0]), sample_weight=weights[test]
                )
            else:
                found = 2 * log_loss(at[1], alone.predict_proba(at[0]), sample_weight=weights[test])
            np.testing.assert_allclose(model.deviance_path_[k, fold], found, rtol=1e-6)
    assert model.alpha_ == alphas[np.argmin(model.deviance_mean_)]
    bound = (model.deviance_mean_ + model.deviance_error_)[np.argmin(model.deviance_mean_)]
    model.set_params(rule="1se").fit(windows, y, weight)
    assert model.alpha_ == alphas[model.deviance_mean_ <= bound].max()
    chosen = MODELS[kind](model.alpha_, standardize=True, **EXACT).fit(windows, y, weight)
    np.testing.assert_allclose(model.coef_, chosen.coef_, atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_the_grid_begins_where_the_first_coefficient_comes(kind):
    windows, X, y, weight = data(6, kind)
    model = MODELS_CV[kind](alphas=30, cv=3, **EXACT).fit(windows, y, weight)
    assert (model.coefs_[0] == 0).all()
    assert (model.coefs_[1] != 0).sum() >= 1
    assert model.alphas_[-1] == pytest.approx(1e-3 * model.alphas_[0])
    assert PathDisplay.from_estimator(model).coefficients.shape == (30, X.shape[1])


def test_splitters_get_the_targets():
    windows, _, y, _ = data(2, "logistic")
    given = {"alphas": 2, "tol": 1e-9}
    splits = list(StratifiedKFold(3).split(windows, y))
    one, two = (LagLogisticCV(cv=cv, **given) for cv in (StratifiedKFold(3), splits))
    np.testing.assert_array_equal(
        one.fit(windows, y).deviance_path_, two.fit(windows, y).deviance_path_
    )
    rows = np.random.default_rng(0).normal(size=(90, 1))
    is_up = (rows[:, 0] > 0).astype(float)
    splits = list(StratifiedKFold(3).split(rows, is_up))
    ar, theirs = (
        ARRegressor("cv", max_lags=2, cv=cv).fit(rows, is_up) for cv in (StratifiedKFold(3), splits)
    )
    np.testing.assert_array_equal(ar.criteria_, theirs.criteria_)
    with pytest.raises(ValueError, match="groups"):
        LagLogisticCV(cv=GroupKFold(3)).fit(windows, y)


def test_few_samples_a_fold_and_folds_of_one_class():
    windows, _, y, _ = data(5, "logistic")
    few = np.sort(np.concatenate([np.flatnonzero(y == label)[:12] for label in ("up", "down")]))
    one = LagLogisticCV(alphas=4, cv=LeaveOneOut()).fit(windows[few], y[few])
    assert np.isfinite(one.deviance_error_).all()
    order = np.argsort(y, kind="stable")  # all of a class, and then all of the other
    folds = [*TimeSeriesSplit(5).split(order), *KFold(3, shuffle=True, random_state=0).split(order)]
    whole = LagLogisticCV(alphas=4, cv=folds).fit(windows[order], y[order])
    is_left_out = np.isnan(whole.deviance_path_).all(axis=0)
    assert is_left_out.tolist() == [len(set(y[order][train])) == 1 for train, _ in folds]
    rest = [fold for fold, out in zip(folds, is_left_out, strict=True) if not out]
    part = LagLogisticCV(alphas=4, cv=rest).fit(windows[order], y[order])
    np.testing.assert_array_equal(whole.deviance_mean_, part.deviance_mean_)


def test_one_versus_rest_takes_more_classes():
    windows, _, y, _ = data(2, "logistic")
    three = np.where(np.arange(len(y)) % 3 == 0, "level", y)
    model = OneVsRestClassifier(LagLogistic(0.1)).fit(windows, three)
    assert set(model.predict(windows)) <= {"level", "up", "down"}


MANY = "Only binary classification is supported. The type of the target is multiclass: y has 3 "
MANY += "classes. Give OneVsRestClassifier(LagLogistic()) of sklearn.multiclass."
ONE = "y must have samples of two classes that are fitted, but has one class: "
NONE = "No fold of cv can be fitted; take fewer, with more rows each. "
ZERO = "y must have a positive value among those that are fitted; all 9 are 0."


@pytest.mark.parametrize(
    ("model", "y", "text"),
    [
        (LagLogistic(), np.arange(9) % 3, MANY),
        (LagLogisticCV(), np.ones(9), f"{ONE}9 samples of 1.0."),
        (LagLogisticCV(cv=[([0, 1], [2])]), [1, 1, 0] * 3, f"{NONE}Fold 0: {ONE}"),
        (LagPoisson(), np.arange(-1, 8), "y must be 0 or positive; got -1. Leave"),
        (LagPoissonCV(), np.zeros(9), ZERO),
    ],
)
def test_errors_name_argument_rule_and_value(model, y, text):
    before = dict(vars(model))
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        model.fit(np.random.default_rng(0).normal(size=(9, 2, 1)), y)
    assert vars(model) == before


def test_gaussian_and_poisson_choose_alike_where_rates_hardly_differ():
    rng = np.random.default_rng(0)
    windows = lag_windows(rng.normal(size=(2000, 2)), 3)
    rate = np.exp(5 + 0.02 * windows[:, 2, 1])
    y = rng.poisson(rate)
    counts, squares = (
        model(rule="1se", cv=3).fit(windows, y) for model in (LagPoissonCV, LagElasticNetCV)
    )
    np.testing.assert_array_equal(counts.coef_ != 0, squares.coef_ != 0)
    np.testing.assert_allclose(counts.coef_, squares.coef_ / y.mean(), atol=2e-3)


def test_equal_counts_have_no_deviance_to_explain():
    X = np.random.default_rng(0).normal(size=(20, 2, 1))
    assert LagPoisson().fit(X, np.ones(20)).score(X, np.full(20, 2.0)) == 0.0
