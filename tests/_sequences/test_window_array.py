"""Windows that know their rows: selection, conversion and storage against the ordinary array."""

import copy
import io
import pickle
from itertools import product

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.preprocessing import LagTransformer, make_lagged

DAYS = pd.date_range("2020-01-01", periods=40)
ROWS = np.random.default_rng(0).normal(size=(120, 2))


def tables():
    """Return rows of one series, with a gap, and of three series in blocks and interleaved."""
    names = ["a", "b"]
    days = pd.date_range("2020-01-01", periods=123)
    by_day = pd.MultiIndex.from_product([DAYS, ["A", "B", "C"]], names=["day", "name"])
    return {
        "array": ROWS,
        "days": pd.DataFrame(ROWS, days[:120], names),
        "gap": pd.DataFrame(ROWS, days.delete([50, 51, 52]), names),
        "panel": pd.DataFrame(ROWS, pd.MultiIndex.from_product([["A", "B", "C"], DAYS]), names),
        "interleaved": pd.DataFrame(ROWS, by_day, names),
        "shuffled": pd.DataFrame(ROWS, days[:120], names).sample(frac=1, random_state=0),
    }


LAGS = {
    "plain": {"n_lags": 4},
    "delay": {"n_lags": 3, "delay": 4},
    "step": {"n_lags": 3, "step": 3},
    "known ahead": {"n_lags": 3, "delay": 2, "known_ahead": [1]},
    "now": {"n_lags": 1, "delay": 0},
}
KINDS = list(product(tables(), LAGS))


def windows_of(table, lags):
    lagger = LagTransformer(**LAGS[lags], lag_unit="time")
    if table == "shuffled":
        with pytest.warns(match="The times of X decrease"):
            return lagger.fit_transform(tables()[table])
    return lagger.fit_transform(tables()[table])


def selections(n):
    """Return ways to select some of n windows."""
    rng = np.random.default_rng(1)
    mask = rng.random(n) < 0.3
    return [
        *(slice(None), slice(5, 20), slice(3, None, 4), slice(None, None, -1), slice(7, 7)),
        *(rng.permutation(n), rng.integers(-n, n, 15), mask, mask.tolist(), [3, 4, 5], [9], []),
        *(pd.Series([2, 8]), (slice(2, 9), ...), (slice(2, 9), slice(None), slice(None))),
        *((rng.permutation(n), ...), (mask, slice(None))),
    ]


@pytest.mark.parametrize(("table", "lags"), KINDS)
def test_selection_of_windows_commutes_with_conversion(table, lags):
    W = windows_of(table, lags)
    X = np.asarray(W)
    assert (W.shape, W.dtype, W.ndim, W.size, len(W)) == (X.shape, X.dtype, 3, X.size, len(X))
    for key in selections(len(W)):
        chosen = W[key]
        assert isinstance(chosen, WindowArray)
        np.testing.assert_array_equal(np.asarray(chosen), X[key])
        rows = key[0] if isinstance(key, tuple) else key
        np.testing.assert_array_equal(chosen.is_complete, W.is_complete[rows])
        np.testing.assert_array_equal(chosen.series, W.series[rows])
        if W.times is not None:
            pd.testing.assert_index_equal(chosen.times, W.times[rows])
        again = pickle.loads(pickle.dumps(chosen))
        np.testing.assert_array_equal(np.asarray(again), X[key])
        np.testing.assert_array_equal(again.series, W.series[rows])
        np.testing.assert_array_equal(again.windows().array(), X[key])


@pytest.mark.parametrize(("table", "lags"), KINDS)
def test_any_other_selection_is_that_of_the_ordinary_array(table, lags):
    W = windows_of(table, lags)
    X = np.asarray(W)
    some = np.array([3, 50, 7])
    keys = [3, -1, np.int64(5), (3, 0), (3, 0, 1), (2, ..., 1), (slice(None), 0), (slice(4), 0, 1)]
    keys += [(slice(None), slice(None), 1), (some, 0), (some, slice(None), [0, 1, 0]), ..., None]
    keys += [(..., 0), (3, slice(None), [0, 1]), (some[:, None], 0), X > 0, (some, some % 1, 1)]
    keys += [(slice(5), -1, slice(None, None, -1)), True]
    for key in keys:
        found = W[key]
        assert not isinstance(found, WindowArray)
        np.testing.assert_array_equal(found, X[key])
    for wrong in (len(W), -len(W) - 1, [len(W)], 1.0, "a", (0, 0, 0, 0), [0.5]):
        with pytest.raises(IndexError):
            W[wrong]


