"""The rows of docs/coming_from.md on statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from statsmodels.tsa.api import VAR
from statsmodels.tsa.ar_model import AutoReg

from sklearn_rnn import ARRegressor, Forecaster, LagElasticNet, LagRidge, make_ar
from tests.interop.full.series import AHEAD, FLAT, PAST, ROWS, VOLUMES, WINDOWS

pytestmark = pytest.mark.interop_full

X, Y = PAST[["sales"]].to_numpy(), PAST["sales"].to_numpy()


def test_coefficients_and_their_order():
    """Rows: `AutoReg(y, lags=3)`; `params`, newest lag first."""
    constant, *newest_first = AutoReg(Y, 3).fit().params
    ours, made = ARRegressor(3).fit(X, Y), make_ar(3).fit(X, Y)[-1]
    assert_allclose(ours.coef_, newest_first)
    assert_allclose(made.coef_, newest_first[::-1])
    assert_allclose([ours.intercept_, made.intercept_], constant)


def test_forecasts():
    """Rows: `predict(start, end)` after the end."""
    theirs = AutoReg(Y, 3).fit().predict(290, 299)
    ours = Forecaster(ARRegressor(3), strategy="recursive").fit(PAST["sales"]).predict(10)
    assert_allclose(ours, theirs)


def test_a_column_of_the_same_row():
    """Rows: `AutoReg(..., exog=x)`."""
    theirs = AutoReg(Y, 3, exog=PAST[["promo"]].to_numpy()).fit()
    found = theirs.predict(290, 299, exog_oos=AHEAD[["promo"]].to_numpy())
    model = make_ar(3, exogenous=["promo"])
    names = {"target": "sales", "known_ahead": ["promo"]}
    ours = Forecaster(model, strategy="recursive", **names).fit(PAST)
    assert_allclose(ours.predict(AHEAD), found)


def test_several_targets():
    """Rows: `VAR(table).fit(2)`."""
    theirs = VAR(ROWS.to_numpy()).fit(2)
    ours = ARRegressor(2).fit(ROWS.to_numpy(), ROWS.to_numpy())
    assert_allclose(ours.intercept_, theirs.params[0])
    by_lag = ours.coef_.reshape(3, 2, 3)  # targets, lags from the newest on, columns
    for columns in (by_lag.transpose(1, 2, 0), ours.coef_.reshape(3, 3, 2).transpose(2, 1, 0)):
        if np.allclose(columns.reshape(6, 3), theirs.params[1:]):
            return
    raise AssertionError("no order of the coefficients is that of VAR")


def test_standard_errors():
    """Rows: `bse` of `AutoReg`."""
    theirs, n = AutoReg(Y, 3).fit().bse, 287
    found = ARRegressor(3).fit(X, Y).summary()["standard_error"]
    assert_allclose(found, theirs * np.sqrt(n / (n - 4)))


def test_intercepts():
    """Rows: `OLS(y, X)`."""
    assert_allclose(
        LagRidge(0, fit_intercept=False).fit(WINDOWS, VOLUMES).coef_,
        sm.OLS(VOLUMES, FLAT).fit().params,
    )
    assert LagRidge().fit_intercept
    with_constant = sm.OLS(VOLUMES, sm.add_constant(FLAT)).fit().params
    assert_allclose(LagRidge(0).fit(WINDOWS, VOLUMES).coef_, with_constant[1:])


def test_penalties():
    """Rows: `OLS.fit_regularized(alpha=, L1_wt=)`."""
    X, y = FLAT - FLAT.mean(axis=0), VOLUMES - VOLUMES.mean()
    how = {"cnvrg_tol": 1e-14, "maxiter": 20_000, "zero_tol": 0.0}
    theirs = sm.OLS(y, X).fit_regularized(alpha=0.05, L1_wt=0.4, **how).params
    ours = LagElasticNet(0.05, l1_ratio=0.4, tol=1e-14, max_iter=10**6).fit(WINDOWS, VOLUMES)
    assert_allclose(ours.coef_, theirs, atol=1e-8)
