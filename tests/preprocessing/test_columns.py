"""Columns by name or position, and rows moved up."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_rnn import GRURegressor, LagTransformer
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


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_of_dates_is_refused_with_the_parameter_that_reads_it(library):
    frame = FRAME.assign(date=pd.date_range("2026", periods=5))
    table = frame if library == "pandas" else pl.DataFrame(frame.to_dict("list"))
    text = r"column 'date' .* leave it out, or name it, LagTransformer\(time='date'\), if rows"
    with pytest.raises(TypeError, match=text):
        LagTransformer(2).fit(table)
    assert LagTransformer(2, time="date").fit_transform(table).shape == (5, 2, 3)


def test_a_series_is_no_table():
    with pytest.raises(
        ValueError, match=r"^X must have two dimensions; .* give X\.to_frame\(\)\.$"
    ):
        LagTransformer(2).fit(FRAME["day"])
    with pytest.raises(ValueError, match=r"give X\.to_frame\(\)\.$"):
        LagTransformer(2).fit(FRAME[["day"]]).transform(FRAME["day"])
    with pytest.raises(ValueError, match=r"give X\.to_frame\(\)\.$"):
        GRURegressor().fit(FRAME["day"], FRAME["day"])
