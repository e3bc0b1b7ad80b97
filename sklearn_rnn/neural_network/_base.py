"""The base classes of all estimators: the network they name, validation and training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.constant_outputs import with_constants
from sklearn_rnn._modules.kernels.threads import one_thread
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import without_extremes
from sklearn_rnn._sequences.step_targets import by_step, fill_missing, flatten_steps, valid_lengths
from sklearn_rnn._sequences.training_data import Data, complete_only
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import CallbackSupportMixin, check_sample_weight, fit_context
from sklearn_rnn._sklearn.parameters import parametrized, plain_parameters
from sklearn_rnn._sklearn.validation import prefix_errors, restore_on_error, validate_features
from sklearn_rnn._training.augmentation import check_augmentation
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig, stops_early
from sklearn_rnn._training.linear_init import beside
from sklearn_rnn._training.skorch_net import SequenceNet, build_net
from sklearn_rnn.neural_network._checkpoint import checkpointed
from sklearn_rnn.neural_network._first_rows import follow_scales
from sklearn_rnn.neural_network._fit_tasks import FitTasks
from sklearn_rnn.neural_network._fitted import Fitted
from sklearn_rnn.neural_network._input_reader import declared_reading
from sklearn_rnn.neural_network._members import MAX_SEED, fit_members
from sklearn_rnn.neural_network._pickling import Pickled
from sklearn_rnn.neural_network._training_parameters import (
    TrainingParameters,
    check_continues,
    check_window_scaling,
)

_signature = cache(inspect.signature)


class Architecture:
    """Mixin that names the network of an estimator.

    Attributes
    ----------
    _module_class : type
        Class of the network.
    _any_length : bool
        Whether the network accepts sequences of any length.
    _fixed : mapping of str to object
        Arguments of the network that are the same for all estimators of a class.
    """

    penalty: str  # declared by TrainingParameters
    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool] = True
    _fixed: ClassVar[Mapping[str, Any]] = {}

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return keyword arguments of the network: the parameters of the same names.

        A subclass adds those that differ in name or value. The input and output sizes come from
        the data.
        """
        of_network = _signature(self._module_class).parameters.values()
        names = [a.name for a in of_network if a.kind is a.KEYWORD_ONLY and a.name in parameters]
        return {**{name: parameters[name] for name in names}, **self._fixed}


