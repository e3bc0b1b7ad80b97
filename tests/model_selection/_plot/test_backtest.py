"""The display of a back-test: what it holds and draws."""

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from sklearn_rnn import Forecaster, NaiveForecaster, make_ar
from sklearn_rnn.model_selection import backtest
from sklearn_rnn.plotting import BacktestDisplay
from tests.displays import Y, labels

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture(scope="module")
def result():
    return backtest({"ar": Forecaster(make_ar(2), 3), "naive": NaiveForecaster()}, Y, cv=2)


@pytest.mark.parametrize(("metric", "name"), [(None, "MASE"), ("rmse", "RMSE"), ("smape", "sMAPE")])
def test_errors_are_drawn_by_step(result, metric, name):
    display = result.plot(metric=metric)
    assert isinstance(display, BacktestDisplay)
    assert labels(display.ax_.get_legend().get_texts()) == ["ar", "naive"]
    errors = result.errors(["model", "step"])[metric or "mase"]
    for line, model in zip(display.lines_, ["ar", "naive"], strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), errors[model])
    assert display.ax_.get_xlabel() == "steps ahead"
    assert display.ax_.get_ylabel() == name
    again = display.plot(ax=display.ax_)
    assert again.figure_ is display.figure_


def test_errors_of_intervals_are_drawn_too():
    model = NaiveForecaster(calibration_rows=12)
    result = backtest(model, Y, cv=TimeSeriesSplit(2, test_size=3), level=[0.5, 0.8])
    for metric, name in (("coverage_0.8", "coverage 0.8"), ("crps", "CRPS")):
        display = result.plot(metric=metric)
        assert display.ax_.get_ylabel() == name
        np.testing.assert_array_equal(display.lines_[0].get_ydata(), result.errors("step")[metric])


@pytest.mark.parametrize("metric", ["r2", "n", "coverage"])
def test_another_error_is_refused(result, metric):
    with pytest.raises(ValueError, match=rf"^metric must be one of .* got '{metric}'\."):
        result.plot(metric=metric)
