"""A network, its head and the loss, as one operation of the compiled kernels.

A chunk of rows goes through all three, forward and backward, before the next one begins, so that
the intermediate results stay in the cache. Many small batches are processed in one call.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.kernels.layer import BITS, CELLS, sizes_of
from sklearn_rnn._modules.kernels.loader import ADAM, CALL, CHUNK, FUNCTIONS, TRAINING
from sklearn_rnn._modules.kernels.threads import addresses, parts_of, run_together
from sklearn_rnn._modules.masking import zero_padding
from sklearn_rnn._modules.recurrent_cells import RecurrentLayer

WORK_PER_CALL = 10**9
"""Multiplications, forward, of the batches of one call: a Ctrl-C takes effect between calls."""


ACTIVATION = 10
"""Multiplications that take as long as one activation of a gate."""

LARGEST_HEAD = 256
"""Outputs above which torch's products are faster than the head of the kernels."""


class KernelLoss(NamedTuple):
    """A loss of the kernels: its number in ``enum loss`` of fused_training.h, and its option."""

    number: int
    option: float = 0.0


class Sequences(NamedTuple):
    """A batch: x (batch, n_steps, n_channels), targets, weights of the samples, and lengths.

    Targets are of shape (batch, n_outputs), or classes of shape (batch,) and dtype int64. Row i is
    valid in its first ``lengths[i]`` steps.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None = None
    lengths: Tensor | None = None

    def part(self, start: int, stop: int) -> Sequences:
        """Return some of the sequences."""
        x, y, *others = self
        rows = slice(start, stop)
        return Sequences(x[rows], y[rows], *(t if t is None else t[rows] for t in others))

    def for_kernels(self, dtype: torch.dtype) -> Sequences:
        """Return the sequences as the kernels read them: of a dtype, with contiguous channels."""
        x, y, weight, lengths = self
        x = (x if x.stride(2) == 1 else x.contiguous()).to(dtype)
        y = y.to(dtype if y.is_floating_point() else torch.int64)
        weight = None if weight is None else weight.to(dtype).contiguous()
        lengths = None if lengths is None else lengths.contiguous()
        return Sequences(x, y.contiguous(), weight, lengths)


class Ridge(NamedTuple):
    """The ridge penalty: half the squares of the first `n_weights` parameters times `strength`.

    `vector` holds all parameters, and its ``grad`` all gradients.
    """

    vector: Tensor
    n_weights: int
    strength: float


class TrainingKernel(Protocol):
    """Losses and gradients of a network, computed by the compiled kernels."""

    def gradient(self, batch: Sequences, ridge: Ridge) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters."""


class AdamSteps(NamedTuple):
    """Steps of Adam on one vector of parameters.

    Attributes
    ----------
    rates : Tensor of shape (n_steps,)
        Their learning rates, in double precision.
    time : int
        Number of the first step, from 1.
    tensors : tuple of Tensor
        The vector, its gradient and the means of gradients and of their squares.
    settings : tuple of float
        beta_1, beta_2 and epsilon.
    """

    rates: Tensor
    time: int
    tensors: tuple[Tensor | None, ...]
    settings: tuple[float, float, float]


def _adam(optimizer: torch.optim.Adam) -> tuple[int, tuple[Tensor | None, ...], Any]:
    """Return time, tensors and settings of the next step; the first one makes the state."""
    group = optimizer.param_groups[0]
    vector: Tensor = group["params"][0]
    state = optimizer.state[vector]
    if not state:
        state["step"] = torch.zeros((), dtype=torch.float32)
        state["exp_avg"], state["exp_avg_sq"] = (torch.zeros_like(vector) for _ in range(2))
    tensors = vector, vector.grad, state["exp_avg"], state["exp_avg_sq"]
    return int(state["step"]) + 1, tensors, (*group["betas"], group["eps"])


def step_of_adam(optimizer: torch.optim.Adam) -> None:
    """Update the one vector of parameters of an optimizer from its gradient."""
    group = optimizer.param_groups[0]
    vector, rate = group["params"][0], float(group["lr"])
    time, tensors, settings = _adam(optimizer)
    packed = ADAM.pack(vector.numel(), time, *addresses(*tensors), rate, *settings)
    FUNCTIONS["adam", BITS[vector.dtype]](packed)
    optimizer.state[vector]["step"] += 1


