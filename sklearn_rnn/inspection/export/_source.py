"""What a graph is made from: a module, its inputs and outputs, and examples to check it with."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import is_classifier
from torch import Tensor, nn

Inputs = Mapping[str, NDArray[Any]]
"""Arrays by the names of inputs."""

Example = tuple[Inputs, NDArray[np.float64]]
"""Inputs, and what the estimator predicts for them."""


class Source(NamedTuple):
    """A module to export.

    Attributes
    ----------
    module : nn.Module
        From the inputs, in order, to predictions, or probabilities.
    axes : mapping of str to mapping of int to str
        By the names of the inputs, the names of the axes that have any length.
    examples : sequence of Example
        The batches of all examples differ in every axis that has any length, and are larger than
        one in the first.
    output : str
        What the module returns: "y", "quantiles" or "probabilities".
    unit : float
        The standard deviation of the target, or 1 for probabilities.
    metadata : dict of str to object
        What a user of the graph needs to know, as JSON can hold it.
    """

    module: nn.Module
    axes: Mapping[str, Mapping[int, str]]
    examples: Sequence[Example]
    output: str
    unit: float
    metadata: dict[str, Any]


def spread_of(examples: Sequence[Example]) -> float:
    """Return the standard deviation of predictions; of constant ones their size, or 1."""
    values = np.concatenate([predicted.ravel() for _, predicted in examples])
    return float(np.nanstd(values)) or float(np.nanmax(np.abs(values))) or 1.0


def predicted_by(model: Any, X: Any) -> NDArray[np.float64]:
    """Return the probabilities, all quantiles, or else the predictions of a model."""
    with warnings.catch_warnings():  # of names of columns, which these arrays lack
        warnings.simplefilter("ignore", UserWarning)
        if is_classifier(model):
            predicted = model.predict_proba(X)
        elif hasattr(model, "net_"):
            predicted = model.predict(X, quantiles=model._encoder.loss.levels or None)
        else:
            predicted = model.predict(X)
    return np.asarray(predicted)


class Labelled(nn.Module):
    """A module that returns, with probabilities, the most probable class, or labels."""

    def __init__(self, module: nn.Module, *, multilabel: bool) -> None:
        super().__init__()
        self.module, self.multilabel = module, multilabel

    def forward(self, X: Tensor, other: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the probabilities, and the position of the class or zeros and ones."""
        probabilities = self.module(X, other)
        if self.multilabel:
            return probabilities, (probabilities > 0.5).long()
        return probabilities, torch.where(probabilities.isnan(), 0.0, probabilities).argmax(-1)
