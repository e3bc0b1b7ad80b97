"""Integrated gradients of sequences of different length, by lag and channel."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sklearn_rnn.inspection._attribution_modules import IntegratedGradients
from sklearn_rnn.inspection._attributions import (
    attributions_of_steps,
    by_channel,
    mean_of_members,
    n_predicted,
)
from sklearn_rnn.inspection._completeness import warn_if_inexact
from sklearn_rnn.inspection._integrated_gradients import (
    NEEDS_NUMBERS,
    FloatArray,
    check_reads_numbers,
)
from sklearn_rnn.inspection._window_model import RaggedModel


def ragged_importances(model: RaggedModel, n_points: int) -> dict[str, Any]:
    """Return mean absolute attributions, their deviations, and mean gradients.

    The attribution to a lag that a sequence does not have is zero; gradients are averaged over
    those that have it.
    """
    attributions, gradients = _gradients_of_steps(model, n_points)
    lengths, n_steps = model.sequences.lengths, len(model.lags)
    ends = np.repeat(np.cumsum(lengths), lengths)
    step = n_steps - (ends - np.arange(len(ends)))

    def total(values: FloatArray) -> FloatArray:
        by_step = np.zeros((n_steps, *values.shape[1:]))
        np.add.at(by_step, step, values)
        return by_step

    size = np.abs(attributions).mean(axis=-1)  # (n_valid_steps, n_channels)
    mean = total(size) / len(lengths)
    squares = total(np.square(size)) / len(lengths)
    n_with_lag = np.bincount(step, minlength=n_steps)[:, np.newaxis, np.newaxis]
    effects = total(gradients) / n_with_lag
    if effects.shape[-1] == 1:
        effects = effects[..., 0]
    deviation = np.sqrt(np.clip(squares - mean**2, 0.0, None))
    return {"importances_mean": mean, "importances_std": deviation, "effects": effects}


def _gradients_of_steps(model: RaggedModel, n_points: int) -> tuple[FloatArray, FloatArray]:
    """Return attributions and mean gradients, each of shape (n_valid_steps, n_channels, n_outputs).

    Steps are those of one sequence after the other.
    """
    estimator = model.estimator
    check_reads_numbers(estimator)
    if len(estimator.missing_channels_) or any(np.isnan(x).any() for x in model.windows):
        raise ValueError(NEEDS_NUMBERS)
    attributed, _, sums, changes = attributions_of_steps(estimator, model.sequences, n_points)
    warn_if_inexact("lag_importance", sums, changes, n_points, level=6)
    how: dict[str, Any] = {"n_outputs": n_predicted(estimator), "times_input": False}
    integrated = partial(IntegratedGradients, n_points=n_points, **how)
    return attributed, mean_of_members(estimator, model.sequences, integrated, by_channel)
