"""Penalised linear models and their paths against published and recorded results of glmnet."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Lasso, Ridge, enet_path

from sklearn_rnn import DenseRegressor
from sklearn_rnn.model_selection import penalty_path

# glmnet, in R. Its values below were not computed by us: they are the output of the lab in James,
# Witten, Hastie and Tibshirani, "An Introduction to Statistical Learning" (2nd edition, 2021),
# section 6.5.2, "Ridge Regression and the Lasso":
#
#   Hitters <- na.omit(Hitters)
#   x <- model.matrix(Salary ~ ., Hitters)[, -1]
#   y <- Hitters$Salary
#   grid <- 10^seq(10, -2, length = 100)
#   ridge.mod <- glmnet(x, y, alpha = 0, lambda = grid)
#   ridge.mod$lambda[50]; coef(ridge.mod)[, 50]
#   ridge.mod$lambda[60]; coef(ridge.mod)[, 60]
#   out <- glmnet(x, y, alpha = 1, lambda = grid)
#   predict(out, type = "coefficients", s = 9.286955)[1:20, ]
#
# The last line interpolates between the two nearest penalties of the grid. The file
# tests/data/Hitters.csv.gz is that of the book (BSD-3-Clause, see
# sklearn_rnn/datasets/data/LICENSE-ISLP.md).
COLUMNS = [
    "AtBat", "Hits", "HmRun", "Runs", "RBI", "Walks", "Years", "CAtBat", "CHits", "CHmRun", "CRuns",
    "CRBI", "CWalks", "League_N", "Division_W", "PutOuts", "Assists", "Errors", "NewLeague_N",
]  # fmt: skip
RIDGE_50 = [  # lambda = 11497.57; the intercept first
    407.356050200, 0.036957182, 0.138180344, 0.524629976, 0.230701523, 0.239841459, 0.289618741,
    1.107702929, 0.003131815, 0.011653637, 0.087545670, 0.023379882, 0.024138320, 0.025015421,
    0.085028114, -6.215440973, 0.016482577, 0.002612988, -0.020502690, 0.301433531,
]  # fmt: skip
RIDGE_60 = [  # lambda = 705.4802
    54.32519950, 0.11211115, 0.65622409, 1.17980910, 0.93769713, 0.84718546, 1.31987948,
    2.59640425, 0.01083413, 0.04674557, 0.33777318, 0.09355528, 0.09780402, 0.07189612,
    13.68370191, -54.65877750, 0.11852289, 0.01606037, -0.70358655, 8.61181213,
]  # fmt: skip
LASSO = [  # lambda = 9.286955
    1.27479059, -0.05497143, 2.18034583, 0.0, 0.0, 0.0, 2.29192406, -0.33806109, 0.0, 0.0,
    0.02825013, 0.21628385, 0.41712537, 0.0, 20.28615023, -116.16755870, 0.23752385, 0.0,
    -0.85629148, 0.0,
]  # fmt: skip
GRID = 10 ** np.linspace(10, -2, 100)


@pytest.fixture(scope="module")
def hitters():
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "Hitters.csv.gz").dropna()
    y = table.pop("Salary").to_numpy()
    x = pd.get_dummies(table, drop_first=True, dtype=float)[COLUMNS].to_numpy(dtype=float)
    assert x.shape == (263, 19)
    return x, y


def unstandardised(model, x):
    """Return intercept and coefficients in the units of x, of a model fitted on `standard(x)`."""
    coefficients = model.coef_ / x.std(axis=0)
    return np.append(model.intercept_ - coefficients @ x.mean(axis=0), coefficients)


def standard(x):
    """Standardise with the variance 1 / n, as glmnet does."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


@pytest.mark.parametrize(
    ("index", "published", "rtol"), [(49, RIDGE_50, 1e-5), (59, RIDGE_60, 2e-3)]
)
def test_ridge_is_glmnets_whose_penalty_counts_in_deviations_of_y(hitters, index, published, rtol):
    # glmnet standardises y too and gives lambda back in its units: right for |w|_1, and for the
    # squares it means lambda / sd(y). The second value is as exact as glmnet's threshold makes it.
    x, y = hitters
    ridge = Ridge(len(y) * GRID[index] / y.std()).fit(standard(x), y)
    np.testing.assert_allclose(unstandardised(ridge, x), published, rtol=rtol)


