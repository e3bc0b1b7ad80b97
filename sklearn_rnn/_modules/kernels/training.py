"""A network, its head and the loss, as one operation of the compiled kernels.

A chunk of rows goes through all three, forward and backward, before the next one begins, so that
the intermediate results stay in the cache. Many small batches are processed in one call.
"""

from __future__ import annotations

import ctypes
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from sklearn_rnn._modules.kernels.arguments import (
    BITS,
    PARAMETERS,
    POOLINGS,
    STEPS,
    KernelLoss,
    LookupTable,
    Optimizer,
    Recurrent,
    Ridge,
    Steps,
    Training,
    Weights,
)
from sklearn_rnn._modules.kernels.layer import CELLS
from sklearn_rnn._modules.kernels.loader import CHUNK, FUNCTIONS, MOST_BYTES, TRAINING_CALLS
from sklearn_rnn._modules.kernels.threads import ACTIVATION, addresses, parts_of, run_together
from sklearn_rnn._modules.layers import Dropout, Head
from sklearn_rnn._modules.masking import zero_padding
from sklearn_rnn._modules.memory import LARGE, check_memory
from sklearn_rnn._modules.recurrent_cells import RecurrentLayer

WORK_PER_CALL = 10**9
"""Multiplications, forward, of the batches of one call: a Ctrl-C takes effect between calls."""


class Sequences(NamedTuple):
    """A batch: x (batch, n_steps, n_channels), targets, weights of the samples, and lengths.

    Targets are of shape (n, n_outputs), or classes of shape (n,) and dtype int64, and weights of
    shape (n,): one for each row, or for each valid step of each row. Row i is valid in its first
    ``lengths[i]`` steps.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None = None
    lengths: Tensor | None = None

    def part(self, start: int, stop: int) -> Sequences:
        """Return some of the sequences; all, or else all steps must be valid."""
        x, y, weight, lengths = self
        if start == 0 and stop >= len(x):
            return self
        per_row = len(y) // len(x)
        rows, terms = slice(start, stop), slice(start * per_row, stop * per_row)
        weight = None if weight is None else weight[terms]
        return Sequences(x[rows], y[terms], weight, None if lengths is None else lengths[rows])

    def for_kernels(self, dtype: torch.dtype) -> Sequences:
        """Return the sequences as the kernels read them: of a dtype, with contiguous channels."""
        x, y, weight, lengths = self
        x = (x if x.stride(2) == 1 else x.contiguous()).to(dtype)
        y = y.to(dtype if y.is_floating_point() else torch.int64)
        weight = None if weight is None else weight.to(dtype).contiguous()
        lengths = None if lengths is None else lengths.to(torch.int64).contiguous()
        return Sequences(x, y.contiguous(), weight, lengths)


class TrainingKernel(Protocol):
    """Losses and gradients of a network, computed by the compiled kernels."""

    def gradient(self, batch: Sequences, ridge: Ridge) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters."""


def next_steps(optimizer: torch.optim.Optimizer, n_steps: int) -> Optimizer:
    """Return the arguments of the next of `n_steps` steps of an optimizer, which counts them.

    The first step makes its state.
    """
    group = optimizer.param_groups[0]
    vector: Tensor = group["params"][0]
    kind = next(kind for of_torch, kind in STEPS.items() if isinstance(optimizer, of_torch))
    state = optimizer.state[vector]
    assert vector.grad is not None, "a step follows a gradient"
    if not state:
        if not isinstance(optimizer, torch.optim.SGD):  # which counts none
            state["step"] = torch.zeros((), dtype=torch.float32)
        state |= {name: torch.zeros_like(vector) for name in kind.state.values()}
    fields = {field: float(group[name]) for field, name in kind.settings.items()}
    fields |= {field: state[name].data_ptr() for field, name in kind.state.items()}
    fields |= dict(zip(("b1", "b2"), group.get("betas", ()), strict=False))
    time, where = 1, (vector.data_ptr(), vector.grad.data_ptr())
    if "step" in state:
        time += int(state["step"])
        state["step"] += n_steps
    return Optimizer(kind.number, vector.numel(), time, *where, **fields)


