"""Forecasts of panels and by all strategies against twins by hand, and what they may not read."""

import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    DenseRegressor,
    DifferencedRegressor,
    Forecaster,
    LagRidgeCV,
    LagTransformer,
    LocalForecaster,
    NaiveForecaster,
    make_ar,
    make_lagged,
    make_lasso,
    make_linear,
)
from sklearn_rnn.exceptions import (
    IncompleteWindowsWarning,
    TargetLeakWarning,
    UnreadColumnsWarning,
)
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, backtest

RNG = np.random.default_rng(0)
HORIZON = 4
STRATEGIES = ["direct", "recursive", "multi_output"]
NAMES = {"time": "month", "series": "store"}
LAST_NET = make_pipeline(
    LagTransformer(4),
    DenseRegressor(standardize="last", max_epochs=3, lr_schedule="cosine", random_state=0),
)


def stores(n_rows=(40, 36, 44), columns=()):
    """Return a long table of stores that end at different times."""
    parts = []
    for number, n in enumerate(n_rows):
        months = pd.period_range("2020-01", periods=n, freq="M")
        values = 10.0 * number + RNG.normal(size=n).cumsum() + np.arange(n) % 3
        table = pd.DataFrame({"month": months, "store": f"s{number}", "sales": values})
        table["promo"] = np.arange(n) % 5 % 2
        table["traffic"] = RNG.normal(size=n)
        table["size"] = float(number)
        parts.append(table[["month", "store", "sales", *columns]])
    return pd.concat(parts, ignore_index=True)


LONG = stores()


def panel(table=LONG):
    return table.set_index(["store", "month"])["sales"]


@pytest.mark.parametrize("step", range(1, HORIZON + 1))
def test_direct_is_a_model_by_hand_for_each_step(step):
    sales = panel().loc["s0"].to_numpy()
    X, y = make_lagged(sales[:, None], sales, 3, delay=step, flatten=True)
    expected = LinearRegression().fit(X, y).predict(sales[None, -3:])
    forecaster = Forecaster(make_ar(3), HORIZON).fit(panel().loc["s0"])
    np.testing.assert_allclose(forecaster.predict(HORIZON).iloc[step - 1], expected[0], rtol=1e-10)


def test_multi_output_is_one_model_by_hand():
    sales = panel().loc["s0"].to_numpy()
    X, y = make_lagged(sales[:, None], sales, 3, horizon=HORIZON, flatten=True)
    expected = Ridge().fit(X, y).predict(sales[None, -3:])[0]
    model = make_pipeline(LagTransformer(3, flatten=True), Ridge())
    forecaster = Forecaster(model, HORIZON, strategy="multi_output").fit(panel().loc["s0"])
    np.testing.assert_allclose(forecaster.predict(HORIZON), expected, rtol=1e-10)
    np.testing.assert_allclose(forecaster.predict(2), expected[:2], rtol=1e-10)
    linear = Forecaster(make_linear(3), HORIZON, strategy="multi_output").fit(panel())
    by_hand = make_linear(3, HORIZON).fit(panel().to_frame(), panel())
    ahead = linear.predict(1).to_frame()
    expected = by_hand.predict(ahead * np.nan)
    np.testing.assert_allclose(linear.predict(HORIZON), expected.ravel(), rtol=1e-10)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_series_is_forecast_by_the_model_of_all_from_its_own_end(strategy):
    forecaster = Forecaster(make_ar(3, **NAMES), HORIZON, strategy=strategy, target="sales")
    found = forecaster.fit(LONG).predict(HORIZON)
    assert found.index.names == ["store", "month"]
    for store, n_rows in (("s0", 40), ("s1", 36), ("s2", 44)):
        months = pd.period_range("2020-01", periods=n_rows + HORIZON, freq="M")
        assert found[store].index.equals(months[n_rows:].rename("month"))
        alone = forecaster.predict(HORIZON, past=LONG[LONG["store"] == store])
        pd.testing.assert_series_equal(alone, found.loc[[store]])
    other = panel().loc[["s1"]].rename(index={"s1": "new"})
    new = forecaster.predict(HORIZON, past=other.reset_index())
    np.testing.assert_allclose(new, found["s1"], rtol=1e-12)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "estimator", [make_ar(3), make_lasso(3), LAST_NET], ids=["ar", "lasso", "net"]
)
def test_forecasts_depend_on_nothing_but_the_past(strategy, estimator):
    past, ahead = next(_folds(LONG))
    forecaster = Forecaster(estimator, HORIZON, strategy=strategy, target="sales", **NAMES)
    expected = forecaster.fit(past).predict(ahead)
    pd.testing.assert_series_equal(forecaster.predict(ahead.assign(sales=np.nan)), expected)
    pd.testing.assert_series_equal(forecaster.predict(ahead[["store", "month"]]), expected)
    by_steps = forecaster.predict(HORIZON)
    pd.testing.assert_series_equal(by_steps, expected.sort_index())
    order = RNG.permutation(len(ahead))
    permuted = forecaster.predict(ahead.iloc[order])
    pd.testing.assert_series_equal(permuted, expected.iloc[order])
    if "dense" not in str(estimator).lower():  # a net draws its batches in the order of rows
        mixed = past.iloc[RNG.permutation(len(past))]
        again = clone(forecaster).fit(mixed).predict(ahead)
        np.testing.assert_allclose(again, expected, rtol=1e-10)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(forecaster)).predict(ahead), expected)


