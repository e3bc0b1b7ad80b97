"""Networks whose outputs are the integrated gradients of another network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.categories import EmbeddedCategories
from sklearn_rnn._modules.embedding import Embedding
from sklearn_rnn.inspection._path_integral import integrate


class AtShare(SequenceModule):
    """The first outputs of a network at a share of the path from the baseline to the input.

    At the share 0 it reads the baseline, zeros, in place of numbers and vectors.
    """

    def __init__(
        self,
        net: SequenceModule,
        n_outputs: int | None,
        share: float,
        *,
        baseline: Tensor | float = 0.0,
    ) -> None:
        super().__init__()
        self.net, self.n_outputs = net, n_outputs
        self.share, self.baseline = share, baseline

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        paths = _InputPaths(self.net, self.n_outputs, x, lengths, self.baseline)
        shares = torch.full((len(x),), self.share, dtype=torch.float64)
        with _full_precision(x):
            return paths.outputs(torch.arange(len(x)), shares)


class IntegratedGradients(SequenceModule):
    """A network whose outputs at each step are attributions of the first outputs of another one.

    The attribution to a token or a category is the sum of those to the entries of its vector.
    Without `times_input` gradients are not multiplied by what they are of; those of vectors always
    are. The path starts at the baseline, of numbers, and zeros, of vectors.
    """

    def __init__(
        self,
        net: SequenceModule,
        n_outputs: int | None,
        n_points: int,
        *,
        times_input: bool = True,
        baseline: Tensor | float = 0.0,
    ) -> None:
        super().__init__()
        self.net, self.n_outputs, self.n_points = net, n_outputs, n_points
        self.times_input, self.baseline = times_input, baseline

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to (batch, n_steps, n_channels * n_outputs)."""
        with (
            torch.inference_mode(mode=False),
            torch.backends.cudnn.flags(enabled=False),  # it cannot backpropagate in evaluation
            _full_precision(x),
        ):
            x = x.clone()  # a tensor of inference mode has no gradient
            lengths = None if lengths is None else lengths.clone()
            times = {"times_input": self.times_input}
            paths = _InputPaths(self.net, self.n_outputs, x, lengths, self.baseline, **times)
            return integrate(paths, len(x), self.n_points).flatten(2)


class _InputPaths:
    """The straight paths from the baseline to sequences, see `Paths`."""

    def __init__(
        self,
        net: SequenceModule,
        n_outputs: int | None,
        x: Tensor,
        lengths: Tensor | None,
        baseline: Tensor | float,
        *,
        times_input: bool = True,
    ) -> None:
        self.net, self.n_outputs, self.lengths = net, n_outputs, lengths
        self.x, self.times_input = x, times_input
        self.of_numbers = x.is_floating_point()
        if self.of_numbers:  # codes of categories, and tokens, stay as they are
            self.moved = x - baseline
            self.moved[..., _coded(net)] = 0.0

    def outputs(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Return the outputs (m, n_outputs) at one share of each of m sequences."""
        with torch.no_grad(), _scaled(self.net, shares):
            return self._run(self._numbers(rows, shares), rows)

    def derivatives(self, rows: Tensor, shares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return outputs, derivatives, and gradients (m, n_steps, n_channels, n_outputs)."""
        numbers = self._numbers(rows, shares)
        inputs = [numbers.requires_grad_()] if self.of_numbers else []
        with torch.enable_grad(), _scaled(self.net, shares) as vectors:
            outputs = self._run(numbers, rows)
        inputs += vectors
        of_numbers = [self.moved[rows]] if self.of_numbers else []
        moved = [*of_numbers, *(leaf.detach() / _along(shares, leaf) for leaf in vectors)]
        by_output, slopes = [], []
        for k in range(outputs.shape[1]):
            gradients = torch.autograd.grad(
                outputs[:, k].sum(), inputs, retain_graph=True, materialize_grads=True
            )
            products = [x * g for x, g in zip(moved, gradients, strict=True)]
            slopes.append(torch.stack([p.flatten(1).sum(1) for p in products]).sum(0))
            by_output.append(self._by_channel(gradients[0], products))
        return outputs.detach(), torch.stack(slopes, -1), torch.stack(by_output, -1)

    def _by_channel(self, gradient: Tensor, products: list[Tensor]) -> Tensor:
        """Return the integrand of one output: (m, n_steps, n_channels)."""
        if not self.of_numbers:
            return products[0].sum(-1, keepdim=True)
        by_channel = products[0] if self.times_input else gradient
        for channel, product in zip(_coded(self.net), products[1:], strict=True):
            by_channel[..., channel] = product.sum(-1)
        return by_channel

    def _run(self, numbers: Tensor, rows: Tensor) -> Tensor:
        lengths = None if self.lengths is None else self.lengths[rows]
        outputs: Tensor = self.net(numbers, lengths)
        return outputs[:, : self.n_outputs]

    def _numbers(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Return the numbers at shares of the paths; tokens as they are."""
        x = self.x[rows]
        if not self.of_numbers:
            return x
        return x - _along(1.0 - shares, x) * self.moved[rows]


def _along(shares: Tensor, x: Tensor) -> Tensor:
    """Return shares of the sequences in x (m, ...), in a shape that multiplies it."""
    return shares.to(x).view(-1, *[1] * (x.dim() - 1))


def _full_precision(x: Tensor) -> AbstractContextManager[None]:
    """Return a context without bfloat16, whose rounding hides whether attributions add up."""
    return torch.autocast(x.device.type, enabled=False)


def _coded(net: nn.Module) -> list[int]:
    """Return the channels that hold codes of categories."""
    parts = (part for part in net.modules() if isinstance(part, EmbeddedCategories))
    return next((part.coded for part in parts), [])


@contextmanager
def _scaled(net: nn.Module, shares: Tensor) -> Iterator[list[Tensor]]:
    """Let embeddings return shares of their vectors, which are appended to the list."""
    vectors: list[Tensor] = []

    def scale(layer: nn.Module, given: Any, output: Tensor) -> Tensor:
        vectors.append((_along(shares, output) * output).detach())
        return vectors[-1].requires_grad_(torch.is_grad_enabled())

    layers = [part for part in net.modules() if isinstance(part, Embedding)]
    handles = [layer.register_forward_hook(scale) for layer in layers]
    try:
        yield vectors
    finally:
        for handle in handles:
            handle.remove()
