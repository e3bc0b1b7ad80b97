"""How many rows before a row an estimator reads."""

from __future__ import annotations

from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

_FITTED_INSIDE = ("regressor_", "estimator_")
"""Learned attributes of meta-estimators with the fitted model."""


def lookback(estimator: Any) -> int:
    """Return how many rows before a row of X the prediction for it depends on.

    Parameters
    ----------
    estimator : estimator
        A model, fitted or not. Steps of a pipeline look back one after the other, parts of a
        FeatureUnion or ColumnTransformer side by side; of other estimators with several inside the
        one counts that looks back farthest.

    Returns
    -------
    int
        0 if there is no LagTransformer inside.
    """
    estimator = open_search(estimator)
    if isinstance(estimator, LagTransformer):
        return estimator._window().lookback
    if isinstance(estimator, Pipeline):
        return sum(lookback(step) for _, step in estimator.steps)
    if isinstance(estimator, FeatureUnion):
        return max((lookback(part) for _, part in estimator.transformer_list), default=0)
    if isinstance(estimator, ColumnTransformer):
        parts = [estimator.remainder, *(part for _, part, _ in estimator.transformers)]
        return max(map(lookback, parts))
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return 0
    own = [lags._window().lookback for lags in getattr(estimator, "_own_lags", list)()]
    fitted = [getattr(estimator, name) for name in _FITTED_INSIDE if hasattr(estimator, name)]
    inside = fitted or estimator.get_params(deep=False).values()
    return max([*own, *map(lookback, inside)], default=0)
