"""What linear models on windows with squared errors share."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from scipy.linalg import LinAlgWarning
from sklearn.utils import Tags

from sklearn_rnn._sequences.target_channel import (
    channel_at,
    channel_names,
    channels_known_ahead,
    find_target_channels,
    needs_channel,
)
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.linear._base import WindowRegressor
from sklearn_rnn.linear._design import CenteredDesign, FloatArray
from sklearn_rnn.linear._last_value import LastValue
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._ridge_path import Gradient, is_well_conditioned, solve_ridge
from sklearn_rnn.linear._system import System
from sklearn_rnn.linear._training_set import TrainingSet


def standardize_param(*, default: bool) -> Any:
    """Declare ``standardize``, whose default depends on the model."""
    return param(
        ["boolean", StrOptions({"last"})],
        """Whether to penalise the coefficients of columns divided by their standard deviation over
        the training windows, as glmnet does. ``"last"`` does so too, after the last value of each
        window is subtracted: from all channels except known future covariates, and that of
        `target_channel` from y (NLinear), for non-stationary series. `coef_` always refers to X
        itself.""",
        default=default,
    )


@parametrized
class LeastSquaresModel(WindowRegressor):
    """Base class of linear models on windows with squared errors."""

    standardize: bool | str = standardize_param(default=False)
    target_channel: int | str | None = param(
        [Interval(Integral, 0, None, closed="left"), str, None],
        """The channel with past values of y, for ``standardize="last"``: its position, or its name
        if X has names. None is the only channel, or the one that y equals row by row, if X is
        windows of `LagTransformer` or `make_lagged`.""",
        default=None,
    )

    def _read_training_set(self, X: Any, y: Any, sample_weight: Any) -> TrainingSet:
        data = super()._read_training_set(X, y, sample_weight)
        self._last_value = self._find_last_value(X, data)
        return replace(data, last_value=self._last_value)

    def _system(self, moments: Moments) -> System:
        """Return the normal equations of the columns that are penalised."""
        level = None
        if self._last_value is not None:
            moments, level = self._last_value.reduce(moments)
        return System.of(
            moments,
            fit_intercept=self.fit_intercept,
            standardize=bool(self.standardize),
            level=level,
        )

    def _unscaled(self, coef: FloatArray, system: System) -> FloatArray:
        """Return coefficients of X by those of a system, of shape (..., n_columns, n_outputs)."""
        coef = coef / system.scale[:, np.newaxis]
        return coef if self._last_value is None else self._last_value.expand(coef)

    def _solve_ridge(
        self, data: TrainingSet, moments: Moments, system: System, penalty: FloatArray
    ) -> FloatArray:
        """Return the coefficients for penalties (n_columns,) on squares, or warn of few digits."""
        coef, is_accurate = solve_ridge(system, penalty, self._gradient(data, moments, system))
        if not is_accurate:
            warnings.warn(
                "The columns of X are collinear to working precision: the coefficients of least "
                "norm, for columns of the same size, were taken, and have few correct digits. "
                "Increase alpha, or leave columns out.",
                LinAlgWarning,
                stacklevel=5,
            )
        return coef

    def _gradient(self, data: TrainingSet, moments: Moments, system: System) -> Gradient:
        """Return the function of coefficients that gives the products of columns and residuals."""
        center, weight = moments.center[: data.design.n_channels], data.weight[:, np.newaxis]

        def gradient(coef: FloatArray) -> FloatArray:
            own, at_center = self._of_moments(self._unscaled(coef, system), moments)
            steps = data.steps(moments.origin)
            design = CenteredDesign(steps.design, center)
            residual = steps.y - design.dot(own) - at_center
            if self.fit_intercept:
                residual -= data.weight @ residual / moments.weight
            products = design.transposed_dot(weight * residual)
            if not self.fit_intercept:
                products += np.outer(moments.center, data.weight @ residual)
            if self._last_value is not None:
                products = self._last_value.contract(products)
            return np.asarray(products / system.scale[:, np.newaxis])

        return gradient

    def _warn_if_ill_conditioned(self, system: System, curvature: FloatArray) -> None:
        if not is_well_conditioned(system, curvature):
            warnings.warn(
                "Columns of X with the penalty_factor 0 have a condition number above 1e4: their "
                "coefficients lose digits. Give them a small factor, or leave columns out.",
                LinAlgWarning,
                stacklevel=5,
            )

    def _find_last_value(self, X: Any, data: TrainingSet) -> LastValue | None:
        """Return what ``standardize="last"`` subtracts from windows and y."""
        if self.standardize != "last":
            return None
        form, given = self._form, self.target_channel
        names = channel_names(X, form.columns)
        if given is None:
            given = self._find_target_channel(X, data) if form.n_channels > 1 else 0
        channel = channel_at(given, form.n_channels, names)
        if channel is None:
            raise needs_channel("last", form.n_channels, names, repr(given))
        is_known = np.isin(np.arange(form.n_channels), channels_known_ahead(X, form.columns))
        return LastValue(form.n_steps, ~is_known, channel)

    def _find_target_channel(self, X: Any, data: TrainingSet) -> int:
        """Return the channel of windows whose rows y equals."""
        channels = find_target_channels(
            None,
            X[data.samples] if isinstance(X, WindowArray) else X,
            data.y,
            standardize="last",
            n_channels=self._form.n_channels,
            columns=self._form.columns,
        )
        if len(different := np.unique(channels)) > 1:
            names = channel_names(X, self._form.columns)
            got = f"None, and the outputs of y equal the channels {different.tolist()}"
            raise needs_channel("last", self._form.n_channels, names, got)
        return int(channels[0])

    def _set_coefficients(self, coef: FloatArray, moments: Moments) -> None:
        """Set the learned attributes, by coefficients of shape (n_columns, n_outputs)."""
        self._set_linear(coef, moments.origin, self._at_origin(coef, moments))

    def _at_origin(self, coef: FloatArray, moments: Moments) -> FloatArray:
        """Return intercepts at the origin, by coefficients (..., n_columns, n_outputs) of X."""
        _, at_center = self._of_moments(coef, moments)
        last = self._last_value
        return at_center if last is None else at_center + moments.origin[last.target]

    def _of_moments(self, coef: FloatArray, moments: Moments) -> tuple[FloatArray, FloatArray]:
        """Return coefficients of the columns of moments by those of X, and intercepts there."""
        if self._last_value is not None:
            coef = self._last_value.of_steps(coef)
        return coef, intercepts(coef, moments, self.fit_intercept)

    def __sklearn_tags__(self) -> Tags:
        """Declare several targets."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def intercepts(coef: FloatArray, moments: Moments, fit_intercept: bool) -> FloatArray:
    """Return intercepts for columns centred at `moments.center`.

    Coefficients of shape (..., n_columns, n_outputs) give intercepts of shape (..., n_outputs).
    """
    if not fit_intercept:
        return np.asarray(moments.center @ coef)
    return np.asarray(moments.y_mean - moments.x_mean @ coef)
