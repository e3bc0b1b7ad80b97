"""A network, its head and the loss, as one operation of the compiled kernels.

A chunk of rows goes through all three, forward and backward, before the next one begins, so that
the intermediate results stay in the cache. Many small batches are processed in one call.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.kernels.arguments import OPTIMIZERS, Call, Optimizer, Training
from sklearn_rnn._modules.kernels.layer import BITS, CELLS, sizes_of
from sklearn_rnn._modules.kernels.loader import CHUNK, FUNCTIONS, LIBRARY
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

    `vector` holds all parameters, and its ``grad`` all gradients. A `decay` has the same value, but
    no gradient: a step multiplies these parameters by one minus itself times the learning rate.
    """

    vector: Tensor
    n_weights: int
    strength: float
    decay: float = 0.0


class TrainingKernel(Protocol):
    """Losses and gradients of a network, computed by the compiled kernels."""

    def gradient(self, batch: Sequences, ridge: Ridge) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters."""


class Steps(NamedTuple):
    """Steps of an optimizer: their learning rates, in double precision, and the first of them."""

    rates: Tensor
    first: Optimizer


def has_step(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether the kernels take the steps of an optimizer of one vector of parameters."""
    vector = optimizer.param_groups[0]["params"][0]
    supported = LIBRARY is not None and isinstance(optimizer, tuple(OPTIMIZERS))
    return supported and vector.dtype in BITS and vector.is_cpu


def _steps(optimizer: torch.optim.Optimizer, n_steps: int) -> Optimizer:
    """Return the arguments of the next of `n_steps` steps of an optimizer, which counts them.

    The first step makes its state.
    """
    group = optimizer.param_groups[0]
    vector: Tensor = group["params"][0]
    kind = next(kind for of_torch, kind in OPTIMIZERS.items() if isinstance(optimizer, of_torch))
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


def take_step(optimizer: torch.optim.Optimizer) -> None:
    """Update the one vector of parameters of an optimizer from its gradient."""
    dtype = optimizer.param_groups[0]["params"][0].dtype
    FUNCTIONS["step", BITS[dtype]](bytes(_steps(optimizer, 1)))


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
        optimizer: torch.optim.Optimizer,
        rates: list[float],
    ) -> Tensor:
        """Take a step for each batch of `size` rows, in order; all steps of the rows are valid.

        The rates of the steps are given, and the state of the optimizer advances by them. Returns
        the sum of the objectives of the batches, each times its rows.
        """
        if sequences.lengths is not None:
            raise ValueError("train takes sequences without lengths; use gradient")
        steps = Steps(torch.tensor(rates, dtype=torch.float64), _steps(optimizer, len(rates)))
        objective = self._run(sequences, size, ridge, None, steps)
        optimizer.param_groups[0]["lr"] = rates[-1]
        return objective

    def _run(
        self,
        sequences: Sequences,
        size: int,
        ridge: Ridge,
        dx: Tensor | None,
        steps: Steps | None,
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
        pack = partial(self._pack, ridge=ridge, steps=steps, workspace=workspace, network=network)
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
        steps: Steps | None,
        workspace: tuple[Tensor, Tensor, Tensor],
        network: bytes,
    ) -> bytes:
        """Pack the arguments for some batches, the first of which is number `i`."""
        x, y, weight, _ = sequences
        training = Training(size, len(x), *part, x.stride(0), x.data_ptr())
        training.outputs, training.loss = len(self.parameters[-1]), self.loss.number
        training.y, training.weight, *where = addresses(y, weight, *workspace)
        training.partial, training.losses, training.objective = where
        training.option, training.n_weights = self.loss.option, ridge.n_weights
        training.ridge, training.decay = ridge.strength, ridge.decay
        if steps is None:
            of_vector = addresses(ridge.vector, ridge.vector.grad)
            training.optimizer.w, training.optimizer.g = of_vector
        else:
            training.optimizer, training.rates = steps.first, steps.rates[i:].data_ptr()
            training.optimizer.time += i
        return bytes(training) + network


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
        names = ("w_in", "w_state", "b_in", "b_state")
        call = Call(
            **dict(zip(names, layer, strict=True), lengths=lengths, dx=dx),
            **{f"d{name}": at for name, at in zip(names, of_layer, strict=True)},
        )
        call.steps, call.inputs = x.shape[1:]
        call.hidden, call.option, call.x_step = hidden, self.option, x.stride(1)
        return bytes(call) + struct.pack("@4q", *where[4:6], *where[10:12])
