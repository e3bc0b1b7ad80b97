"""Convolutional network with max pooling, and its convolutional layer."""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.layers import Head, Layer
from sklearn_rnn._modules.masking import valid_steps, zero_padding
from sklearn_rnn._modules.pooling import Pooling, upsample


class CNN(SequenceModule):
    r"""Convolution, max pooling, convolution, and the largest value of each filter over all steps.

    With :math:`(w * h)_t = \sum_{j<k} w_j h_{t + j - \lfloor (k-1)/2 \rfloor}`, where h is zero
    outside the sequence, and pools of p steps:

    .. math:: u = \max(0, w_1 * x + b_1), \quad \bar u_s = \max_{sp \le t < (s+1)p} u_t, \quad
              v = \max(0, w_2 * \bar u + b_2), \quad f = \max_s v_s

    Dropout and the head follow the features f, or the result of another `pooling` of v. Unless the
    last pool is read, the features show that a pattern occurs but hardly where: far from the ends,
    shifting a pattern by p steps does not change them. Near the ends, filters see the zeros outside
    of the sequence.

    Pools are counted from the first step; the last one may be partial, so that any number of steps
    is accepted. Padding counts as zero before each convolution, as do steps outside of the
    sequence, and as zero in each maximum, where it never exceeds a valid step as those are at least
    zero after :math:`\max(0, \cdot)`. The features of a sequence without valid steps are zero.

    Initial values: He normal (2015) weights, zero biases.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs). Any
        number of steps is accepted when called.
    num_channels : int
        Filters of each convolution.
    kernel_size : int, default=5
        Taps of each filter, from 1 up.
    pool_size : int, default=2
        Steps in a pool, from 1 up; 1 is no pooling between the convolutions.
    dropout : float in [0, 1), default=0.0
        Probability with which a feature is dropped in training.
    pooling : {"last", "mean", "max", "attention"}, default="max"
        How the features of all pools are combined into one vector, see `Pooling`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.
    He, Zhang, Ren and Sun (2015). Delving deep into rectifiers. ICCV.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        num_channels: int,
        kernel_size: int = 5,
        pool_size: int = 2,
        dropout: float = 0.0,
        pooling: str = "max",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv1 = Convolution(
            n_channels, num_channels, kernel_size, pool_size=pool_size, generator=generator
        )
        self.conv2 = Convolution(num_channels, num_channels, kernel_size, generator=generator)
        self.pooling = Pooling(pooling, num_channels, generator=generator)
        self.head = Head(num_channels, n_outputs, dropout=dropout, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        outputs: Tensor = self.head(self.pooling(*self._pools(x, lengths)))
        return outputs

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`.

        The weight of a pool is divided evenly among its steps.
        """
        weights = self.pooling.weights(*self._pools(x, lengths))
        return upsample(weights, self.conv1.pool_size, x.shape[1], lengths)

    def _pools(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Compute the features (batch, n_pools, num_channels), and how many pools are valid."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        h, lengths = self.conv1(x.transpose(1, 2), lengths)
        h, _ = self.conv2(h, lengths)  # (batch, num_channels, n_pools)
        return h.transpose(1, 2), lengths

    def input_groups(self) -> InputGroups:
        """Group the weights of the first convolution by the channel they read: (n_channels,)."""
        return input_channels("conv1.weight", self.conv1.weight)


class Convolution(Layer):
    """Convolution along the steps, :math:`max(0, .)` and max pooling, channels before steps.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of the input (batch, n_in, n_steps) and of the output (batch, n_out, n_pools), with
        n_pools = n_steps / pool_size, rounded up.
    kernel_size : int
        Taps of each filter. An even filter reads one more step of the future than of the past.
    pool_size : int, default=1
        Steps in a pool.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    penalized: ClassVar = {"weight": True, "bias": False}

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        pool_size: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel_size))
        std = math.sqrt(2 / (n_in * kernel_size))
        nn.init.normal_(self.weight, std=std, generator=generator)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Map x to features and their lengths; the padding of both is zero."""
        h = F.conv1d(x, self.weight, self.bias, padding=self.kernel_size // 2)
        h = torch.relu(h[:, :, (self.kernel_size + 1) % 2 :])  # (batch, n_out, n_steps)
        if lengths is not None:
            h = torch.where(valid_steps(lengths, h.shape[2]).transpose(1, 2), h, 0.0)
        if self.pool_size == 1:
            return h, lengths
        pools = F.max_pool1d(h, self.pool_size, ceil_mode=True)
        return pools, None if lengths is None else (lengths + self.pool_size - 1) // self.pool_size


def input_channels(name: str, weight: Tensor) -> InputGroups:
    """Group the weights (n_out, n_channels, kernel_size) of that name by channel."""
    channels = torch.arange(weight.shape[1])
    return InputGroups((len(channels),), {name: channels[:, None].expand(weight.shape)})
