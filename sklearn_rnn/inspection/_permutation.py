"""Permutation importance: the decrease of a score when one lag of one channel is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.inspection._window_model import RaggedModel, WindowModel

RESPONSES = ("predict", "predict_proba", "predict_log_proba", "decision_function")


class PermutedEstimator:
    """An estimator that predicts for permuted windows, to be given to a scorer.

    Windows are copied batch by batch, so all permuted windows never exist at the same time.

    Parameters
    ----------
    model : WindowModel or RaggedModel
        The estimator and its windows.
    step, channel : int
        The lag and channel to permute.
    order : ndarray of shape (n_windows,) or None
        The permutation of the windows; None leaves them unchanged.
    """

    def __init__(
        self, model: WindowModel | RaggedModel, step: int = 0, channel: int = 0, order: Any = None
    ) -> None:
        self._model, self._cell, self._order = model, (step, channel), order

    def __getattr__(self, name: str) -> Any:
        """Predict for the permuted windows; forward all other attributes of the estimator."""
        found = getattr(self._model.estimator, name)
        if name not in RESPONSES:
            return found

        @wraps(found)
        def respond(_: Any) -> NDArray[Any]:
            model, how = self._model, (*self._cell, self._order)
            return np.concatenate([found(model.permuted(part, *how)) for part in model.batches()])

        return respond


def permutation_importances(
    model: WindowModel | RaggedModel,
    y: Any,
    scorer: Callable[[Any, Any, Any], float],
    n_repeats: int,
    rng: np.random.RandomState,
) -> tuple[float, NDArray[np.float64]]:
    """Return the score, and how much it decreases by each permutation.

    The permutations are the same for all lags and channels, so that the decreases are comparable.

    Returns
    -------
    score : float
        The score of the estimator.
    importances : ndarray of shape (n_steps, n_channels, n_repeats)
        Decrease of the score.
    """
    n_windows, n_steps, n_channels = len(model.windows), len(model.lags), len(model.channels)
    try:
        score = float(scorer(PermutedEstimator(model), model.windows, y))
    except ValueError as error:
        raise ValueError(f"The predictions cannot be scored against y: {error}") from error
    importances = np.empty((n_steps, n_channels, int(n_repeats)))
    for repeat in range(n_repeats):
        order = rng.permutation(n_windows)
        for step, channel in np.ndindex(n_steps, n_channels):
            permuted = PermutedEstimator(model, step, channel, order)
            importances[step, channel, repeat] = score - scorer(permuted, model.windows, y)
    return score, importances
