"""Scores of models that predict a value for each step: padding does not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, log_loss
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import validate_data

from sklearn_rnn._sequences.input_form import Reading
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import (
    fill_missing,
    flatten_steps,
    flatten_weights,
    valid_lengths,
)
from sklearn_rnn._sequences.validation import check_sequences
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.metaestimators import open_pipelines
from sklearn_rnn.model_selection._pointwise_losses import LOSSES, RowLoss
from sklearn_rnn.neural_network._fitted import Fitted

RESPONSES = ("predict", "predict_proba", "predict_log_proba", "decision_function")


def step_scorer(scoring: str | Callable[..., float]) -> Callable[..., float]:
    """Return a scorer for models with a target for each step: padding does not count.

    Scorers of scikit-learn take a sequence with its padding for one sample with several outputs.
    This one scores all steps of all sequences except padding and those without a target, as samples
    of their own: "accuracy" and "r2" are the `score` of a network with ``return_sequences=True``.

    Parameters
    ----------
    scoring : str or callable
        A scorer of scikit-learn: its name, such as "neg_log_loss", "neg_mean_absolute_error", or
        for a multilabel target "f1_micro" or "jaccard_micro", or what ``make_scorer`` returns. Or
        "neg_perplexity", of minus the perplexity, the exponential of the log loss. The log loss of
        a multilabel target is the mean over steps and labels.

    Returns
    -------
    callable
        Maps (estimator, X, y), and `sample_weight` by keyword with one weight for each sequence or
        step, to a number; greater is better. `estimator` is a network, a pipeline or search that
        ends in one, or any model whose predictions have the shape of y; the padding of the last is
        where all channels of X are NaN at the ends of sequences. X and y are arrays or lists, as in
        `fit` of a network.

    Raises
    ------
    ValueError
        If `scoring` is not the name of a scorer; when scoring, if y or the predictions have not a
        value for each step of X.

    See Also
    --------
    compare_models : Scores models with ``return_sequences=True`` in this way by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_rnn import GRUClassifier
    >>> from sklearn_rnn.model_selection import step_scorer
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 1)) for n in rng.integers(3, 9, size=60)]
    >>> y = [x[:, 0] > 0 for x in X]
    >>> net = GRUClassifier(return_sequences=True, max_epochs=30, learning_rate=0.03,
    ...                     lr_schedule="onecycle", random_state=0)
    >>> round(float(cross_val_score(net, X, y, scoring=step_scorer("accuracy")).mean()), 1)
    1.0
    >>> perplexity = -cross_val_score(net, X, y, scoring=step_scorer("neg_perplexity"))
    >>> bool(perplexity.mean() < 1.5)
    True
    """
    if not (isinstance(scoring, str) or callable(scoring)):
        raise ValueError(f"scoring must be a scorer or the name of one; got {scoring!r}.")
    return scoring if isinstance(scoring, StepScorer) else StepScorer(scoring)


@dataclass(frozen=True)
class StepScorer:
    """A scorer of all steps except padding, see `step_scorer`.

    Attributes
    ----------
    scoring : str or callable
        The scorer, or its name in scikit-learn.
    """

    scoring: str | Callable[..., float]

    def __post_init__(self) -> None:
        self._scorer()

    def _scorer(self) -> Callable[..., float]:
        """Return the scorer inside; that of the log loss also for its exponential."""
        return get_scorer("neg_log_loss" if self.scoring == "neg_perplexity" else self.scoring)

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the score of a fitted estimator."""
        steps, how = RealSteps(estimator, X, y), {}
        if sample_weight is not None:
            weight = flatten_weights(sample_weight, steps.sequences)[steps.present]
            how = {"sample_weight": weight}
        if self.scoring not in ("neg_log_loss", "neg_perplexity"):
            return float(self._scorer()(steps, X, steps.y, **how))
        loss = _log_loss(steps.y, steps.predict_proba(X), estimator.classes_, **how)
        return -float(np.exp(loss)) if self.scoring == "neg_perplexity" else -loss

    def get_metadata_routing(self) -> Any:
        """Return what metadata the scorer requests."""
        return get_routing_for_object(self._scorer())


def _log_loss(y: Any, probabilities: Any, labels: Any, sample_weight: Any = None) -> float:
    """Return the mean log loss with all labels; of a multilabel y that over all of them.

    scikit-learn takes a multilabel y for one class in each row, and two labels for two classes.
    """
    if np.ndim(y) == 1:
        return float(log_loss(y, probabilities, labels=labels, sample_weight=sample_weight))
    of_each = LOSSES["log_loss"][0](y, probabilities, labels)
    return float(np.average(of_each, weights=sample_weight))


class RealSteps:
    """A fitted estimator whose responses are those at all steps of X that have a target.

    Parameters
    ----------
    estimator : estimator
        Responds to a sequence with a value for each step.
    X, y : array-like or list
        The sequences that it is asked for, and their targets.
    """

    def __init__(self, estimator: Any, X: Any, y: Any) -> None:
        self.estimator = estimator
        self.sequences = _as_read(estimator, X)
        y, self.present = fill_missing(flatten_steps(y, self.sequences))
        self.y = y[self.present]

    def of(self, values: Any, name: str) -> NDArray[Any]:
        """Return the values at the steps of all sequences that are no padding and have a target."""
        flat: NDArray[Any] = flatten_steps(values, self.sequences, name)[self.present]
        return flat

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.estimator, name)
        if name not in RESPONSES:
            return found
        return wraps(found)(lambda X: self.of(found(X), name))


def step_losses(
    loss: RowLoss, estimator: Any, X: Any, y: Any, prediction: Any
) -> NDArray[np.float64]:
    """Return the loss of each sequence: a sum over its steps, whose mean is that over all steps.

    Parameters
    ----------
    loss : callable
        Maps (y, prediction, classes) to the loss of each row, here of each step.
    estimator : estimator
        The fitted model.
    X, y, prediction : array-like or list
        Sequences, and a target and a prediction for each of their steps.

    Returns
    -------
    ndarray of shape (n_sequences,)
        The sum over the steps of each sequence, divided by the mean number of steps.
    """
    steps = RealSteps(estimator, X, y)
    classes = getattr(estimator, "classes_", None)
    losses = loss(steps.y, steps.of(prediction, "prediction"), classes)
    n, lengths = steps.sequences.n_windows, valid_lengths(steps.sequences)
    of_sequence = np.repeat(np.arange(n), lengths)[steps.present]
    return np.asarray(np.bincount(of_sequence, losses, minlength=n) * n / len(losses))


def predicts_steps(model: Any) -> bool:
    """Return whether a model, or a network inside of it, has ``return_sequences=True``."""
    parameters = model.get_params(deep=True)
    return any(
        name.split("__")[-1] == "return_sequences" and value is True
        for name, value in parameters.items()
    )


def _as_read(estimator: Any, X: Any) -> Windows | Ragged:
    """Return X as the network in a fitted estimator reads it, or else with NaN as padding."""
    inside, X = open_pipelines(estimator, X)
    if isinstance(inside, Fitted):
        return inside._read_sequences(X)[0]
    validate = partial(validate_data, BaseEstimator(), reset=True)
    name, reading = type(inside).__name__, Reading(missing="steps")
    return check_sequences(validate, X, name=name, reading=reading)[0]
