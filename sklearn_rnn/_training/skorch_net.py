"""The network of an estimator: a skorch net with this package's training loop.

Only this file and `callbacks` depend on skorch. Differences from skorch's own loop: batches are
slices of tensors; all parameters are one vector during training; losses stay on the device until
the epoch ends; callbacks are called once per epoch, and per batch only if one of them needs it;
KeyboardInterrupt is raised, not swallowed.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from copy import deepcopy
from typing import Any

import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.layer import is_mostly_native
from sklearn_rnn._modules.kernels.threads import threads_for
from sklearn_rnn._sklearn.validation import restore_on_error
from sklearn_rnn._training.batches import Batch, Examples
from sklearn_rnn._training.callbacks import callbacks_of, check_run, shown, uses_batches
from sklearn_rnn._training.checkpoint import Checkpoint, Pause
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.convergence import (
    LEAST_EXCESS,
    LEAST_GAIN,
    constant_loss,
    loss_above,
    warn_flat,
    warn_unfinished,
    warn_worse,
)
from sklearn_rnn._training.flat_parameters import new_vector, parameters_as_views
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn._training.schedules import PLANNED
from sklearn_rnn._training.state import TrainingState, still_improving
from sklearn_rnn._training.tensors import n_steps_run


class SequenceNet(NeuralNet):
    """A skorch net that trains on `Examples`.

    Parameters
    ----------
    *args : object
        Positional parameters of skorch's ``NeuralNet``.
    config : TrainingConfig
        The configuration of the training run.
    seed : int
        The source of every random number of the net.
    **kwargs : object
        Parameters of skorch's ``NeuralNet``.

    Attributes
    ----------
    checkpoint_ : Checkpoint, Pause or None
        Where the state of the next run is saved, and perhaps was; not of those after it.
    """

    checkpoint_: Checkpoint | Pause | None = None

    def __init__(self, *args: Any, config: TrainingConfig, seed: int, **kwargs: Any) -> None:
        self.config = config
        self.seed = seed
        super().__init__(*args, **kwargs)

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        """Return what `verbose` asks for."""
        return shown(self.config.verbose) if self.config.verbose else []

    def initialize_module(self) -> SequenceNet:
        """Create the module, its initial values drawn from the seed alone."""
        generator = torch.Generator().manual_seed(self.seed)
        parameters = {**self.get_params_for("module"), "generator": generator}
        with self.config.memory_check(parameters.values()):
            self.module_ = self.initialized_instance(self.module, parameters)
        self.module_.to(getattr(torch, self.config.dtype))
        return self

    def initialize_optimizer(self) -> SequenceNet:
        """Create the optimizer over one vector of all parameters."""
        named = [("vector", new_vector(self.module_))]
        args, kwargs = self.get_params_for_optimizer("optimizer", named)
        self.optimizer_ = self.optimizer(*args, **kwargs)
        return self

    def fit_examples(
        self, train: Examples, valid: Examples | None, config: TrainingConfig
    ) -> SequenceNet:
        """Train for ``config.max_epochs`` on examples for training and for validation.

        If that fails or is interrupted, the net is as it was before.
        """
        with closing(self.epochs(train, valid, config)) as epochs:
            for _ in epochs:
                pass
        return self

    def epochs(
        self, train: Examples, valid: Examples | None, config: TrainingConfig
    ) -> Generator[None]:
        """Train as `fit_examples` does, an epoch at each step; if closed early, restore the net."""
        vector = self.optimizer_.param_groups[0]["params"][0]
        with parameters_as_views(vector, self.module_), self._restored_on_failure(vector):
            if len(self.history):
                self._take_over(config)
            if self.callbacks_:
                check_run(self.callbacks_, self.config, validated=valid is not None)
            observer = self._observe if any(uses_batches(c) for _, c in self.callbacks_) else None
            n_epochs = len(self.history)
            state = TrainingState.begin(self.optimizer_, self.config, self.seed, n_epochs)
            trainer = Trainer(self.module_, self.criterion_, self.config, state, observer)
            try:
                self.notify("on_train_begin", X=train, y=None)
                yield from self._fit_epochs(trainer, train, valid)
            finally:
                self.notify("on_train_end", X=train, y=None)

    def fit(self, X: Any, y: Any = None, **_: Any) -> SequenceNet:
        """Refuse: the estimator reads and scales X and y, and trains the net."""
        raise _of_estimator("fit")

    def partial_fit(self, X: Any, y: Any = None, **_: Any) -> SequenceNet:
        """Refuse: the estimator reads and scales X and y, and trains the net."""
        raise _of_estimator("partial_fit")

    def predict(self, X: Any) -> NDArray[Any]:
        """Refuse: the estimator scales X, and brings raw outputs to the units of y."""
        raise _of_estimator("predict")

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Refuse: the estimator scales X, and makes probabilities of raw outputs."""
        raise _of_estimator("predict_proba")

    def threads(self, train: Examples, config: TrainingConfig) -> AbstractContextManager[None]:
        """Return a context with as many threads as make training on these examples faster."""
        operations = self.operations(train, config)
        return threads_for(operations, in_kernels=is_mostly_native(self.module_))

    def operations(self, train: Examples, config: TrainingConfig) -> int:
        """Return the multiplications of a training step."""
        module = self.module_
        n_parameters = sum(p.numel() for p in module.parameters())
        part = next(train.parts())
        shared = not config.augmentation and part.shares(module.receptive_field)
        return config.batch_size * n_steps_run(part.x, shared=shared) * n_parameters

    def sibling(self, seed: int) -> SequenceNet:
        """Return a net like this one with another seed, for `build` to complete."""
        net = object.__new__(SequenceNet)
        net.__dict__.update({**self.__dict__, "seed": seed, "history_": None})
        return net

    def copied(self) -> SequenceNet:
        """Return a copy to train further, with the callbacks themselves, which may have none."""
        kept = [self.config, *(callback for _, callback in self.callbacks_)]
        return deepcopy(self, {id(thing): thing for thing in kept})

    def build(self) -> SequenceNet:
        """Create what depends on the seed: the module, with its optimizer, and the history."""
        self.initialize_module().module_.to(self.config.device)
        self.initialize_optimizer().initialize_history()
        return self

    def warn_if_unfinished(self, name: str, members: Sequence[Any] = ()) -> None:
        """Warn, for the estimator of a name, if the loss still fell when the last epoch ended.

        Of an estimator with several `members`, if that of one of them did.
        """
        nets = [member.net_ for member in members] or [self]
        for ended, warn in (
            ("constant_loss_", warn_unfinished),
            ("flat_loss_", warn_flat),
            ("worse_loss_", warn_worse),
        ):
            found = [net for net in nets if getattr(net, ended) is not None]
            if found:
                warn(f"{name} ({len(found)} of {len(nets)} members)" if members else name, found[0])

    def _take_over(self, config: TrainingConfig) -> None:
        """Go on with other config; callbacks keep what they have seen if they are the same."""
        before, self.config = self.config, config
        if (before.callbacks, before.verbose) != (config.callbacks, config.verbose):
            self.verbose = config.verbose
            self.callbacks = config.callbacks and callbacks_of(config)
            self._initialize_callbacks()

    @contextmanager
    def _restored_on_failure(self, vector: Tensor) -> Iterator[None]:
        """Let a failure in the block leave the net as it was; a new one is given up as a whole."""
        n_epochs = len(self.history)
        if not n_epochs:
            yield
            return
        weights = vector.detach().clone()
        state = deepcopy(self.optimizer_.state_dict())
        try:
            with restore_on_error(self):
                yield
        except BaseException:  # a Ctrl-C too; it is raised again
            vector.data.copy_(weights)
            self.optimizer_.load_state_dict(state)
            del self.history[n_epochs:]
            raise

    def _fit_epochs(
        self, trainer: Trainer, train: Examples, valid: Examples | None
    ) -> Generator[None]:
        """Train until a plateau or the last epoch; keep the best weights if validated."""
        state, files, self.checkpoint_ = trainer.state, self.checkpoint_, None
        resumed = files is not None and files.resume(self.seed, self.history, state)
        self.stopped_ = resumed and state.stopped
        if not resumed:
            trainer.start(train, valid)
        c = self.config
        until = c.max_epochs if files is None else min(files.until, c.max_epochs)
        while state.epoch < until and not self.stopped_:
            began = time.perf_counter()
            self.notify("on_epoch_begin", dataset_train=train, dataset_valid=valid)
            losses = trainer.step(train, valid)
            self.history.record("dur", time.perf_counter() - began)
            for name, loss in losses.items():
                self.history.record(name, loss)
                self.history.record(f"{name}_best", state.improved[name])
            if c.alpha:
                self.history.record("penalty", trainer.penalty)
            self.stopped_ = state.stopped
            self._end_epoch(train, valid)
            if files is not None:
                files.save(self.seed, self.history, state)
            yield
        goes_on = until < c.max_epochs and not self.stopped_  # after a pause
        self.flat_loss_ = self.worse_loss_ = None
        long_enough = state.epoch >= c.patience and not goes_on
        if long_enough and valid is not None and not c.alpha * c.l1_ratio:
            self.flat_loss_ = loss_above(LEAST_GAIN, trainer, train, self.history)
        trainer.finish()
        curve = self.history[-state.epoch :, "valid_loss" if c.early_stopping else "train_loss"]
        self.final_loss_, self.constant_loss_ = curve[-1], None
        if state.best is not None:
            self.final_loss_ = min(curve)
        self.n_after_best_ = len(curve) - 1 - curve.index(min(curve))
        falls = not (self.stopped_ or goes_on or c.lr_schedule in PLANNED)
        if falls and still_improving(curve, c.patience, c.tol):
            watched = train if valid is None else valid
            self.constant_loss_ = constant_loss(
                self.criterion_, watched, trainer.vector, c.n_outputs
            )

        if long_enough and self.constant_loss_ is None and self.flat_loss_ is None:
            self.worse_loss_ = loss_above(-LEAST_EXCESS, trainer, train, self.history)

    def _end_epoch(self, train: Examples, valid: Examples | None) -> None:
        """Serve the end of an epoch; skorch's callbacks stop training by KeyboardInterrupt."""
        try:
            self.notify("on_epoch_end", dataset_train=train, dataset_valid=valid)
        except KeyboardInterrupt:
            if not self.config.callbacks:
                raise
            self.stopped_ = True

    def _observe(self, hook: str, batch: Batch, loss: Tensor | None) -> None:
        """Serve a hook of skorch's callbacks that is called for every batch."""
        x, y = batch.x.flatten(0, -3), batch.y  # without an axis of stretches
        if hook == "on_grad_computed":
            named = list(self.module_.named_parameters())
            self.notify(hook, named_parameters=named, X=x, y=y, training=True)
            return
        if loss is not None:
            self.history.record_batch("train_loss", float(loss))
            self.history.record_batch("train_batch_size", len(y))
        self.notify(hook, batch=(x, y), training=True)


