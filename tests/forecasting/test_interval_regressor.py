import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, QuantileRegressor, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    IntervalRegressor,
    LagTransformer,
    make_ar,
    make_lagged,
    make_linear,
)
from sklearn_rnn.exceptions import IncompleteWindowsWarning, InfiniteIntervalWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = X[:, 0] + RNG.normal(size=300)
DAYS = pd.date_range("2026-01-01", periods=300)


def series(n_rows=300):
    """A random walk with a calendar."""
    walk = pd.Series(RNG.normal(size=n_rows).cumsum(), DAYS[:n_rows], name="a")
    return walk.to_frame(), walk


def panel(n_series=3, n_rows=100):
    """Series of different noise in long format, in a drawn order of the rows."""
    parts = [
        pd.DataFrame({"store": k, "day": DAYS[:n_rows], "x": (k + 1.0) * RNG.normal(size=n_rows)})
        for k in range(n_series)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.iloc[RNG.permutation(len(table))].reset_index(drop=True)


def of_lags():
    lags = LagTransformer(3, flatten=True, time="day", series="store")
    return make_pipeline(lags, Ridge())


def covered(intervals, y):
    return (intervals[..., 0] <= y) & (y <= intervals[..., 1])


def test_split_intervals_equal_the_formula():
    fitted = Ridge().fit(X[:160], Y[:160])
    scores = np.sort(np.abs(Y[160:200] - fitted.predict(X[160:200])))
    margin = scores[int(np.ceil(41 * 0.8)) - 1]
    model = IntervalRegressor(Ridge(), level=0.8).fit(X[:200], Y[:200])
    center = fitted.predict(X[200:])
    expected = np.column_stack([center - margin, center + margin])
    assert_allclose(model.predict_interval(X[200:]), expected, rtol=1e-12)
    assert_array_equal(model.predict(X[200:]), center)
    assert model.n_calibration_ == 40


def test_quantile_intervals_equal_the_formula():
    low, high = (QuantileRegressor(quantile=q, alpha=0.0).fit(X[:160], Y[:160]) for q in (0.1, 0.9))
    ends = low.predict(X), high.predict(X)
    scores = np.sort(np.maximum(ends[0] - Y, Y - ends[1])[160:200])
    margin = scores[int(np.ceil(41 * 0.8)) - 1]
    model = IntervalRegressor(QuantileRegressor(alpha=0.0), level=0.8, method="cqr")
    intervals = model.fit(X[:200], Y[:200]).predict_interval(X[200:])
    expected = np.column_stack([ends[0] - margin, ends[1] + margin])[200:]
    assert_allclose(intervals, expected, rtol=1e-9)
    median = QuantileRegressor(quantile=0.5, alpha=0.0).fit(X[:160], Y[:160])
    assert_allclose(model.predict(X[200:]), median.predict(X[200:]))


@pytest.mark.parametrize("loss", ["quantile", "normal"])
def test_a_network_of_quantiles_or_a_distribution_gives_both_ends_at_once(loss):
    table, y = series()
    net = DenseRegressor(
        hidden_layer_sizes=(), loss=loss, max_epochs=30, learning_rate=0.05, tol=1.0, random_state=0
    )
    model = CompleteRows(make_pipeline(LagTransformer(2), net))
    wrapped = IntervalRegressor(model, level=0.8, method="cqr").fit(table[:200], y[:200])
    fitted = wrapped.estimator_
    assert not hasattr(net, "module_")
    ends = fitted.predict(table, quantiles=[0.1, 0.9])
    scores = np.sort(np.maximum(ends[:, 0] - y, y - ends[:, 1])[160:200])
    margin = scores[int(np.ceil(41 * 0.8)) - 1]
    assert_allclose(
        wrapped.predict_interval(table)[3:], ends[3:] + np.array([-margin, margin]), rtol=1e-6
    )
    assert_allclose(wrapped.predict(table), fitted.predict(table))


@pytest.mark.parametrize("loss", ["quantile", "normal"])
@pytest.mark.parametrize("inside", [False, True], ids=["of a network", "of a pipeline"])
def test_a_search_asks_its_best_estimator_for_both_ends(loss, inside):
    net = DenseRegressor(hidden_layer_sizes=(), loss=loss, max_epochs=3, tol=1.0, random_state=0)
    model = make_pipeline(StandardScaler(), net) if inside else net
    name = "denseregressor__l1_ratio" if inside else "l1_ratio"
    search = GridSearchCV(model, {name: [0.0]}, cv=2)
    found, alone = (
        IntervalRegressor(one, method="cqr").fit(X, Y).predict_interval(X)
        for one in (search, model)
    )
    assert_allclose(found, alone, rtol=1e-6)


def test_a_search_of_distributions_inside_a_pipeline_is_refused_before_it_is_fitted():
    search = GridSearchCV(DenseRegressor(loss="normal"), {"alpha": [0.1, 1.0]})
    model = IntervalRegressor(make_pipeline(StandardScaler(), search), method="cqr")
    with pytest.raises(ValueError, match="method='cqr' needs a regressor of quantiles; got Pipe"):
        model.fit(X, Y)


@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (Ridge(), "split"),
        (Ridge(), "aci"),
        (make_pipeline(StandardScaler(), QuantileRegressor(alpha=0.0)), "cqr"),
        (HistGradientBoostingRegressor(loss="quantile", max_iter=20), "cqr"),
        (GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}), "split"),
    ],
)
@pytest.mark.parametrize("refit", [False, True])
def test_intervals_cover_rows_of_the_same_distribution(estimator, method, refit):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 2))
    y = X[:, 0] + (1 + np.abs(X[:, 1])) * rng.normal(size=3000)
    model = IntervalRegressor(estimator, level=0.8, method=method, refit=refit)
    intervals = model.fit(X[:2000], y[:2000]).predict_interval(X[2000:])
    assert covered(intervals, y[2000:]).mean() == pytest.approx(0.8, abs=0.06)


