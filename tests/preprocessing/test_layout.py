"""Places of rows such that lags are distances."""

import numpy as np
import pytest

from sklearn_rnn.preprocessing._layout import Window, lay_out

NONE = np.zeros(0, dtype=np.int64)


def windows_of(layout, padded):
    """Return the windows of a layout, by a loop."""
    window = layout.window
    steps = np.arange(window.n_lags) * window.step
    return np.array([padded[start + steps] for start in layout.starts()])


def test_known_and_missing_rows_stand_before_the_rows_of_each_series():
    series, positions = np.array([0, 0, 1, 2, 2]), np.array([4, 5, 0, 8, 100])
    past_series, past_positions = np.array([0, 2, 2, 2, 3]), np.array([3, 5, 6, 99, 0])
    layout = lay_out(Window(2, 1, 1), series, positions, past_series, past_positions)
    rows = np.arange(5.0)[:, np.newaxis]
    past = np.array([[10.0], [11.0], [12.0], [13.0], [14.0]])
    padded = layout.fill(rows, past, np.array([-1.0]))
    assert padded[:, 0].tolist() == [
        *(-1, -1, 10, 0, 1),
        *(-1, -1, 2),
        *(-1, -1, 12, -1, 3),
        *(-1, -1, 13, 4),
    ]
    windows = windows_of(layout, padded)[:, :, 0]
    np.testing.assert_array_equal(windows, [[-1, 10], [10, 0], [-1, -1], [12, -1], [-1, 13]])
    assert layout.past.tolist() == [0, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_complete_windows_are_those_without_a_missing_row(seed):
    rng = np.random.default_rng(seed)
    window = Window(*(int(rng.integers(low, 4)) for low in (1, 0, 1)))
    positions = rng.permutation(30)[:22]
    layout = lay_out(window, np.zeros(22, np.int64), positions, NONE, NONE)
    padded = layout.fill(np.ones((22, 1)), None, np.array([np.nan]))
    complete = ~np.isnan(windows_of(layout, padded)).any((1, 2))
    np.testing.assert_array_equal(layout.is_complete(), complete)
    known = {*positions.tolist()}
    ahead = [{p - j * window.step for j in range(window.n_lags)} <= known for p in positions]
    np.testing.assert_array_equal(layout.is_complete(known_ahead=True), complete & ahead)
    future = [{p, p + 1, p + 2} <= known for p in positions]
    np.testing.assert_array_equal(layout.is_complete(horizon=3), complete & future)


def test_starts_of_rows_in_a_row_are_a_range():
    layout = lay_out(Window(3, 2, 1), np.zeros(9, np.int64), np.arange(9), NONE, NONE)
    assert layout.starts() == range(9)
    apart = lay_out(Window(3, 2, 1), np.zeros(9, np.int64), np.arange(9) * 2, NONE, NONE)
    np.testing.assert_array_equal(apart.starts(), np.arange(9) * 2)
    np.testing.assert_array_equal(apart.starts(np.array([4, 1])), [8, 2])
