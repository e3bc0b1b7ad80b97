"""The fit template that every estimator of sequences shares."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sklearn_rnn._modules.kernels.threads import one_thread
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import flatten_steps, valid_lengths
from sklearn_rnn._sequences.training_data import Data, groups_of
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import check_sample_weight, fit_context
from sklearn_rnn._sklearn.estimator_state import check_continues, kept_parameters, restore_on_error
from sklearn_rnn._sklearn.parameters import parametrized, plain
from sklearn_rnn._sklearn.validation import prefix_errors
from sklearn_rnn._training.augmentation import check_augmentation
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.callbacks import check_callbacks, check_watched
from sklearn_rnn._training.inference import threads
from sklearn_rnn._training.linear_init import (
    ALONE,
    alone,
    combine_with_start,
    has_linear,
    linear_share,
    start_at,
    start_linear,
)
from sklearn_rnn._training.schedules import PLANNED, still_improving
from sklearn_rnn._training.skorch_net import SequenceNet, build_net
from sklearn_rnn.neural_network._fitted import Outputs, Selection
from sklearn_rnn.neural_network._training_parameters import TrainingParameters

SMALL = 10_000
"""Values of X up to which ``dtype="auto"`` is double precision."""

ENOUGH = 500
"""Samples from which ``early_stopping="auto"`` sets some of them aside."""

ONE_EPOCH = {"max_epochs": 1, "early_stopping": False, "lr_schedule": "constant"}
"""The settings of ``partial_fit``."""


@parametrized
class BaseSequenceEstimator(TrainingParameters, Outputs, Selection, BaseEstimator):
    """Template of the estimators: a task and an architecture complete it.

    The task (`SequenceRegressor`, `SequenceClassifier`) encodes targets, names the loss and
    predicts. The architecture names the torch module and its parameters. Think twice before
    adding anything to this class.
    """

    _learned: ClassVar[dict[str, str]] = {
        "net_ : skorch.NeuralNet": "The trained net; its ``module_`` is the torch module.",
        "n_iter_ : int": "Epochs run.",
        "loss_curve_ : list of float": "The objective in each epoch, penalty included.",
        "validation_loss_curve_ : list of float or None": """
            The loss on the validation data after each epoch, if there is any.""",
        "n_parameters_ : int": "Trainable parameters of the net.",
        "linear_share_ : float": """
            With `linear_skip`, the share of the linear model in the variance of the outputs on
            the training data: its covariance with them over their variance.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Any:
        """Fit the net.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences. Strided views, as of `LagTransformer`, are not copied. Nets that read step
            by step take a list of arrays of shape (n_steps_i, n_channels) too, and a step with NaN
            at every channel, at either end of a sequence, is absent there. Any other NaN is a
            missing value, which stands at the mean of its channel.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; with ``return_sequences=True`` of shape (n_samples, n_steps) or (n_samples,
            n_steps, n_outputs), or a list where `X` is one.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the losses, normalised by their sum.
        X_val, y_val : array-like, default=None
            Data for validation, instead of a part of `X` and `y`. With
            ``early_stopping=False`` they only give `validation_loss_curve_`.

        Returns
        -------
        self : object
            The fitted estimator. After an error it is as it was before the call.
        """
        continues = self.warm_start and hasattr(self, "net_")
        with restore_on_error(self):
            settings = self._settings(continues=continues)
            data = self._read(X, y, sample_weight, reset=not continues)
            given = self._read_validation(X_val, y_val)
            self._train(data, given, settings, continues=continues)
        self._warn_if_unfinished(settings)
        return self

    def _continue(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Any:
        """Train for one epoch more: the body of ``partial_fit`` of the tasks."""
        with restore_on_error(self):
            continues = hasattr(self, "net_")
            settings = self._settings(continues=continues, **ONE_EPOCH)
            data = self._read(X, y, sample_weight, reset=not continues, classes=classes)
            self._train(data, None, settings, continues=continues)
        return self

    def _settings(self, *, continues: bool, **changed: Any) -> SimpleNamespace:
        """Return the parameters for the training loop, checked as far as can be without data."""
        if not continues:
            self._begun_with = kept_parameters(self)
        else:
            check_continues(self, self._begun_with)
        check_callbacks(self.callbacks)
        check_augmentation(self.augmentation, per_step=self.return_sequences)
        declared = {name: plain(value) for name, value in self.get_params(deep=False).items()}
        settings = SimpleNamespace(**{**declared, **changed})
        settings.callbacks = list(self.callbacks or [])
        if settings.optimizer == "lbfgs":  # its line search finds the rate
            settings.lr_schedule = "constant"
        if settings.device == "auto":
            settings.device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            torch.empty(0, device=settings.device)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"device={settings.device!r} cannot be used: {error}") from error
        return settings

    def _train(
        self, data: Data, given: Data | None, settings: SimpleNamespace, *, continues: bool
    ) -> None:
        """Train on checked data, validate on what is given or held out, set what is learned."""
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(np.iinfo(np.int32).max))
        rows, held = np.flatnonzero(data.sample_weight()), None
        if settings.early_stopping == "auto":
            settings.early_stopping = given is not None or len(rows) >= ENOUGH
        validated = settings.early_stopping or given is not None
        check_watched(settings.callbacks, validated=validated)
        if settings.early_stopping and given is None:
            rows, held = self._hold_out(rows, data, rng)
        if not continues:
            used = data.only(rows)
            self._learn_inputs(used.sequences, used.sample_weight())
            self._learn_target_scale(used.target, used.weight)
        settings.n_values, settings.n_outputs = self.n_channels_, self._n_outputs()
        self._resolve(settings, data.sequences, len(rows), continues=continues)
        examples = self._examples(data, settings)
        train, valid = examples(rows), None
        if held is not None:
            valid = examples(held)
        elif given is not None:
            valid = self._examples(given, settings)(np.flatnonzero(given.sample_weight()))
        self._run(train, valid, settings, seed, continues=continues)

    def _run(
        self,
        train: Examples,
        valid: Examples | None,
        settings: SimpleNamespace,
        seed: int,
        *,
        continues: bool,
    ) -> None:
        """Build the net unless it continues, train it, and set what is learned."""
        if continues:
            net = self.net_
        else:
            architecture = {name: plain(value) for name, value in self._architecture().items()}
            module = self._module(self._n_outputs(), architecture)
            with one_thread():
                net = build_net(module, self._criterion(), settings, seed)
        n_parameters = sum(p.numel() for p in net.module_.parameters())
        shared = not settings.augmentation and train.shares(net.module_.receptive_field)
        with threads(net.module_, train.x, settings.batch_size, shared=shared):
            begins_linear = self.linear_skip and not continues
            if begins_linear:
                start = self._start_linear(net, module, train, seed)
            net.partial_fit((train, valid), settings=settings)
            if begins_linear and settings.early_stopping and valid is not None:
                combine_with_start(net.module_, start, valid, net.criterion_)
            if has_linear(net.module_):
                self.linear_share_ = linear_share(net.module_, train)
            elif hasattr(self, "linear_share_"):  # of an earlier fit
                delattr(self, "linear_share_")
        self.net_: SequenceNet = net
        self.n_parameters_ = n_parameters
        self.n_iter_ = len(net.history)
        self.loss_curve_ = net.history[:, "train_loss"]
        validated = [row["valid_loss"] for row in net.history if "valid_loss" in row]
        self.validation_loss_curve_ = validated or None

    def _start_linear(
        self, net: SequenceNet, module: Any, train: Examples, seed: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Set the linear part of a new net to the linear model, with zeros if the penalty asks."""
        if not (self.l1_ratio and self.alpha):
            return start_linear(net.module_, train, net.criterion_, self.alpha)
        settings = SimpleNamespace(**{**vars(net.settings), **ALONE, "batch_size": len(train)})
        linear = build_net(alone(module), self._criterion(), settings, seed)
        return start_at(net.module_, linear.partial_fit((train, None), settings=settings).module_)

    def _read(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        trained_on: bool = True,
        classes: Any = None,
    ) -> Data:
        """Validate X, y and the weights."""
        lengths = None
        if self.return_sequences:
            sequences, _ = self._read_sequences(X, reset=reset)
            lengths = valid_lengths(sequences)
            groups, y = groups_of(X, y), flatten_steps(y, sequences)
        else:
            groups = groups_of(X, y)
            sequences, y = self._read_sequences(X, y, reset=reset)
        with prefix_errors("y"):
            target = self._encode(y, reset=reset, classes=classes)
        with prefix_errors("sample_weight"):
            weight = check_sample_weight(
                sample_weight, np.empty((sequences.n_windows, 1)), ensure_non_negative=True
            )
        if lengths is not None:
            weight = np.repeat(weight, lengths)
        if trained_on:
            self._learn_class_weight(y)
        weight = self._class_weighted(weight, y)
        if not weight.any():
            raise ValueError("The weight of every sample is zero; give some a positive one.")
        return Data(sequences, target, weight, lengths, groups)

    def _read_validation(self, X_val: Any, y_val: Any) -> Data | None:
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be given together; only one of them was.")
        try:
            return self._read(X_val, y_val, None, reset=False, trained_on=False)
        except (TypeError, ValueError) as error:
            raise type(error)(f"X_val and y_val cannot be used for validation. {error}") from error

    def _resolve(
        self,
        settings: SimpleNamespace,
        sequences: Windows | Ragged,
        n_samples: int,
        *,
        continues: bool,
    ) -> None:
        """Replace what is ``"auto"`` in the settings."""
        settings.mixed = settings.dtype == "bfloat16"
        if settings.mixed:
            settings.dtype = "float32"
        elif continues:
            settings.dtype = self.net_.settings.dtype
        elif settings.dtype == "auto":
            values = n_samples * self._n_values(sequences)
            settings.dtype = "float64" if values <= SMALL else "float32"
        if settings.optimizer == "lbfgs":
            settings.batch_size = n_samples
        elif settings.batch_size == "auto":
            share = min(max(32, n_samples // 64), 512)
            settings.batch_size = n_samples if n_samples <= 64 else share

    def _examples(
        self, data: Data, settings: SimpleNamespace
    ) -> Callable[[NDArray[np.intp]], Examples]:
        """Return what lets some of the sequences take part, as tensors on the device."""
        x = self._input(data.sequences, settings.dtype, settings.device)
        target = self._scaled(data.target)
        if target.dtype.kind == "f":
            target = target.astype(settings.dtype)
        y = torch.as_tensor(target, device=settings.device)
        return lambda rows: Examples.of(x, y, data.weight, rows, data.lengths)

    def _warn_if_unfinished(self, settings: SimpleNamespace) -> None:
        if self.net_.stopped_ or settings.lr_schedule in PLANNED:
            return
        watched = "valid_loss" if settings.early_stopping else "train_loss"
        curve = [row[watched] for row in self.net_.history[-self.max_epochs :] if watched in row]
        if still_improving(curve, self.patience, self.tol):
            mend = "" if self.optimizer == "lbfgs" else " or learning_rate"
            warnings.warn(
                f"{type(self).__name__} was still improving when max_epochs={self.max_epochs} "
                f"ended the fit; raise max_epochs{mend}.",
                ConvergenceWarning,
                stacklevel=4,
            )

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """Return the declared parameters, at once: scikit-learn would read the signature."""
        return sorted(cls._parameter_constraints)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is a trained net."""
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: X of two or three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags
