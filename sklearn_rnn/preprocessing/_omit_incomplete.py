"""Adds `CompleteRows` to given models: pipelines, searches and other meta-estimators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._fit_complete import nested_pipelines
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

_FITTED_INSIDE = ("best_estimator_", "regressor_", "estimator_")
"""Learned attributes of searches and other meta-estimators with the fitted model."""

_GRIDS = ("param_grid", "param_distributions")
"""Parameters of searches with values for the parameters of their estimator."""


def omit_incomplete(model: Any) -> Any:
    """Return a model whose pipelines with a LagTransformer are fitted to complete rows.

    Parameters
    ----------
    model : estimator
        An unfitted model, which is not changed.

    Returns
    -------
    estimator
        The model itself if nothing needs to change: it has no LagTransformer, or is or contains
        `CompleteRows` already. Otherwise the pipeline in `CompleteRows`, or a copy of the search,
        transformed target or ensemble with such pipelines inside. Names of parameters of the
        pipelines remain valid.
    """
    if isinstance(model, CompleteRows | LagTransformer) or not hasattr(model, "get_params"):
        return model
    if isinstance(model, Pipeline):
        *before, (name, last) = model.steps
        heads = [pipeline.steps[:-1] for pipeline in nested_pipelines(model)]
        if any(find_lags(step) for head in heads for _, step in head):
            return CompleteRows(model)
        inside = omit_incomplete(last)
        return model if inside is last else clone(model).set_params(steps=[*before, (name, inside)])
    given = model.get_params(deep=False)
    changed = {name: _inside(value) for name, value in given.items()}
    pipeline = changed.get("estimator")
    if isinstance(pipeline, Pipeline) and any(map(find_lags, _candidates(model))):
        changed["estimator"] = CompleteRows(pipeline)
    changed = {name: value for name, value in changed.items() if value is not given[name]}
    return clone(model).set_params(**changed) if changed else model


def count_omitted(model: Any) -> int:
    """Return how many training rows the `CompleteRows` inside of a fitted model have left out.

    Parameters
    ----------
    model : estimator
        A fitted model, as `omit_incomplete` returns them.

    Returns
    -------
    int
        The largest number, if there are several.
    """
    if hasattr(model, "n_rows_omitted_"):
        return int(model.n_rows_omitted_)
    inside = [getattr(model, name) for name in _FITTED_INSIDE if hasattr(model, name)]
    if isinstance(members := getattr(model, "estimators_", None), list):
        inside += members
    if isinstance(model, Pipeline):
        inside.append(model.steps[-1][1])
    return max(map(count_omitted, inside), default=0)


def _inside(value: Any) -> Any:
    """Return a parameter of a meta-estimator: an estimator, or a list of names and estimators."""
    if hasattr(value, "get_params") and hasattr(value, "fit"):
        return omit_incomplete(value)
    if isinstance(value, list) and value and all(_is_named(item) for item in value):
        named = [(name, _inside(part)) for name, part in value]
        is_same = all(new is old for (_, new), (_, old) in zip(named, value, strict=True))
        return value if is_same else named
    return value


def _is_named(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)


def _candidates(search: Any) -> Iterator[Any]:
    """Yield the values that a search tries."""
    for name in _GRIDS:
        grids = getattr(search, name, {})
        for grid in [grids] if isinstance(grids, Mapping) else grids:
            for values in grid.values():
                yield from values if isinstance(values, Iterable) else ()
