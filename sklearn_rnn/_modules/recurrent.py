"""Recurrent networks: Elman RNN, LSTM and GRU."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.kernels.arguments import POOLINGS, KernelLoss
from sklearn_rnn._modules.kernels.layer import (
    LARGEST_HEAD,
    LARGEST_HEAD_AT_EACH_STEP,
    has_kernel,
    is_native,
    native_layer,
)
from sklearn_rnn._modules.kernels.projection import Lookup
from sklearn_rnn._modules.kernels.training import RecurrentTraining
from sklearn_rnn._modules.layers import Dropout, Head, has_no_hooks, uninitialized
from sklearn_rnn._modules.masking import last_valid, reverse_valid, zero_padding
from sklearn_rnn._modules.pooling import Pooling
from sklearn_rnn._modules.recurrent_cells import CoupledLSTM, RecurrentLayer, unroll

CELLS: dict[str, Callable[..., nn.RNNBase]] = {
    "rnn_tanh": partial(nn.RNN, nonlinearity="tanh", batch_first=True),
    "rnn_relu": partial(nn.RNN, nonlinearity="relu", batch_first=True),
    "lstm": partial(nn.LSTM, batch_first=True),
    "gru": partial(nn.GRU, batch_first=True),
}


class Recurrent(SequenceModule):
    r"""Recurrent layers; the head reads the last valid step, or another `pooling` of all steps.

    With zero initial states and an affine map :math:`A_q(x, h) = W_q x + U_q h + b_q` for each q:

    rnn_tanh, rnn_relu
        :math:`h_t = \phi(A(x_t, h_{t-1}))` with :math:`\phi` = tanh or :math:`\max(0, \cdot)`.
    lstm
        :math:`q_t = \sigma(A_q(x_t, h_{t-1}))` for the gates q = i, f, o;
        :math:`g_t = \tanh A_g(x_t, h_{t-1})`; :math:`c_t = f_t c_{t-1} + i_t g_t`;
        :math:`h_t = o_t \tanh c_t`. With coupled gates :math:`f_t = 1 - i_t`.
    gru
        :math:`q_t = \sigma(A_q(x_t, h_{t-1}))` for the gates q = r, z;
        :math:`n_t = \tanh(W_n x_t + b_n + r_t (U_n h_{t-1} + b'_n))`;
        :math:`h_t = (1 - z_t) n_t + z_t h_{t-1}`.

    Layer l + 1 reads the states of layer l at every step; the head reads those of the last layer at
    the last valid step. A bidirectional layer has a second cell that runs from the last valid step
    to the first, and outputs both states at each step; the head then reads the final state of each
    direction: the forward one at the last valid step, the backward one at the first. Any other
    `pooling` combines the concatenated states of all valid steps.

    Dropout is applied to the outputs of a layer, before the next layer and before the head, with
    another mask at each step. Recurrent dropout is applied to :math:`h_{t-1}` in each
    :math:`U_q h_{t-1}`, with one mask for all steps of a sequence (Gal and Ghahramani, 2016) and
    another for each layer and direction; :math:`c_{t-1}`, and :math:`h_{t-1}` in the last formula
    of the GRU, are not masked.

    Initial values: Glorot uniform input weights and orthogonal recurrent weights (Saxe et al.,
    2013), gate by gate; zero biases, except 1 for the forget gate of the LSTM (Jozefowicz et al.,
    2015), or -1 for the input gate with coupled gates, which gives the same forget gate, and
    :math:`\log T_k` for the update gate of unit k of a GRU whose last states are read, with
    :math:`T_k` from 1 to n_steps - 1 on a logarithmic grid: about so many steps the unit remembers
    (Tallec and Ollivier, 2018).

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs). Any
        number of steps is accepted when called.
    cell : {"rnn_tanh", "rnn_relu", "lstm", "gru"}
        The recurrent cell.
    hidden_size : int
        Size of the state of each layer and direction.
    num_layers : int, default=1
        Number of layers.
    bidirectional : bool, default=False
        Whether each layer also runs backwards. The network is then not causal.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of a layer's output is dropped in training.
    recurrent_dropout : float in [0, 1), default=0.0
        Probability with which an entry of the recurrent state is dropped in training.
    coupled_gates : bool, default=False
        Whether the forget gate of the LSTM is one minus the input gate (Greff et al., 2017).
    pooling : {"last", "mean", "max", "attention"}, default="last"
        What the head reads of the states of the last layer, see `Pooling`.
    return_sequences : bool, default=False
        Whether the head reads the states at every step, zeros after the last valid one: outputs of
        shape (batch, n_steps, n_outputs), causal unless `bidirectional`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Elman (1990). Finding structure in time. Cognitive Science 14.
    Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9.
    Cho et al. (2014). Learning phrase representations using RNN encoder-decoder. arXiv:1406.1078.
    Saxe, McClelland and Ganguli (2013). Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks. arXiv:1312.6120.
    Jozefowicz, Zaremba and Sutskever (2015). An empirical exploration of recurrent network
    architectures. ICML.
    Gal and Ghahramani (2016). A theoretically grounded application of dropout in recurrent neural
    networks. NIPS.
    Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber (2017). LSTM: a search space odyssey.
    IEEE Transactions on Neural Networks and Learning Systems 28.
    Tallec and Ollivier (2018). Can recurrent neural networks warp time? ICLR.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        cell: str,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        coupled_gates: bool = False,
        pooling: str = "last",
        return_sequences: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if coupled_gates and cell != "lstm":
            raise ValueError(f'coupled_gates=True is for cell="lstm"; got cell={cell!r}.')
        new_cell = CoupledLSTM if coupled_gates else CELLS[cell]
        self.hidden_size = hidden_size
        n_features = hidden_size * (1 + bidirectional)
        sizes = [n_channels] + [n_features] * (num_layers - 1)
        memory = n_steps if pooling == "last" and not return_sequences else 1
        directions = [
            [_layer(new_cell, n_in, hidden_size, memory, generator) for n_in in sizes]
            for _ in range(1 + bidirectional)
        ]
        self.layers = nn.ModuleList(directions[0])
        self.reverse_layers = nn.ModuleList(directions[1] if bidirectional else [])
        self.dropout = Dropout(dropout)
        self.recurrent_dropout = Dropout(recurrent_dropout)
        self.pooling = Pooling(
            pooling, n_features, return_sequences=return_sequences, generator=generator
        )
        self.head = Head(n_features, n_outputs, dropout=dropout, generator=generator)

    def forward(self, x: Tensor | Lookup, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs).

        With `return_sequences`, to outputs (batch, n_steps, n_outputs).
        """
        x = self._last_input(x, lengths)
        if self.pooling.kind == "last":
            features = self._final_states(-1, x, lengths)
        else:
            features = self.pooling(self._all_states(-1, x, lengths), lengths)
        outputs: Tensor = self.head(features)
        return outputs

    def native_training(self, loss: KernelLoss) -> RecurrentTraining | None:
        """Return what computes losses and gradients in the compiled kernels, if they can."""
        directions = [self.layers, self.reverse_layers] if self.reverse_layers else [self.layers]
        layers = [
            [part for part in both if has_kernel(part)] for both in zip(*directions, strict=True)
        ]
        largest = LARGEST_HEAD_AT_EACH_STEP if self.pooling.kind == "none" else LARGEST_HEAD
        can = (
            all(len(both) == len(directions) for both in layers)
            and self.pooling.kind in POOLINGS
            and self.head.linear.out_features <= largest
            and has_no_hooks(self)
        )
        if not can:
            return None
        dropouts = self.dropout, self.recurrent_dropout
        return RecurrentTraining(layers, self.head, self.pooling.kind, *dropouts, loss)

    def n_projected(self, lookup: Lookup) -> int:
        """Return how many units project the rows of a `Lookup`: those of kernels do."""
        first = [part for part in (self.layers, self.reverse_layers) if len(part)]
        if torch.is_autocast_enabled("cpu") or not all(is_native(p[0], lookup) for p in first):
            return 0
        return sum(len(part[0].get_parameter("bias_ih_l0")) for part in first)

    def encode(self, x: Tensor | Lookup, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to the states of the last layer.

        They have shape (batch, n_steps, n_features). The states after the last valid step are
        arbitrary.
        """
        return self._all_states(-1, self._last_input(x, lengths), lengths)

    def attention_weights(self, x: Tensor | Lookup, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`."""
        return self.pooling.weights(self.encode(x, lengths), lengths)

    def input_groups(self) -> InputGroups:
        """Group the weights of the first layer by the channel they read: (n_channels,)."""
        weight = self.get_parameter("layers.0.weight_ih_l0")  # (n_gates * hidden_size, n_channels)
        channels = torch.arange(weight.shape[1]).expand(weight.shape)
        directions = ["layers", "reverse_layers"] if self.reverse_layers else ["layers"]
        labels = {f"{direction}.0.weight_ih_l0": channels for direction in directions}
        return InputGroups((weight.shape[1],), labels)

    def _last_input(self, x: Tensor | Lookup, lengths: Tensor | None) -> Tensor | Lookup:
        """Run every layer but the last: (batch, n_steps, n_channels or n_features)."""
        if lengths is not None and isinstance(x, Tensor):
            x = zero_padding(x, lengths)
        for i in range(len(self.layers) - 1):
            x = self.dropout(self._all_states(i, x, lengths))
        return x

    def _all_states(self, i: int, x: Tensor | Lookup, lengths: Tensor | None) -> Tensor:
        """Run layer i: (batch, n_steps, n_features)."""
        # (batch, n_steps, hidden_size)
        states = _states(self.layers[i], x, lengths, self._mask(x))
        if not self.reverse_layers:
            return states
        mirrored = _reversed(x, lengths)
        reverse = _states(self.reverse_layers[i], mirrored, lengths, self._mask(x))
        return torch.cat([states, reverse_valid(reverse, lengths)], 2)

    def _final_states(self, i: int, x: Tensor | Lookup, lengths: Tensor | None) -> Tensor:
        """Run layer i and return the final state of each direction: (batch, n_features)."""
        final = _final_state(self.layers[i], x, lengths, self._mask(x))
        if not self.reverse_layers:
            return final
        mirrored = _reversed(x, lengths)
        reverse = _final_state(self.reverse_layers[i], mirrored, lengths, self._mask(x))
        return torch.cat([final, reverse], 1)

    def _mask(self, x: Tensor | Lookup) -> Tensor | None:
        """Draw the recurrent dropout of a layer and direction: (batch, hidden_size) or None."""
        batch, values = (x, x) if isinstance(x, Tensor) else x
        return self.recurrent_dropout.mask(values.new_empty(batch.shape[0], self.hidden_size))


def _reversed(x: Tensor | Lookup, lengths: Tensor | None) -> Tensor | Lookup:
    """Reverse the valid steps of x."""
    return reverse_valid(x, lengths) if isinstance(x, Tensor) else x.reverse_valid(lengths)


def _states(
    layer: nn.Module, x: Tensor | Lookup, lengths: Tensor | None, mask: Tensor | None
) -> Tensor:
    """Run one direction: (batch, n_steps, hidden_size)."""
    if is_native(layer, x):
        states, _, _ = native_layer(layer, x, lengths, mask=mask)
        assert states is not None, "states are asked for"
        return states
    assert isinstance(x, Tensor), "a lookup is read by kernels"
    result: Tensor = layer(x)[0] if mask is None else unroll(layer, x, mask)[0]
    return result


def _final_state(
    layer: nn.Module, x: Tensor | Lookup, lengths: Tensor | None, mask: Tensor | None
) -> Tensor:
    """Run one direction and return its state (batch, hidden_size) after the last valid step."""
    if is_native(layer, x):
        return native_layer(layer, x, lengths, mask=mask, states=False)[1]
    assert isinstance(x, Tensor), "a lookup is read by kernels"
    if lengths is not None:
        return last_valid(_states(layer, x, lengths, mask), lengths)
    if mask is not None:
        return unroll(layer, x, mask)[1]
    final = layer(x)[1]
    h: Tensor = final[0] if isinstance(final, tuple) else final  # (1, batch, hidden_size)
    return h[0]


def _layer(
    new_cell: Callable[..., RecurrentLayer],
    n_in: int,
    hidden_size: int,
    memory: int,
    generator: torch.Generator | None,
) -> RecurrentLayer:
    """Build one layer in one direction, with initial values drawn gate by gate.

    The units of a GRU remember up to `memory` steps at first.
    """
    layer = uninitialized(new_cell, n_in, hidden_size)
    for parameter in layer.parameters():  # as torch, so that a seed keeps its meaning
        nn.init.uniform_(parameter, generator=generator)
    for name, parameter in layer.named_parameters():
        values = parameter.detach()  # (n_gates * hidden_size, n_in or hidden_size), or bias
        for gate in values.view(-1, hidden_size, *values.shape[1:]):
            if name.startswith("bias"):
                nn.init.zeros_(gate)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(gate, generator=generator)
            else:
                nn.init.xavier_uniform_(gate, generator=generator)
        if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
            nn.init.ones_(values[hidden_size : 2 * hidden_size])  # of the gates i, f, g, o
        if isinstance(layer, nn.GRU) and name.startswith("bias_ih"):  # of the gates r, z, n
            longest = math.log(max(memory - 1, 1))
            values[hidden_size : 2 * hidden_size] = torch.linspace(0.0, longest, hidden_size)
        if isinstance(layer, CoupledLSTM) and name == "bias_ih_l0":
            nn.init.constant_(values[:hidden_size], -1.0)  # of the gates i, g, o
    return layer
