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
from sklearn_rnn._sklearn.validation import check_length
from sklearn_rnn._training import distributions as _distributions
from sklearn_rnn._training import losses as _losses
from sklearn_rnn._training.joint_quantiles import JointQuantiles
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._distributions import (
    check_distribution,
    decode_distribution,
    decode_moments,
    distribution_of,
    mean_log_density,
)
from sklearn_rnn.neural_network._fitted import FittedRegressor
from sklearn_rnn.neural_network._quantiles import (
    check_trained_levels,
    d2_of_quantiles,
    decode_quantiles,
    positions_of,
    read_levels,
)
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder
from sklearn_rnn.neural_network._training_parameters import INSIDE, ONE_EPOCH, POSITIVE
from sklearn_rnn.neural_network._validation_split import Split, hold_out_groups, hold_out_last

LOSSES: dict[str, tuple[type[_losses.Loss], tuple[str, ...]]] = {
    "squared_error": (_losses.SquaredError, ()),
    "absolute_error": (_losses.AbsoluteError, ()),
    "huber": (_losses.Huber, ("delta",)),
    "quantile": (_losses.Quantile, ("quantile",)),
    "poisson": (_losses.Poisson, ()),
    "normal": (_distributions.Normal, ("dispersion",)),
    "student_t": (_distributions.StudentT, ("dispersion",)),
    "negative_binomial": (_distributions.NegativeBinomial, ("dispersion",)),
}


@parametrized
class SequenceRegressor(RegressorMixin, FittedRegressor, BaseSequenceEstimator):
    """Base class of the regressors."""

    loss: str = param(
        [StrOptions(set(LOSSES))],
        """The training loss. ``"squared_error"`` predicts the conditional mean,
        ``"absolute_error"`` the median, ``"huber"`` a compromise (see `delta`), ``"quantile"``
        the given `quantile` or quantiles. Others are the negative log-likelihood of a distribution,
        and predict its mean: ``"normal"``, ``"student_t"`` with learned degrees of freedom above
        two, and for counts, with a log link, ``"poisson"`` and ``"negative_binomial"`` (NB2, with
        variance ``m + a * m**2`` at the mean m). See `predict` for quantiles and standard
        deviations. ``"poisson"`` also fits the mean of other non-negative targets, but then has no
        distribution.""",
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
    dispersion: str = param(
        [StrOptions({"constant", "varying"})],
        """Whether the scale of ``"normal"`` and ``"student_t"`` and the dispersion a of
        ``"negative_binomial"`` are the same for all inputs, or outputs of the network. A constant
        is not penalised.""",
        default="constant",
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

    _task: ClassVar[str] = "regression"
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

        The scales of channels and targets are those of all samples so far, until there are 100 of
        them, and are kept from then on: later calls change the predictions by training alone. The
        first call learns which channels have missing values, and their categories.

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
        return self._fit(X, y, sample_weight, continues=True, in_parts=True, **ONE_EPOCH)

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
            Weights of the sequences, or of their steps.

        Returns
        -------
        float
            Coefficient of determination, or D2, at most 1.
        """
        check_is_fitted(self)
        loss = self._encoder.loss
        if isinstance(loss, JointQuantiles):
            metric = partial(d2_of_quantiles, levels=loss.levels)
            decode = partial(decode_quantiles, chosen=range(len(loss.levels)))
            return self._score(metric, X, y, sample_weight, decode, of_all=True)
        return self._score(r2_score, X, y, sample_weight)

    def log_score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the mean logarithm of the predicted density at y; higher is better.

        It needs a loss that is a distribution. Of several members it is that of their mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences.
        y : array-like
            Targets, as in `fit`; for counts whole numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences, or of their steps.

        Returns
        -------
        float
            Mean over samples and outputs, in units of y: of counts the logarithm of their
            probability.

        Raises
        ------
        ValueError
            If the loss is not a distribution.
        """
        check_is_fitted(self)
        check_distribution(self._encoder, "log_score")
        check_length("y", y, X)
        metric = partial(mean_log_density, encoder=self._encoder)
        return self._score(metric, X, y, sample_weight, distribution_of, of_all=True)

    def _quantiles(self, X: Any, quantiles: Any) -> NDArray[np.float64]:
        """Return quantiles for X, see `predict`."""
        check_is_fitted(self)
        levels, loss = read_levels(quantiles, "quantiles"), self._encoder.loss
        if loss.levels:
            decode = partial(decode_quantiles, chosen=positions_of(levels, loss))
            return self._response(X, decode, of_all=True)
        check_distribution(self._encoder, "quantiles")
        return self._response(X, partial(decode_distribution, levels=levels), of_all=True)

    def _mean_and_std(self, X: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return means and standard deviations for X, see `predict`."""
        check_is_fitted(self)
        check_distribution(self._encoder, "return_std")
        both = self._response(X, decode_moments, of_all=True)
        if both.dtype == object:  # a list of sequences, with a target for each step
            mean, std = both.copy(), both.copy()
            for i, values in enumerate(both):
                mean[i], std[i] = values[..., 0], values[..., 1]
            return mean, std
        return both[..., 0], both[..., 1]

    def _encode(self, y: Any, *, reset: bool, classes: None = None) -> NDArray[np.float64]:
        """Return y as an array of shape (n_samples, n_targets)."""
        if reset:
            loss, parameters = self._declared_loss()
            self._encoder, target = RegressionEncoder.of(
                y,
                type(self).__name__,
                loss=loss(**parameters),
                loss_name=self.loss,
                standardize=self.standardize,
            )
        else:
            target = self._encoder.encode(y)
        if self._encoder.loss.log_link and (target % 1).any():
            self._encoder = replace(self._encoder, is_whole=False)
        return target

    def _declared_loss(self) -> tuple[type[_losses.Loss], dict[str, Any]]:
        """Return the class of the loss and its parameters."""
        if self.loss == "quantile" and not isinstance(self.quantile, Real):
            return JointQuantiles, {"levels": check_trained_levels(self.quantile)}
        loss, names = LOSSES[self.loss]
        if self.dispersion == "varying" and "dispersion" not in names:
            raise ValueError(
                f'dispersion="varying" needs loss="normal", "student_t" or "negative_binomial"; '
                f'loss="{self.loss}" has no dispersion.'
            )
        return loss, {name: getattr(self, name) for name in names}

    def _restored_encoder(self) -> RegressionEncoder:
        """Return the encoder of targets with its loss."""
        loss, parameters = self._declared_loss()
        return replace(self._encoder, loss=loss(**parameters))

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
        if data.groups is not None:
            return hold_out_groups(rows, data, self.validation_fraction, rng, stratified=False)
        return hold_out_last(rows, data, self.validation_fraction)

    def _criterion(self) -> tuple[type[nn.Module], dict[str, Any]]:
        loss, parameters = self._declared_loss()
        if loss.counts:
            parameters["unit"] = self.target_scale_.scale.tolist()
        if self.standardize == "window" and self._encoder.has_factors:
            return _losses.Rescaled, {"loss": loss(**parameters)}
        return loss, parameters
