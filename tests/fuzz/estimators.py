"""How the public estimators are made and called."""

from __future__ import annotations

import inspect
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from sklearn.base import clone

from tests.fuzz.outcome import check_finite, named
from tests.fuzz.parameters import Mean, models, places
from tests.fuzz.unchanged import Surprise
from tests.fuzz.values import NO_NUMBERS

QUICK = {"max_epochs": 1, "hidden_size": 3, "num_channels": 3, "hidden_layer_sizes": (3,)}
QUICK |= {"random_state": 0, "n_lags": 2, "alphas": 3, "cv": 2, "horizon": 2, "eps": 0.1}
QUICK |= {"max_iter": 100}
GIVEN: dict[str, dict[str, Any]] = {
    "LagElasticNet": {"alpha": 0.1},
    "CalendarFeatures": {"harmonics": {"year": 1}},
    "LocalForecaster": {"model": Mean()},
}
FORECASTERS = ("Forecaster", "NaiveForecaster", "LocalForecaster", "RecursiveForecaster")
OTHERS = (
    *("score", "partial_fit", "attention_weights", "predict_members", "log_score", "summary"),
    *("predict_interval", "update", "get_feature_names_out", "inverse_transform"),
    *("predict_proba", "decision_function", "predict_log_proba", "word_attention_weights"),
    *("conformalize", "predict_interval_online"),
)
READ_NO_NUMBERS = ("CalendarFeatures", "TextSequencer", "HierarchicalAttentionClassifier")


def base_parameters(estimator_class: type, c: Any) -> dict[str, Any]:
    """Return parameters with which a class is quick, and suits the container of a case."""
    container = c.container
    name, declared = estimator_class.__name__, estimator_class._parameter_constraints
    given = {p: v for p, v in {**QUICK, **places(container)}.items() if p in declared}
    if "dtype" in declared and c.rng.random() < 0.3:
        given["dtype"] = "float32"
    if name == "CompleteRows":
        given.pop("horizon")
    if name in FORECASTERS:
        given["target"] = None if container == "Series" else "a"
    if name == "RecursiveForecaster" and container != "Series":  # other columns are known ahead
        given["target"] = ["a", "b", "c"]
    if name in ("CompleteRows", "IntervalRegressor", "DifferencedRegressor", "RecursiveForecaster"):
        inside = "regressor" if name == "DifferencedRegressor" else "estimator"
        given[inside] = models(container)[0]
    if name == "SuccessiveHalving":
        given["estimator"] = next(model for model in models(container) if "GRU" in str(model))
        given["param_grid"] = [{}, {}]
    return given | GIVEN.get(name, {})


def call_estimator(estimator: Any, c: Any) -> None:
    """Fit an estimator, and call its methods; raise a Surprise for results that are not finite."""
    X, y, n = c.data.X, c.data.y, c.data.n
    first = c.before if c.later else c.data
    if type(estimator).__name__ in FORECASTERS:
        return _forecast(estimator, first.X, c.rng)
    elif hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        missing = getattr(estimator, "fill_value", "nan") == "nan" or c.has_missing
        fitted = named(estimator.fit_transform, first.X, first.y)
        check_finite("fit_transform(X)", fitted, first.n, missing=missing)
        check_finite("transform(X)", named(estimator.transform, X), n, missing=missing)
    else:
        _fit(estimator, first, in_threads=c.in_threads)
        if getattr(estimator, "refit", True) is False:  # a search that predicts nothing
            return None
        predicted = named(estimator.predict, X)
        by_step = bool(getattr(estimator, "return_sequences", False))
        missing = by_step or getattr(estimator, "fill_value", "mean") == "nan"
        check_finite("predict(X)", predicted, n, missing=missing)
        if not c.later:
            _check_shape(predicted, y, estimator)
        if hasattr(estimator, "predict_proba") and not by_step:
            _check_probabilities(named(estimator.predict_proba, X), n)
    unnamed = ["get_feature_names_out"] if type(estimator).__name__ == "CompleteRows" else []
    other = [name for name in OTHERS if name not in unnamed and hasattr(estimator, name)]
    if other:
        _call_another(estimator, str(c.rng.choice(other)), X, y)
    if type(estimator).__name__ not in READ_NO_NUMBERS and c.kinds.get("X") in NO_NUMBERS:
        raise Surprise(f"accepted {c.kinds['X']} in X")


def _fit(estimator: Any, data: Any, *, in_threads: bool) -> None:
    fit = {"sample_weight": data.sample_weight} if _takes(estimator.fit, "sample_weight") else {}
    if in_threads:
        filters = warnings.filters[:]
        with ThreadPoolExecutor(3) as threads:
            for other in [clone(estimator) for _ in range(4)]:
                threads.submit(other.fit, data.X, data.y, **fit)
        warnings.filters[:] = filters  # which check_array of scikit-learn mixes up in threads
    named(estimator.fit, data.X, data.y, **fit)


def _forecast(estimator: Any, X: Any, rng: np.random.Generator) -> None:
    named(estimator.fit, X)
    steps = int(rng.integers(1, 3))
    predicted = named(estimator.predict, steps)
    check_finite("predict(steps)", predicted, None)
    if predicted.ndim and len(predicted) % steps:
        raise Surprise(f"predict({steps}) has {len(predicted)} rows")
    if getattr(estimator, "calibration_rows", 0):
        named(estimator.predict, steps, level=0.8)
    if hasattr(estimator, "rows_ahead"):
        named(estimator.rows_ahead, steps)


def _call_another(estimator: Any, name: str, X: Any, y: Any) -> None:
    method = getattr(estimator, name)
    needed = inspect.signature(method).parameters
    if name == "get_feature_names_out":
        named(method)
    elif name == "inverse_transform":
        named(method, named(estimator.transform, X))
    else:
        named(method, *[{"X": X, "y": y}[p] for p in ("X", "y") if p in needed])


def _check_shape(predicted: Any, y: Any, estimator: Any) -> None:
    shape = getattr(np.asarray(y) if isinstance(y, list) else y, "shape", ())
    plain = not any(
        np.ndim(getattr(estimator, name, None)) or getattr(estimator, name, 1) not in (1, False)
        for name in ("quantile", "horizon", "return_sequences")
        if name != "quantile" or getattr(estimator, "loss", None) == "quantile"
    )
    if plain and len(shape) == 1 and np.ndim(predicted) != 1:
        raise Surprise(f"predict(X) has the shape {np.shape(predicted)} for y of shape {shape}")


def _check_probabilities(proba: Any, n: int | None) -> None:
    check_finite("predict_proba(X)", proba, n)
    for p in map(np.asarray, proba if isinstance(proba, list) else [proba]):
        if (p < 0).any() or (p > 1 + 1e-6).any():
            raise Surprise("predict_proba(X) is outside of [0, 1]")


def _takes(method: Any, name: str) -> bool:
    return name in inspect.signature(method).parameters
