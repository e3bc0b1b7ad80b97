"""Outputs that are the same for all inputs, behind those of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, Pullback, SequenceModule

GAIN = 10.0
"""Factor of the parameters: the many weights of a network move its outputs together, and a constant
has one parameter, which takes steps of the same size."""

SIZES = ("n_channels", "n_steps", "n_outputs")


class ConstantOutputs(SequenceModule):
    r"""A network, and learned constants as its last outputs.

    .. math:: f(x) = (\mathrm{net}(x), c)

    The constants start at zero, and are not penalised: they are biases without weights.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs), constants
        included.
    n_constants : int
        Number of constants.
    inner : type
        The class of the network.
    architecture : dict
        Its parameters.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    penalized: ClassVar[Mapping[str, bool]] = {"constants": False}

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        n_constants: int,
        inner: type[SequenceModule],
        architecture: dict[str, Any],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = (n_channels, n_steps, n_outputs - n_constants)
        self.net = inner(*sizes, **architecture, generator=generator)
        self.receptive_field = self.net.receptive_field
        self.constants = nn.Parameter(torch.zeros(n_constants))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        return append_constants(self.net(x, lengths), self.constants)

    def input_groups(self) -> InputGroups:
        """Return the groups of the network."""
        shape, labels = self.net.input_groups()
        return InputGroups(shape, {f"net.{name}": label for name, label in labels.items()})

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`."""
        return self.net.attention_weights(x, lengths)

    def has_vjp(self) -> bool:
        """Return whether `forward_and_vjp` may replace automatic differentiation."""
        return self.net.has_vjp()

    def forward_and_vjp(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Compute the outputs, and a function for the vector-Jacobian product, see the base."""
        outputs, of_net = self.net.forward_and_vjp(x)
        n = outputs.shape[1]

        def pullback(gradient: Tensor) -> None:
            of_net(gradient[:, :n].contiguous())
            torch.sum(GAIN * gradient[:, n:], 0, out=self.constants.grad)

        return append_constants(outputs, self.constants), pullback


def append_constants(outputs: Tensor, constants: Tensor) -> Tensor:
    """Return outputs (..., n) with constants, of the given parameters, as the last ones."""
    of_each = (GAIN * constants).to(outputs.dtype).expand(*outputs.shape[:-1], -1)
    return torch.cat([outputs, of_each], -1)


def with_constants(
    module: tuple[type[SequenceModule], dict[str, Any]], n_constants: int
) -> tuple[type[SequenceModule], dict[str, Any]]:
    """Return the class and the arguments of a module whose last outputs are constants."""
    inner, arguments = module
    architecture = {name: value for name, value in arguments.items() if name not in SIZES}
    own = {"n_constants": n_constants, "inner": inner, "architecture": architecture}
    return ConstantOutputs, {**{name: arguments[name] for name in SIZES}, **own}
