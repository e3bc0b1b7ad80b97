"""A fit that goes on after a crash: what it is known by, and what it cannot go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sklearn.safe_files import fingerprint, locked, open_folder
from sklearn_rnn._training.checkpoint import Checkpoint
from sklearn_rnn._training.config import resolve_device
from sklearn_rnn._training.stored_net import stored_net
from sklearn_rnn.neural_network._fit_tasks import FitTasks

WITHOUT_EFFECT = {"checkpoint", "verbose"}
"""Parameters that do not change what a fit learns."""


@contextmanager
def checkpointed(
    estimator: Any,
    parameters: Mapping[str, Any],
    data: Data,
    given: Data | None,
    *,
    continues: bool,
    tasks: FitTasks | None,
) -> Iterator[Checkpoint]:
    """Give the fit in the block its files, which are locked, and removed when it has succeeded.

    The estimator has read the data, and `given` for validation; the parameters are those of this
    fit, with the folder ``"checkpoint"``.

    Raises
    ------
    ValueError
        If the fit cannot be repeated.
    """
    _check(parameters, tasks)
    state = estimator.__getstate__()
    kept = {name: value for name, value in parameters.items() if name not in WITHOUT_EFFECT}
    known = {
        "class": type(estimator).__name__,
        "parameters": {**kept, "device": resolve_device(parameters["device"])},
        "data": (data, given),
        "read": (state["_reader"], state["_encoder"], state["_versions"]),
        "networks": _networks(estimator) if continues else [],
    }
    name = f"{type(estimator).__name__}-{fingerprint(known)}"
    path = open_folder(parameters["checkpoint"]) / name
    with locked(path):
        checkpoint = Checkpoint(path)
        yield checkpoint
        checkpoint.remove()


def _check(parameters: Mapping[str, Any], tasks: FitTasks | None) -> None:
    """Check that a fit started again would be the same."""
    if parameters["random_state"] is None:
        raise ValueError(
            "checkpoint needs a random_state: with None a fit that is started again draws other "
            "numbers. Set random_state to an integer, or checkpoint=None."
        )
    if tasks is not None or parameters["callbacks"]:
        name = "callbacks" if parameters["callbacks"] else "set_callbacks"
        raise ValueError(
            f"checkpoint cannot save what callbacks have seen, and {name} has some; leave them "
            "out (verbose=1 prints the losses of each epoch), or set checkpoint=None."
        )


def _networks(estimator: Any) -> list[Any]:
    """Return the weights and optimizers of networks that are trained further."""
    stored = [
        stored_net(member.net_, with_optimizer=True)
        for member in getattr(estimator, "members_", [estimator])
    ]
    return [(len(net["history"]), net["weights"], net["optimizer"]) for net in stored]