def _of_estimator(method: str) -> NotImplementedError:
    """Return the error for a method that a net leaves to its estimator."""
    return NotImplementedError(
        f"net_.{method} is not available: the network takes standardised tensors. Call {method} "
        "of the estimator, which takes X as it is."
    )


def build_net(
    module: tuple[type[SequenceModule], dict[str, Any]],
    criterion: tuple[type[nn.Module], dict[str, Any]],
    config: TrainingConfig,
    seed: int,
) -> SequenceNet:
    """Return an initialized net.

    Parameters
    ----------
    module, criterion : tuple of (type, dict)
        The class of the module and of the loss, and their parameters.
    config : TrainingConfig
        The configuration of the training run.
    seed : int
        The source of every random number of the net.
    """
    optimizer, options = OPTIMIZERS[config.optimizer]
    rate = 1.0 if config.optimizer == "lbfgs" else config.learning_rate
    parameters = {
        **{f"module__{name}": value for name, value in module[1].items()},
        **{f"criterion__{name}": value for name, value in criterion[1].items()},
        **{f"optimizer__{name}": value for name, value in options.items()},
    }
    net = SequenceNet(
        module[0],
        criterion[0],
        optimizer=optimizer,
        lr=rate,
        max_epochs=config.max_epochs,
        batch_size=config.batch_size,
        train_split=None,
        callbacks=callbacks_of(config) if config.callbacks or config.verbose else "disable",
        device=config.device,
        verbose=config.verbose,
        config=config,
        seed=seed,
        **parameters,
    )
    return net.initialize()
