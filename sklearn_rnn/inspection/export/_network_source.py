"""Networks to export, and sequences to check their graphs with."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention
from sklearn_rnn.inspection.export._networks import Network
from sklearn_rnn.inspection.export._onnx_layers import with_operators
from sklearn_rnn.inspection.export._source import Example, Source, predicted_by, spread_of
from sklearn_rnn.neural_network._input_reader import InputReader
from sklearn_rnn.neural_network._label_encoder import LabelEncoder

SIZES = ((9, 0), (4, 3))
"""Sequences of each example, and how many steps more they have than those of `fit`."""


def network_source(estimator: Any, *, ragged: bool | None) -> Source:
    """Return what to export of a fitted network, in single precision.

    Lengths are an input if it is `ragged`, or for None if X was a list in `fit`.
    """
    name, reader = type(estimator).__name__, estimator._reader
    is_stepwise = reader.reading.missing == "steps"
    if ragged and (reader.reading.tokens or not is_stepwise):
        why = "find the end of a sequence of tokens" if is_stepwise else "have a fixed length"
        raise ValueError(f"ragged=True adds lengths as an input, but inputs of {name} {why}.")
    if ragged is None:
        ragged = reader.form.is_list and is_stepwise and not reader.reading.tokens
    axes = {"X": {0: "batch", 1: "steps"} if is_stepwise else {0: "batch"}}
    if isinstance(estimator.net_.module_, HierarchicalAttention):
        axes["X"] = {0: "batch", 1: "sentences", 2: "words"}
    if ragged:
        axes["lengths"] = {0: "batch"}
    rng = np.random.default_rng(0)
    examples: list[Example] = []
    for n, more in SIZES:
        inputs = _inputs(estimator, axes, rng, n, more if is_stepwise else 0)
        examples.append((inputs, _padded(predicted_by(estimator, _sequences(**inputs)))))
    module = with_operators(Network(estimator, torch.float32))
    return Source(module, axes, examples, *describe(estimator, examples))


def describe(estimator: Any, examples: list[Example]) -> tuple[str, float, dict[str, Any]]:
    """Return the output, the unit and the metadata of a network, see `Source`."""
    encoder, form = estimator._encoder, estimator._reader.form
    known: dict[str, Any] = {"model": type(estimator).__name__}
    if form.channels is not None:
        known["channels"] = list(form.channels)
    if form.categories:
        known["categories"] = {c: labels.tolist() for c, labels in form.categories.items()}
    if isinstance(encoder, LabelEncoder):
        known |= {"classes": encoder.classes.tolist(), "multilabel": encoder.multilabel}
        return "probabilities", 1.0, known
    unit = _unit(estimator, examples)
    if levels := encoder.loss.levels:
        return "quantiles", unit, {**known, "quantiles": list(levels)}
    return "y", unit, known


def _inputs(
    estimator: Any, axes: Any, rng: np.random.Generator, n: int, n_more: int
) -> dict[str, NDArray[Any]]:
    """Return random sequences, with missing values inside and padding behind them."""
    reader = estimator._reader
    n_steps, n_channels = reader.form.n_steps + n_more, reader.form.n_channels
    if reader.reading.tokens:
        known = np.flatnonzero(reader.known_tokens)
        of_sentences = (1 + n_more,) if 2 in axes["X"] else ()
        return {"X": rng.choice(known[1:], size=(n, *of_sentences, n_steps))}
    X = random_rows(reader, rng, (n, n_steps))
    missing = rng.random(size=(n, max(n_steps - 2, 0), n_channels)) < 0.1
    missing[..., list(reader.vectors)] = False  # codes are numbers
    X[:, 1:-1][missing] = np.nan
    if "lengths" not in axes:
        return {"X": X}
    lengths = rng.integers(1, n_steps + 1, size=n)
    lengths[0] = n_steps
    X[np.arange(n), lengths - 1] = reader.scale.mean  # no sequence ends in missing values
    X[np.arange(n_steps) >= lengths[:, np.newaxis]] = np.inf
    return {"X": X, "lengths": lengths}


def random_rows(
    reader: InputReader, rng: np.random.Generator, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return random numbers and codes (*shape, n_channels) in the units of X."""
    X = reader.scale.mean + reader.scale.scale * rng.normal(size=(*shape, reader.form.n_channels))
    for channel, numbers in reader.vectors.items():
        X[..., channel] = rng.integers(len(numbers), size=shape)
    return np.asarray(X)


def _sequences(X: NDArray[Any], lengths: NDArray[Any] | None = None) -> Any:
    """Return the inputs of a graph as those of an estimator."""
    return X if lengths is None else [x[:n] for x, n in zip(X, lengths, strict=True)]


def _padded(predicted: NDArray[Any]) -> NDArray[np.float64]:
    """Return predictions for each step of a list in one array, with NaN behind them."""
    if predicted.dtype != object:
        return predicted
    by_step = np.full((len(predicted), max(map(len, predicted)), *predicted[0].shape[1:]), np.nan)
    for row, values in zip(by_step, predicted, strict=True):
        row[: len(values)] = values
    return by_step


def _unit(estimator: Any, examples: list[Example]) -> float:
    """Return the smallest standard deviation of a target, or that of predictions if unknown."""
    encoder = estimator._encoder
    if encoder.standardize is False and not encoder.loss.log_link:
        return spread_of(examples)
    scale = encoder.scale.scale
    if encoder.channels is not None:
        scale = scale * estimator._reader.scale.scale[encoder.channels]
    return float(scale.min())
