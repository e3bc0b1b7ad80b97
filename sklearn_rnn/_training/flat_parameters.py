"""The parameters of a module as one vector for the duration of training, penalised ones first."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.layers import OF_TORCH, Layer

REGISTER = 16
"""Numbers in single precision of the widest register of a CPU."""


def is_penalized(module: nn.Module) -> dict[str, bool]:
    """Return, by the name of each parameter of a module, whether it is penalised.

    Parameters
    ----------
    module : nn.Module
        A network of layers that declare it.

    Returns
    -------
    dict of str to bool
        In the order of ``module.named_parameters()``.

    Raises
    ------
    TypeError
        If a layer has a parameter that it does not declare.
    """
    return {
        f"{prefix}.{name}".removeprefix("."): _declared(layer, name)
        for prefix, layer in module.named_modules()
        for name, p in layer._parameters.items()
        if p is not None
    }


def _declared(layer: nn.Module, name: str) -> bool:
    """Return whether a layer's own parameter is penalised."""
    if isinstance(layer, Layer):
        declared = layer.penalized
    else:
        declared = next((d for kind, d in OF_TORCH.items() if isinstance(layer, kind)), {})
    if name not in declared:
        raise TypeError(
            f"{type(layer).__name__} does not declare whether its parameter {name!r} is penalised."
        )
    return declared[name]


def ordered(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Return the trainable parameters with their names, those that are penalised first."""
    penalized = is_penalized(module)
    named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    return sorted(named, key=lambda item: not penalized[item[0]])


def n_weights(module: nn.Module) -> int:
    """Return how many leading entries of the vector are weights, the penalised parameters."""
    penalized = is_penalized(module)
    named = module.named_parameters()
    return sum(p.numel() for name, p in named if penalized[name] and p.requires_grad)


def new_vector(module: nn.Module) -> Tensor:
    """Return a leaf tensor with a copy of all trainable parameters, weights first.

    It is padded by zeros to whole registers: torch's Adam rounds an incomplete one differently.
    """
    parameters = [p.detach().reshape(-1) for _, p in ordered(module)]
    n_padding = -sum(p.numel() for p in parameters) % REGISTER
    return torch.cat([*parameters, parameters[0].new_zeros(n_padding)]).requires_grad_()


@contextmanager
def parameters_as_views(vector: Tensor, module: nn.Module) -> Iterator[None]:
    """Make the parameters of `module` and their gradients views of `vector` in the block.

    An optimizer step, a norm or a copy is then one operation for all parameters. Afterwards each
    parameter has its own memory again, so that the module is pickled as usual.

    Parameters
    ----------
    vector : Tensor of shape (n_parameters or more,)
        A leaf tensor as from `new_vector`; the values of the module are copied into it.
    module : nn.Module
        The module whose parameters become views.
    """
    parameters = [p for _, p in ordered(module)]
    memory = vector.data
    gradient = torch.zeros_like(memory)
    n_parameters = sum(p.numel() for p in parameters)
    torch.cat([p.data.reshape(-1) for p in parameters], out=memory[:n_parameters])
    vector.grad = gradient
    start = 0
    for p in parameters:
        stop = start + p.numel()
        p.data = memory[start:stop].view(p.shape)
        p.grad = gradient[start:stop].view(p.shape)
        start = stop
    if memory.is_cuda:
        # cuDNN packs the weights of an RNN at each step, as they are not in its order: it warns
        # that this takes memory, which it is meant to; results are the same. The filter stays, as
        # `catch_warnings` would mix up the filters of threads that train at the same time.
        warnings.filterwarnings("ignore", "RNN module weights are not part of single")
    try:
        yield
    finally:
        vector.grad = None
        for p in parameters:
            p.data = p.data.clone()
            p.grad = None
        for layer in module.modules():
            if isinstance(layer, nn.RNNBase):
                layer.flatten_parameters()  # for cuDNN; on the CPU it does nothing
