"""The loss of every single row, on which forecasts are compared in pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

RowLoss = Callable[[Any, Any, Any], NDArray[np.float64]]
"""What maps (true y, prediction, classes or None) to losses of shape (n_rows,)."""


def squared_error(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return the squared error of each row, the mean over outputs."""
    y, prediction = _of_one_shape(y, prediction)
    return _row_means(np.square(y.astype(float) - prediction))


def absolute_error(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return the absolute error of each row, the mean over outputs."""
    y, prediction = _of_one_shape(y, prediction)
    return _row_means(np.abs(y.astype(float) - prediction))


def zero_one(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return 1 where the label (with several labels: one of them) is wrong, else 0."""
    y, prediction = _of_one_shape(y, prediction)
    return (y != prediction).reshape(len(y), -1).any(axis=1).astype(float)


def log_loss(y: Any, probability: Any, classes: Any) -> NDArray[np.float64]:
    """Return minus the log of the probability that was given to the true label.

    With several labels at once it is the mean over labels. Their probabilities are one array of
    the shape of y, or a list of arrays, one for each label, as forests give them. A label that
    the model has not seen had the probability zero, which counts as the smallest positive one.
    """
    y = _without_single_column(y)
    if isinstance(probability, list):
        columns = zip(np.atleast_2d(y.T), probability, classes, strict=True)
        return np.mean([log_loss(*column) for column in columns], axis=0)
    p = np.asarray(probability, dtype=float)
    if y.ndim == 2:
        y, p = _of_one_shape(y, p)
        true = np.where(y == 1, p, 1 - p)
    else:
        true = np.sum(p * (y[:, np.newaxis] == np.asarray(classes)), axis=1)
    return _row_means(-np.log(np.clip(true, np.finfo(float).eps, None)))


def _of_one_shape(y: Any, prediction: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as arrays of the same shape: numpy would else pair every row with every row."""
    y, prediction = _without_single_column(y), _without_single_column(prediction)
    if y.shape != prediction.shape:
        raise ValueError(f"y of shape {y.shape} was predicted with the shape {prediction.shape}")
    return y, prediction


def _without_single_column(values: Any) -> NDArray[Any]:
    """Return an array, of shape (n_rows,) if there is one column."""
    array = np.asarray(values)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _row_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.reshape(len(values), -1).mean(axis=1)


LOSSES: dict[str, tuple[RowLoss, str]] = {
    "squared_error": (squared_error, "predict"),
    "absolute_error": (absolute_error, "predict"),
    "zero_one": (zero_one, "predict"),
    "log_loss": (log_loss, "predict_proba"),
}
"""For each name the loss, and the method of an estimator that it needs."""

_OF_PROBABILITIES = ("log_loss", "brier", "roc_auc", "average_precision")


def choose_loss(scoring: str, is_classifier: bool, models: Iterable[Any]) -> str:
    """Return the name of the loss that is nearest to a score."""
    if not is_classifier:
        return "absolute_error" if "absolute" in scoring else "squared_error"
    by_probability = any(name in scoring for name in _OF_PROBABILITIES)
    if by_probability and all(hasattr(model, "predict_proba") for model in models):
        return "log_loss"
    return "zero_one"
