"""A model for each column of y: the way to forecast several series by models of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone

from sklearn_rnn.model_selection import n_parameters


class ForEach(RegressorMixin, BaseEstimator):
    """Fits the first model to the first column of y, the second to the second, and so on.

    Parameters
    ----------
    models : sequence of estimator
        As many as y has columns; each is given the whole X.
    """

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, X: Any, y: pd.DataFrame) -> ForEach:
        """Fit every model."""
        columns = [y[name] for name in y.columns]
        self.estimators_ = [
            clone(model).fit(X, column) for model, column in zip(self.models, columns, strict=True)
        ]
        sizes = [n_parameters(model) for model in self.estimators_]
        self.n_parameters_ = int(np.nansum(sizes))
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return a column of predictions by each model."""
        return np.column_stack([model.predict(X) for model in self.estimators_])
