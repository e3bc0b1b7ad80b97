"""The column that y is, found by its values or checked by them."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_rnn.forecasting._target_columns import find_target_columns, replace_column

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(20, 3)), columns=list("abc"))
Y = FRAME["b"].to_numpy()

containers = pytest.mark.parametrize(
    "table", [FRAME, FRAME.to_numpy(), pl.DataFrame(FRAME.to_dict("list"))]
)


@containers
def test_the_only_equal_column_is_found(table):
    assert find_target_columns(None, table, Y) == [1]
    assert find_target_columns(None, table, FRAME[["c", "a"]].to_numpy()) == [2, 0]
    assert find_target_columns(1, table, Y) == [1]
    assert find_target_columns([2, 0], table, FRAME[["c", "a"]].to_numpy()) == [2, 0]


@pytest.mark.parametrize("dtype", ["float32", "Float32", "Float64"])
def test_numbers_of_any_type_are_compared_as_they_were_stored(dtype):
    assert find_target_columns("b", FRAME.astype(dtype), Y) == [1]
    assert find_target_columns(None, FRAME.astype(dtype), Y) == [1]


def test_a_missing_value_equals_any_target_but_a_column_of_them_does_not():
    X = FRAME.copy()
    X.loc[3:5, "b"] = np.nan
    X["c"] = np.nan
    assert find_target_columns(None, X, Y) == [1]
    assert find_target_columns(None, X.astype("Float64"), Y) == [1]


def test_columns_of_other_kinds_are_not_the_target():
    days = pd.date_range("2024-01-01", periods=20)
    X = FRAME.assign(day=days, text="1.5", time=Y)[["day", "text", "time", "b"]]
    assert find_target_columns(None, X, Y, but=["time"]) == [3]
    assert find_target_columns(None, X.astype(object), Y, but=["time"]) == [3]


@pytest.mark.parametrize(
    ("target", "y", "text"),
    [
        (None, Y + 1e-9, "target: no column of X equals y row by row"),
        (None, Y.round(), "target: no column of X equals y row by row"),
        ("a", Y, "target: the column 'a' of X must equal y row by row; row 0 is 0.125"),
        ("z", Y, "target must be a position of a column of X, from 0 to 2, or one of its columns"),
        (3, Y, "target must be a position of a column of X, from 0 to 2, or one of its columns"),
        (-1, Y, "target must be a position of a column of X, from 0 to 2, or one of its columns"),
        (True, Y, "target must be a position of a column of X, from 0 to 2, or one of its columns"),
        (["a", "b"], Y, "target must name one column of X for each of the 1 targets in y; got"),
        ("a", FRAME.to_numpy(), "target must name one column of X for each of the 3 targets in y"),
    ],
)
def test_errors_tell_what_the_target_must_be(target, y, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        find_target_columns(target, FRAME, y)


def test_two_equal_columns_are_no_guess():
    X = FRAME.assign(copy=Y)
    text = "target must name the column of X that is y, since 2 of them equal y row by row: ['b', "
    text += "'copy']; set target='b', or leave one of them out of X."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        find_target_columns(None, X, Y)
    assert find_target_columns("copy", X, Y) == [3]


def test_an_array_has_no_names():
    text = "target must be a position of a column of X, from 0 to 2; got 'b'."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        find_target_columns("b", FRAME.to_numpy(), Y)


@containers
def test_a_column_is_replaced_in_a_copy(table):
    before = np.array(table)
    changed = np.array(replace_column(table, 1, np.arange(20.0)))
    np.testing.assert_array_equal(changed, FRAME.assign(b=np.arange(20.0)))
    np.testing.assert_array_equal(np.array(table), before)
