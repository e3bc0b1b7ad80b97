"""Causal, dilated, weight-normalised convolution along the steps, and max(0, .) of it."""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.kernels.conv import (
    Taps,
    convolve,
    convolve_back,
    has_conv_kernel,
    native_convolution,
    runs_in_kernels,
)
from sklearn_rnn._modules.layers import Layer


class CausalConvolution(Layer):
    r"""Causal convolution along the steps, rectified: :math:`max(0, w * x + b)`.

    The weight is :math:`w = g\,v / \lVert v \rVert`.

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
    runs_together = True

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

        Without the kernels, one matrix product over the concatenated taps is faster on a CPU than
        `torch.conv1d`, which needs the channels before the steps.
        """
        weight, read = self.weight(), _Read.of(x, n_steps, self.kernel_size, stride, dilation)
        if runs_in_kernels(x, weight):
            return native_convolution(read.taps, x, weight, self.bias)
        weight = weight.transpose(1, 2).flatten(1)  # (n_out, kernel_size * n_in)
        return torch.relu(F.linear(read.by_taps(x), weight, self.bias))

    def native_parts(self) -> Sequence[nn.Module]:
        """Return this layer if the compiled kernels run it where its parameters are."""
        return [self] if has_conv_kernel(self.weight_v if self.normalized else self.kernel) else ()

    def forward_and_vjp(
        self, x: Tensor, n_steps: int, *, stride: int = 1, dilation: int = 1
    ) -> tuple[Tensor, Callable[..., Tensor | None]]:
        """Compute what `forward` does, without automatic differentiation.

        Returns the output and ``pullback(gradient, into_x=True)``, which writes the gradients of
        the parameters over their ``grad`` and returns that of x if `into_x` is true.
        """
        read = _Read.of(x, n_steps, self.kernel_size, stride, dilation)
        norm = _filter_norm(self.weight_v) if self.normalized else None
        unit = self.kernel if norm is None else self.weight_v / norm
        weight = unit if norm is None else unit * self.weight_g
        run = _native if runs_in_kernels(x, weight) else _by_products
        h, pull = run(read, x, weight, self.bias)

        def pullback(gradient: Tensor, *, into_x: bool = True) -> Tensor | None:
            d_weight, dx = pull(gradient, into_x)
            self._write_gradient(d_weight, unit, norm)
            return dx

        return h, pullback

    def _write_gradient(self, gradient: Tensor, unit: Tensor, norm: Tensor | None) -> None:
        """Write the gradient of the parameters, given that of the effective weight.

        The direction of the weight is `unit`; `norm` is that of weight_v, or None without it.
        """
        if norm is None:
            torch.mul(gradient, 1, out=self.kernel.grad)
            return
        along = torch.sum(gradient * unit, (1, 2), keepdim=True, out=self.weight_g.grad)
        across = torch.addcmul(gradient, unit, along, value=-1)
        torch.mul(across, self.weight_g / norm, out=self.weight_v.grad)


Pull = Callable[[Tensor, bool], tuple[Tensor, Tensor | None]]
"""From the gradient of the output, and whether that of x is asked for, to weight's and x's."""


def _native(read: "_Read", x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Pull]:
    """Convolve by the kernels; the second result writes the gradient of the bias."""
    h, _ = convolve(read.taps, x, weight, bias)

    def pull(gradient: Tensor, into_x: bool) -> tuple[Tensor, Tensor | None]:
        of_weight, of_bias = torch.empty_like(weight), bias.grad
        assert of_bias is not None, "gradients are written over those that there are"
        outputs = (h, None, gradient)
        dx = convolve_back(read.taps, x, weight, outputs, (of_weight, of_bias), into_x=into_x)
        return of_weight, dx

    return h, pull


def _by_products(read: "_Read", x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Pull]:
    """Convolve as `_native`, by torch's matrix products."""
    n_out, n_in, kernel_size = weight.shape
    by_taps = read.by_taps(x)
    columns = by_taps.flatten(0, 1)  # (batch * n_steps, kernel_size * n_in)
    weight = weight.transpose(1, 2).flatten(1)
    h = torch.addmm(bias, columns, weight.T).relu_().view(*by_taps.shape[:2], n_out)

    def pull(gradient: Tensor, into_x: bool) -> tuple[Tensor, Tensor | None]:
        gradient = where_positive(h, gradient).flatten(0, 1)
        torch.sum(gradient, 0, out=bias.grad)
        of_weight = (gradient.T @ columns).view(n_out, kernel_size, n_in).transpose(1, 2)
        if not into_x:
            return of_weight, None
        return of_weight, read.back((gradient @ weight).view(by_taps.shape), x.shape)

    return h, pull


class _Read(NamedTuple):
    """What the taps of filters read for all steps of the output: slices of `span` steps."""

    taps: Taps
    kernel_size: int

    @classmethod
    def of(cls, x: Tensor, n_steps: int, kernel_size: int, stride: int, dilation: int) -> "_Read":
        """Find what is read for the last n_steps of every stride-th step of x."""
        span = (n_steps - 1) * stride + 1  # steps that one tap reads, first to last
        offset = x.shape[1] - span - (kernel_size - 1) * dilation
        return cls(Taps(n_steps, offset, dilation, stride, rectifies=True), kernel_size)

    def _slices(self) -> list[slice]:
        """Return the steps of each tap, counted from the zeros before the first step."""
        n_steps, offset, dilation, stride, *_ = self.taps
        starts = range(max(0, offset), max(0, offset) + self.kernel_size * dilation, dilation)
        return [slice(start, start + (n_steps - 1) * stride + 1, stride) for start in starts]

    def by_taps(self, x: Tensor) -> Tensor:
        """Concatenate what the taps read, oldest first: (batch, n_steps, kernel_size * n_in)."""
        if self.taps.offset < 0:
            x = F.pad(x, (0, 0, -self.taps.offset, 0))
        return torch.cat([x[:, steps] for steps in self._slices()], 2)

    def back(self, gradient: Tensor, shape: torch.Size) -> Tensor:
        """Sum the gradients of what the taps read into that of x, of the given shape."""
        batch, n_steps, n_in = shape
        padding = max(0, -self.taps.offset)  # zeros before the first step
        total = gradient.new_zeros(batch, padding + n_steps, n_in)
        for i, steps in enumerate(self._slices()):
            total[:, steps] += gradient[:, :, i * n_in : (i + 1) * n_in]
        return total[:, padding:]


def where_positive(h: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient with respect to z, given that of :math:`h = max(0, z)`."""
    result: Tensor = torch.ops.aten.threshold_backward(gradient, h, 0)
    return result


def _filter_norm(v: Tensor) -> Tensor:
    """Norm of each filter of v (n_out, n_in, kernel_size): (n_out, 1, 1)."""
    norm: Tensor = torch.linalg.vector_norm(v, dim=(1, 2), keepdim=True)
    return norm
