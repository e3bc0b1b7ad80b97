"""The display of a comparison: what it holds and draws."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold

from sklearn_rnn import make_ar
from sklearn_rnn.model_selection import compare_models
from sklearn_rnn.plotting import (
    ComparisonDisplay,
)
from tests.displays import DAYS, X, Y, labels

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture(scope="module")
def comparison():
    return compare_models({"ar2": make_ar(2), "mean": DummyRegressor(), "ar1": make_ar(1)}, X, Y)


def test_comparison_draws_the_scores_of_every_fold_from_the_simplest_model_down(comparison):
    display = comparison.plot()
    assert isinstance(display, ComparisonDisplay)
    assert display.order_ == ["mean", "ar1", "ar2"]
    assert display.ax_.figure is display.figure_
    for points, bar, name in zip(display.points_, display.means_, display.order_, strict=True):
        np.testing.assert_array_equal(points.get_xdata(), comparison.scores[name])
        mean = comparison.scores[name].mean()
        np.testing.assert_allclose(np.asarray(bar[0].get_xdata(), dtype=float), mean)
    shown = labels(display.ax_.get_yticklabels())
    assert shown == ["mean\n1 parameter", "★ ar1\n3 parameters", "ar2\n5 parameters"]
    assert display.ax_.get_xlabel() == "r2 (points: folds, bars: mean ± standard error)"


def test_comparison_shades_one_standard_error_of_each_difference_to_the_best(comparison):
    ax = comparison.plot().ax_
    title = "★ simplest model within one standard error (grey) of the best"
    assert ax.get_title() == title
    error = comparison.difference("ar1", "ar2")["standard_error"]
    expected = {"mean": 0.0, "ar1": -error, "ar2": -error, comparison.best: 0.0}
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(
        [expected[name] for name in ("mean", "ar1", "ar2")]  # the mean itself is out of range
    )
    best = comparison.scores[comparison.best].mean()
    assert [bar.get_x() for bar in ax.patches] == pytest.approx([best] * 3)


def test_a_single_split_has_nothing_to_shade():
    models = {"mean": DummyRegressor(), "ar1": make_ar(1)}
    single = compare_models(models, X, Y, cv=[(np.arange(90), np.arange(90, 120))])
    title = single.plot().ax_.get_title()
    assert title == "★ simplest model within one standard error of the best"


@pytest.fixture(scope="module")
def with_a_floor():
    floor = DummyRegressor(strategy="constant", constant=90.0)
    models = {"floor": floor, "mean": DummyRegressor(), "ols": LinearRegression(), "ar": make_ar(1)}
    return compare_models(models, X, Y + X["a"], scoring="neg_mean_absolute_error")


def test_what_is_far_off_is_named_and_does_not_press_the_rest_together(with_a_floor):
    ax = with_a_floor.plot().ax_
    scores = with_a_floor.scores
    seen = scores.drop(columns="floor").to_numpy()
    low, high = ax.get_xlim()
    assert scores["floor"].max() < low < seen.min()
    assert high > seen.max()
    assert np.ptp(seen) > 0.7 * (high - low)
    mean = f"{scores['floor'].mean():.3g}".replace("-", "\N{MINUS SIGN}")
    (text,) = labels(ax.texts)
    assert text == f"\N{LEFTWARDS ARROW} {mean} (not shown)"
    assert ax.patches[0].get_width() == 0  # no shade for what is not there


def test_what_is_within_ten_times_the_range_of_the_others_is_drawn():
    bad = DummyRegressor(strategy="constant", constant=4.0)
    models = {"bad": bad, "mean": DummyRegressor(), "ols": LinearRegression(), "ar": make_ar(1)}
    compared = compare_models(models, X, Y + X["a"], scoring="neg_mean_absolute_error")
    others = compared.scores.drop(columns="bad").to_numpy()
    assert 2 < (others.min() - compared.scores["bad"].mean()) / np.ptp(others) < 10
    ax = compared.plot().ax_
    assert ax.get_xlim()[0] < compared.scores["bad"].min()
    assert not labels(ax.texts)


def test_differences_that_are_far_off_are_named_and_zero_stays_in_sight(with_a_floor):
    ax = with_a_floor.plot(kind="differences", reference="mean").ax_
    assert -2 < ax.get_xlim()[0] < 0 < ax.get_xlim()[1] < 2
    assert len(ax.texts) == 1
    ax = with_a_floor.plot(kind="differences", reference="floor").ax_
    assert ax.get_xlim()[0] < 0
    assert not ax.texts


def test_a_single_fold_that_is_far_off_is_named_too():
    def scorer(model, X, y):
        fold = DAYS.get_loc(X.index[0]) // 6
        return -100.0 if fold == 19 and isinstance(model, LinearRegression) else -0.1 * fold

    models = {"mean": DummyRegressor(), "ols": LinearRegression()}
    ax = compare_models(models, X, Y, cv=KFold(20), scoring=scorer).plot().ax_
    text = "\N{LEFTWARDS ARROW} down to \N{MINUS SIGN}100 (not shown)"
    assert labels(ax.texts) == [text]


@pytest.mark.parametrize(("given", "reference"), [(None, "mean"), ("ar2", "ar2")])
def test_comparison_draws_differences_with_their_intervals(comparison, given, reference):
    display = comparison.plot(kind="differences", reference=given)
    assert display.order_ == [name for name in ("mean", "ar1", "ar2") if name != reference]
    for bar, name in zip(display.means_, display.order_, strict=True):
        test = comparison.difference(name, reference)
        middle = np.asarray(bar[0].get_xdata(), dtype=float)
        np.testing.assert_allclose(middle, test["score"])
        ends = np.ravel(bar[2][0].get_segments())[[0, 2]]
        np.testing.assert_allclose(ends, [test["low"], test["high"]])
    assert f"difference in r2 to '{reference}'" in display.ax_.get_xlabel()


class Fails(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        if len(X) > 50:
            raise RuntimeError("no")
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_comparison_draws_failures_even_if_nothing_else():
    for models in ({"bad": Fails(), "mean": DummyRegressor()}, {"bad": Fails()}):
        display = compare_models(models, X, Y).plot()
        assert "bad\nfailed 3 times" in labels(display.ax_.get_yticklabels())


def test_differences_to_a_model_that_failed_are_drawn_without_numbers():
    models = {"mean": DummyRegressor(), "fails": make_ar(1, known_ahead=["zz"])}
    display = compare_models(models, X, Y).plot(kind="differences", reference="mean")
    assert display.order_ == ["fails"]
    assert not display.ax_.texts
