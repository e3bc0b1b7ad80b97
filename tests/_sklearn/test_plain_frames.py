"""Tables and Series of pandas as arrays and lists, and back."""

import pickle

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from sklearn_rnn._sklearn.plain_frames import SERIES, TABLE, frame_from_plain, frame_to_plain
from sklearn_rnn._sklearn.plain_values import from_plain, to_plain

N = 6
INDEXES = {
    "range": pd.RangeIndex(3, 3 + 2 * N, 2, name="row"),
    "integers": pd.Index(np.arange(N) ** 2, dtype="int32"),
    "days": pd.date_range("2020-03-27", periods=N, name="day"),
    "zone": pd.date_range("2020-03-29", periods=N, freq="h", tz="Europe/Amsterdam"),
    "irregular": pd.DatetimeIndex(["2020-01-01", None, "2021-01-01", *["2022-01-01"] * 3]),
    "seconds": pd.date_range("2020", periods=N, unit="s"),
    "months": pd.period_range("2020-01", periods=N, freq="M"),
    "durations": pd.timedelta_range("1h", periods=N, freq="h"),
    "labels": pd.Index([*"abcde", None]),
    "mixed": pd.Index([1, "a", None, 2.5, (1, 2), True], dtype=object),
    "panel": pd.MultiIndex.from_product(
        [["u", "v"], pd.date_range("2020", periods=N // 2)], names=["series", None]
    ),
}
COLUMNS = {
    "a": np.linspace(0, 1, N),
    0: np.arange(N, dtype="int8"),
    None: np.arange(N) > 2,
    "text": [*"abcde", None],
    "time": pd.date_range("2020", periods=N, tz="UTC"),
}


@pytest.mark.parametrize("name", INDEXES)
def test_a_table_comes_back_as_it_is(name):
    frame = pd.DataFrame(dict(enumerate(COLUMNS.values())), index=INDEXES[name])
    frame.columns = pd.Index(list(COLUMNS), dtype=object, name="columns")
    plain = to_plain({"of": [frame]})
    assert plain["of"][0].keys() == TABLE
    (again,) = from_plain(pickle.loads(pickle.dumps(plain)))["of"]
    assert_frame_equal(again, frame, check_exact=True, check_freq=True)


@pytest.mark.parametrize("name", INDEXES)
def test_a_series_comes_back_as_it_is(name):
    for column in COLUMNS.values():
        values = pd.Series(column, INDEXES[name], name=("of", 1))
        plain = to_plain([values])
        assert plain[0].keys() == SERIES
        (again,) = from_plain(pickle.loads(pickle.dumps(plain)))
        assert_series_equal(again, values, check_exact=True, check_freq=True)


def test_an_empty_table_comes_back():
    for frame in (pd.DataFrame(index=INDEXES["days"]), pd.DataFrame({"a": []})):
        assert_frame_equal(frame_from_plain(frame_to_plain(frame)), frame)


def test_a_table_that_is_not_plain_stays_as_it_is():
    of_categories = pd.DataFrame({"a": pd.Categorical(["x", "y"])})
    with_notes = pd.DataFrame({"a": [1.0]})
    with_notes.attrs["unit"] = "m"
    for frame in (of_categories, with_notes):
        assert to_plain(frame) is frame
        values = frame["a"]
        values.attrs = frame.attrs
        assert to_plain(values) is values
