"""How the public estimators are made and called."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_rnn import LagTransformer
from tests.fuzz.outcome import check_finite
from tests.fuzz.parameters import Mean
from tests.fuzz.unchanged import Surprise

QUICK = {"max_epochs": 1, "hidden_size": 3, "num_channels": 3, "hidden_layer_sizes": (3,)}
QUICK |= {"random_state": 0, "n_lags": 2, "alphas": 3, "cv": 2, "horizon": 2}
GIVEN: dict[str, dict[str, Any]] = {
    "LagRidge": {},
    "LagElasticNet": {"alpha": 0.1},
    "CalendarFeatures": {"harmonics": {"year": 1}},
    "Forecaster": {"target": "a"},
    "NaiveForecaster": {"target": "a"},
    "RecursiveForecaster": {"target": "a"},
    "TextSequencer": {},
}
FORECASTERS = ("Forecaster", "NaiveForecaster", "LocalForecaster", "RecursiveForecaster")
OTHERS = (
    *("score", "partial_fit", "attention_weights", "predict_members", "log_score", "summary"),
    *("predict_interval", "update", "get_feature_names_out", "inverse_transform"),
    *("predict_proba", "decision_function", "predict_log_proba", "word_attention_weights"),
    *("conformalize", "predict_interval_online"),
)


def base_parameters(estimator_class: type) -> dict[str, Any]:
    """Return parameters with which a class is quick, beside those that it must be given."""
    lags = make_pipeline(LagTransformer(2, flatten=True), Ridge())
    inner = {
        "CompleteRows": {"estimator": lags},
        "IntervalRegressor": {"estimator": lags},
        "DifferencedRegressor": {"regressor": lags, "target": "a"},
        "LocalForecaster": {"model": Mean(), "target": "a"},
    }
    name = estimator_class.__name__
    quick = {p: v for p, v in QUICK.items() if p in estimator_class._parameter_constraints}
    if name == "CompleteRows":
        quick.pop("horizon")
    return quick | GIVEN.get(name, {}) | inner.get(name, {})


def call_estimator(estimator: Any, data: Any, rng: np.random.Generator) -> None:
    """Fit an estimator, and call its methods; raise a Surprise for results that are not finite."""
    X, y, n = data.X, data.y, data.n
    if type(estimator).__name__ in FORECASTERS:
        _forecast(estimator, X, rng)
        return
    fit = {"sample_weight": data.sample_weight} if _takes(estimator.fit, "sample_weight") else {}
    if hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        missing = getattr(estimator, "fill_value", "nan") == "nan" or data.has_missing
        check_finite("fit_transform(X)", estimator.fit_transform(X, y), n, missing=missing)
        check_finite("transform(X)", estimator.transform(X), n, missing=missing)
    else:
        estimator.fit(X, y, **fit)
        by_step = bool(getattr(estimator, "return_sequences", False))
        predicted = estimator.predict(X)
        missing = by_step or getattr(estimator, "fill_value", "mean") == "nan"
        check_finite("predict(X)", predicted, n, missing=missing)
        _check_shape(predicted, data, estimator)
        if hasattr(estimator, "predict_proba") and not by_step:
            _check_probabilities(estimator.predict_proba(X), n)
    unnamed = ["get_feature_names_out"] if type(estimator).__name__ == "CompleteRows" else []
    other = [name for name in OTHERS if name not in unnamed and hasattr(estimator, name)]
    if other:
        _call_another(estimator, str(rng.choice(other)), data)


def _forecast(estimator: Any, X: Any, rng: np.random.Generator) -> None:
    estimator.fit(X)
    steps = int(rng.integers(1, 3))
    predicted = estimator.predict(steps)
    check_finite("predict(steps)", predicted, None)
    if predicted.ndim and len(predicted) % steps:
        raise Surprise(f"predict({steps}) has {len(predicted)} rows")
    if getattr(estimator, "calibration_rows", 0):
        estimator.predict(steps, level=0.8)
    if hasattr(estimator, "rows_ahead"):
        estimator.rows_ahead(steps)


def _call_another(estimator: Any, name: str, data: Any) -> None:
    method = getattr(estimator, name)
    if name == "get_feature_names_out":
        method()
    elif name == "inverse_transform":
        method(estimator.transform(data.X))
    elif "y" in (needed := inspect.signature(method).parameters):
        method(data.X, data.y)
    else:
        method(data.X) if "X" in needed else method()


def _check_shape(predicted: Any, data: Any, estimator: Any) -> None:
    y = np.asarray(data.y) if isinstance(data.y, list) else data.y
    shape = getattr(y, "shape", ())
    plain = not any(
        np.ndim(getattr(estimator, name, None)) or getattr(estimator, name, 1) not in (1, False)
        for name in ("quantile", "horizon", "return_sequences")
        if name != "quantile" or getattr(estimator, "loss", None) == "quantile"
    )
    if plain and len(shape) == 1 and np.ndim(predicted) != 1:
        raise Surprise(f"predict(X) has the shape {np.shape(predicted)} for y of shape {shape}")


def _check_probabilities(proba: Any, n: int | None) -> None:
    check_finite("predict_proba(X)", proba, n)
    of_targets = proba if isinstance(proba, list) else [proba]
    for p in of_targets:
        p = np.asarray(p)
        if (p < 0).any() or (p > 1 + 1e-6).any():
            raise Surprise("predict_proba(X) is outside of [0, 1]")


def _takes(method: Any, name: str) -> bool:
    return name in inspect.signature(method).parameters
