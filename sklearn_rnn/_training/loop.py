"""The inner training loop: batches, gradients, penalties and updates, in torch alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.training import (
    AdamSteps,
    KernelLoss,
    NativeTraining,
    Ridge,
    Sequences,
    TrainingKernel,
)
from sklearn_rnn._training.augmentation import Augmentation
from sklearn_rnn._training.batches import Batch, Examples, at_valid_steps
from sklearn_rnn._training.flat_parameters import n_weights
from sklearn_rnn._training.inference import autocast, chunk_size
from sklearn_rnn._training.losses import Loss
from sklearn_rnn._training.optimizers import Adam
from sklearn_rnn._training.penalties import sparse_penalty
from sklearn_rnn._training.proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._training.proximal_steps import step_sizes
from sklearn_rnn._training.schedules import PLANNED

Observer = Callable[[str, Batch, Tensor | None], None]


class Training:
    """One training run of a module whose parameters are laid into one vector.

    Parameters
    ----------
    module : SequenceModule
        The net.
    criterion : Loss
        Its loss.
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
        module: SequenceModule,
        criterion: Loss,
        optimizer: torch.optim.Optimizer,
        settings: Any,
        seed: int,
        observer: Observer | None = None,
    ) -> None:
        self.module, self.criterion = module, criterion
        self.optimizer = optimizer
        self.settings, self.observer = settings, observer
        self.vector: Tensor = optimizer.param_groups[0]["params"][0]
        self.n_weights = n_weights(module)
        self.sparse = sparse_penalty(module, settings)
        if self.sparse is not None and isinstance(optimizer, torch.optim.LBFGS):
            self.proximal_lbfgs = ProximalLBFGS(
                self.vector, self.n_weights, self.sparse, optimizer.state[self.vector]
            )
        self.shrinkage = settings.alpha * (1.0 - settings.l1_ratio)
        in_gradient = 0.0 if settings.optimizer == "adamw" else self.shrinkage
        self.ridge = Ridge(self.vector, self.n_weights, in_gradient)
        self.order = torch.Generator().manual_seed(seed)
        self.noise = torch.Generator(self.vector.device).manual_seed(seed + 1)
        module.set_dropout_generator(self.noise)
        self.schedule = PLANNED.get(settings.lr_schedule)
        self.augment: Callable[[Batch], Batch] | None = None
        if settings.augmentation:
            sizes = (settings.n_channels, settings.n_outputs)
            self.augment = Augmentation(settings.augmentation, *sizes, self.noise)
        self.uses_vjp = False
        self.native: TrainingKernel | None = None
        self.precision = partial(autocast, self.vector.device, mixed=settings.mixed)

    def epoch(self, examples: Examples, number: int) -> float:
        """Pass once over the examples and return the mean of the objective."""
        self.module.train()
        self._find_kernels()
        if self._may_run_together(examples):
            return self._batches_together(examples, number) / examples.n_terms
        size = self.settings.batch_size
        receptive_field = None if self.augment is not None else self.module.receptive_field
        total: Tensor | float = 0.0
        for i, batch in enumerate(
            examples.batches(size, self._shuffled, receptive_field=receptive_field)
        ):
            if self.schedule is not None:
                self.optimizer.param_groups[0]["lr"] = self._rate(number, i, len(examples))
            if self.augment is not None:
                batch = self.augment(batch)
            self._observe("on_batch_begin", batch, None)
            loss = self._update(batch)
            self._observe("on_batch_end", batch, loss)
            total = total + loss * len(batch.y)
        return float(total) / examples.n_terms

    @property
    def _shuffled(self) -> torch.Generator | None:
        return self.order if self.settings.shuffle else None

    def _rate(self, number: int, i: int, n_examples: int) -> float:
        """Return the learning rate of batch `i` in epoch `number`."""
        rate: float = self.optimizer.param_groups[0]["lr"]
        if self.schedule is None:
            return rate
        n_batches = -(-n_examples // self.settings.batch_size)
        progress = (number + min(i / n_batches, 1.0)) / self.settings.max_epochs
        return self.settings.learning_rate * self.schedule(progress)

    def _find_kernels(self) -> None:
        """Find out how far gradients can be had without autograd."""
        self.native, self.uses_vjp = None, False
        if self.settings.mixed:
            return
        loss = KernelLoss(self.criterion.kernel, self.criterion.option)
        self.native = self.module.native_training(loss)
        self.uses_vjp = self.native is None and self.module.has_vjp()

    def _may_run_together(self, examples: Examples) -> bool:
        """Tell whether the kernels may run batch after batch without a word of Python."""
        return (
            isinstance(self.native, NativeTraining)
            and isinstance(self.optimizer, Adam)
            and self.settings.optimizer == "adam"
            and self.settings.max_grad_norm is None
            and (self.sparse, self.augment, self.observer) == (None, None, None)
            and examples.has_fixed_length
        )

    def _batches_together(self, examples: Examples, number: int) -> float:
        """Pass once over the examples, many batches in a call; return the sum of the objectives."""
        size, optimizer = self.settings.batch_size, self.optimizer
        assert isinstance(optimizer, Adam)
        assert isinstance(self.native, NativeTraining)
        total, begin = 0.0, 0
        for block in examples.blocks(size, self._shuffled):
            n_batches = -(-len(block.y) // size)
            steps = range(begin, begin + n_batches)
            rates = [self._rate(number, i, len(examples)) for i in steps]
            adam = AdamSteps(torch.tensor(rates, dtype=torch.float64), optimizer.arguments())
            total += float(self.native.train(Sequences(*block[:3]), size, self.ridge, adam))
            optimizer.advance(n_batches)
            optimizer.param_groups[0]["lr"] = rates[-1]
            begin += n_batches
        return total

    @torch.inference_mode()
    def mean_loss(self, examples: Examples) -> float:
        """Return the mean loss without penalty and without training."""
        self.module.eval()
        total: Tensor | float = 0.0
        shared = examples.is_contiguous() and examples.shares(self.module.receptive_field)
        size = chunk_size(self.module, examples.x, shared=shared)
        for batch in examples.batches(size):
            total = total + self._loss(batch) * len(batch.y)
        return float(total) / examples.n_terms

    def _loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of what the module says of a batch."""
        with self.precision():
            output = at_valid_steps(self.module(batch.x, batch.lengths), batch.lengths)
        if batch.kept is not None:
            output = output[batch.kept]
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
            shrink = 1.0 - group["lr"] * self.shrinkage
            self.vector.data[: self.n_weights].mul_(shrink)
        self.optimizer.step()
        if self.sparse is not None:
            sizes = step_sizes(self.optimizer, self.n_weights)
            self.sparse.prox_(self.vector.data[: self.n_weights], sizes)
        return objective

    def _line_search(self, batch: Batch) -> Tensor:
        """Take one step of L-BFGS; dropout keeps its mask during the line search."""
        state = self.noise.get_state()

        def closure() -> Tensor:
            self.noise.set_state(state)
            return self._gradient(batch)

        if self.sparse is not None:
            return self.proximal_lbfgs.step(closure)
        return self.optimizer.step(closure)  # type: ignore[arg-type, return-value]  # tensors, not floats

    def _gradient(self, batch: Batch) -> Tensor:
        """Write the gradient of the objective into the vector and return the objective."""
        weights, ridge = self.vector.data[: self.n_weights], self.shrinkage
        if self.native is not None:
            objective = self.native.gradient(Sequences(*batch[:4]), self.ridge)
            ridge -= self.ridge.strength
        else:
            objective = self._gradient_of_torch(batch)
            if self.ridge.strength:
                self._vector_grad[: self.n_weights].add_(weights, alpha=self.ridge.strength)
        if ridge:
            objective = objective + 0.5 * ridge * weights.square().sum()
        return objective if self.sparse is None else objective + self.sparse.value(weights)

    @property
    def _vector_grad(self) -> Tensor:
        assert self.vector.grad is not None, "the module is laid into the vector"
        return self.vector.grad

    def _gradient_of_torch(self, batch: Batch) -> Tensor:
        """Write the gradient of the loss into the vector and return the loss."""
        if self.uses_vjp and batch.lengths is None:
            return self._gradient_by_vjp(batch)
        self._vector_grad.zero_()
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not declare it
        return loss.detach()

    @torch.no_grad()
    def _gradient_by_vjp(self, batch: Batch) -> Tensor:
        """Return the loss and write its gradient without autograd."""
        output, pullback = self.module.forward_and_vjp(batch.x)
        read = output if batch.kept is None else output[batch.kept]
        loss, gradient = self.criterion.gradient(read, batch.y, batch.weight)
        if batch.kept is not None:
            gradient = torch.zeros_like(output).index_copy_(0, batch.kept, gradient)
        pullback(gradient)
        return loss
