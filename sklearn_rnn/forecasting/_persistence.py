"""The naive and the seasonal naive forecast: `PersistenceRegressor`."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.validation import InputForm, Reading, check_sequences, check_target
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import Interval, fit_context
from sklearn_rnn._sklearn.estimator_state import restore_on_error
from sklearn_rnn._sklearn.parameters import param, parametrized


@parametrized
class PersistenceRegressor(RegressorMixin, BaseEstimator):
    r"""Naive forecast: the last value of a channel, or its value one season earlier.

    With :math:`x_1, \ldots, x_T` the window of the channel and s = ``season``, the forecast is
    :math:`x_{T + 1 - s}`, the last value for s = 1. With several targets, the h-th is h steps
    ahead, and its forecast is the value of the same phase of the season,
    :math:`x_{T + 1 - s + (h - 1) \bmod s}`.

    {parameters}

    {attributes}

    See Also
    --------
    make_ar : Linear autoregression, the next baseline.

    Notes
    -----
    Nothing is learned from y: the channel must contain past values of the target in units of the
    target, so X must not be scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import PersistenceRegressor, make_lagged
    >>> series = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])
    >>> windows, targets = make_lagged(series[:, None], series, 3)
    >>> PersistenceRegressor(season=3).fit(windows, targets).predict(windows)
    array([1., 2., 3., 1.])
    """

    channel: int = param(
        [Interval(Integral, 0, None, closed="left")],
        "Position of the channel with past values of the target.",
        default=0,
    )
    season: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Length of the season in steps: the forecast is the value so many steps before the target.",
        default=1,
    )
    n_channels: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Number of channels of a 2-D X, whose columns are blocks of channels, oldest first.",
        default=1,
    )

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of a 2-D `X`, or channels of a 3-D `X`.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns, if all are strings."
        ),
        "n_outputs_ : int or None": "Number of targets; None if y is one-dimensional.",
        "n_parameters_ : int": "0, since nothing is learned.",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> PersistenceRegressor:
        """Validate X and y, and store their shapes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Windows of past values.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, for the next ``n_outputs`` steps if there are several.

        Returns
        -------
        PersistenceRegressor
            The fitted estimator.
        """
        with restore_on_error(self):
            windows, y = self._read(X, y, reset=True)
            self._check(windows)
            target = check_target(y)
        self.n_outputs_ = None if target.ndim == 1 else target.shape[1]
        self.n_parameters_ = 0
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Windows of past values.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Forecasts.
        """
        check_is_fitted(self)
        windows, _ = self._read(X, "no_validation", reset=False)
        self._check(windows)
        last = windows.array()[:, windows.n_steps - self.season :, self.channel]
        last = last.astype(np.float64)  # (n_samples, season)
        if self.n_outputs_ is None:
            return last[:, 0]
        return last[:, np.arange(self.n_outputs_) % self.season]

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[Windows, Any]:
        windows, y, form = check_sequences(
            partial(validate_data, self, reset=reset),
            X,
            y,
            name=type(self).__name__,
            reading=Reading(self.n_channels),
            form=None if reset else self._form,
        )
        assert isinstance(windows, Windows), "sequences of different length raise an error"
        if reset:
            self._form: InputForm = form
            self.n_features_in_ = form.n_features
        return windows, y

    def _check(self, windows: Windows) -> None:
        n_channels = windows.rows.shape[1]
        if self.channel >= n_channels:
            raise ValueError(
                f"channel={self.channel} is out of range for X with {n_channels} channels, counted "
                "from 0."
            )
        if self.season > windows.n_steps:
            raise ValueError(
                f"season={self.season} is longer than the windows of {windows.n_steps} steps; give "
                "longer windows."
            )

    def __sklearn_tags__(self) -> Tags:
        """Declare 3-D input, several outputs, and that nothing is learned."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags
