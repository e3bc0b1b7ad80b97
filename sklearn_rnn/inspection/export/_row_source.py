"""Linear models and pipelines to export, and rows to check their graphs with."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import is_classifier

from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.inspection.export._as_module import module_of
from sklearn_rnn.inspection.export._network_source import SIZES, describe, random_rows
from sklearn_rnn.inspection.export._onnx_layers import with_operators
from sklearn_rnn.inspection.export._pipelines import Parts
from sklearn_rnn.inspection.export._source import Example, Source, predicted_by, spread_of
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


def linear_source(model: Any) -> Source:
    """Return what to export of a linear model on windows."""
    rng = np.random.default_rng(0)
    examples: list[Example] = []
    for n, _ in SIZES:
        X = _around(model._center, rng, (n, model._form.n_steps))
        X[rng.random(X.shape) < 0.1] = np.nan
        examples.append(({"X": X}, predicted_by(model, X)))
    module = module_of(model, "to_onnx")
    return Source(module, {"X": {0: "batch"}}, examples, *_describe(model, examples))


def pipeline_source(pipeline: Any, parts: Parts) -> Source:
    """Return what to export of a pipeline, with windows of its own lags to check it."""
    rng, model, lags = np.random.default_rng(0), parts.model, parts.lags
    delay, known = lags.delay, parts.known_ahead
    again = LagTransformer(
        lags.n_lags,
        delay=delay,
        step=lags.step,
        known_ahead=lags._known.tolist(),
        flatten=lags.flatten,
        history="never",
        fill_value=0.0,
    )
    examples: list[Example] = []
    axes: dict[str, Mapping[int, str]] = {"X": {0: "batch"}}
    for n, _ in SIZES:
        table = _rows(parts, rng, (n, parts.n_rows + delay))
        inputs = {"X": table[:, : parts.n_rows]}
        if known:
            axes["known_ahead"] = {0: "batch"}
            inputs["known_ahead"] = np.ascontiguousarray(table[:, parts.n_rows :, known])
        scaled = (table - parts.scale.mean) / parts.scale.scale
        with warnings.catch_warnings():  # of the first rows, which are not predicted
            warnings.simplefilter("ignore", UserWarning)
            windows = [again.fit_transform(rows)[-1:] for rows in scaled]
        examples.append((inputs, _predicted(model, windows)))
    module = with_operators(module_of(pipeline, "to_onnx", torch.float32))
    output, unit, metadata = _describe(model, examples)
    names = getattr(pipeline, "feature_names_in_", range(len(parts.scale.mean)))
    columns = [name for name in names if name not in lags._named]
    rows = {"delay": delay, "known_ahead": [columns[c] for c in known], "channels": columns}
    return Source(module, axes, examples, output, unit, {**metadata, **rows})


def _rows(parts: Parts, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return random rows (n, n_rows, n_columns) in the units of a pipeline."""
    reader, center = getattr(parts.model, "_reader", None), np.nan_to_num(parts.lags.fill_values_)
    if reader is None or reader.form.n_channels != len(center):
        scaled = _around(center, rng, shape)
    else:
        scaled = random_rows(reader, rng, shape)
    return np.asarray(parts.scale.mean + parts.scale.scale * scaled)


def _around(
    center: NDArray[np.float64], rng: np.random.Generator, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return random numbers (*shape, n_columns) around those of the columns."""
    noise = rng.normal(size=(*shape, len(center)))
    return np.asarray(center + np.maximum(1.0, np.abs(center)) * noise)


def _predicted(model: Any, windows: list[Any]) -> NDArray[np.float64]:
    """Return what a model predicts for the windows of each series."""
    if not isinstance(model, ARRegressor):
        return predicted_by(model, np.concatenate([np.asarray(w) for w in windows]))
    predicted = np.concatenate([model._model.predict(w) for w in windows])
    return predicted[:, 0] if model.coef_.ndim == 1 else predicted


def _describe(model: Any, examples: list[Example]) -> tuple[str, float, dict[str, Any]]:
    """Return the output, the unit and the metadata; of linear models the size of y is unknown."""
    if hasattr(model, "net_"):
        return describe(model, examples)
    known: dict[str, Any] = {"model": type(model).__name__}
    if is_classifier(model):
        known |= {"classes": model.classes_.tolist(), "multilabel": False}
        return "probabilities", 1.0, known
    return "y", spread_of(examples), known
