"""Moments of windows against those of the written-out design, for windows in any order."""

import numpy as np
import pytest

from sklearn_rnn._sequences.windows import lag_windows, window_rows
from sklearn_rnn.linear import _gram
from sklearn_rnn.linear._design import Design
from sklearn_rnn.linear._gram import Shift, find_runs, gram_and_products, usual_spacing
from sklearn_rnn.linear._moments import Moments


def written_out(windows, y, weight):
    """Return mean, products of columns, and products with targets, by the definition."""
    flat = windows.reshape(len(windows), -1)
    mean = weight @ flat / weight.sum()
    flat, y = flat - mean, y - weight @ y / weight.sum()
    weighted = flat * weight[:, np.newaxis]
    return mean, weighted.T @ flat, weighted.T @ y, weight @ y**2


def assert_moments(moments, windows, y, weight):
    mean, xx, xy, yy = written_out(windows, y, weight)
    close = {"rtol": 1e-9, "atol": 1e-9 * np.sqrt(xx.max())}
    np.testing.assert_allclose(moments.center + moments.x_mean, mean, **close)
    np.testing.assert_allclose(moments.xx, xx, rtol=1e-9, atol=1e-11 * xx.max())
    np.testing.assert_allclose(moments.xy, xy, rtol=1e-9, atol=1e-10 * np.abs(xy).max())
    np.testing.assert_allclose(moments.yy, yy, rtol=1e-10)
    np.testing.assert_allclose(moments.xx, moments.xx.T, rtol=1e-9, atol=1e-13 * xx.max())


def draw(seed, n_rows=(100, 400)):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(rng.integers(*n_rows), rng.integers(1, 4))).cumsum(axis=0)
    windows = lag_windows(rows, rng.integers(1, 9), step=rng.integers(1, 5))
    return rng, windows[:: rng.integers(1, 4)]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("kind", ["all", "holes", "shuffled", "weighted", "doubled"])
def test_moments_are_those_of_written_out_windows(seed, kind):
    rng, windows = draw(seed)
    keep = np.arange(len(windows))
    if kind == "holes":  # the runs that remain have any length
        keep = np.flatnonzero(rng.random(len(windows)) < 0.97)
    elif kind == "shuffled":
        keep = rng.permutation(len(windows))
    weight = np.full(len(keep), 2.0 if kind == "doubled" else 1.0)
    if kind == "weighted":
        weight = rng.uniform(0.1, 1, size=len(keep))
    y = rng.normal(size=(len(keep), 2)) + 7
    design = Design.of(window_rows(windows)).take(keep)
    assert_moments(Moments.of(design, y, weight), windows[keep], y, weight)


@pytest.mark.parametrize("seed", range(20))
def test_moments_of_parts_add_up(seed):
    rng, windows = draw(seed)
    y, weight = rng.normal(size=(len(windows), 2)), rng.choice([1.0, 3.0], size=len(windows))
    design = Design.of(window_rows(windows))
    center = rng.normal(size=design.n_channels)
    parts = np.array_split(np.arange(len(windows)), 4)
    total, *others = (Moments.of(design.take(i), y[i], weight[i], center) for i in parts)
    for part in others:
        total += part
    assert_moments(total, windows, y, weight)


def test_a_level_loses_no_digits():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 2))
    y, weight = rng.normal(size=(294, 1)), np.ones(294)
    high = Moments.of(Design.of(window_rows(lag_windows(rows + 2.0**30, 7))), y, weight)
    rounded = (rows + 2.0**30) - 2.0**30
    low = Moments.of(Design.of(window_rows(lag_windows(rounded, 7))), y, weight)
    np.testing.assert_allclose(high.xx, low.xx, rtol=1e-9)
    np.testing.assert_allclose(high.xy, low.xy, rtol=1e-7, atol=1e-7)


def test_windows_of_a_run_are_not_copied(monkeypatch):
    """Only the ends of a long run are read as windows."""
    n_copied = []
    block = Design.block
    monkeypatch.setattr(
        Design, "block", lambda self, *a: n_copied.append(len(r := block(self, *a))) or r
    )
    rows = np.random.default_rng(0).normal(size=(5000, 2))
    design = Design.of(window_rows(lag_windows(rows, 10, step=3)))
    gram_and_products(design, np.ones((len(design), 1)), None, np.zeros(2))
    assert sum(n_copied) == 2 * 3


@pytest.mark.parametrize("chunk", [1, 50, 10_000])
def test_the_size_of_chunks_does_not_matter(chunk, monkeypatch):
    monkeypatch.setattr(_gram, "CHUNK_VALUES", chunk)
    _, windows = draw(3)
    y, weight = np.ones((len(windows), 1)).cumsum(axis=0), np.ones(len(windows))
    assert_moments(Moments.of(Design.of(window_rows(windows)), y, weight), windows, y, weight)


def test_runs_are_evenly_spaced():
    first = np.array([0, 2, 4, 5, 7, 9, 11, 20])
    assert usual_spacing(first) == 2
    assert find_runs(first, 2) == [slice(0, 3), slice(3, 7), slice(7, 8)]


@pytest.mark.parametrize(
    ("spacing", "step", "windows", "lags"), [(1, 1, 1, 1), (1, 6, 6, 1), (2, 1, 1, 2), (4, 6, 3, 2)]
)
def test_a_shift_is_the_smallest_that_lags_and_windows_share(spacing, step, windows, lags):
    shift = Shift.of(spacing, step)
    assert (shift.windows, shift.lags) == (windows, lags)
    assert shift.windows * spacing == shift.lags * step
