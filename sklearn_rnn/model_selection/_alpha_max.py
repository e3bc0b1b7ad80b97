"""The smallest penalty at which all weights of a linear model are zero."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.flat_parameters import is_penalized, n_weights, ordered
from sklearn_rnn._training.linear_init import alone
from sklearn_rnn._training.optimizers import LBFGS
from sklearn_rnn._training.penalties import sparse_penalty

MARGIN = 1e-6
"""Relative margin added to the exact alpha for rounding errors."""

CHUNK_SIZE = 4096
"""Samples per batch of the gradient."""


def alpha_max(model: Any, data: Data, examples: Examples) -> tuple[float, bool]:
    """Return the smallest alpha at which all weights of the linear model on the input are zero.

    Parameters
    ----------
    model : estimator of this package
        A fitted estimator, which gives penalty, loss and sizes.
    data : Data
        Its training data.
    examples : Examples
        The training data as tensors, without samples of weight zero.

    Returns
    -------
    alpha : float
        The smallest alpha.
    exact : bool
        Whether the network is itself linear, so that alpha is exact for it.
    """
    if data.lengths is not None or isinstance(data.sequences, Ragged):
        raise ValueError(
            "The largest alpha of the path can be computed only for sequences of equal length "
            "with one target each; give alphas."
        )
    target = data.target[data.weight > 0]
    if (target == target[0]).all():
        raise ValueError(
            f"y is constant in all {len(target)} samples, so every alpha gives the same model."
        )
    module = copy.deepcopy(model.net_.module_)
    labels = module.input_groups().labels
    exact = sum(label.numel() for label in labels.values()) == n_weights(module)
    if not exact:
        net = model.net_
        linear, arguments = alone((net.module, net.get_params_for("module")))
        generator = torch.Generator()  # the global one is not ours; the weights become zero
        module = linear(**arguments, generator=generator).to(examples.x.device)
    gradient = _null_gradient(module.double(), model.net_.criterion_, examples)
    settings = SimpleNamespace(alpha=1.0, l1_ratio=1.0, penalty=model.penalty)
    penalty = sparse_penalty(module, settings)
    assert penalty is not None, "its strength is one"
    return (1 + MARGIN) * penalty.null_strength(gradient) / model.l1_ratio, exact


def _null_gradient(module: nn.Module, criterion: nn.Module, examples: Examples) -> Tensor:
    """Return the gradient with respect to the weights, at zero weights and optimal biases."""
    module.eval()
    named, penalized = ordered(module), is_penalized(module)
    for _, parameter in named:
        nn.init.zeros_(parameter)
    biases = [parameter for name, parameter in named if not penalized[name]]
    optimizer = LBFGS(biases, max_iter=100, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure() -> float:
        module.zero_grad()
        total = 0.0
        for x, y, weight, *_ in examples.batches(CHUNK_SIZE):
            target = y.double() if y.is_floating_point() else y
            loss = criterion(module(x.double()), target, weight) * (len(y) / len(examples))
            loss.backward()
            total += float(loss.detach())
        return total

    optimizer.step(closure)
    closure()
    gradients = [parameter.grad for name, parameter in named if penalized[name]]
    return torch.cat([gradient.reshape(-1) for gradient in gradients if gradient is not None])
