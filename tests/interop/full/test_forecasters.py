"""Forecasters of heavy packages: each reads windows in the right order, or a warning tells."""

import numpy as np
import pandas as pd
import pytest
from darts import TimeSeries
from darts.models import SKLearnModel
from skforecast.recursive import ForecasterRecursive, ForecasterRecursiveMultiSeries
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.forecasting.compose import make_reduction
from statsforecast.models import AutoETS

from sklearn_rnn import Forecaster, LocalForecaster, make_ar
from sklearn_rnn.model_selection import backtest
from tests.interop.series import N_LAGS, SERIES, VALUES, WINDOWS, has_read, network
from tests.nets import few_epochs

pytestmark = [few_epochs, pytest.mark.filterwarnings("default")]  # of other packages

NEWEST_FIRST = r"the newest first, but LSTMRegressor reads the oldest; give X\[:, ::-1\]"


def test_skforecast_has_the_newest_lag_first_which_is_a_warning_with_the_fix():
    with pytest.warns(UserWarning, match=NEWEST_FIRST):
        ForecasterRecursive(estimator=network(), lags=N_LAGS).fit(SERIES)
    model = ForecasterRecursive(make_pipeline(FunctionTransformer(np.fliplr), network()), lags=3)
    model.fit(SERIES)
    assert has_read(model.estimator[-1], WINDOWS)
    first = model.estimator[-1].predict(VALUES[np.newaxis, -3:])
    assert model.predict(2).iloc[0] == pytest.approx(first[0])


def test_skforecast_of_several_series_adds_a_column_which_is_an_error():
    two = {"a": SERIES, "b": 2 * SERIES}
    with pytest.raises(ValueError, match=r"named by lags, .*others: '_level_skforecast'"):
        ForecasterRecursiveMultiSeries(estimator=network(), lags=3).fit(two)
    model = ForecasterRecursiveMultiSeries(estimator=network(), lags=3, encoding=None)
    model.fit(two)
    assert model.estimator.feature_names_in_.tolist() == ["lag_1", "lag_2", "lag_3"]


def test_sktime_has_the_oldest_lag_first():
    model = make_reduction(network(), window_length=N_LAGS, strategy="recursive").fit(SERIES)
    assert has_read(model.estimator_, WINDOWS)
    first = model.estimator_.predict(VALUES[np.newaxis, -3:])
    assert model.predict(fh=[1, 2]).iloc[0] == pytest.approx(first[0])


def test_sktime_with_exogenous_columns_has_blocks_of_variables_which_is_a_warning():
    X = pd.DataFrame({"x": VALUES[::-1]}, SERIES.index)
    model = make_reduction(network(), window_length=N_LAGS, strategy="recursive")
    with pytest.warns(UserWarning, match=r"the lags of 2 variables .*; give X\.reshape\(len\(X\)"):
        model.fit(SERIES, X=X)


def test_sktime_has_the_channels_first_in_three_dimensions_which_is_a_warning():
    model = make_reduction(network(), window_length=N_LAGS, scitype="time-series-regressor")
    with pytest.warns(UserWarning, match=r"steps along its last axis, .*; give X\.swapaxes"):
        model.fit(SERIES)
    turned = make_pipeline(FunctionTransformer(lambda X: X.swapaxes(1, 2)), network())
    model = make_reduction(turned, window_length=N_LAGS, scitype="time-series-regressor")
    assert has_read(model.fit(SERIES).estimator_[-1], WINDOWS)


@pytest.mark.parametrize("channels", [1, 2])
def test_darts_has_the_oldest_lag_first(channels):
    values = np.column_stack([VALUES, VALUES[::-1]])[:, :channels]
    series = TimeSeries.from_times_and_values(SERIES.index, values)
    net = network().set_params(n_channels=channels)
    model = SKLearnModel(lags=N_LAGS, model=net, multi_models=False)
    model.fit(series)
    if channels == 1:
        assert has_read(model.model, WINDOWS)
    assert model.predict(2).values().shape == (2, channels)


def test_statsforecast_is_compared_on_the_same_folds():
    X = pd.DataFrame({"y": VALUES}, SERIES.index)
    models = {"ETS": LocalForecaster(AutoETS(season_length=7)), "AR": Forecaster(make_ar(2))}
    result = backtest(models, X, cv=2)
    assert "ETS" in result.verdict()
