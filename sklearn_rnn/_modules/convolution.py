"""Convolutional layers with max pooling."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups
from sklearn_rnn._modules.kernels.conv import (
    Taps,
    has_conv_kernel,
    native_convolution,
    runs_in_kernels,
)
from sklearn_rnn._modules.layers import Layer, linear
from sklearn_rnn._modules.masking import valid_steps


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
    runs_together = True

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
        if not self.runs_natively(x):
            return _pools(_convolved(x, self.weight, self.bias), lengths, self.pool_size)
        h = self._native(x, lengths, self.pool_size)
        return h.transpose(1, 2), _n_pools(lengths, self.pool_size)

    def runs_natively(self, x: Tensor) -> bool:
        """Return whether the kernels compute the features of x (batch, n_in, n_steps)."""
        return runs_in_kernels(x, self.weight)

    def largest(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the largest of the features of all steps (batch, n_out), by the kernels.

        Its gradient is that of the first of equal ones, as in each pool.
        """
        return self._native(x, lengths, x.shape[2])[:, 0]

    def _native(self, x: Tensor, lengths: Tensor | None, pool_size: int) -> Tensor:
        taps = _centred(x, self.weight)._replace(rectifies=True, pool_size=pool_size)
        return native_convolution(taps, x.transpose(1, 2), self.weight, self.bias, lengths)

    def native_parts(self) -> Sequence[nn.Module]:
        """Return this layer if the compiled kernels run it where its parameters are."""
        return [self] if has_conv_kernel(self.weight) else ()


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
    runs_together = True

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
        if not runs_in_kernels(x, self.weight):
            return _convolved(x, self.weight, self.bias)
        taps = _centred(x, self.weight)
        return native_convolution(taps, x.transpose(1, 2), self.weight, self.bias).transpose(1, 2)

    def native_parts(self) -> Sequence[nn.Module]:
        """Return this layer if the compiled kernels run it where its parameters are."""
        return [self] if has_conv_kernel(self.weight) else ()


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


def _centred(x: Tensor, weight: Tensor) -> Taps:
    """Return the steps that the taps of weights read, for each step of x (batch, n_in, n_steps)."""
    return Taps(x.shape[2], -((weight.shape[2] - 1) // 2))


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
    return pools, _n_pools(lengths, size)


def _n_pools(lengths: Tensor | None, size: int) -> Tensor | None:
    """Return how many pools of that size have valid steps."""
    return None if lengths is None else (lengths + size - 1) // size


def input_channels(name: str, layer: Convolution | Branches) -> InputGroups:
    """Group the weights (n_out, n_channels, ...) of a layer of that name by channel."""
    weights = {f"{name}.{of}": p for of, p in layer.named_parameters() if p.dim() > 1}
    n_channels = next(iter(weights.values())).shape[1]
    labels = {
        of: torch.arange(n_channels).view(-1, *[1] * (p.dim() - 2)).expand(p.shape)
        for of, p in weights.items()
    }
    return InputGroups((n_channels,), labels)
