"""MiniRocket and a ridge classifier, from aeon, which the benchmarks do without where it is absent.

aeon 1.6 asks for an older pandas and numba than numpy 2.4 allows, so that it is no extra; it runs
all the same: ``pip install --no-deps aeon==1.6.0 numba llvmlite Deprecated``.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PENALTIES = np.logspace(-3, 3, 10)


def is_installed() -> bool:
    return find_spec("aeon") is not None


class MiniRocketRidge(ClassifierMixin, BaseEstimator):
    """Labels rows, the channels of a series one after the other, by 10,000 features of each.

    The ridge classifier and its penalties are those of aeon's own `MiniRocketClassifier`, after
    Dempster, Schmidt and Webb (2021).
    """

    def __init__(self, n_channels: int = 1, random_state: int | None = None) -> None:
        self.n_channels = n_channels
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> MiniRocketRidge:
        # numba's layer on OpenMP would change the number of threads that torch uses.
        os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
        from aeon.transformations.collection.convolution_based import MiniRocket

        self.features_ = MiniRocket(random_state=self.random_state)
        features = self.features_.fit_transform(self._series(X))
        ridge = RidgeClassifierCV(PENALTIES)
        self.ridge_ = make_pipeline(StandardScaler(with_mean=False), ridge).fit(features, y)
        self.classes_ = self.ridge_.classes_
        return self

    def predict(self, X: np.ndarray) -> Any:
        return self.ridge_.predict(self.features_.transform(self._series(X)))

    def _series(self, X: np.ndarray) -> np.ndarray:
        """Return an array of shape (n_samples, n_channels, n_steps)."""
        return X.reshape(len(X), self.n_channels, -1)
