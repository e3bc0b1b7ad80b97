"""The one warning of incomplete windows: when, how many, why, and what to do."""

import re
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import without_warnings

DAYS = pd.date_range("2020-01-01", periods=100)
X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=100).cumsum()}, index=DAYS)
SPLIT = "if a splitter leaves rows out, make the windows before the split."


def warning_of(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    assert all(w.category is IncompleteWindowsWarning for w in caught)
    assert len(caught) <= 1
    return str(caught[0].message) if caught else None


@pytest.mark.parametrize(
    ("rows", "counts", "begin", "where"),
    [
        (slice(99, None), "1 of 1", "2020-04-09", "lie among"),
        (slice(50, 60), "3 of 10", "2020-02-20", "lie among"),
        (slice(40, 41), "1 of 1", "2020-02-10", "lie among"),
    ],
)
def test_training_rows_without_their_past_are_warned_of(rows, counts, begin, where):
    lags = LagTransformer(3).fit(X)
    assert warning_of(lambda: lags.transform(X[rows])) == (
        f"Lags are filled in {counts} windows after the start of their series: the rows that begin "
        f"at {begin} 00:00:00 {where} the rows of fit, which end at 2020-04-09 00:00:00, and only "
        "the last rows before each gap are remembered. Give them together with the 3 rows "
        "before; if a splitter leaves those out, make the windows before the split."
    )


def test_training_rows_given_with_their_past_are_what_fit_transform_gave():
    lags = LagTransformer(3)
    whole = lags.fit_transform(X)
    with without_warnings():
        np.testing.assert_array_equal(lags.transform(X[40:])[3:], whole[43:])
        np.testing.assert_array_equal(lags.transform(X.tail(4))[-1], whole[-1])


def test_the_day_after_the_next_misses_one_lag():
    lags = LagTransformer(3, fill_value=-9).fit(X[:80])
    with pytest.warns(IncompleteWindowsWarning, match="do not directly follow the rows of fit"):
        window = lags.transform(X[81:82])[0, :, 0]
    np.testing.assert_array_equal(window, [*X.a[78:80], -9])
    assert warning_of(lambda: lags.transform(X[80:82])) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.tz_localize("UTC"),
        lambda index: index.tz_localize("Europe/Zurich"),
        lambda index: index.to_period("D"),
        lambda index: index.astype(str),
        lambda index: pd.Index(index.date),
        lambda index: index.astype(object),
        lambda index: index.as_unit("s"),
        lambda index: index.as_unit("ns"),
    ],
    ids=["UTC", "zone", "periods", "strings", "dates", "objects", "seconds", "nanoseconds"],
)
def test_the_same_times_in_another_form_are_converted(change):
    whole = LagTransformer(3).fit_transform(X)
    other = X.set_axis(change(DAYS))
    for train, test in ((X, other), (other, X), (other, other)):
        lags = LagTransformer(3).fit(train[:80])
        fill, windows = lags.fill_values_, lags.transform(test[80:])
        np.testing.assert_array_equal(windows, whole[80:])
        assert fill == X.a[:80].mean()


@pytest.mark.parametrize(
    ("index", "held"),
    [
        (range(20), "numbers"),
        (DAYS[80:] - DAYS[0], "durations"),
        ([f"row {i}" for i in range(20)], "no times"),
    ],
)
def test_another_kind_of_index_is_warned_of(index, held):
    lags = LagTransformer(3, fill_value=-9).fit(X[:80])
    assert warning_of(lambda: lags.transform(X[80:].set_axis(index))) == (
        f"The index of X holds {held}, but that of fit held times: rows of fit cannot be lags of "
        "these 20 rows, and lags before them are filled. Give X the same kind of index as in fit."
    )


def test_more_than_a_tenth_of_incomplete_windows_is_warned_of():
    many = X.drop(DAYS[5:100:9])
    assert warning_of(lambda: LagTransformer(3).fit_transform(many)) == (
        "Lags are filled in 33 of 86 windows after the start of their series: rows are missing "
        "within X, or between X and the rows of fit. Give the missing rows, or set lag_unit='rows' "
        f"so that lags count existing rows; {SPLIT}"
    )
    assert warning_of(lambda: LagTransformer(3, lag_unit="rows").fit_transform(many)) is None
    assert warning_of(lambda: LagTransformer(3).fit_transform(X.drop(DAYS[50]))) is None


