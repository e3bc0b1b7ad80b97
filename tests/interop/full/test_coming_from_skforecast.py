"""The rows of docs/coming_from.md on skforecast."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skforecast.direct import ForecasterDirect
from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
from skforecast.recursive import ForecasterRecursive
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_rnn import Forecaster, LagTransformer, make_ar
from sklearn_rnn.model_selection import backtest
from tests.interop.full.series import AHEAD, PAST, TABLE, forecaster

pytestmark = pytest.mark.interop_full

RECURSIVE = {"strategy": "recursive"}


def theirs(model=None, **fit):
    found = ForecasterRecursive(estimator=model or LinearRegression(), lags=5)
    found.fit(y=PAST["sales"], **fit)
    return found


def test_recursive_forecasts_and_the_order_of_lags():
    """Rows: `ForecasterRecursive(estimator, lags=5)`; columns `lag_1`, ..., `lag_5`.

    Rows: `predict(steps=3)`.
    """
    assert_allclose(forecaster(**RECURSIVE).predict(10), theirs().predict(steps=10))
    lags = LagTransformer(5, flatten=True)
    ridge = forecaster(model=make_pipeline(lags, Ridge(3.0)), **RECURSIVE)
    assert_allclose(ridge.predict(10), theirs(Ridge(3.0)).predict(10))
    names = list(theirs().create_train_X_y(y=PAST["sales"])[0])
    assert names == [f"lag_{n}" for n in range(1, 6)]
    ours = lags.fit(PAST[["sales"]]).get_feature_names_out().tolist()
    assert ours == [f"sales_lag{n}" for n in range(5, 0, -1)]


def test_separate_lags_and_another_regressor_behind_them():
    """Rows: `lags=[1, ..., 14, 28]`."""
    lags = [*range(1, 15), 28]
    for mine, last in ((None, LinearRegression()), (Ridge(3.0), Ridge(3.0))):
        model = make_ar(14, seasonal_lags=(28,))
        model = model if mine is None else model.set_params(linearregression=mine)
        found = ForecasterRecursive(estimator=last, lags=lags)
        found.fit(y=PAST["sales"])
        assert_allclose(forecaster(model=model, **RECURSIVE).predict(30), found.predict(steps=30))
    third = forecaster(3, model=make_ar(14, seasonal_lags=(28,))).models_[2]
    names = third.estimator_[0].get_feature_names_out().tolist()
    assert names == [f"sales_lag{lag}" for lag in [*range(16, 2, -1), 30]]
    direct = ForecasterDirect(estimator=LinearRegression(), steps=3, lags=lags)
    direct.fit(y=PAST["sales"])
    ours = forecaster(3, model=make_ar(14, seasonal_lags=(28,))).predict(3)
    assert_allclose(ours.iloc[2], direct.predict(3).iloc[2])


def test_logarithms():
    """Rows: `transformer_y=FunctionTransformer(np.log, inverse_func=np.exp)`."""
    sales = np.exp(PAST["sales"])
    of_theirs = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    found = ForecasterRecursive(LinearRegression(), lags=5, transformer_y=of_theirs)
    found.fit(y=sales)
    last = TransformedTargetRegressor(LinearRegression(), func=np.log, inverse_func=np.exp)
    lags = make_ar(5).estimator[0]
    model = make_pipeline(FunctionTransformer(np.log), lags, last)
    ours = Forecaster(model, target="sales", **RECURSIVE).fit(sales.to_frame())
    assert_allclose(ours.predict(10), found.predict(steps=10))


def test_direct_forecasts():
    """Rows: `ForecasterDirect(steps=3, lags=5)`."""
    found = ForecasterDirect(estimator=LinearRegression(), steps=3, lags=5)
    found.fit(y=PAST["sales"])
    difference = forecaster(3).predict(3).to_numpy() - found.predict(3).to_numpy()
    assert abs(difference[2]) < 1e-10 < abs(difference[:2]).min()
    by_hand = Forecaster(make_ar(5), 1, target="sales").fit(PAST[["sales"]][:-2])  # rows of step 3
    own = by_hand.predict(1, past=PAST[["sales"]])
    assert_allclose(own, found.predict(3)[:1])


def test_columns_of_the_predicted_row():
    """Rows: `fit(y, exog=)`, `predict(steps, exog=)`."""
    model = make_ar(5, exogenous=["promo"])
    ours = Forecaster(model, target="sales", known_ahead=["promo"], **RECURSIVE).fit(PAST)
    found = theirs(exog=PAST["promo"]).predict(10, exog=AHEAD["promo"])
    assert_allclose(ours.predict(AHEAD), found)


def test_a_later_past():
    """Rows: `last_window=`."""
    later = TABLE[["sales"]][280:]
    found = theirs().predict(3, last_window=later["sales"])
    assert_allclose(forecaster(**RECURSIVE).predict(3, past=later), found)


def test_back_tests():
    """Rows: `TimeSeriesFold(refit=False, fixed_train_size=True)`."""
    defaults = inspect.signature(TimeSeriesFold.__init__).parameters
    assert defaults["refit"].default is False
    assert defaults["fixed_train_size"].default is True
    folds = TimeSeriesFold(steps=5, initial_train_size=290, refit=True, fixed_train_size=False)
    how = {"cv": folds, "metric": "mean_absolute_error", "show_progress": False}
    metric, found = backtesting_forecaster(theirs(), y=TABLE["sales"], **how)
    model = Forecaster(make_ar(5), 5, target="sales", **RECURSIVE)
    ours = backtest(model, TABLE[["sales"]], cv=2)
    assert_allclose(ours.forecasts["forecast"], found["pred"])
    assert_allclose(ours.summary()["mae"], metric["mean_absolute_error"])


def test_intervals():
    """Rows: `predict_interval(interval=[0.05, 0.95])`."""
    defaults = inspect.signature(ForecasterRecursive.predict_interval).parameters
    assert defaults["interval"].default == [0.05, 0.95]
    found = forecaster(3, calibration_rows=24).predict(3, level=0.9)
    assert list(found) == ["sales", "sales_lower", "sales_upper"]
    assert np.isfinite(found).all(axis=None)
