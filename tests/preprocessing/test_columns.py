"""Columns by name or position, and rows moved up."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from sklearn_rnn import (
    ARRegressor,
    DifferencedRegressor,
    GRURegressor,
    LagTransformer,
    make_ar,
    make_lagged,
    make_linear,
)
from sklearn_rnn.preprocessing._columns import advance_columns, find_columns

X = np.arange(15.0).reshape(5, 3)
FRAME = pd.DataFrame(X, columns=["return", "volume", "day"])


@pytest.mark.parametrize(
    ("columns", "positions"),
    [
        (None, []),
        ([], []),
        (["day", "return"], [2, 0]),
        ((2, "volume"), [2, 1]),
        (np.array([1]), [1]),
        (pd.Index(["day"]), [2]),
    ],
)
def test_columns_are_found_by_name_or_position(columns, positions):
    assert find_columns(columns, FRAME, 3).tolist() == positions


@pytest.mark.parametrize("delay", [0, 2, 9])
def test_columns_move_up_and_the_others_stay(delay):
    rows = X.copy()
    advance_columns(rows, np.array([0, 2]), delay)
    np.testing.assert_array_equal(rows[:, 1], X[:, 1])
    np.testing.assert_array_equal(rows[: max(5 - delay, 0), 0], X[delay:, 0])
    np.testing.assert_array_equal(rows[: max(5 - delay, 0), 2], X[delay:, 2])


@pytest.mark.parametrize(
    ("columns", "table", "text"),
    [
        (
            ["month"],
            FRAME,
            "known_ahead names the column 'month', which X does not have; its columns are "
            "['return', 'volume', 'day'].",
        ),
        (
            ["day"],
            X,
            "known_ahead names the column 'day', but X has no column names; give positions, or "
            "a DataFrame.",
        ),
        (
            "day",
            FRAME,
            "known_ahead must be a list of columns; got 'day', give ['day'].",
        ),
        (
            [3],
            X,
            "known_ahead must hold names of columns or positions from 0 to 2; got 3.",
        ),
        (
            [1.5],
            X,
            "known_ahead must hold names of columns or positions from 0 to 2; got 1.5.",
        ),
        (
            [True, False, True],
            X,
            "known_ahead must hold names of columns or positions from 0 to 2; got True.",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(columns, table, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        find_columns(columns, table, 3)
    with pytest.raises(ValueError, match=f"^{re.escape(text.replace('known_ahead', 'lags'))}$"):
        find_columns(columns, table, 3, "lags")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_of_dates_is_refused_with_the_parameter_that_reads_it(library):
    frame = FRAME.assign(date=pd.date_range("2026", periods=5))
    table = frame if library == "pandas" else pl.DataFrame(frame.to_dict("list"))
    index = r"make it the index, X.set_index('date'), or " if library == "pandas" else ""
    text = f"If it holds the times of the rows, {index}name it, LagTransformer(time='date')."
    with pytest.raises(TypeError, match=r"^X must .* column 'date' .*" + re.escape(text)):
        LagTransformer(2).fit(table)
    assert LagTransformer(2, time="date").fit_transform(table).shape == (5, 2, 3)


def test_a_column_of_dates_as_text_is_refused_with_the_way_to_the_index():
    numbers = [1.0] * (len(FRAME) - 1)
    hints = [("2026-01-05", "pandas.to_datetime, .* categories, give it a categorical dtype.")]
    hints += [(["a", *numbers], "'a'."), ([*numbers, "a"], "'a'.")]
    for text, hint in hints:
        with pytest.raises(ValueError, match=rf"column 'date': could not convert .*{hint}$"):
            LagTransformer(2).fit(FRAME.assign(date=text))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_series_with_a_name_is_a_table_of_one_column(library):
    values = np.random.default_rng(0).normal(size=20)
    times = pd.date_range("2026", periods=20)
    named = pl.Series("load", values)
    if library == "pandas":
        named = pd.Series(values, times, name="load")
    table, early, late = named.to_frame(), named[:15], named[15:]
    y = np.sin(values)
    lags = LagTransformer(2, flatten=True)
    np.testing.assert_array_equal(lags.fit_transform(named), lags.fit_transform(table))
    assert lags.fit(named).get_feature_names_out().tolist() == ["load_lag2", "load_lag1"]
    for model in (make_ar(2), make_linear(2, 2), ARRegressor(2), DifferencedRegressor(make_ar(2))):
        expected = clone(model).fit(early.to_frame(), early).predict(late.to_frame())
        np.testing.assert_array_equal(model.fit(early, early).predict(late), expected)
    for by_series, by_table in zip(make_lagged(named, y, 2), make_lagged(table, y, 2), strict=True):
        np.testing.assert_array_equal(by_series, by_table)


@pytest.mark.parametrize("series", [pd.Series(np.arange(9.0)), pl.Series(np.arange(9.0))])
def test_a_series_without_a_name_and_one_of_a_network_are_no_table(series):
    text = r"^X must have two dimensions; got a Series: give X\.to_frame\(\)\.$"
    lags = LagTransformer(2).fit(series.to_frame().to_numpy())
    for use in (LagTransformer(2).fit, lags.transform, lambda X: make_ar(2).fit(X, X)):
        with pytest.raises(ValueError, match=text):
            use(series)
    with pytest.raises(ValueError, match=text):
        GRURegressor().fit(series.rename("load"), series)
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        lags.fit(series.to_numpy())


def test_a_position_counts_the_columns_of_time_and_series_too():
    days = np.tile(np.arange(6.0), 2)
    values = np.random.default_rng(0).normal(size=(2, 12))
    table = pd.DataFrame({"store": [0.0] * 6 + [1.0] * 6, "temp": values[0], "load": values[1]})
    table["date"] = days
    named = {"time": "date", "series": "store"}
    y = table["load"].to_numpy()
    for column, position in (("temp", 1), ("load", 2)):
        by_name = LagTransformer(2, known_ahead=[column], **named).fit_transform(table)
        by_position = LagTransformer(2, known_ahead=[position], **named).fit_transform(table)
        np.testing.assert_array_equal(by_name, by_position)
        by_name, _ = make_lagged(table, y, 2, known_ahead=[column], **named)
        by_position, _ = make_lagged(table, y, 2, known_ahead=[position], **named)
        np.testing.assert_array_equal(by_name, by_position)
        dicts = [{column: 2}, {position: 2}]
        lags = [ARRegressor(each, **named).fit(table, y).selected_lags_ for each in dicts]
        assert lags == [{column: [1, 2]}] * 2
    for wrong in (0, 3, "date"):
        text = rf"must not hold the columns time and series, \['date', 'store'\].*Got {wrong!r}"
        with pytest.raises(ValueError, match=f"^known_ahead {text}"):
            LagTransformer(2, known_ahead=[wrong], **named).fit(table)
        with pytest.raises(ValueError, match=f"^known_ahead {text}"):
            make_lagged(table, y, 2, known_ahead=[wrong], **named)
        with pytest.raises(ValueError, match=f"^n_lags {text}"):
            ARRegressor({wrong: 2}, **named).fit(table, y)
    with pytest.raises(ValueError, match=r"^known_ahead must hold .* from 0 to 3; got 4\.$"):
        LagTransformer(2, known_ahead=[4], **named).fit(table)
    text = r"^n_lags has 4 entries, but X has 2 columns other than \['date', 'store'\]"
    with pytest.raises(ValueError, match=text):
        ARRegressor([1, 1, 1, 1], **named).fit(table, y)