def _folds(table, n_splits=2):
    table = table[table["month"] < "2022-12"].reset_index(drop=True)
    cv = PanelTimeSeriesSplit(n_splits, test_size=HORIZON, time="month")
    for train, test in cv.split(table):
        yield table.iloc[train], table.iloc[test]


@pytest.mark.parametrize("form", ["long", "index", "texts", "timestamps", "numbers"])
def test_forms_of_the_same_table_have_the_same_forecasts(form):
    table = LONG.copy()
    forecaster = Forecaster(make_ar(3), 2, target="sales", **NAMES)
    expected = forecaster.fit(table).predict(2)
    if form == "texts":
        table["month"] = table["month"].dt.strftime("%Y-%m")
    elif form == "timestamps":
        table["month"] = table["month"].dt.to_timestamp()
    elif form == "numbers":
        table["month"] = table["month"].dt.year * 12 + table["month"].dt.month
    elif form == "index":
        table = panel(table).to_frame()
        forecaster.set_params(time=None, series=None)
    found = clone(forecaster).fit(table).predict(2)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert found.index.names == ["store", "month"]
    if form in ("texts", "timestamps"):
        periods = found.index.get_level_values("month").to_period("M")
        assert periods.equals(expected.index.get_level_values("month"))
        ahead = found.reset_index()  # the times of rows ahead may come in another form
        ahead["month"] = ahead["month"].dt.to_period("M")
        np.testing.assert_allclose(clone(forecaster).fit(table).predict(ahead), found)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("form", ["long", "index"])
@pytest.mark.parametrize("cv", [3, TimeSeriesSplit(2)])
def test_the_error_of_a_wrong_split_names_the_splitter_that_suits(strategy, form, cv):
    table, names = stores((40, 40)), NAMES
    if form == "index":
        table, names = table.set_index(["store", "month"]), {}
    forecaster = Forecaster(make_ar(2), 2, strategy=strategy, target="sales", **names)
    with pytest.raises(ValueError, match=r"split by (cv=)?PanelTimeSeriesSplit") as raised:
        cross_val_score(forecaster, table, table["sales"], cv=cv, error_score="raise")
    if strategy == "recursive" and cv == 3:  # rows before those of fit, which any name suits
        return
    advised = eval(str(raised.value).rpartition("cv=")[2].rstrip("."))
    assert len(cross_val_score(forecaster, table, table["sales"], cv=advised)) == 3


@pytest.mark.parametrize("form", ["long", "index", "half", "single", "single column"])
def test_rows_ahead_have_the_form_of_the_table_and_the_forecasts_of_a_number(form):
    table, names = LONG, {"target": "sales", **NAMES}
    if form in ("index", "half"):
        table = table.set_index(["store", "month"] if form == "index" else "store")
    elif form.startswith("single"):
        table, names = table[table["store"] == "s0"].drop(columns="store"), {"time": "month"}
        table = table if "column" in form else table.set_index("month")
    forecaster = Forecaster(make_ar(3), 2, **names).fit(table)
    rows = forecaster.rows_ahead(2)
    assert set(rows.columns) == set(table.columns) - {"sales"}
    assert (*rows.index.names,) == (*table.index.names,)
    found = forecaster.predict(rows.assign(sales=np.nan))
    np.testing.assert_array_equal(found, forecaster.predict(2))
    known = Forecaster(make_ar(3, exogenous=["promo"]), 2, known_ahead=["promo"], **names)
    known.set_params(target="sales").fit(table.assign(promo=np.arange(len(table)) % 2))
    with pytest.raises(ValueError, match=r"^The columns \['promo'\] .* forecaster.rows_ahead\(2\)"):
        known.predict(2)
    assert known.predict(known.rows_ahead(2).assign(promo=1.0)).notna().all()


def test_rows_ahead_continue_a_past_that_is_given():
    table = LONG.assign(promo=np.arange(len(LONG)) % 2)
    known = Forecaster(make_ar(3, exogenous=["promo"]), 2, target="sales", **NAMES)
    known.set_params(known_ahead=["promo"]).fit(table[table["store"] != "s1"])
    past = pd.concat([table[table["store"] == "s0"][:-4], table[table["store"] == "s1"]])
    with pytest.raises(ValueError, match=r"rows_ahead\(2, past=past\), .* and predict"):
        known.predict(2, past=past)
    rows = known.rows_ahead(2, past=past)
    for store, ahead in rows.groupby("store"):
        last = past.loc[past["store"] == store, "month"].max()
        assert ahead["month"].tolist() == [last + 1, last + 2]
    forecasts = known.predict(rows.assign(promo=1.0), past=past)
    assert set(forecasts.index.get_level_values("store")) == {"s0", "s1"}


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_known_columns_are_read_in_the_row_that_is_forecast(strategy):
    table = stores(columns=["promo"])
    table["sales"] = 5.0 * table["promo"]
    forecaster = Forecaster(
        make_ar(1, exogenous=["promo"]), 3, strategy=strategy, target="sales", known_ahead=["promo"]
    ).set_params(**NAMES)
    forecaster.fit(table)
    ahead = (
        forecaster._past.last(1)
        .values.reset_index()[["store"]]
        .merge(pd.DataFrame({"promo": [1.0, 0.0, 1.0]}), how="cross")
    )
    ends = table.groupby("store")["month"].max()
    ahead["month"] = [ends[s] + 1 + k for s, k in zip(ahead["store"], [0, 1, 2] * 3, strict=True)]
    np.testing.assert_allclose(forecaster.predict(ahead), 5.0 * ahead["promo"], atol=1e-8)
    with pytest.raises(ValueError, match=r"^The columns \['promo'\] are known_ahead: give rows"):
        forecaster.predict(3)
    with pytest.raises(ValueError, match=r"^Rows ahead lack the columns \['promo'\]"):
        forecaster.predict(ahead.rename(columns={"promo": "offer"}))


