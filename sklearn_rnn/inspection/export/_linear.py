"""Linear models on windows as torch modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import ElasticNet, ElasticNetCV, LassoCV, LinearRegression, Ridge, RidgeCV
from torch import Tensor, nn

from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.inspection.export._inputs import register
from sklearn_rnn.linear._base import WindowModel
from sklearn_rnn.linear._families import LARGEST_EXPONENT
from sklearn_rnn.linear._logistic import BinaryClassifier
from sklearn_rnn.linear._poisson import CountRegressor

LEAST_SQUARES = (LinearRegression, Ridge, RidgeCV, ElasticNet, ElasticNetCV, LassoCV)
"""Models of scikit-learn whose predictions are linear; a Lasso is an ElasticNet."""


class Linear(nn.Module):
    """A linear model of the flattened window, in double precision.

    Parameters
    ----------
    coef : ndarray of shape (n_outputs, n_columns) or (n_columns,)
        Coefficients; without an axis of outputs, predictions have none either.
    center : ndarray of shape (n_columns,)
        Subtracted from the columns.
    at_center : ndarray of shape (n_outputs,)
        Predictions at the centre.
    link : {"identity", "log", "logit"}
        Of which the prediction is the inverse; with "logit" it is the probabilities of two classes.
    fills : bool
        Whether missing values are read as the centre; otherwise predictions are missing.
    columns : ndarray of int, of shape (n_columns,), optional
        Which columns of the flattened windows are read; by default all.
    """

    coef: Tensor
    center: Tensor
    at_center: Tensor

    def __init__(
        self,
        coef: NDArray[Any],
        center: NDArray[Any],
        at_center: NDArray[Any],
        *,
        link: str = "identity",
        fills: bool = False,
        columns: NDArray[np.intp] | None = None,
    ) -> None:
        super().__init__()
        self.is_single, self.link, self.fills = coef.ndim == 1, link, fills
        self.columns = None if columns is None else columns.tolist()
        slopes = np.atleast_2d(coef).T.astype(np.float64)
        register(self, coef=slopes, center=center, at_center=np.atleast_1d(at_center))

    def forward(self, X: Tensor, other: None = None) -> Tensor:
        """Map X (batch, n_steps, n_channels) to predictions (batch,) or (batch, n_outputs)."""
        values = X.double().flatten(1)
        values = (values if self.columns is None else values[:, self.columns]) - self.center
        if self.fills:
            values = torch.where(values.isnan(), 0.0, values)
        predicted = values @ self.coef + self.at_center
        if self.link == "logit":
            return torch.cat([(-predicted).sigmoid(), predicted.sigmoid()], 1)
        if self.link == "log":
            predicted = predicted.clamp(max=LARGEST_EXPONENT).exp()
        return predicted[:, 0] if self.is_single else predicted


def linear_module(model: Any) -> Linear | None:
    """Return a linear model of this package or scikit-learn as a module; None if it is no such."""
    if isinstance(model, ARRegressor):
        terms, window = model._model.terms, model.past_._window()
        newest = (window.n_lags - 1) * len(model.past_.fill_values_)
        columns = newest + terms.columns - terms.back // window.step * len(model.past_.fill_values_)
        fitted = model._model
        coef = fitted.slopes.T if model.coef_.ndim > 1 else fitted.slopes[:, 0]
        return Linear(coef, fitted.center, fitted.at_center, columns=columns)
    if isinstance(model, WindowModel):
        n_lags = model._form.n_steps
        link = "log" if isinstance(model, CountRegressor) else "identity"
        link = "logit" if isinstance(model, BinaryClassifier) else link
        n_columns = n_lags * model._form.n_channels
        coef = model.lag_coef_.reshape(*model.lag_coef_.shape[:-2], n_columns)
        center = np.tile(model._center, n_lags)
        return Linear(coef, center, model._at_center, link=link, fills=True)
    if isinstance(model, LEAST_SQUARES):
        coef = np.asarray(model.coef_)
        intercept = np.broadcast_to(model.intercept_, len(np.atleast_2d(coef)))
        return Linear(coef, np.zeros(coef.shape[-1]), intercept)
    return None
