"""ARRegressor against statsmodels, least squares on written-out lags, and make_ar."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.api import VAR
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.ardl import ARDL

from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    DifferencedRegressor,
    Forecaster,
    make_ar,
)
from sklearn_rnn._sequences import storage
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.exceptions import TargetLeakWarning
from sklearn_rnn.model_selection import compare_models

NYSE = load_nyse(as_frame=True).frame[["DJ_return", "log_volume", "log_volatility"]].iloc[:800]
VOLUME = NYSE["log_volume"]
X = VOLUME.to_frame()
EXACT = {"rtol": 1e-8, "atol": 1e-8}
NAMES = ["DJ_return", "log_volume", "log_volatility"]


def autoregressive(n, coefficients, seed=0):
    """Return a series ``y_t = 2 + sum_j coefficients_j y_{t - j} + noise``."""
    series = list(np.random.default_rng(seed).normal(size=n + len(coefficients)))
    for row in range(len(coefficients), len(series)):
        series[row] += 2 + np.dot(coefficients, series[row - len(coefficients) : row][::-1])
    return np.array(series[len(coefficients) :])


def written_out(rows, lags):
    """Return a design of a lag after the other, of the rows that have all."""
    return np.column_stack([rows[max(lags) - lag : len(rows) - lag] for lag in lags])


def assert_equal(found, expected):
    found, expected = (np.asarray(values, dtype=float) for values in (found, expected))
    np.testing.assert_allclose(found, expected, **EXACT)


@pytest.mark.parametrize("n_lags", [1, 22])
def test_it_is_autoreg_whose_conventions_differ_as_the_docstring_says(n_lags):
    model = ARRegressor(n_lags).fit(X, VOLUME)
    theirs = AutoReg(VOLUME.to_numpy(), n_lags).fit()
    table, n_rows = model.summary(), 800 - n_lags
    assert list(table.index) == ["intercept", *(f"log_volume_lag{k + 1}" for k in range(n_lags))]
    assert_equal(table["coef"], theirs.params)
    assert_equal([model.intercept_, *model.coef_], theirs.params)
    assert_equal(model.predict(X)[n_lags:], theirs.fittedvalues)
    assert_equal(table["standard_error"] * np.sqrt(1 - (n_lags + 1) / n_rows), theirs.bse)
    assert_equal(table["t"], table["coef"] / table["standard_error"])
    of_ols = AutoReg(VOLUME.to_numpy(), n_lags).fit(use_t=True)
    assert_equal(table["standard_error"], of_ols.bse)
    assert_equal(table["p_value"], 2 * t.sf(table["t"].abs(), n_rows - n_lags - 1))
    assert table.attrs == model.criteria_.loc[n_lags].to_dict()
    assert_equal(table.attrs["log_likelihood"], theirs.llf)
    assert_equal(table.attrs["aic"] + 2, theirs.aic)
    assert_equal(table.attrs["bic"] + np.log(n_rows), theirs.bic)
    assert model.n_rows_omitted_ == n_lags


@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_the_order_is_that_of_ar_select_order_on_the_same_rows(criterion):
    model = ARRegressor(criterion, max_lags=20).fit(X, VOLUME)
    theirs = ar_select_order(VOLUME.to_numpy(), 20, ic=criterion)
    assert model.selected_lags_ == {"log_volume": list(theirs.ar_lags)}
    expected = {len(lags or ()): value for lags, value in getattr(theirs, criterion).items()}
    assert_equal(model.criteria_[criterion], [expected[p] for p in range(21)])
    design = written_out(VOLUME.to_numpy(), range(1, 21))[:, : len(theirs.ar_lags)]
    least_squares = LinearRegression().fit(design, VOLUME[20:])
    assert_equal(model.coef_, least_squares.coef_)
    assert_equal(model.intercept_, least_squares.intercept_)
    assert model.n_rows_omitted_ == 20
    assert model.past_.n_lags == len(theirs.ar_lags)


def test_a_column_known_ahead_is_exog_in_every_order():
    given = {"log_volume": "aic", "DJ_return": 1}
    model = ARRegressor(given, max_lags=8, known_ahead=["DJ_return"]).fit(NYSE, VOLUME)
    theirs = ar_select_order(VOLUME.to_numpy(), 8, ic="aic", exog=NYSE[["DJ_return"]].to_numpy())
    expected = {len(lags or ()): value for lags, value in theirs.aic.items()}
    assert_equal(model.criteria_["aic"], [expected[p] for p in range(9)])
    assert model.selected_lags_ == {"DJ_return": [0], "log_volume": list(theirs.ar_lags)}


def test_lags_by_column_are_ardl():
    others = ["DJ_return", "log_volatility"]
    theirs = ARDL(
        VOLUME.to_numpy(), [1, 5], NYSE[others].to_numpy(), {0: 2, 1: [1, 4]}, causal=False
    ).fit()
    lags = {"log_volume": [1, 5], "DJ_return": 3, "log_volatility": [1, 4]}
    model = ARRegressor(lags, known_ahead=["DJ_return"]).fit(NYSE, VOLUME)
    order = ["log_volume_lag1", "log_volume_lag5", "DJ_return_lag0", "DJ_return_lag1"]
    order += ["DJ_return_lag2", "log_volatility_lag1", "log_volatility_lag4"]
    table = model.summary()
    assert_equal(table["coef"][["intercept", *order]], theirs.params)
    assert_equal(table["standard_error"][["intercept", *order]], theirs.bse)
    assert_equal(table.attrs["aic"] + 2, theirs.aic)
    assert_equal(model.predict(NYSE)[5:], theirs.fittedvalues)
    assert model.selected_lags_ == {
        "DJ_return": [0, 1, 2],
        "log_volume": [1, 5],
        "log_volatility": [1, 4],
    }
    positions = {1: [1, 5], 0: 3, 2: [1, 4]}
    array = ARRegressor(positions, known_ahead=[0]).fit(NYSE.to_numpy(), VOLUME)
    np.testing.assert_array_equal(array.coef_, model.coef_)
    assert list(array.summary().index[1:3]) == ["x0_lag0", "x0_lag1"]


def test_targets_that_are_the_columns_are_a_var():
    model = ARRegressor(3).fit(NYSE, NYSE)
    theirs = VAR(NYSE.to_numpy()).fit(3)
    table = model.summary()
    assert table.index.names == ["target", None]
    assert_equal(np.column_stack([model.intercept_, model.coef_]), theirs.params.T)
    for i, name in enumerate(NAMES):
        assert_equal(table.loc[name, "coef"], theirs.params[:, i])
        assert_equal(table.loc[name, "standard_error"], theirs.stderr[:, i])
    assert_equal(table.attrs["log_likelihood"], theirs.llf)
    assert_equal(model.predict(NYSE)[3:], theirs.fittedvalues)
    chosen = ARRegressor("aic", max_lags=8).fit(NYSE, NYSE)
    theirs = VAR(NYSE.to_numpy()).select_order(8)
    scaled = chosen.criteria_ / (800 - 8) - 3 * (np.log(2 * np.pi) + 1)
    assert_equal(scaled["aic"], theirs.ics["aic"])
    assert_equal(scaled["bic"], theirs.ics["bic"])
    assert chosen.selected_lags_["log_volume"] == list(range(1, theirs.aic + 1))
    assert list(model.fit(NYSE, NYSE.to_numpy()).summary().index.levels[0]) == ["y0", "y1", "y2"]


def test_cross_validation_is_that_of_each_order_by_itself():
    model = ARRegressor("cv", max_lags=4, cv=3).fit(NYSE, VOLUME)
    rows = NYSE.to_numpy()
    design = np.hstack([rows[4 - lag : 800 - lag] for lag in (1, 2, 3, 4)])
    errors, n_test = [], []
    for train, test in TimeSeriesSplit(3).split(rows[4:]):
        n_test.append(len(test))
        errors.append([])
        for order in range(5):
            part = np.column_stack([np.ones(796), design[:, : 3 * order]])
            coef = np.linalg.lstsq(part[train], rows[4:][train, 1], rcond=None)[0]
            errors[-1].append(((rows[4:][test, 1] - part[test] @ coef) ** 2).mean())
    assert_equal(model.criteria_["mse"], np.average(errors, axis=0, weights=n_test))
    best = int(model.criteria_["mse"].argmin())
    assert model.selected_lags_["DJ_return"] == list(range(1, best + 1))
    splits = [(train + 4, test + 4) for train, test in TimeSeriesSplit(3).split(rows[4:])]
    assert_equal(ARRegressor("cv", max_lags=4, cv=splits).fit(rows, VOLUME).coef_, model.coef_)


def test_folds_are_of_the_rows_that_have_all_lags():
    rows = np.random.default_rng(0).normal(size=(60, 1))
    model = ARRegressor("cv").fit(rows, rows[:, 0])
    n_lags = model.criteria_.index.max()
    folds = [(a + n_lags, b + n_lags) for a, b in TimeSeriesSplit(5).split(rows[n_lags:])]
    assert_equal(ARRegressor("cv", cv=folds).fit(rows, rows[:, 0]).criteria_, model.criteria_)


def test_the_advice_on_max_lags_is_the_largest_that_can_be_fitted():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    index = pd.MultiIndex.from_tuples([("a", t) for t in range(100)] + [("b", t) for t in range(9)])
    two = pd.DataFrame({"x": rows[:109, 0]}, index=index)
    for table, y, weight, max_lags in (
        (rows[:, :1], rows[:, 0], None, 200),
        (rows, rows[:, 0], np.arange(300) % 9 > 0, 120),
        (two, two["x"], None, 60),
    ):
        with pytest.raises(ValueError, match="set max_lags to at most") as error:
            ARRegressor("aic", max_lags=max_lags).fit(table, y, weight)
        largest = int(re.search(r"at most (\d+), or give longer", str(error.value))[1])
        assert len(ARRegressor("aic", max_lags=largest).fit(table, y, weight).criteria_) > largest
        with pytest.raises(ValueError, match=f"to at most {largest}, or"):
            ARRegressor("aic", max_lags=largest + 1).fit(table, y, weight)
    with pytest.raises(ValueError, match=r"only 1 rows with all its lags; give longer series\.$"):
        ARRegressor("aic").fit(rows[:2], rows[:2, 0])


def panel():
    """Return a panel of three series of unequal length, with a gap in one."""
    days = pd.date_range("2026-01-01", periods=120)
    parts = {
        name: NYSE.iloc[:n].set_axis(days[:n]) for name, n in {"a": 120, "b": 90, "c": 60}.items()
    }
    parts["b"] = parts["b"].drop(days[40:52])
    return pd.concat(parts, names=["series", "day"])


@pytest.mark.parametrize(
    "given", [{}, {"delay": 2, "step": 3, "known_ahead": ["DJ_return"], "fill_value": 0.5}]
)
def test_it_reads_rows_as_make_ar(given):
    table = panel()
    y = table["log_volume"]
    pipeline = make_ar(3, **given).fit(table, y)
    model = ARRegressor(3, **given).fit(table, y)
    assert model.n_rows_omitted_ == pipeline.n_rows_omitted_ > 0
    assert_equal(model.predict(table), pipeline.predict(table))
    start = table.index.get_level_values("day") < "2026-02-05"
    model.fit(table[start], y[start])
    pipeline.fit(table[start], y[start])
    assert_equal(model.predict(table[~start]), pipeline.predict(table[~start]))
    long = table.reset_index()
    columns = ARRegressor(3, time="day", series="series", **given).fit(long, y.to_numpy())
    assert_equal(columns.predict(long), ARRegressor(3, **given).fit(table, y).predict(table))


def test_an_order_is_chosen_on_a_panel_and_with_a_criterion_by_cross_validation():
    table = panel()
    y = table["log_volume"]
    model = ARRegressor("cv", max_lags=3).fit(table, y)
    assert len(model.criteria_) == 4
    order = model.past_.n_lags
    assert model.selected_lags_["log_volume"] == list(range(1, order + 1))
    assert len(ARRegressor("bic").fit(table, y).criteria_) == 12  # 12 (84 rows a series / 100)^.25
    shuffled = table.sample(frac=1, random_state=0).sort_index(level="day", sort_remaining=False)
    assert_equal(
        ARRegressor("cv", max_lags=3).fit(shuffled, shuffled["log_volume"]).criteria_,
        model.criteria_,
    )


def test_weights_are_those_of_the_rows_as_targets():
    weight = np.random.default_rng(0).uniform(0.5, 2, size=800)
    weight[100:200] = 0.0
    model = ARRegressor(4).fit(X, VOLUME, sample_weight=weight)
    design = written_out(VOLUME.to_numpy(), range(1, 5))
    used = weight[4:] > 0
    theirs = LinearRegression().fit(design[used], VOLUME[4:][used], weight[4:][used])
    assert_equal(model.coef_, theirs.coef_)
    assert model.n_rows_omitted_ == 104
    scaled = ARRegressor(4).fit(X, VOLUME, sample_weight=7 * weight)
    assert_equal(scaled.criteria_, model.criteria_)
    assert_equal(scaled.summary(), model.summary())
    plain, ones = (ARRegressor("cv").fit(X, VOLUME, w) for w in (None, np.ones(800)))
    assert_equal(ones.criteria_, plain.criteria_)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X, VOLUME, sample_weight=weight[:-1])


def test_a_high_level_loses_no_digits_and_blocks_of_rows_give_the_same(monkeypatch):
    model = ARRegressor("bic", max_lags=8).fit(NYSE, VOLUME)
    expected = model.predict(NYSE)
    high = ARRegressor("bic", max_lags=8).fit(NYSE + 1e6, VOLUME + 1e6)
    np.testing.assert_allclose(high.coef_, model.coef_, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(high.predict(NYSE + 1e6) - 1e6, expected, atol=1e-7)
    monkeypatch.setattr(storage, "CHUNK_VALUES", 1000)
    in_blocks = ARRegressor("bic", max_lags=8).fit(NYSE, VOLUME)
    assert_equal(in_blocks.criteria_, model.criteria_)
    assert_equal(in_blocks.predict(NYSE), expected)


def test_the_truth_is_found():
    series = autoregressive(3000, [0.5, -0.3, 0.2])
    model = ARRegressor("bic", max_lags=12).fit(series[:, np.newaxis], series)
    assert model.selected_lags_ == {0: [1, 2, 3]}
    table = model.summary()
    assert (np.abs(table["coef"] - [2, 0.5, -0.3, 0.2]) < 3 * table["standard_error"]).all()
    noise = np.random.default_rng(0).normal(size=500)
    none = ARRegressor("bic").fit(noise[:, np.newaxis], noise)
    assert none.selected_lags_ == {}
    assert_equal(none.predict(noise[:, np.newaxis]), np.full(500, none.intercept_))
    assert list(none.summary().index) == ["intercept"]


def test_forecasts_read_the_past_alone():
    model = ARRegressor(3).fit(NYSE[:600], VOLUME[:600])
    forecast = model.predict(NYSE[600:])
    changed = NYSE[600:].copy()
    changed.iloc[50:] = 0.0
    np.testing.assert_array_equal(model.predict(changed)[:51], forecast[:51])
    assert model.predict(changed)[51] != forecast[51]
    theirs = AutoReg(VOLUME.to_numpy()[:600], 3).fit()
    alone = ARRegressor(3).fit(X[:600], VOLUME[:600])
    assert_equal(alone.predict(X[600:])[0], theirs.forecast(1)[0])


def test_recursive_forecasts_are_those_of_statsmodels():
    numbered = NYSE.reset_index(drop=True)
    forecaster = Forecaster(ARRegressor("aic", max_lags=8), strategy="recursive", target=NAMES).fit(
        numbered
    )
    model = forecaster.models_[0]
    order = model.past_.n_lags
    assert forecaster.window_size_ == order > 1
    coefs = np.split(model.coef_, order, axis=1)
    rows = list(NYSE.to_numpy())
    for _ in range(5):
        past = [coef @ row for coef, row in zip(coefs, rows[::-1], strict=False)]
        rows.append(model.intercept_ + sum(past))
    assert_equal(forecaster.predict(5), rows[-5:])
    search = GridSearchCV(ARRegressor(), {"n_lags": [1, 4]}, cv=TimeSeriesSplit(2))
    searched = Forecaster(search, strategy="recursive").fit(X.reset_index(drop=True))
    best = searched.models_[0].best_params_["n_lags"]
    theirs = AutoReg(VOLUME.to_numpy(), best).fit().forecast(4)
    assert_equal(searched.predict(4), theirs)


def test_it_is_scored_searched_and_compared_like_make_ar():
    cv = TimeSeriesSplit(3)
    ours = cross_val_score(ARRegressor(5), NYSE, VOLUME, cv=cv)
    assert_equal(ours, cross_val_score(make_ar(5), NYSE, VOLUME, cv=cv))
    models = {
        "ar": ARRegressor(5),
        "scaled": make_pipeline(StandardScaler(), ARRegressor({1: [1, 5]})),
        "pipeline": make_ar(5),
    }
    comparison = compare_models(models, NYSE, VOLUME, cv=cv)
    table = comparison.to_frame()
    columns = ["mean", "n_omitted", "n_incomplete", "n_parameters"]
    assert_equal(table.loc["ar", columns], table.loc["pipeline", columns])
    assert table.loc["scaled", "n_parameters"] == 3


def test_a_target_among_the_inputs_is_told():
    with pytest.warns(TargetLeakWarning, match="y equals the column 'log_volume' of X at lag 0"):
        ARRegressor(2, delay=0).fit(NYSE, VOLUME)
    with pytest.warns(TargetLeakWarning, match="'log_volume'"):
        ARRegressor({"log_volume": [0, 1]}, known_ahead=["log_volume"]).fit(NYSE, VOLUME)
    ARRegressor({"log_volume": [1]}, known_ahead=["log_volume"]).fit(NYSE, VOLUME)


def test_collinear_lags_have_no_standard_error():
    twice = np.column_stack([VOLUME, 2 * VOLUME])
    model = ARRegressor(2).fit(twice, VOLUME)
    alone = ARRegressor(2).fit(X, VOLUME)
    assert model.summary()["standard_error"].isna().all()
    assert_equal(model.predict(twice), alone.predict(X))
    assert_equal(model.criteria_, alone.criteria_)


@pytest.mark.parametrize(
    ("given", "rows", "text"),
    [
        (
            {},
            NYSE.mask(NYSE.iloc[300] == NYSE),
            "X contains NaN: the column 'DJ_return'",
        ),
        ({"n_lags": 30}, NYSE[:20], "X has n_samples=20, too few for n_lags=30"),
        ({"n_lags": "bic", "max_lags": 7}, NYSE[:28], "the largest model has 22 coefficients, but"),
        (
            {"n_lags": {"volume": 1}},
            NYSE,
            "n_lags names the column 'volume', which X",
        ),
        ({"n_lags": 90, "series": "s"}, panel()[["DJ_return"]].assign(s=range(258)), "None of the"),
        ({"known_ahead": ["day"]}, NYSE, "known_ahead names the column 'day'"),
    ],
)
def test_errors_leave_the_model_as_it_was(given, rows, text):
    model = ARRegressor().fit(NYSE, VOLUME)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=re.escape(text)):
        model.set_params(**given).fit(rows, np.arange(float(len(rows))))
    assert vars(model) == before | given


@pytest.mark.parametrize("given", [{}, {"known_ahead": ["day"]}, {"n_lags": "bic"}])
@pytest.mark.parametrize(("labels", "dtype"), [(["x", "y"], object), ([1, 2], "category")])
def test_codes_of_categories_are_no_numbers(given, labels, dtype):
    numbers, y = NYSE[:60], VOLUME[:60]
    X = numbers.assign(day=np.tile(labels, 30)).astype({"day": dtype})
    with pytest.raises(ValueError, match=r"^X has the categories \['day'\], but ARRegressor needs"):
        ARRegressor(2).set_params(**given).fit(X, y)
    entering = dict.fromkeys(numbers, 2)
    without = ARRegressor(2).fit(numbers, y)
    np.testing.assert_array_equal(
        ARRegressor(entering).fit(X, y).predict(X), without.predict(numbers)
    )


def test_missing_values_are_refused_where_they_are_read():
    model = ARRegressor({"log_volume": 2}).fit(NYSE.assign(DJ_return=np.nan)[:600], VOLUME[:600])
    later = NYSE[600:610].copy()
    later.iloc[-1] = np.nan  # no lag of a row
    assert np.isfinite(model.predict(later)).all()
    later.iloc[4] = np.nan
    with pytest.raises(ValueError, match="the column 'log_volume' is missing at lag 1 of row 5"):
        model.predict(later)
    empty = ARRegressor(2, fill_value="nan", history="never").fit(NYSE, VOLUME)
    assert np.isnan(empty.predict(NYSE)).tolist() == [True] * 2 + [False] * 798


def test_models_that_cannot_be_put_around_it_say_so():
    with pytest.raises(
        ValueError, match=r"^estimator ARRegressor leaves out rows with incomplete windows"
    ):
        CompleteRows(ARRegressor()).fit(NYSE, VOLUME)
    with pytest.raises(ValueError, match="but ARRegressor reads lags itself; take make_ar"):
        DifferencedRegressor(ARRegressor()).fit(NYSE, VOLUME)
