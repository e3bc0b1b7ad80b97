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


@pytest.mark.parametrize("alphas", [[10.0, 1.0, 0.0], [1.0, 0.5, 0.0], [0.2, 0.02, 0.0]])
@pytest.mark.parametrize("cls", [LagElasticNetCV, LagRidgeCV])
def test_no_penalty_counts_but_is_not_drawn(cls, alphas):
    by_rule = {rule: cls(alphas=alphas, rule=rule).fit(X, Y) for rule in ("min", "1se")}
    display = PenaltyErrorDisplay.from_estimator(by_rule["min"])
    assert display.alphas.tolist() == alphas
    assert display.alpha_min_ == by_rule["min"].alpha_
    assert display.alpha_1se_ == by_rule["1se"].alpha_
    points = display.ax_.containers[0].lines[0]
    assert_allclose(points.get_xdata(), -np.log(alphas[:-1]))
    marks = labels(display.ax_.get_legend().get_texts())
    assert marks == [f"min: {display.alpha_min_:.3g}", f"1se: {display.alpha_1se_:.3g}"]


def test_no_penalty_can_be_the_best():
    model = LagElasticNetCV(alphas=[1.0, 0.5, 0.0]).fit(X, Y)
    assert PenaltyErrorDisplay.from_estimator(model).alpha_min_ == 0


def test_a_path_without_a_penalty_is_refused_by_name():
    model = LagElasticNetCV(alphas=[0.0]).fit(X, Y)
    with pytest.raises(ValueError, match=r"PenaltyErrorDisplay.* above 0; got \[0\.0\]"):
        PenaltyErrorDisplay.from_estimator(model)


def test_other_models_are_refused_by_name():
    with pytest.raises(ValueError, match="such as LagElasticNetCV; got Ridge"):
        PenaltyErrorDisplay.from_estimator(Ridge().fit(X[:, 0], Y))
