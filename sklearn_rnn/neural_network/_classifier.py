"""The task of classification: labels, class weights and probabilities."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import Tensor, nn
from torch.nn import functional

from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sklearn.compat import StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._training.losses import BinaryCrossEntropy, CrossEntropy
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._class_weights import learn_class_weights, weights_of
from sklearn_rnn.neural_network._training_parameters import DROPOUT


@parametrized
class SequenceClassifier(ClassifierMixin, BaseSequenceEstimator):
    """Base of the classifiers.

    Two classes take one logit; more take one each, through the softmax; a multilabel target
    takes one each, independently.
    """

    class_weight: Any = param(
        [dict, list, StrOptions({"balanced"}), None],
        """Weights of classes, by label (for a multilabel target a list of such, one for each
        column); ``"balanced"`` weighs a class by the inverse of its frequency in the `y` of
        `fit`. They multiply `sample_weight`.""",
        default=None,
    )
    label_smoothing: float = param(
        [DROPOUT],
        """The share of each target that is spread evenly over all classes (Szegedy et al.,
        2016).""",
        default=0.0,
    )

    _learned: ClassVar[dict[str, str]] = {
        "classes_ : ndarray of shape (n_classes,)": """
            The labels; for a multilabel target the numbers of its columns.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Train for one epoch more.

        The first call learns the scales of the channels and the classes; later ones keep them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Sequences.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come, if the first call may not hold each of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the losses.

        Returns
        -------
        self : object
            The estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" needs all of y, which partial_fit does not see; give the '
                "weights as a dict, by sklearn.utils.class_weight.compute_class_weight."
            )
        return self._continue(X, y, sample_weight, classes=classes)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable label; for a multilabel target zeros and ones.
        """
        output, in_shape = self._outputs(X)
        if self._multilabel:
            return in_shape((output > 0).numpy().astype(np.int64), fill=0)
        labels: NDArray[Any] = self.classes_[_logits(output).argmax(dim=1).numpy()]
        return in_shape(labels, fill=self.classes_[0])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, with ``return_sequences=True`` over all steps that are not absent.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences.
        y : array-like
            Labels, as in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences.

        Returns
        -------
        float
            The score.
        """
        return self._score(accuracy_score, X, y, sample_weight)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`. Rows sum to one, but for a multilabel
            target, where each column is the probability of its label.
        """
        output, in_shape = self._outputs(X)
        proba = output.sigmoid() if self._multilabel else _logits(output).softmax(dim=1)
        return in_shape(proba.numpy(), fill=np.nan)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of `predict_proba`, without loss of digits near zero.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms of the probabilities.
        """
        output, in_shape = self._outputs(X)
        if self._multilabel:
            return in_shape(functional.logsigmoid(output).numpy(), fill=np.nan)
        return in_shape(functional.log_softmax(_logits(output), dim=1).numpy(), fill=np.nan)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the logits: what the net says before the softmax or the sigmoid.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of the second.
        """
        raw_output, in_shape = self._outputs(X)
        output = raw_output.numpy()
        binary = output.shape[1] == 1 and not self._multilabel
        return in_shape(output.ravel() if binary else output, fill=np.nan)

    def _encode(self, y: Any, *, reset: bool, classes: Any = None) -> NDArray[Any]:
        """Return y as indices of classes, or as zeros and ones of shape (n_samples, n_logits)."""
        check_classification_targets(y)
        multilabel = type_of_target(y).startswith("multilabel")
        if not multilabel:
            y = column_or_1d(y, warn=True)
        elif issparse(y):
            y = y.toarray()
        if reset:
            known = np.arange(y.shape[1]) if multilabel else np.unique(y)
            self._multilabel = multilabel
            self.classes_ = known if classes is None else np.unique(classes)
            self._announced = classes is not None
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={np.unique(classes).tolist()} must be the classes of the first call, "
                f"{self.classes_.tolist()}; y may hold fewer of them."
            )
        if multilabel != self._multilabel or (multilabel and y.shape[1] != len(self.classes_)):
            raise ValueError(
                f"y is {type_of_target(y)} of shape {y.shape}, which is not the kind of target "
                f"that {type(self).__name__} was fitted on."
            )
        if multilabel:
            return np.asarray(y, dtype=np.float64)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has the labels {unknown.tolist()}, which are not among the classes "
                f"{self.classes_.tolist()}."
            )
        codes = np.searchsorted(self.classes_, y)
        return codes[:, np.newaxis].astype(np.float64) if len(self.classes_) == 2 else codes

    def _learn_class_weight(self, y: Any) -> None:
        """Learn the weights by label, of each column if there are several."""
        labels = [[0, 1]] * len(self.classes_) if self._multilabel else [self.classes_.tolist()]
        self._class_weights = learn_class_weights(self.class_weight, _columns(y), labels)

    def _class_weighted(self, weight: NDArray[np.float64], y: Any) -> NDArray[np.float64]:
        """Multiply the weights of the samples by those of their classes."""
        if self._class_weights is None:
            return weight
        weighted: NDArray[np.float64] = weight * weights_of(_columns(y), self._class_weights)
        return weighted

    def _learn_target_scale(self, target: NDArray[Any], weight: NDArray[np.float64]) -> None:
        """Check that there is something to tell apart; classes have no scale."""
        present = len(np.unique(target[weight > 0], axis=0))
        if self._announced:  # more may come in later calls of partial_fit
            present = len(self.classes_)
        if present < 2 and not self._multilabel:
            raise ValueError(
                f"y must hold at least two classes with a positive weight; got {present} class. "
                "If more come later, name all of them in partial_fit(..., classes=)."
            )

    def _scaled(self, target: NDArray[Any]) -> NDArray[Any]:
        return target

    def _hold_out(
        self, rows: NDArray[np.intp], data: Data, rng: np.random.RandomState
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Set random rows aside for validation, with the same share of each class.

        The only member of a class is trained on; more classes than rows are not balanced, nor
        are labels of steps.
        """
        alone, strata, n_classes = rows[:0], None, 1
        one_each = data.lengths is None and not self._multilabel
        if one_each:
            _, codes, counts = np.unique(data.target[rows], return_inverse=True, return_counts=True)
            single = counts[codes.ravel()] == 1
            alone, rows = rows[single], rows[~single]
            n_classes = int((counts > 1).sum())
        n_held = int(np.ceil(self.validation_fraction * len(rows)))
        if not 0 < n_held < len(rows):
            raise ValueError(
                f"early_stopping cannot set validation_fraction={self.validation_fraction} of "
                f"{len(rows)} samples aside, only members of their classes not counted; give fit "
                "X_val and y_val, or set early_stopping=False."
            )
        if one_each and min(n_held, len(rows) - n_held) >= n_classes:
            strata = data.target[rows]
        kept, held = train_test_split(rows, test_size=n_held, random_state=rng, stratify=strata)
        return np.sort(np.concatenate([alone, kept])), np.sort(held)

    def _criterion(self) -> tuple[type[nn.Module], dict[str, Any]]:
        loss = (
            CrossEntropy if self._n_outputs() > 1 and not self._multilabel else BinaryCrossEntropy
        )
        return loss, {"label_smoothing": self.label_smoothing}

    def _n_outputs(self) -> int:
        n_classes = len(self.classes_)
        return 1 if n_classes == 2 and not self._multilabel else n_classes

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: several labels at once are fine."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _logits(output: Tensor) -> Tensor:
    """Return one logit for each class; of two classes the net gives the second's only."""
    if output.shape[1] > 1:
        return output
    return torch.cat([torch.zeros_like(output), output], dim=1)


def _columns(y: Any) -> list[NDArray[Any]]:
    """Return the labels, in the columns of a multilabel target."""
    table = y.toarray() if issparse(y) else np.asarray(y)
    return list(table.T) if table.ndim == 2 and table.shape[1] > 1 else [table.ravel()]
