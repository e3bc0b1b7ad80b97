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
    return _row_means(np.square(np.asarray(y, dtype=float) - prediction))


def absolute_error(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return the absolute error of each row, the mean over outputs."""
    return _row_means(np.abs(np.asarray(y, dtype=float) - prediction))


def zero_one(y: Any, prediction: Any, _: Any) -> NDArray[np.float64]:
    """Return 1 where the label (with several labels: one of them) is wrong, else 0."""
    wrong = np.asarray(y) != np.asarray(prediction)
    return wrong.reshape(len(wrong), -1).any(axis=1).astype(float)


def log_loss(y: Any, probability: Any, classes: Any) -> NDArray[np.float64]:
    """Return minus the log of the probability that was given to the true label.

    With several labels at once it is the mean over labels. A label that the model has not
    seen had the probability zero, which counts as the smallest positive one.
    """
    y = np.asarray(y)
    p = np.asarray(probability, dtype=float)
    if y.ndim == 2:
        true = np.where(y == 1, p, 1 - p)
    else:
        true = np.sum(p * (y[:, np.newaxis] == np.asarray(classes)), axis=1)
    return _row_means(-np.log(np.clip(true, np.finfo(float).eps, None)))


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
