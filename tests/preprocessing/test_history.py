"""The past of later rows across `fit` and `transform`, missing rows, panels of series."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

INCOMPLETE = pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
N = 40
VALUES = np.random.default_rng(0).normal(size=(N, 2))
LAGS = {"n_lags": 3, "delay": 2, "step": 2, "fill_value": -9.0}
REACH = 2 + 2 * 2

INDEXES = {
    "numbers": pd.RangeIndex(N),
    "numbers from -7 in steps of 5": pd.RangeIndex(-7, 5 * N - 7, 5),
    "unsigned": pd.Index(np.arange(N), dtype="uint8"),
    "nullable": pd.Index(np.arange(N), dtype="Int64"),
    "fractions": pd.Index(np.arange(N) * 0.1),
    "days": pd.date_range("1999-12-20", periods=N),
    "working days": pd.bdate_range("1999-12-20", periods=N),
    "hours over a change of clocks": pd.date_range(
        "2024-03-30", periods=N, freq="h", tz="Europe/Zurich"
    ),
    "months": pd.date_range("2001-01-31", periods=N, freq="ME"),
    "seconds before 1677": pd.date_range("1659-01-01", periods=N, unit="s"),
    "periods": pd.period_range("1950-01", periods=N, freq="M"),
    "durations": pd.timedelta_range("0h", periods=N, freq="7h"),
}


def frame(index, values=VALUES):
    return pd.DataFrame(values[: len(index)], index=index, columns=["a", "b"])


def windows_of(rows):
    """Return windows by the definition; a past that does not exist is -9."""
    padded = np.vstack([np.full((REACH, 2), -9.0), rows])
    windows = [[padded[t], padded[t + 2], padded[t + 4]] for t in range(len(rows))]
    return np.reshape(windows, (len(rows), 3, 2))


@pytest.mark.parametrize("name", INDEXES)
def test_test_rows_see_their_true_past_exactly_when_they_follow(name):
    X = frame(INDEXES[name])
    whole = LagTransformer(**LAGS).fit_transform(X)
    np.testing.assert_array_equal(whole, windows_of(VALUES))
    for train, test in TimeSeriesSplit(4).split(X):
        lags = LagTransformer(**LAGS).fit(X.iloc[train])
        np.testing.assert_array_equal(lags.transform(X.iloc[test]), whole[test])
        np.testing.assert_array_equal(lags.transform(X.iloc[train]), whole[train])
    for gap in (3, 6):
        for train, test in TimeSeriesSplit(2, gap=gap).split(X):
            lags = LagTransformer(**LAGS).fit(X.iloc[train])
            seen = VALUES.copy()
            seen[train[-1] + 1 : test[0]] = -9.0
            with pytest.warns(IncompleteWindowsWarning, match="with the 6 rows before"):
                windows = lags.transform(X.iloc[test])
            np.testing.assert_array_equal(windows, windows_of(seen)[test])


@INCOMPLETE
@pytest.mark.parametrize("gap", [1, 2, 5])
@pytest.mark.parametrize("name", INDEXES)
def test_of_a_gap_only_its_rows_are_missing(name, gap):
    X = frame(INDEXES[name])
    lags = LagTransformer(3, delay=gap + 1, fill_value=-9.0)
    whole = lags.fit_transform(X)
    for train, test in TimeSeriesSplit(4, test_size=5, gap=gap).split(X):
        windows = lags.fit(X.iloc[train]).transform(X.iloc[test])
        np.testing.assert_array_equal(windows[0], whole[test[0]])
        seen = X.copy()
        seen.iloc[train[-1] + 1 : test[0]] = -9.0
        np.testing.assert_array_equal(windows, lags.fit_transform(seen)[test])


@INCOMPLETE
def test_a_gap_of_three_working_days_is_a_break_where_max_gap_says_so():
    X = frame(INDEXES["working days"])
    train, test = next(iter(TimeSeriesSplit(3, gap=3).split(X)))
    for max_gap, follows in (("1D", False), (None, False), ("5D", True)):
        lags = LagTransformer(3, fill_value=-9, max_gap=max_gap).fit(X.iloc[train])
        follows = follows and X.index[test[0]] - X.index[train[-1]] <= pd.Timedelta("5D")
        assert (lags.transform(X.iloc[test])[0] != -9).any() == follows
    numbers = frame(INDEXES["numbers"])
    lags = LagTransformer(3, fill_value=-9).fit(numbers.iloc[train])
    assert (lags.transform(numbers.iloc[test])[0] == -9).all()


def test_history_never_begins_every_table_anew():
    X = frame(INDEXES["days"])
    lags = LagTransformer(**LAGS, history="never").fit(X[:30])
    np.testing.assert_array_equal(lags.transform(X[30:]), windows_of(VALUES[30:]))


@INCOMPLETE
@pytest.mark.parametrize(
    "make",
    [
        lambda X: X.to_numpy(),
        lambda X: X.set_axis([f"row {i}" for i in range(N)][: len(X)]),
        lambda X: X.set_axis(np.arange(N)[: len(X)] % 2 == 0),
        lambda X: X.set_axis(pd.CategoricalIndex(np.arange(N)[: len(X)])),
    ],
    ids=["array", "strings", "booleans", "categories"],
)
def test_rows_without_times_are_one_segment_without_history(make):
    X = frame(INDEXES["numbers"])
    lags = LagTransformer(**LAGS).fit(make(X[:30]))
    assert lags.max_gap_ is None
    np.testing.assert_array_equal(lags.transform(make(X[30:])), windows_of(VALUES[30:]))


@INCOMPLETE
def test_an_index_of_another_kind_tells_its_own_gaps_only():
    numbers, days = frame(INDEXES["numbers"]), frame(INDEXES["days"])
    lags = LagTransformer(**LAGS).fit(numbers[:30])
    np.testing.assert_array_equal(lags.transform(days[30:]), windows_of(VALUES[30:]))
    broken = pd.concat([days[:10], days[30:]])
    expected = np.vstack([windows_of(VALUES[:10]), windows_of(VALUES[30:])])
    np.testing.assert_array_equal(lags.transform(broken), expected)


@INCOMPLETE
def test_a_break_in_the_index_separates_windows():
    X = frame(INDEXES["days"].delete(range(10, 30)))
    expected = np.vstack([windows_of(VALUES[:10]), windows_of(VALUES[10:20])])
    np.testing.assert_array_equal(LagTransformer(**LAGS).fit_transform(X), expected)
    whole = LagTransformer(**LAGS, max_gap="21D").fit_transform(X)
    np.testing.assert_array_equal(whole, windows_of(VALUES[:20]))


@INCOMPLETE
@pytest.mark.parametrize("seed", range(20))
def test_training_rows_are_transformed_as_in_fit_transform(seed):
    rng = np.random.default_rng(seed)
    times = rng.choice(60, size=N, replace=False)
    times = np.sort(times) if seed % 2 else times
    index = (
        pd.Index(times) if seed % 3 else pd.to_datetime("2020-01-01") + pd.to_timedelta(times, "D")
    )
    if seed % 5 == 0:
        index = pd.MultiIndex.from_arrays([rng.integers(3, size=N), index])
    X = frame(index)
    np.testing.assert_array_equal(
        LagTransformer(**LAGS).fit(X).transform(X), LagTransformer(**LAGS).fit_transform(X)
    )


@INCOMPLETE
def test_a_fold_between_training_rows_sees_its_past_and_not_its_future():
    X = frame(INDEXES["numbers"])
    whole = windows_of(VALUES)
    for train, test in KFold(4).split(X):
        lags = LagTransformer(**LAGS)
        windows = lags.fit_transform(X.iloc[train])
        after = train > test[-1]
        np.testing.assert_array_equal(windows[~after], whole[train[~after]])
        np.testing.assert_array_equal(windows[after], windows_of(VALUES[train[after]]))
        np.testing.assert_array_equal(lags.transform(X.iloc[test]), whole[test])


@INCOMPLETE
def test_the_nearest_remembered_segment_is_the_past():
    X = frame(pd.Index([0, 1, 2, 3, 10, 11, 12, 13, 20, 21]))
    lags = LagTransformer(1, fill_value=-9.0).fit(X)
    for first, past in ((4, 3), (14, 7), (22, 9), (0, None), (5, None), (12, None), (20, None)):
        window = lags.transform(frame(pd.Index([first])))[0, 0]
        np.testing.assert_array_equal(window, [-9, -9] if past is None else VALUES[past])


def test_known_ahead_is_read_across_the_boundary():
    X = frame(INDEXES["days"])
    lags = LagTransformer(**LAGS, known_ahead=["b"])
    whole = lags.fit_transform(X)
    np.testing.assert_array_equal(whole[:, -1, 1], VALUES[:, 1])
    np.testing.assert_array_equal(whole[2:, -1, 0], VALUES[:-2, 0])
    np.testing.assert_array_equal(lags.fit(X[:25]).transform(X[25:]), whole[25:])


@INCOMPLETE
def test_one_segment_with_history_is_a_view():
    X = frame(INDEXES["days"])
    windows = LagTransformer(**LAGS).fit(X[:30]).transform(X[30:])
    assert np.shares_memory(windows[2:, 0], windows[:-2, 1])
    broken = LagTransformer(**LAGS).fit_transform(X.drop(X.index[10:20]))
    assert not np.shares_memory(broken[2:, 0], broken[:-2, 1])


PANEL = pd.MultiIndex.from_product([["x", "y", "z"], range(10)], names=["series", "time"])


def by_series(X):
    """Return the windows of each series alone."""
    windows = np.empty((len(X), 3, 2))
    keys = X.index.droplevel(-1)
    for key in keys.unique():
        rows = keys == key
        windows[rows] = windows_of(X.to_numpy()[rows])
    return windows


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [1, 2])
def test_windows_of_a_panel_never_cross_series_however_they_are_interleaved(seed, levels):
    X = frame(PANEL)
    if levels == 2:
        X.index = pd.MultiIndex.from_tuples([(1 + (a == "z"), a, t) for a, t in PANEL])
    if seed:  # any order that keeps each series in the order of time
        order = np.random.default_rng(seed).permutation(30)
        X = X.iloc[order].sort_index(level=-1, sort_remaining=False, kind="stable")
    np.testing.assert_array_equal(LagTransformer(**LAGS).fit_transform(X), by_series(X))


def test_each_series_of_a_panel_has_its_own_history():
    X = frame(PANEL)
    time = X.index.get_level_values("time")
    series = X.index.get_level_values("series")
    lags = LagTransformer(**LAGS).fit(X[(time < 6) & (series != "z")])
    test = X[(time >= 6) | (series == "z")]
    expected = by_series(X)[(time >= 6) | (series == "z")]
    np.testing.assert_array_equal(lags.transform(test), expected)
    late = (time >= 7) & (series == "x")
    unseen = X.copy()
    unseen.loc[("x", 6)] = -9.0
    with pytest.warns(IncompleteWindowsWarning, match="^Lags are filled in 1 of 3 windows"):
        windows = lags.transform(X[late])
    np.testing.assert_array_equal(windows, by_series(unseen)[late])


def test_a_missing_row_of_one_series_leaves_the_others_whole():
    X = frame(PANEL)
    is_there = X.index != ("y", 4)
    unseen = X.copy()
    unseen.loc[("y", 4)] = -9.0
    expected = by_series(unseen)[is_there]
    with pytest.warns(IncompleteWindowsWarning, match="in 2 of 12 windows"):
        windows = LagTransformer(**LAGS).fit_transform(X[is_there])
    np.testing.assert_array_equal(windows, expected)


@INCOMPLETE
def test_a_panel_without_times_is_cut_between_series():
    X = frame(PANEL.set_levels([f"step {i}" for i in range(10)], level="time"))
    lags = LagTransformer(**LAGS)
    np.testing.assert_array_equal(lags.fit_transform(X), by_series(X))
    assert lags.max_gap_ is None


def test_flat_windows_of_a_panel_keep_its_index():
    X = frame(PANEL)[::-1].sort_index(level="time", sort_remaining=False, kind="stable")
    lags = LagTransformer(**LAGS, flatten=True).set_output(transform="pandas")
    table = lags.fit_transform(X)
    assert table.index.equals(X.index)
    shifted = X.groupby(level="series").shift(2).fillna(-9.0)
    np.testing.assert_array_equal(table[["a_lag2", "b_lag2"]], shifted)


def test_a_pipeline_forecasts_from_the_true_past():
    X = frame(INDEXES["working days"])
    y = X["a"]
    scaler = StandardScaler().set_output(transform="pandas")
    pipe = make_pipeline(scaler, LagTransformer(1, flatten=True), LinearRegression())
    train, test = next(iter(TimeSeriesSplit(2).split(X)))
    forecast = pipe.fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    design = np.column_stack([np.ones(N), X.shift(1)])
    design[0, 1:] = VALUES[train].mean(axis=0)
    coefficients = np.linalg.lstsq(design[train], VALUES[train, 0], rcond=None)[0]
    np.testing.assert_allclose(forecast, design[test] @ coefficients, rtol=1e-9)


@pytest.mark.parametrize(
    ("times", "n_series"),
    [("days", 10_000), ("working days", 1_000), ("months", 1_000), ("periods", 1_000)],
)
def test_a_pickle_of_a_panel_holds_its_last_rows(times, n_series):
    n_lags = 5
    rng = np.random.default_rng(0)
    lengths = rng.integers(6, 9, size=n_series)  # so that series begin and end anywhere
    starts = rng.integers(0, 20, size=n_series)
    series = np.repeat(np.arange(n_series), lengths)
    at = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths - starts, lengths)
    index = pd.MultiIndex.from_arrays([series, INDEXES[times][at]])
    panel = pd.DataFrame({"a": rng.normal(size=len(series))}, index=index)
    lags = LagTransformer(n_lags, lag_unit="time").fit(panel)
    rows_and_times = n_series * n_lags * (8 + 8)
    stored = pickle.dumps(lags)
    assert len(stored) < rows_and_times + lags.incomplete_rows_.nbytes + 60 * n_series + 20_000
    again = pickle.loads(stored)
    following = [np.arange(n_series), INDEXES[times][starts + lengths]]
    later = panel[:n_series].set_axis(pd.MultiIndex.from_arrays(following))
    windows = lags.transform(later)
    assert windows.is_complete.all()
    np.testing.assert_array_equal(again.transform(later), windows)
