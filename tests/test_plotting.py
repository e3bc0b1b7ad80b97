"""The displays: what they hold and draw, not how it looks."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer, make_ar
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.model_selection import compare_models
from sklearn_rnn.plotting import (
    ComparisonDisplay,
    ForecastDisplay,
    LagImportanceDisplay,
    TrainingCurveDisplay,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2020-01-01", periods=120)
X = pd.DataFrame(RNG.normal(size=(120, 2)), index=DAYS, columns=["a", "b"])
Y = (X["a"].shift(1, fill_value=0.0) + 0.1 * RNG.normal(size=120)).rename("demand")
QUICK = {"max_epochs": 4, "lr_schedule": "cosine", "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def comparison():
    return compare_models({"ar2": make_ar(2), "mean": DummyRegressor(), "ar1": make_ar(1)}, X, Y)


@pytest.fixture(scope="module")
def net():
    return make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)


def labels(texts):
    return [text.get_text() for text in texts]


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
    assert display.ax_.get_xlabel() == "r2: folds, mean and standard error"


def test_comparison_shades_one_standard_error_of_each_difference_to_the_best(comparison):
    ax = comparison.plot().ax_
    assert ax.get_title(loc="right").startswith("grey: within one standard error of the diff")
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
    title = single.plot().ax_.get_title(loc="right")
    assert title == "within one standard error of the difference to the best; ★ to be taken"


@pytest.fixture(scope="module")
def with_a_floor():
    floor = DummyRegressor(strategy="constant", constant=9.0)
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
    assert text == f"\N{LEFTWARDS ARROW} {mean}, out of range"
    assert ax.patches[0].get_width() == 0  # no shade for what is not there


def test_differences_that_are_far_off_are_named_and_zero_stays_in_sight(with_a_floor):
    ax = with_a_floor.plot(kind="differences", reference="mean").ax_
    assert -2 < ax.get_xlim()[0] < 0 < ax.get_xlim()[1] < 2
    assert len(ax.texts) == 1
    ax = with_a_floor.plot(kind="differences", reference="floor").ax_
    assert ax.get_xlim()[0] < 0
    assert not ax.texts


def test_a_single_fold_that_is_far_off_is_named_too():
    def scorer(model, X, y):
        fold = DAYS.get_loc(X.index[0]) // 12
        return -10.0 if fold == 9 and isinstance(model, LinearRegression) else -0.1 * fold

    models = {"mean": DummyRegressor(), "ols": LinearRegression()}
    ax = compare_models(models, X, Y, cv=KFold(10), scoring=scorer).plot().ax_
    text = "\N{LEFTWARDS ARROW} down to \N{MINUS SIGN}10, out of range"
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
    assert f"difference to '{reference}'" in display.ax_.get_xlabel()


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


def test_every_display_draws_into_given_axes(comparison, net):
    _, axes = matplotlib.pyplot.subplots(5)
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


def test_lag_importance_is_drawn_with_the_newest_lag_on_top(net):
    display = LagImportanceDisplay.from_estimator(net, X, Y, random_state=0)
    expected = lag_importance(net, X, Y, random_state=0).importances_mean
    np.testing.assert_allclose(display.image_.get_array(), expected[::-1])
    assert labels(display.ax_.get_yticklabels()) == ["1", "2", "3"]
    assert labels(display.ax_.get_xticklabels()) == ["a", "b"]
    assert display.colorbar_.ax.get_ylabel() == "loss of score when permuted"


def test_several_models_share_axes_and_colours(net):
    models = {"ar": make_ar(3).fit(X, Y), "net": net}
    options = {"method": "integrated_gradients", "signed": True}
    display = LagImportanceDisplay.from_estimator(models, X, **options)
    drawn = display.image_.get_array()
    assert drawn.shape == (3, 5)
    effects = {name: lag_importance(m, X, method=options["method"]) for name, m in models.items()}
    np.testing.assert_allclose(drawn[:, :2], effects["ar"].effects[::-1])
    np.testing.assert_allclose(drawn[:, 3:], effects["net"].effects[::-1])
    assert drawn.mask[:, 2].all()
    assert labels(display.ax_.texts) == ["ar", "net"]
    assert labels(display.ax_.get_xticklabels()) == ["a", "b", "a", "b"]
    assert display.colorbar_.ax.get_ylabel() == "effect of one deviation"


def test_colours_are_centred_at_zero_if_signs_matter():
    values = {"": np.array([[1.0, -2.0]])}
    display = LagImportanceDisplay(values=values, lags=np.array([1]), channels=["a", "b"]).plot()
    assert display.image_.get_clim() == (-2.0, 2.0)
    assert display.image_.get_cmap().name == "RdBu_r"
    values = {"": np.array([[1.0, 3.0]])}
    display = LagImportanceDisplay(values=values, lags=np.array([1]), channels=["a", "b"]).plot()
    assert display.image_.get_clim() == (0.0, 3.0)


def test_many_lags_have_few_labels():
    values = {"": RNG.random((200, 1))}
    display = LagImportanceDisplay(values=values, lags=np.arange(200, 0, -1), channels=["a"])
    shown = labels(display.plot().ax_.get_yticklabels())
    assert len(shown) == 15
    assert shown[0] == "1"
    assert shown[-1] == "200"


def test_the_training_curve_marks_the_best_epoch(net):
    display = TrainingCurveDisplay.from_estimator(net)
    assert display.best_epoch_ is None
    (line,) = display.lines_
    np.testing.assert_array_equal(line.get_ydata(), net[-1].loss_curve_)
    model = DenseRegressor(early_stopping=True, learning_rate=0.1, **QUICK)
    model.fit(np.asarray(X), np.asarray(Y))
    display = TrainingCurveDisplay.from_estimator(model, log_scale=True)
    curve = model.validation_loss_curve_
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), curve)
    np.testing.assert_array_equal(display.lines_[1].get_xdata(), np.arange(1, 5))
    assert display.best_epoch_ == np.argmin(curve) + 1
    assert display.ax_.get_yscale() == "log"


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
            "TrainingCurveDisplay needs a fitted net, which has loss_curve_; got LinearRegression.",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(make_ar(1), X, Y, signed=True),
            "signed=True needs method='integrated_gradients'.",
        ),
        (
            lambda: LagImportanceDisplay.from_estimator(
                {"one": make_ar(1).fit(X, Y), "two": make_ar(2).fit(X, Y)}, X, Y
            ),
            "The models must have the same lags and channels; 'two' has [2 1] and ['a', 'b'], the "
            "first [1] and ['a', 'b'].",
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
