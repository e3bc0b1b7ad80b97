"""The block of the temporal convolutional network."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.causal_conv import CausalConvolution, where_positive
from sklearn_rnn._modules.layers import Dropout, linear


class Steps(NamedTuple):
    """The steps that a block computes: the last `n_out` of every `stride`-th step of its input.

    They depend on the last `n_inner` steps between its two convolutions.
    """

    n_inner: int
    n_out: int
    stride: int = 1
    dilation: int = 1


class ResidualBlock(nn.Module):
    """Two causal convolutions and a skip connection around them, see `TCN`.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of the last axis of the input and the output.
    kernel_size : int
        Taps of every filter.
    dropout : float
        Probability with which an entry of a convolution's output is dropped in training.
    gain : float
        Factor of the initial values of the second convolution.
    plain : bool
        Whether the first convolution is not normalised, and the skip connection is a linear map,
        see `selects` of the `TCN`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        dropout: float,
        gain: float,
        plain: bool,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv1 = CausalConvolution(
            n_in, n_out, kernel_size, normalized=not plain, generator=generator
        )
        self.conv2 = CausalConvolution(n_out, n_out, kernel_size, gain=gain, generator=generator)
        identity = n_in == n_out and not plain
        self.skip = nn.Identity() if identity else linear(n_in, n_out, generator=generator)
        if isinstance(self.skip, nn.Linear):
            nn.init.normal_(self.skip.weight, std=1 / math.sqrt(n_in), generator=generator)
            nn.init.zeros_(self.skip.bias)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, steps: Steps, valid: Tensor | None = None) -> Tensor:
        """Map x (batch, any, n_in) to (batch, steps.n_out, n_out).

        `valid`, if given, is zero at the steps before the first.
        """
        n_inner, n_out, stride, dilation = steps
        inner = self.dropout(self.conv1(x, n_inner, dilation=dilation))
        if valid is not None:
            inner = inner * valid[:, -n_inner:]
        outer = self.dropout(self.conv2(inner, n_out, stride=stride, dilation=dilation))
        return torch.relu(outer + self.skip(every(stride, x, n_out)))

    def forward_and_vjp(
        self, x: Tensor, steps: Steps
    ) -> tuple[Tensor, Callable[[Tensor, bool], Tensor | None]]:
        """Compute what `forward` does without dropout, and without automatic differentiation.

        Returns the output and ``pullback(gradient, into_x)``, which writes the gradients of the
        parameters over their ``grad`` and returns that of x if `into_x` is true.
        """
        n_inner, n_out, stride, dilation = steps
        inner, pull_inner = self.conv1.forward_and_vjp(x, n_inner, dilation=dilation)
        outer, pull_outer = self.conv2.forward_and_vjp(
            inner, n_out, stride=stride, dilation=dilation
        )
        passed = every(stride, x, n_out)
        h = torch.relu_(outer + self.skip(passed))

        def pullback(gradient: Tensor, into_x: bool) -> Tensor | None:
            gradient = where_positive(h, gradient)
            dx = pull_inner(pull_outer(gradient), into_x=into_x)
            if isinstance(self.skip, nn.Linear):
                columns = gradient.flatten(0, 1)
                torch.mm(columns.T, passed.flatten(0, 1), out=self.skip.weight.grad)
                torch.sum(columns, 0, out=self.skip.bias.grad)
                gradient = gradient @ self.skip.weight if into_x else gradient
            if dx is not None:
                every(stride, dx, n_out).add_(gradient)
            return dx

        return h, pullback


def every(stride: int, x: Tensor, n: int) -> Tensor:
    """Take the last n of every stride-th step of x, counted back from its last step."""
    return x[:, x.shape[1] - 1 - (n - 1) * stride :: stride]
