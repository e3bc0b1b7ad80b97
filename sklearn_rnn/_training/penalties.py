"""The penalty of a module that sets weights exactly to zero, and its weights on the input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._training.flat_parameters import ordered
from sklearn_rnn._training.proximal_steps import GroupLasso, Lasso, Penalty


def sparse_penalty(module: SequenceModule, settings: Any) -> Penalty | None:
    """Return the penalty that sets weights of a module exactly to zero, or None.

    Parameters
    ----------
    module : SequenceModule
        The module; ``penalty="group"`` needs its `input_groups`.
    settings : object
        Has the attributes `alpha`, `l1_ratio` and `penalty`.
    """
    strength = settings.alpha * settings.l1_ratio
    if not strength:
        return None
    if settings.penalty == "elasticnet":
        return Lasso(strength)
    labels = module.input_groups().labels
    number = [
        labels[name].reshape(-1) if name in labels else torch.full((parameter.numel(),), -1)
        for name, parameter in ordered(module)
    ]
    of_weight = torch.cat(number)  # (n_parameters,): the group of each, or -1
    n_groups = int(of_weight.max()) + 1
    positions = of_weight.argsort(stable=True)[(of_weight < 0).sum() :].reshape(n_groups, -1)
    return GroupLasso(strength, positions.to(next(module.parameters()).device))


def input_weights(module: SequenceModule) -> Tensor:
    """Return the weights that read each input: (*shape of `input_groups`, p), in float64."""
    shape, labels = module.input_groups()
    weights = [module.get_parameter(name).detach().reshape(-1) for name in labels]
    order = torch.cat([label.reshape(-1) for label in labels.values()]).argsort(stable=True)
    return torch.cat(weights).double().cpu()[order].reshape(*shape, -1)
