"""Convolution and pooling in front of a recurrent layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.convolution import convolution, input_channels
from sklearn_rnn._modules.masking import zero_padding
from sklearn_rnn._modules.pooling import upsample
from sklearn_rnn._modules.recurrent import Recurrent


class CNNRecurrent(SequenceModule):
    r"""Convolution and max pooling, then a recurrent layer.

    .. math:: u = \max(0, w * x + b), \quad \bar u_s = \max_{sp \le t < (s+1)p} u_t, \quad
              h_s = \mathrm{cell}(\bar u_s, h_{s-1})

    with the convolution and the pools of p steps of `CNN`, padding included, and a cell of
    `Recurrent`. Dropout and the head follow the last state, or another `pooling` of all states. The
    recurrence runs over 1 / p of the steps. The state of a sequence without valid steps is zero.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs). Any
        number of steps is accepted when called.
    cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"}
        The recurrent cell.
    hidden_size : int
        Size of the state.
    num_channels : int
        Filters of the convolution.
    kernel_size : int or sequence of int, default=5
        Taps of each filter, from 1 up; of the filters of each branch, if there are several, see
        `Branches`.
    pool_size : int, default=2
        Steps in a pool, from 1 up; 1 is no pooling.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of what the head reads is dropped in training.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        What the head reads of the states at all pools, see `Pooling`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Wang, Jiang and Luo (2016). Combination of convolutional and recurrent neural network for
    sentiment analysis of short texts. COLING.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        cell: str,
        hidden_size: int,
        num_channels: int,
        kernel_size: int | Sequence[int] = 5,
        pool_size: int = 2,
        dropout: float = 0.0,
        pooling: str = "last",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv = convolution(
            n_channels, num_channels, kernel_size, pool_size=pool_size, generator=generator
        )
        self.recurrent = Recurrent(
            self.conv.n_out,
            -(-n_steps // pool_size),
            n_outputs,
            cell=cell,
            hidden_size=hidden_size,
            dropout=dropout,
            pooling=pooling,
            generator=generator,
        )
        self.head = self.recurrent.head
        self.recurrent.add_module("head", nn.Identity())  # `self.head` reads the state in its place

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        outputs: Tensor = self.head(self.recurrent(*self._pools(x, lengths)))
        return outputs

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`.

        The weight of a pool is divided evenly among its steps.
        """
        weights = self.recurrent.attention_weights(*self._pools(x, lengths))
        return upsample(weights, self.conv.pool_size, x.shape[1], lengths)

    def _pools(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Compute the pools (batch, n_pools, n_features), and how many of them are valid."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        pools, lengths = self.conv(x.transpose(1, 2), lengths)
        return pools.transpose(1, 2), lengths

    def input_groups(self) -> InputGroups:
        """Group the weights of the convolution by the channel they read: (n_channels,)."""
        return input_channels("conv", self.conv)