def test_intervals_of_a_wrong_regressor_cover_too():
    class Wrong(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            return self

        def predict(self, X):
            return 100 * X[:, 1]

    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(4000, 2)), rng.normal(size=4000)
    model = IntervalRegressor(Wrong(), calibration_fraction=0.5).fit(X[:2000], y[:2000])
    assert covered(model.predict_interval(X[2000:]), y[2000:]).mean() == pytest.approx(
        0.9, abs=0.035
    )


def test_several_outputs_have_the_intervals_of_each_alone():
    y = np.column_stack([Y, 10 * RNG.normal(size=300)])
    for method in ("split", "aci"):
        both = IntervalRegressor(Ridge(), method=method).fit(X[:200], y[:200])
        together = both.predict_interval(X[200:])
        online = both.predict_interval_online(X[200:], y[200:], delay=[1, 3])
        assert together.shape == online.shape == (100, 2, 2)
        for j, delay in enumerate((1, 3)):
            alone = IntervalRegressor(Ridge(), method=method).fit(X[:200], y[:200, j])
            assert_allclose(alone.predict_interval(X[200:]), together[:, j])
            assert_allclose(
                alone.predict_interval_online(X[200:], y[200:, j], delay=delay), online[:, j]
            )


def test_calibration_rows_of_a_pipeline_with_lags_have_their_past():
    table, y = series()
    pipeline = make_pipeline(LagTransformer(3, flatten=True), LinearRegression())
    for data in (table, table.to_numpy()):
        model = IntervalRegressor(pipeline).fit(data[:200], y[:200].to_numpy())
        fitted = pipeline.fit(data[:160], y[:160].to_numpy())
        scores = np.sort(np.abs(y[:200] - fitted.predict(data[:200]))[160:])
        margin = scores[int(np.ceil(41 * 0.9)) - 1]
        width = np.ptp(model.predict_interval(data[:250])[200:], axis=1)
        assert_allclose(width, 2 * margin)


@pytest.mark.parametrize("delay", [1, 4])
def test_an_online_interval_depends_on_no_target_that_is_not_known_yet(delay):
    model = IntervalRegressor(Ridge(), method="aci", step_size=0.05).fit(X[:200], Y[:200])
    before = model.predict_interval_online(X[200:], Y[200:], delay=delay)
    changed = Y[200:].copy()
    changed[50] += 100.0
    after = model.predict_interval_online(X[200:], changed, delay=delay)
    same = (before == after).all(axis=1)
    assert same[: 50 + delay].all()
    assert not same[50 + delay :].all()


def test_updates_row_by_row_are_the_online_intervals():
    model = IntervalRegressor(Ridge(), method="aci", step_size=0.05).fit(X[:200], Y[:200])
    online = model.predict_interval_online(X[200:], Y[200:])
    at_once = IntervalRegressor(Ridge(), method="aci", step_size=0.05).fit(X[:200], Y[:200])
    at_once.update(X[200:299], Y[200:299])
    for row in range(200, 300):
        assert_allclose(model.predict_interval(X[row : row + 1])[0], online[row - 200])
        model.update(X[row : row + 1], Y[row : row + 1])
    assert_allclose(at_once.predict_interval(X[299:])[0], online[-1])


