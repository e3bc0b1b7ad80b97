"""The task of regression: losses, predictions and R2."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from torch import nn

from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.target_channel import find_target_channels
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sklearn.compat import Interval, StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._training import losses as _losses
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
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
class SequenceRegressor(RegressorMixin, BaseSequenceEstimator):
    """Base class of the regressors."""

    loss: str = param(
        [StrOptions(set(LOSSES))],
        """The training loss. ``"squared_error"`` predicts the conditional mean,
        ``"absolute_error"`` the median, ``"huber"`` a compromise (see `delta`), ``"quantile"``
        the given `quantile`, and ``"poisson"`` the mean of non-negative targets with a log
        link.""",
        default="squared_error",
    )
    quantile: float = param(
        [INSIDE],
        'Quantile level that ``loss="quantile"`` predicts.',
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
            Coefficient of determination, at most 1.
        """
        return self._score(r2_score, X, y, sample_weight)

    def _encode(self, y: Any, *, reset: bool, classes: None = None) -> NDArray[np.float64]:
        """Return y as an array of shape (n_samples, n_outputs)."""
        if not reset:
            return self._encoder.encode(y)
        self._encoder, target = RegressionEncoder.of(
            y,
            type(self).__name__,
            log_link=self.loss == "poisson",
            standardize=self.standardize,
            degree=LOSSES[self.loss][0].degree,
        )
        return target

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
        loss, names = LOSSES[self.loss]
        parameters = {name: getattr(self, name) for name in names}
        if self.standardize == "window" and self._encoder.has_factors:
            return _losses.Rescaled, {"loss": loss(**parameters)}
        return loss, parameters
