"""Recurrent layers as the operators of ONNX, for any number of steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.recurrent_cells import CoupledLSTM, RecurrentLayer

# The operator of each layer, its attributes, and its gates: those of torch, times 1 or -1.
OPERATORS: dict[str, tuple[str, dict[str, int | list[str]], list[tuple[int, int]]]] = {
    "RNN_TANH": ("RNN", {"activations": ["Tanh"]}, [(0, 1)]),
    "RNN_RELU": ("RNN", {"activations": ["Relu"]}, [(0, 1)]),
    "LSTM": ("LSTM", {}, [(0, 1), (3, 1), (1, 1), (2, 1)]),
    "COUPLED_LSTM": ("LSTM", {}, [(0, 1), (2, 1), (0, -1), (1, 1)]),  # 1 - sigma(a) = sigma(-a)
    "GRU": ("GRU", {"linear_before_reset": 1}, [(1, 1), (0, 1), (2, 1)]),
}


class OperatorLayer(nn.Module):
    """One direction of a recurrent layer, as an operator of ONNX.

    torch itself exports the LSTM and the GRU as loops in recent versions, and unrolls the RNN, for
    one number of steps. Outside of an export the result is zero. The layer has biases.
    """

    def __init__(self, layer: RecurrentLayer) -> None:
        super().__init__()
        self.hidden_size = layer.hidden_size
        self.operator, self.attributes, self.gates = OPERATORS[layer.mode]
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weight, recurrent, *biases = (self._reordered(layer.get_parameter(n)) for n in names)
        self.register_buffer("weight", weight[None])
        self.register_buffer("recurrent", recurrent[None])
        self.register_buffer("bias", torch.cat(biases)[None])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (batch, n_steps, n_in) to the states of all steps, and the last ones."""
        batch, n_steps, size = x.shape[0], x.shape[1], self.hidden_size
        weights = [self.get_buffer(name) for name in ("weight", "recurrent", "bias")]
        states, final = torch.onnx.ops.symbolic_multi_out(
            self.operator,
            (x.transpose(0, 1), *weights),
            {"hidden_size": size, **self.attributes},
            dtypes=(x.dtype, x.dtype),
            shapes=((n_steps, 1, batch, size), (1, batch, size)),
        )
        return states.squeeze(1).transpose(0, 1), final

    def _reordered(self, values: Tensor) -> Tensor:
        """Return values (n_gates * hidden_size, ...) of torch in the order of ONNX."""
        gates = values.detach().split(self.hidden_size)
        return torch.cat([sign * gates[gate] for gate, sign in self.gates])


def with_operators(module: nn.Module) -> nn.Module:
    """Return a module whose recurrent layers are replaced by operators, in place."""
    for name, child in module.named_children():
        if isinstance(child, nn.RNNBase | CoupledLSTM):
            module.add_module(name, OperatorLayer(child))
        else:
            with_operators(child)
    return module