@parametrized
class BaseSequenceEstimator(TrainingParameters, CallbackSupportMixin, Fitted, Pickled):
    """Base class of the estimators, completed by a task and an architecture.

    The task (`SequenceRegressor`, `SequenceClassifier`) defines the target encoder, the loss and
    `predict`; the architecture names the torch module and its parameters. Think twice before
    adding anything to this class.
    """

    __metadata_request__fit: ClassVar = {"groups": True}  # by scikit-learn's metadata routing

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Any:
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences; views and windows of `LagTransformer` are not copied. Incomplete windows,
            with lags before the start of the series or in a gap, are left out. Networks for
            sequences of any length also take a list of arrays of shape (n_steps_i, n_channels); for
            them, steps at either end that are NaN in all channels may be padding, see
            `all_missing`. Any other NaN is a missing value, replaced by the mean of its channel.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; with ``return_sequences=True`` of shape (n_samples, n_steps) or (n_samples,
            n_steps, n_outputs), or a list where `X` is one, in which NaN or None is a step without
            a target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the loss, normalised by their sum; with ``return_sequences=True`` also
            weights of steps, of shape (n_samples, n_steps) or a list.
        groups : array-like of shape (n_samples,), default=None
            Groups, such as subjects, of which early stopping holds out whole ones, at random.
            Windows of a series must be in one group. Without a held-out part they have no effect.
        X_val, y_val : array-like, default=None
            Validation data, in place of a held-out part of `X` and `y`. With
            ``early_stopping=False`` they are only used for `validation_loss_curve_`.

        Returns
        -------
        self : object
            The fitted estimator. If an error is raised, the estimator is left unchanged.
        """
        self._fit(X, y, sample_weight, groups, (X_val, y_val), continues=self.warm_start)
        self.net_.warn_if_unfinished(type(self).__name__, getattr(self, "members_", ()))
        return self

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        validation: tuple[Any, Any] = (None, None),
        *,
        continues: bool,
        classes: Any = None,
        in_parts: bool = False,
        **changed: Any,
    ) -> Any:
        """Fit with `changed` training parameters, in parts or not, and warn of no convergence."""
        parameters = plain_parameters(self)
        to_train = {**parameters, **changed}
        tasks = None
        if getattr(self, "_skl_callbacks", None):
            tasks = FitTasks.begin(self, X, y, sample_weight, to_train["max_epochs"])
        with restore_on_error(self):
            self._goes_on, continues = continues, continues and hasattr(self, "net_")
            self._check_parameters(parameters, continues=continues)
            data = self._read(X, y, sample_weight, groups, reset=not continues, classes=classes)
            given = self._read_validation(*validation)
            self.n_rows_omitted_ = data.n_omitted
            if in_parts:
                follow_scales(self, data, begins=not continues)
            else:
                self.__dict__.pop("_first_rows", None)
            files: Any = nullcontext(self._pause)
            if to_train["checkpoint"] is not None:
                files = checkpointed(self, to_train, data, given, continues=continues, tasks=tasks)
            with files as to_train["checkpoint"]:
                how: dict[str, Any] = {"parameters": to_train, "continues": continues}
                if self.n_members > 1:
                    fit_members(self, data, given, tasks=tasks, **how)
                else:
                    self._run(*self._prepare(data, given, **how), continues=continues, tasks=tasks)
            if tasks is not None:
                tasks.end()
        return self

    def _check_parameters(self, parameters: dict[str, Any], *, continues: bool) -> None:
        """Make the checks of parameters that need no data."""
        if continues:
            check_continues(parameters, self._begun_with)
            self._warn_if_restarted()
        else:
            self._begun_with = parameters
        if isinstance(self.standardize, str):
            check_window_scaling(parameters)
        if self.augmentation:
            check_augmentation(self.augmentation, per_step=self.return_sequences)

    def _read(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        reset: bool,
        trained_on: bool = True,
        classes: Any = None,
    ) -> Data:
        """Validate and encode X, y and the weights of complete windows."""
        lengths, present = None, None
        (X, y, sample_weight), origin = complete_only(X, y, sample_weight, groups)
        if self.return_sequences:
            sequences, _ = self._read_sequences(X, reset=reset)
            lengths = valid_lengths(sequences)
            y, present = fill_missing(flatten_steps(y, sequences))
        else:
            sequences, y = self._read_sequences(X, y, reset=reset)
        target = self._encode(y, reset=reset, classes=classes)
        if reset and isinstance(self.standardize, str):
            self._find_target_channel(X, target)
        n, repeats = sequences.n_windows, 1 if lengths is None else lengths
        if lengths is not None and by_step(sample_weight):
            sample_weight = flatten_steps(sample_weight, sequences, "sample_weight")
            n, repeats = len(sample_weight), 1
        with prefix_errors("sample_weight"):
            weight = check_sample_weight(sample_weight, np.empty((n, 1)), ensure_non_negative=True)
        weight = np.repeat(without_extremes(weight), repeats)
        if present is not None:
            weight = weight * present
        weight = self._class_weighted(weight, y, present, trained_on=trained_on)
        if not weight.any():
            raise ValueError("All samples have weight zero; give some a positive weight.")
        return Data(sequences, target, weight, lengths, *origin)

    def _class_weighted(
        self, weight: NDArray[np.float64], y: Any, present: Any, *, trained_on: bool
    ) -> NDArray[np.float64]:
        """Return the weights unchanged: only a classifier has class weights."""
        return weight

    def _splits_at_random(self, data: Data) -> bool:
        """Return whether groups are held out at random, which only a classifier does of samples."""
        return data.groups is not None

    def _find_target_channel(self, X: Any, target: NDArray[Any]) -> None:
        """Do nothing: only regression targets are normalised with their window."""

    def _read_validation(self, X_val: Any, y_val: Any) -> Data | None:
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be given together; got only one of them.")
        try:
            return self._read(X_val, y_val, reset=False, trained_on=False)
        except (TypeError, ValueError) as error:
            raise type(error)(f"X_val and y_val cannot be used for validation. {error}") from error

    def _read_sequences(
        self, X: Any, y: Any = "no_validation", *, reset: bool = False
    ) -> tuple[Windows | Ragged, Any]:
        """Validate X (and y) and return its sequences without padding, and y."""
        validate = partial(validate_features, self, reset=reset)
        if not reset:
            return self._reader.read(X, y, validate=validate)
        reading = declared_reading(self, X, any_length=self._any_length)
        self._reader, sequences, y = self._reader_class.of(
            X, y, name=type(self).__name__, reading=reading, validate=validate
        )
        form = self._reader.form
        self.n_features_in_ = form.n_features
        self.n_channels_, self.n_steps_ = form.n_channels, form.n_steps
        if form.is_list and hasattr(self, "feature_names_in_"):  # of an earlier fit to a table
            del self.feature_names_in_
        return sequences, y

    def _prepare(
        self, data: Data, given: Data | None, *, parameters: dict[str, Any], continues: bool
    ) -> tuple[SequenceNet, Examples, Examples | None, TrainingConfig]:
        """Return a net, examples of `data`, of `given` or held-out data, and a configuration."""
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(MAX_SEED))
        rows, held = np.flatnonzero(data.sample_weight), None
        how: dict[str, Any] = {"task": self._task, "has_validation": given is not None}
        early = stops_early(parameters["early_stopping"], len(rows), **how)
        if early and given is None:
            rows, held = self._hold_out(rows, data, rng)
        if not continues:
            self._learn(data if held is None else data.only(rows))
        config = TrainingConfig.resolve(
            {**parameters, "early_stopping": early},
            n_samples=len(rows),
            n_values=data.sequences.n_steps * self._reader.values_per_step,
            n_channels=self.n_channels_,
            n_outputs=self._encoder.n_outputs,
            dtype=self.net_.config.dtype if continues else None,
        )
        examples = self._examples(data, config)
        train, valid = examples(rows), None
        if held is not None:
            valid = examples(held)
        elif given is not None:
            valid = self._examples(given, config)(np.flatnonzero(given.sample_weight))
        net = self.net_ if continues else self._new_net(parameters, config, seed)
        net.checkpoint_ = parameters["checkpoint"]
        return net, train, valid, config

    def _learn(self, data: Data) -> None:
        """Learn the scales of channels and targets from the training data."""
        self._reader = self._reader.fit(data.sequences, data.sample_weight, self)
        self.channel_scale_ = self._reader.scale
        self.missing_channels_ = self._reader.missing_channels
        windows = self._reader.window_scale(data.sequences)
        encoder = self._encoder if windows is None else self._encoder_at(windows)
        self._encoder = encoder.fit(data.target, data.weight)

    def _examples(
        self, data: Data, config: TrainingConfig
    ) -> Callable[[NDArray[np.intp]], Examples]:
        """Return a function from row indices to these examples, as tensors on the device."""
        windows = self._reader.window_scale(data.sequences)
        copy = bool(self.callbacks)  # which may modify the batches
        how: dict[str, Any] = {"copy": copy, "windows": windows}
        x = self._reader.tensor(data.sequences, config.dtype, config.device, **how)
        encoder = self._encoder if windows is None else self._encoder_at(windows)
        factor = None if windows is None else encoder.loss_factor
        target = encoder.to_network(data.target)
        if target.dtype.kind == "f":
            target = target.astype(config.dtype)
        y = torch.as_tensor(target, device=config.device)
        return lambda rows: Examples.of(x, y, data.weight, rows, data.lengths, factor)

    def _new_net(
        self, parameters: dict[str, Any], config: TrainingConfig, seed: int
    ) -> SequenceNet:
        """Return an untrained network for the sizes of the data."""
        with one_thread():  # more are slower on small matrices
            architecture = self._architecture(parameters)
            module = self._reader.build_module(self._module_class, architecture, config.n_outputs)
            module = beside(module) if self.linear_skip else module
            if self._encoder.n_constants:
                module = with_constants(module, self._encoder.n_constants)
            return build_net(module, self._criterion(), config, seed)
