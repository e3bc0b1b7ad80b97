"""A convolution along the steps, forward and backward, as one operation of the compiled kernels.

`native_convolution` is differentiated by torch as any operation; `runs_in_kernels` tells whether it
may compute a convolution.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sklearn_rnn._modules.kernels.arguments import BITS, Conv
from sklearn_rnn._modules.kernels.layer import refuse_second_derivatives
from sklearn_rnn._modules.kernels.loader import FUNCTIONS, LIBRARY, lanes
from sklearn_rnn._modules.kernels.threads import addresses, parts_of, run_together

MOST_WEIGHTS_OF_A_TAP = 2**17
"""Inputs times outputs above which torch's blocked matrix products are faster."""


class Taps(NamedTuple):
    """Which steps the taps of a convolution read, and what follows it.

    Attributes
    ----------
    n_steps : int
        Steps of the output.
    offset : int
        The step of the input that the first tap reads for the first step of the output; there are
        zeros outside of the input.
    dilation, stride : int
        Steps from one tap to the next, and from one step of the output to the next.
    rectifies : bool
        Whether :math:`max(0, .)` is applied.
    pool_size : int
        Steps in a pool, the last of which may be partial; more than one only if `rectifies`.
    """

    n_steps: int
    offset: int
    dilation: int = 1
    stride: int = 1
    rectifies: bool = False
    pool_size: int = 1


def has_conv_kernel(weight: Tensor) -> bool:
    """Return whether there is a kernel for weights, at their size and where they are."""
    return (
        LIBRARY is not None
        and weight.dtype in BITS
        and weight.device.type == "cpu"
        and weight.shape[0] * weight.shape[1] <= MOST_WEIGHTS_OF_A_TAP
    )


def runs_in_kernels(x: Tensor, weight: Tensor) -> bool:
    """Return whether `native_convolution` may apply weights to x, outside of tracing."""
    return (
        has_conv_kernel(weight)
        and not torch.compiler.is_compiling()
        and not torch._C._get_tracing_state()
        and not torch.is_autocast_enabled("cpu")
        and x.dtype == weight.dtype
        and x.device.type == "cpu"
        and x.numel() > 0
    )


def native_convolution(
    taps: Taps, x: Tensor, weight: Tensor, bias: Tensor, lengths: Tensor | None = None
) -> Tensor:
    """Convolve sequences along their steps.

    Parameters
    ----------
    taps : Taps
        The steps that are read.
    x : Tensor of shape (batch, n_steps, n_in)
        The input, of any strides.
    weight : Tensor of shape (n_out, n_in, kernel_size)
        The weights, of the earliest step first.
    bias : Tensor of shape (n_out,)
        Added to each output.
    lengths : Tensor of shape (batch,), optional
        Steps of the output after which it is zero, before pooling; only if it is rectified.

    Returns
    -------
    Tensor of shape (batch, n_pools, n_out)
        The output.
    """
    arguments = (x, weight, bias)
    if torch.is_grad_enabled() and any(t.requires_grad for t in arguments):
        result: Tensor = _Convolution.apply(taps, lengths, *arguments)  # type: ignore[no-untyped-call]  # of torch
        return result
    return convolve(taps, *arguments, lengths=lengths)[0]