def one_hot(column):
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    return make_column_transformer(
        (encoder, [column]), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")


OF_SEVERAL = {
    "exogenous": make_ar(2, exogenous=["promo"]),
    "windows": make_linear(2, known_ahead=["promo"], target_channel="sales"),
    "one-hot": make_pipeline(one_hot("promo"), LagTransformer(2, flatten=True), Ridge()),
    "past": make_ar(2),
}
OF_ONE = {
    "transformed": TransformedTargetRegressor(make_ar(2, exogenous=["promo"])),
    "terms": ARRegressor({"sales": 2, "promo": [0, 1]}, known_ahead=["promo"]),
    "past terms": ARRegressor({"sales": 2, "promo": 1}),
}
READERS = OF_SEVERAL | OF_ONE


@pytest.mark.parametrize(
    ("strategy", "name"),
    [(s, n) for s in STRATEGIES for n in (OF_SEVERAL if s == "multi_output" else READERS)],
)
@pytest.mark.parametrize("horizon", [1, 3])
def test_fit_warns_exactly_of_columns_of_which_a_row_ahead_changes_no_forecast(
    strategy, name, horizon
):
    options = {"strategy": strategy, "target": "sales", "known_ahead": ["promo"], **NAMES}
    forecaster = Forecaster(READERS[name], horizon, **options)
    table = stores(columns=["promo"])
    table["sales"] += 3.0 * table["promo"]
    ahead = table.groupby("store").tail(horizon)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        forecaster.fit(table.drop(ahead.index))
    found = forecaster.predict(ahead)
    step = ahead.groupby("store").cumcount() + 1
    is_read = []
    for changed in range(1, horizon + 1):
        other = ahead.assign(promo=ahead["promo"].where(step != changed, 1 - ahead["promo"]))
        is_read.append(not np.allclose(forecaster.predict(other), found))
    if strategy == "recursive":  # reads them as lags of the rows after them at the least
        assert not caught
        assert all(is_read[:-1])
        return
    assert [w.category for w in caught] == [UnreadColumnsWarning] * (not all(is_read))
    if caught:
        start = "strategy='multi_output' reads" if any(is_read) else "The model reads nothing of"
        assert str(caught[0].message).startswith(f"{start} the columns ['promo']")
        assert caught[0].filename == __file__


@pytest.mark.parametrize("strategy", ["direct", "multi_output"])
def test_the_target_among_other_columns_needs_no_name_in_make_linear(strategy):
    table = stores(columns=["promo"])
    table.loc[table.index[5], "sales"] = np.nan
    named, found = (
        Forecaster(make_linear(2, **given), 3, strategy=strategy, target="sales", **NAMES)
        for given in ({"target_channel": "sales"}, {})
    )
    pd.testing.assert_series_equal(found.fit(table).predict(3), named.fit(table).predict(3))


def test_columns_that_a_lag_transformer_alone_names_cause_no_warning():
    table = stores(columns=["promo"])
    model = make_linear(2, known_ahead=["promo"], target_channel="sales")
    forecaster = Forecaster(model, 3, strategy="multi_output", target="sales", **NAMES)
    ahead = table.groupby("store").tail(3)
    found = forecaster.fit(table.drop(ahead.index)).predict(ahead)
    with pytest.warns(UnreadColumnsWarning, match=r"up to the first of the 3 rows ahead"):
        warned = clone(forecaster).set_params(known_ahead=["promo"]).fit(table.drop(ahead.index))
    np.testing.assert_array_equal(warned.predict(ahead), found)


def test_past_columns_and_static_ones_have_no_future():
    table = stores(columns=["traffic", "size"])
    table["sales"] = table["size"] + table.groupby("store")["traffic"].shift(2, fill_value=0.0)
    model = make_ar(2, exogenous=["size"], **NAMES)
    forecaster = Forecaster(model, 2, target="sales", static=["size"]).fit(table)
    found = forecaster.predict(2)
    tails = table.groupby("store").tail(2)
    expected = tails["size"] + tails["traffic"]
    np.testing.assert_allclose(found, expected, atol=1e-8)
    with pytest.raises(ValueError, match=r"^strategy='recursive' needs the columns \['traffic'\]"):
        clone(forecaster).set_params(strategy="recursive").fit(table)
    with pytest.raises(ValueError, match=r"^estimator reads 'traffic' in rows that it forecasts"):
        clone(forecaster).set_params(estimator=make_ar(2, exogenous=["traffic"], **NAMES)).fit(
            table
        )
    with pytest.raises(ValueError, match=r"^static: the column 'traffic' must have one value"):
        clone(forecaster).set_params(static=["size", "traffic"]).fit(table)


def test_differences_are_those_of_the_last_known_row_or_season():
    walk = panel().loc["s0"]
    no_change = CompleteRows(make_pipeline(LagTransformer(1, flatten=True), Ridge(1e12)))
    changes = walk.to_numpy()
    for lag in (1, 3):
        model = DifferencedRegressor(no_change, lag=lag)
        found = Forecaster(model, 4).fit(walk).predict(4)
        for step, value in enumerate(found, 1):
            back = -(-step // lag) * lag
            expected = changes[step - back - 1] + np.mean(changes[back:] - changes[:-back])
            np.testing.assert_allclose(value, expected, rtol=1e-6)


OF_CHANGES = {
    "linear": make_linear(4),
    "net": LAST_NET,
    "differences": DifferencedRegressor(make_ar(2)),
}


@pytest.mark.parametrize(
    ("name", "strategy"),
    [(n, s) for n in OF_CHANGES for s in STRATEGIES if (n, s) != ("differences", "multi_output")],
)
def test_a_higher_level_is_forecast_higher(name, strategy):
    sales = panel().loc["s0"].round(2)
    forecaster = Forecaster(OF_CHANGES[name], HORIZON, strategy=strategy)
    found = forecaster.fit(sales + 1024.0).predict(HORIZON)
    expected = forecaster.fit(sales).predict(HORIZON) + 1024.0
    np.testing.assert_allclose(found, expected, atol=1e-3 if name == "net" else 1e-6)


def test_an_autoregression_of_its_own_windows_and_a_search_are_forecast():
    sales = panel().loc["s0"]
    for strategy in ("direct", "recursive"):
        expected = Forecaster(make_ar(3), 3, strategy=strategy).fit(sales).predict(3)
        found = Forecaster(ARRegressor(3), 3, strategy=strategy).fit(sales).predict(3)
        np.testing.assert_allclose(found, expected, rtol=1e-8)
        grid = {"lagtransformer__n_lags": [3]}
        search = GridSearchCV(make_ar(1), grid, cv=TimeSeriesSplit(2))
        found = Forecaster(search, 3, strategy=strategy).fit(sales).predict(3)
        np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert Forecaster(ARRegressor(3), strategy="recursive").fit(sales).window_size_ == 3


def test_a_long_panel_is_forecast_in_as_many_batches_as_steps():
    batches = []

    class Counting(LinearRegression):
        def predict(self, X):
            batches.append(len(X))
            return super().predict(X)

    times = np.tile(np.arange(12), 1000)
    table = pd.DataFrame({"t": times, "id": np.repeat(np.arange(1000), 12)})
    table["y"] = RNG.normal(size=12_000)
    model = make_pipeline(LagTransformer(2, flatten=True), Counting())
    forecaster = Forecaster(model, strategy="recursive", target="y", time="t", series="id")
    forecaster.fit(table)
    batches.clear()
    assert len(forecaster.predict(24)) == 24_000
    assert batches == [1000] * 24


def test_scores_by_name_folds_and_searches_apply():
    forecaster = Forecaster(make_ar(2), HORIZON, target="sales", **NAMES)
    table = LONG[LONG["month"] < "2022-12"].reset_index(drop=True)
    cv = PanelTimeSeriesSplit(2, test_size=HORIZON, time="month")
    y = table["sales"]
    by_hand = [
        (clone(forecaster).fit(train).predict(test), test["sales"]) for train, test in _folds(LONG)
    ]
    own = cross_val_score(forecaster, table, cv=cv)
    np.testing.assert_allclose(own, [r2_score(b, a) for a, b in by_hand])
    np.testing.assert_allclose(cross_val_score(forecaster, table, y, cv=cv), own)
    named = cross_val_score(forecaster, table, y, cv=cv, scoring="neg_mean_absolute_error")
    np.testing.assert_allclose(named, [-np.abs(a.to_numpy() - b).mean() for a, b in by_hand])
    grid = {"estimator__lagtransformer__n_lags": [1, 4], "strategy": STRATEGIES}
    search = GridSearchCV(forecaster, grid, cv=cv).fit(table)
    assert search.predict(2).notna().all()
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_scores_by_name_are_nan_where_a_target_is_missing():
    table = LONG[LONG["month"] < "2022-12"].reset_index(drop=True)
    table.loc[table.index[-1], "sales"] = np.nan
    forecaster = Forecaster(make_ar(2), HORIZON, target="sales", **NAMES)
    cv = PanelTimeSeriesSplit(1, test_size=HORIZON, time="month")
    assert np.isfinite(cross_val_score(forecaster, table, table["sales"], cv=cv)).all()
    with pytest.warns(UserWarning, match="Input contains NaN"):
        named = cross_val_score(
            forecaster, table, table["sales"], cv=cv, scoring="neg_mean_absolute_error"
        )
    assert np.isnan(named).all()


def test_rows_without_a_target_are_neither_fitted_nor_scored():
    sales = panel().loc["s0"]
    holes = sales.copy()
    holes.iloc[[10, 20]] = np.nan
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine", random_state=0)
    for strategy in STRATEGIES:
        model = Forecaster(make_pipeline(LagTransformer(2), net), 2, strategy=strategy)
        filled = [clone(model).fit(holes.fillna(value)).predict(2) for value in (0.0, 100.0)]
        assert not np.allclose(*filled)
        assert model.fit(holes[:-2]).predict(2).notna().all()
    ahead = sales[-2:].copy()
    expected = model.predict(ahead)
    ahead.iloc[0] = np.nan
    with pytest.warns(UserWarning, match="R\\^2 score is not well-defined"):
        assert np.isnan(model.score(ahead))  # of one row
    assert np.isfinite(expected).all()


def test_a_missing_target_is_no_target_of_any_step():
    holes = panel().loc["s0"].copy()
    holes.iloc[10] = np.nan
    seen = []

    class Recording(Ridge):
        def fit(self, X, y):
            seen.append(np.asarray(y))
            return super().fit(np.nan_to_num(X), y)

        def predict(self, X):
            return super().predict(np.nan_to_num(X))

    model = make_pipeline(LagTransformer(2, flatten=True), Recording())
    Forecaster(model, 3, strategy="multi_output").fit(holes)
    assert seen[0].shape == (40 - 2 - 2 - 3, 3)
    assert np.isin(seen[0], holes.dropna()).all()


def test_the_naive_error_is_that_of_each_series():
    forecaster = Forecaster(make_ar(2), target="sales", season=3, **NAMES).fit(LONG)
    for store, sales in panel().groupby("store"):
        expected = np.abs(sales.diff(3)).mean()
        np.testing.assert_allclose(forecaster.naive_error_.loc[store, "sales"], expected)


def test_the_naive_error_counts_rows_of_the_calendar_that_are_missing():
    months = pd.period_range("2020-01", periods=48, freq="M")
    wave = pd.Series(np.sin(np.arange(48) * np.pi / 6) + 0.01 * RNG.normal(size=48), months)
    holes = wave.drop(wave.index[[5, 20, 21, 40]])
    found = Forecaster(make_ar(1), season=12).fit(holes.rename("y")).naive_error_.loc[0, "y"]
    assert found == pytest.approx(np.abs(holes.reindex(months).diff(12)).mean())


def test_several_targets_are_several_columns():
    table = stores(columns=["traffic"])
    targets = ["sales", "traffic"]
    for strategy in ("direct", "recursive"):
        forecaster = Forecaster(make_ar(2), 2, strategy=strategy, target=targets, **NAMES)
        found = forecaster.fit(table).predict(2)
        assert found.columns.tolist() == targets
        assert found.shape == (6, 2)
        assert np.isfinite(forecaster.score(found.reset_index()))
    with pytest.raises(ValueError, match=r"^target must be one column with strategy='multi_output"):
        forecaster.set_params(strategy="multi_output").fit(table)


def test_rows_that_are_missing_before_the_end_are_named():
    sales = panel().loc["s0"]
    gap = sales.drop(sales.index[-2])
    forecaster = Forecaster(make_ar(3), strategy="recursive").fit(gap)
    told = "^Lags are filled in the forecasts from 1 of 1 ends of series, since rows are missing be"
    with pytest.warns(IncompleteWindowsWarning, match=told):
        forecaster.predict(2)


def test_a_call_warns_once_of_all_rows_that_are_missing():
    days = pd.date_range("2025-01-01", periods=60)
    table = pd.DataFrame({"sales": np.sin(np.arange(60.0))}, days)
    table = pd.concat({"a": table, "b": table.drop(days[46])}, names=["store", "day"])
    forecaster = Forecaster(make_ar(3), 2, calibration_rows=14, strategy="recursive")
    start = r"^Lags are filled in the forecasts from 2 of \d+ ends of series, since rows are mis"
    last = r"sing before \('b', Timestamp\('2025-02-1[89].*'b'.*resample\(\.\.\.\)\.asfreq\(\)"
    cv = PanelTimeSeriesSplit(2, test_size=2)
    for call in (forecaster.fit, lambda table: backtest(forecaster, table, cv=cv)):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            call(table)
        assert [(w.category, w.filename) for w in found] == [(IncompleteWindowsWarning, __file__)]
        assert re.match(start + last, str(found[0].message))


def test_missing_rows_are_added_as_the_error_says():
    days = pd.date_range("2025-01-01", periods=60)
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"day": days, "store": "a", "sales": rng.normal(size=60)})
    table = pd.concat([rows, rows.assign(store="b").drop(56)])
    names = {"time": "day", "series": "store", "target": "sales"}
    last = make_pipeline(SimpleImputer(), Ridge())
    model = make_ar(3, seasonal_lags=(7,), fill_value="nan").set_params(linearregression=last)
    forecaster = Forecaster(model, 4, strategy="recursive", **names)
    with pytest.raises(
        ValueError, match=r"does not directly follow .*resample\(\.\.\.\)\.asfreq\(\)"
    ):
        backtest(forecaster, table, cv=1)
    complete = table.set_index("day").groupby("store")[["sales"]].resample("D").asfreq()
    result = backtest(forecaster, complete.reset_index(), cv=1)
    assert result.errors("series")["n"].tolist() == [4, 3]


