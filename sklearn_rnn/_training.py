"""The inner training loop: batches, gradients, penalties and updates, in torch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_rnn._flat import n_weights
from sklearn_rnn._penalties import sparse_penalty, step_sizes
from sklearn_rnn._proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._schedules import PLANNED
from sklearn_rnn._windows import Windows

GATHERED_AT_ONCE = 2**20
"""Values of x that are gathered in one call and then cut into batches."""

Batch = tuple[Tensor, Tensor, Tensor | None]
Observer = Callable[[str, Batch, Tensor | None], None]


@dataclass(frozen=True)
class Examples:
    """Sequences, targets and weights as tensors, and which of the rows take part.

    Parameters
    ----------
    x : Tensor of shape (n, n_steps, n_channels)
        Sequences, of any strides.
    y : Tensor of shape (n, n_outputs) or (n,)
        Targets, or indices of classes.
    weight : Tensor of shape (n,) or None
        Weights with mean one over `index`.
    index : Tensor of shape (n_examples,)
        The rows that take part, of dtype int64.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None
    index: Tensor

    @classmethod
    def of(
        cls, x: Tensor, y: Tensor, weight: NDArray[np.float64], rows: NDArray[np.intp]
    ) -> Examples:
        """Let `rows` of the sequences take part, with weights that are scaled to mean one."""
        index = torch.as_tensor(rows, device=x.device)
        if (weight[rows] == weight[rows[0]]).all():
            return cls(x, y, None, index)
        scaled = torch.as_tensor(weight / weight[rows].mean(), dtype=x.dtype, device=x.device)
        return cls(x, y, scaled, index)

    def __len__(self) -> int:
        return len(self.index)

    def batches(self, size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Cut batches of `size`, in random order if a generator is given."""
        if size >= len(self) == len(self.x):
            yield self.x, self.y, self.weight
            return
        order = self.index
        if generator is not None and size < len(self):
            order = order[torch.randperm(len(self), generator=generator).to(order.device)]
        at_once = max(1, GATHERED_AT_ONCE // (size * self.x[0].numel()))
        for rows in torch.split(order, size * at_once):
            x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
            weight = None if self.weight is None else self.weight.index_select(0, rows)
            for start in range(0, len(rows), size):
                part = slice(start, start + size)
                yield x[part], y[part], None if weight is None else weight[part]


class Training:
    """One training run of a module whose parameters are laid into one vector.

    Parameters
    ----------
    module, criterion : nn.Module
        The net and its loss.
    optimizer : torch.optim.Optimizer
        Holds one parameter: the vector that `module` is laid in.
    settings : object
        Has the training parameters of the estimator as attributes.
    seed : int
        The source of the order of the batches and of dropout.
    observer : callable, optional
        Called as ``observer(hook, batch, loss)`` around every batch.
    """

    def __init__(
        self,
        module: nn.Module,
        criterion: nn.Module,
        optimizer: torch.optim.Optimizer,
        settings: Any,
        seed: int,
        observer: Observer | None = None,
    ) -> None:
        self.module, self.criterion, self.optimizer = module, criterion, optimizer
        self.settings, self.observer = settings, observer
        self.vector: Tensor = optimizer.param_groups[0]["params"][0]
        self.n_weights = n_weights(module)
        self.sparse = sparse_penalty(module, settings)
        if self.sparse is not None and isinstance(optimizer, torch.optim.LBFGS):
            self.proximal_lbfgs = ProximalLBFGS(
                self.vector, self.n_weights, self.sparse, optimizer.state[self.vector]
            )
        self.order = torch.Generator().manual_seed(seed)
        self.noise = torch.Generator(self.vector.device).manual_seed(seed + 1)
        for part in module.modules():
            if hasattr(part, "generator"):
                part.generator = self.noise  # type: ignore[assignment]  # not a submodule
        self.schedule = PLANNED.get(settings.lr_schedule)
        self.is_direct = False

    def epoch(self, examples: Examples, number: int) -> float:
        """Pass once over the examples and return the mean of the objective."""
        self.module.train()
        self.is_direct = getattr(self.module, "is_direct", bool)()
        size = self.settings.batch_size
        n_batches = -(-len(examples) // size)
        order = self.order if self.settings.shuffle else None
        total: Tensor | float = 0.0
        for i, batch in enumerate(examples.batches(size, order)):
            if self.schedule is not None:
                progress = (number + i / n_batches) / self.settings.max_epochs
                rate = self.settings.learning_rate * self.schedule(progress)
                self.optimizer.param_groups[0]["lr"] = rate
            self._observe("on_batch_begin", batch, None)
            loss = self._update(batch)
            self._observe("on_batch_end", batch, loss)
            total = total + loss * len(batch[1])
        return float(total) / len(examples)

    @torch.inference_mode()
    def mean_loss(self, examples: Examples) -> float:
        """Return the mean loss without penalty and without training."""
        self.module.eval()
        total: Tensor | float = 0.0
        for x, y, weight in examples.batches(prediction_batch(examples.x.shape[1])):
            total = total + self.criterion(self.module(x), y, weight) * len(y)
        return float(total) / len(examples)

    def _observe(self, hook: str, batch: Batch, loss: Tensor | None) -> None:
        if self.observer is not None:
            self.observer(hook, batch, loss)

    def _update(self, batch: Batch) -> Tensor:
        """Move the vector by one step of the optimizer and return the objective before."""
        if isinstance(self.optimizer, torch.optim.LBFGS):
            return self._line_search(batch)
        objective = self._gradient(batch)
        self._observe("on_grad_computed", batch, objective)
        if self.settings.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(self.vector, self.settings.max_grad_norm)
        if self.settings.optimizer == "adamw":
            group = self.optimizer.param_groups[0]
            shrink = 1.0 - group["lr"] * self.settings.alpha * (1.0 - self.settings.l1_ratio)
            self.vector.data[: self.n_weights].mul_(shrink)
        self.optimizer.step()
        if self.sparse is not None:
            sizes = step_sizes(self.optimizer, self.n_weights)
            self.sparse.shrink_(self.vector.data[: self.n_weights], sizes)
        return objective

    def _line_search(self, batch: Batch) -> Tensor:
        """Take one step of L-BFGS; dropout keeps its mask during the line search."""
        state = self.noise.get_state()

        def closure() -> Tensor:
            self.noise.set_state(state)
            return self._gradient(batch)

        if self.sparse is not None:
            return self.proximal_lbfgs.step(closure)
        return self.optimizer.step(closure)  # type: ignore

    def _gradient(self, batch: Batch) -> Tensor:
        """Write the gradient of the objective into the vector and return the objective."""
        x, y, weight = batch
        gradient = self.vector.grad
        assert gradient is not None, "the module is laid into the vector"
        loss = self._direct(x, y, weight) if self.is_direct else None
        if loss is None:
            gradient.zero_()
            loss = self.criterion(self.module(x), y, weight)
            loss.backward()
        if not self.settings.alpha:
            return loss.detach()
        return loss.detach() + self._penalty(gradient[: self.n_weights])

    @torch.no_grad()
    def _direct(self, x: Tensor, y: Tensor, weight: Tensor | None) -> Tensor | None:
        """Return the loss and write its gradient without autograd, if the module can do that."""
        run = self.module.direct(x)  # type: ignore[operator]  # this module has it
        if run is None:
            return None
        output, pullback = run
        loss, gradient = self.criterion.gradient(output, y, weight)  # type: ignore[operator]
        pullback(gradient)
        return loss

    def _penalty(self, gradient: Tensor) -> Tensor:
        """Return the penalty on the weights and add the gradient of its ridge to `gradient`."""
        weights = self.vector.data[: self.n_weights]
        ridge = self.settings.alpha * (1.0 - self.settings.l1_ratio)
        if ridge and self.settings.optimizer != "adamw":
            gradient.add_(weights, alpha=ridge)
        value = 0.5 * ridge * weights.square().sum()
        return value if self.sparse is None else value + self.sparse.value(weights)


def as_tensor(windows: Windows, device: str | torch.device) -> Tensor:
    """Return windows over contiguous rows as a strided tensor; only the rows are moved."""
    rows = torch.from_numpy(windows.rows).to(device)
    n_channels = rows.shape[1]
    return rows.as_strided(
        (windows.n_windows, windows.n_steps, n_channels),
        (windows.window_stride * n_channels, windows.step_stride * n_channels, 1),
    )


def prediction_batch(n_steps: int) -> int:
    """Return how many sequences to predict at once: few enough to stay in the cache."""
    return max(64, 8192 // n_steps)


@torch.inference_mode()
def outputs(module: nn.Module, x: Tensor) -> Tensor:
    """Return the outputs of the module for all of `x`, in evaluation mode, on the CPU."""
    module.eval()
    parts = torch.split(x, prediction_batch(x.shape[1]))
    return torch.cat([module(part).cpu() for part in parts])
