"""One triangular factor against least squares for each of the nested models."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.api import OLS, WLS

from sklearn_rnn.linear._nested import Factor, log_likelihood

EXACT = {"rtol": 1e-8, "atol": 1e-8}


def drawn(n_samples, n_columns, n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n_samples), rng.normal(size=(n_samples, n_columns - 1))])
    signal = X[:, : 1 + n_columns // 2].sum(axis=1, keepdims=True)
    return X, signal + rng.normal(size=(n_samples, n_outputs))


def factor_of(X, y, weight=None, n_blocks=1):
    root = np.ones(len(X)) if weight is None else np.sqrt(weight)
    rows = root[:, np.newaxis] * np.column_stack([X, y])
    return Factor.of(np.array_split(rows, n_blocks), y.shape[1])


@given(
    st.integers(2, 40), st.integers(1, 8), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99)
)
def test_every_leading_part_is_least_squares(n_samples, n_columns, n_outputs, n_blocks, seed):
    X, y = drawn(n_samples, n_columns, n_outputs, seed)
    if seed % 3 == 0 and n_columns > 2:
        X[:, 2] = 2 * X[:, 1]  # collinear
    if seed % 5 == 0 and n_columns > 3:
        X[:, 3] = 7.0  # a constant beside the intercept
    weight = np.random.default_rng(seed).uniform(0.5, 2, size=n_samples)
    factor = factor_of(X, y, weight, n_blocks)
    assert factor.n_samples == n_samples
    root, y_mean = np.sqrt(weight)[:, np.newaxis], np.average(y, axis=0, weights=weight)
    for k in range(1, n_columns + 1):
        fit = factor.solve(k)
        centered = X[:, 1:k] - np.average(X[:, 1:k], axis=0, weights=weight)
        slopes = np.linalg.lstsq(root * centered, root * (y - y_mean), rcond=1e-10)[0]
        expected = y_mean + centered @ slopes
        np.testing.assert_allclose(fit.coef[1:], slopes, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(X[:, :k] @ fit.coef, expected, rtol=1e-6, atol=1e-6)
        rest = y - expected
        np.testing.assert_allclose(fit.residual, rest.T @ (root**2 * rest), atol=1e-6)
        rank = np.linalg.matrix_rank(root * X[:, :k])
        assert fit.rank == rank
        assert np.isnan(factor.inverse_root(k)).all() == (rank < k)


def test_likelihood_and_covariance_are_those_of_statsmodels():
    X, y = drawn(60, 5)
    weight = np.random.default_rng(1).uniform(0.5, 2, size=60)
    for k in (1, 3, 5):
        theirs = WLS(y[:, 0], X[:, :k], weights=weight).fit()
        factor = factor_of(X, y, weight, 3)
        fit, root = factor.solve(k), factor.inverse_root(k)
        np.testing.assert_allclose(root @ root.T, theirs.normalized_cov_params, **EXACT)
        found = log_likelihood(fit.residual, 60, np.log(weight).sum())
        np.testing.assert_allclose(found, theirs.llf, **EXACT)
        scaled = factor_of(X, y, 7 * weight).solve(k).residual
        np.testing.assert_allclose(
            log_likelihood(scaled, 60, np.log(7 * weight).sum()), found, **EXACT
        )


def test_independent_targets_have_the_sum_of_their_likelihoods():
    X, y = drawn(400, 3)
    other = OLS(np.random.default_rng(2).normal(size=400), np.column_stack([X, y])).fit().resid
    rest = OLS(y[:, 0], X).fit().resid
    residual = np.diag([rest @ rest, other @ other])
    alone = [log_likelihood(np.array([[r @ r]]), 400, 0.0) for r in (rest, other)]
    assert log_likelihood(residual, 400, 0.0) == pytest.approx(sum(alone))


def test_an_exact_fit_has_no_residual_from_rounding():
    X, _ = drawn(50, 4)
    y = X[:, :2] @ np.array([[1e6], [3.0]])
    factor = factor_of(X, y)
    assert factor.solve(1).residual[0, 0] > 1
    assert [factor.solve(k).residual[0, 0] for k in (2, 3, 4)] == [0.0, 0.0, 0.0]
    assert log_likelihood(factor.solve(2).residual, 50, 0.0) == np.inf
