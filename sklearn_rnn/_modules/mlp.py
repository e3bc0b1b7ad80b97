"""A multilayer perceptron over the flattened window, called dense network in the public names."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.kernels.arguments import KernelLoss
from sklearn_rnn._modules.kernels.dense import (
    DenseTraining,
    dense_outputs,
    has_dense_kernel,
)
from sklearn_rnn._modules.layers import Dropout, Head, has_no_hooks, is_hooked, linear
from sklearn_rnn._modules.masking import zero_padding

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": F.gelu,
    "silu": F.silu,
}
_RECTIFIERS = ("relu", "gelu", "silu")


class Dense(SequenceModule):
    r"""Multilayer perceptron on all steps at once, a nonlinear autoregression.

    .. math:: h_0 = \mathrm{vec}(x), \qquad h_l = \phi(W_l h_{l-1} + b_l), \qquad \hat y = W h_L + b

    The window is flattened step by step, the channels of the oldest step first. Dropout is applied
    to every hidden layer, not to the input. Without a hidden layer the model is linear. Padding
    counts as zero, the mean of standardised channels.

    Initial values: He uniform (2015) weights for relu, gelu and silu, Glorot uniform (2010) weights
    otherwise; zero biases.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs).
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; empty for a linear model.
    activation : {"identity", "logistic", "tanh", "relu", "gelu", "silu"}, default="relu"
        The function phi.
    dropout : float in [0, 1), default=0.0
        Probability with which a hidden unit is dropped in training.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Glorot and Bengio (2010). Understanding the difficulty of training deep feedforward neural
    networks. AISTATS.
    He, Zhang, Ren and Sun (2015). Delving deep into rectifiers. ICCV.
    """

    runs_together = True

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        hidden_layer_sizes: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.input_shape = (n_steps, n_channels)
        sizes = [n_steps * n_channels, *hidden_layer_sizes]
        self.layers = nn.ModuleList(
            _linear(n_in, n_out, activation, generator) for n_in, n_out in pairwise(sizes)
        )
        self.dropout = Dropout(dropout)
        in_head = dropout if len(sizes) > 1 else 0.0
        self.head = Head(sizes[-1], n_outputs, dropout=in_head, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        if not torch.is_grad_enabled() and (outputs := self._outputs(x)) is not None:
            return outputs
        x = x.flatten(1)  # (batch, n_steps * n_channels)
        for i, layer in enumerate(self.layers):
            if i > 0:
                x = self.dropout(x)
            x = ACTIVATIONS[self.activation](layer(x))  # (batch, hidden_layer_sizes[i])
        of_head: Tensor = self.head(x)
        return of_head

    def _outputs(self, x: Tensor) -> Tensor | None:
        """Return the outputs by the compiled kernels, if they can."""
        dropout, head = self.dropout, self.head
        if self._drops or is_hooked(dropout) or is_hooked(head):
            return None
        layers = [*self.layers, head.linear]
        return dense_outputs(layers, self.activation, x)

    def native_parts(self) -> Sequence[nn.Module]:
        """Return all layers if the compiled kernels run them together."""
        layers = [*self.layers, self.head.linear]
        return layers if has_dense_kernel(layers, self.activation) else ()

    def native_training(self, loss: KernelLoss) -> DenseTraining | None:
        """Return what computes losses and gradients in the compiled kernels, if they can."""
        layers = [*self.layers, self.head.linear]
        if not has_no_hooks(self) or not has_dense_kernel(layers, self.activation):
            return None
        dropout = [self.dropout] * (len(self.layers) - 1) + [self.head.dropout]
        dropped = self._drops and len(self.layers)
        return DenseTraining(layers, self.activation, dropout if dropped else (), loss)

    @property
    def _drops(self) -> bool:
        """Whether dropout is applied."""
        return self.training and self.dropout.p > 0

    def input_groups(self) -> InputGroups:
        """Group the weights of the first layer by lag and channel: (n_steps, n_channels)."""
        name = "layers.0.weight" if self.layers else "head.linear.weight"
        weight = self.get_parameter(name)  # (any, n_steps * n_channels)
        labels = torch.arange(weight.shape[1]).expand(weight.shape)
        return InputGroups(self.input_shape, {name: labels})


def _linear(n_in: int, n_out: int, activation: str, generator: torch.Generator | None) -> nn.Linear:
    """Build a linear layer whose initial scale fits the activation after it."""
    layer = linear(n_in, n_out, generator=generator)
    if activation in _RECTIFIERS:
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
    else:
        nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
