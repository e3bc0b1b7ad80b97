"""Intervals before their calibration: the models that predict their ends."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_rnn._sklearn.compat import BaseSearchCV
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn._sklearn.validation import check_target
from sklearn_rnn.forecasting._delays import named_parts
from sklearn_rnn.forecasting._past_rows import PastRows
from sklearn_rnn.preprocessing._complete_rows import CompleteRows

Array = NDArray[np.float64]

_POINT_LOSSES = ("squared_error", "absolute_error", "huber")
"""Losses with which a network predicts no quantiles."""


def interval_models(estimator: Any, method: str, level: float) -> list[Any]:
    """Return unfitted models: one, or those of the median, the lower and the upper quantile.

    Parameters
    ----------
    estimator : estimator
        A regressor or pipeline.
    method : str
        That of `IntervalRegressor`.
    level : float
        Level of the intervals.

    Raises
    ------
    ValueError
        If quantiles are needed and the estimator has none, or it predicts several steps of y.
    """
    parts = named_parts(estimator).values()
    steps = [part.horizon for part in parts if isinstance(part, CompleteRows)]
    if max(steps, default=1) > 1:
        raise ValueError(
            f"estimator must predict y of the same row alone; got horizon={max(steps)}. Set "
            "horizon=1, or take Forecaster(calibration_rows=...) for intervals of several steps."
        )
    if method != "cqr":
        return [clone(estimator)]
    lower, upper = interval_levels(level)
    name, loss = _quantile_parameter(estimator)
    if loss not in _POINT_LOSSES and _predicts_quantiles(estimator):
        model = clone(estimator)
        if loss == "quantile" and name is not None:
            model.set_params(**{name: [lower, 0.5, upper]})
        return [model]
    if name is None or loss != "quantile":
        raise ValueError(
            "method='cqr' needs a regressor of quantiles; got "
            f"{type(estimator).__name__} without a parameter `quantile` that is used. Give "
            "QuantileRegressor(), HistGradientBoostingRegressor(loss='quantile') or a network "
            "with loss='quantile', alone or in a pipeline, or set method='split'."
        )
    return [clone(estimator).set_params(**{name: level}) for level in (0.5, lower, upper)]


def interval_levels(level: float) -> tuple[float, float]:
    """Return the levels of the quantiles that end an interval."""
    return round((1 - level) / 2, 12), round((1 + level) / 2, 12)


def _predicts_quantiles(estimator: Any) -> bool:
    """Return whether `predict` of an estimator, or of one that it passes them to, has quantiles.

    A search passes nothing, so its best estimator is asked; one inside a pipeline cannot be.
    """
    inside = open_search(estimator)
    inside = inside.estimator if isinstance(inside, BaseSearchCV) else inside
    parts = named_parts(inside)
    searches = tuple(name for name, part in parts.items() if isinstance(part, BaseSearchCV))
    return any(
        "quantiles" in inspect.signature(part.predict).parameters
        for name, part in parts.items()
        if hasattr(part, "predict") and not name.startswith(searches)
    )


def _quantile_parameter(estimator: Any) -> tuple[str | None, Any]:
    """Return the name of the parameter that is the quantile to learn, and the loss beside it."""
    params = estimator.get_params()
    for name in params:
        path, _, last = name.rpartition("__")
        if last == "quantile":
            return str(name), params.get(f"{path}__loss" if path else "loss", "quantile")
    return None, None


@dataclass(frozen=True)
class IntervalModel:
    """Fitted models of the ends of intervals.

    Attributes
    ----------
    models : list of estimators
        Those of `interval_models`, fitted.
    method : str
        That of `IntervalRegressor`.
    level : float
        Level of the intervals.
    target_shape : tuple of int
        Shape of the target of one row.
    past : PastRows
        The past of new rows.
    """

    models: list[Any]
    method: str
    level: float
    target_shape: tuple[int, ...]
    past: PastRows

    def predict(self, X: Any, model: int = 0, **params: Any) -> Any:
        """Return predictions of one of the models."""
        fitted = self.models[model]
        fitted = getattr(fitted, "best_estimator_", fitted)  # which takes parameters of predict
        return self.past.predict(fitted.predict, X, fitted, **params)

    def after(self, X: Any) -> IntervalModel:
        """Return the same model after it has seen the rows of X."""
        return replace(self, past=self.past.then(X, self.models[0]))

    def ends(self, X: Any) -> list[Array]:
        """Return the lower and upper ends, of shape (n_rows, n_outputs)."""
        if self.method != "cqr":
            ends = [self.predict(X)] * 2
        elif len(self.models) == 1:
            ends = self.predict(X, quantiles=list(interval_levels(self.level)))
            ends = np.moveaxis(ends, -1, 0)
        else:
            ends = [self.predict(X, model) for model in (1, 2)]
        return [np.asarray(end, dtype=np.float64).reshape(len(end), -1) for end in ends]

    def ends_and_scores(self, X: Any, y: Any) -> tuple[Array, Array, Array]:
        """Return ends, and how far targets are outside of them; it is negative inside."""
        target = check_target(y)
        if target.shape[1:] != self.target_shape:
            raise ValueError(
                f"y has the shape {target.shape}, but the targets of fit have the shape "
                f"(n_samples{''.join(f', {k}' for k in self.target_shape)})."
            )
        lower, upper = self.ends(X)
        target = target.reshape(lower.shape)
        return lower, upper, np.maximum(lower - target, target - upper)


def widen(lower: Array, upper: Array, margins: Array) -> Array:
    """Return intervals moved out by margins at both ends; ends that would cross meet half-way."""
    middle = (lower + upper) / 2
    ends = np.minimum(lower - margins, middle), np.maximum(upper + margins, middle)
    return np.stack(ends, axis=-1)