# The missing row is a lag of rows after it.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
@pytest.mark.parametrize("missing", [-2, -3, -4])
def test_a_row_that_is_missing_before_the_end_moves_no_other(missing):
    sales = panel().loc["s0"]
    gap = sales.drop(sales.index[missing])
    for horizon in (2, 4):
        forecaster = Forecaster(make_ar(2), horizon).fit(gap)
        n_rows = (gap.index[-1] - gap.index[0]).n + 1
        filled = forecaster.predict(horizon)
        assert filled.index[0] == sales.index[n_rows - 1] + 1
    leak = make_pipeline(LagTransformer(2, delay=0, flatten=True), Ridge())
    with (
        pytest.warns(TargetLeakWarning),
        pytest.raises(ValueError, match=r"^estimator reads 'sales' in rows that it forecasts"),
    ):
        Forecaster(leak, 2).fit(gap)


@pytest.mark.parametrize("dtype", [object, "category"])
def test_columns_of_text_are_read_in_the_past_alone(dtype):
    table = stores().assign(weather=lambda t: np.where(t.index % 3 > 0, "dry", "wet"))
    table["weather"] = table["weather"].astype(dtype)
    lags = LagTransformer(2, flatten=True)
    forecaster = Forecaster(
        make_pipeline(one_hot("weather"), lags, Ridge()), 2, target="sales", **NAMES
    )
    assert forecaster.fit(table).predict(2).notna().all()
    forecaster.set_params(estimator__lagtransformer__known_ahead=["weather_dry"])
    with pytest.raises(ValueError, match=r"^estimator reads 'weather' in rows that it forecasts"):
        forecaster.fit(table)
    forecaster.set_params(known_ahead=["weather"]).fit(table)
    ahead = table.groupby("store").tail(2)
    assert forecaster.predict(ahead, past=table.drop(ahead.index)).notna().all()


