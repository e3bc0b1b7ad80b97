"""Intervals of forecasts: calibrated on past forecasts, by step, in units of each series."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import Forecaster, NaiveForecaster, make_ar
from sklearn_rnn.exceptions import InfiniteIntervalWarning

RNG = np.random.default_rng(0)
MONTHS = pd.period_range("2015-01", periods=120, freq="M")
WALK = pd.Series(RNG.normal(size=120).cumsum(), MONTHS, name="sales")


def stores(n_series, n_rows=60, scale=1.0):
    """Noise of several stores, in long format and a drawn order of the rows."""
    parts = [
        pd.DataFrame(
            {"month": MONTHS[:n_rows], "store": k, "sales": scale * RNG.normal(size=n_rows)}
        )
        for k in range(n_series)
    ]
    return pd.concat(parts).sample(frac=1.0, random_state=0, ignore_index=True)


NAMES = {"target": "sales", "time": "month", "series": "store"}


@pytest.mark.parametrize("strategy", ["recursive", "direct", "multi_output"])
def test_the_margin_of_a_step_is_an_order_statistic_of_its_past_errors(strategy):
    forecaster = Forecaster(make_ar(2), 3, strategy=strategy, calibration_rows=20).fit(WALK)
    early = Forecaster(make_ar(2), 3, strategy=strategy).fit(WALK[:-20])
    errors = [[], [], []]
    for end in range(100, 120):
        n_ahead = min(3, 120 - end)
        forecasts = early.predict(n_ahead, past=WALK[:end])
        for step in range(n_ahead):
            errors[step].append(abs(WALK.iloc[end + step] - forecasts.iloc[step]))
    found = forecaster.predict(3, level=0.8)
    assert list(found) == ["sales", "sales_lower", "sales_upper"]
    pd.testing.assert_series_equal(found["sales"], forecaster.predict(3), check_freq=False)
    for step, of_step in enumerate(errors):
        margin = np.sort(of_step)[int(np.ceil((len(of_step) + 1) * 0.8)) - 1]
        ends = found[["sales_lower", "sales_upper"]].iloc[step]
        np.testing.assert_allclose(ends, found["sales"].iloc[step] + [-margin, margin])


def test_intervals_of_a_panel_contain_the_targets_with_the_level():
    table = stores(150, 44)
    late = table["month"] >= MONTHS[40]
    forecaster = NaiveForecaster("seasonal_mean", calibration_rows=8, **NAMES)
    rows = table[late]
    found = forecaster.fit(table[~late]).predict(rows, level=0.9)
    actual = rows["sales"].to_numpy()
    inside = (found["sales_lower"] <= actual) & (actual <= found["sales_upper"])
    assert inside.mean() == pytest.approx(0.9, abs=0.04)


def test_margins_have_the_units_of_their_series():
    table = stores(6)
    forecaster = NaiveForecaster("last", calibration_rows=20, **NAMES)
    before = forecaster.fit(table).predict(2, level=0.8)
    is_first = table["store"] == 0
    larger = table.assign(sales=np.where(is_first, 100 * table["sales"], table["sales"]))
    after = forecaster.fit(larger).predict(2, level=0.8)
    factor = np.repeat([100.0, 1, 1, 1, 1, 1], 2)[:, None]
    np.testing.assert_allclose(after, before * factor)


def test_a_new_series_has_the_intervals_of_its_own_units():
    table = stores(4)
    forecaster = NaiveForecaster("last", calibration_rows=20, **NAMES).fit(table)
    new = table[table["store"] == 1].assign(store="new", sales=lambda t: 7 * t["sales"])
    found = forecaster.predict(2, past=new, level=0.8)
    doubled = forecaster.predict(2, past=new.assign(sales=2 * new["sales"]), level=0.8)
    np.testing.assert_allclose(doubled, 2 * found)


def widths(found):
    return found["sales_upper"] - found["sales_lower"]


def test_a_short_series_of_large_numbers_leaves_the_intervals_of_the_others():
    table, short = stores(6), stores(1, 32, 1000.0).assign(store="short")
    model = NaiveForecaster("seasonal", season=12, calibration_rows=20, **NAMES)
    alone = widths(model.fit(table).predict(2, level=0.8))
    beside = widths(model.fit(pd.concat([table, short])).predict(2, level=0.8))
    np.testing.assert_allclose(beside[alone.index], alone, rtol=0.15)
    assert (beside["short"] > 300).all()
    new = widths(
        model.predict(2, past=short.sort_values("month")[-12:].assign(store="n"), level=0.8)
    )
    np.testing.assert_allclose(new["n"], beside["short"], rtol=0.5)


def test_a_series_that_does_not_change_has_no_finite_interval():
    table, constant = stores(6), stores(1, 60, 0.0).assign(store="constant")
    model = NaiveForecaster("seasonal", season=12, calibration_rows=20, **NAMES)
    alone = widths(model.fit(table).predict(2, level=0.8))
    model.fit(pd.concat([table, constant]))
    with pytest.warns(InfiniteIntervalWarning, match="2 of 14 rows: before .* do not change"):
        beside = widths(model.predict(2, level=0.8))
    np.testing.assert_allclose(beside[alone.index], alone)
    assert np.isinf(beside["constant"]).all()


def test_rows_ahead_have_the_intervals_of_the_steps_in_their_own_order():
    table = stores(3)
    forecaster = Forecaster(make_ar(2), 2, calibration_rows=20, **NAMES).fit(table)
    by_number = forecaster.predict(2, level=0.8)
    rows = by_number.index.to_frame(index=False).sample(frac=1.0, random_state=1)
    found = forecaster.predict(rows, level=0.8)
    pd.testing.assert_frame_equal(found.loc[by_number.index], by_number)


def test_several_targets_have_their_own_ends():
    table = pd.DataFrame({"a": WALK, "b": 10 * RNG.normal(size=120)})
    forecaster = Forecaster(
        make_ar(2), 2, strategy="recursive", target=["a", "b"], calibration_rows=30
    )
    found = forecaster.fit(table).predict(2, level=0.8)
    assert list(found) == [f"{c}{end}" for c in "ab" for end in ("", "_lower", "_upper")]
    assert (found["a_upper"] - found["a_lower"] < found["b_upper"] - found["b_lower"]).all()


def test_a_walk_is_less_certain_far_ahead():
    walk = pd.Series(RNG.normal(size=120).cumsum(), MONTHS, name="sales")
    found = NaiveForecaster("last", calibration_rows=60).fit(walk).predict(12, level=0.8)
    width = (found["sales_upper"] - found["sales_lower"]).to_numpy()
    assert width[11] > 2 * width[0]


def test_rows_whose_actual_is_missing_calibrate_nothing():
    gaps = WALK.copy()
    gaps.iloc[[-5, -9]] = np.nan
    found = NaiveForecaster("last", calibration_rows=30).fit(gaps).predict(1, level=0.8)
    errors = gaps.diff().abs()[-30:]
    errors[gaps.shift().isna()[-30:]] = (gaps - gaps.shift(2)).abs()
    expected = np.sort(errors.dropna())[int(np.ceil(29 * 0.8)) - 1]
    assert found["sales_upper"].iloc[0] - found["sales"].iloc[0] == pytest.approx(expected)


def test_an_interval_without_enough_errors_is_infinite_and_says_so():
    forecaster = NaiveForecaster("last", calibration_rows=9).fit(WALK)
    assert np.isfinite(forecaster.predict(1, level=0.9)).all(axis=None)
    with pytest.warns(
        InfiniteIntervalWarning, match=r"Intervals are infinite in 1 of 2 rows: .* got 8"
    ):
        forecaster.predict(2, level=0.9)


@pytest.mark.parametrize("level", [0, 1, 90])
def test_levels_are_between_zero_and_one(level):
    with pytest.raises(ValueError, match="level == "):
        NaiveForecaster("last", calibration_rows=9).fit(WALK).predict(1, level=level)


def test_intervals_that_are_not_calibrated_are_refused():
    with pytest.raises(ValueError, match="level needs calibration_rows"):
        NaiveForecaster("last").fit(WALK).predict(1, level=0.9)
    forecaster = Forecaster(make_ar(2), 2, strategy="recursive", calibration_rows=20).fit(WALK)
    with pytest.raises(ValueError, match="calibrated for at most 2 steps; got 3"):
        forecaster.predict(3, level=0.9)


@pytest.mark.parametrize("strategy", ["direct", "recursive", "multi_output"])
def test_each_step_of_the_horizon_has_an_error_or_fit_fails(strategy):
    forecaster = Forecaster(make_ar(2), 4, strategy=strategy, calibration_rows=3)
    text = r"^calibration_rows must be at least horizon=4, .* got 3\. Set .* calibration_rows=12,"
    with pytest.raises(ValueError, match=text):
        forecaster.fit(WALK)
    least = forecaster.set_params(calibration_rows=12).fit(WALK)
    assert np.isfinite(least.predict(4, level=0.9)).all(axis=None)


def test_too_few_rows_before_the_calibration_are_named_as_such():
    with pytest.raises(
        ValueError, match=r"leaves no rows .*; set at most calibration_rows=119, or"
    ):
        NaiveForecaster("last", calibration_rows=len(WALK)).fit(WALK)
    table = stores(3, 9).query("store != 2 or month < '2015-08'")
    with pytest.raises(ValueError, match=r"calibration_rows=7 leaves no rows .* \[2\]"):
        NaiveForecaster("last", calibration_rows=7, **NAMES).fit(table)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_the_number_of_calibration_rows_that_an_error_offers_works(strategy):
    table = stores(3, 30).query("store != 2 or month < '2016-05'")
    forecaster = Forecaster(make_ar(4, seasonal_lags=(6,)), 2, strategy=strategy, **NAMES)
    text = (
        r"leaves fewer than \d+ rows to fit of the series \[2\].* at most calibration_rows=(\d+),"
    )
    with pytest.raises(ValueError, match=text) as found:
        forecaster.set_params(calibration_rows=14).fit(table)
    most = int(re.search(text, str(found.value))[1])
    assert forecaster.set_params(calibration_rows=most).fit(table).predict(2).notna().all()
    with pytest.raises(ValueError, match=text):
        forecaster.set_params(calibration_rows=most + 1).fit(table)


def test_no_number_of_calibration_rows_is_offered_if_none_works():
    forecaster = Forecaster(make_ar(6), 4, calibration_rows=5)
    with pytest.raises(ValueError, match=r"lengths \[13\]; take fewer lags, or give more rows\.$"):
        forecaster.fit(WALK[:13])


def test_forecasts_across_a_missing_row_calibrate_nothing():
    gap = WALK.drop(WALK.index[-5])
    found = NaiveForecaster("last", calibration_rows=30).fit(gap).predict(2, level=0.8)
    for step in (1, 2):
        errors = (WALK - WALK.shift(step)).abs().reindex(gap.index)[-30 + step - 1 :]
        dropped = WALK.index[-5 : -5 + step + 1]  # the actual or the last value, or one between
        errors = errors[~errors.index.isin(dropped)]
        expected = np.sort(errors)[int(np.ceil((len(errors) + 1) * 0.8)) - 1]
        assert found.iloc[step - 1]["sales_upper"] - found.iloc[step - 1]["sales"] == (
            pytest.approx(expected)
        )


def test_a_series_of_one_row_has_the_step_of_the_others():
    table = stores(3)
    single = table[(table["store"] != 2) | (table["month"] == table["month"].max())]
    found = NaiveForecaster("last", **NAMES).fit(single).predict(2)
    assert found[2].index.equals(found[1].index)
