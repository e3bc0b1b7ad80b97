"""Networks whose outputs are the integrated gradients of another network, for `attributions`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.categories import EmbeddedCategories
from sklearn_rnn._modules.embedding import Embedding
from sklearn_rnn.inspection._integrated_gradients import nodes_and_weights


class AtBaseline(SequenceModule):
    """The first outputs of a network that reads zeros in place of numbers and vectors."""

    def __init__(self, net: SequenceModule, n_outputs: int | None) -> None:
        super().__init__()
        self.net, self.n_outputs = net, n_outputs

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        with _scaled(self.net, 0.0):
            outputs: Tensor = self.net(_numbers(self.net, x, 0.0), lengths)
        return outputs[:, : self.n_outputs]


class IntegratedGradients(SequenceModule):
    """A network whose outputs at each step are attributions of the first outputs of another one.

    The attribution to a token or a category is the sum of those to the entries of its vector.
    Without `times_input` gradients are not multiplied by what they are of; those of vectors always
    are.
    """

    def __init__(
        self,
        net: SequenceModule,
        n_outputs: int | None,
        n_points: int,
        *,
        times_input: bool = True,
    ) -> None:
        super().__init__()
        self.net, self.n_outputs, self.n_points = net, n_outputs, n_points
        self.times_input = times_input

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to (batch, n_steps, n_channels * n_outputs)."""
        with (
            torch.inference_mode(mode=False),
            torch.enable_grad(),
            torch.backends.cudnn.flags(enabled=False),  # it cannot backpropagate in evaluation
        ):
            x = x.clone()  # a tensor of inference mode has no gradient
            lengths = None if lengths is None else lengths.clone()
            terms = zip(*nodes_and_weights(self.n_points), strict=True)
            parts = [float(w) * self._at(float(u), x, lengths) for u, w in terms]
        return torch.stack(parts).sum(0).flatten(2)

    def _at(self, share: float, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Return input times gradient at a share of x: (batch, n_steps, n_channels, n_outputs)."""
        numbers, of_numbers = _numbers(self.net, x, share), x.is_floating_point()
        inputs = [numbers.requires_grad_()] if of_numbers else []
        with _scaled(self.net, share) as vectors:
            outputs = self.net(numbers, lengths)[:, : self.n_outputs]
        inputs += vectors
        by_output = []
        for k in range(outputs.shape[1]):
            gradients = torch.autograd.grad(
                outputs[:, k].sum(), inputs, retain_graph=True, materialize_grads=True
            )
            products = [leaf * g / share for leaf, g in zip(inputs, gradients, strict=True)]
            of_vectors = products[of_numbers:]
            if of_numbers:
                by_channel = products[0] if self.times_input else gradients[0]
                for channel, product in zip(_coded(self.net), of_vectors, strict=True):
                    by_channel[..., channel] = product.sum(-1)
            else:
                by_channel = of_vectors[0].sum(-1, keepdim=True)
            by_output.append(by_channel.detach())
        return torch.stack(by_output, -1)


def _coded(net: nn.Module) -> list[int]:
    """Return the channels that hold codes of categories."""
    parts = (part for part in net.modules() if isinstance(part, EmbeddedCategories))
    return next((part.coded for part in parts), [])


def _numbers(net: nn.Module, x: Tensor, share: float) -> Tensor:
    """Return a share of the numbers in x; codes of categories and tokens stay as they are."""
    if not x.is_floating_point():
        return x
    shares = torch.full((x.shape[-1],), share, dtype=x.dtype, device=x.device)
    shares[_coded(net)] = 1.0
    return x * shares


@contextmanager
def _scaled(net: nn.Module, share: float) -> Iterator[list[Tensor]]:
    """Let embeddings return a share of their vectors, which are appended to the list."""
    vectors: list[Tensor] = []

    def scale(layer: nn.Module, given: Any, output: Tensor) -> Tensor:
        vectors.append((share * output).detach())
        return vectors[-1].requires_grad_(torch.is_grad_enabled())

    layers = [part for part in net.modules() if isinstance(part, Embedding)]
    handles = [layer.register_forward_hook(scale) for layer in layers]
    try:
        yield vectors
    finally:
        for handle in handles:
            handle.remove()
