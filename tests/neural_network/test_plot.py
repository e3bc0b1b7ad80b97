"""The display of a training run: what it holds and draws."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer
from sklearn_rnn.plotting import (
    TrainingCurveDisplay,
)
from tests.displays import QUICK, X, Y

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture(scope="module")
def net():
    return make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)


def test_the_training_curve_marks_the_best_epoch(net):
    display = TrainingCurveDisplay.from_estimator(net)
    assert display.best_epoch_ is None
    (line,) = display.lines_
    loss = np.subtract(net[-1].loss_curve_, net[-1].penalty_curve_)
    np.testing.assert_array_equal(line.get_ydata(), loss)
    assert line.get_label() == "training"
    model = DenseRegressor(early_stopping=True, learning_rate=0.1, **QUICK)
    model.fit(np.asarray(X), np.asarray(Y))
    display = TrainingCurveDisplay.from_estimator(model, log_scale=True)
    curve = model.validation_loss_curve_
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), curve)
    np.testing.assert_array_equal(display.lines_[1].get_xdata(), np.arange(1, 5))
    assert display.best_epoch_ == np.argmin(curve) + 1
    assert display.ax_.get_yscale() == "log"
