"""Lags and channels of what a pipeline gives to its last step: `pipeline_layout`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from sklearn_rnn._sequences.lag_names import channel_names
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

Layout = tuple[NDArray[np.intp], list[str]]
"""The lag of each step, and the names of the channels."""


def pipeline_layout(
    pipeline: Pipeline, X: Any = None
) -> tuple[Layout | None, list[str] | None] | None:
    """Return lags and channels of the last step of a pipeline with lags, None if none has.

    They are those of a `LagTransformer`; of a FeatureUnion, a ColumnTransformer or a pipeline that
    contains some they are in the names of the columns that it makes.
    """
    steps = [step for _, step in pipeline.steps[:-1]]
    positions = [i for i, step in enumerate(steps) if find_lags(step)]
    if not positions:
        return None
    i = positions[-1]
    lagger = steps[i]
    if not isinstance(lagger, LagTransformer):
        if not all(lags.flatten for lags in find_lags(lagger)):
            return None
        columns = lagger.get_feature_names_out()
        if i + 1 < len(steps):
            _check_columns_are_kept(pipeline[i + 1 : -1], columns)
        return None, list(columns)
    given: Any = getattr(lagger, "feature_names_in_", None)
    names: Any = lagger._channels()  # without the columns of times and series
    if names is None:
        names = given = _names_before(pipeline[:i] if i else None, X, lagger.n_features_in_)
    if lagger.flatten and i + 1 < len(steps):
        _check_columns_are_kept(pipeline[i + 1 : -1], lagger.get_feature_names_out(given))
    lags = lagger.delay + lagger.step * np.arange(lagger.n_lags - 1, -1, -1)
    return (lags, [str(name) for name in names]), None


def _names_before(before: Pipeline | None, X: Any, n_columns: int) -> list[str]:
    """Return the names of the input columns of a step, or x0, x1, ..."""
    try:
        names = list(X.columns) if before is None else list(before.get_feature_names_out())
    except (AttributeError, ValueError):
        names = []
    return channel_names(names, n_columns)


def _check_columns_are_kept(steps: Pipeline, names: NDArray[Any]) -> None:
    """Check that the steps after a `LagTransformer` do not combine or select its columns."""
    try:
        kept = list(steps.get_feature_names_out(names)) == list(names)
    except (AttributeError, ValueError):
        kept = False
    if not kept:
        raise ValueError(
            "The steps after LagTransformer must keep its columns, as StandardScaler does; "
            f"{[type(step).__name__ for _, step in steps.steps]} do not, or lack "
            "get_feature_names_out."
        )