def test_updates_of_split_intervals_replace_the_oldest_scores():
    model = IntervalRegressor(Ridge()).fit(X[:200], Y[:200])
    model.update(X[200:240], Y[200:240])
    again = IntervalRegressor(FrozenEstimator(model.estimator_)).conformalize(
        X[200:240], Y[200:240]
    )
    assert_allclose(model.predict_interval(X[240:]), again.predict_interval(X[240:]))


def test_adaptive_intervals_of_a_series_are_those_of_the_series_alone():
    table = panel()
    fitted = FrozenEstimator(of_lags().fit(table, table["x"]))
    adaptive = IntervalRegressor(fitted, level=0.8, method="aci", calibration_fraction=0.5)
    model = adaptive.fit(table, table["x"])
    intervals = model.predict_interval_online(table, table["x"])
    single = model.predict_interval(table)
    for store in range(3):
        rows = (table["store"] == store).to_numpy()
        own = table[rows].sort_values("day")
        alone = IntervalRegressor(fitted, level=0.8, method="aci", calibration_fraction=0.5)
        alone.fit(own, own["x"])
        of_days = pd.DataFrame(intervals[rows], table.index[rows]).loc[own.index]
        assert_allclose(of_days, alone.predict_interval_online(own, own["x"]))
        width = np.ptp(single[rows], axis=1)
        assert_allclose(width, width[0])
    widths = [np.ptp(single[table["store"] == k], axis=1)[0] for k in range(3)]
    assert widths[0] < widths[1] < widths[2]  # as the noise


def test_a_panel_calibrates_on_the_last_rows_of_each_series_in_any_order():
    table = panel()
    ordered = table.sort_values(["store", "day"], ignore_index=True)
    last = ordered.groupby("store").cumcount() >= 80
    model = IntervalRegressor(of_lags()).fit(table, table["x"])
    fitted = of_lags().fit(ordered[~last], ordered["x"][~last])
    scores = np.sort(np.abs(ordered["x"] - fitted.predict(ordered))[last])
    margin = scores[int(np.ceil(61 * 0.9)) - 1]
    assert_allclose(np.ptp(model.predict_interval(table), axis=1), 2 * margin)


def test_windows_of_a_panel_calibrate_on_the_last_of_each_series():
    table = panel().set_index(["store", "day"]).sort_index()
    windows, y = make_lagged(table, table["x"], 3)
    net = DenseRegressor(hidden_layer_sizes=(), max_epochs=3, tol=1.0, device="cpu")
    model = IntervalRegressor(net, level=0.8).fit(windows, y)
    assert model.n_calibration_ == pytest.approx(0.2 * len(y), abs=1)
    last = np.concatenate(
        [np.arange(97)[-20:] + 97 * k for k in range(3)]
    )  # three rows of each series have no window
    scores = np.abs(y - model.predict(windows))[last]
    width = np.ptp(model.predict_interval(windows), axis=1) / 2
    assert np.mean(scores <= width[0]) == pytest.approx(0.8, abs=0.05)
    assert_allclose(
        model.predict_interval_online(windows, y)[0], model.predict_interval(windows)[0]
    )


def test_new_series_have_the_calibration_of_all():
    table = panel()
    model = IntervalRegressor(of_lags(), method="aci").fit(table, table["x"])
    new = table[table["store"] == 1].assign(store=99)
    pooled = IntervalRegressor(of_lags()).fit(table, table["x"])
    assert_allclose(model.predict_interval(new), pooled.predict_interval(new))


def test_conformalize_equals_fit_with_a_fitted_regressor():
    fitted = FrozenEstimator(Ridge().fit(X[:160], Y[:160]))
    prepared = IntervalRegressor(fitted).conformalize(X[160:200], Y[160:200])
    whole = IntervalRegressor(Ridge()).fit(X[:200], Y[:200])
    assert_array_equal(prepared.predict_interval(X), whole.predict_interval(X))


def test_rows_after_the_calibration_have_it_as_their_past():
    table, y = series()
    for model in (make_ar(3), make_pipeline(LagTransformer(3, flatten=True), Ridge())):
        intervals = IntervalRegressor(model).fit(table[:200], y[:200])
        whole = model.fit(table[:160], y[:160]).predict(table)  # of all rows at once
        assert_allclose(intervals.predict(table[200:]), whole[200:])
        assert_allclose(intervals.predict_interval(table[200:]).mean(axis=1), whole[200:])
        assert_allclose(intervals.predict(table), whole)
        with pytest.warns(IncompleteWindowsWarning, match="^Lags are filled in 3 of 90 windows"):
            intervals.predict(table[210:])
        intervals.update(table[200:210], y[200:210])
        assert_allclose(intervals.predict(table[210:]), whole[210:])