def test_lasso_is_glmnets(hitters):
    x, y = hitters
    penalty = 9.286955
    above = np.flatnonzero(penalty < GRID)[-1]
    share = (penalty - GRID[above + 1]) / (GRID[above] - GRID[above + 1])
    ends = [Lasso(a, tol=1e-12, max_iter=10**6).fit(standard(x), y) for a in GRID[above:][:2]]
    exact = share * unstandardised(ends[0], x) + (1 - share) * unstandardised(ends[1], x)
    published = np.array(LASSO)
    np.testing.assert_array_equal(exact != 0, published != 0)
    np.testing.assert_array_equal(np.sign(exact[1:]), np.sign(published[1:]))
    # Its threshold, 1e-7 of the null deviance, leaves freedom to correlated coefficients, such as
    # CRuns and CRBI, but none to the predictions and to the objective.
    predictions = [w[0] + x @ w[1:] for w in (exact, published)]
    assert np.std(predictions[0] - predictions[1]) < 0.005 * y.std()

    def objective(w):
        squares = np.mean((y - w[0] - x @ w[1:]) ** 2) / 2
        return squares + penalty * np.abs(w[1:] * x.std(axis=0)).sum()

    best = objective(
        unstandardised(Lasso(penalty, tol=1e-12, max_iter=10**6).fit(standard(x), y), x)
    )
    assert best <= objective(published) < best + 1e-4 * y.var()


@pytest.mark.parametrize("l1_ratio", [0.1, 0.5, 1.0])
def test_elastic_net_is_least_in_the_objective_that_glmnet_documents(hitters, l1_ratio):
    # min 1/(2n) |y - b - x w|^2 + lambda ((1 - alpha) |w|_2^2 / 2 + alpha |w|_1) on standardised
    # x and y (Friedman, Hastie and Tibshirani, 2010, equation 1): the conditions of its minimum.
    x, y = hitters
    z, target = standard(x), (y - y.mean()) / y.std()
    for penalty in (0.5, 0.05, 0.005):
        model = ElasticNet(penalty, l1_ratio=l1_ratio, tol=1e-12, max_iter=10**6).fit(z, target)
        w = model.coef_
        slope = z.T @ (target - z @ w) / len(y) - penalty * (1 - l1_ratio) * w
        bound = penalty * l1_ratio
        np.testing.assert_allclose(slope[w != 0], bound * np.sign(w[w != 0]), atol=1e-8)
        assert (np.abs(slope[w == 0]) <= bound + 1e-8).all()


def test_the_path_has_the_penalties_of_glmnets(hitters):
    x, y = hitters
    z = standard(x)
    alphas, coefficients, _ = enet_path(z, y - y.mean(), l1_ratio=0.5, eps=1e-4, max_iter=10**5)
    largest = np.abs(z.T @ (y - y.mean())).max() / (len(y) * 0.5)
    np.testing.assert_allclose(alphas[[0, -1]], [largest, 1e-4 * largest])
    np.testing.assert_allclose(np.diff(np.log(alphas)), np.log(1e-4) / 99)
    assert not coefficients[:, 0].any()
    assert coefficients[:, 1].any()


@pytest.fixture(scope="module")
def glmnet():
    """Return the coefficients that glmnet_hitters.R computed, by l1_ratio and penalty."""
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "glmnet_hitters.csv")
    return {(row.iloc[0], row.iloc[1]): row.iloc[2:].to_numpy() for _, row in table.iterrows()}


def test_paths_of_lasso_and_elastic_net_are_glmnets(hitters, glmnet):
    x, y = hitters
    z, target = standard(x), (y - y.mean()) / y.std()
    assert len(glmnet) == 18
    for (l1_ratio, penalty), published in glmnet.items():
        model = ElasticNet(penalty, l1_ratio=l1_ratio, tol=1e-12, max_iter=10**6).fit(z, target)
        np.testing.assert_allclose(model.coef_, published, atol=1e-6)
        np.testing.assert_array_equal(model.coef_ != 0, published != 0)


@pytest.mark.parametrize("l1_ratio", [0.2, 0.5, 1.0])
def test_the_path_of_a_net_without_hidden_layer_is_glmnets(hitters, glmnet, l1_ratio):
    x, y = hitters
    penalties = [penalty for ratio, penalty in glmnet if ratio == l1_ratio]
    net = DenseRegressor(
        **{"hidden_layer_sizes": (), "l1_ratio": l1_ratio, "optimizer": "lbfgs"},
        **{"early_stopping": False, "max_epochs": 2000, "tol": 1e-12, "n_channels": 19},
    )
    path = penalty_path(net, x, y, alphas=penalties, patience=10)
    for coefficients, penalty in zip(path.coefficients, penalties, strict=True):
        published = glmnet[l1_ratio, penalty]
        np.testing.assert_allclose(coefficients, published, atol=2e-5)


@pytest.mark.parametrize(("l1_ratio", "largest"), [(0.5, 1.1339313712), (1.0, 0.5669656856)])
def test_a_path_begins_where_glmnets_does(hitters, l1_ratio, largest):
    x, y = hitters
    net = DenseRegressor(hidden_layer_sizes=(), l1_ratio=l1_ratio, optimizer="lbfgs", n_channels=19)
    path = penalty_path(net.set_params(early_stopping=False), x, y, n_alphas=2)
    np.testing.assert_allclose(path.alphas[0], largest, rtol=1e-5)
