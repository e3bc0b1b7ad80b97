"""What a fitted estimator gives: the run that makes it, predictions and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import (
    fill_missing,
    flatten_steps,
    flatten_weights,
    unflatten_steps,
)
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.validation import validate_features
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.inference import raw_outputs
from sklearn_rnn._training.linear_init import linear_share
from sklearn_rnn._training.linear_skip import epochs_with_linear
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.neural_network._description import Described
from sklearn_rnn.neural_network._fit_tasks import FitTasks
from sklearn_rnn.neural_network._input_reader import InputReader
from sklearn_rnn.neural_network._loss_curve import WithLossCurve


def _decode(encoder: Any, raw_output: torch.Tensor) -> NDArray[Any]:
    """Return raw outputs as predictions in the units of y, or as labels."""
    return np.asarray(encoder.decode(raw_output))


class Fitted(Described, WithLossCurve):
    """Mixin with the learned attributes of an estimator, the run that sets them, and their use."""

    _multi_output: ClassVar[bool] = False
    _begun_with: dict[str, Any]
    callbacks: Any
    linear_skip: bool
    return_sequences: bool = False
    vocabulary_size: int | None = None
    embedding_dim: int | None = None
    embedding_init: Any = None
    embedding_trainable: bool = True
    all_missing: str = "auto"

    _encoder: Any  # a RegressionEncoder or a LabelEncoder, by the task
    _reader_class: ClassVar[type[InputReader]] = InputReader
    _read_sequences: Callable[..., tuple[Windows | Ragged, Any]]
    _architecture: Callable[[Mapping[str, Any]], dict[str, Any]]
    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool]
    _task: ClassVar[str]

    _learned: ClassVar[dict[str, str]] = {
        "n_channels_ : int": "Number of channels of the sequences seen in `fit`.",
        "n_steps_ : int": "Number of steps of the longest sequence seen in `fit`.",
        "channel_scale_ : Scale": "``mean`` and ``scale`` by which each channel is standardised.",
        "missing_channels_ : ndarray of int": """
            Channels with missing values in the training data, each of which has an indicator input
            in the network; empty with ``missing_indicator=False``.""",
        "n_features_in_ : int": "Number of columns of a 2-D `X`, or of channels of a 3-D `X`.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": """
            Column names of `X`, if all are strings.""",
        "n_rows_omitted_ : int": """
            Number of windows that `fit` left out: those with lags before the start of the series or
            in a gap.""",
        "net_ : skorch.NeuralNet": """
            The trained network, of several the first; its ``module_`` is the torch module.""",
        "member_seeds_ : ndarray of int, of shape (n_members,)": """
            With `n_members` > 1, the `random_state` of each member.""",
        "members_ : list of estimators": """
            With `n_members` > 1, the fitted members, each an estimator with a single network.""",
        "n_iter_ : int": "Number of epochs run, by the member that ran the most.",
        "loss_curve_ : list of float": """
            Training objective of each epoch, including the penalty; the mean over all members, of
            which those that have stopped count with the loss of their last epoch.""",
        "penalty_curve_ : list of float": """
            The penalty in `loss_curve_`: their difference is comparable with
            `validation_loss_curve_`. The mean over an epoch is that of its begin and end.""",
        "validation_loss_curve_ : list of float or None": """
            Validation loss after each epoch, a mean in the same way; None without validation
            data.""",
        "n_parameters_ : int": "Number of trainable parameters, of all members together.",
        "linear_share_ : float": """
            With `linear_skip`, the linear part's share of the variance of the raw outputs on the
            training data: cov(linear part, raw output) / var(raw output). Of several members the
            mean.""",
    }

    def _run(
        self,
        net: SequenceNet,
        train: Examples,
        valid: Examples | None,
        config: TrainingConfig,
        *,
        continues: bool,
        tasks: FitTasks | None = None,
    ) -> None:
        """Train a network and set the learned attributes."""
        linear = self.linear_skip and not continues
        with net.threads(train, config):
            if linear or tasks is not None:
                epochs_of = epochs_with_linear if linear else SequenceNet.epochs
                with closing(epochs_of(net, train, valid, config)) as epochs:
                    if tasks is not None:
                        tasks.run(epochs, net, train, self, config.max_epochs)
                    for _ in epochs:
                        pass
            else:
                net.fit_examples(train, valid, config)
            self._keep(net, train)

    def _keep(self, net: SequenceNet, train: Examples) -> None:
        """Set the learned attributes to those of a network that was trained on the examples."""
        for name in ("linear_share_", "members_", "member_seeds_"):
            self.__dict__.pop(name, None)  # of an earlier fit
        if self.linear_skip:
            self.linear_share_ = linear_share(net.module_, train)
        self.net_ = net
        self.n_parameters_ = sum(p.numel() for p in net.module_.parameters() if p.requires_grad)
        self.n_iter_ = len(net.history)
        self.loss_curve_ = net.history[:, "train_loss"]
        self.penalty_curve_ = [row.get("penalty", 0.0) for row in net.history]
        valid_losses = [row["valid_loss"] for row in net.history if "valid_loss" in row]
        self.validation_loss_curve_ = valid_losses or None

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels in the shape of the `y` of `fit`; for a multilabel target an indicator matrix of
            zeros and ones.
        """
        return self._response(X, _decode)

    def _response(
        self,
        X: Any,
        decode: Callable[[Any, torch.Tensor], Any],
        *,
        of_each: bool = False,
        fill: Any = None,
        **how: Any,
    ) -> NDArray[Any]:
        """Return decoded outputs for X: one for each sample, or for each step.

        Parameters
        ----------
        X : array-like or list
            Sequences.
        decode : callable
            See `_decoded`.
        of_each : bool, default=False
            Whether to return the response of each member, along a first axis.
        fill : object, optional
            The response at steps of padding; by default that of the encoder.
        **how : object
            ``of_all``, see `_decoded`.
        """
        sequences, values = self._decoded(X, decode, of_each=of_each, **how)
        if self.return_sequences:
            ragged, fill = comes_as_list(X), self._encoder.padding if fill is None else fill
            values = [unflatten_steps(v, sequences, ragged=ragged, fill=fill) for v in values]
        return np.stack(values) if of_each else values[0]

    def _decoded(
        self,
        X: Any,
        decode: Callable[[Any, torch.Tensor], Any],
        *,
        of_each: bool = False,
        of_all: bool = False,
    ) -> tuple[Windows | Ragged, list[Any]]:
        """Return the sequences of X, and what `decode` makes of the outputs for them.

        Parameters
        ----------
        X : array-like or list
            Sequences.
        decode : callable
            Takes the encoder and raw outputs of shape (n_samples, n_outputs), or with a row for
            each valid step: by default those whose predictions are the means of all members.
        of_each : bool, default=False
            Whether to decode the outputs of each member by itself.
        of_all : bool, default=False
            Whether to decode the outputs of all members together, along a first axis.
        """
        check_is_fitted(self)
        sequences, _ = self._reader.read(X, validate=partial(validate_features, self, reset=False))
        windows = self._reader.window_scale(sequences)
        encoder = self._encoder if windows is None else self._encoder_at(windows)
        outputs = self._outputs_of(sequences, windows=windows)
        if of_all:
            outputs = [torch.stack(outputs)]
        elif not of_each and len(outputs) > 1:
            outputs = [encoder.averaged(torch.stack(outputs))]
        return sequences, [decode(encoder, output) for output in outputs]

    def _outputs_of(
        self,
        sequences: Windows | Ragged,
        through: Callable[[SequenceModule], SequenceModule] | None = None,
        windows: WindowScale | None = None,
    ) -> list[torch.Tensor]:
        """Return the outputs of the network, or of each member, for validated sequences.

        Parameters
        ----------
        sequences : Windows or Ragged
            The sequences.
        through : callable, optional
            Applied to each network; the outputs of its result are returned.
        windows : WindowScale, optional
            What windows are normalised by, if that is known.
        """
        reader, config, outputs = self._reader, self.net_.config, []
        how: dict[str, Any] = {"copy": bool(self.callbacks)}  # which may modify the batches
        x = reader.tensor(sequences, config.dtype, config.device, windows=windows, **how)
        for member in getattr(self, "members_", (self,)):
            net, module = member.net_, member.net_.module_
            if member._reader is not reader:  # it has learned from other samples
                reader = member._reader
                x = reader.tensor(sequences, net.config.dtype, config.device, **how)
            module = module if through is None else through(module)
            outputs.append(raw_outputs(module, x, mixed=net.config.mixed).double())
        return outputs

    def _encoder_at(self, windows: WindowScale) -> Any:
        """Return the encoder of the targets of windows, by what these are normalised by."""
        return self._encoder

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator has a trained network."""
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: X of two or three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = self._multi_output
        return tags

    def _score(
        self,
        metric: Callable[..., float],
        X: Any,
        y: Any,
        sample_weight: Any,
        decode: Callable[[Any, torch.Tensor], Any] = _decode,
        **how: Any,
    ) -> float:
        """Return the metric of what is decoded, see `_decoded`; over all steps with a target."""
        sequences, (predicted,) = self._decoded(X, decode, **how)
        if self.return_sequences:
            y, present = fill_missing(flatten_steps(y, sequences))
            if sample_weight is not None:
                sample_weight = flatten_weights(sample_weight, sequences)
            if not present.all():
                sample_weight = present * (1.0 if sample_weight is None else sample_weight)
        return float(metric(y, predicted, sample_weight=sample_weight))


class FittedRegressor(Fitted):
    """Mixin with the predictions of a regressor."""

    _quantiles: Callable[[Any, Any], NDArray[np.float64]]
    _mean_and_std: Callable[[Any], tuple[NDArray[Any], NDArray[Any]]]

    def predict(self, X: Any, quantiles: Any = None, return_std: bool = False) -> Any:
        """Predict the targets, or quantiles of them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.
        quantiles : array-like of float, of shape (k,), default=None
            Levels of quantiles to predict: with ``loss="quantile"`` those of `quantile`, with a
            loss that is a distribution any above 0 and below 1.
        return_std : bool, default=False
            Whether to return the standard deviation of the distribution, too.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Targets in the shape and units of the `y` of `fit`. With `quantiles` there is a last
            axis of length k, in the order of `quantiles`.
        std : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Standard deviations of the targets, only with `return_std`.

        Raises
        ------
        ValueError
            If a level is not trained, or the loss has no quantiles or no distribution.
        """
        if return_std and quantiles is not None:
            raise ValueError("quantiles and return_std=True cannot be given together.")
        if return_std:
            return self._mean_and_std(X)
        if quantiles is not None:
            return self._quantiles(X, quantiles)
        return self._response(X, _decode)
