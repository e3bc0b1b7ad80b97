"""Convolutional network with max pooling, and its convolutional layers."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.layers import Head, Layer, linear
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

    Several kernel sizes replace each convolution by parallel convolutions, see `Branches`.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs). Any
        number of steps is accepted when called.
    num_channels : int
        Filters of each convolution.
    kernel_size : int or sequence of int, default=5
        Taps of each filter, from 1 up; of the filters of each branch, if there are several.
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
        kernel_size: int | Sequence[int] = 5,
        pool_size: int = 2,
        dropout: float = 0.0,
        pooling: str = "max",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv1 = convolution(
            n_channels, num_channels, kernel_size, pool_size=pool_size, generator=generator
        )
        n_features = self.conv1.n_out
        self.conv2 = convolution(n_features, num_channels, kernel_size, generator=generator)
        self.pooling = Pooling(pooling, n_features, generator=generator)
        self.head = Head(n_features, n_outputs, dropout=dropout, generator=generator)

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
        """Compute the features (batch, n_pools, n_features), and how many pools are valid."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        h, lengths = self.conv1(x.transpose(1, 2), lengths)
        h, _ = self.conv2(h, lengths)  # (batch, n_features, n_pools)
        return h.transpose(1, 2), lengths

    def input_groups(self) -> InputGroups:
        """Group the weights of the first convolution by the channel they read: (n_channels,)."""
        return input_channels("conv1", self.conv1)


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
        self.n_out = n_out
        self.pool_size = pool_size
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel_size))
        std = math.sqrt(2 / (n_in * kernel_size))
        nn.init.normal_(self.weight, std=std, generator=generator)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Map x to features and their lengths; the padding of both is zero."""
        return _pools(_convolved(x, self.weight, self.bias), lengths, self.pool_size)


class Filters(Layer):
    """The filters of a branch of `Branches`: a convolution alone, channels before steps.

    Parameters
    ----------
    n_in, n_out, kernel_size : int
        Sizes of the input (batch, n_in, n_steps), of the output (batch, n_out, n_steps) and of the
        filters.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    penalized: ClassVar = {"weight": True, "bias": False}

    def __init__(
        self, n_in: int, n_out: int, kernel_size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel_size))
        std = math.sqrt(1 / (n_in * kernel_size))
        nn.init.normal_(self.weight, std=std, generator=generator)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in, n_steps) to (batch, n_out, n_steps)."""
        return _convolved(x, self.weight, self.bias)


class Branches(Layer):
    r"""Parallel convolutions with kernels of several sizes, and a residual connection.

    With B kernel sizes :math:`k_b` and the convolution of `CNN`, at each step

    .. math:: u = \max(0, [w_1 * x + b_1, \dots, w_B * x + b_B] + V x)

    with features of all branches side by side, and then max pooling. V is a linear map of the step
    itself. The layer sees as many steps as the largest kernel, and has
    :math:`C n_{in} \sum_b (k_b + 1) + B C` parameters for C filters in each branch.

    This is the module of InceptionTime with its residual connection around each layer, without
    bottleneck, batch normalisation and the branch of a max pool.

    Initial values: normal weights with half of the variance of He normal in filters and in V each,
    zero biases.

    Parameters
    ----------
    n_in : int
        Channels of the input (batch, n_in, n_steps).
    num_channels : int
        Filters of each branch: the output is (batch, B * num_channels, n_pools).
    kernel_sizes : sequence of int
        Taps of the filters of each branch.
    pool_size : int, default=1
        Steps in a pool.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Ismail Fawaz, Lucas, Forestier, Pelletier, Schmidt, Weber, Webb, Idoumghar, Muller and Petitjean
    (2020). InceptionTime: Finding AlexNet for time series classification. Data Mining and Knowledge
    Discovery 34, 1936-1962.
    """

    def __init__(
        self,
        n_in: int,
        num_channels: int,
        kernel_sizes: Sequence[int],
        *,
        pool_size: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n_out = len(kernel_sizes) * num_channels
        self.pool_size = pool_size
        self.branches = nn.ModuleList(
            Filters(n_in, num_channels, size, generator=generator) for size in kernel_sizes
        )
        self.residual = linear(n_in, self.n_out, bias=False, generator=generator)
        nn.init.normal_(self.residual.weight, std=math.sqrt(1 / n_in), generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Map x to features and their lengths; the padding of both is zero."""
        h = torch.cat([branch(x) for branch in self.branches], dim=1)  # (batch, n_out, n_steps)
        h = h + self.residual(x.transpose(1, 2)).transpose(1, 2)
        return _pools(h, lengths, self.pool_size)


def convolution(
    n_in: int,
    num_channels: int,
    kernel_size: int | Sequence[int],
    *,
    pool_size: int = 1,
    generator: torch.Generator | None = None,
) -> Convolution | Branches:
    """Return a `Convolution` for one kernel size, `Branches` for a sequence of them."""
    if isinstance(kernel_size, int):
        return Convolution(
            n_in, num_channels, kernel_size, pool_size=pool_size, generator=generator
        )
    return Branches(n_in, num_channels, kernel_size, pool_size=pool_size, generator=generator)


def _convolved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve x (batch, n_in, n_steps) with weights (n_out, n_in, kernel_size), centred."""
    kernel_size = weight.shape[2]
    h = F.conv1d(x, weight, bias, padding=kernel_size // 2)
    return h[:, :, (kernel_size + 1) % 2 :]


def _pools(h: Tensor, lengths: Tensor | None, size: int) -> tuple[Tensor, Tensor | None]:
    """Return the largest positive values in each pool, 0 if there are none, and their lengths."""
    h = torch.relu(h)  # (batch, n_features, n_steps)
    if lengths is not None:
        h = torch.where(valid_steps(lengths, h.shape[2]).transpose(1, 2), h, 0.0)
    if size == 1:
        return h, lengths
    if torch.compiler.is_compiling():  # max_pool1d is for one number of steps there
        pools = F.max_pool2d(h[:, :, None], (1, size), ceil_mode=True)[:, :, 0]
    else:
        pools = F.max_pool1d(h, size, ceil_mode=True)
    return pools, None if lengths is None else (lengths + size - 1) // size


def input_channels(name: str, layer: Convolution | Branches) -> InputGroups:
    """Group the weights (n_out, n_channels, ...) of a layer of that name by channel."""
    weights = {f"{name}.{of}": p for of, p in layer.named_parameters() if p.dim() > 1}
    n_channels = next(iter(weights.values())).shape[1]
    labels = {
        of: torch.arange(n_channels).view(-1, *[1] * (p.dim() - 2)).expand(p.shape)
        for of, p in weights.items()
    }
    return InputGroups((n_channels,), labels)
