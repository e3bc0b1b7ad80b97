"""Whether a training run has learned anything, and warnings about how it ended."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import DEFAULT_ALPHA
from sklearn_rnn._training.losses import Loss
from sklearn_rnn.exceptions import NothingLearnedWarning

LEAST_GAIN, LEAST_TARGETS = 0.002, 100
"""The share of the loss of a constant that a network saves at least, of so many targets."""

LEAST_EXCESS = 0.02
"""The share of the loss of a constant by which that of a network is worse; less may be chance."""

GAIN_TO_WAIT_FOR = 0.02
"""The share that it saves once it has left the plateau at the constant; less may be chance."""

IN_FIT = 5
"""Calls from here to that of `fit`."""


def constant_loss(criterion: Loss, examples: Examples, vector: Tensor, n_outputs: int) -> float:
    """Return the loss of the best constant, such as the mean of y or the shares of classes.

    Parameters
    ----------
    criterion : Loss
        The loss.
    examples : Examples
        The data.
    vector : Tensor
        The parameters of the network, for their precision.
    n_outputs : int
        Outputs of the network.
    """
    y, weight = examples.targets()
    output = criterion.constant(y, weight, n_outputs).to(vector.dtype).nan_to_num()
    return float(criterion(output.expand(len(y), -1), y, weight))


def flat_limit(gain: float, *args: Any) -> float:
    """Return the least loss that saves less than a share of `constant_loss` of the arguments."""
    constant = constant_loss(*args)
    return constant - gain * abs(constant)


@dataclass
class FlatLimit:
    """Tells whether a loss saves less than a share of that of the best constant.

    Attributes
    ----------
    gain : float
        The share.
    criterion : Loss
        The loss.
    vector : Tensor
        The parameters of the network, for their precision.
    n_outputs : int
        Outputs of the network.
    limit : float or None
        The largest loss that saves as much, once it is known.
    """

    gain: float
    criterion: Loss
    vector: Tensor
    n_outputs: int
    limit: float | None = None

    def __call__(self, loss: float, examples: Examples) -> bool:
        """Return whether a loss on the examples, the same at every call, saves less."""
        if self.limit is None:
            of = self.criterion, examples, self.vector, self.n_outputs
            self.limit = flat_limit(self.gain, *of)
        return loss >= self.limit


def loss_above(gain: float, trainer: Any, train: Examples, history: Any) -> float | None:
    """Return the training loss of the weights if it does not save a share of a constant's.

    With few targets or equal ones it is None.

    Parameters
    ----------
    gain : float
        The share.
    trainer : Trainer
        What has trained the network.
    train : Examples
        The training data.
    history : skorch History
        The losses of all epochs.
    """
    (y, _), n_epochs, c = train.targets(), trainer.state.epoch, trainer.config
    if len(y) < LEAST_TARGETS or bool((y == y[0]).all()):
        return None
    limit = flat_limit(gain, trainer.criterion, train, trainer.vector, c.n_outputs)
    best = [row for row in history[-n_epochs:] if row.get("valid_loss_best")]
    is_known = bool(best) or trainer.state.best is None  # else those of the begin are the best
    if is_known and all(row["train_loss"] < limit for row in [*best[-1:], history[-1]]):
        return None  # with the penalty, and at no cost
    loss: float = trainer.mean_loss(train)
    return loss if loss >= limit else None


def warn_unfinished(name: str, net: Any) -> None:
    """Warn, for the estimator of a name, that the last epoch ended a fit before its time.

    It still fell, or has not since the best of the last epochs, see `still_improving`.
    """
    c, loss, constant = net.config, net.final_loss_, net.constant_loss_
    end = f"max_epochs={c.max_epochs} ended the fit"
    if loss > constant:
        text = (
            f"was still improving when {end} with a loss of {loss:.3g}, more than that of a "
            f"constant prediction, {constant:.3g}. If it rose at first, lower learning_rate."
        )
    elif net.n_after_best_ > min(c.patience, c.max_epochs // 2) // 2:
        text = (
            f"did not improve in its last {net.n_after_best_} epochs, but {end} before "
            f"patience={c.patience} ran out; raise max_epochs, or lower patience."
        )
    else:
        rate = "" if c.optimizer == "lbfgs" else " or learning_rate"
        text = f"was still improving when {end}; raise max_epochs{rate}."
    warnings.warn(f"{name} {text}", ConvergenceWarning, stacklevel=IN_FIT)


def warn_flat(name: str, net: Any) -> None:
    """Warn, for the estimator of a name, that it fits the training data as a constant does."""
    c = net.config
    causes = []
    if c.alpha > (0.0 if net.stopped_ else DEFAULT_ALPHA):
        causes.append(f"the penalty may be too strong; lower alpha={c.alpha:g}")
    if not net.stopped_:
        causes.append(f"there may be too few epochs; raise max_epochs={c.max_epochs}")
    if not causes:
        causes.append(f"training may have stopped too early; raise patience={c.patience}")
    warnings.warn(
        f"{name} has learned nothing: its training loss, {net.flat_loss_:.3g}, is no better than "
        f"that of a constant prediction. If X tells anything of y, {', or '.join(causes)}, "
        f"or change learning_rate={c.learning_rate:g}.",
        NothingLearnedWarning,
        stacklevel=IN_FIT,
    )


def warn_worse(name: str, net: Any) -> None:
    """Warn, for the estimator of a name, that it fits the training data worse than a constant."""
    c = net.config
    advice = f"lower learning_rate={c.learning_rate:g}"
    if c.optimizer == "lbfgs":
        advice = "raise patience or max_epochs"
    if c.alpha:
        advice += f" or alpha={c.alpha:g}"
    if c.early_stopping:
        advice += ", or set early_stopping=False: the validation data may be unlike the others"
    warnings.warn(
        f"{name} has learned nothing: its training loss, {net.worse_loss_:.3g}, is worse than that "
        f"of a constant prediction. If X tells anything of y, {advice}.",
        NothingLearnedWarning,
        stacklevel=IN_FIT,
    )
