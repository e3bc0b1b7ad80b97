"""Tests of the difference of two models on the same data, valid for dependent values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.95
"""Coverage of the confidence intervals."""


class PairedTest(NamedTuple):
    """A mean difference with its test.

    Attributes
    ----------
    difference : float
        Mean difference.
    standard_error : float
        Standard error of the mean, corrected for dependence.
    statistic : float
        Difference divided by standard error.
    p_value : float
        Two-sided p value.
    low, high : float
        Ends of the 95 % confidence interval.
    """

    difference: float
    standard_error: float
    statistic: float
    p_value: float
    low: float
    high: float


def corrected_t(differences: ArrayLike, test_share: float) -> PairedTest:
    r"""Test differences of scores over folds whose training sets overlap.

    The usual t-test treats the J differences :math:`d_j` as independent; because the training
    sets overlap, it rejects too often. The corrected test includes the overlap in the variance:

    .. math:: t = \bar d \Big/ \sqrt{\Big(\frac 1 J + \frac{n_{test}}{n_{train}}\Big) s^2},
        \qquad s^2 = \frac{1}{J - 1} \sum_j (d_j - \bar d)^2,

    with J - 1 degrees of freedom.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Difference of scores in each fold.
    test_share : float
        Number of test samples divided by the number of training samples.

    Returns
    -------
    PairedTest
        With a single fold, everything but the difference is NaN.

    References
    ----------
    Nadeau and Bengio (2003). Inference for the generalization error. Machine Learning 52.

    Examples
    --------
    >>> test = corrected_t([0.03, 0.01, 0.02, 0.04, 0.00], test_share=0.25)
    >>> round(test.difference, 6), round(test.p_value, 3)
    (0.02, 0.132)
    """
    d = np.asarray(differences, dtype=float)
    if len(d) < 2:
        return _test(float(d.mean()) if len(d) else np.nan, np.nan, 1)
    variance = (1 / len(d) + test_share) * d.var(ddof=1)
    return _test(float(d.mean()), float(np.sqrt(variance)), len(d) - 1)


def diebold_mariano(differences: ArrayLike, horizon: int = 1) -> PairedTest:
    r"""Test differences of the pointwise losses of two forecasts of the same rows.

    Forecast errors for h = ``horizon`` rows ahead are correlated over h - 1 rows. With the
    autocovariances :math:`\gamma_k = \frac 1 n \sum_t (d_t - \bar d)(d_{t - k} -
    \bar d)` of the n differences, the statistic of Diebold and Mariano,

    .. math:: S = \bar d \Big/
        \sqrt{\frac 1 n \Big(\gamma_0 + 2 \sum_{k = 1}^{h - 1} \gamma_k\Big)},

    multiplied by the correction of Harvey, Leybourne and Newbold for small samples,
    :math:`\sqrt{(n + 1 - 2 h + h (h - 1) / n) / n}`, is compared with Student's t distribution with
    n - 1 degrees of freedom. All autocovariances have weight 1 (rectangular kernel), as is
    appropriate for optimal forecasts. If their sum is not positive, which can happen for h > 1,
    they are weighted by 1 - k / h (Bartlett kernel, as of Newey and West), with which the sum is
    never negative.

    Parameters
    ----------
    differences : array-like of shape (n_rows,)
        Differences of the losses, in time order.
    horizon : int, default=1
        Forecast horizon in rows.

    Returns
    -------
    PairedTest
        With too few rows for the horizon, everything but the difference is NaN.

    References
    ----------
    Diebold and Mariano (1995). Comparing predictive accuracy. Journal of Business & Economic
    Statistics 13.
    Harvey, Leybourne and Newbold (1997). Testing the equality of prediction mean squared
    errors. International Journal of Forecasting 13.

    Examples
    --------
    >>> test = diebold_mariano([0.3, -0.1, 0.2, 0.4, 0.1, 0.0, 0.3, 0.2], horizon=2)
    >>> round(test.difference, 6), round(test.p_value, 3)
    (0.175, 0.005)
    """
    d = np.asarray(differences, dtype=float)
    n, mean = len(d), float(d.mean()) if len(d) else np.nan
    correction = n + 1 - 2 * horizon + horizon * (horizon - 1) / max(n, 1)
    if n <= horizon or correction <= 0:
        return _test(mean, np.nan, 1)
    variance = _long_run_variance(d - mean, horizon) / n
    return _test(mean, float(np.sqrt(variance * n / correction)), n - 1)


def _long_run_variance(centered: NDArray[np.float64], horizon: int) -> float:
    """Return the sum of the autocovariances up to lag ``horizon - 1`` on both sides."""
    n = len(centered)
    covariances = np.array([centered[k:] @ centered[: n - k] for k in range(horizon)]) / n
    twice = np.where(np.arange(horizon) > 0, 2.0, 1.0)
    total = float(twice @ covariances)
    if total > 0:
        return total
    bartlett_weights = 1.0 - np.arange(horizon) / horizon
    return max(float((twice * bartlett_weights) @ covariances), 0.0)


def _test(difference: float, error: float, df: int) -> PairedTest:
    """Compare a difference with Student's t; with a standard error of 0 the p value is 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.float64(difference) / error if difference else 0.0 * error
    p_value = 2 * float(stats.t.sf(abs(statistic), df))
    margin = float(stats.t.isf((1 - LEVEL) / 2, df)) * error
    low, high = difference - margin, difference + margin
    return PairedTest(difference, error, float(statistic), p_value, low, high)


def both_tests(score: PairedTest, loss: PairedTest, name: str) -> pd.Series[float]:
    """Return the tests of scores over folds and of losses over rows as one series.

    Parameters
    ----------
    score : PairedTest
        By `corrected_t`.
    loss : PairedTest
        By `diebold_mariano`.
    name : str
        Name of the series.

    Returns
    -------
    Series
        The entries that `Comparison.difference` and `Backtest.difference` document.
    """
    entries = {
        "score": score.difference,
        "standard_error": score.standard_error,
        "low": score.low,
        "high": score.high,
        "p_corrected_t": score.p_value,
        "loss": loss.difference,
        "loss_standard_error": loss.standard_error,
        "loss_low": loss.low,
        "loss_high": loss.high,
        "p_diebold_mariano": loss.p_value,
    }
    return pd.Series(entries, name=name)