@pytest.mark.parametrize("table", tables())
def test_windows_are_laid_over_one_copy_of_the_rows(table):
    W = windows_of(table, "plain")
    assert W.rows.size < 2 * ROWS.size
    assert np.shares_memory(W[::3].rows, W.rows)
    assert np.shares_memory(W[[5, 2]].rows, W.rows)
    assert np.shares_memory(np.asarray(W), W.rows) == (table in ("array", "days"))
    is_in_order = table not in ("interleaved", "shuffled")
    assert np.shares_memory(np.asarray(W[10:20]), W.rows) == is_in_order


@pytest.mark.parametrize("table", ["days", "panel"])
def test_conversion_follows_the_rules_of_numpy(table):
    W = windows_of(table, "plain")
    X = np.array(W)
    assert X.flags.writeable
    assert not np.shares_memory(X, W.rows)
    single = np.asarray(W, dtype=np.float32)
    np.testing.assert_array_equal(single, X.astype(np.float32))
    assert single.dtype == np.float32
    copied = W.__array__(copy=True)
    assert copied.flags.writeable
    assert not np.shares_memory(copied, W.rows)
    with pytest.raises(ValueError, match="without a copy"):
        W.__array__(np.float32, copy=False)
    if table == "days":
        assert np.shares_memory(W.__array__(copy=False), W.rows)
    else:
        with pytest.raises(ValueError, match="without a copy"):
            W.__array__(copy=False)


@pytest.mark.parametrize("table", ["days", "panel"])
def test_arithmetic_and_methods_are_those_of_the_ordinary_array(table):
    W = windows_of(table, "plain")
    X = np.asarray(W)
    for found, expected in [
        (W + 1, X + 1),
        (1 - W, 1 - X),
        (W * W, X * X),
        (-W, -X),
        (W > 0, X > 0),
        (W == X, X == X),
        (np.exp(W), np.exp(X)),
        (np.add.reduce(W, axis=1), X.sum(axis=1)),
        (W.mean(axis=0), X.mean(axis=0)),
        (W.reshape(len(W), -1), X.reshape(len(X), -1)),
        (W.astype(np.float32), X.astype(np.float32)),
        (W.T, X.T),
        (np.concatenate([W, W]), np.concatenate([X, X])),
        (np.nanmax(W, axis=2), X.max(axis=2)),
        (W @ np.ones((2, 3)), X @ np.ones((2, 3))),
        (list(W)[-1], X[-1]),
        (np.add(W, 1, out=np.empty(W.shape)), X + 1),
    ]:
        assert not isinstance(found, WindowArray)
        np.testing.assert_array_equal(found, expected)
    assert X[0, 0, 0] in W
    assert str(W) == str(X)
    assert repr(W) == f"WindowArray(shape={W.shape}, dtype=float64, delay=1, step=1)"
    with pytest.raises(
        AttributeError, match="no attribute 'columns'; for a table set flatten=True"
    ):
        _ = W.columns


def test_windows_are_read_only():
    W = windows_of("panel", "plain")
    with pytest.raises(ValueError, match="read-only"):
        W += 1
    with pytest.raises(ValueError, match="read-only"):
        np.add(W, 1, out=W)
    with pytest.raises(TypeError):
        W[0] = 1
    assert not any(w.rows.flags.writeable for w in (W, pickle.loads(pickle.dumps(W))))


