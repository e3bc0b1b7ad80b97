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
from sklearn_rnn.inspection.export._network_source import SIZES, network_source, predicted_by
from sklearn_rnn.inspection.export._onnx_layers import with_operators
from sklearn_rnn.inspection.export._pipelines import Parts
from sklearn_rnn.inspection.export._source import Example, Source
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


def linear_source(model: Any) -> Source:
    """Return what to export of a linear model on windows."""
    rng, shape = np.random.default_rng(0), (model._form.n_steps, model._form.n_channels)
    examples: list[Example] = []
    for n, _ in SIZES:
        X = model._center + np.maximum(1.0, np.abs(model._center)) * rng.normal(size=(n, *shape))
        X[rng.random(X.shape) < 0.1] = np.nan
        examples.append(({"X": X}, _predicted(model, X)))
    return _source(model, module_of(model, "to_onnx"), {"X": {0: "batch"}}, examples)


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
    source = _source(model, module, axes, examples)
    if hasattr(model, "net_"):
        of_net = network_source(model, ragged=False)
        source = source._replace(output=of_net.output, unit=of_net.unit, metadata=of_net.metadata)
    names = getattr(pipeline, "feature_names_in_", range(len(parts.scale.mean)))
    columns = [name for name in names if name not in lags._named]
    rows = {"delay": delay, "known_ahead": [columns[c] for c in known], "channels": columns}
    return source._replace(metadata={**source.metadata, **rows})


def _rows(parts: Parts, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return random rows (n, n_rows, n_columns) in the units of a pipeline."""
    n_columns = len(parts.scale.mean)
    scaled = rng.normal(size=(*shape, n_columns))
    reader = getattr(parts.model, "_reader", None)
    if reader is None:
        center = np.nan_to_num(parts.lags.fill_values_)
        scaled = center + np.maximum(1.0, np.abs(center)) * scaled
    else:
        scaled = reader.scale.mean + reader.scale.scale * scaled
        for channel, numbers in reader.vectors.items():
            scaled[..., channel] = rng.integers(len(numbers), size=shape)
    rows: NDArray[np.float64] = parts.scale.mean + parts.scale.scale * scaled
    return rows


def _predicted(model: Any, windows: Any) -> NDArray[np.float64]:
    """Return what a model predicts for windows, of which a list has one of each series."""
    if isinstance(model, ARRegressor):
        predicted = np.concatenate([model._model.predict(w) for w in windows])
        return predicted[:, 0] if model.coef_.ndim == 1 else predicted
    if isinstance(windows, list):
        windows = np.concatenate([np.asarray(w) for w in windows])
    if hasattr(model, "net_"):
        return predicted_by(model, windows)
    with warnings.catch_warnings():  # of names of columns, which these arrays lack
        warnings.simplefilter("ignore", UserWarning)
        predict = model.predict_proba if is_classifier(model) else model.predict
        return np.asarray(predict(windows))


def _source(model: Any, module: Any, axes: Any, examples: list[Example]) -> Source:
    """Return what to export of a linear model; predictions are the only known size of y."""
    values = np.concatenate([predicted.ravel() for _, predicted in examples])
    metadata: dict[str, Any] = {"model": type(model).__name__}
    if is_classifier(model):
        metadata |= {"classes": model.classes_.tolist(), "multilabel": False}
        return Source(module, axes, "probabilities", examples, 1.0, metadata)
    unit = float(values.std()) or float(np.abs(values).max()) or 1.0
    return Source(module, axes, "y", examples, unit, metadata)
