"""What is stored of a network in plain values: the weights once, and what training goes on from."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from sklearn_rnn._training.config import TrainingConfig, resolve_device
from sklearn_rnn._training.skorch_net import SequenceNet

OUTCOME = (
    "stopped_",
    "final_loss_",
    "constant_loss_",
    "flat_loss_",
    "worse_loss_",
    "n_after_best_",
)
"""What a net tells of its last run."""


def stored_net(net: SequenceNet, *, with_optimizer: bool) -> dict[str, Any]:
    """Return all that a trained net has learned; its estimator knows the rest.

    Parameters
    ----------
    net : SequenceNet
        A net that was trained.
    with_optimizer : bool
        Whether to store the state of the optimizer, for Adam twice the size of the weights.

    Returns
    -------
    dict of str to object
        Numbers, strings, arrays, and lists and dictionaries of these, besides callbacks.
    """
    memory: dict[str, Any] = {}
    if with_optimizer:
        memory = dict(*net.optimizer_.state.values())
    return {
        "config": {field.name: getattr(net.config, field.name) for field in fields(net.config)},
        "seed": net.seed,
        "weights": _arrays(parameters_to_vector(net.module_.parameters())),
        "optimizer": _arrays(memory),
        "history": [dict(epoch) for epoch in net.history],
        "callbacks": list(net.callbacks_),
        "outcome": {name: getattr(net, name) for name in OUTCOME},
    }


def stored_config(stored: dict[str, Any]) -> TrainingConfig:
    """Return the configuration of a stored net, on the CPU where torch has not its device."""
    config = dict(stored["config"])
    try:
        resolve_device(config["device"])
    except ValueError:
        config["device"] = "cpu"
    return TrainingConfig(**config)


def restore_net(net: SequenceNet, stored: dict[str, Any], config: TrainingConfig) -> SequenceNet:
    """Give a new net what another one has learned, see `stored_net`, and return it.

    Parameters
    ----------
    net : SequenceNet
        A new net of the same module, without callbacks.
    stored : dict of str to object
        What was stored.
    config : TrainingConfig
        The configuration of the last run.
    """
    net.config, net.verbose = config, config.verbose
    weights = torch.tensor(stored["weights"], device=config.device)
    vector_to_parameters(weights, net.module_.parameters())
    if stored["optimizer"]:
        fresh = net.optimizer_.state_dict()
        net.optimizer_.load_state_dict({**fresh, "state": {0: _tensors(stored["optimizer"])}})
    net.history.extend(dict(epoch) for epoch in stored["history"])
    net.callbacks_ = list(stored["callbacks"])
    for name, value in stored["outcome"].items():
        setattr(net, name, value)
    return net


def has_optimizer_state(net: SequenceNet) -> bool:
    """Return whether the optimizer of a net knows of the steps before."""
    return any(net.optimizer_.state.values())


def _arrays(value: Any) -> Any:
    """Return tensors, also inside dictionaries and lists, as arrays."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {name: _arrays(item) for name, item in value.items()}
    return [_arrays(item) for item in value] if isinstance(value, list) else value


def _tensors(value: Any) -> Any:
    """Return arrays, also inside dictionaries and lists, as tensors: the inverse of `_arrays`."""
    if isinstance(value, np.ndarray):
        return torch.tensor(value)
    if isinstance(value, dict):
        return {name: _tensors(item) for name, item in value.items()}
    return [_tensors(item) for item in value] if isinstance(value, list) else value
