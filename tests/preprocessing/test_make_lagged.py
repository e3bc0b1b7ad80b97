"""Laws of `make_lagged`: complete windows with their targets."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._make_lagged import make_lagged

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = RNG.normal(size=(30, 2))


def by_loop(X, y, n_lags, delay, step, horizon, known=()):
    """Write down the definition, as slowly as it reads."""
    windows, targets = [], []
    for t in range(len(X)):
        backs = [delay + j * step for j in range(n_lags - 1, -1, -1)]
        if t - backs[0] >= 0 and t + horizon <= len(X):
            window = X[[t - back for back in backs]].copy()
            for c in known:
                window[:, c] = X[[t - back + delay for back in backs], c]
            windows.append(window)
            targets.append(y[t : t + horizon] if horizon > 1 else y[t])
    return np.array(windows), np.array(targets)


@pytest.mark.parametrize(("n_lags", "delay", "step"), [(1, 0, 1), (5, 1, 1), (3, 2, 4), (4, 7, 2)])
@pytest.mark.parametrize("horizon", [1, 2, 6])
@pytest.mark.parametrize("y", [Y, Y[:, 0], Y[:, :1]], ids=["two", "one", "column"])
@pytest.mark.parametrize("known", [None, [0, 2]])
def test_windows_and_targets_equal_a_loop(n_lags, delay, step, horizon, y, known):
    shape = {"delay": delay, "step": step, "horizon": horizon, "known_ahead": known}
    windows, targets = make_lagged(X, y, n_lags, **shape)
    expected = by_loop(X, y, n_lags, delay, step, horizon, known or ())
    np.testing.assert_array_equal(windows, expected[0])
    np.testing.assert_array_equal(targets, expected[1])
    flat, _ = make_lagged(X, y, n_lags, flatten=True, **shape)
    np.testing.assert_array_equal(flat, expected[0].reshape(len(windows), -1))


def test_complete_windows_are_those_of_the_transformer():
    windows, targets = make_lagged(X, Y, 4, delay=2, step=2, known_ahead=[1])
    lags = LagTransformer(4, delay=2, step=2, known_ahead=[1])
    np.testing.assert_array_equal(windows, lags.fit_transform(X)[8:])
    np.testing.assert_array_equal(targets, Y[8:])


def test_windows_and_targets_are_read_only_views():
    windows, targets = make_lagged(X, Y, 4, horizon=3)
    assert np.shares_memory(windows, X)
    assert np.shares_memory(targets, Y)
    assert not windows.flags.writeable
    assert not np.shares_memory(make_lagged(X, Y, 4, flatten=True)[0], X)
    before = X.copy()
    assert not np.shares_memory(make_lagged(X, Y, 4, known_ahead=[0])[0], X)
    np.testing.assert_array_equal(X, before)


def test_labels_can_be_targets():
    labels = np.where(Y[:, 0] > 0, "up", "down")
    np.testing.assert_array_equal(make_lagged(X, labels, 2)[1], labels[2:])
    np.testing.assert_array_equal(make_lagged(X, pd.Series(labels), 2)[1], labels[2:])


def test_missing_values_pass_and_rows_without_a_target_are_left_out():
    holes, targets = X.copy(), Y.copy()
    holes[14, 1] = targets[7, 0] = np.nan
    for horizon, known in ((1, None), (3, None), (3, [1])):
        shape = {"horizon": horizon, "known_ahead": known}
        windows, future = make_lagged(holes, targets, 2, **shape)
        all_windows, all_targets = by_loop(holes, targets, 2, 1, 1, horizon, known or ())
        kept = ~np.isnan(all_targets).any(axis=tuple(range(1, all_targets.ndim)))
        assert (~kept).sum() == horizon
        np.testing.assert_array_equal(windows, all_windows[kept])
        np.testing.assert_array_equal(future, all_targets[kept])
        assert np.isnan(windows).any()
        assert not np.isnan(future).any()
    labels = np.where(Y[:, 0] > 0, "up", "down").astype(object)
    labels[9] = None
    np.testing.assert_array_equal(make_lagged(X, labels, 2)[1], np.delete(labels, 9)[2:])
    with pytest.raises(ValueError, match=r"^y is missing in 30 of its 30 rows, and no complete"):
        make_lagged(X, Y * np.nan, 2)


def test_a_long_table_gives_the_windows_of_its_series():
    index = pd.MultiIndex.from_product([["x", "y", "z"], range(10)], names=["store", "day"])
    table = pd.DataFrame(X, index, ["a", "b", "c"])
    order = np.random.default_rng(1).permutation(30)
    long = table.reset_index().iloc[order]
    # Where the column of times is named, the order of rows says nothing, and no warning is given.
    windows, targets = make_lagged(long, Y[order], 3, time="day", series="store", horizon=2)
    with pytest.warns(match=r"decrease .* and make_lagged leaves their windows out\.$"):
        expected = make_lagged(table.iloc[order], Y[order], 3, horizon=2)
    np.testing.assert_array_equal(windows, expected[0])
    np.testing.assert_array_equal(targets, expected[1])
    assert windows.channels == ("a", "b", "c")


def panel(order):
    index = pd.MultiIndex.from_product([["x", "y", "z"], range(10)])
    return pd.DataFrame(X, index=index).iloc[order], Y[order]


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("horizon", [1, 3])
def test_windows_and_targets_stay_in_their_series(interleaved, horizon):
    order = np.arange(30).reshape(3, 10).T.ravel() if interleaved else np.arange(30)
    table, y = panel(order)
    windows, targets = make_lagged(table, y, 4, horizon=horizon)
    parts = [slice(0, 10), slice(10, 20), slice(20, 30)]
    expected = [by_loop(X[part], Y[part], 4, 1, 1, horizon) for part in parts]
    by_order = np.argsort([order.tolist().index(a + t) for a in (0, 10, 20)
                           for t in range(4, 11 - horizon)])  # fmt: skip
    np.testing.assert_array_equal(windows, np.concatenate([w for w, _ in expected])[by_order])
    np.testing.assert_array_equal(targets, np.concatenate([t for _, t in expected])[by_order])


def test_short_series_and_breaks_give_no_windows():
    table = pd.DataFrame(X, index=np.r_[0:10, 11:14, 20:37])
    windows, targets = make_lagged(table, Y, 3)
    expected = [by_loop(X[p], Y[p], 3, 1, 1, 1) for p in (slice(0, 10), slice(13, 30))]
    np.testing.assert_array_equal(windows, np.concatenate([w for w, _ in expected]))
    np.testing.assert_array_equal(targets, np.concatenate([t for _, t in expected]))
    np.testing.assert_array_equal(
        make_lagged(table, Y, 3, max_gap=10)[0], by_loop(X, Y, 3, 1, 1, 1)[0]
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"X": X[:7], "y": Y[:7], "n_lags": 5, "horizon": 4},
            "X is too short: its longest block without a gap has 7 rows, but n_lags=5, "
            "delay=1, step=1, horizon=4 need 9; take fewer lags.",
        ),
        (
            {"X": X, "y": Y[:29], "n_lags": 2},
            "y has 29 samples, but X has 30; give one for each sample of X.",
        ),
        (
            {"X": X, "y": Y, "n_lags": 2, "known_ahead": "price"},
            "known_ahead must be a list of columns; got 'price', give ['price'].",
        ),
        (
            {"X": pd.Series(X[:, 0]), "y": Y, "n_lags": 2},
            "X must have two dimensions; got a Series: give X.to_frame().",
        ),
        (
            {"X": X, "y": Y, "n_lags": 2, "horizon": 0},
            "The 'horizon' parameter of make_lagged must be an int in the range [1, inf). "
            "Got 0 instead.",
        ),
        (
            {"X": X, "y": Y, "n_lags": 2, "known_ahead": [4]},
            "known_ahead must hold names of columns or positions from 0 to 2; got 4.",
        ),
        (
            {"X": X, "y": None, "n_lags": 2},
            "y must hold a target for each row of X; got None.",
        ),
        (
            {"X": X, "y": Y * 1j, "n_lags": 2},
            "Complex data not supported: y has the dtype complex128.",
        ),
        (
            {"X": np.where(X[2, 1] == X, np.inf, X), "y": Y, "n_lags": 2},
            "Input X contains infinity or a value too large for dtype('float64').",
        ),
        (
            {"X": X, "y": np.where(Y[2, 1] == Y, np.inf, Y), "n_lags": 2},
            "Input y contains infinity or a value too large for dtype('float64').",
        ),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make_lagged(**arguments)
    if arguments["n_lags"] == 5:
        arguments = {**arguments, "X": X[:9], "y": Y[:9]}
        assert len(make_lagged(**arguments)[0]) == 1
