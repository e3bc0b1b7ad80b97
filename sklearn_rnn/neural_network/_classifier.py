"""The classification task: loss, predictions and accuracy."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from torch import nn

from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sklearn.compat import StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import prefix_errors
from sklearn_rnn._training.losses import BinaryCrossEntropy, CrossEntropy
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._label_encoder import LabelEncoder
from sklearn_rnn.neural_network._training_parameters import DROPOUT, ONE_EPOCH
from sklearn_rnn.neural_network._validation_split import (
    Split,
    hold_out_groups,
    hold_out_last,
    hold_out_random,
)

FEW_SAMPLES, FRACTION_OF_FEW = 500, 0.2
"""Samples below which ``early_stopping="auto"`` holds out at least this fraction.

The loss of a tenth of them may be lowest by chance after far too many epochs.
"""


@parametrized
class SequenceClassifier(ClassifierMixin, BaseSequenceEstimator):
    """Base class of the classifiers.

    The network has one logit for two classes, one per class (softmax) for more classes, and one
    per label (independent sigmoids) for a multilabel target.
    """

    class_weight: Any = param(
        [dict, list, StrOptions({"balanced"}), None],
        """Class weights, as a dict by label (for a multilabel target a list of dicts, one per
        column); ``"balanced"`` weights classes inversely to their frequencies in the `y` of
        `fit`. They multiply `sample_weight`, and count in the validation loss, too.""",
        default=None,
    )
    label_smoothing: float = param(
        [DROPOUT],
        """Label smoothing: the fraction of each target's probability that is distributed uniformly
        over all classes (Szegedy et al., 2016).""",
        default=0.0,
    )

    _task: ClassVar[str] = "classification"
    _learned: ClassVar[dict[str, str]] = {
        "classes_ : ndarray of shape (n_classes,)": """
            Class labels; for a multilabel target the column indices.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        classes: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Any:
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences; a list of arrays of shape (n_steps_i, n_channels) if they differ in length,
            or padding that is NaN in all channels, see `all_missing`. Any other NaN is a missing
            value, replaced by the mean of its channel. Incomplete windows of `LagTransformer` are
            left out.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels; with ``return_sequences=True`` of shape (n_samples, n_steps) or (n_samples,
            n_steps, n_labels), or a list where `X` is one, in which NaN or None is a step without a
            label.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the loss, normalised by their sum; with ``return_sequences=True`` also
            weights of steps, of shape (n_samples, n_steps) or a list.
        groups : array-like of shape (n_samples,), default=None
            Groups, such as subjects, of which early stopping holds out whole ones, at random, with
            about the same share of each class. Windows of a series must be in one group. Without a
            held-out part they have no effect.
        classes : array-like of shape (n_classes,), default=None
            All class labels, if `y` may not contain all of them: `predict_proba` then has the same
            columns in all folds of a cross-validation, ``params={"classes": ...}``.
        X_val, y_val : array-like, default=None
            Validation data, in place of a held-out part of `X` and `y`. With
            ``early_stopping=False`` they are only used for `validation_loss_curve_`.

        Returns
        -------
        self : object
            The fitted estimator. If an error is raised, the estimator is left unchanged.
        """
        how = {"continues": self.warm_start, "classes": classes}
        self._fit(X, y, sample_weight, groups, (X_val, y_val), **how)
        self.net_.warn_if_unfinished(type(self).__name__, getattr(self, "members_", ()))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Train for one more epoch.

        The first call learns the classes, which channels have missing values, and their categories.
        The scales of the channels are those of all samples so far, until there are 100 of them, and
        are kept from then on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All class labels, needed in the first call if its `y` may not contain all of them.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the loss.

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
        how: dict[str, Any] = {"continues": True, "in_parts": True, "classes": classes}
        return self._fit(X, y, sample_weight, **how, **ONE_EPOCH)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; with ``return_sequences=True`` over all steps except padding.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences.
        y : array-like
            Labels, as in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences, or of their steps.

        Returns
        -------
        float
            Fraction of correct predictions, at most 1.
        """
        return self._score(accuracy_score, X, y, sample_weight)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`. Rows sum to one, except for a multilabel
            target, where each column is the probability of its label.
        """
        return self._response(X, LabelEncoder.probabilities, fill=np.nan)

    def predict_members(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class by each member; `predict_proba` is their mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_members, n_samples, n_classes)
            Probabilities, in the form of `predict_proba`.
        """
        return self._response(X, LabelEncoder.probabilities, of_each=True, fill=np.nan)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict log-probabilities, accurately also for probabilities near zero.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms of the probabilities.
        """
        return self._response(X, LabelEncoder.log_probabilities, fill=np.nan)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the logits: the outputs of the network before the softmax or the sigmoid.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Logits; for two classes the log-odds of the second. Of several members those of their
            mean probabilities.
        """
        return self._response(X, LabelEncoder.decisions, fill=np.nan)

    def _encode(self, y: Any, *, reset: bool, classes: Any = None) -> NDArray[Any]:
        """Return y as class indices, or as zeros and ones of shape (n_samples, n_logits)."""
        with prefix_errors("y"):
            if not reset:
                return self._encoder.encode(y, classes)
            self._encoder, target = LabelEncoder.of(y, type(self).__name__, classes)
        self.classes_ = self._encoder.classes
        return target

    def _class_weighted(
        self, weight: NDArray[np.float64], y: Any, present: Any, *, trained_on: bool
    ) -> NDArray[np.float64]:
        """Multiply sample weights by class weights, which are learned from training data."""
        if trained_on:
            known = y if present is None else y[present]
            self._encoder = self._encoder.with_class_weight(self.class_weight, known)
        return self._encoder.weighted(weight, y)

    def _splits_at_random(self, data: Data) -> bool:
        """Return whether samples are held out at random, for early stopping."""
        return data.order is None or data.groups is not None

    def _hold_out(self, rows: NDArray[np.intp], data: Data, rng: np.random.RandomState) -> Split:
        stratified = data.lengths is None and not self._encoder.multilabel
        fraction = self.validation_fraction
        if self.early_stopping == "auto" and len(rows) < FEW_SAMPLES:
            fraction = max(fraction, FRACTION_OF_FEW)
        if data.groups is not None:
            return hold_out_groups(rows, data, fraction, rng, stratified=stratified)
        if data.order is not None:  # random windows of a series overlap with those held out
            return hold_out_last(rows, data, fraction, keep_classes=stratified)
        return hold_out_random(rows, data, fraction, rng, stratified=stratified)

    def _criterion(self) -> tuple[type[nn.Module], dict[str, Any]]:
        one_of_several = not (self._encoder.is_binary or self._encoder.multilabel)
        loss = CrossEntropy if one_of_several else BinaryCrossEntropy
        return loss, {"label_smoothing": self.label_smoothing}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: multilabel targets are supported."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
