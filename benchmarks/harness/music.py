"""Forecasts of the keys of the next step of a piece, and what they cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone


class Frames(ClassifierMixin, BaseEstimator):
    """Forecasts each key from the step before alone.

    `model` is fitted to each key that sounds; None, and any other key, takes the share of the
    steps in which the key sounds, with one step more in which it does and one in which not.
    """

    def __init__(self, model: Any = None) -> None:
        self.model = model

    def fit(self, X: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> "Frames":
        frames, keys = np.concatenate(X), np.concatenate(y)
        self.shares_ = (keys.sum(axis=0) + 1) / (len(keys) + 2)
        sounding = np.flatnonzero(np.ptp(keys, axis=0))
        fitted = sounding if self.model is not None else sounding[:0]
        self.models_ = {key: clone(self.model).fit(frames, keys[:, key]) for key in fitted}
        self.n_parameters_ = sum(m.coef_.size + 1 for m in self.models_.values()) or keys.shape[1]
        return self

    def predict_proba(self, X: Sequence[np.ndarray]) -> list[np.ndarray]:
        frames = np.concatenate(X)
        probabilities = np.tile(self.shares_, (len(frames), 1))
        for key, model in self.models_.items():
            probabilities[:, key] = model.predict_proba(frames)[:, 1]
        return np.split(probabilities, np.cumsum([len(piece) for piece in X])[:-1])


def frame_cost(given: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> float:
    """Return the negative log-likelihood of a frame: the sum over keys, the mean over all frames.

    Both are piece by piece of shape (n_steps, n_keys): the probability of each key, and whether
    it sounds.
    """
    probabilities, keys = np.concatenate([*given]), np.concatenate([*y]).astype(bool)
    of_truth = np.where(keys, probabilities, 1 - probabilities)
    least = np.finfo(np.float32).tiny  # a net in single precision may be sure, and wrong
    return float(-np.log(np.maximum(of_truth, least)).sum(axis=1).mean())
