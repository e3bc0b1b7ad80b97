"""All displays: they draw where they are told, and name what is wrong."""

import re

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer, make_ar
from sklearn_rnn.model_selection import compare_models
from sklearn_rnn.plotting import (
    ForecastDisplay,
    LagImportanceDisplay,
    TrainingCurveDisplay,
)
from tests.displays import QUICK, X, Y

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture(scope="module")
def comparison():
    return compare_models({"ar2": make_ar(2), "mean": DummyRegressor(), "ar1": make_ar(1)}, X, Y)


@pytest.fixture(scope="module")
def net():
    return make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)


def test_every_display_draws_into_given_axes(comparison, net):
    plt = pytest.importorskip("matplotlib.pyplot")
    _, axes = plt.subplots(5)
    displays = [
        comparison.plot(ax=axes[0]),
        comparison.plot(kind="differences", ax=axes[1]),
        LagImportanceDisplay.from_estimator(net, X, Y, ax=axes[2], n_repeats=1),
        TrainingCurveDisplay.from_estimator(net, ax=axes[3]),
        ForecastDisplay.from_estimator(net, X, Y, ax=axes[4]),
    ]
    for ax, display in zip(axes, displays, strict=True):
        assert display.ax_ is ax
        assert display.figure_ is ax.figure


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: ForecastDisplay(observed=[1], predicted=[1]).plot(kind="line"),
            "kind must be 'time' or 'scatter'; got 'line'.",
        ),
        (
            lambda: compare_models({"m": DummyRegressor()}, X, Y).plot(kind="bars"),
            "kind must be 'scores' or 'differences'; got 'bars'.",
        ),
        (
            lambda: TrainingCurveDisplay.from_estimator(LinearRegression()),
            "TrainingCurveDisplay needs a fitted network with loss_curve_; got LinearRegression.",
        ),
        (
            lambda: TrainingCurveDisplay.from_estimator(make_ar(1), log_scale=[]),
            "The 'log_scale' parameter of TrainingCurveDisplay.from_estimator must be an instance "
            f"of 'bool' or an instance of 'numpy.{np.bool_.__name__}'. Got [] instead.",
        ),
        (
            lambda: ForecastDisplay.from_estimator(make_ar(1).fit(X, Y), X, Y, output=1.5),
            "The 'output' parameter of ForecastDisplay.from_estimator must be an int in the "
            "range [0, inf). Got 1.5 instead.",
        ),
        (
            lambda: ForecastDisplay.from_estimator(make_ar(1).fit(X, Y), X, Y, output=1),
            "output=1 is none of the outputs, whose shape is (120,).",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(make_ar(1), X, Y, signed=True),
            "signed=True needs method='integrated_gradients'.",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(
                {"one": make_ar(1).fit(X, Y), "two": make_ar(2).fit(X, Y)}, X, Y
            ),
            "All models must have the same lags and channels; 'two' has [2 1] and ['a', 'b'], the "
            "first has [1] and ['a', 'b'].",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call()


def test_without_matplotlib_an_error_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"ForecastDisplay\.plot requires matplotlib"):
        ForecastDisplay(observed=[1.0], predicted=[1.0]).plot()
