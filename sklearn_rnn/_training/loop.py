"""The training loop in torch, one epoch per step; see `TrainingState`."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.arguments import STEPS, KernelLoss, Ridge
from sklearn_rnn._modules.kernels.training import (
    NativeTraining,
    Sequences,
    TrainingKernel,
)
from sklearn_rnn._modules.layers import set_dropout_generator
from sklearn_rnn._training.augmentation import Augmentation
from sklearn_rnn._training.batches import Batch, Examples, at_valid_steps
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.convergence import GAIN_TO_WAIT_FOR, FlatLimit
from sklearn_rnn._training.flat_parameters import n_weights
from sklearn_rnn._training.inference import autocast, in_chunks
from sklearn_rnn._training.losses import Loss
from sklearn_rnn._training.penalties import sparse_penalty
from sklearn_rnn._training.proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._training.proximal_steps import step_sizes
from sklearn_rnn._training.schedules import PLANNED
from sklearn_rnn._training.state import TrainingState

Observer = Callable[[str, Batch, Tensor | None], None]


class Trainer:
    """Trains a module whose parameters are views of one vector.

    Parameters
    ----------
    module : SequenceModule
        The network.
    criterion : Loss
        Its loss.
    config : TrainingConfig
        The configuration.
    state : TrainingState
        The state of training, with the vector; `step` advances it.
    observer : callable, optional
        Called as ``observer(hook, batch, loss)`` before and after each batch.

    Attributes
    ----------
    penalty : float
        The mean penalty in the objective of the last epoch.
    """

    def __init__(
        self,
        module: SequenceModule,
        criterion: Loss,
        config: TrainingConfig,
        state: TrainingState,
        observer: Observer | None = None,
    ) -> None:
        self.module, self.criterion = module, criterion
        self.config, self.state, self.observer = config, state, observer
        self.optimizer, self.vector = state.optimizer, state.vector
        self.n_weights = n_weights(module)
        self.sparse = sparse_penalty(module, config) if config.alpha * config.l1_ratio else None
        if self.sparse is not None and isinstance(self.optimizer, torch.optim.LBFGS):
            memory = self.optimizer.state[self.vector]
            state.proximal = ProximalLBFGS(self.vector, self.n_weights, self.sparse, memory)
        self.shrinkage = config.alpha * (1.0 - config.l1_ratio)
        strengths = (0.0, self.shrinkage) if config.optimizer == "adamw" else (self.shrinkage, 0.0)
        self.ridge = Ridge(self.vector, self.n_weights, *strengths)
        set_dropout_generator(module, state.noise)
        self.schedule = PLANNED.get(config.lr_schedule)
        self.augment: Callable[[Batch], Batch] | None = None
        if config.augmentation:
            sizes = config.n_channels, config.n_outputs, state.noise
            self.augment = Augmentation(config.augmentation, *sizes)
        self.penalty = 0.0
        gain = 0.0 if self.sparse else GAIN_TO_WAIT_FOR  # zero weights may be the optimum
        self.is_flat = FlatLimit(gain, criterion, self.vector, config.n_outputs)
        self.gradient_chosen = self.uses_vjp = self.runs_epochs_in_kernel = False
        self.native: TrainingKernel | None = None
        self.precision = partial(autocast, self.vector.device, mixed=config.mixed)

    def start(self, train: Examples, valid: Examples | None) -> None:
        """Begin a run: with early stopping, record the loss of a network that is not random.

        A network that is trained further, or starts as a linear model, may already be the best.
        """
        has_learned = self.config.linear_skip or self.state.n_epochs_before
        if valid is None or not (self.config.early_stopping and has_learned):
            return
        if self.sparse is not None:
            weights = self.vector.data[: self.n_weights]
            penalty = 0.5 * self.shrinkage * weights.square().sum() + self.sparse.value(weights)
            if self.is_flat(self.mean_loss(train) + float(penalty), train):
                return
        self.state.record({"valid_loss": self.mean_loss(valid)}, self.config)

    def step(self, train: Examples, valid: Examples | None = None) -> dict[str, float]:
        """Advance the state by one epoch.

        Parameters
        ----------
        train, valid : Examples
            Training data, and validation data if there are any.

        Returns
        -------
        dict of str to float
            ``"train_loss"``, and with validation data ``"valid_loss"``.

        Raises
        ------
        ValueError
            If a loss is not finite.
        """
        if self.state.rate_reducer is not None:
            self.state.reduce_rate()
        weights = self.vector.data[: self.n_weights]
        begin = weights.clone()
        losses = {"train_loss": self.epoch(train)}
        if self.config.alpha:
            ends = torch.stack([begin, weights])
            penalties = 0.5 * self.shrinkage * ends.square().sum(1)
            if self.sparse is not None:
                penalties += torch.stack([self.sparse.value(end) for end in ends])
            n_batches = -(-len(train) // self.config.batch_size)
            share = (n_batches - 1) / (2 * n_batches)  # of batches, if it moves evenly
            self.penalty = float(penalties[0].lerp(penalties[1], share))
        if valid is not None:
            losses["valid_loss"] = self.mean_loss(valid)
        self.state.epoch += 1
        for name, loss in losses.items():
            if not math.isfinite(loss):
                raise self._diverged(f"{name} is {loss}")
        loss = losses["train_loss"] - (0.0 if self.sparse else self.penalty)
        flat = self.config.early_stopping and self.is_flat(loss, train)
        settled = not (flat and self.sparse)
        self.state.record(losses, self.config, is_flat=flat and settled, is_settled=settled)
        return losses

    def finish(self) -> None:
        """End a run: with early stopping restore the best epoch, otherwise check the last one."""
        if self.state.best is not None:
            self.vector.data.copy_(self.state.best)
        elif not (math.isfinite(self.vector.data.sum()) or self.vector.isfinite().all()):
            raise self._diverged("some weights are not finite")

    def _diverged(self, what: str) -> ValueError:
        return ValueError(
            f"Training diverged: {what} after epoch {self.state.n_epochs}; lower learning_rate, "
            "set max_grad_norm, or keep standardize=True."
        )

    def epoch(self, examples: Examples) -> float:
        """Train for one epoch and return the mean objective."""
        self.module.train()
        if not self.gradient_chosen or self.config.callbacks:  # which may add hooks to modules
            self._choose_gradient(examples)
        if self.runs_epochs_in_kernel:
            return self._run_epoch_in_kernel(examples) / examples.n_terms
        how = self.config.batch_size, self._shuffled
        receptive_field = None if self.augment is not None else self.module.receptive_field
        rates = self._rates(examples)
        total: Tensor | float = 0.0
        for i, batch in enumerate(examples.batches(*how, receptive_field=receptive_field)):
            if self.schedule is not None:
                self.optimizer.param_groups[0]["lr"] = rates(i)
            if self.augment is not None:
                batch = self.augment(batch)
            self._observe("on_batch_begin", batch, None)
            loss = self._update(batch)
            self._observe("on_batch_end", batch, loss)
            total = total + loss * len(batch.y)
        return float(total) / examples.n_terms

    @property
    def _shuffled(self) -> torch.Generator | None:
        return self.state.order if self.config.shuffle else None

    def _rates(self, examples: Examples) -> Callable[[int], float]:
        """Return the learning rate as a function of the index of the batch in this epoch."""
        schedule, rate = self.schedule, float(self.optimizer.param_groups[0]["lr"])
        if schedule is None:
            return lambda _: rate
        epoch, c = self.state.epoch, self.config
        n_batches = -(-len(examples) // c.batch_size)
        return lambda i: (
            c.learning_rate * schedule((epoch + min(i / n_batches, 1.0)) / c.max_epochs)
        )

    def _choose_gradient(self, examples: Examples) -> None:
        """Choose how gradients are computed: by a training kernel, by VJPs, or by autograd.

        A training kernel can run many batches in one call where nothing observes or changes them.
        """
        self.native, self.uses_vjp, self.gradient_chosen = None, False, True
        many = (
            isinstance(self.optimizer, tuple(STEPS))
            and (self.sparse, self.augment, self.observer) == (None, None, None)
            and examples.is_fixed
        )
        if not self.config.mixed:
            number = self.criterion.kernel
            if number is not None:
                loss = KernelLoss(number, self.criterion.option)
                self.native = self.module.native_training(loss)
            self.uses_vjp = self.native is None and self.module.has_vjp()
        self.runs_epochs_in_kernel = many and isinstance(self.native, NativeTraining)

    def _run_epoch_in_kernel(self, examples: Examples) -> float:
        """Train for one epoch, many batches in a kernel call; return the summed objective."""
        size, optimizer = self.config.batch_size, self.optimizer
        assert isinstance(self.native, NativeTraining)
        total, begin, rate = 0.0, 0, self._rates(examples)
        for block in examples.blocks(size, self._shuffled):
            n_batches = -(-len(block.x) // size)
            rates = [rate(i) for i in range(begin, begin + n_batches)]
            part = Sequences(*block[:3])
            total += float(
                self.native.train(
                    part, size, self.ridge, optimizer, rates, self.config.max_grad_norm
                )
            )
            begin += n_batches
            del block, part  # before the next block is gathered
        return total

    @torch.inference_mode()
    def mean_loss(self, examples: Examples) -> float:
        """Return the mean loss in evaluation mode, without penalty."""
        self.module.eval()
        total: Tensor | None = None
        for batch in in_chunks(examples, self.module):
            loss = self._loss(batch) * len(batch.y)
            # in place: a new sum between the tensors of two batches would fragment their memory
            total = loss if total is None else total.add_(loss)
        return float(0.0 if total is None else total) / examples.n_terms

    def _loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch."""
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
        """Take one optimizer step and return the objective before it."""
        if isinstance(self.optimizer, torch.optim.LBFGS):
            return self._line_search(batch)
        objective = self._gradient(batch)
        self._observe("on_grad_computed", batch, objective)
        if self.config.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(self.vector, self.config.max_grad_norm)
        if self.ridge.decay:
            kept = 1.0 - self.optimizer.param_groups[0]["lr"] * self.ridge.decay
            self.vector.data[: self.n_weights].mul_(kept)
        self.optimizer.step()
        if self.sparse is not None:
            sizes = step_sizes(self.optimizer, self.n_weights)
            self.sparse.prox_(self.vector.data[: self.n_weights], sizes)
        return objective

    def _line_search(self, batch: Batch) -> Tensor:
        """Take one L-BFGS step; dropout masks are the same throughout the line search."""
        state = self.state.noise.get_state()

        def closure() -> Tensor:
            self.state.noise.set_state(state)
            return self._gradient(batch)

        if self.state.proximal is not None:
            return self.state.proximal.step(closure)
        step: Any = self.optimizer.step  # declared for closures that return floats, not tensors
        return step(closure)

    def _gradient(self, batch: Batch) -> Tensor:
        """Write the gradient of the objective into the vector and return the objective."""
        weights = self.vector.data[: self.n_weights]
        if self.native is not None:
            objective = self.native.gradient(Sequences(*batch[:4]), self.ridge)
        else:
            objective = self._loss_gradient(batch)
            if self.ridge.strength:
                self._vector_grad[: self.n_weights].add_(weights, alpha=self.ridge.strength)
            if self.shrinkage:
                objective = objective + 0.5 * self.shrinkage * weights.square().sum()
        return objective if self.sparse is None else objective + self.sparse.value(weights)

    @property
    def _vector_grad(self) -> Tensor:
        assert self.vector.grad is not None, "the parameters are views of the vector"
        return self.vector.grad

    def _loss_gradient(self, batch: Batch) -> Tensor:
        """Write the gradient of the loss into the vector and return the loss."""
        if self.uses_vjp and batch.lengths is None:
            return self._gradient_by_vjp(batch)
        self._vector_grad.zero_()
        loss = self._loss(batch)
        loss.backward()
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
