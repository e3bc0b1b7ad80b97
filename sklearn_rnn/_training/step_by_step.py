"""Networks that read sequences step by step, in NumPy: `StepNetwork`.

One step of a small network costs less in NumPy than in torch, whose every operation has a larger
overhead. Inside, arrays have the shape (n_features, batch), in which the gates of a layer
are contiguous, and products are changed in place: large new arrays cost more than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.causal_conv import CausalConvolution
from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.constant_outputs import GAIN, ConstantOutputs
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._modules.tcn_block import ResidualBlock
from sklearn_rnn._training.cnn_step_by_step import CNNFeatures

Array = NDArray[Any]


class StepNetwork:
    """A network that is given one step of each sequence at a time.

    Parameters
    ----------
    module : SequenceModule
        A recurrent, temporal convolutional or convolutional network, see `why_not_stepwise`. Its
        weights are copied, its dropout is left out.
    """

    def __init__(self, module: SequenceModule) -> None:
        net: Any = module.net if isinstance(module, ConstantOutputs) else module
        self.features = CNNFeatures(net) if isinstance(net, CNN) else LayerFeatures(net)
        self.weight, self.bias = _copy(net.head.linear.weight).T, _copy(net.head.linear.bias)
        if isinstance(module, ConstantOutputs):  # outputs without weights
            constants = GAIN * _copy(module.constants)
            self.weight = np.pad(self.weight, ((0, 0), (0, len(constants))))
            self.bias = np.concatenate([self.bias, constants])

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Return what the module does for the steps up to this one, and the state after it.

        Parameters
        ----------
        x : ndarray of shape (batch, n_channels)
            The next step.
        state : tuple or None
            What was returned for the step before; None at the first step.

        Returns
        -------
        outputs : ndarray of shape (batch, n_outputs)
            Outputs; of a network that returns sequences those of this step.
        state : tuple
            All that is needed of the steps so far.
        """
        features, state = self.features.step(x, state)
        return features @ self.weight + self.bias, state

    def without_steps(self, n_sequences: int) -> Array:
        """Return the outputs of sequences without steps, whose features are zero."""
        return np.tile(self.bias, (n_sequences, 1))


class StepLayer(Protocol):
    """A layer that needs of earlier steps no more than a state of fixed size."""

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Map the next step x (n_in, batch) to (n_out, batch), and return the state after it.

        The state is None before the first step.
        """


class LayerFeatures:
    """The pooled features of a recurrent or temporal convolutional network, step by step."""

    def __init__(self, net: Any) -> None:
        is_recurrent = isinstance(net, Recurrent)
        new_layer: Any = RecurrentStep if is_recurrent else BlockStep
        parts = enumerate(net.layers if is_recurrent else net.blocks)
        self.layers: list[StepLayer] = [new_layer(part, level) for level, part in parts]
        self.pooling: str = net.pooling.kind

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Return the features (batch, n_features) of the steps up to x (batch, n_channels)."""
        x = np.ascontiguousarray(x.T)
        before, pooled = state or ([None] * len(self.layers), None)
        after = []
        for layer, of_layer in zip(self.layers, before, strict=True):
            x, of_layer = layer.step(x, of_layer)
            after.append(of_layer)
        if self.pooling in ("mean", "max"):
            n_steps, total = pooled or (0, x)
            change = (x - total) / (n_steps + 1)  # a running mean stays exact over many steps
            x = total + change if self.pooling == "mean" else np.maximum(total, x)
            pooled = n_steps + 1, x
        return x.T, (after, pooled)