def test_rows_between_training_rows_find_their_past_and_training_rows_lack_it():
    train, test = next(iter(KFold(4, shuffle=True, random_state=0).split(X)))
    lags = LagTransformer(3)
    assert warning_of(lambda: lags.fit(X.iloc[train])) is None
    assert "Lags are filled" in warning_of(lambda: lags.transform(X.iloc[train]))
    assert warning_of(lambda: lags.transform(X.iloc[test])) is None
    assert "lie among" in warning_of(lambda: lags.transform(X.iloc[test[1:]]))


def test_lags_that_count_rows_of_equal_steps_are_warned_of():
    sparse = X.iloc[np.sort(np.random.default_rng(1).permutation(100)[:25])]
    text = warning_of(lambda: LagTransformer(3).fit(sparse))
    assert re.match(
        "The times of X are in equal steps, but most are missing, so lags count rows: the oldest "
        r"lag of \d+ of 22 windows is more than 3 steps old. Set lag_unit='time' to count steps, "
        "or 'rows' to count rows without this warning.",
        text,
    )
    for unit in ("rows", "time"):
        assert warning_of(lambda unit=unit: LagTransformer(3, lag_unit=unit).fit(sparse)) is None


@pytest.mark.parametrize("table", [X.to_numpy(), X.reset_index(drop=True), X])
def test_rows_in_order_are_never_warned_of(table):
    lags = LagTransformer(4, delay=2, step=2)
    parts = (table[:70], table[70:])
    assert warning_of(lambda: lags.fit(parts[0]).transform(parts[0])) is None
    assert warning_of(lambda: lags.transform(parts[1])) is None


def test_arrays_are_never_warned_of():
    lags = LagTransformer(3).fit(X.to_numpy())
    assert warning_of(lambda: lags.transform(X.to_numpy()[50:51])) is None
    assert warning_of(lambda: LagTransformer(3, history="never").fit(X).transform(X[9:10])) is None


def test_warnings_are_silent_in_one_thread_alone():
    lags = LagTransformer(3).fit(X)
    with ThreadPoolExecutor(1) as pool, without_warnings():
        lags.transform(X.tail(1))
        with pytest.warns(IncompleteWindowsWarning):
            pool.submit(lags.transform, X.tail(1)).result()
    with pytest.warns(IncompleteWindowsWarning):
        lags.transform(X.tail(1))


@pytest.mark.parametrize(("share", "counts_rows"), [(0.03, True), (0.08, True), (0.2, False)])
def test_holidays_of_working_days_are_no_steps_and_no_reason_to_warn(share, counts_rows):
    days = pd.bdate_range("2020-01-01", periods=1000)
    is_holiday = np.random.default_rng(0).random(1000) < share
    values = np.arange(1000.0)[~is_holiday]
    X = pd.DataFrame({"a": values}, index=days[~is_holiday])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lagged = np.asarray(LagTransformer(5, fill_value=-1).fit_transform(X))
    by_rows = (lagged[5:, 0, 0] == values[:-5]).all()
    assert by_rows == counts_rows
    assert bool(caught) == (not counts_rows)  # then the holidays are missing rows


@pytest.mark.parametrize(
    "labels",
    [
        pd.period_range("2000Q1", periods=100, freq="Q").astype(str),
        pd.CategoricalIndex([f"day {i}" for i in range(100)]),
        pd.Index([None, *range(99)], dtype=object),
    ],
)
def test_labels_that_are_no_times_are_named_in_fit(labels):
    rows = X.set_axis(labels)
    with pytest.warns(IncompleteWindowsWarning, match="^The index of X holds labels that are not"):
        LagTransformer(2).fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LagTransformer(2, history="never").fit(rows)
        LagTransformer(2).fit(rows.to_numpy())
        LagTransformer(2).fit(rows.reset_index(drop=True))
