"""Metadata of a comparison, such as sample weights and groups, and who receives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sklearn_rnn._sequences.lag_names import has_lag_names
from sklearn_rnn._sequences.training_data import series_of
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import BaseSearchCV, check_method_params, num_samples
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._timeline import split_index


@dataclass(frozen=True)
class Metadata:
    """Metadata for the splitter, for the fit of each model, and for the scorer."""

    split: Mapping[str, Any]
    fit: Mapping[str, Mapping[str, Any]]
    score: Mapping[str, Any]

    def of_fit(self, model: str, X: Any, rows: Any) -> dict[str, Any]:
        """Return the metadata for fitting a model to some rows; arrays are indexed by them."""
        return dict(check_method_params(X, self.fit[model], rows))

    def of_score(self, X: Any, rows: Any) -> dict[str, Any]:
        """Return the metadata for scoring some rows; arrays are indexed by them."""
        return dict(check_method_params(X, self.score, rows))


def route_metadata(
    models: Mapping[str, Any],
    X: Any,
    *,
    splitter: Any,
    scorer: Any,
    groups: Any,
    params: Mapping[str, Any] | None,
) -> Metadata:
    """Distribute metadata by the same rules as ``cross_validate`` of scikit-learn.

    Without metadata routing, searches inside the models that split by groups receive them too, as
    do networks whose windows are not of divided series, and the scorer a weight of zero for rows
    whose ``sample_weight`` is zero, and one for others.
    """
    params = {} if params is None else dict(params)
    if not get_config()["enable_metadata_routing"]:
        inside = {n: _groups_inside(model, groups, X) for n, model in models.items()}
        fit = {name: {**of_model, **params} for name, of_model in inside.items()}
        return Metadata({"groups": groups}, fit, _weights_of_score(params, scorer))
    if groups is not None:
        raise ValueError(
            "groups cannot be given while metadata routing is enabled; give "
            "params={'groups': groups}."
        )
    router = MetadataRouter(owner="compare_models")
    router.add(splitter=splitter, method_mapping=MethodMapping().add(caller="fit", callee="split"))
    router.add(scorer=scorer, method_mapping=MethodMapping().add(caller="fit", callee="score"))
    keys = {name: f"model_{number}" for number, name in enumerate(models)}
    for name, model in models.items():
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router.add(method_mapping=mapping, **{keys[name]: model})
    try:
        given = process_routing(router, "fit", **params)
    except UnsetMetadataPassedError as error:
        raise UnsetMetadataPassedError(
            message=str(error).replace("compare_models.fit", "compare_models"),
            unrequested_params=error.unrequested_params,
            routed_params=error.routed_params,
        ) from None
    fit = {name: given[key].fit for name, key in keys.items()}
    return Metadata(given.splitter.split, fit, given.scorer.score)


def _weights_of_score(params: Mapping[str, Any], scorer: Any) -> dict[str, Any]:
    """Return weights by which rows whose sample weight is zero are not scored, if there are any."""
    weight = params.get("sample_weight")
    if weight is None or np.all(weight):
        return {}
    if "sample_weight" not in signature(getattr(scorer, "_score_func", scorer)).parameters:
        raise ValueError(
            "scoring must accept sample_weight if params has rows with sample_weight zero, which "
            f"are not scored; got {scorer!r}. Use another score, such as 'r2', or leave these rows "
            "out of X and y."
        )
    return {"sample_weight": (np.asarray(weight) != 0).astype(float)}


def _groups_inside(model: Any, groups: Any, X: Any) -> dict[str, Any]:
    """Return keyword arguments of ``fit`` that pass groups to the searches and networks inside."""
    if groups is None:
        return {}
    divided = any(_divide(groups, series) for series in _series_of_windows(model, X))
    return _named(model, groups, for_networks=not divided)


def _named(model: Any, groups: Any, *, for_networks: bool) -> dict[str, Any]:
    """Return the groups by the names under which a model passes them on."""
    if isinstance(model, BaseSequenceEstimator):
        return {"groups": groups} if for_networks else {}
    if isinstance(model, BaseSearchCV):  # which passes on what has the name of a step
        named = _named(model.estimator, groups, for_networks=for_networks)
        named.pop("groups", None)
        return {**named, "groups": groups} if _splits_by_groups(model.cv) else named
    if isinstance(model, TransformedTargetRegressor):
        return _named(model.regressor, groups, for_networks=for_networks)
    if isinstance(model, CompleteRows):
        return _named(model.estimator, groups, for_networks=for_networks)
    steps = model.steps if isinstance(model, Pipeline) else []
    return {
        f"{step}__{name}": value
        for step, inside in steps
        for name, value in _named(inside, groups, for_networks=for_networks).items()
    }


def _series_of_windows(model: Any, X: Any) -> list[NDArray[np.intp]]:
    """Return the series of each row, for all windows that a model is fitted to."""
    if isinstance(X, WindowArray):
        return [X.series]
    lags = find_lags(model)
    if not lags and hasattr(X, "columns") and has_lag_names(X.columns):
        series = series_of(X, None)
        return [np.zeros(num_samples(X), np.intp) if series is None else series]
    return [split_index(X, num_samples(X), one.time, one.series)[1] for one in lags]


def _divide(groups: Any, series: NDArray[np.intp]) -> bool:
    """Return whether rows of a series are in several groups."""
    pairs = pd.DataFrame({"series": series, "group": np.asarray(groups)}).drop_duplicates()
    return len(pairs) > pairs["series"].nunique()


def _splits_by_groups(cv: Any) -> bool:
    """Return whether a splitter uses groups; one without metadata routing is assumed to."""
    if not hasattr(cv, "split"):
        return False
    if not hasattr(cv, "get_metadata_routing"):
        return True
    return bool(cv.get_metadata_routing().split.requests.get("groups"))
