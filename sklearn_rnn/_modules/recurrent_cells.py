"""Recurrent layers unrolled step by step, for what torch's own layers cannot do."""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.layers import OF_TORCH, Layer

Step: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""From the affine maps of x and of h, and the states h and c, to the next h and c."""


class CoupledLSTM(Layer):
    r"""LSTM layer whose forget gate is one minus its input gate: :math:`f_t = 1 - i_t`.

    .. math:: c_t = (1 - i_t) c_{t-1} + i_t g_t, \quad h_t = o_t \tanh c_t

    with the gates i and o and the candidate g of `Recurrent`. Parameters have the names of
    `torch.nn.LSTM` with one layer and ``batch_first=True``, and three gates, in the order i, g, o.

    Parameters
    ----------
    input_size : int
        Channels of the input.
    hidden_size : int
        Size of the states h and c.
    device : torch.device or str, optional
        Where the parameters are.

    References
    ----------
    Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber (2017). LSTM: a search space odyssey.
    IEEE Transactions on Neural Networks and Learning Systems 28.
    """

    mode = "COUPLED_LSTM"
    penalized = OF_TORCH[nn.RNNBase]

    def __init__(
        self, input_size: int, hidden_size: int, *, device: torch.device | str | None = None
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        n_rows = 3 * hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(n_rows, input_size, device=device))
        self.weight_hh_l0 = nn.Parameter(torch.empty(n_rows, hidden_size, device=device))
        self.bias_ih_l0 = nn.Parameter(torch.empty(n_rows, device=device))
        self.bias_hh_l0 = nn.Parameter(torch.empty(n_rows, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the values that torch's layers start with."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Map x (batch, n_steps, input_size) to the states (batch, n_steps, hidden_size).

        As of `torch.nn.LSTM`, with the last states h and c, each of shape (1, batch, hidden_size).
        """
        states, h, c = unroll(self, x)
        return states, (h[None], c[None])

    def extra_repr(self) -> str:
        """Show the sizes in ``repr``."""
        return f"{self.weight_ih_l0.shape[1]}, {self.hidden_size}"


RecurrentLayer: TypeAlias = nn.RNNBase | CoupledLSTM


def unroll(
    layer: nn.Module, x: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a layer over all steps, from zero states.

    Parameters
    ----------
    layer : nn.RNN, nn.LSTM, nn.GRU or CoupledLSTM
        One layer in one direction, with biases.
    x : Tensor of shape (batch, n_steps, n_channels)
        The input.
    mask : Tensor of shape (batch, hidden_size), optional
        Recurrent dropout: factors of :math:`h_{t-1}` at every step in the products with weights,
        but not in the interpolation of a GRU.

    Returns
    -------
    states : Tensor of shape (batch, n_steps, hidden_size)
        The state h after each step.
    h, c : Tensor of shape (batch, hidden_size)
        The last state, and the last cell state, which is zero except for an LSTM.
    """
    step = _STEPS[str(layer.mode)]
    w_in, w_state = layer.get_parameter("weight_ih_l0"), layer.get_parameter("weight_hh_l0")
    b_in, b_state = layer.get_parameter("bias_ih_l0"), layer.get_parameter("bias_hh_l0")
    from_x = F.linear(x, w_in, b_in)  # (batch, n_steps, n_gates * hidden_size)
    h = c = x.new_zeros(len(x), w_state.shape[1])
    states = []
    for a in from_x.unbind(1):
        read = h if mask is None else h * mask
        h, c = step(a, F.linear(read, w_state, b_state), h, c)
        states.append(h)
    return torch.stack(states, 1), h, c


def _elman(phi: Callable[[Tensor], Tensor]) -> Step:
    return lambda a, s, h, c: (phi(a + s), c)


def _lstm(a: Tensor, s: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = (a + s).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def _coupled_lstm(a: Tensor, s: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, g, o = (a + s).chunk(3, 1)
    c = torch.lerp(c, torch.tanh(g), torch.sigmoid(i))
    return torch.sigmoid(o) * torch.tanh(c), c


def _gru(a: Tensor, s: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    (a_r, a_z, a_n), (s_r, s_z, s_n) = a.chunk(3, 1), s.chunk(3, 1)
    candidate = torch.tanh(a_n + torch.sigmoid(a_r + s_r) * s_n)
    return torch.lerp(candidate, h, torch.sigmoid(a_z + s_z)), c


_STEPS: dict[str, Step] = {
    "RNN_TANH": _elman(torch.tanh),
    "RNN_RELU": _elman(torch.relu),
    "LSTM": _lstm,
    "COUPLED_LSTM": _coupled_lstm,
    "GRU": _gru,
}
