"""The display of the errors of cross-validation along a path of penalties."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from sklearn_rnn import LagElasticNetCV, LagLogisticCV, LagRidgeCV
from sklearn_rnn.plotting import PenaltyErrorDisplay
from tests.displays import labels

pytestmark = pytest.mark.usefixtures("close_figures")

X = np.random.default_rng(0).normal(size=(200, 3, 4))
Y = X[:, -1, 0] - 0.3 * X[:, -2, 1] + np.random.default_rng(1).normal(size=200)


@pytest.mark.parametrize("cls", [LagElasticNetCV, LagRidgeCV, LagLogisticCV])
def test_it_marks_what_both_rules_choose(cls):
    y = Y > 0 if cls is LagLogisticCV else Y
    by_rule = {rule: cls(alphas=20, rule=rule).fit(X, y) for rule in ("min", "1se")}
    display = PenaltyErrorDisplay.from_estimator(by_rule["min"])
    assert display.alpha_min_ == by_rule["min"].alpha_
    assert display.alpha_1se_ == by_rule["1se"].alpha_
    points = display.ax_.containers[0].lines[0]
    assert_allclose(points.get_xdata(), -np.log(display.alphas))
    assert_allclose(points.get_ydata(), display.mean)
    marks = labels(display.ax_.get_legend().get_texts())
    assert [mark.partition(":")[0] for mark in marks] == ["min", "1se"]
    error = "mean deviance" if cls is LagLogisticCV else "mean squared error"
    assert display.ax_.get_ylabel() == error


def test_the_limit_of_no_penalty_is_left_out():
    model = LagRidgeCV(alphas=[0.0, 1.0, 10.0]).fit(X, Y)
    assert PenaltyErrorDisplay.from_estimator(model).alphas.tolist() == [10.0, 1.0]


def test_other_models_are_refused_by_name():
    with pytest.raises(ValueError, match="such as LagElasticNetCV; got Ridge"):
        PenaltyErrorDisplay.from_estimator(Ridge().fit(X[:, 0], Y))
