"""The display of a forecast: what it holds and draws."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from sklearn_rnn.plotting import (
    ForecastDisplay,
)
from tests.displays import DAYS, X, Y

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.mark.parametrize("index", [DAYS, DAYS.to_period(), pd.RangeIndex(10, 130), list(X["a"])])
def test_forecasts_are_drawn_at_the_times_of_the_index(index):
    table = X.set_index(pd.Index(index))
    model = LinearRegression().fit(table, Y)
    display = ForecastDisplay.from_estimator(model, table, Y)
    observed, predicted = display.lines_
    np.testing.assert_array_equal(observed.get_ydata(), Y)
    np.testing.assert_array_equal(predicted.get_ydata(), model.predict(table))
    times = DAYS if isinstance(index, pd.PeriodIndex) else table.index
    np.testing.assert_array_equal(observed.get_xdata(), times)
    assert display.ax_.get_ylabel() == "demand"


@pytest.mark.parametrize(
    "index", [list("ab") * 60, pd.MultiIndex.from_product([list("ab"), range(60)])]
)
def test_rows_without_times_are_counted(index):
    table = X.set_index(pd.Index(index))
    display = ForecastDisplay.from_estimator(LinearRegression().fit(table, Y), table, Y)
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), np.arange(120))


def test_one_of_several_targets_is_drawn():
    y = np.column_stack([Y, 2 * Y])
    display = ForecastDisplay.from_estimator(LinearRegression().fit(X, y), X, y, output=1)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), 2 * Y)
    assert display.ax_.get_ylabel() == "y"


def test_observed_values_against_predicted_ones():
    model = LinearRegression().fit(X, Y)
    display = ForecastDisplay.from_estimator(model, X, Y, kind="scatter")
    points, diagonal = display.lines_
    np.testing.assert_array_equal(points.get_xdata(), model.predict(X))
    np.testing.assert_array_equal(points.get_ydata(), Y)
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())


def test_a_later_step_is_not_drawn_beside_y_of_the_first():
    model = LinearRegression().fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="y must have a column for each output that is predicted"):
        ForecastDisplay.from_estimator(model, X, Y, output=1)


def test_targets_of_another_length_are_named():
    model = LinearRegression().fit(X, Y)
    with pytest.raises(ValueError, match=r"y must have a value for each .*got the shape \(\)"):
        ForecastDisplay.from_estimator(model, X, 3.0, kind="scatter")