def test_missing_values_at_the_end_are_named_with_their_series():
    holes = LONG.copy()
    holes.loc[holes["store"] == "s1", "sales"] = [1.0] * 35 + [np.nan]
    forecaster = Forecaster(make_ar(3), 2, target="sales", **NAMES).fit(holes)
    text = "missing in 1 of 9 rows before the forecasts, such as ('s1', Period('2022-12', 'M')), of"
    with pytest.raises(
        ValueError, match=rf"^The model .*{re.escape(text)} the columns \['sales'\]"
    ):
        forecaster.predict(2)
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine", random_state=0)
    forecaster.set_params(estimator=make_pipeline(LagTransformer(3), net))
    assert forecaster.fit(holes).predict(2).notna().all()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "estimator", [make_ar(2, exogenous=["promo"]), ARRegressor(2, known_ahead=["promo"])]
)
def test_missing_values_of_known_columns_are_named_or_read(estimator, strategy):
    table = stores((30,), columns=["promo"]).set_index("month").drop(columns="store")
    past, ahead = table[:-2], table[-2:].copy()
    ahead.loc[ahead.index[1], "promo"] = np.nan
    forecaster = Forecaster(estimator, 2, strategy=strategy, target="sales", known_ahead=["promo"])
    if strategy == "multi_output":  # which reads the first row alone
        forecaster.set_params(known_ahead=None)
    else:
        with pytest.raises(ValueError, match=r"missing in 1 of 2 rows ahead, such as 2022-06, of "):
            forecaster.fit(past).predict(ahead)
    lags = LagTransformer(2, known_ahead=["promo"])
    reads = clone(forecaster).set_params(estimator=make_pipeline(lags, LagRidgeCV()))
    assert reads.fit(past).predict(ahead).notna().all()


