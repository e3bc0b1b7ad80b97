"""Warnings about how a training run ended."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn.exceptions import NothingLearnedWarning

IN_FIT = 5
"""Calls from here to that of `fit`."""


def warn_unfinished(name: str, net: Any) -> None:
    """Warn, for the estimator of a name, that the loss still fell when the last epoch ended."""
    c, loss, constant = net.config, net.final_loss_, net.constant_loss_
    if c.optimizer == "lbfgs":
        advice = "; raise max_epochs."
    elif loss <= constant:
        advice = "; raise max_epochs or learning_rate."
    else:
        advice = (
            f" with a loss of {loss:.3g}, more than that of a constant prediction, "
            f"{constant:.3g}. If it rose at first, lower learning_rate."
        )
    warnings.warn(
        f"{name} was still improving when max_epochs={c.max_epochs} ended the fit{advice}",
        ConvergenceWarning,
        stacklevel=IN_FIT,
    )


def warn_flat(name: str, net: Any) -> None:
    """Warn, for the estimator of a name, that it fits the training data as a constant does."""
    c = net.config
    if not net.stopped_:
        advice = f"there may be too few epochs; raise max_epochs={c.max_epochs}"
    elif c.alpha:
        advice = f"the penalty may be too strong; lower alpha={c.alpha:g}"
    else:
        advice = f"training may have stopped too early; raise patience={c.patience}"
    warnings.warn(
        f"{name} has learned nothing: its training loss, {net.flat_loss_:.3g}, is no better than "
        f"that of a constant prediction. If X tells anything of y, {advice}, or change "
        f"learning_rate={c.learning_rate:g}.",
        NothingLearnedWarning,
        stacklevel=IN_FIT,
    )
