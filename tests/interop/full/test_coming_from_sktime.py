"""The rows of docs/coming_from.md on sktime."""

import inspect

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit
from sktime.datatypes import convert
from sktime.forecasting.compose import make_reduction
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.naive import NaiveForecaster as Naive
from sktime.performance_metrics.forecasting import MeanAbsolutePercentageError
from sktime.split import ExpandingWindowSplitter

from sklearn_rnn import (
    Forecaster,
    LagTransformer,
    NaiveForecaster,
    make_ar,
    sequences_from_frame,
)
from sklearn_rnn.model_selection import backtest
from tests.interop.full.series import PAST, TABLE, forecaster

pytestmark = [
    pytest.mark.interop_full,
    # that of its next release, which changes no forecast here
    pytest.mark.filterwarnings("ignore:The default of config ``remember_data``:FutureWarning"),
]

SALES, STEPS = PAST["sales"], [1, 2, 3]
ARRAY = np.arange(24.0).reshape(2, 3, 4)


def reduction(strategy="recursive", **parameters):
    model = make_reduction(LinearRegression(), window_length=5, strategy=strategy, **parameters)
    return model.fit(SALES, fh=STEPS)


@pytest.fixture(scope="module")
def panel():
    return convert(ARRAY, "numpy3D", "pd-multiindex")


def test_panels(panel):
    """Rows: `numpy3D`, (instances, variables, times); `pd-multiindex`, (instance, time)."""
    sequences = np.stack(sequences_from_frame(panel))
    assert_array_equal(sequences, ARRAY.transpose(0, 2, 1))
    windows = LagTransformer(1, fill_value=-1).fit_transform(panel)
    assert (np.asarray(windows)[[0, 4]] == -1).all()


def test_recursive_forecasts_and_the_order_of_lags():
    """Rows: `make_reduction(regressor, window_length=10, strategy="recursive")`.

    Rows: `predict(fh=[1, 2, 3])`.
    """
    defaults = inspect.signature(make_reduction).parameters
    assert (defaults["window_length"].default, defaults["strategy"].default) == (10, "recursive")
    ours = forecaster(strategy="recursive")
    assert_allclose(ours.predict(3), reduction().predict(fh=STEPS))
    assert_allclose(ours.models_[0][-1].coef_, reduction().estimator_.coef_)


def test_direct_forecasts():
    """Rows: `strategy="direct"`, `windows_identical=True`; `strategy="multioutput"`."""
    assert inspect.signature(make_reduction).parameters["windows_identical"].default
    own = forecaster(3).predict(3)
    assert_allclose(own, reduction("direct", windows_identical=False).predict(fh=STEPS))
    assert abs(own - reduction("direct").predict(fh=STEPS).to_numpy()).max() > 1e-6
    at_once = forecaster(3, strategy="multi_output").predict(3)
    assert_allclose(at_once, reduction("multioutput").predict(fh=STEPS))


@pytest.mark.parametrize(("theirs", "ours"), [("last", "seasonal"), ("mean", "seasonal_mean")])
def test_baselines(theirs, ours):
    """Rows: `NaiveForecaster("last", sp=7)`, `("mean", sp=7)`."""
    found = Naive(theirs, sp=7).fit(SALES).predict(fh=range(1, 10))
    own = NaiveForecaster(ours, season=7, target="sales").fit(PAST[["sales"]])
    assert_allclose(own.predict(9), found)


def test_splits():
    """Rows: `ExpandingWindowSplitter(fh=[1, 2, 3], step_length=3)`."""
    theirs = ExpandingWindowSplitter(fh=STEPS, initial_window=281, step_length=3).split(SALES)
    ours = TimeSeriesSplit(3, test_size=3).split(SALES)
    for one, other in zip(theirs, ours, strict=True):
        assert_array_equal(one[0], other[0])
        assert_array_equal(one[1], other[1])


@pytest.mark.parametrize(("strategy", "refit"), [("refit", True), ("no-update_params", False)])
def test_back_tests(strategy, refit):
    """Rows: `evaluate(strategy="refit")`, `"no-update_params"`."""
    model = make_reduction(LinearRegression(), window_length=5)
    folds = ExpandingWindowSplitter(fh=STEPS, initial_window=291, step_length=3)
    table = evaluate(model, folds, TABLE["sales"], strategy=strategy, return_data=True)
    ours = backtest(
        Forecaster(make_ar(5), 3, strategy="recursive", target="sales"),
        TABLE[["sales"]],
        cv=3,
        refit=refit,
    )
    assert_allclose(ours.forecasts["forecast"], pd.concat(list(table["y_pred"])))


def test_errors():
    """Rows: `MeanAbsolutePercentageError(symmetric=True)`, from 0 to 2."""
    result = backtest(Forecaster(make_ar(5), 5, target="sales"), TABLE[["sales"]], cv=1)
    theirs = MeanAbsolutePercentageError(symmetric=True)
    found = theirs(*result.forecasts[["actual", "forecast"]].to_numpy().T)
    assert_allclose(result.summary()["smape"], 100 * found)