class _Convolution(torch.autograd.Function):
    """A convolution, for torch's automatic differentiation."""

    @staticmethod
    def forward(ctx: Any, taps: Taps, lengths: Tensor | None, *arguments: Tensor) -> Tensor:
        """Run the layer, and keep what the backward pass needs."""
        y, ctx.before_pooling = convolve(taps, *arguments, lengths=lengths, keeps=True)
        ctx.taps = taps
        ctx.save_for_backward(*arguments, y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the arguments of `forward`."""
        refuse_second_derivatives()
        x, weight, bias, y = ctx.saved_tensors
        d_weight, d_bias = torch.empty_like(weight), torch.empty_like(bias)
        outputs = (y, ctx.before_pooling, gradient)
        into_x = ctx.needs_input_grad[2]
        dx = convolve_back(ctx.taps, x, weight, outputs, (d_weight, d_bias), into_x=into_x)
        return None, None, dx, d_weight, d_bias


def convolve(
    taps: Taps,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    lengths: Tensor | None = None,
    keeps: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Convolve as `native_convolution`, outside of automatic differentiation.

    Returns the output, and if `keeps` is true and there are pools, what the backward pass reads of
    the steps before pooling.
    """
    if x.shape[2] != weight.shape[1]:
        raise RuntimeError(f"x must have {weight.shape[1]} channels; got {x.shape[2]}.")
    x, weight = _with_adjacent_channels(x), weight.contiguous()
    lengths = None if lengths is None else lengths.to(torch.int64).contiguous()
    batch, n_out, bits = len(x), len(weight), BITS[x.dtype]
    y = x.new_empty(batch, -(-taps.n_steps // taps.pool_size), n_out)
    before = None
    if keeps and taps.pool_size > 1:
        before = x.new_empty(batch, taps.n_steps, n_out + -n_out % lanes(bits))
    # kept alive until the calls are over: some of these are copies
    tensors = (x, weight, bias.contiguous(), lengths)
    sizes = _sizes(taps, x, weight)
    where = addresses(*tensors, before, y)
    parts = parts_of(_counts(bits, *sizes)[0], _work(taps, weight, batch), 1)
    calls = [bytes(Conv(*sizes, *part, *x.stride()[:2], *where)) for part in parts]
    run_together(FUNCTIONS["conv_forward", bits], calls)
    return y, before


def convolve_back(
    taps: Taps,
    x: Tensor,
    weight: Tensor,
    outputs: tuple[Tensor, Tensor | None, Tensor],
    gradients: tuple[Tensor, Tensor],
    *,
    into_x: bool,
) -> Tensor | None:
    """Write the gradients of weight and bias over `gradients`; return that of x if `into_x`.

    The outputs are both results of `convolve`, and the gradient of the first.
    """
    x, weight, bits = _with_adjacent_channels(x), weight.contiguous(), BITS[x.dtype]
    y, before, dy = outputs[0], outputs[1], outputs[2].contiguous()
    dx = x.new_empty(x.shape) if into_x else None
    sizes = _sizes(taps, x, weight)
    partial = x.new_empty(_counts(bits, *sizes)[1])
    where = addresses(x, weight, None, None, before, y, dy, dx, partial, *gradients)
    parts = parts_of(len(x), (1 + into_x) * _work(taps, weight, len(x)), 1)
    calls = [bytes(Conv(*sizes, *part, *x.stride()[:2], *where)) for part in parts]
    run_together(FUNCTIONS["conv_backward", bits], calls)
    if len(calls) > 1:
        FUNCTIONS["conv_sum", bits](calls[0])
    return dx


def _with_adjacent_channels(x: Tensor) -> Tensor:
    return x.contiguous() if x.stride(2) != 1 and x.shape[2] > 1 else x


def _sizes(taps: Taps, x: Tensor, weight: Tensor) -> tuple[int, ...]:
    """Return the first fields of `Conv`."""
    n_steps, offset, dilation, stride, *after = taps
    n_out, n_in, kernel_size = weight.shape
    return (*x.shape[:2], n_in, n_out, kernel_size, dilation, stride, offset, n_steps, *after)


def _work(taps: Taps, weight: Tensor, batch: int) -> int:
    """Return the multiplications of one pass."""
    return batch * taps.n_steps * weight.numel()


@lru_cache(maxsize=1024)
def _counts(bits: int, *sizes: int) -> tuple[int, int]:
    """Return the chunks of a forward pass, and the elements of ``partial`` of ``struct conv``."""
    chunks, partial = ctypes.c_int64(), ctypes.c_int64()
    FUNCTIONS["conv_sizes", bits](bytes(Conv(*sizes)), ctypes.byref(chunks), ctypes.byref(partial))
    return chunks.value, partial.value
