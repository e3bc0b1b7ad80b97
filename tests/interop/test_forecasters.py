"""Forecasters and intervals of light packages: mlforecast and MAPIE."""

import numpy as np
import pandas as pd
import pytest
from mapie.regression import SplitConformalRegressor, TimeSeriesRegressor
from mapie.subsample import BlockBootstrap
from mlforecast import MLForecast
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklearn_rnn import CalendarFeatures, Forecaster, LagTransformer, make_ar
from sklearn_rnn.exceptions import IncompleteWindowsWarning
from tests.interop.series import N_LAGS, SERIES, TARGETS, VALUES, WINDOWS, has_read, network
from tests.nets import few_epochs

pytestmark = few_epochs

LONG = pd.DataFrame({"unique_id": "a", "ds": SERIES.index, "y": VALUES})
of_pandas_4 = pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")  # mlforecast


def test_losses_tell_the_order_of_steps():
    zeros = np.zeros((len(WINDOWS), 1))  # with them they look no longer like turned windows
    net = network().fit(np.hstack([WINDOWS[:, ::-1], zeros]), TARGETS)
    assert not has_read(net, np.hstack([WINDOWS, zeros]))


@of_pandas_4
@pytest.mark.parametrize("lags", [[1, 2, 3], [2, 3, 1]])
def test_mlforecast_names_its_lags_so_that_any_order_is_read(lags):
    model = MLForecast(models={"lstm": network()}, freq="D", lags=lags).fit(LONG)
    net = model.models_["lstm"]
    assert has_read(net, WINDOWS)
    forecast = model.predict(2)["lstm"].to_numpy()
    last = pd.DataFrame([[VALUES[-lag] for lag in lags]], columns=net.feature_names_in_)
    first = net.predict(last)
    assert forecast[0] == pytest.approx(first[0])


@of_pandas_4
def test_mlforecast_with_arrays_has_the_newest_lag_first_which_is_a_warning():
    model = MLForecast(models={"lstm": network()}, freq="D", lags=[1, 2, 3])
    with pytest.warns(UserWarning, match=r"the newest first, .*; give X\[:, ::-1\]"):
        model.fit(LONG, as_numpy=True)


def test_mlforecast_with_other_columns_is_an_error_that_names_them():
    model = MLForecast(models=network(), freq="D", lags=[1, 2], date_features=["day"])
    with pytest.raises(ValueError, match=r"named by lags, such as 'lag1', and others: 'day'"):
        model.fit(LONG)


@of_pandas_4
@pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofweek is deprecated")  # mlforecast reads it
def test_date_features_of_mlforecast_are_calendar_features_beside_lags():
    theirs = MLForecast({"ols": LinearRegression()}, "D", lags=[1, 2], date_features=["dayofweek"])
    calendar = CalendarFeatures(parts=["day_of_week"])
    lags = make_ar(2, exogenous=calendar.names()).estimator[0]
    model = make_pipeline(calendar, lags, LinearRegression())
    names = {"target": "y", "time": "ds", "series": "unique_id"}
    ours = Forecaster(model, strategy="recursive", **names).fit(LONG)
    np.testing.assert_allclose(ours.predict(9), theirs.fit(LONG).predict(9)["ols"])


def test_mapie_resamples_blocks_of_ready_windows():
    blocks = BlockBootstrap(n_resamplings=20, length=10, random_state=0)
    windows = WINDOWS[:, :, np.newaxis]
    model = TimeSeriesRegressor(network(), method="enbpi", cv=blocks, agg_function="mean")
    model.fit(windows[:60], TARGETS[:60])
    predicted, intervals = model.predict(windows[60:], confidence_level=0.9, ensemble=True)
    assert predicted.shape == (17,)
    assert (intervals[:, 0, 0] < intervals[:, 1, 0]).all()


def test_mapie_shuffles_rows_by_default_which_a_pipeline_tells():
    X = SERIES.to_frame()
    model = TimeSeriesRegressor(make_pipeline(LagTransformer(N_LAGS), network()))
    with pytest.warns(IncompleteWindowsWarning, match="Lags are filled in"):
        model.fit(X, VALUES)
    blocks = BlockBootstrap(n_resamplings=5, length=10, random_state=0)
    drawn = TimeSeriesRegressor(make_pipeline(LagTransformer(N_LAGS), network()), cv=blocks)
    with pytest.raises(ValueError, match="put LagTransformer before that estimator"):
        drawn.fit(X, VALUES)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # MAPIE predicts zeros
@pytest.mark.filterwarnings("ignore:The index of X holds no times")  # to see whether it is fitted
def test_mapie_calibrates_a_fitted_pipeline_on_later_rows():
    X = SERIES.to_frame()
    fitted = make_ar(N_LAGS).fit(X[:40], VALUES[:40])
    model = SplitConformalRegressor(fitted, confidence_level=0.9, prefit=True)
    model.conformalize(X[40:60], VALUES[40:60])
    with pytest.warns(IncompleteWindowsWarning, match="do not directly follow the rows of fit"):
        predicted, intervals = model.predict_interval(X[60:])
    assert predicted.shape == (20,)
    assert (intervals[:, 0, 0] < intervals[:, 1, 0]).all()
