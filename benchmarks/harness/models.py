"""Models that questions share: of standardised columns, and of the lags of a table."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import CompleteRows, LagTransformer


def scaled(model: Any) -> Pipeline:
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def of_lags(model: Any, n_lags: int, known_ahead: Sequence[str] | None = None) -> CompleteRows:
    """Return a model of the lags of a table and of what is known ahead, by complete rows."""
    lags = LagTransformer(n_lags, known_ahead=known_ahead)
    return CompleteRows(Pipeline([("lagtransformer", lags), ("model", model)]))