class RecurrentStep:
    """A recurrent layer, see `Recurrent` for the formulas."""

    def __init__(self, layer: Any, level: int) -> None:
        self.cell = _CELLS[str(layer.mode)]
        self.w_in, self.w_state = _copy(layer.weight_ih_l0), _copy(layer.weight_hh_l0)
        self.b_in, self.b_state = _column(layer.bias_ih_l0), _column(layer.bias_hh_l0)

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Return the next state h, and the states h and c."""
        if state is None:
            zeros = np.zeros((self.w_state.shape[1], x.shape[1]), dtype=x.dtype)
            state = zeros, zeros
        h, c = state
        from_x, from_h = self.w_in @ x, self.w_state @ h
        from_x += self.b_in
        from_h += self.b_state
        state = self.cell(from_x, from_h, h, c)
        return state[0], state


def _sigmoid(x: Array) -> Array:
    """Return the logistic function of x, in its place, without overflow."""
    x *= 0.5
    np.tanh(x, out=x)
    x *= 0.5
    x += 0.5
    return x


def _tanh(a: Array, s: Array, h: Array, c: Array) -> tuple[Array, Array]:
    a += s
    return np.tanh(a, out=a), c


def _relu(a: Array, s: Array, h: Array, c: Array) -> tuple[Array, Array]:
    a += s
    return np.maximum(a, 0, out=a), c


def _lstm(a: Array, s: Array, h: Array, c: Array) -> tuple[Array, Array]:
    n = len(h)
    a += s
    gates, o = _sigmoid(a[: 2 * n]), _sigmoid(a[3 * n :])
    c = gates[n:] * c
    c += gates[:n] * np.tanh(a[2 * n : 3 * n])
    return o * np.tanh(c), c


def _coupled_lstm(a: Array, s: Array, h: Array, c: Array) -> tuple[Array, Array]:
    n = len(h)
    a += s
    i, o = _sigmoid(a[:n]), _sigmoid(a[2 * n :])
    c = c + i * (np.tanh(a[n : 2 * n]) - c)
    return o * np.tanh(c), c


def _gru(a: Array, s: Array, h: Array, c: Array) -> tuple[Array, Array]:
    n = len(h)
    gates, candidate = a[: 2 * n], a[2 * n :]
    gates += s[: 2 * n]
    gates = _sigmoid(gates)
    candidate += gates[:n] * s[2 * n :]
    np.tanh(candidate, out=candidate)
    h = h - candidate
    h *= gates[n:]
    h += candidate
    return h, c


_CELLS: dict[str, Callable[[Array, Array, Array, Array], tuple[Array, Array]]] = {
    "RNN_TANH": _tanh,
    "RNN_RELU": _relu,
    "LSTM": _lstm,
    "COUPLED_LSTM": _coupled_lstm,
    "GRU": _gru,
}
"""From the affine maps of x and of h, and the states h and c, to the next h and c."""


class BlockStep:
    """A block of a TCN, which keeps the steps that its convolutions will still read."""

    def __init__(self, block: ResidualBlock, level: int) -> None:
        self.first, self.second = ConvStep(block.conv1, 2**level), ConvStep(block.conv2, 2**level)
        skip: Any = block.skip
        is_linear = isinstance(skip, nn.Linear)
        self.skip = (_copy(skip.weight), _column(skip.bias)) if is_linear else None

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Map the next step, see `StepLayer`."""
        of_first, of_second = state or (None, None)
        inner, of_first = self.first.step(x, of_first)
        outer, of_second = self.second.step(np.maximum(inner, 0), of_second)
        skipped = x if self.skip is None else self.skip[0] @ x + self.skip[1]
        return np.maximum(np.maximum(outer, 0) + skipped, 0), (of_first, of_second)


class ConvStep:
    """A causal convolution; its steps before the first are zero."""

    def __init__(self, layer: CausalConvolution, dilation: int) -> None:
        self.dilation, self.n_before = dilation, (layer.kernel_size - 1) * dilation
        weight = layer.weight().transpose(1, 2).flatten(1)  # (n_out, kernel_size * n_in)
        self.weight, self.bias = _copy(weight), _column(layer.bias)

    def step(self, x: Array, state: Any) -> tuple[Array, Any]:
        """Map the next step, see `StepLayer`."""
        steps = ((np.zeros_like(x),) * self.n_before if state is None else state) + (x,)
        read = np.concatenate(steps[:: self.dilation])
        return self.weight @ read + self.bias, steps[1:]


def why_not_stepwise(module: SequenceModule) -> str:
    """Return why the outputs of a module need all steps again, as a clause; "" if they do not."""
    net: Any = module.net if isinstance(module, ConstantOutputs) else module
    if not isinstance(net, Recurrent | TCN | CNN):
        return "its network reads all steps again"
    if isinstance(net, Recurrent) and net.reverse_layers:
        return "bidirectional=True reads sequences from their last step, too"
    return 'pooling="attention" weighs all steps again' if net.pooling.kind == "attention" else ""


def _copy(parameter: Tensor) -> Array:
    return parameter.detach().cpu().numpy().copy()


def _column(parameter: Tensor) -> Array:
    return _copy(parameter)[:, np.newaxis]
