"""A model whose settings are chosen on rows that follow those it is fitted to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import ParameterGrid


class HeldOut(RegressorMixin, BaseEstimator):
    """Fits a model to the first rows, with the settings that err least on the others.

    So it learns from the same rows as a net that stops early by the others: unlike a
    ``GridSearchCV`` it is not refitted to all. `param_grid` has the settings to choose from,
    `n_train` says how many rows come first.
    """

    def __init__(self, model: Any, param_grid: Mapping[str, Sequence[Any]], n_train: int) -> None:
        self.model = model
        self.param_grid = param_grid
        self.n_train = n_train

    def fit(self, X: Any, y: Any) -> "HeldOut":
        train, later = slice(self.n_train), slice(self.n_train, None)
        candidates = list(ParameterGrid(self.param_grid))
        models = [clone(self.model).set_params(**settings) for settings in candidates]
        fits = [model.fit(X[train], y[train]) for model in models]
        errors = [mean_absolute_error(y[later], fit.predict(X[later])) for fit in fits]
        best = int(np.argmin(errors))
        self.best_estimator_, self.best_params_ = models[best], candidates[best]
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self.best_estimator_.predict(X)
