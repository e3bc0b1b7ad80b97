"""Paths and cross-validation against glmnet in R, whose results glmnet_windows.R has written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from sklearn_rnn import (
    LagElasticNet,
    LagElasticNetCV,
    LagLogistic,
    LagLogisticCV,
    LagPoisson,
    LagPoissonCV,
    LagRidge,
)
from sklearn_rnn._sequences.windows import lag_windows
from sklearn_rnn.datasets import load_nyse

DATA = Path(__file__).parents[1] / "data"
EXACT = {"standardize": True, "tol": 1e-14, "max_iter": 10**6}
THEIRS = pd.read_csv(DATA / "glmnet_windows.csv")
OF_FAMILY = {"standardize": True, "tol": 1e-15}
FAMILIES = {"binomial": (LagLogistic, LagLogisticCV), "poisson": (LagPoisson, LagPoissonCV)}
DUMMIES = {"League": "N", "Division": "W", "NewLeague": "N"}


def coefficients(case):
    """Return the intercept and coefficients of glmnet for each lambda."""
    rows = THEIRS[(THEIRS["case"] == case) & (THEIRS["quantity"] == "coef")]
    return [(penalty, part["value"].to_numpy()) for penalty, part in rows.groupby("lambda")]


def cross_validation(case):
    """Return penalties, means, standard errors, and the chosen penalties of glmnet."""
    rows = THEIRS[THEIRS["case"] == case].set_index("quantity")
    means = rows.loc["cvm"]
    return (
        means["lambda"].to_numpy(),
        means["value"].to_numpy(),
        rows.loc["cvsd", "value"].to_numpy(),
        rows.loc["chosen", "value"].tolist(),
    )


@pytest.fixture(scope="module")
def nyse():
    rows = load_nyse(as_frame=True).frame[["DJ_return", "log_volume", "log_volatility"]].to_numpy()
    return lag_windows(rows, 20)[:-1], rows[20:, 1]


@pytest.fixture(scope="module")
def hitters():
    table = pd.read_csv(DATA / "Hitters.csv.gz").dropna()
    y = table.pop("Salary").to_numpy()
    for column, level in DUMMIES.items():
        table[column] = table[column] == level
    return table.to_numpy(dtype=float), y


@pytest.fixture(scope="module")
def binomial(nyse):
    windows, y = nyse
    return windows, (y > 0).astype(float)


@pytest.fixture(scope="module")
def poisson(hitters):
    X, _ = hitters
    return np.delete(X, 2, axis=1), X[:, 2]


def assert_coefficients(model, expected, y):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(model.intercept_, expected[0], atol=1e-6 * np.std(y))
    np.testing.assert_allclose(model.coef_, expected[1:], atol=1e-6 * scale)


def test_the_lasso_on_windows(nyse):
    for penalty, expected in coefficients("nyse"):
        assert_coefficients(LagElasticNet(penalty, **EXACT).fit(*nyse), expected, nyse[1])


@pytest.mark.parametrize(("case", "k"), [("nyse", 5), ("hitters 1", 10), ("hitters few", 20)])
def test_cross_validation(case, k, request):
    X, y = request.getfixturevalue(case.split()[0])
    if case == "hitters few":  # two rows a fold: errors are averaged over rows
        X, y = X[:40], y[:40]
    alphas, means, errors, chosen = cross_validation(case)
    for rule, alpha in zip(("min", "1se"), chosen, strict=True):
        model = LagElasticNetCV(alphas=alphas, cv=KFold(k), rule=rule, tol=1e-12, max_iter=10**6)
        model.fit(X, y)
        few = case == "hitters few"  # 38 rows for 19 columns, where glmnet stops early
        np.testing.assert_allclose(model.mse_mean_, means, rtol=1e-5 if few else 1e-6)
        np.testing.assert_allclose(model.mse_error_, errors, rtol=1e-5)
        assert model.alpha_ == pytest.approx(alpha)


def test_the_lasso(hitters):
    for penalty, expected in coefficients("hitters 1"):
        assert_coefficients(LagElasticNet(penalty, **EXACT).fit(*hitters), expected, hitters[1])


def test_the_ridge_part_of_glmnet_is_divided_by_the_deviation_of_y(hitters):
    X, y = hitters
    for penalty, expected in coefficients("hitters 0.5"):
        l1, l2 = 0.5 * penalty, 0.5 * penalty / y.std()
        model = LagElasticNet(l1 + l2, l1_ratio=l1 / (l1 + l2), **EXACT).fit(X, y)
        assert_coefficients(model, expected, y)


def test_ridge(hitters):
    X, y = hitters
    for penalty, expected in coefficients("hitters 0"):
        model = LagRidge(len(y) * penalty / y.std(), standardize=True).fit(X, y)
        assert_coefficients(model, expected, y)


def test_factors_of_the_penalty_are_rescaled_by_glmnet(hitters):
    X, y = hitters
    factor = np.resize([1.0, 2.0, 0.5, 1.5], X.shape[1])
    factor[2] = 0.0
    for penalty, expected in coefficients("hitters factor"):
        model = LagElasticNet(penalty, penalty_factor=factor / factor.mean(), **EXACT).fit(X, y)
        assert_coefficients(model, expected, y)


def test_several_targets_are_mgaussian(hitters):
    X, y = hitters
    both = np.column_stack([y, 100 * X[:, 6]])
    expected = [coefficients(f"hitters both {k}") for k in (1, 2)]
    for (penalty, first), (_, second) in zip(*expected, strict=True):
        model = LagElasticNet(penalty, groups="column", **EXACT).fit(np.delete(X, 6, axis=1), both)
        np.testing.assert_allclose(model.coef_, np.stack([first[1:], second[1:]]), atol=1e-4)
        np.testing.assert_allclose(model.intercept_, [first[0], second[0]], atol=1e-2)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("family", FAMILIES)
def test_classes_and_counts_have_the_penalty_of_glmnet_itself(family, l1_ratio, request):
    """No deviation of y divides the ridge part: there is a scale of the targets."""
    X, y = request.getfixturevalue(family)
    for penalty, expected in coefficients(f"{family} {l1_ratio:g}"):
        model = FAMILIES[family][0](penalty, l1_ratio=l1_ratio, **OF_FAMILY).fit(X, y)
        found = np.append(model.intercept_, model.coef_)
        np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize(("family", "k"), [("binomial", 5), ("poisson", 10)])
def test_cross_validation_by_deviance(family, k, request):
    X, y = request.getfixturevalue(family)
    alphas, means, errors, chosen = cross_validation(f"{family} 1")
    model = FAMILIES[family][1](alphas=alphas, cv=KFold(k), rule="1se", tol=1e-12).fit(X, y)
    np.testing.assert_allclose(model.deviance_mean_, means, rtol=1e-6)
    np.testing.assert_allclose(model.deviance_error_, errors, rtol=1e-5)
    least = alphas[np.argmin(model.deviance_mean_)]
    assert (least, model.alpha_) == (pytest.approx(chosen[0]), pytest.approx(chosen[1]))
