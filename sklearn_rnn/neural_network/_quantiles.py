"""Levels of quantiles, what a network predicts at them, and their score."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import d2_pinball_score
from torch import Tensor

from sklearn_rnn._training.losses import Loss
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder

DIGITS = 12
"""Digits by which levels are told apart: 0.1 + 0.2 is 0.3."""


def read_levels(given: Any, name: str) -> tuple[float, ...]:
    """Return levels of quantiles as floats.

    Parameters
    ----------
    given : array-like of float, of shape (k,)
        The levels.
    name : str
        Name of the argument, for the error.

    Raises
    ------
    ValueError
        If it is not a list of numbers above 0 and below 1.
    """
    values = np.asarray(given, dtype=object)
    is_list = values.ndim == 1 and values.size > 0
    if not is_list or not all(isinstance(q, Real) and 0 < float(q) < 1 for q in values):
        raise ValueError(
            f"{name} must be a list of numbers above 0 and below 1, such as [0.05, 0.5, 0.95]; "
            f"got {given!r}."
        )
    return tuple(float(q) for q in values)


def check_trained_levels(given: Any) -> tuple[float, ...]:
    """Return the levels that one network is to be trained for.

    Raises
    ------
    ValueError
        If they are not increasing numbers above 0 and below 1, with 0.5 among them.
    """
    levels = _rounded(read_levels(given, "quantile"))
    right = sorted({*levels, 0.5})
    if list(levels) != right:
        raise ValueError(
            "quantile must be a number, or a list of increasing numbers with 0.5 among them, "
            f"which predict returns; got {given!r}: give {right}."
        )
    return levels


def _rounded(levels: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(level, DIGITS) for level in levels)


def positions_of(levels: Sequence[float], loss: Loss) -> list[int]:
    """Return the positions of levels among those that a loss has trained.

    Raises
    ------
    ValueError
        If one of them has not been trained.
    """
    levels, trained = _rounded(levels), _rounded(loss.levels)
    if missing := sorted({*levels} - {*trained}):
        raise ValueError(
            f"quantiles={list(levels)}: {missing} were not trained, those trained are "
            f"{list(trained)}. Fit with quantile={sorted({*levels, *trained, 0.5})}."
        )
    return [trained.index(level) for level in levels]


def decode_quantiles(
    encoder: RegressionEncoder, raw_outputs: Tensor, *, chosen: Sequence[int]
) -> NDArray[np.float64]:
    """Return quantiles of shape (n_samples, k) or (n_samples, n_targets, k), in the units of y.

    Those of several members are averaged at each level, as their point predictions are: an average
    of curves that do not cross does not cross either, and is as sharp as the members. Quantiles of
    a mixture would need the distribution between the levels.

    Parameters
    ----------
    encoder : RegressionEncoder
        The encoder of the targets.
    raw_outputs : Tensor of shape (n_members, n_samples, n_outputs)
        The raw outputs of each member.
    chosen : sequence of int, of length k
        Positions among the levels of the loss.
    """
    values = encoder.loss.quantiles(raw_outputs)[list(chosen)].mean(1)
    return encoder.last_axis(encoder.in_units_of_y(values.numpy()))


def d2_of_quantiles(
    y: Any, predicted: NDArray[np.float64], *, levels: Sequence[float], sample_weight: Any
) -> float:
    """Return the mean over all levels of the D2 of their pinball loss.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets.
    predicted : ndarray of shape (n_samples, k) or (n_samples, n_targets, k)
        Quantiles.
    levels : sequence of float, of length k
        Their levels.
    sample_weight : array-like of shape (n_samples,) or None
        Sample weights.
    """
    scores = [
        d2_pinball_score(y, predicted[..., i], alpha=level, sample_weight=sample_weight)
        for i, level in enumerate(levels)
    ]
    return float(np.mean(scores))