def test_rows_of_a_panel_have_the_past_of_their_series():
    table = panel()
    early = (table["day"] < DAYS[80]).to_numpy()
    model = IntervalRegressor(of_lags()).fit(table[early], table["x"][early])
    fitted = model.estimator_.predict(table)
    assert_allclose(model.predict(table[~early]), fitted[~early])
    one = ~early & (table["store"] == 2).to_numpy()
    assert_allclose(model.predict(table[one]), fitted[one])


def test_rows_of_polars_have_their_past_too():
    table = panel()
    rows = pl.DataFrame({name: table[name].to_numpy() for name in table})
    y = table["x"].to_numpy()
    first, *others = (
        table["day"].isin(DAYS[start:end]).to_numpy()
        for start, end in ((0, 80), (80, 90), (90, 100))
    )
    model = IntervalRegressor(of_lags()).fit(rows.filter(first), y[first])
    whole = model.estimator_.predict(table)
    for part in others:
        assert_allclose(model.predict(rows.filter(part)), whole[part])
        model.update(rows.filter(part), y[part])


def test_refit_changes_the_regressor_and_not_the_margin():
    once = IntervalRegressor(Ridge()).fit(X, Y)
    again = IntervalRegressor(Ridge(), refit=True).fit(X, Y)
    assert_array_equal(again.predict(X), Ridge().fit(X, Y).predict(X))
    widths = [np.ptp(model.predict_interval(X), axis=1) for model in (once, again)]
    assert_allclose(*widths)


def test_sample_weights_go_to_the_regressor_with_their_rows():
    weight = RNG.uniform(size=300)
    model = IntervalRegressor(Ridge()).fit(X, Y, sample_weight=weight)
    expected = Ridge().fit(X[:240], Y[:240], sample_weight=weight[:240])
    assert_allclose(model.predict(X), expected.predict(X))


def test_too_few_rows_make_infinite_intervals_and_a_warning_with_their_number():
    model = IntervalRegressor(Ridge(), level=0.9).fit(X[:40], Y[:40])  # eight calibrate
    with pytest.warns(
        InfiniteIntervalWarning,
        match=r"Intervals are infinite in 5 of 5 rows: .* needs 9 .* got 8",
    ):
        assert np.isinf(model.predict_interval(X[:5])).all()
    IntervalRegressor(Ridge()).fit(X[:45], Y[:45]).predict_interval(X)  # nine: no warning


def test_intervals_are_usable_in_a_search_and_in_cross_validation():
    grid = {"estimator__alpha": [1.0, 1e4]}
    search = GridSearchCV(IntervalRegressor(Ridge()), grid).fit(X, Y)
    assert search.best_params_ == {"estimator__alpha": 1.0}
    scores = cross_val_score(IntervalRegressor(make_ar(2)), *series(), cv=TimeSeriesSplit(5))
    assert scores.shape == (5,)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (Ridge(), "method='cqr' needs a regressor of quantiles; got Ridge"),
        (HistGradientBoostingRegressor(), "method='cqr' needs a regressor of quantiles"),
        (DenseRegressor(), "method='cqr' needs a regressor of quantiles; got DenseRegressor"),
        (make_linear(3, 2), r"estimator must predict y of the same row alone; got horizon=2"),
        (FrozenEstimator(make_linear(3, 2)), r"estimator must predict y of the same row alone"),
    ],
)
def test_an_unsuitable_regressor_is_refused_before_it_is_fitted(estimator, message):
    model = IntervalRegressor(estimator, method="cqr")
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "estimator_")


def test_a_table_that_is_not_yet_read_is_refused():
    with pytest.raises(TypeError, match=r"^X must hold its values; got a LazyFrame"):
        IntervalRegressor(Ridge()).fit(pl.LazyFrame({"a": Y}), Y)


def test_targets_of_another_shape_and_bad_delays_are_refused():
    model = IntervalRegressor(Ridge()).fit(X, Y)
    with pytest.raises(ValueError, match="y has the shape"):
        model.update(X, np.column_stack([Y, Y]))
    for delay in (0, 1.5, [1, 2], [[1]]):
        with pytest.raises(
            ValueError, match=r"^delay must be an integer of at least 1, .* are 1; "
        ):
            model.predict_interval_online(X, Y, delay=delay)
    with pytest.raises(ValueError, match=r"at least two samples.*n_samples = 1"):
        IntervalRegressor(Ridge()).fit(X[:1], Y[:1])
