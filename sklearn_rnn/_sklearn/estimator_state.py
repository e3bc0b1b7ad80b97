"""The attributes of an estimator: restored after an error, and kept by a warm start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


@contextmanager
def restore_on_error(thing: Any) -> Iterator[None]:
    """Restore the attributes of an object if the block raises an exception.

    Values of attributes are not copied, so changes inside of them remain.
    """
    before = dict(vars(thing))
    try:
        yield
    except BaseException:  # including Ctrl-C
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
"""Parameters that may change when training is continued."""


def kept_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters that must not change when training is continued."""
    parameters = estimator.get_params(deep=False)
    return {name: parameters[name] for name in parameters.keys() - CHANGEABLE}


def check_continues(estimator: BaseEstimator, initial: dict[str, Any]) -> None:
    """Check that no parameter has changed that must be the same to continue training."""
    for name, now in kept_parameters(estimator).items():
        if not np.array_equal(now, initial[name]):
            raise ValueError(
                f"{name}={now!r} cannot continue what {name}={initial[name]!r} began; set it "
                "back, or begin anew with warm_start=False."
            )
