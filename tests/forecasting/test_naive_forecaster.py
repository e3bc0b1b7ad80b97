"""Naive forecasts against a loop over the rows of each series."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import Forecaster, NaiveForecaster, make_ar

RNG = np.random.default_rng(0)
LENGTHS = {"a": 23, "b": 17, "c": 30}
PANEL = pd.concat(
    {
        name: pd.DataFrame(
            {"sales": RNG.normal(size=n), "price": RNG.normal(size=n)},
            pd.period_range("2020-01", periods=n, freq="M", name="month"),
        )
        for name, n in LENGTHS.items()
    },
    names=["store"],
)
STRATEGIES = ["last", "seasonal", "drift", "seasonal_mean"]


def by_hand(values, strategy, season, step):
    """Return the forecast of a step after the end of a list of values."""
    observed = [t for t, value in enumerate(values) if not np.isnan(value)]
    first, last, ahead = observed[0], observed[-1], len(values) - 1 + step
    if strategy == "last":
        return values[last]
    if strategy == "drift":
        slope = (values[last] - values[first]) / (last - first)
        return values[last] + slope * (ahead - last)
    same = [values[t] for t in observed if (ahead - t) % season == 0]
    return same[-1] if strategy == "seasonal" else np.mean(same)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("season", [1, 4])
def test_forecasts_are_those_of_a_loop(strategy, season):
    panel = PANEL.copy()
    panel.iloc[[3, 22, 24, 60]] = np.nan  # 22 and 60 are near ends
    targets = ["sales", "price"]
    forecaster = NaiveForecaster(strategy, season=season, target=targets).fit(panel)
    found = forecaster.predict(6)
    for store, target in ((store, target) for store in LENGTHS for target in targets):
        values = panel.loc[store, target].tolist()
        expected = [by_hand(values, strategy, season, step) for step in range(1, 7)]
        np.testing.assert_allclose(found.loc[store, target], expected, rtol=1e-10)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_missing_row_is_a_missing_value(strategy):
    sales = PANEL.loc["c", "sales"].copy()
    sales.iloc[[9, 28]] = np.nan
    model = NaiveForecaster(strategy, season=4)
    expected = model.fit(sales).predict(6)
    pd.testing.assert_series_equal(model.fit(sales.dropna()).predict(6), expected)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_predicts_as_forecasters_do(strategy):
    long = PANEL.reset_index()
    names = {"target": "sales", "time": "month", "series": "store"}
    naive = NaiveForecaster(strategy, season=4, **names).fit(long)
    found = naive.predict(3)
    other = Forecaster(make_ar(2), 3, **names).fit(long[["month", "store", "sales"]])
    assert found.index.equals(other.predict(3).index)
    pd.testing.assert_frame_equal(
        naive.naive_error_,
        other.set_params(season=4).fit(long[["month", "store", "sales"]]).naive_error_,
    )
    ahead = found.reset_index().sample(frac=1.0, random_state=0)
    pd.testing.assert_series_equal(naive.predict(ahead), found.iloc[ahead.index])
    new = PANEL.loc[["b"], ["sales"]].rename(index={"b": "new"}).reset_index()
    np.testing.assert_array_equal(naive.predict(3, past=new), found["b"])


def test_a_season_of_one_row_is_the_last_value_and_drift_is_linear():
    sales = PANEL.loc["a", "sales"]
    last = NaiveForecaster("last").fit(sales).predict(5)
    assert (last == sales.iloc[-1]).all()
    pd.testing.assert_series_equal(NaiveForecaster("seasonal").fit(sales).predict(5), last)
    line = pd.Series(np.arange(10.0))
    assert NaiveForecaster("drift").fit(line).predict(3).tolist() == [10.0, 11.0, 12.0]


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        ("seasonal", "X must have an observed value at each of the 20 places of a season in each"),
        ("seasonal_mean", "X must have an observed value at each of the 20 places of a season in"),
        (
            "drift",
            "X must have two observed values in each series for strategy='drift'; the series",
        ),
        ("last", "X must have an observed value in each series for strategy='last'; the series"),
    ],
)
def test_series_without_enough_values_are_named(strategy, text):
    panel = PANEL[["sales"]].copy()
    kept = 1 if strategy == "drift" else 0 if strategy == "last" else 17
    panel.loc[("b", slice(None)), "sales"] = [1.0] * kept + [np.nan] * (17 - kept)
    model = NaiveForecaster(strategy, season=20)
    with pytest.raises(ValueError, match=rf"^{re.escape(text)}.*\['b'\] do not"):
        model.fit(panel)


def test_a_target_of_dates_is_named():
    dates = pd.DataFrame({"sales": pd.date_range("2026", periods=9)})
    with pytest.raises(TypeError, match=r"^X must hold numbers, but its column 'sales' is of"):
        NaiveForecaster().fit(dates)


def test_times_that_leave_out_steps_are_explained():
    series = pd.Series(range(30), pd.date_range("2026-01-01", periods=30, freq="2B"), dtype=float)
    with pytest.raises(ValueError, match="as every second business day does, number the rows"):
        NaiveForecaster().fit(series).predict(2)
    NaiveForecaster().fit(series.reset_index(drop=True)).predict(2)
