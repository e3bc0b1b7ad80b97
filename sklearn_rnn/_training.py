"""The inner training loop: batches, gradients, penalties and updates, in torch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._augmentation import Augmentation
from sklearn_rnn._batches import Batch, Examples, at_valid_steps, places_of_steps
from sklearn_rnn._flat import n_weights
from sklearn_rnn._modules.kernel_threads import threads_for_kernels
from sklearn_rnn._modules.mostly_native import is_mostly_native
from sklearn_rnn._penalties import sparse_penalty, step_sizes
from sklearn_rnn._proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._schedules import PLANNED
from sklearn_rnn._tensors import RaggedTensor, longest, run, shares_rows
from sklearn_rnn._threads import threads_for

SHARING_WINDOWS = 2048
"""Windows that share their rows that are predicted at once."""

Observer = Callable[[str, Batch, Tensor | None], None]


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
        self.augment: Callable[[Batch], Batch] | None = None
        if settings.augmentation:
            sizes = (settings.n_values, settings.n_outputs)
            self.augment = Augmentation(settings.augmentation, *sizes, self.noise)
        self.is_direct = False
        self.precision = partial(autocast, self.vector.device, mixed=settings.mixed)

    def epoch(self, examples: Examples, number: int) -> float:
        """Pass once over the examples and return the mean of the objective."""
        self.module.train()
        self.is_direct = not self.settings.mixed and getattr(self.module, "is_direct", bool)()
        size = self.settings.batch_size
        n_batches = -(-len(examples) // size)
        order = self.order if self.settings.shuffle else None
        reach = None if self.augment is not None else reach_of(self.module)
        total: Tensor | float = 0.0
        for i, batch in enumerate(examples.batches(size, order, reach=reach)):
            if self.schedule is not None:
                progress = (number + min(i / n_batches, 1.0)) / self.settings.max_epochs
                rate = self.settings.learning_rate * self.schedule(progress)
                self.optimizer.param_groups[0]["lr"] = rate
            if self.augment is not None:
                batch = self.augment(batch)
            self._observe("on_batch_begin", batch, None)
            loss = self._update(batch)
            self._observe("on_batch_end", batch, loss)
            total = total + loss * len(batch.y)
        return float(total) / examples.n_terms

    @torch.inference_mode()
    def mean_loss(self, examples: Examples) -> float:
        """Return the mean loss without penalty and without training."""
        self.module.eval()
        total: Tensor | float = 0.0
        size = at_once(self.module, examples.x, shared=examples.shares(reach_of(self.module)))
        for batch in examples.batches(size):
            total = total + self._loss(batch) * len(batch.y)
        return float(total) / examples.n_terms

    def _loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of what the module says of a batch."""
        with self.precision():
            output = at_valid_steps(self.module(batch.x, batch.lengths), batch.lengths)
        if batch.kept is not None:
            output = output[batch.kept.to(output.device)]
        loss: Tensor = self.criterion(output, batch.y, batch.weight)
        return loss if len(batch.y) else loss.nan_to_num()

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
        # torch declares floats, and hands on what the closure returns: a tensor
        return self.optimizer.step(closure)  # type: ignore[arg-type, return-value]  # see above

    def _gradient(self, batch: Batch) -> Tensor:
        """Write the gradient of the objective into the vector and return the objective."""
        gradient = self.vector.grad
        assert gradient is not None, "the module is laid into the vector"
        loss = self._direct(batch) if self.is_direct and batch.lengths is None else None
        if loss is None:
            gradient.zero_()
            loss = self._loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not declare it
        if not self.settings.alpha:
            return loss.detach()
        return loss.detach() + self._penalty(gradient[: self.n_weights])

    @torch.no_grad()
    def _direct(self, batch: Batch) -> Tensor | None:
        """Return the loss and write its gradient without autograd, if the module can do that."""
        run = self.module.direct(batch.x)  # type: ignore[operator]  # a method, to mypy a tensor
        if run is None:
            return None
        output, pullback = run
        kept = None if batch.kept is None else batch.kept.to(output.device)
        loss: Tensor
        loss, gradient = self.criterion.gradient(  # type: ignore[operator]  # a method, to mypy a tensor
            output if kept is None else output[kept], batch.y, batch.weight
        )
        if kept is not None:
            gradient = torch.zeros_like(output).index_copy_(0, kept, gradient)
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


def autocast(device: torch.device, *, mixed: bool) -> AbstractContextManager[None]:
    """Return a context in which torch computes products in bfloat16, if `mixed`."""
    return torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()


def reach_of(module: nn.Module) -> int | None:
    """Return the newest steps that the outputs of a module depend on, if it can share rows."""
    reach: int | None = getattr(module, "reach", None)
    return reach


def at_once(module: nn.Module, x: Tensor | RaggedTensor, *, shared: bool) -> int:
    """Return how many sequences the module predicts at once: few enough to stay in the cache."""
    if shared:
        return SHARING_WINDOWS
    fitting = 8192 // longest(x)
    if is_mostly_native(module):  # kernels work on few rows at a time, whatever the batch
        return max(256, -(-fitting // 64) * 64)
    return max(64, fitting)


@contextmanager
def threads(
    module: nn.Module, x: Tensor | RaggedTensor, size: int, *, shared: bool
) -> Iterator[None]:
    """Run a block with the threads that the module deserves for batches of `size` sequences.

    Of windows that share rows it computes about two steps each: the newest, and one of those that
    begin a stretch.
    """
    n_steps = 2 if shared else longest(x)
    operations = size * n_steps * sum(p.numel() for p in module.parameters())
    by_kernels = threads_for_kernels() if is_mostly_native(module) else nullcontext()
    with threads_for(operations), by_kernels:
        yield


@torch.inference_mode()
def outputs(module: nn.Module, x: Tensor | RaggedTensor) -> Tensor:
    """Return what the module says of all of `x`, in evaluation mode, on the CPU.

    It has shape (n, n_outputs), or (n_valid_steps, n_outputs) if the module speaks at each step.
    """
    module.eval()
    size = at_once(module, x, shared=shares_rows(x, reach_of(module)))
    if isinstance(x, Tensor) or x.is_series:
        n = len(x)
        parts = [slice(start, min(start + size, n)) for start in range(0, n, size)]
        return torch.cat([at_valid_steps(module(run(x, part)), None).cpu() for part in parts])
    order = torch.sort(x.lengths, stable=True).indices
    first, result = torch.cumsum(x.lengths, 0) - x.lengths, None
    for rows in torch.split(order, size):
        batch, lengths = x.gather(rows)
        output = module(batch, lengths)
        n_rows, places = len(x), rows
        if output.dim() == 3:
            n_rows = int(x.lengths.sum())
            padded = None if lengths is None else x.lengths[rows]
            places = places_of_steps(first[rows], batch.shape[1], padded)
        if result is None:
            result = torch.empty(n_rows, output.shape[-1], dtype=output.dtype)
        result[places] = at_valid_steps(output, lengths).cpu()
    assert result is not None, "there is at least one sequence"
    return result
