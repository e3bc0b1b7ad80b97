"""Which parameters of a module are penalised; each layer declares it for its own."""

from collections.abc import Mapping
from typing import ClassVar

from torch import nn


class Layer(nn.Module):
    """A module that declares which of its own parameters penalties apply to.

    Attributes
    ----------
    penalized : mapping of str to bool
        By the name of a parameter of this layer, not of the layers inside, whether it is penalised:
        weights are, biases are not.
    """

    penalized: ClassVar[Mapping[str, bool]] = {}


OF_TORCH: dict[type[nn.Module], Mapping[str, bool]] = {
    nn.Linear: {"weight": True, "bias": False},
    nn.RNNBase: {
        **{"weight_ih_l0": True, "weight_hh_l0": True},
        **{"bias_ih_l0": False, "bias_hh_l0": False},
    },
}
"""The same for the layers of torch that the networks are made of."""


def is_penalized(module: nn.Module) -> dict[str, bool]:
    """Tell by the name of each parameter of a module whether it is penalised.

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
        for name, _ in layer.named_parameters(recurse=False)
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
