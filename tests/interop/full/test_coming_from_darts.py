"""The rows of docs/coming_from.md on darts."""

import inspect

import numpy as np
import pytest
from darts import TimeSeries, metrics
from darts.models import LinearRegressionModel, NaiveDrift, NaiveSeasonal
from numpy.testing import assert_allclose

from sklearn_rnn import Forecaster, LagTransformer, NaiveForecaster, make_ar
from sklearn_rnn.model_selection import backtest
from tests.interop.full.series import AHEAD, PAST, PROMO, TABLE, forecaster

pytestmark = pytest.mark.interop_full

SERIES, COVARIATE = TimeSeries.from_series(PAST["sales"]), TimeSeries.from_series(PROMO)


def predict(model, n, **given):
    return model.predict(n, **given).values().ravel()


def test_recursive_forecasts_and_the_order_of_lags():
    """Rows: `LinearRegressionModel(lags=5)`; lags -5, ..., -1, oldest first."""
    theirs = LinearRegressionModel(lags=5).fit(SERIES)
    ours = forecaster(strategy="recursive")
    assert_allclose(ours.predict(4), predict(theirs, 4))
    assert theirs.lagged_feature_names == [f"sales_target_lag-{n}" for n in range(5, 0, -1)]
    assert_allclose(ours.models_[0][-1].coef_, theirs.model.coef_.ravel())
    windows = LagTransformer(5).fit_transform(PAST[["sales"]])
    assert windows.lags.tolist() == [5, 4, 3, 2, 1]


def test_direct_forecasts():
    """Rows: `output_chunk_length=3`, `multi_models=True`."""
    theirs = LinearRegressionModel(lags=5, output_chunk_length=3, multi_models=True).fit(SERIES)
    difference = forecaster(3).predict(3).to_numpy() - predict(theirs, 3)
    assert abs(difference[2]) < 1e-10 < abs(difference[:2]).min()


def test_covariates():
    """Rows: `future_covariates`, `lags_future_covariates=[0]`; `past_covariates`."""
    theirs = LinearRegressionModel(lags=5, lags_future_covariates=[0])
    theirs.fit(SERIES, future_covariates=COVARIATE)
    model = make_ar(5, exogenous=["promo"])
    names = {"target": "sales", "known_ahead": ["promo"]}
    ours = Forecaster(model, strategy="recursive", **names).fit(PAST)
    assert_allclose(ours.predict(AHEAD[:4]), predict(theirs, 4, future_covariates=COVARIATE))
    theirs = LinearRegressionModel(lags=5, lags_past_covariates=5)
    theirs.fit(SERIES, past_covariates=COVARIATE[:290])
    ours = Forecaster(make_ar(5), target="sales").fit(PAST)
    assert_allclose(ours.predict(1), predict(theirs, 1))


def test_back_tests():
    """Rows: `historical_forecasts(retrain=True, last_points_only=True)`."""
    model = LinearRegressionModel(lags=5)
    defaults = inspect.signature(model.historical_forecasts).parameters
    assert defaults["retrain"].default is True
    assert defaults["last_points_only"].default is True
    how = {"start": TABLE.index[290], "forecast_horizon": 5, "stride": 5}
    whole = TimeSeries.from_series(TABLE["sales"])
    parts = model.historical_forecasts(whole, last_points_only=False, **how)
    ours = backtest(
        Forecaster(make_ar(5), 5, strategy="recursive", target="sales"), TABLE[["sales"]], cv=2
    )
    found = np.concatenate([part.values().ravel() for part in parts])
    assert_allclose(ours.forecasts["forecast"], found)


def test_baselines():
    """Rows: `NaiveSeasonal(K=7)`, `NaiveDrift()`."""
    table = PAST[["sales"]]
    ours = NaiveForecaster("seasonal", season=7, target="sales").fit(table).predict(9)
    assert_allclose(ours, predict(NaiveSeasonal(K=7).fit(SERIES), 9))
    ours = NaiveForecaster("drift", target="sales").fit(table).predict(9)
    assert_allclose(ours, predict(NaiveDrift().fit(SERIES), 9))


def test_errors():
    """Rows: `mase(..., insample, m=7)`, `smape`."""
    model = Forecaster(make_ar(5), 10, season=7, target="sales")
    errors = backtest(model, TABLE[["sales"]], cv=1).summary().iloc[0]
    forecast = model.fit(PAST[["sales"]]).predict(10).to_frame()
    actual, found = TimeSeries.from_series(AHEAD["sales"]), TimeSeries.from_dataframe(forecast)
    assert_allclose(errors["mase"], metrics.mase(actual, found, SERIES, m=7))
    assert_allclose(errors["smape"], metrics.smape(actual, found))
