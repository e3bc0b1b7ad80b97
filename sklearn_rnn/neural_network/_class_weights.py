"""Class weights by label."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

Weights = dict[Hashable, float]


def learn_class_weights(
    class_weight: Any, columns: Sequence[NDArray[Any]], labels: Sequence[Sequence[Any]]
) -> list[Weights] | None:
    """Return the class weights of each column of the target.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
        The parameter `class_weight` of a classifier.
    columns : sequence of ndarray of shape (n_samples,)
        The target, from whose class frequencies "balanced" weights are computed.
    labels : sequence of sequence
        The classes of each column.

    Returns
    -------
    list of dict or None
        Weights by label, one dict per column; labels not in it have weight one.

    Raises
    ------
    ValueError
        If there is not one dict per column, if a dict has unknown labels, or if a weight is
        negative or not finite.
    """
    if class_weight is None:
        return None
    if class_weight == "balanced":
        return [_balanced(column) for column in columns]
    given = [class_weight] if isinstance(class_weight, dict) else list(class_weight)
    if len(given) != len(labels) or (isinstance(class_weight, list) and len(labels) == 1):
        raise ValueError(
            "class_weight must be a dict, or for a multilabel y a list with a dict for each of its "
            f"{len(labels)} columns; got {class_weight!r}."
        )
    for weights, known in zip(given, labels, strict=True):
        if unknown := [label for label in weights if label not in known]:
            raise ValueError(f"class_weight names {unknown}, but the classes of y are {known}.")
        numbers = [w for w in weights.values() if isinstance(w, int | float | np.number)]
        if len(numbers) < len(weights) or not all(0 <= number < np.inf for number in numbers):
            raise ValueError(f"class_weight must be finite numbers, none negative; got {weights}.")
    return given


def weights_of(columns: Sequence[NDArray[Any]], weights: Sequence[Weights]) -> NDArray[np.float64]:
    """Return the weight of each sample: the product over the columns of its target."""
    product = np.ones(len(columns[0]))
    for column, by_label in zip(columns, weights, strict=True):
        labels, codes = np.unique(column, return_inverse=True)
        product *= np.array([by_label.get(label, 1.0) for label in labels.tolist()])[codes]
    return product


def _balanced(column: NDArray[Any]) -> Weights:
    """Return the weights that give all labels the same total weight."""
    labels = np.unique(column)
    weights = compute_class_weight("balanced", classes=labels, y=column)
    return dict(zip(labels.tolist(), weights.tolist(), strict=True))
