"""A dense network, forward and backward, by the compiled kernels."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_rnn._modules.kernels.arguments import BITS, KernelLoss
from sklearn_rnn._modules.kernels.layer import LARGEST_HEAD, LARGEST_HIDDEN
from sklearn_rnn._modules.kernels.loader import LIBRARY
from sklearn_rnn._modules.kernels.training import NativeTraining

ACTIVATIONS = {"identity": 0, "logistic": 1, "tanh": 2, "relu": 3}
"""The numbers of the activations in ``enum activation`` of dense.h."""

ROWS = 64
"""Rows that are processed together: CHUNK in dense.c."""


def has_dense_kernel(layers: Sequence[nn.Linear], activation: str) -> bool:
    """Return whether there is a kernel for layers, the last a head, and their activation."""
    return (
        LIBRARY is not None
        and activation in ACTIVATIONS
        and all(layer.out_features <= LARGEST_HIDDEN for layer in layers[:-1])
        and layers[-1].out_features <= LARGEST_HEAD
        and all(layer.weight.dtype in BITS and layer.weight.is_cpu for layer in layers)
    )


class DenseTraining(NativeTraining):
    """Training of a network of affine layers with an activation between them.

    Parameters
    ----------
    layers : sequence of nn.Linear
        The layers, the last of which is the head.
    activation : str
        The activation, one of `ACTIVATIONS`.
    loss : KernelLoss
        Compares the outputs with the targets.
    """

    kernel = "dense"
    chunk = ROWS

    def __init__(self, layers: Sequence[nn.Linear], activation: str, loss: KernelLoss) -> None:
        super().__init__([p for layer in layers for p in (layer.weight, layer.bias)], loss)
        self.activation = ACTIVATIONS[activation]

    def _work(self, n_steps: int) -> int:
        return sum(weight.numel() for weight in self.parameters[::2])

    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        """Pack the end of ``struct dense`` of dense.h."""
        n_layers = len(self.parameters) // 2
        packed = [*x.shape[1:], x.stride(1), *where[-2:], self.activation, n_layers]
        pairs = [where[i : i + 2] for i in range(0, 4 * n_layers, 2)]
        for i, weight in enumerate(self.parameters[::2]):
            packed += [*reversed(weight.shape), *pairs[i], *pairs[n_layers + i]]
        return struct.pack(f"@{len(packed)}q", *packed)
