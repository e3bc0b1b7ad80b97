"""Encoding of class labels, and decoding of logits to labels and probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import Tensor
from torch.nn import functional

from sklearn_rnn._sklearn.validation import missing_rows
from sklearn_rnn.neural_network._class_weights import Weights, learn_class_weights, weights_of


@dataclass(frozen=True)
class LabelEncoder:
    """Encoder of class labels or of a multilabel target, with class weights.

    Attributes
    ----------
    name : str
        Class name of the estimator, for error messages.
    classes : ndarray of shape (n_classes,)
        Class labels; for a multilabel target the column indices.
    multilabel : bool
        Whether a sample may have any number of labels.
    announced : bool
        Whether the classes were given by ``classes=`` in ``fit`` or ``partial_fit``.
    class_weights : list of dict, or None
        Class weights by label, one dict per column.
    """

    name: str
    classes: NDArray[Any]
    multilabel: bool
    announced: bool = False
    class_weights: list[Weights] | None = None

    loss_factor: ClassVar[None] = None
    n_constants: ClassVar[int] = 0
    """The loss of labels has no units."""

    @classmethod
    def of(cls, y: Any, name: str, classes: Any = None) -> tuple[LabelEncoder, NDArray[Any]]:
        """Return an encoder for the labels of y (or `classes` if given), and the encoded y."""
        labels, multilabel = _checked(y)
        known = np.arange(labels.shape[1]) if multilabel else np.unique(labels)
        announced = classes is not None
        if announced:
            given = _read_classes(classes)
            if multilabel and not np.array_equal(given, known):
                raise ValueError(
                    "classes of a multilabel y are the positions of its columns, "
                    f"{known.tolist()}; got {given.tolist()}. Leave classes out."
                )
            known = given
        encoder = cls(name, known, multilabel, announced)
        return encoder, encoder._codes(labels, multilabel)

    @property
    def n_outputs(self) -> int:
        """Number of logits of the network: one for two classes, that of the second."""
        return 1 if self.is_binary else len(self.classes)

    @property
    def is_binary(self) -> bool:
        """Whether there are two mutually exclusive classes."""
        return len(self.classes) == 2 and not self.multilabel

    def encode(self, y: Any, classes: Any = None) -> NDArray[Any]:
        """Return y as class indices, or as zeros and ones of shape (n_samples, n_logits).

        If `classes` are given, they must be those of the first call.
        """
        if classes is not None and not np.array_equal(_read_classes(classes), self.classes):
            raise ValueError(
                f"classes={_read_classes(classes).tolist()} must be the classes of the first call, "
                f"{self.classes.tolist()}; y may contain only some of them."
            )
        return self._codes(*_checked(y))

    def _codes(self, labels: NDArray[Any], multilabel: bool) -> NDArray[Any]:
        width = labels.shape[1] if multilabel else 0
        if multilabel != self.multilabel or (multilabel and width != len(self.classes)):
            raise ValueError(
                f"y is {type_of_target(labels)} of shape {labels.shape}, which is not the kind of "
                f"target that {self.name} was fitted on."
            )
        if multilabel:
            return np.asarray(labels, dtype=np.float64)
        unknown = np.setdiff1d(labels, self.classes)
        if len(unknown):
            raise ValueError(
                f"y has the labels {unknown.tolist()}, which are not among the classes "
                f"{self.classes.tolist()}. Give all labels in classes= of the first fit."
            )
        codes = np.searchsorted(self.classes, labels)
        return codes[:, np.newaxis].astype(np.float64) if len(self.classes) == 2 else codes

    def fit(self, target: NDArray[Any], weight: NDArray[np.float64]) -> LabelEncoder:
        """Check that targets of positive weight have at least two classes; they have no scale."""
        return self.fit_pieces([self.summary(target, weight)])

    def summary(self, target: NDArray[Any], weight: NDArray[np.float64]) -> NDArray[Any]:
        """Return what `fit_pieces` needs of a piece of the targets: those that occur."""
        return np.unique(target[weight > 0], axis=0)

    def fit_pieces(self, summaries: Sequence[NDArray[Any]]) -> LabelEncoder:
        """Check that targets that come in pieces have at least two classes; see `fit`."""
        present = len(np.unique(np.concatenate(summaries), axis=0))
        if self.announced:  # more may come in later calls of partial_fit
            present = len(self.classes)
        if present < 2 and not self.multilabel:
            raise ValueError(
                f"y must hold at least two classes with a positive sample_weight; got {present} "
                "class. If later calls have more, give all of them in partial_fit(..., classes=)."
            )
        return self

    def to_network(self, target: NDArray[Any]) -> NDArray[Any]:
        """Return encoded targets unchanged: the network is trained on them."""
        return target

    def with_class_weight(self, class_weight: Any, y: Any) -> LabelEncoder:
        """Return an encoder with these class weights, computed from y if ``"balanced"``."""
        labels = [[0, 1]] * len(self.classes) if self.multilabel else [self.classes.tolist()]
        weights = learn_class_weights(class_weight, _columns(y), labels)
        return replace(self, class_weights=weights)

    def weighted(self, weight: NDArray[np.float64], y: Any) -> NDArray[np.float64]:
        """Multiply sample weights by class weights."""
        if self.class_weights is None:
            return weight
        weighted: NDArray[np.float64] = weight * weights_of(_columns(y), self.class_weights)
        return weighted

    @property
    def padding(self) -> Any:
        """The prediction at steps of padding."""
        return 0 if self.multilabel else self.classes[0]

    def decode(self, raw_output: Tensor) -> NDArray[Any]:
        """Return the most probable classes; for a multilabel target zeros and ones."""
        if self.multilabel:
            return (raw_output > 0).numpy().astype(np.int64)
        labels: NDArray[Any] = self.classes[self._logits(raw_output).argmax(dim=1).numpy()]
        return labels

    def probabilities(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return the probability of each class, or of each label."""
        if self.multilabel:
            return np.asarray(raw_output.sigmoid().numpy())
        return np.asarray(self._logits(raw_output).softmax(dim=1).numpy())

    def log_probabilities(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return log-probabilities, accurately also for probabilities near zero."""
        if self.multilabel:
            return np.asarray(functional.logsigmoid(raw_output).numpy())
        return np.asarray(functional.log_softmax(self._logits(raw_output), dim=1).numpy())

    def averaged(self, raw_outputs: Tensor) -> Tensor:
        """Return the raw outputs whose probabilities are the means of those of all members.

        They are logarithms of mean probabilities, of one or two classes the log-odds.

        Parameters
        ----------
        raw_outputs : Tensor of shape (n_members, n_samples, n_logits)
            The raw outputs of each member.
        """
        if self.is_binary or self.multilabel:
            yes, no = (functional.logsigmoid(sign * raw_outputs).logsumexp(0) for sign in (1, -1))
            return yes - no
        means = functional.log_softmax(raw_outputs, dim=2).logsumexp(0)
        return means - math.log(len(raw_outputs))

    def decisions(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return the logits; for two classes that of the second, of shape (n_samples,)."""
        output = raw_output.numpy()
        return np.asarray(output.ravel() if self.is_binary else output)

    def _logits(self, raw_output: Tensor) -> Tensor:
        """Return one logit for each class, zero for the first of two."""
        if not self.is_binary:
            return raw_output
        return torch.cat([torch.zeros_like(raw_output), raw_output], dim=1)


OF_STEPS = "Networks take a label for each step with return_sequences=True."


def _read_classes(classes: Any) -> NDArray[Any]:
    """Return the labels in ascending order, each once."""
    labels = np.asarray(classes)
    if labels.ndim == 0 or pd.isna(labels).any():
        raise ValueError(f"classes must be an array of all labels of y; got {classes!r}.")
    return np.unique(labels)


def _checked(y: Any) -> tuple[NDArray[Any], bool]:
    """Return the labels as an array, and whether the target is multilabel."""
    if not issparse(y) and np.asarray(y).dtype == object and pd.isna(np.asarray(y)).any():
        how = OF_STEPS if np.ndim(y) > 1 else ""
        raise ValueError(f"{missing_rows(y)}; leave them out of X and y. {how}".rstrip())
    check_classification_targets(y)
    if not type_of_target(y).startswith("multilabel"):
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            raise ValueError(
                "y must hold a label for each sequence, or columns of zeros and ones (multilabel); "
                f"got labels of the shape {np.shape(y)}. {OF_STEPS}"
            )
        return column_or_1d(y, warn=True), False
    return (y.toarray() if issparse(y) else y), True


def _columns(y: Any) -> list[NDArray[Any]]:
    """Return the columns of the target: one, or several if it is multilabel."""
    table = y.toarray() if issparse(y) else np.asarray(y)
    return list(table.T) if table.ndim == 2 and table.shape[1] > 1 else [table.ravel()]
