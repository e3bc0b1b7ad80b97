"""Records of the package as plain values, and back."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sklearn.plain_values import from_column, from_plain, to_column, to_plain
from sklearn_rnn.forecasting._row_order import RowOrder
from sklearn_rnn.preprocessing._calendar import Grid, Months, Timetable
from sklearn_rnn.preprocessing._positions import CalendarPositions, RankPositions
from sklearn_rnn.preprocessing._times import TimeKind

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
NUMPY = st.integers(-9, 9).map(np.int64) | st.integers(-9, 9).map(lambda i: np.float32(i / 7))
ARRAYS = st.lists(st.integers(-9, 9), max_size=3).map(np.array)
SLICES = st.builds(slice, st.integers(0, 9), st.integers(0, 9))
RECORDS = st.recursive(
    st.builds(Grid, NUMPY | st.integers(), st.integers()),
    lambda inner: (
        st.builds(Months, st.builds(TimeKind, st.text(max_size=2)), st.integers(), st.integers())
        | st.builds(Timetable, inner, st.integers(), ARRAYS, st.integers())
        | st.builds(RankPositions, ARRAYS, NUMPY)
        | st.builds(RowOrder, ARRAYS, ARRAYS, st.lists(SCALARS, max_size=2))
    ),
    max_leaves=3,
)
ITEMS = SCALARS | NUMPY | ARRAYS | SLICES | RECORDS
KEYS = st.none() | st.integers() | st.text(max_size=3) | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    ITEMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=6,
)


def same(one, other):
    """Return whether two values are equal, with the types of all parts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if dataclasses.is_dataclass(one):
        return same(vars(one), vars(other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)  # which tells the two zeros apart


def is_plain(value):
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(type(key) is str for key in value) and all(map(is_plain, value.values()))
    scalar = isinstance(value, bool | int | float | str | None | slice)
    return scalar or isinstance(value, np.ndarray | np.generic)


@given(VALUES)
def test_values_come_back_with_their_types(value):
    plain = to_plain(value)
    assert is_plain(plain)
    assert same(from_plain(plain), value)
    assert same(from_plain(pickle.loads(pickle.dumps(plain))), value)


@given(st.lists(ITEMS, max_size=5))
def test_columns_come_back_with_their_types(values):
    assert is_plain(to_column(values))
    assert same(from_column(to_column(values)), values)


def test_a_table_of_records_takes_few_arrays():
    records = {
        f"{i}": CalendarPositions(Grid(i, 1), np.arange(i % 3), np.arange(i % 3), 0, 0, i)
        for i in range(999)
    }
    assert len(pickle.dumps(to_plain(records))) < 999 * (8 + 4 * 4 + 2 * 8) + 2_000
    assert same(from_plain(to_plain(records)), records)


def test_what_is_no_record_stays_as_it_is():
    thing = object()
    assert to_plain([thing])[0] is thing
    assert from_plain({"a": (thing,)})["a"][0] is thing
    settings = {"class": "a", "other": [1]}
    assert from_plain(to_plain(settings)) == settings


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "builtins:eval",
        "sklearn_rnn.datasets._download:urlopen",
        "sklearn_rnn._sequences.scaling:np",
        "sklearn_rnn:LagRidge",
    ],
)
def test_a_file_cannot_name_anything_but_a_record(name):
    text = f"'{name}' is no record of sklearn_rnn; the file was not made by it."
    with pytest.raises((ValueError, AttributeError)) as caught:
        from_plain({"class": name, "fields": {}})
    assert isinstance(caught.value, AttributeError) or str(caught.value) == text


def test_plain_values_without_arrays_are_json():
    record = TimeKind("times", "ns")
    again = from_plain(json.loads(json.dumps(to_plain(record))))
    assert same(again, record)
    assert same(from_plain(to_plain(Scale.identity(2))), Scale.identity(2))