class NativeTraining(ABC):
    """Losses and gradients of a network, and its training, batch after batch.

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
    dropped : list of (Dropout, int, bool)
        What is multiplied by factors of dropout, in order: of how many entries of a row, and
        whether of each step.
    """

    kernel: str
    chunk = CHUNK

    def __init__(self, parameters: Sequence[Tensor], loss: KernelLoss) -> None:
        self.parameters, self.loss = parameters, loss
        self.dropped: list[tuple[Dropout, int, bool]] = []

    @abstractmethod
    def _work(self, n_steps: int) -> int:
        """Return the multiplications, forward, for one row."""

    @abstractmethod
    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        """Pack the arguments of the network, which follow ``struct training``.

        The addresses are those of the parameters, of their gradients, of lengths and dx.
        """

    def _masks(self, x: Tensor, size: int) -> tuple[Tensor | None, int]:
        """Draw the factors of dropout, batch after batch as in torch, and count those of a row."""
        counts = [n * (x.shape[1] if each else 1) for _, n, each in self.dropped]
        if not counts:
            return None, 0
        masks = x.new_empty(len(x), sum(counts))
        for batch in masks.split(size):
            parts = batch.view(-1).split([len(batch) * n for n in counts])
            for (dropout, *_), part in zip(self.dropped, parts, strict=True):
                dropout.draw_(part)
        return masks, sum(counts)

    def gradient(self, batch: Sequences, ridge: Ridge, dx: Tensor | None = None) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters.

        The gradient of x is written into `dx`, if given, which has its shape.
        """
        if batch.lengths is not None:
            batch = batch._replace(x=zero_padding(batch.x, batch.lengths))
        return self._run(batch, len(batch.x), ridge, dx, None) / max(1, len(batch.y))

    def train(
        self,
        sequences: Sequences,
        size: int,
        ridge: Ridge,
        optimizer: torch.optim.Optimizer,
        rates: list[float],
        max_norm: float | None = None,
    ) -> Tensor:
        """Take a step for each batch of `size` rows, in order; all steps of the rows are valid.

        The optimizer advances, by gradients of a norm of at most `max_norm`. Returns the sum of the
        objectives of the batches, each times its targets.
        """
        if sequences.lengths is not None:
            raise ValueError("train takes sequences without lengths; use gradient")
        first, largest = next_steps(optimizer, len(rates)), max_norm or math.inf
        steps = Steps(torch.tensor(rates, dtype=torch.float64), first, largest)
        objective = self._run(sequences, size, ridge, None, steps)
        optimizer.param_groups[0]["lr"] = rates[-1]
        return objective

    def _run(
        self, sequences: Sequences, size: int, ridge: Ridge, dx: Tensor | None, steps: Steps | None
    ) -> Tensor:
        """Return the sum of the objectives of all batches, each times its targets."""
        # kept alive until the calls are over: some of these are copies
        sequences = sequences.for_kernels(self.parameters[0].dtype)
        x = sequences.x
        size = min(size, len(x))
        work = size * self._work(x.shape[1])
        names = [f"{self.kernel}_{name}" for name in TRAINING_CALLS]
        train_sizes, train, train_part, train_sum = [FUNCTIONS[n, BITS[x.dtype]] for n in names]
        gradients = [p.grad for p in self.parameters]
        parts = parts_of(size, work, self.chunk)
        where = addresses(*self.parameters, *gradients, sequences.lengths, dx)
        network = self._pack_network(x, where)
        training = Training(size, outputs=len(self.parameters[-1]), most_bytes=MOST_BYTES)
        sizes = ctypes.c_int64(), ctypes.c_int64()
        train_sizes(bytes(training) + network, *map(ctypes.byref, sizes))
        n_partial, n_thread = (n.value for n in sizes)
        workspace = self._workspace(x, size, n_partial, len(parts) * n_thread)
        pack = partial(self._pack, ridge=ridge, steps=steps, workspace=workspace, network=network)
        is_shared = len(parts) > 1
        together = 1 if is_shared else max(1, WORK_PER_CALL // work)
        for i in range(0, -(-len(x) // size), together):
            batches = sequences.part(i * size, (i + together) * size)
            n = min(size, len(batches.x))
            if n < size:  # the last batch
                parts = parts_of(n, work, self.chunk)
            masks = self._masks(batches.x, n)
            calls = [pack(batches, n, part, i, masks) for part in parts]
            run_together(train_part if is_shared else train, calls)
            if is_shared:
                train_sum(calls[0])
        return workspace[-1]

    def _workspace(self, x: Tensor, size: int, n_partial: int, n: int) -> tuple[Tensor, ...]:
        """Allocate the gradients of groups, the losses of chunks, and the objective."""
        if (n_bytes := (n_partial + n) * x.element_size()) > LARGE:
            check_memory(n_bytes, f"gradients, and states of {x.shape[1]} steps in each thread")
        partial = x.new_empty(n_partial)
        losses = torch.empty(-(-size // self.chunk), dtype=torch.float64)
        return partial, losses, torch.zeros((), dtype=torch.float64)

    def _pack(
        self,
        sequences: Sequences,
        size: int,
        part: tuple[int, int],
        i: int,
        masks: tuple[Tensor | None, int],
        *,
        ridge: Ridge,
        steps: Steps | None,
        workspace: tuple[Tensor, ...],
        network: bytes,
    ) -> bytes:
        """Pack the arguments for some batches, the first of which is number `i`."""
        x, y, weight, _ = sequences
        terms = len(y) // len(x) * size if len(x) > size else len(y)
        training = Training(size, terms, len(x), *part, x.stride(0), x.data_ptr())
        training.outputs, training.loss = len(self.parameters[-1]), self.loss.number
        training.y, training.weight, training.masks, *where = addresses(
            y, weight, masks[0], *workspace
        )
        training.masks_row, training.most_bytes = masks[1], MOST_BYTES
        training.partial, training.losses, training.objective = where
        training.option, training.n_weights = self.loss.option, ridge.n_weights
        training.ridge, training.decay = ridge.strength, ridge.decay
        if steps is None:
            of_vector = addresses(ridge.vector, ridge.vector.grad)
            training.optimizer.w, training.optimizer.g = of_vector
        else:
            training.optimizer, training.rates = steps.first, steps.rates[i:].data_ptr()
            training.optimizer.time += i
            training.max_norm = steps.max_norm
        return bytes(training) + network


class RecurrentTraining(NativeTraining):
    """Training of a network of recurrent layers with a linear head.

    Parameters
    ----------
    layers : sequence of sequence of nn.RNN, nn.LSTM, nn.GRU or CoupledLSTM
        The layers, each in one or two directions, for which there is a kernel.
    head : Head
        Reads the states of the last layer.
    pooling : str
        Which states it reads, one of `POOLINGS`.
    dropout, recurrent_dropout : Dropout
        Those of the outputs of the layers below the last, and of the states.
    loss : KernelLoss
        Compares the outputs with the targets.
    """

    def __init__(
        self,
        layers: Sequence[Sequence[RecurrentLayer]],
        head: Head,
        pooling: str,
        dropout: Dropout,
        recurrent_dropout: Dropout,
        loss: KernelLoss,
    ) -> None:
        directions = [layer for both in layers for layer in both]
        parameters = [layer.get_parameter(name) for layer in directions for name in PARAMETERS]
        super().__init__([*parameters, head.linear.weight, head.linear.bias], loss)
        self.kernel, self.option = CELLS[layers[0][0].mode]
        self.hidden, self.pooling = layers[0][0].hidden_size, POOLINGS[pooling]
        self.n_layers, self.n_directions = len(layers), len(layers[0])
        self.lookup = LookupTable()  # in place of x, see `LookupTraining`
        n_features, n_below = self.n_directions * self.hidden, self.n_layers - 1
        self.drops_states, self.drops_outputs = (
            bool(part.training and part.p) for part in (recurrent_dropout, head.dropout)
        )
        of_states = [(recurrent_dropout, self.hidden, False)] * self.n_directions
        for i, of_outputs in enumerate([dropout] * n_below + [head.dropout]):
            self.dropped += of_states * self.drops_states
            is_each = i < n_below or pooling == "none"
            self.dropped += [(of_outputs, n_features, is_each)] * self.drops_outputs

    def _work(self, n_steps: int) -> int:
        *layers, head, _ = self.parameters
        n_activations = sum(len(bias) for bias in layers[2::4])
        n_products = sum(p.numel() for p in layers) + ACTIVATION * n_activations
        return n_steps * n_products + head.numel()

    def _pack_network(self, x: Tensor, where: list[int]) -> bytes:
        """Pack the end of ``struct recurrent`` of recurrent_training.h."""
        *where, lengths, dx = where
        n = len(self.parameters)
        values, gradients = where[:n], where[n:]
        net = Recurrent(
            *x.shape[1:], self.hidden, self.option, x.stride(1), self.n_layers, self.n_directions
        )
        net.pooling, net.lengths, net.dx, net.lookup = self.pooling, lengths, dx, self.lookup
        net.drops_states, net.drops_outputs = self.drops_states, self.drops_outputs
        net.w, net.b, net.dw, net.db = *values[-2:], *gradients[-2:]
        layers = [Weights(*values[i : i + 4], *gradients[i : i + 4]) for i in range(0, n - 2, 4)]
        return b"".join(map(bytes, (net, *layers)))
