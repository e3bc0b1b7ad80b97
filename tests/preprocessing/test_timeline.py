"""Series and time of every row, from indexes and columns of every form."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing import LagTransformer, make_lagged
from sklearn_rnn.preprocessing._timeline import read_timeline
from sklearn_rnn.preprocessing._times import read_times

DAYS = pd.date_range("2024-03-28", periods=6)


def read(index, **options):
    return read_timeline(pd.DataFrame(index=index), len(index), **options)


def in_series(timeline):
    """Return the rows of each series, in the order of time."""
    order = np.arange(len(timeline.times)) if timeline.order is None else timeline.order
    return {label: order[part].tolist() for label, part in timeline.series()}


def test_rows_of_a_series_are_brought_together():
    index = pd.MultiIndex.from_arrays([list("baabab"), [0, 0, 1, 1, 2, 9]])
    timeline = read(index)
    assert in_series(timeline) == {"a": [1, 2, 4], "b": [0, 3, 5]}
    assert timeline.times.tolist() == [0, 1, 2, 0, 1, 9]
    order = np.array([1, 2, 4, 0, 3, 5])
    np.testing.assert_array_equal(timeline.unsort(order), np.arange(6))


@pytest.mark.parametrize("times", [DAYS, DAYS.to_period("D"), DAYS - DAYS[0], DAYS.astype(str)])
@pytest.mark.parametrize("ids", [list("ab"), [7, 8]])
def test_the_level_of_times_is_the_time_wherever_it_stands(times, ids):
    first = read(pd.MultiIndex.from_product([times, ids]))
    last = read(pd.MultiIndex.from_product([ids, times]))
    assert first.labels == last.labels == ids
    np.testing.assert_array_equal(first.times, last.times)
    assert in_series(first)[ids[0]] == [0, 2, 4, 6, 8, 10]


def test_of_two_levels_of_numbers_the_last_is_the_time_or_the_one_that_is_named():
    index = pd.MultiIndex.from_product([range(3), [10, 20]], names=["day", "store"])
    assert read(index).labels == [0, 1, 2]
    assert read(index, time="day").labels == read(index, series="store").labels == [10, 20]


UNREAD = {
    "days first": DAYS.strftime("%d/%m/%Y"),
    "digits": DAYS.strftime("%Y%m%d"),
    "months by name": DAYS.strftime("%Y %b %d"),
    "category of text": pd.CategoricalIndex(DAYS.strftime("%d/%m/%Y")),
    "missing": [None] * len(DAYS),
}


@pytest.mark.parametrize("form", UNREAD)
@pytest.mark.parametrize("as_level", [False, True])
def test_a_named_column_or_level_that_holds_no_times_is_an_error(form, as_level):
    table = pd.DataFrame({"x": np.arange(6.0), "day": UNREAD[form]})
    table = table.set_index("day") if as_level else table
    text = "^X must have numbers, times or periods, in its index or in a column .* got no times"
    with pytest.raises(ValueError, match=text):
        LagTransformer(2, time="day").fit(table)
    with pytest.raises(ValueError, match=text):
        make_lagged(table, table["x"], 2, time="day")


@pytest.mark.parametrize("times", [DAYS, DAYS.to_period("D"), DAYS.astype(str), np.arange(6)])
def test_a_category_of_times_is_read_as_they_are(times):
    rows, order = np.arange(6.0), [3, 1, 5, 0, 4, 2]
    table = pd.DataFrame({"x": rows, "day": times}).iloc[order]
    labels = table.astype({"day": pd.CategoricalDtype(table["day"])})  # in the order of the table
    windows = (
        LagTransformer(2, time="day", flatten=True).fit_transform(t) for t in (table, labels)
    )
    np.testing.assert_array_equal(*windows)
    if not isinstance(times, np.ndarray):  # in an index, those of numbers name series
        (_, found), (_, expected) = (read_times(pd.Index(t["day"])) for t in (labels, table))
        np.testing.assert_array_equal(found, expected)


def test_several_levels_name_a_series():
    index = pd.MultiIndex.from_product([["x", "y"], DAYS, [1, 2]])
    assert read(index).labels == [("x", 1), ("x", 2), ("y", 1), ("y", 2)]


def test_a_series_in_the_index_beside_a_column_of_times_is_as_one_in_a_column():
    table = pd.DataFrame({"day": [1, 0, 0, 1], "store": list("aabb")})
    names = {"time": "day", "series": "store"}
    found = read_timeline(table.set_index("store"), 4, **names)
    assert in_series(found) == in_series(read_timeline(table, 4, **names))


def test_a_multi_index_of_one_level_is_an_index():
    assert in_series(read(pd.MultiIndex.from_arrays([[0, 1, 2, 5]]))) == {None: [0, 1, 2, 3]}


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([3.0, np.nan, 5.0, 6.0]),
        pd.Index([3.0, np.inf, 5.0, 6.0]),
        pd.array([3, None, 5, 6], dtype="Int64"),
        pd.DatetimeIndex(["2000-01-01", None, "2000-01-03", "2000-01-04"]),
    ],
)
def test_rows_without_a_time_have_no_past_and_are_none(index):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]}, index=index)
    with pytest.warns(IncompleteWindowsWarning, match="^Lags are filled in 2 of 2 windows"):
        windows = LagTransformer(2, fill_value=-9).fit_transform(X)[:, :, 0]
    np.testing.assert_array_equal(windows, [[-9, -9], [-9, -9], [1, -9], [-9, 3]])


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 0, -1),
        pd.Index([5, 3, 4, 2, 1], dtype="uint8"),
        pd.MultiIndex.from_arrays([["a"] * 5, [5, 3, 4, 2, 1]]),
    ],
    ids=["descending", "unsigned", "panel"],
)
def test_rows_out_of_order_are_put_in_order_with_a_warning(index):
    X = pd.DataFrame({"a": np.arange(5.0)}, index=index)
    with pytest.warns(
        IncompleteWindowsWarning, match=r"^The times of X decrease within a series, in \d of 5 "
    ):
        windows = LagTransformer(1, fill_value=-9).fit_transform(X)[:, 0, 0]
    lag = dict(zip(index.get_level_values(-1).tolist(), X.a, strict=True))
    expected = [lag.get(time - 1, -9) for time in index.get_level_values(-1).tolist()]
    np.testing.assert_array_equal(windows, expected)


def test_few_repeated_times_keep_their_order_with_a_warning():
    hours = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Zurich")
    X = pd.DataFrame({"a": np.arange(60.0)}, index=hours.tz_localize(None))
    with pytest.warns(IncompleteWindowsWarning, match="Times of X repeat in 1 of 60 rows, such as"):
        windows = LagTransformer(3, fill_value=-9).fit_transform(X)[:, :, 0]
    expected = [[t - k if t >= k else -9 for k in (3, 2, 1)] for t in range(60)]
    np.testing.assert_array_equal(windows, expected)


def test_many_repeated_times_are_refused():
    index = DAYS.append(DAYS)
    text = (
        "Times of X repeat in 6 of 12 rows, such as 2024-03-28 00:00:00. If X holds several "
        "series, name the column that identifies them, LagTransformer(series=...), or give a "
        "MultiIndex of series and time; if rows are drawn with replacement, as in bagging, put "
        "LagTransformer before that estimator."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        read(index)
    named = pd.DataFrame({"store": ["a"] * 6 + ["b"] * 6}, index=index)
    assert read_timeline(named, 12, series="store").labels == ["a", "b"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("dates", [DAYS, DAYS.astype(str), DAYS.date], ids=["times", "str", "date"])
def test_columns_name_time_and_series(library, dates):
    table = pytest.importorskip(library).DataFrame(
        {"date": [*dates, *dates], "store": ["b"] * 6 + ["a"] * 6}
    )
    timeline = read_timeline(table, 12, time="date", series="store")
    assert in_series(timeline) == {"a": list(range(6, 12)), "b": list(range(6))}
    assert timeline.kind.name == "times"


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (
            pd.DataFrame({"a": [1]}),
            "time='day' is not a column of X, nor a level of its index; its columns are ['a'].",
        ),
        (np.zeros((2, 1)), "time='day' names a column, but X has no names; give a DataFrame."),
    ],
)
def test_errors_name_argument_rule_and_value(X, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        read_timeline(X, len(X), time="day")


def test_times_that_are_all_missing_are_refused_in_fit_and_no_past_later():
    known = pd.DataFrame({"a": np.arange(9.0), "day": pd.date_range("2024-01-01", periods=9)})
    missing = known.assign(day=pd.NaT)
    rule = r"^X must have the times of rows in its {}; got missing ones alone\.$"
    with pytest.raises(ValueError, match=rule.format("column 'day'")):
        LagTransformer(2, time="day").fit(missing)
    with pytest.raises(ValueError, match=rule.format("index")):
        make_lagged(missing.set_index("day"), known["a"].to_numpy(), 2)
    lags = LagTransformer(2, time="day").fit(known)
    for n_rows in (1, 9):
        assert not lags.transform(missing[:n_rows]).is_complete.any()
