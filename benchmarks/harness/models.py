"""Models that questions share: of standardised columns, and of the lags of a table."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import CompleteRows, LagTransformer


def scaled(model: Any) -> Pipeline:
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def of_lags(
    model: Any, n_lags: int, known_ahead: Sequence[str] | None = None, flatten: bool = False
) -> CompleteRows:
    """Return a model of the lags of standardised series, and of what is known ahead."""
    scale = StandardScaler().set_output(transform="pandas")
    lags = LagTransformer(n_lags, known_ahead=known_ahead, flatten=flatten)
    return CompleteRows(Pipeline([("scale", scale), ("lags", lags), ("model", model)]))
