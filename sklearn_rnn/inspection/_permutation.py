"""Permutation importance: the decrease of a score when one lag of one channel is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.inspection._window_model import WindowModel

RESPONSES = ("predict", "predict_proba", "predict_log_proba", "decision_function")


class PermutedEstimator:
    """An estimator that predicts for permuted windows, to be given to a scorer.

    Windows are copied batch by batch, so all permuted windows never exist at the same time.

    Parameters
    ----------
    model : WindowModel
        The estimator and its windows.
    step, channel : int
        The lag and channel to permute.
    order : ndarray of shape (n_windows,) or None
        The permutation of the windows; None leaves them unchanged.
    """

    def __init__(
        self, model: WindowModel, step: int = 0, channel: int = 0, order: Any = None
    ) -> None:
        self._model, self._cell, self._order = model, (step, channel), order

    def __getattr__(self, name: str) -> Any:
        """Predict for the permuted windows; forward all other attributes of the estimator."""
        found = getattr(self._model.estimator, name)
        if name not in RESPONSES:
            return found

        @wraps(found)
        def respond(_: Any) -> NDArray[Any]:
            return np.concatenate([found(self._batch(part)) for part in self._model.batches()])

        return respond

    def _batch(self, part: slice) -> Any:
        windows, (step, channel) = self._model.windows, self._cell
        batch = windows[part]
        if self._order is not None:
            batch = np.array(batch, order="C")
            batch[:, step, channel] = windows[self._order[part], step, channel]
        return self._model.as_input(batch)


def permutation_importances(
    model: WindowModel,
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
    n_windows, n_steps, n_channels = model.windows.shape
    score = float(scorer(PermutedEstimator(model), model.windows, y))
    importances = np.empty((n_steps, n_channels, n_repeats))
    for repeat in range(n_repeats):
        order = rng.permutation(n_windows)
        for step, channel in np.ndindex(n_steps, n_channels):
            permuted = PermutedEstimator(model, step, channel, order)
            importances[step, channel, repeat] = score - scorer(permuted, model.windows, y)
    return score, importances
