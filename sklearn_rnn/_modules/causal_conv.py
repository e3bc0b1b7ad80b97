"""Causal, dilated, weight-normalised convolution along the steps."""

import math
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.layers import Layer


class CausalConvolution(Layer):
    r"""Causal convolution along the steps, with the weight :math:`w = g\,v / \lVert v \rVert`.

    Weight normalisation (Salimans and Kingma, 2016, arXiv:1602.07868): `weight_v` of shape (n_out,
    n_in, kernel_size) holds the direction of each filter and `weight_g` of shape (n_out, 1, 1) its
    norm, equal to that of `weight_v` at the start. So the squared norm of `weight_g` is that of the
    effective weight. Without normalisation the weight is the parameter `kernel` itself.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of the last axis of the input and the output.
    kernel_size : int
        Taps of each filter.
    gain : float, default=1.0
        Factor of the initial values, which are He normal.
    normalized : bool, default=True
        Whether the weight is normalised.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    # the squared norm of weight_g is that of the weight; weight_v is its direction
    penalized: ClassVar = {"weight_g": True, "weight_v": False, "kernel": True, "bias": False}

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        gain: float = 1.0,
        normalized: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.normalized = normalized
        weight = torch.empty(n_out, n_in, kernel_size)
        std = gain * math.sqrt(2 / (n_in * kernel_size))
        nn.init.normal_(weight, std=std, generator=generator)
        if normalized:
            self.weight_v = nn.Parameter(weight)
            self.weight_g = nn.Parameter(_filter_norm(weight))
        else:
            self.kernel = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def weight(self) -> Tensor:
        """Effective weight (n_out, n_in, kernel_size), oldest tap first."""
        if not self.normalized:
            return self.kernel
        return self.weight_v * (self.weight_g / _filter_norm(self.weight_v))

    def forward(self, x: Tensor, n_steps: int, *, stride: int = 1, dilation: int = 1) -> Tensor:
        """Map x (batch, any, n_in) to the last n_steps of every stride-th step.

        One matrix product over the concatenated taps is faster on a CPU than `torch.conv1d`, which
        needs the channels before the steps.
        """
        taps = _Taps.of(x.shape[1], n_steps, self.kernel_size, stride, dilation)
        weight = self.weight().transpose(1, 2).flatten(1)  # (n_out, kernel_size * n_in)
        return F.linear(taps.read(x), weight, self.bias)

    def forward_and_vjp(
        self, x: Tensor, n_steps: int, *, stride: int = 1, dilation: int = 1
    ) -> tuple[Tensor, Callable[..., Tensor | None]]:
        """Compute what `forward` does, without automatic differentiation.

        Returns the output and ``pullback(gradient, into_x=True)``, which writes the gradients of
        the parameters over their ``grad`` and returns that of x if `into_x` is true.
        """
        taps = _Taps.of(x.shape[1], n_steps, self.kernel_size, stride, dilation)
        read = taps.read(x)
        columns = read.flatten(0, 1)  # (batch * n_steps, kernel_size * n_in)
        norm = _filter_norm(self.weight_v) if self.normalized else None
        unit = self.kernel if norm is None else self.weight_v / norm
        weight = unit if norm is None else unit * self.weight_g
        weight = weight.transpose(1, 2).flatten(1)
        h = torch.addmm(self.bias, columns, weight.T)

        def pullback(gradient: Tensor, *, into_x: bool = True) -> Tensor | None:
            gradient = gradient.flatten(0, 1)
            torch.sum(gradient, 0, out=self.bias.grad)
            self._write_gradient(gradient.T @ columns, unit, norm)
            if not into_x:
                return None
            return taps.write((gradient @ weight).view(read.shape), x.shape)

        return h.view(*read.shape[:2], -1), pullback

    def _write_gradient(self, gradient: Tensor, unit: Tensor, norm: Tensor | None) -> None:
        """Write the gradient of the parameters, given that of the weight in `forward_and_vjp`.

        The direction of the weight is `unit`; `norm` is that of weight_v, or None without it.
        """
        n_out, n_in, kernel_size = unit.shape
        gradient = gradient.view(n_out, kernel_size, n_in).transpose(1, 2)
        if norm is None:
            torch.mul(gradient, 1, out=self.kernel.grad)
            return
        along = torch.sum(gradient * unit, (1, 2), keepdim=True, out=self.weight_g.grad)
        across = torch.addcmul(gradient, unit, along, value=-1)
        torch.mul(across, self.weight_g / norm, out=self.weight_v.grad)


class _Taps(NamedTuple):
    """The steps that each tap of a filter reads for all steps of the output: slices of `span`."""

    padding: int
    starts: range
    span: int
    stride: int

    @classmethod
    def of(cls, given: int, n_steps: int, kernel_size: int, stride: int, dilation: int) -> "_Taps":
        """Find the taps for the last n_steps of every stride-th of the `given` steps."""
        span = (n_steps - 1) * stride + 1  # steps that one tap reads, first to last
        first = given - span - (kernel_size - 1) * dilation
        padding = max(0, -first)  # zeros before the first step
        first += padding
        starts = range(first, first + kernel_size * dilation, dilation)
        return cls(padding, starts, span, stride)

    def read(self, x: Tensor) -> Tensor:
        """Concatenate what the taps read, oldest first: (batch, n_steps, kernel_size * n_in)."""
        if self.padding:
            x = F.pad(x, (0, 0, self.padding, 0))
        return torch.cat([x[:, s : s + self.span : self.stride] for s in self.starts], 2)

    def write(self, gradient: Tensor, shape: torch.Size) -> Tensor:
        """Sum the gradients of what the taps read into that of x, of the given shape."""
        batch, n_steps, n_in = shape
        total = gradient.new_zeros(batch, self.padding + n_steps, n_in)
        for i, s in enumerate(self.starts):
            part = gradient[:, :, i * n_in : (i + 1) * n_in]
            total[:, s : s + self.span : self.stride] += part
        return total[:, self.padding :]


def _filter_norm(v: Tensor) -> Tensor:
    """Norm of each filter of v (n_out, n_in, kernel_size): (n_out, 1, 1)."""
    norm: Tensor = torch.linalg.vector_norm(v, dim=(1, 2), keepdim=True)
    return norm