class NativeTraining(ABC):
    """Losses and gradients of a network, and its training by Adam, batch after batch.

    Parameters
    ----------
    parameters : sequence of Tensor
        Those of the network, which have gradients; at the end weight and bias of the head.
    loss : KernelLoss
        Compares the outputs with the targets.

    Attributes
    ----------
    kernel : str
        The functions of the library have names that begin with it.
    chunk : int
        Rows that they process together.
    """

    kernel: str
    chunk = CHUNK

    def __init__(self, parameters: Sequence[Tensor], loss: KernelLoss) -> None:
        self.parameters, self.loss = parameters, loss

    @abstractmethod
    def _work(self, n_steps: int) -> int:
        """Return the multiplications, forward, for one row."""

    @abstractmethod
    def _n_partial(self, x: Tensor, size: int) -> int:
        """Return the elements of the gradients of all groups of a batch of `size` rows."""

    @abstractmethod
    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        """Pack the arguments of the network, which follow ``struct training``.

        The addresses are those of the parameters, of their gradients, of lengths and dx.
        """

    def gradient(self, batch: Sequences, ridge: Ridge, dx: Tensor | None = None) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters.

        The gradient of x is written into `dx`, if given, which has its shape.
        """
        if batch.lengths is not None:
            batch = batch._replace(x=zero_padding(batch.x, batch.lengths))
        n_rows = len(batch.x)
        return self._run(batch, n_rows, ridge, dx, None) / n_rows

    def train(
        self,
        sequences: Sequences,
        size: int,
        ridge: Ridge,
        optimizer: torch.optim.Adam,
        rates: list[float],
    ) -> Tensor:
        """Take a step of Adam for each batch of `size` rows, in order; every step is valid.

        The rates of the steps are given, and the state of the optimizer advances by them. Returns
        the sum of the objectives of the batches, each times its rows.
        """
        if sequences.lengths is not None:
            raise ValueError("train takes sequences without lengths; use gradient")
        adam = AdamSteps(torch.tensor(rates, dtype=torch.float64), *_adam(optimizer))
        objective = self._run(sequences, size, ridge, None, adam)
        optimizer.state[ridge.vector]["step"] += len(rates)
        optimizer.param_groups[0]["lr"] = rates[-1]
        return objective

    def _run(
        self,
        sequences: Sequences,
        size: int,
        ridge: Ridge,
        dx: Tensor | None,
        adam: AdamSteps | None,
    ) -> Tensor:
        """Return the sum of the objectives of all batches, each times its rows."""
        # kept alive until the calls are over: some of these are copies
        sequences = sequences.for_kernels(self.parameters[0].dtype)
        x = sequences.x
        size = min(size, len(x))
        workspace = self._workspace(x, size)
        work = size * self._work(x.shape[1])
        names = [f"{self.kernel}_{name}" for name in ("train", "train_part", "train_sum")]
        train, train_part, train_sum = [FUNCTIONS[name, BITS[x.dtype]] for name in names]
        gradients = [p.grad for p in self.parameters]
        parts = parts_of(size, work, self.chunk)
        where = addresses(*self.parameters, *gradients, sequences.lengths, dx)
        network = self._pack_network(x, where)
        pack = partial(self._pack, ridge=ridge, adam=adam, workspace=workspace, network=network)
        is_shared = len(parts) > 1
        together = 1 if is_shared else max(1, WORK_PER_CALL // work)
        for i in range(0, -(-len(x) // size), together):
            batches = sequences.part(i * size, (i + together) * size)
            n = min(size, len(batches.x))
            if n < size:  # the last batch
                parts = parts_of(n, work, self.chunk)
            calls = [pack(batches, n, part, i) for part in parts]
            run_together(train_part if is_shared else train, calls)
            if is_shared:
                train_sum(calls[0])
        return workspace[-1]

    def _workspace(self, x: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Allocate the gradients of groups, the losses of chunks, and the objective."""
        partial = x.new_empty(self._n_partial(x, size))
        losses = torch.empty(-(-size // self.chunk), dtype=torch.float64)
        return partial, losses, torch.zeros((), dtype=torch.float64)

    def _pack(
        self,
        sequences: Sequences,
        size: int,
        part: tuple[int, int],
        i: int,
        *,
        ridge: Ridge,
        adam: AdamSteps | None,
        workspace: tuple[Tensor, Tensor, Tensor],
        network: bytes,
    ) -> bytes:
        """Pack the arguments for some batches, the first of which is number `i`."""
        x, y, weight, _ = sequences
        of_adam = (ridge.vector, ridge.vector.grad, None, None) if adam is None else adam.tensors
        of_x, *where = addresses(x, y, weight, *workspace, *of_adam)
        of_batch, of_vector = where[:5], where[5:]
        rate, steps = 0, (0, 0, *of_vector, *[0.0] * 4)
        if adam is not None:
            rate, n = adam.rates[i:].data_ptr(), ridge.vector.numel()
            steps = (n, adam.time + i, *of_vector, 0.0, *adam.settings)
        n_outputs = len(self.parameters[-1])
        training = TRAINING.pack(
            *(size, len(x), *part, x.stride(0), of_x, n_outputs, self.loss.number, *of_batch),
            *(ridge.n_weights, rate, self.loss.option, ridge.strength, *steps),
        )
        return training + network


class RecurrentTraining(NativeTraining):
    """Training of a network of one recurrent layer that is read at its last step.

    Parameters
    ----------
    layer : nn.RNN, nn.LSTM, nn.GRU or CoupledLSTM
        One layer in one direction, for which there is a kernel.
    head : nn.Linear
        Reads the last state.
    loss : KernelLoss
        Compares the outputs with the targets.
    """

    def __init__(self, layer: RecurrentLayer, head: nn.Linear, loss: KernelLoss) -> None:
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        parameters = [*(layer.get_parameter(name) for name in names), head.weight, head.bias]
        super().__init__(parameters, loss)
        self.kernel, self.option = CELLS[layer.mode]

    def _work(self, n_steps: int) -> int:
        w_in, w_state, b_in, _, head, _ = self.parameters
        return n_steps * (w_in.numel() + w_state.numel() + ACTIVATION * len(b_in)) + head.numel()

    def _n_partial(self, x: Tensor, size: int) -> int:
        n_outputs, hidden = self.parameters[-2].shape
        shape = (size, *x.shape[1:], hidden)
        n_layer = sizes_of(self.kernel, BITS[x.dtype], self.option, shape, False)[1]
        return n_layer + -(-size // self.chunk) * n_outputs * (hidden + 1)

    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        """Pack the end of ``struct recurrent`` of recurrent_training.h."""
        hidden, (layer, of_layer) = self.parameters[1].shape[1], (where[:4], where[6:10])
        lengths, dx = where[12:]
        call = CALL.pack(
            *(0, *x.shape[1:], hidden, self.option, 0, 0, 0, x.stride(1), 0, *layer),
            *(0, 0, 0, lengths, *[0] * 7, dx, 0, 0, 0, *of_layer),
        )
        return call + struct.pack("@4q", *where[4:6], *where[10:12])
