"""The path by active sets against scikit-learn's on the Gram matrix, and by its duality gap."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from sklearn_rnn.linear._active_set import lasso_path

EXACT = {"tol": 1e-10, "max_iter": 100_000}


def draw(seed):
    """Return columns (up to 150, sometimes more than rows, sometimes twice the same) and y."""
    rng = np.random.default_rng(seed)
    n, p = rng.integers(20, 300), rng.integers(1, 150)
    X = rng.normal(size=(n, p)) * 10 ** rng.uniform(-1, 1, size=p)
    if seed % 3 == 0:  # neighbours are alike
        X = X.cumsum(axis=1)
    if seed % 5 == 0:
        X[:, p // 2 :] = X[:, : p - p // 2]
    few = rng.random(p) < 0.3
    return X, X[:, few] @ rng.normal(size=few.sum()) + rng.normal(size=n)


def problem(seed, n_alphas=30):
    X, y = draw(seed)
    alphas = np.abs(X.T @ y).max() * np.geomspace(1, 1e-2, n_alphas)
    return X, y, alphas, (X.T @ X, X.T @ y, float(y @ y), alphas)


def objective(X, y, path, alphas, ridge):
    residual = y - path @ X.T
    penalty = np.abs(path).sum(axis=1) + (ridge * path**2).sum(axis=1) / 2
    return (residual**2).sum(axis=1) / 2 + alphas * penalty


@pytest.mark.parametrize("l1_ratio", [1.0, 0.8])
@pytest.mark.parametrize("seed", range(1, 9))
def test_it_is_the_path_of_scikit_learn(seed, l1_ratio):
    X, y, alphas, system = problem(seed)
    share = (1 - l1_ratio) / l1_ratio
    ridge = None if l1_ratio == 1 else np.full(X.shape[1], share)
    ours, _ = lasso_path(*system, ridge, **EXACT)
    _, theirs, _ = enet_path(
        X, y, l1_ratio=l1_ratio, alphas=alphas / l1_ratio / len(y), tol=1e-9, max_iter=10**6
    )
    mine, expected = (objective(X, y, path, alphas, share) for path in (ours, theirs.T))
    np.testing.assert_allclose(mine, expected, rtol=1e-8)
    np.testing.assert_allclose(ours @ X.T, (X @ theirs).T, atol=1e-4 * np.abs(y).max())


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-10])
@pytest.mark.parametrize("seed", range(1, 20))
def test_the_duality_gap_is_at_most_the_tolerance(seed, tol):
    X, y, alphas, system = problem(seed)
    path, _ = lasso_path(*system, None, tol=tol, max_iter=100_000)
    residual = y - path @ X.T
    dual = residual / np.maximum(np.abs(residual @ X).max(axis=1) / alphas, 1)[:, None]
    value = (y @ y - ((y - dual) ** 2).sum(axis=1)) / 2
    gap = objective(X, y, path, alphas, 0.0) - value
    assert (gap <= 1.001 * tol * (y @ y)).all()


def test_factors_of_the_ridge_part_are_those_of_columns():
    X, y, alphas, system = problem(1)
    ridge = np.random.default_rng(0).uniform(0, 2, size=X.shape[1])
    path, _ = lasso_path(*system, ridge, **EXACT)
    for alpha, coef in zip(alphas, path, strict=True):
        slope = X.T @ (y - X @ coef) - alpha * ridge * coef
        np.testing.assert_allclose(slope[coef != 0], alpha * np.sign(coef[coef != 0]), rtol=1e-5)
        assert (np.abs(slope) <= alpha * (1 + 1e-5)).all()


def test_the_same_penalty_twice_has_the_same_coefficients():
    _, _, alphas, system = problem(2)
    twice, _ = lasso_path(*system[:3], np.repeat(alphas, 2), None, **EXACT)
    once, _ = lasso_path(*system, None, **EXACT)
    np.testing.assert_allclose(twice[::2], once, atol=1e-6)
    np.testing.assert_allclose(twice[1::2], once, atol=1e-6)


def test_too_few_sweeps_are_told_once():
    *_, system = problem(3)
    text = "^Coordinate descent did not converge at 2. of 30 penalties: increase max_iter, tol or"
    with pytest.warns(ConvergenceWarning, match=text) as told:
        _, n_iter = lasso_path(*system, None, tol=0.0, max_iter=3)
    assert len(told) == 1
    assert n_iter == 3
