"""Windows over rows: round trips, shared memory, coverage against loops."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from sklearn_rnn._sequences.windows import flatten_windows, lag_windows, window_rows

BASE = np.random.default_rng(0).normal(size=(60, 3))


def lags(n_lags, step):
    return lag_windows(BASE, n_lags, step=step)


LAID_OVER_ROWS = {
    # array: (window_stride, step_stride)
    "contiguous": (BASE.reshape(12, 5, 3), (5, 1)),
    "lags": (lags(4, 1), (1, 1)),
    "lags with a step": (lags(4, 3), (1, 3)),
    "slice": (lags(4, 3)[5:20], (1, 3)),
    "every second window": (lags(4, 3)[::2], (2, 3)),
    "every second window, coarser rows": (lags(4, 2)[::2], (1, 1)),
    "every second contiguous window": (BASE.reshape(12, 5, 3)[::2], (10, 1)),
    "later steps": (lags(6, 2)[:, 3:], (1, 2)),
    "later steps, contiguous": (BASE.reshape(12, 5, 3)[:, 2:], (5, 1)),
    "every second step": (lags(6, 1)[:, ::2], (1, 2)),
    "first channels": (lags(4, 2)[..., :2], (1, 2)),
    "every second channel": (lags(4, 2)[..., ::2], (1, 2)),
    "one channel": (lags(4, 2)[..., 1:2], (1, 2)),
    "one window": (lags(4, 2)[7:8], (4, 1)),
    "one step": (lags(4, 2)[:, 1:2], (1, 1)),
    "one value": (lags(4, 2)[3:4, 1:2, 2:], (1, 1)),
    "one window, channels first": (BASE.T.reshape(1, 3, 60).transpose(0, 2, 1), (60, 1)),
    "float32": (BASE.astype("float32").reshape(12, 5, 3)[1:], (5, 1)),
    "Fortran rows": (lag_windows(np.asfortranarray(BASE), 4), (1, 1)),
    "part of a record": (np.zeros((4, 5), dtype="f8,f4")["f1"][..., None], (5, 1)),
}


@pytest.mark.parametrize("name", LAID_OVER_ROWS)
def test_windows_are_recognised_without_a_copy(name):
    X, strides = LAID_OVER_ROWS[name]
    windows = window_rows(X)
    assert (windows.window_stride, windows.step_stride) == strides
    assert (windows.n_windows, windows.n_steps) == X.shape[:2]
    np.testing.assert_array_equal(windows.array(), X)
    assert windows.array().strides[2] == X.strides[2] or X.shape[2] == 1
    assert np.shares_memory(windows.rows, X)
    assert windows.rows.flags.writeable == X.flags.writeable
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            row = windows.rows[i * windows.window_stride + j * windows.step_stride]
            np.testing.assert_array_equal(row, X[i, j])


@pytest.mark.parametrize("seed", range(40))
def test_random_slices_of_random_windows_round_trip(seed):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(rng.integers(1, 40), rng.integers(1, 5)))
    n_lags = rng.integers(1, 7)
    step = rng.integers(1, 1 + max(1, (len(base) - 1) // n_lags))
    X = lag_windows(base, min(n_lags, len(base)), step=step)
    X = X[rng.integers(0, len(X)) :: rng.integers(1, 4), rng.integers(0, X.shape[1]) :]
    windows = window_rows(X)
    if windows is None:  # only for windows that are too far apart
        assert X.shape[1] < n_lags
        return
    assert len(windows.rows) <= 2 * X.shape[0] * X.shape[1]
    np.testing.assert_array_equal(windows.array(), X)
    assert np.shares_memory(windows.array(), X)


@pytest.mark.parametrize(
    "X",
    [
        lags(4, 2)[::-1],
        lags(4, 2)[:, ::-1],
        lags(4, 2)[..., ::-1],
        BASE.reshape(12, 3, 5).transpose(0, 2, 1),
        np.broadcast_to(BASE[:4], (6, 4, 3)),
        np.broadcast_to(BASE[:6, None], (6, 4, 3)),
        np.broadcast_to(BASE[:4, :1], (6, 4, 3)),
        lag_windows(sliding_window_view(BASE[:, 0], 3), 4),
        BASE.reshape(6, 10, 3)[:, :3],
    ],
    ids=[
        "windows backwards",
        "steps backwards",
        "channels backwards",
        "channels first",
        "repeated windows",
        "repeated steps",
        "repeated channels",
        "rows overlap",
        "too sparse",
    ],
)
def test_other_arrays_are_left_to_the_caller(X):
    assert window_rows(X) is None
    windows = window_rows(np.ascontiguousarray(X))
    np.testing.assert_array_equal(windows.array(), X)


@pytest.mark.parametrize("shape", [(0, 4, 3), (5, 0, 3), (5, 4, 0), (0, 0, 0)])
def test_an_axis_of_length_zero_gives_no_values(shape):
    windows = window_rows(np.zeros(shape))
    assert windows.array().shape == shape
    assert windows.rows.shape == (shape[0] * shape[1], shape[2])
    np.testing.assert_array_equal(
        windows.coverage(), np.ones(shape[0] * shape[1]) if shape[1] else []
    )


@pytest.mark.parametrize("name", LAID_OVER_ROWS)
@pytest.mark.parametrize("weighted", [False, True])
def test_coverage_is_the_weight_of_the_windows_over_each_row(name, weighted):
    X, _ = LAID_OVER_ROWS[name]
    windows = window_rows(X)
    weight = np.random.default_rng(1).uniform(size=len(X)) if weighted else np.ones(len(X))
    expected = np.zeros(len(windows.rows))
    for i in range(windows.n_windows):
        for j in range(windows.n_steps):
            expected[i * windows.window_stride + j * windows.step_stride] += weight[i]
    coverage = windows.coverage(weight if weighted else None)
    np.testing.assert_allclose(coverage, expected, rtol=1e-12)
    np.testing.assert_array_equal(coverage == 0, expected == 0)
    np.testing.assert_allclose(
        coverage @ windows.rows, np.einsum("i,ijk->k", weight, X), rtol=1e-6, atol=1e-9
    )


def test_lag_windows_are_read_only_views():
    X = lags(4, 3)
    assert X.shape == (51, 4, 3)
    assert np.shares_memory(X, BASE)
    with pytest.raises(ValueError, match="read-only"):
        X[0, 0, 0] = 1.0
    for i, j in np.ndindex(X.shape[:2]):
        np.testing.assert_array_equal(X[i, j], BASE[i + 3 * j])


def test_flat_windows_are_blocks_of_columns_oldest_first():
    flat = flatten_windows(lags(4, 3))
    assert flat.flags.c_contiguous
    assert flat.flags.writeable
    assert not np.shares_memory(flat, BASE)
    np.testing.assert_array_equal(flat[7], np.concatenate([BASE[7], BASE[10], BASE[13], BASE[16]]))


def test_flat_windows_without_memory_name_the_lags_and_the_bytes():
    windows = np.broadcast_to(0.0, (10**8, 10**7, 1))
    rule = r"n_lags=10000000 lags of 1 channels for 100000000 rows: 8,000,000,000,000,000 bytes, "
    with pytest.raises(MemoryError, match=f"^flatten=True writes out {rule}.*; take fewer lags"):
        flatten_windows(windows)
