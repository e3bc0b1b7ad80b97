"""The tests of differences: by hand, in their limits, and by how often they err in simulations."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.api import OLS

from sklearn_rnn.model_selection._paired_tests import corrected_t, diebold_mariano

RNG = np.random.default_rng(0)


def hand_corrected_t(d, test_share):
    n = len(d)
    mean = sum(d) / n
    variance = sum((x - mean) ** 2 for x in d) / (n - 1)
    t = mean / ((1 / n + test_share) * variance) ** 0.5
    return t, 2 * (1 - stats.t.cdf(abs(t), n - 1))


def hand_diebold_mariano(d, h):
    n, mean = len(d), sum(d) / len(d)
    gamma = [sum((d[t] - mean) * (d[t - k] - mean) for t in range(k, n)) / n for k in range(h)]
    statistic = mean / ((gamma[0] + 2 * sum(gamma[1:])) / n) ** 0.5
    statistic *= ((n + 1 - 2 * h + h * (h - 1) / n) / n) ** 0.5
    return statistic, 2 * (1 - stats.t.cdf(abs(statistic), n - 1))


@pytest.mark.parametrize("n_folds", [2, 5, 30])
@pytest.mark.parametrize("test_share", [0.0, 0.25, 1.0])
def test_corrected_t_is_the_formula(n_folds, test_share):
    d = RNG.normal(0.5, size=n_folds)
    test = corrected_t(d, test_share)
    np.testing.assert_allclose((test.statistic, test.p_value), hand_corrected_t(d, test_share))


def test_corrected_t_without_overlap_is_students_t():
    d = RNG.normal(0.3, size=8)
    test, student = corrected_t(d, 0.0), stats.ttest_1samp(d, 0.0)
    np.testing.assert_allclose((test.statistic, test.p_value), (student.statistic, student.pvalue))
    np.testing.assert_allclose((test.low, test.high), student.confidence_interval(0.95))


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_diebold_mariano_is_the_formula(horizon):
    noise = RNG.normal(size=60)
    d = 0.2 + np.convolve(noise, np.ones(horizon))[:60]
    test = diebold_mariano(d, horizon)
    np.testing.assert_allclose((test.statistic, test.p_value), hand_diebold_mariano(d, horizon))


def test_diebold_mariano_one_row_ahead_is_students_t():
    # Its correction for h = 1, (n - 1) / n, turns the variance into the unbiased one: exactly t.
    d = RNG.normal(0.3, size=40)
    student = stats.ttest_1samp(d, 0.0)
    np.testing.assert_allclose(diebold_mariano(d).p_value, student.pvalue)


def test_a_negative_sum_of_autocovariances_is_weighed_until_it_is_positive():
    d = np.tile([1.0, -1.0], 10) + 0.1
    with np.errstate(invalid="ignore"):
        assert np.isnan(hand_diebold_mariano(d, 2)).all()
    c = d - d.mean()
    variance = (c @ c + c[1:] @ c[:-1]) / 20  # weights 1 and 1/2, counted on both sides
    expected = d.mean() / np.sqrt(variance / 20) * np.sqrt((20 + 1 - 4 + 2 / 20) / 20)
    assert variance > 0
    np.testing.assert_allclose(diebold_mariano(d, 2).statistic, expected)


@pytest.mark.parametrize("horizon", [1, 2, 4])
@pytest.mark.parametrize("kernel", ["uniform", "bartlett"])
def test_the_standard_error_is_that_of_least_squares_robust_to_autocorrelation(kernel, horizon):
    dependent = 0.2 + np.convolve(RNG.normal(size=60), np.ones(horizon))[:60]
    alternating = np.tile([1.0, -1.0], 30) + 0.1  # the uniform kernel has a negative sum for h > 1
    d = dependent if kernel == "uniform" else alternating
    robust = {"maxlags": horizon - 1, "kernel": kernel}
    fit = OLS(d, np.ones(60)).fit(cov_type="HAC", cov_kwds=robust)
    small_sample = 60 / (60 + 1 - 2 * horizon + horizon * (horizon - 1) / 60)
    expected = fit.bse[0] * np.sqrt(small_sample)
    np.testing.assert_allclose(diebold_mariano(d, horizon).standard_error, expected)


@pytest.mark.parametrize("test", [lambda d: corrected_t(d, 0.25), lambda d: diebold_mariano(d, 2)])
def test_sign_and_scale_only_pass_through(test):
    d = RNG.normal(0.3, size=20)
    one, other = test(d), test(-10 * d)
    np.testing.assert_allclose(other.p_value, one.p_value)
    np.testing.assert_allclose((other.low, other.high), (-10 * one.high, -10 * one.low))
    np.testing.assert_allclose(one.difference, d.mean())


@pytest.mark.parametrize("test", [lambda d: corrected_t(d, 0.25), diebold_mariano])
@pytest.mark.parametrize(
    ("d", "p_value"), [([0.0] * 5, 1.0), ([2.0] * 5, 0.0), ([1.0], np.nan), ([], np.nan)]
)
def test_differences_without_variation(test, d, p_value):
    np.testing.assert_equal(test(d).p_value, p_value)


def test_too_few_rows_for_the_horizon_tell_nothing():
    assert np.isnan(diebold_mariano([1.0, 2.0, 3.0], 5).p_value)


def rejections(p_values):
    return np.mean(np.asarray(p_values) < 0.05)


def test_diebold_mariano_rejects_as_often_as_it_says_and_the_naive_t_does_not():
    rng = np.random.default_rng(1)
    horizon, n = 4, 120
    noise = rng.normal(size=(1500, n + horizon - 1))
    series = [np.convolve(row, np.ones(horizon), mode="valid") for row in noise]
    assert 0.03 < rejections([diebold_mariano(d, horizon).p_value for d in series]) < 0.085
    assert rejections([stats.ttest_1samp(d, 0.0).pvalue for d in series]) > 0.2


def fold_differences(rng, n_folds=15, n=60, n_test=12):
    """Return differences of two equally good models in random splits: y on x1, and y on x2."""
    x, y = rng.normal(size=(2, n)), rng.normal(size=n)
    differences = []
    for _ in range(n_folds):
        order = rng.permutation(n)
        test, train = order[:n_test], order[n_test:]
        slopes = [(row[train] @ y[train]) / (row[train] @ row[train]) for row in x]
        losses = [np.mean((y[test] - b * row[test]) ** 2) for b, row in zip(slopes, x, strict=True)]
        differences.append(losses[0] - losses[1])
    return differences


def test_corrected_t_rejects_seldom_and_the_naive_t_too_often():
    rng = np.random.default_rng(2)
    simulated = [fold_differences(rng) for _ in range(600)]
    assert 0.002 < rejections([corrected_t(d, 12 / 48).p_value for d in simulated]) < 0.06
    assert rejections([corrected_t(d, 0.0).p_value for d in simulated]) > 0.1
