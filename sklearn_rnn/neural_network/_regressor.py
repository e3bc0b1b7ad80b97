"""The task of regression: losses, predictions and R2."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.target_channel import find_target_channels
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sklearn.compat import Interval, StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._training import losses as _losses
from sklearn_rnn._training.joint_quantiles import JointQuantiles
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._fitted import FittedRegressor
from sklearn_rnn.neural_network._quantiles import (
    check_trained_levels,
    d2_of_quantiles,
    decode_quantiles,
    positions_of,
)
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder
from sklearn_rnn.neural_network._training_parameters import INSIDE, ONE_EPOCH, POSITIVE
from sklearn_rnn.neural_network._validation_split import Split, hold_out_last

LOSSES: dict[str, tuple[type[_losses.Loss], tuple[str, ...]]] = {
    "squared_error": (_losses.SquaredError, ()),
    "absolute_error": (_losses.AbsoluteError, ()),
    "huber": (_losses.Huber, ("delta",)),
    "quantile": (_losses.Quantile, ("quantile",)),
    "poisson": (_losses.Poisson, ()),
}


@parametrized
class SequenceRegressor(RegressorMixin, FittedRegressor, BaseSequenceEstimator):
    """Base class of the regressors."""

    loss: str = param(
        [StrOptions(set(LOSSES))],
        """The training loss. ``"squared_error"`` predicts the conditional mean,
        ``"absolute_error"`` the median, ``"huber"`` a compromise (see `delta`), ``"quantile"``
        the given `quantile` or quantiles, and ``"poisson"`` the mean of non-negative targets with a
        log link.""",
        default="squared_error",
    )
    quantile: Any = param(
        [INSIDE, "array-like"],
        """Quantile level that ``loss="quantile"`` predicts, or a list of increasing levels with 0.5
        among them. For a list one network predicts all quantiles, as the median and the gaps
        between neighbours, so that they never cross; `predict` returns the median, and
        ``predict(X, quantiles=...)`` those asked for. The loss is their mean pinball loss.""",
        default=0.5,
    )
    delta: float = param(
        [POSITIVE],
        """Error, on the standardised scale, at which ``loss="huber"`` changes from quadratic to
        linear.""",
        default=1.35,
    )

    target_channel: Any = param(
        [Interval(Integral, 0, None, closed="left"), str, "array-like", None],
        """With ``standardize="window"`` or ``"last"``, the channel of `X` with the past values of
        `y`, in the units of `y`: its position, or its name if `X` has names; a sequence with one
        channel per output if they differ. None finds the channel if `X` is windows of
        `LagTransformer` or `make_lagged` and `y` equals one of their columns row by row.""",
        default=None,
    )

    _multi_output: ClassVar[bool] = True
    _learned: ClassVar[dict[str, str]] = {
        "target_scale_ : Scale": """
            ``mean`` and ``scale`` by which each output is standardised; with
            ``standardize="window"`` or ``"last"``, those of the outputs after the normalisation by
            window.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train for one more epoch.

        The first call learns the scales of channels and targets; later calls keep them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the loss.

        Returns
        -------
        self : object
            The estimator.
        """
        return self._fit(X, y, sample_weight, continues=True, **ONE_EPOCH)

    def predict_members(self, X: Any) -> NDArray[np.float64]:
        """Predict by each member; `predict` is their mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences, as in `fit`.

        Returns
        -------
        ndarray of shape (n_members, n_samples) or (n_members, n_samples, n_outputs)
            Predictions, each in the form of `predict`.
        """
        return self._response(X, RegressionEncoder.decode, of_each=True)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the R2 score; with ``return_sequences=True`` over all steps except padding.

        With several quantiles it is the D2 of the pinball loss, one minus the loss over that of the
        constant quantiles of `y`, as ``sklearn.metrics.d2_pinball_score``; the mean over all
        levels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences.
        y : array-like
            Targets, as in `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences.

        Returns
        -------
        float
            Coefficient of determination, or D2, at most 1.
        """
        check_is_fitted(self)
        if isinstance(self._loss, JointQuantiles):
            metric = partial(d2_of_quantiles, levels=self._loss.levels)
            every = range(len(self._loss.levels))
            decode = partial(decode_quantiles, loss=self._loss, chosen=list(every))
            return self._score(metric, X, y, sample_weight, decode, of_all=True)
        return self._score(r2_score, X, y, sample_weight)

    def _quantiles(self, X: Any, quantiles: Any) -> NDArray[np.float64]:
        """Return quantiles for X, see `predict`."""
        check_is_fitted(self)
        chosen = positions_of(quantiles, self._loss)
        decode = partial(decode_quantiles, loss=self._loss, chosen=chosen)
        return self._response(X, decode, of_all=True)

    def _encode(self, y: Any, *, reset: bool, classes: None = None) -> NDArray[np.float64]:
        """Return y as an array of shape (n_samples, n_outputs)."""
        if not reset:
            return self._encoder.encode(y)
        loss, parameters = self._declared_loss()
        self._loss = loss(**parameters)
        self._encoder, target = RegressionEncoder.of(
            y,
            type(self).__name__,
            log_link=self.loss == "poisson",
            standardize=self.standardize,
            loss=self._loss,
        )
        return target

    def _declared_loss(self) -> tuple[type[_losses.Loss], dict[str, Any]]:
        """Return the class of the loss and its parameters."""
        if self.loss == "quantile" and not isinstance(self.quantile, Real):
            return JointQuantiles, {"levels": check_trained_levels(self.quantile)}
        loss, names = LOSSES[self.loss]
        return loss, {name: getattr(self, name) for name in names}

    @property
    def target_scale_(self) -> Scale:
        """The mean and scale of each output."""
        return self._encoder.scale

    def _find_target_channel(self, X: Any, target: NDArray[np.float64]) -> None:
        """Set in the encoder which channels the targets follow."""
        channels = find_target_channels(
            self.target_channel,
            X,
            target,
            standardize=str(self.standardize),
            n_channels=self.n_channels_,
            columns=self._reader.form.columns,
        )
        self._encoder = replace(self._encoder, channels=channels)

    def _encoder_at(self, windows: WindowScale) -> RegressionEncoder:
        return self._encoder.at(windows, self._reader.scale)

    def _hold_out(self, rows: NDArray[np.intp], data: Data, rng: np.random.RandomState) -> Split:
        return hold_out_last(rows, data, self.validation_fraction)

    def _criterion(self) -> tuple[type[nn.Module], dict[str, Any]]:
        loss, parameters = self._declared_loss()
        if self.standardize == "window" and self._encoder.has_factors:
            return _losses.Rescaled, {"loss": loss(**parameters)}
        return loss, parameters
