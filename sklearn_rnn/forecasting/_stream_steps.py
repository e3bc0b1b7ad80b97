"""What a stream does with the next row of each series: read its last window, or go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.linear._base import WindowRegressor
from sklearn_rnn.linear._design import centered
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import without_warnings

Rows = NDArray[np.float64]
"""Of shape (n_series, n_columns), or with past rows (n_series, n_rows, n_columns)."""

Predict = Callable[[Any], NDArray[Any]]


class Steps(Protocol):
    """How a model reads series row by row."""

    def step(self, rows: Rows, state: Any) -> tuple[NDArray[Any], Any]:
        """Return the predictions of the next rows, and the state after them; None before any."""


@dataclass(frozen=True)
class WindowSteps:
    """Predictions by the last rows of each series.

    Attributes
    ----------
    predict : callable
        Predicts from the last rows of each series, oldest first.
    n_past : int
        How many rows before the newest it reads.
    fill : ndarray of shape (n_columns,) or None
        The rows before the start of a series; None if `predict` takes fewer rows.
    """

    predict: Predict
    n_past: int
    fill: Rows | None

    def step(self, rows: Rows, state: Any) -> tuple[NDArray[Any], Any]:
        """Return the predictions of the next rows, and the rows that the following ones read."""
        past = self._start(rows) if state is None else state
        table = np.concatenate([past, rows[:, np.newaxis]], axis=1)
        return self.predict(table), table[:, max(0, table.shape[1] - self.n_past) :]

    def _start(self, rows: Rows) -> Rows:
        n_series, n_columns = rows.shape
        if self.fill is None:
            return np.empty((n_series, 0, n_columns))
        return np.tile(self.fill, (n_series, self.n_past, 1))


@dataclass(frozen=True)
class CarrySteps:
    """Predictions of a network that goes on with the whole series.

    Attributes
    ----------
    network : object
        What ``_carried`` of an estimator returns.
    delay : int
        Rows from the newest step of a sequence to the row that is predicted.
    known : ndarray of int
        Columns that are read ``delay`` rows later than the others.
    """

    network: Any
    delay: int
    known: NDArray[np.intp]

    def step(self, rows: Rows, state: Any) -> tuple[NDArray[Any], Any]:
        """Return the predictions of the next rows; the state has the rows that wait to be read."""
        waiting, states = state or ((), None)
        waiting = (*waiting, rows)
        if len(waiting) <= self.delay:
            return self.network.without_steps(len(rows)), (waiting, states)
        inputs = waiting[0]
        if len(self.known):
            inputs = inputs.copy()
            inputs[:, self.known] = rows[:, self.known]
        predictions, states = self.network.step(inputs, states)
        return predictions, (waiting[1:], states)


@dataclass(frozen=True)
class LagWindow:
    """Predictions of a model behind a LagTransformer, of the last rows of each series."""

    lags: LagTransformer
    predict: Predict

    def __call__(self, table: Rows) -> NDArray[Any]:
        """Predict the newest row of each series."""
        lags, last = self.lags, table.shape[1]
        span, delay = (lags.n_lags - 1) * lags.step + 1, lags.delay
        windows = table[:, last - delay - span : last - delay : lags.step]
        if len(lags._known):
            windows = windows.copy()
            windows[..., lags._known] = table[:, last - span :: lags.step, lags._known]
        return self.predict(windows.reshape(len(windows), -1) if lags.flatten else windows)


@dataclass(frozen=True)
class RowBlocks:
    """Predictions of a model of any structure, which makes the windows itself.

    Attributes
    ----------
    estimator : estimator
        The model.
    n_rows : int
        How many rows of a series its prediction for the last of them depends on.
    """

    estimator: Any
    n_rows: int

    def __call__(self, table: Rows) -> NDArray[Any]:
        """Predict the newest row of each series: all blocks of rows as one table.

        Series with fewer rows would have those of others as lags, so each is a table of its own.
        """
        parts = [table] if table.shape[1] == self.n_rows else np.split(table, len(table))
        with without_warnings():
            return np.concatenate([self._last(part) for part in parts])

    def _last(self, table: Rows) -> NDArray[Any]:
        rows = as_table(table.reshape(-1, table.shape[2]), self.estimator)
        return np.asarray(self.estimator.predict(rows))[table.shape[1] - 1 :: table.shape[1]]


def as_table(rows: Rows, estimator: Any) -> Any:
    """Return rows as an estimator was fitted on: with the names of columns, but without times."""
    names = getattr(estimator, "feature_names_in_", None)
    index = ["row"] * len(rows)
    return rows if names is None else pd.DataFrame(rows, columns=names, index=index)


def predict_windows(model: Any) -> Predict:
    """Return ``predict`` of a model of windows, for linear models without their validation.

    That costs many times more than the product of a few windows and coefficients.
    """
    if getattr(type(model), "predict", None) is LinearRegression.predict:
        return partial(_affine, model.coef_.T, model.intercept_)
    if isinstance(model, WindowRegressor):
        return partial(_linear, model)
    predict: Predict = model.predict
    return predict


def predict_ar(model: ARRegressor) -> Predict:
    """Return the predictions of an autoregression by windows of its ``past_``."""
    terms, lags = model._model.terms, model.past_
    n_columns = len(lags.fill_values_)
    coef = np.zeros((lags.n_lags, n_columns, len(model._model.intercept)))
    coef[lags.n_lags - 1 - terms.back // lags.step, terms.columns] = model._model.slopes
    coef = coef.reshape(-1, coef.shape[2])
    intercept = model._model.intercept
    if model.coef_.ndim == 1:
        coef, intercept = coef[:, 0], intercept[0]
    return partial(_flat_affine, coef, intercept)


def _affine(coef: Rows, intercept: Any, table: Rows) -> NDArray[Any]:
    predicted = table @ coef + intercept
    if not np.isfinite(predicted).all():
        raise ValueError(
            "rows contain NaN, which the model cannot read; impute them before, or take "
            "LagRidge, which does so."
        )
    return np.asarray(predicted)


def _flat_affine(coef: Rows, intercept: Any, windows: Rows) -> NDArray[Any]:
    return np.asarray(windows.reshape(len(windows), -1) @ coef + intercept)


def _linear(model: WindowRegressor, windows: Rows) -> NDArray[Any]:
    shape = model.lag_coef_.shape
    rows = windows.reshape(len(windows), *shape[-2:])
    values = centered(rows, model._center).reshape(len(rows), -1)
    coef = model.lag_coef_.reshape(-1, values.shape[1]).T
    predicted = model._mean(values @ coef + model._at_center)
    return np.asarray(predicted.ravel() if model.coef_.ndim == 1 else predicted)
