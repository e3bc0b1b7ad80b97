"""Steps that are read in parts, or as windows, against differences of all rows."""

import numpy as np
import pytest

from sklearn_rnn._sequences.windows import lag_windows, window_rows
from sklearn_rnn.linear._design import Design
from sklearn_rnn.linear._step_design import StepDesign


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("every", [1, 2])
def test_steps_are_differences_of_the_rows_that_lags_have(step, every):
    rng = np.random.default_rng(0)
    rows, origin = rng.normal(size=(60, 2)), np.array([5.0, 7.0])
    rows[rng.random(rows.shape) < 0.1] = np.nan
    design = Design.of(window_rows(lag_windows(rows, 4, step=step)[::every]))
    steps = StepDesign.of_values(design, np.array([True, False]), origin)
    filled = np.where(np.isnan(rows), origin, rows)
    later = (design.first[:, np.newaxis] + step * np.arange(1, 4)).ravel()
    expected = filled.copy()
    expected[:, 0] = np.nan
    expected[later, 0] = filled[later, 0] - filled[later - step, 0]
    expected = expected[: len(design.rows)]
    for n in (1, 4, 7, 60):
        read = [steps.read(slice(k, k + n)) for k in range(0, len(expected), n)]
        np.testing.assert_array_equal(np.concatenate(read), expected)
    inside = steps.take(slice(5, 20)).cut()
    begin = design.first[5]
    np.testing.assert_array_equal(
        inside.read(slice(step, None)), expected[begin + step : begin + len(inside.rows)]
    )
    for first in (design.first, rng.permutation(design.first)):
        windows = steps.windows(first)
        lags = first[:, np.newaxis] + step * np.arange(4)
        np.testing.assert_array_equal(windows[:, :, 1], filled[lags, 1])
        np.testing.assert_array_equal(windows[:, 1:, 0], np.diff(filled[lags, 0]))
        assert np.isnan(windows[:, 0, 0]).all()
