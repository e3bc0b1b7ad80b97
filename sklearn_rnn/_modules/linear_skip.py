"""A network plus a linear model of the whole window."""

from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.layers import linear, precise
from sklearn_rnn._modules.masking import zero_padding


class LinearSkip(SequenceModule):
    r"""The sum of a network and of a linear model of the window.

    .. math:: \hat y = \mathrm{net}(x) + W\,\mathrm{vec}(x) + b

    The window is flattened step by step, the channels of the oldest step first; padding counts as
    zero. The head of the network, W and b start at zero: an untrained network adds nothing to the
    linear model, and at first only its head has a gradient.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs).
    inner : type
        The class of the network, whose last layer is a `Head` named ``head``.
    architecture : dict
        Its parameters.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        inner: type[SequenceModule],
        architecture: dict[str, Any],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if architecture.get("return_sequences"):
            raise ValueError(
                "a linear model of the window has one output, not one for each step; got "
                "return_sequences=True."
            )
        self.net = inner(n_channels, n_steps, n_outputs, **architecture, generator=generator)
        self.receptive_field = self.net.receptive_field  # the linear model shares no rows
        nn.init.zeros_(self.net.get_parameter("head.linear.weight"))
        self.linear = linear(n_steps * n_channels, n_outputs, generator=generator)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        outputs: Tensor = self.net(x, lengths) + self.linear_outputs(x)
        return outputs

    def linear_outputs(self, x: Tensor) -> Tensor:
        """Map x (batch, n_steps, n_channels) to the outputs of the linear model."""
        return precise(self.linear, x.flatten(-2)).flatten(0, -2)

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts to the network: (batch, n_steps), see `Pooling`."""
        return self.net.attention_weights(x, lengths)

    def input_groups(self) -> InputGroups:
        """Return the groups of the network with the weights of the linear model added to them."""
        shape, labels = self.net.input_groups()
        n_groups = torch.Size(shape).numel()
        weight = self.linear.weight  # (n_outputs, n_steps * n_channels)
        columns = torch.arange(weight.shape[1]) % n_groups
        joined = {f"net.{name}": label for name, label in labels.items()}
        return InputGroups(shape, {**joined, "linear.weight": columns.expand(weight.shape)})
