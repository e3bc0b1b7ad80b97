"""The estimators inside of searches, pipelines and transformed targets."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline


def open_search(estimator: Any) -> Any:
    """Return the best estimator of a fitted search, or `estimator` if it is not a search.

    The pipeline inside of a fitted `CompleteRows`, or of a `FrozenEstimator`, is returned, too.
    """
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "n_rows_omitted_") and hasattr(estimator, "estimator_"):
            estimator = estimator.estimator_
        elif isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        else:
            return estimator


def open_pipelines(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the fitted estimator inside of searches and pipelines, and what it gets of X."""
    inside = open_search(estimator)
    while isinstance(inside, Pipeline):
        X = inside[:-1].transform(X) if len(inside) > 1 else X
        inside = open_search(inside[-1])
    return inside, X


def final_estimator(estimator: Any) -> Any:
    """Return the fitted estimator that predicts, inside of searches, pipelines and the like."""
    inside = open_search(estimator)
    if isinstance(inside, Pipeline):
        inside = inside[-1]
    inside = getattr(inside, "regressor_", inside)
    return inside if inside is estimator else final_estimator(inside)


def default_scoring(estimator: Any) -> str:
    """Return the default score of the task, which a search may replace by its own."""
    return "accuracy" if is_classifier(estimator) else "r2"


def refuse_forecaster(estimator: Any, function: str) -> None:
    """Raise an error that leads to the models of a forecaster, if the estimator is one."""
    if not hasattr(estimator, "rows_ahead"):
        return
    fix = (
        f"give the model of step h, {function}(forecaster.models_[h - 1], ...) (models_[0] unless "
        "strategy='direct'), and rows with series and time in their index, sorted by both"
        if hasattr(estimator, "models_")
        else "it has no fitted model on windows"
    )
    name = type(estimator).__name__
    raise TypeError(f"{function} needs a model on windows; got the forecaster {name}: {fix}.")
