"""The linear autoregression against least squares by hand and AutoReg of statsmodels."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from statsmodels.tsa.ar_model import AutoReg

from sklearn_rnn import make_ar, make_lasso, make_linear
from sklearn_rnn.datasets import load_nyse

NYSE = load_nyse(as_frame=True).frame.iloc[:800]
SERIES = NYSE["log_volume"]
AIR_PASSENGERS = Path(__file__).parents[1] / "data" / "AirPassengers.csv"
EXACT = {"rtol": 1e-8, "atol": 1e-8}


def names_of(ar):
    return list(ar[0].get_feature_names_out())


@pytest.mark.parametrize("n_lags", [1, 5, 22])
def test_make_ar_is_autoreg(n_lags):
    X = SERIES.to_frame()
    ar = make_ar(n_lags).fit(X, SERIES)
    theirs = AutoReg(SERIES.to_numpy(), n_lags).fit()  # const, lag 1, lag 2, ...
    np.testing.assert_allclose(ar[-1].intercept_, theirs.params[0], **EXACT)
    np.testing.assert_allclose(ar[-1].coef_[::-1], theirs.params[1:], **EXACT)
    np.testing.assert_allclose(ar.predict(X)[n_lags:], theirs.fittedvalues, **EXACT)


def test_the_forecast_of_the_first_new_row_is_autoregs():
    X = SERIES.to_frame()
    ar = make_ar(5).fit(X[:700], SERIES[:700])
    theirs = AutoReg(SERIES.to_numpy()[:700], 5).fit()
    forecast = ar.predict(X[700:])[0]  # its past is what `fit` has seen
    np.testing.assert_allclose(forecast, theirs.forecast(1)[0], **EXACT)


def test_seasonal_lags_are_autoregs_list_of_lags():
    X = SERIES.to_frame()
    ar = make_ar(2, seasonal_lags=(5, 10)).fit(X, SERIES)
    theirs = AutoReg(SERIES.to_numpy(), [1, 2, 5, 10]).fit()
    ours = dict(zip(names_of(ar), ar[-1].coef_, strict=True))
    assert list(ours) == [f"log_volume_lag{k}" for k in (2, 1, 5, 10)]
    np.testing.assert_allclose(ar[-1].intercept_, theirs.params[0], **EXACT)
    found = [ours[f"log_volume_lag{k}"] for k in (1, 2, 5, 10)]
    np.testing.assert_allclose(found, theirs.params[1:], **EXACT)
    np.testing.assert_allclose(ar.predict(X)[10:], theirs.fittedvalues, **EXACT)


@pytest.mark.parametrize("seasonal", [(), (5,)])
def test_exogenous_columns_are_autoregs_exog(seasonal):
    days = pd.get_dummies(NYSE["day_of_week"], dtype=float)[["mon", "tues", "wed", "thur"]]
    X = days.join(SERIES)
    ar = make_ar(3, seasonal_lags=seasonal, exogenous=list(days)).fit(X, SERIES)
    lags = [1, 2, 3, *seasonal]
    theirs = AutoReg(SERIES.to_numpy(), lags, exog=days.to_numpy(), hold_back=max(lags)).fit()
    ours = dict(zip(names_of(ar), ar[-1].coef_, strict=True))
    found = [*(ours[f"log_volume_lag{k}"] for k in lags), *(ours[day] for day in days)]
    np.testing.assert_allclose(ar[-1].intercept_, theirs.params[0], **EXACT)
    np.testing.assert_allclose(found, theirs.params[1:], **EXACT)
    np.testing.assert_allclose(ar.predict(X)[max(lags) :], theirs.fittedvalues, **EXACT)


# The new rows lie among those of fit, so that their first lags are filled.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
def test_seasonal_lags_and_exogenous_columns_work_on_arrays_and_in_new_rows():
    X = NYSE[["DJ_return", "log_volume", "log_volatility"]]
    given = {"seasonal_lags": (5, 22), "known_ahead": [1]}
    by_name = make_ar(2, exogenous=["DJ_return"], **given).fit(X, SERIES)
    by_position = make_ar(2, exogenous=[0], **given).fit(X.to_numpy(), SERIES)
    np.testing.assert_allclose(by_name.predict(X), by_position.predict(X.to_numpy()))
    np.testing.assert_allclose(by_name.predict(X[600:])[22:], by_name.predict(X)[622:])
    of_lists = make_ar(2, exogenous=[0], **given).fit(X.to_numpy().tolist(), SERIES)
    np.testing.assert_array_equal(of_lists.predict(X.to_numpy()), by_position.predict(X.to_numpy()))
    assert len(by_name[-1].coef_) == 1 + 2 * (2 + 2)


@pytest.mark.parametrize("seasonal", [(5, 2), (1,), ("a",)])
def test_seasonal_lags_must_be_further_lags(seasonal):
    with pytest.raises(ValueError, match="seasonal_lags must be integers of at least delay=2"):
        make_ar(3, delay=2, step=3, seasonal_lags=seasonal)


@pytest.mark.parametrize("given", [{"seasonal_lags": 7}, {"exogenous": "day"}])
def test_one_value_is_no_sequence(given):
    ((name, value),) = given.items()
    text = f"{name} must be a sequence, such as [{value!r}]; got {value!r}."
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        make_ar(3, **given)


@pytest.mark.parametrize(
    ("exogenous", "as_array", "text"),
    [
        (
            ["zz"],
            False,
            "names the column 'zz', which X does not have; its columns are ['a', 'b'].",
        ),
        (["a"], True, "names the column 'a', but X has no column names; give positions, or a Data"),
        ([2], False, "must hold names of columns or positions from 0 to 1; got 2."),
        ([-3], True, "must hold names of columns or positions from 0 to 1; got -3."),
    ],
)
def test_columns_that_x_lacks_are_errors_of_exogenous(exogenous, as_array, text):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"])
    table, y = (X.to_numpy() if as_array else X), X["a"].to_numpy() + 1
    with pytest.raises(ValueError, match=f"^exogenous {re.escape(text)}"):
        make_ar(2, exogenous=exogenous).fit(table, y)
    last, first = (make_ar(2, exogenous=[p]).fit(table, y) for p in (-1, 1))
    np.testing.assert_array_equal(last.predict(table), first.predict(table))


@pytest.mark.parametrize(
    ("labels", "dtype"), [([1, 2], "category"), (["1", "2"], object), (["x", "y"], "category")]
)
@pytest.mark.parametrize("columns", [["kind"], [1]])
def test_exogenous_columns_are_numbers(labels, dtype, columns):
    X = pd.DataFrame({"a": SERIES, "kind": np.resize(labels, len(SERIES))}).astype({"kind": dtype})
    with pytest.raises(ValueError, match=r"^LinearRegression .* columns \['kind'\] of X: turn"):
        make_ar(2, exogenous=columns).fit(X, SERIES)


def autoregressive(n, coefficients, seed=0):
    """Return a series ``y_t = 2 + sum_j coefficients_j y_{t - j} + noise``."""
    series = list(np.random.default_rng(seed).normal(size=n + len(coefficients)))
    for t in range(len(coefficients), len(series)):
        past = series[t - len(coefficients) : t][::-1]
        series[t] += 2 + np.dot(coefficients, past)
    return np.array(series[len(coefficients) :])


def test_make_ar_is_least_squares_on_lags():
    series = autoregressive(400, [0.5, -0.3, 0.2])
    X = np.column_stack([series, np.random.default_rng(1).normal(size=400)])
    lags = [X[4 - back : 400 - back] for back in (4, 3, 2, 1)]
    design = np.column_stack([np.ones(396), *lags])
    expected = np.linalg.lstsq(design, series[4:], rcond=None)[0]
    ar = make_ar(4).fit(X, series)
    np.testing.assert_allclose(ar[-1].intercept_, expected[0], rtol=1e-9)
    np.testing.assert_allclose(ar[-1].coef_, expected[1:], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ar.predict(X)[4:], design @ expected, rtol=1e-9)


def test_make_ar_recovers_the_truth_within_three_standard_errors():
    truth = [0.5, -0.3, 0.2]
    series = autoregressive(5000, truth)
    ar = make_ar(3).fit(series[:, np.newaxis], series)
    lags = np.column_stack([series[3 - back : 5000 - back] for back in (1, 2, 3)])
    noise = np.linalg.inv(np.cov(lags.T) * len(lags))
    errors = ar[-1].coef_[::-1] - truth
    assert (np.abs(errors) < 3 * np.sqrt(np.diag(noise))).all()


def test_make_ar_hands_its_parameters_on():
    given = {
        "n_lags": 2,
        "delay": 3,
        "step": 4,
        "known_ahead": ["a"],
        "fill_value": 0.5,
        "history": "never",
        "max_gap": 2,
        "lag_unit": "rows",
        "time": "day",
        "series": "store",
    }
    assert make_ar(**given)[0].get_params() == {**given, "flatten": True}


@pytest.mark.parametrize("more", [{}, {"seasonal_lags": [3]}, {"exogenous": ["price"]}])
def test_a_long_table_is_modelled_as_a_panel_is(more):
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["a", "b"], pd.date_range("2026", periods=40)], names=["store", "day"]
    )
    panel = pd.DataFrame(rng.normal(size=(80, 2)), index, ["sales", "price"])
    long, y = panel.reset_index(), panel["sales"].to_numpy()
    expected = make_ar(2, **more).fit(panel, y)
    model = make_ar(2, time="day", series="store", **more).fit(long, y)
    assert model.n_rows_omitted_ == expected.n_rows_omitted_
    np.testing.assert_allclose(model.predict(long), expected.predict(panel), rtol=1e-12)
    if not more:
        for make in (make_lasso, make_linear):
            given = {"target_channel": "sales"} if make is make_linear else {}
            model = make(2, time="day", series="store", **given).fit(long, y)
            expected = make(2, **given).fit(panel, y)
            np.testing.assert_allclose(model.predict(long), expected.predict(panel), rtol=1e-12)


@pytest.mark.parametrize(("delay", "expected"), [(1, 0.0330), (12, 0.0591)])
def test_a_short_series_with_a_trend_is_not_fitted_to_filled_rows(delay, expected):
    X = np.log(pd.read_csv(AIR_PASSENGERS, index_col=0, parse_dates=True))
    cv, ar = TimeSeriesSplit(5, test_size=12), make_ar(13, delay=delay)
    scores = cross_val_score(ar, X, X.iloc[:, 0], cv=cv, scoring="neg_root_mean_squared_error")
    assert round(-scores.mean(), 4) == expected


def test_make_ar_can_be_searched():
    series = autoregressive(300, [0.0, 0.8])
    X = pd.DataFrame({"y": series})
    search = GridSearchCV(make_ar(), {"lagtransformer__n_lags": [1, 2]}, cv=TimeSeriesSplit(3))
    assert search.fit(X, series).best_params_ == {"lagtransformer__n_lags": 2}


@pytest.mark.parametrize("text", [["dry", "wet"], ["dry", None], [1.0, "wet"]])
@pytest.mark.parametrize("dtype", [object, "category"])
def test_columns_of_text_are_named_with_what_to_do(text, dtype):
    X = pd.DataFrame({"y": np.arange(40.0) % 7, "kind": text * 20, "store": "a"})
    X["kind"] = X["kind"].astype(dtype)
    model = make_ar(2, exogenous=["kind"], series="store")
    with pytest.raises(ValueError, match=r"in the columns \['kind'\] of X: turn .*get_dummies"):
        model.fit(X, X["y"])
    coded = pd.get_dummies(X, columns=["kind"], dtype=float)
    names = [c for c in coded if c.startswith("kind_")]
    assert np.isfinite(
        make_ar(2, exogenous=names, series="store").fit(coded, X["y"]).predict(coded)
    ).all()
