"""A dense network, forward and backward, by the compiled kernels."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from operator import mul

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.kernels.arguments import BITS, KernelLoss, Training
from sklearn_rnn._modules.kernels.layer import LARGEST_HEAD, LARGEST_HIDDEN
from sklearn_rnn._modules.kernels.loader import FUNCTIONS, LIBRARY
from sklearn_rnn._modules.kernels.threads import parts_of, run_together
from sklearn_rnn._modules.kernels.training import NativeTraining
from sklearn_rnn._modules.layers import Dropout, is_hooked

ACTIVATIONS = {"identity": 0, "logistic": 1, "tanh": 2, "relu": 3, "silu": 4}
"""The numbers of the activations in ``enum activation`` of dense.h; torch's gelu is faster."""

ROWS = 64
"""Rows that are processed together: CHUNK in dense.c."""

FIELDS = 6
"""Fields of ``struct affine`` of dense.h: inputs, outputs, and the addresses w, b, dw, db."""


def has_dense_kernel(layers: Sequence[nn.Module], activation: str) -> bool:
    """Return whether there is a kernel for layers, the last a head, and their activation."""
    return bool(_affine(layers, activation, next(layers[0].parameters()).dtype))


def _affine(layers: Sequence[nn.Module], activation: str, dtype: torch.dtype) -> list[int]:
    """Return the fields of layers of a dtype, without gradients; none if there is no kernel."""
    if LIBRARY is None or activation not in ACTIVATIONS or dtype not in BITS:
        return []
    fields: list[int] = []
    for layer in layers:
        if type(layer) is not nn.Linear:
            return []
        own = layer._parameters  # as an attribute a parameter takes ten times as long
        weight, bias = own.get("weight"), own.get("bias")  # no parameters of a pruned layer
        most = LARGEST_HEAD if layer is layers[-1] else LARGEST_HIDDEN
        if weight is None or bias is None or not weight.dtype == bias.dtype == dtype:
            return []
        n_outputs, n_inputs = weight.shape
        stored = weight.is_contiguous() and bias.is_contiguous()
        if n_outputs > most or not (stored and weight.is_cpu and bias.is_cpu):
            return []
        fields += n_inputs, n_outputs, weight.data_ptr(), bias.data_ptr(), 0, 0
    return fields


def dense_outputs(layers: Sequence[nn.Module], activation: str, x: Tensor) -> Tensor | None:
    """Return the outputs (batch, n_outputs) of a network without their gradient, in one call.

    None if that cannot be: on conditions as those of `is_native`.

    Parameters
    ----------
    layers : sequence of nn.Linear
        The layers, the last of which is the head.
    activation : str
        The activation between them.
    x : Tensor of shape (batch, n_steps, n_channels)
        The input, of any strides.
    """
    if torch.is_grad_enabled() or not (x.is_cpu and x.numel() and x.dim() == 3 and _is_eager()):
        return None
    dtype = x.dtype
    affine = _affine(layers, activation, dtype)
    if not affine or any(map(is_hooked, layers)):
        return None
    n_rows, n_steps, n_channels = x.shape
    if n_steps * n_channels != affine[0]:
        return None  # and torch names the sizes
    if n_channels > 1 and x.stride(2) != 1:
        x = x.contiguous()
    of_row, of_step, _ = x.stride()
    n_outputs, activated = affine[1 - FIELDS], ACTIVATIONS[activation]
    out = x.new_empty((n_rows, n_outputs))
    network = _pack((n_steps, n_channels, of_step, 0, 0, out.data_ptr(), activated), affine)
    work = n_rows * sum(map(mul, affine[::FIELDS], affine[1::FIELDS]))
    calls = [
        bytes(Training(n_rows, n_rows, n_rows, *part, of_row, x.data_ptr(), n_outputs)) + network
        for part in parts_of(n_rows, work, ROWS)
    ]
    run_together(FUNCTIONS["dense_forward", BITS[dtype]], calls)
    return out


def _is_eager() -> bool:
    """Return whether torch computes at once, all in the precision of its arguments."""
    return not (
        torch.is_autocast_enabled("cpu")
        or torch._C._get_tracing_state()
        or torch.compiler.is_compiling()
    )


def _pack(network: Sequence[int], affine: Sequence[int]) -> bytes:
    """Pack the end of ``struct dense`` of dense.h: its fields up to n_layers, and the layers."""
    return struct.pack(
        f"@{len(network) + 1 + len(affine)}q", *network, len(affine) // FIELDS, *affine
    )


class DenseTraining(NativeTraining):
    """Training of a network of affine layers with an activation between them.

    Parameters
    ----------
    layers : sequence of nn.Linear
        The layers, the last of which is the head.
    activation : str
        The activation, one of `ACTIVATIONS`.
    dropout : sequence of Dropout
        That of each hidden layer; none if nothing is dropped.
    loss : KernelLoss
        Compares the outputs with the targets.
    """

    kernel = "dense"
    chunk = ROWS

    def __init__(
        self,
        layers: Sequence[nn.Linear],
        activation: str,
        dropout: Sequence[Dropout],
        loss: KernelLoss,
    ) -> None:
        super().__init__([p for layer in layers for p in (layer.weight, layer.bias)], loss)
        self.activation = ACTIVATIONS[activation]
        for layer, of_layer in zip(layers[:-1], dropout, strict=bool(dropout)):
            self.dropped.append((of_layer, layer.out_features, False))

    def _work(self, n_steps: int) -> int:
        return sum(weight.numel() for weight in self.parameters[::2])

    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        n = len(self.parameters)
        affine: list[int] = []
        for i in range(0, n, 2):
            affine += *reversed(self.parameters[i].shape), *where[i : i + 2]
            affine += where[n + i : n + i + 2]
        return _pack((*x.shape[1:], x.stride(1), *where[2 * n :], 0, self.activation), affine)
