"""The attributes of an estimator: restored after an error, and kept by a warm start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


@contextmanager
def restore_on_error(thing: Any) -> Iterator[None]:
    """Let an exception in the block put the attributes of `thing` back as they were before it.

    What an attribute refers to is not copied: changes inside of it remain.
    """
    before = dict(vars(thing))
    try:
        yield
    except BaseException:  # a Ctrl-C too; it is raised again
        vars(thing).clear()
        vars(thing).update(before)
        raise


CHANGEABLE = frozenset(
    {
        "alpha",
        "augmentation",
        "batch_size",
        "callbacks",
        "class_weight",
        "early_stopping",
        "l1_ratio",
        "learning_rate",
        "lr_schedule",
        "max_epochs",
        "max_grad_norm",
        "patience",
        "random_state",
        "shuffle",
        "tol",
        "validation_fraction",
        "verbose",
        "warm_start",
    }
)
"""Parameters that may be others when training goes on; all others made the net what it is."""


def kept_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters that must not change while the net is trained further."""
    parameters = estimator.get_params(deep=False)
    return {name: parameters[name] for name in parameters.keys() - CHANGEABLE}


def check_continues(estimator: BaseEstimator, begun_with: dict[str, Any]) -> None:
    """Check that the parameters still are what the net was begun with."""
    for name, now in kept_parameters(estimator).items():
        if not np.array_equal(now, begun_with[name]):
            raise ValueError(
                f"{name}={now!r} cannot continue what {name}={begun_with[name]!r} began; set it "
                "back, or begin anew with warm_start=False."
            )
