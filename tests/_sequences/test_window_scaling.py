"""Levels and scales of windows, against a loop over windows with numpy alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_rnn._sequences.ragged import concatenate
from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.window_scaling import WindowScaling
from sklearn_rnn._sequences.windows import Windows, window_rows

CHANNELS = Scale(np.array([1.0, -2.0]), np.array([0.5, 20.0]))
KINDS = ["last", "window"]


def sequences_of(form, values):
    """Return the windows of a table in several forms, and each as an array."""
    if form == "evenly spaced":
        windows = window_rows(np.lib.stride_tricks.sliding_window_view(values, 5, 0).swapaxes(1, 2))
        return windows, list(windows.array())
    if form == "anywhere":
        windows = Windows(values, 30, 4, 0, 2, np.random.default_rng(1).integers(0, 40, 30))
        return windows, list(windows.array())
    arrays = np.split(values, [3, 10, 11, 30])
    return concatenate(arrays), arrays


def by_loop(kind, array):
    """Return level and scale of each channel of a window, in the units of X."""
    level, scale = CHANNELS.mean.copy(), CHANNELS.scale.copy()
    for c, values in enumerate(array.T):
        values = values[~np.isnan(values)]
        if len(values) and kind == "last":
            level[c] = values[-1]
        elif len(values):
            size = np.abs(values).max() or np.inf
            level[c], scale[c] = values.mean(), max(values.std(), 1e-3 * min(scale[c], size))
    return level, scale


@pytest.fixture(params=[False, True], ids=["complete", "missing"])
def values(request):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(50, 2), scale=[1.0, 10.0]).cumsum(axis=0)
    values[20:26] = 3.0  # a window that does not vary
    values[38:44] = 0.0
    if request.param:
        values[rng.random(values.shape) < 0.3] = np.nan
        values[30:38, 1] = np.nan
    return values


@pytest.mark.parametrize("form", ["evenly spaced", "anywhere", "of any length"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_gives_the_same_scales(kind, form, values, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._sequences.storage.CHUNK_VALUES", 37)
    sequences, arrays = sequences_of(form, values)
    scaling = WindowScaling(kind, CHANNELS, (), Scale.identity(2))
    scales = scaling.scales(sequences).in_units_of(CHANNELS)
    level, scale = zip(*(by_loop(kind, array) for array in arrays), strict=True)
    assert_allclose(scales.level, level, atol=1e-12)
    assert_allclose(scales.scale, scale, rtol=1e-9)


def test_what_remains_is_standardised_with_weights(values):
    sequences, arrays = sequences_of("anywhere", values)
    weight = np.random.default_rng(2).integers(0, 3, len(arrays)).astype(float)
    scaling = WindowScaling.learn("last", CHANNELS, (), sequences, weight)
    remains = np.stack([a - by_loop("last", a)[0] for a in arrays]) / CHANNELS.scale
    repeated = np.repeat(remains, weight.astype(int), axis=0).reshape(-1, 2)
    assert_allclose(scaling.remainder.mean, np.nanmean(repeated, axis=0))
    assert_allclose(scaling.remainder.scale, np.nanstd(repeated, axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_channels_known_ahead_have_one_scale(kind, values):
    sequences, _ = sequences_of("anywhere", values)
    scaling = WindowScaling.learn(kind, CHANNELS, (1,), sequences, np.ones(30))
    scales = scaling.scales(sequences).before(scaling.remainder).in_units_of(CHANNELS)
    assert_array_equal(scales.level[:, 1], -2.0)
    assert_array_equal(scales.scale[:, 1], 20.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_step_is_refused(kind):
    windows = window_rows(np.zeros((4, 1, 2)))
    with pytest.raises(ValueError, match=f'standardize="{kind}" needs windows of at least two'):
        WindowScaling.learn(kind, CHANNELS, (), windows, np.ones(4))


@pytest.mark.parametrize("factor", [1e-3, 1.0])
def test_a_small_series_of_a_panel_is_normalised_by_its_own_deviation(factor):
    small = 1.0 + np.random.default_rng(0).normal(size=(9, 1))
    rows = np.concatenate([factor * small, 1e6 * np.arange(9.0)[:, np.newaxis]])
    channels = Scale.of(rows, np.ones(18))
    scaling = WindowScaling("window", channels, (), Scale.identity(1))
    scales = scaling.scales(Windows(rows, 2, 9, 9, 1)).in_units_of(channels)
    assert_allclose(scales.level[0], factor * small.mean(), rtol=1e-4)
    assert_allclose(scales.scale[0], factor * small.std(), rtol=1e-4)
