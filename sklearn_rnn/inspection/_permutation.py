"""Importance by permutation: what a score loses when one lag of one channel is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.inspection._window_model import WindowModel

RESPONSES = ("predict", "predict_proba", "predict_log_proba", "decision_function")


class PermutedEstimator:
    """Stands before a scorer in place of an estimator, and answers for permuted windows.

    The windows are copied batch by batch, so that no permuted copy of all ever exists.

    Parameters
    ----------
    model : WindowModel
        The estimator and its windows.
    step, channel : int
        What is permuted.
    order : ndarray of shape (n_windows,) or None
        The permutation of the windows; None leaves them as they are.
    """

    def __init__(
        self, model: WindowModel, step: int = 0, channel: int = 0, order: Any = None
    ) -> None:
        self._model, self._cell, self._order = model, (step, channel), order

    def __getattr__(self, name: str) -> Any:
        """Answer in place of the estimator, and pass on everything else it has."""
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


def permutation_losses(
    model: WindowModel,
    y: Any,
    scorer: Callable[[Any, Any, Any], float],
    n_repeats: int,
    rng: np.random.RandomState,
) -> tuple[float, NDArray[np.float64]]:
    """Return the score as it is, and what it loses by each permutation.

    The permutations are the same for every lag and channel, which makes the losses easier to
    compare.

    Returns
    -------
    score : float
        The score of the estimator.
    losses : ndarray of shape (n_steps, n_channels, n_repeats)
        By how much the score falls.
    """
    n_windows, n_steps, n_channels = model.windows.shape
    score = float(scorer(PermutedEstimator(model), model.windows, y))
    losses = np.empty((n_steps, n_channels, n_repeats))
    for repeat in range(n_repeats):
        order = rng.permutation(n_windows)
        for step, channel in np.ndindex(n_steps, n_channels):
            permuted = PermutedEstimator(model, step, channel, order)
            losses[step, channel, repeat] = score - scorer(permuted, model.windows, y)
    return score, losses