@pytest.mark.parametrize(
    "estimator",
    [
        ARRegressor(3),
        DifferencedRegressor(make_lasso(3)),
        TransformedTargetRegressor(make_lasso(3)),
        GridSearchCV(make_lasso(3), {"lagtransformer__n_lags": [2, 3]}, cv=TimeSeriesSplit(2)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_missing_targets_of_a_model_that_cannot_leave_them_out_are_named(estimator):
    holes = panel().loc["s0"].copy()
    holes.iloc[[10, 20]] = np.nan
    name = type(estimator).__name__
    text = f"X lacks the target 'sales' in 2 of 40 rows, such as 2020-11, which {name} cannot leave"
    with pytest.raises(ValueError, match=f"^{text}"):
        Forecaster(estimator, 2).fit(holes)


def test_series_may_have_names_of_several_levels():
    days = pd.bdate_range("2026-01-05", periods=30)
    index = pd.MultiIndex.from_product([["north", "south"], [1, 2], days], names=[*"ab", "day"])
    table = pd.DataFrame({"y": RNG.normal(size=120)}, index=index)
    forecaster = Forecaster(make_ar(2), 2, strategy="recursive").fit(table)
    found = forecaster.predict(2)
    assert found.index.names == ["a", "b", "day"]
    assert found.index[0] == ("north", 1, pd.Timestamp("2026-02-16"))
    one = table[60:90]
    alone = forecaster.predict(2, past=one)
    pd.testing.assert_series_equal(alone, found[4:6], check_freq=False)
    by_day = table.swaplevel(0, 2).sort_index()  # the times are found wherever they are
    again = clone(forecaster).fit(by_day).predict(2)
    np.testing.assert_allclose(np.sort(again), np.sort(found), rtol=1e-10)


@pytest.mark.parametrize(
    "calendar",
    [
        {"freq": "B"},
        {"freq": "ME"},
        {"freq": "W-WED"},
        {"freq": "h", "tz": "Europe/Berlin"},
        {"freq": "D", "tz": "Europe/Berlin"},
    ],
    ids=str,
)
def test_each_series_continues_its_calendar(calendar):
    times = pd.date_range("2026-02-20", periods=50, **calendar)
    ends = {"a": 47, "b": 40}
    parts = {name: pd.DataFrame({"y": RNG.normal(size=n)}, times[:n]) for name, n in ends.items()}
    forecaster = Forecaster(make_ar(2), 3).fit(pd.concat(parts))
    found = forecaster.predict(3)
    for name, n in ends.items():
        index = found[name].index
        assert index.equals(times[n : n + 3])
        assert str(index.dtype) == str(times.dtype)
    pd.testing.assert_series_equal(forecaster.predict(found.to_frame()), found)


SHORT = stores((40, 5, 40))
FITTED = Forecaster(make_ar(3), HORIZON, target="sales", **NAMES).fit(LONG)


def ahead_of(store, months):
    return pd.DataFrame({"store": store, "month": pd.PeriodIndex(months, freq="M")})


@pytest.mark.parametrize(
    ("parameters", "X", "text"),
    [
        (
            {"target": "c"},
            LONG,
            "target must be one or more of the columns ['sales']; got 'c'.",
        ),
        ({"estimator": Ridge()}, LONG, "estimator must contain a LagTransformer; got Ridge()."),
        ({}, LONG.to_numpy(), "X must be a DataFrame or Series of pandas with the times of"),
        (
            {},
            pl.DataFrame({"sales": [1.0, 2.0]}),
            "X must be a DataFrame or Series of pandas with the times of its rows in the index or "
            "in a column; got polars.DataFrame. Give X.to_pandas().",
        ),
        ({}, LONG[:0], "X must have rows; got the shape (0, 3)."),
        ({"time": "week"}, LONG, "time='week' is not a column of X, nor a level of its index;"),
        (
            {"time": None},
            LONG.set_index("month").rename(index=str).set_axis(list("ab") * 60),
            "X must have numbers, times or periods, in its index or in a column named by time=;",
        ),
        (
            {},
            LONG.assign(month=LONG["month"].dt.strftime("%Y %b")),
            "X must have numbers, times or periods, in its index or in a column named by time=; "
            "got no times, such as ['2020 Jan']. Convert text by pd.to_datetime(text, format=...)",
        ),
        (
            {"series": None},
            LONG[["month", "sales"]],
            "X must have each time once in a series; got 2020-01 twice, and 76 such rows.",
        ),
        (
            {},
            LONG.assign(month=LONG["month"].where(LONG.index > 2)),
            "X must have a time in each row; missing in 3 of 120 rows.",
        ),
        (
            {},
            SHORT,
            "X must have at least 7 rows of each series, 3 of the lags and 4 of the steps ahead; "
            "the series ['s1'] have [5].",
        ),
        ({"known_ahead": ["b"]}, LONG, "known_ahead must name columns of X, of which there are"),
        (
            {"known_ahead": ["sales"]},
            LONG,
            "target, known_ahead and static must name different columns; got ['sales'] twice.",
        ),
        (
            {"estimator": make_linear(3, 2)},
            LONG,
            "estimator must forecast one step with strategy='direct'; got horizon=2.",
        ),
        (
            {"estimator": ARRegressor(3), "strategy": "multi_output"},
            LONG,
            "strategy='multi_output' needs a pipeline with a LagTransformer before its last step",
        ),
        (
            {
                "estimator": make_pipeline(
                    LagTransformer(2, flatten=True), LagTransformer(2, flatten=True), Ridge()
                )
            },
            LONG,
            "strategy='direct' moves the windows back by the steps ahead, but a pipeline of",
        ),
    ],
)
def test_errors_of_fit_name_argument_rule_and_value(parameters, X, text):
    forecaster = Forecaster(make_ar(3), HORIZON, target="sales", **NAMES)
    forecaster.set_params(**parameters)
    before = dict(vars(forecaster))
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(text)}"):
        forecaster.fit(X)
    assert vars(forecaster) == before


@pytest.mark.parametrize(
    ("rows", "past", "text"),
    [
        (
            5,
            None,
            "strategy='direct' with horizon=4 cannot forecast 5 rows of series 's0'; set horizon=5",
        ),
        (0, None, "steps_or_rows == 0, must be >= 1."),
        (True, None, "steps_or_rows must be an int or a DataFrame; got True."),
        (2.5, None, "steps_or_rows must be an int or a DataFrame; got 2.5."),
        ("2023-05", None, "steps_or_rows must be an int or a DataFrame; got '2023-05'."),
        (np.zeros(3), None, "Rows ahead must be a DataFrame or Series of pandas with the times of"),
        (
            ahead_of("s1", ["2023-02"]),
            None,
            "Rows ahead must continue each series from its end, one after the other: in series "
            "'s1' 2023-02 does not directly follow 2022-12.",
        ),
        (
            ahead_of("s1", ["2023-01", "2023-03"]),
            None,
            "Rows ahead must continue each series from its end, one after the other: in series "
            "'s1' 2023-03 does not directly follow 2023-01.",
        ),
        (
            ahead_of("s1", ["2022-12"]),
            None,
            "Rows ahead must continue each series from its end, one after the other: in series "
            "'s1' 2022-12 does not directly follow 2022-12.",
        ),
        (
            ahead_of("new", ["2023-01"]),
            None,
            "Rows ahead hold the series ['new'], of which no past is known; give it by past=.",
        ),
        (
            ahead_of("s1", ["2023-01"]).assign(month=3),
            None,
            "Rows ahead must have periods of frequency M, as in fit, in its index or in a column",
        ),
        (
            2,
            LONG[:2],
            "past must have at least 3 rows of each series, 3 of the lags; the series ['s0'] have "
            "[2]. Give older rows, too, such as those of fit: past takes their place.",
        ),
        (
            ahead_of("s1", ["2023-01"]),
            LONG[LONG["store"] == "s0"],
            "Rows ahead hold the series ['s1'], of which past has no rows. It takes the place of "
            "all rows of fit: concatenate the rows of all series, such as past=pd.concat(",
        ),
        (2, LONG.drop(columns="sales"), "past lacks the columns ['sales'] of the training data."),
    ],
)
def test_errors_of_predict_name_argument_rule_and_value(rows, past, text):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(text)}"):
        FITTED.predict(rows, past=past)


@pytest.mark.parametrize("form", ["periods", "times", "zone", "text"])
@pytest.mark.parametrize("fitted", ["periods", "times"])
@pytest.mark.parametrize("series", ["known", "new"])
def test_a_past_whose_times_have_another_form_is_continued_in_that_of_fit(fitted, form, series):
    months = pd.period_range("2020-01", periods=30, freq="M")
    times = months.to_timestamp()
    forms = {"periods": months, "times": times, "zone": times.tz_localize("Europe/Rome")}
    forms["text"] = times.strftime("%Y-%m-%d")
    sales = pd.Series(np.sin(np.arange(30)), name="sales")
    panel = {key: pd.concat({series: sales.set_axis(index)}) for key, index in forms.items()}
    model = Forecaster(make_ar(3), 2).fit(pd.concat({"known": sales.set_axis(forms[fitted])})[:-4])
    expected = model.predict(2, past=panel[fitted])
    pd.testing.assert_series_equal(model.predict(2, past=panel[form]), expected)


def test_logarithms_forecast_series_of_any_size():
    years = pd.period_range("1990", periods=40, freq="Y")
    growth = 1.05 ** np.arange(40) * np.exp(0.05 * np.sin(np.arange(40)))
    sizes = {"small": 1.0, "large": 1e6}
    table = pd.concat({n: pd.DataFrame({"y": by * growth}, years) for n, by in sizes.items()})
    past, ahead = table.groupby(level=0).head(36), table.groupby(level=0).tail(4)
    lags, ridge = LagTransformer(4), LagRidgeCV(standardize="last")
    of_logs = TransformedTargetRegressor(ridge, func=np.log, inverse_func=np.exp)
    errors = []
    logs = FunctionTransformer(np.log)
    for model in (make_pipeline(lags, ridge), make_pipeline(logs, lags, of_logs)):
        found = Forecaster(model, 4, strategy="multi_output").fit(past).predict(4)
        errors.append((found / ahead["y"] - 1).abs().max())
    assert errors[1] < 1e-3 < 1 < errors[0]


def test_a_static_column_may_be_known_ahead_in_a_lag_transformer():
    table = stores(columns=["size"])
    model = make_pipeline(LagTransformer(2, known_ahead=["size"], flatten=True), Ridge())
    forecaster = Forecaster(model, 2, target="sales", static=["size"], **NAMES).fit(table)
    assert forecaster.predict(2).notna().all()


def weather(n=48):
    """Return stores whose sales depend on their kind and on the sky, and on nothing else."""
    table = stores((n, n), ["traffic"]).rename(columns={"traffic": "noise"})
    sky = np.random.default_rng(1).choice(["dry", "fog", "ice"], 2 * n)
    effect = pd.Series(sky).map({"dry": -2.0, "fog": 0.0, "ice": 2.0}).to_numpy()
    sales = effect + np.repeat([0.0, 4.0], n) + 0.1 * table.pop("noise")
    return table.assign(sales=sales, sky=sky, kind=np.repeat(["city", "farm"], n))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_columns_of_categories_are_read_static_known_ahead_or_past(strategy):
    quick = {"max_epochs": 40, "learning_rate": 0.02, "lr_schedule": "onecycle", "random_state": 0}
    net = DenseRegressor(early_stopping=False, **quick)
    model = make_pipeline(LagTransformer(2, known_ahead=["sky", "kind"]), net)
    options = {"strategy": strategy, "target": "sales", "static": ["kind"], **NAMES}
    forecaster = Forecaster(model, 1 if strategy == "multi_output" else 3, **options)
    table = weather()
    if strategy != "recursive":
        table["past"] = table["sky"].astype("category")
    ahead = table.groupby("store").tail(forecaster.horizon)
    past = table.drop(ahead.index)
    found = forecaster.fit(past).predict(ahead)
    assert (found.to_numpy() - ahead["sales"].to_numpy()).std() < 0.5 < ahead["sales"].std() / 3
    coded = past.astype({"sky": "category", "kind": "category"})
    np.testing.assert_allclose(clone(forecaster).fit(coded).predict(ahead), found)
    new, missing = (forecaster.predict(ahead.assign(sky=sky)) for sky in ("hail", None))
    np.testing.assert_allclose(new, missing)


class Mean:
    def forecast(self, y, h):
        return {"mean": np.full(h, y.mean())}


TREES = make_pipeline(LagTransformer(2, flatten=True), HistGradientBoostingRegressor(max_iter=2))
NAMED = {"target": "sales", **NAMES}
# Which of missing targets and text the table of docs/forecasting.md says that a model reads.
DOCUMENTED = {
    "network": (
        Forecaster(
            make_pipeline(
                LagTransformer(2),
                DenseRegressor(max_epochs=2, lr_schedule="cosine", random_state=0),
            ),
            2,
            **NAMED,
        ),
        True,
        True,
    ),
    "lasso": (Forecaster(make_lasso(2), 2, **NAMED), True, False),
    "linear": (Forecaster(make_linear(2, target_channel="sales"), 2, **NAMED), True, False),
    "ar": (Forecaster(make_ar(2), 2, **NAMED), False, False),
    "AR": (Forecaster(ARRegressor(2), 2, **NAMED), False, False),
    "trees": (Forecaster(TREES, 2, **NAMED), True, False),
    "naive": (NaiveForecaster(**NAMED), True, True),
    "local": (LocalForecaster(Mean(), **NAMED), False, True),
}


@pytest.mark.parametrize("column", ["target", "text"])
@pytest.mark.parametrize("name", DOCUMENTED)
def test_missing_targets_and_text_are_read_or_refused_as_documented(name, column):
    forecaster, *reads = DOCUMENTED[name]
    table = stores()
    if column == "target":
        table.loc[10, "sales"] = np.nan
    else:
        table["sky"] = np.where(table.index % 3, "dry", "wet")
    if reads[column == "text"]:
        assert forecaster.fit(table).predict(2).notna().all()
        return
    with pytest.raises(ValueError, match=r"make_lasso|encode|Fill it"):
        forecaster.fit(table)
