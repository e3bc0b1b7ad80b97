"""The loss of each row, for tests that compare forecasts row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

RowLoss = Callable[[Any, Any, Any], NDArray[np.float64]]
"""Maps (y, prediction, classes or None) to losses of shape (n_rows,)."""


def squared_error(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return the squared error of each row, averaged over outputs."""
    y, prediction = _same_shape(y, prediction)
    return _row_means(np.square(y.astype(float) - prediction))


def absolute_error(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return the absolute error of each row, averaged over outputs."""
    y, prediction = _same_shape(y, prediction)
    return _row_means(np.abs(y.astype(float) - prediction))


def zero_one(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return 1 where the label, or any of several labels, is wrong, else 0."""
    y, prediction = _same_shape(y, prediction)
    return (y != prediction).reshape(len(y), -1).any(axis=1).astype(float)


def log_loss(y: Any, probability: Any, classes: Any) -> NDArray[np.float64]:
    """Return the negative log-probability of the true label.

    For multilabel targets it is averaged over labels; the probabilities are an array with the shape
    of y, or a list with one array per label, as forests return. Probabilities are clipped to the
    machine epsilon, as of a label that was not in the training set.
    """
    y = _squeeze_column(y)
    if isinstance(probability, list):
        columns = zip(np.atleast_2d(y.T), probability, classes, strict=True)
        return np.mean([log_loss(*column) for column in columns], axis=0)
    p = np.asarray(probability, dtype=float)
    if y.ndim == 2:
        y, p = _same_shape(y, p)
        true = np.where(y == 1, p, 1 - p)
    else:
        true = np.sum(p * (y[:, np.newaxis] == np.asarray(classes)), axis=1)
    return _row_means(-np.log(np.clip(true, np.finfo(float).eps, None)))


def _same_shape(y: Any, prediction: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as arrays, which must have the same shape, since numpy would broadcast others."""
    y, prediction = _squeeze_column(y), _squeeze_column(prediction)
    if y.shape != prediction.shape:
        raise ValueError(f"y has the shape {y.shape}, but the prediction {prediction.shape}")
    return y, prediction


def _squeeze_column(values: Any) -> NDArray[Any]:
    """Return an array; one of a single column becomes one-dimensional."""
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
"""Name of a loss: the loss, and the estimator method whose output it needs."""

_PROBABILITY_SCORES = ("log_loss", "brier", "roc_auc", "average_precision", "perplexity")


def choose_loss(scoring: str, is_classifier: bool, models: Iterable[Any]) -> str:
    """Return the name of the loss that is closest to a score."""
    if not is_classifier:
        return "absolute_error" if "absolute" in scoring else "squared_error"
    uses_probabilities = any(name in scoring for name in _PROBABILITY_SCORES)
    if uses_probabilities and all(hasattr(model, "predict_proba") for model in models):
        return "log_loss"
    return "zero_one"