@pytest.mark.parametrize("table", tables())
def test_copies_and_files_hold_the_same_windows(table, tmp_path):
    W = windows_of(table, "delay")
    joblib.dump(W, tmp_path / "windows.joblib")
    for again in (copy.copy(W), copy.deepcopy(W), joblib.load(tmp_path / "windows.joblib")):
        assert isinstance(again, WindowArray)
        np.testing.assert_array_equal(np.asarray(again), np.asarray(W))
        assert joblib.hash(again) == joblib.hash(W)
        np.testing.assert_array_equal(again.is_complete, W.is_complete)
    assert joblib.hash(W[1:]) != joblib.hash(W)
    file = io.BytesIO()
    np.save(file, W)
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), np.asarray(W))


@pytest.mark.parametrize("table", ["days", "panel"])
def test_torch_takes_windows_as_a_tensor(table):
    W = windows_of(table, "plain")
    for tensor in (torch.as_tensor(W), torch.asarray(W), torch.from_dlpack(W)):
        assert tensor.dtype == torch.float64
        np.testing.assert_array_equal(tensor.numpy(), np.asarray(W))


def test_a_pickled_fold_of_a_panel_holds_its_rows():
    n_series, n_rows = 40, 100
    index = pd.MultiIndex.from_product([range(n_series), pd.date_range("2020", periods=n_rows)])
    rows = np.random.default_rng(0).normal(size=(len(index), 3))
    W = LagTransformer(20).fit_transform(pd.DataFrame(rows, index))
    for fold in (slice(None), slice(1000, 2000), np.flatnonzero(W.series % 4 == 1)):
        chosen = W[fold]
        n_held = len(chosen) * 1.5  # each series has its lookback beside its rows
        assert len(pickle.dumps(chosen)) < n_held * (3 * 8 + 8 + 8 + 1) + 20_000
        again = pickle.loads(pickle.dumps(chosen))
        np.testing.assert_array_equal(np.asarray(again), np.asarray(chosen))
        np.testing.assert_array_equal(again.series, chosen.series)
        half = again[again.series == again.series[0]]
        np.testing.assert_array_equal(np.asarray(half), np.asarray(again)[: len(half)])


def test_scikit_learn_splits_windows_without_a_copy():
    W = windows_of("interleaved", "plain")
    train, test = train_test_split(W, shuffle=False)
    taken = _safe_indexing(W, np.arange(30))
    for part in (train, test, taken, train_test_split(W, random_state=0)[0]):
        assert isinstance(part, WindowArray)
        assert np.shares_memory(part.rows, W.rows)
    np.testing.assert_array_equal(np.asarray(train), np.asarray(W)[: len(train)])


def test_windows_tell_where_they_come_from():
    W = windows_of("interleaved", "known ahead")
    assert W.channels == ("a", "b")
    assert W.lags.tolist() == [4, 3, 2]
    assert W.origin.known_ahead == (1,)
    assert W.origin.series == ("A", "B", "C")
    np.testing.assert_array_equal(W.series, np.tile([0, 1, 2], 40))
    pd.testing.assert_index_equal(W.times, DAYS.repeat(3), exact=False, check_names=False)
    np.testing.assert_array_equal(W.is_complete, np.arange(120) >= 12)
    assert windows_of("array", "plain").times is None
    assert windows_of("array", "plain").channels is None


@pytest.mark.parametrize("table", ["array", "days", "gap", "panel", "interleaved"])
@pytest.mark.parametrize("lags", LAGS)
def test_make_lagged_gives_the_complete_windows(table, lags):
    X = tables()[table]
    found, _ = make_lagged(X, np.zeros(len(X)), **LAGS[lags], lag_unit="time")
    W = windows_of(table, lags)
    assert found.is_complete.all()
    np.testing.assert_array_equal(found, np.asarray(W)[W.is_complete])
    np.testing.assert_array_equal(found.series, W.series[W.is_complete])
    assert (found.delay, found.step, found.channels) == (W.delay, W.step, W.channels)


def test_a_tuple_of_positions_for_the_first_axis_selects_windows():
    W = windows_of("gap", "plain")
    for key in (((1, 2),), ((1, 2), slice(None)), ((),)):
        np.testing.assert_array_equal(W[key], np.asarray(W)[key])
    assert isinstance(W[((1, 2),)], WindowArray)
    assert W[1, 2].shape == np.asarray(W)[1, 2].shape
