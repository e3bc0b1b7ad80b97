"""Calibrated prediction intervals around any regressor: `IntervalRegressor`."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.utils import indexable
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.hold_out import last_of_each
from sklearn_rnn._sklearn.compat import HasMethods, Interval, StrOptions, fit_context, num_samples
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.regressor_inside import RegressorInside
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn._sklearn.validation import (
    check_labels,
    check_target,
    check_targets,
    restore_on_error,
)
from sklearn_rnn.forecasting._conformal import Calibrations, read_delays, warn_of_infinite
from sklearn_rnn.forecasting._interval_ends import IntervalModel, interval_models, widen
from sklearn_rnn.forecasting._past_rows import PastRows
from sklearn_rnn.forecasting._row_order import row_order
from sklearn_rnn.preprocessing._fit_complete import select_rows
from sklearn_rnn.preprocessing._incomplete_rows import find_lags

Array = NDArray[np.float64]


@parametrized
class IntervalRegressor(RegressorInside, Estimator):
    r"""Add intervals to a regressor or pipeline, calibrated on the last rows of each series.

    The regressor is fitted to the earlier rows. Its errors on the last rows set the width of the
    intervals, so that new rows of the same distribution are inside with probability `level`,
    whatever the regressor and the distribution (conformal prediction; Vovk et al., 2005).

    {parameters}

    {attributes}

    Notes
    -----
    **Scores.** A row has the score :math:`\max(l - y, y - u)`, where l and u are the ends of its
    interval before calibration. All intervals are widened at both ends by the score number
    ``ceil((n + 1) * level)`` of n, in ascending order: ``"split"`` and ``"cqr"`` use the scores of
    all series, ``"aci"`` those of the series itself where they suffice. Each of several outputs is
    calibrated by itself: the level holds for each, not for all at once.

    **Time.** The guarantee needs exchangeable rows, which time series are not: where errors grow,
    the level is missed. With ``method="aci"`` the rate of misses that the quantile is taken at
    follows the misses (`update`, `predict_interval_online`), so that over many rows the share of
    misses approaches ``1 - level`` for any series. An interval becomes infinite while the rate is
    at or below zero, or if there are too few scores (level 0.9 needs nine); an
    `InfiniteIntervalWarning` counts them.

    **Rows.** Series and times are those that LagTransformers of the regressor read, or windows
    know; arrays are one series in the order of their rows. A pipeline with lags predicts the
    calibration rows together with the rows before them, which are their past.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn_rnn import IntervalRegressor
    >>> X, y = np.arange(30.0)[:, np.newaxis], np.arange(30.0) + np.tile([-1.0, 0.0, 1.0], 10)
    >>> model = IntervalRegressor(LinearRegression(), level=0.8).fit(X[:20], y[:20])
    >>> model.predict_interval(X[20:22]).round(1)
    array([[19. , 21. ],
           [20. , 22.1]])
    """

    estimator: Any = param(
        [HasMethods(["fit", "predict"])],
        """A regressor, or a pipeline, search or `CompleteRows` that ends in one;
        ``FrozenEstimator(fitted)`` is not fitted again.""",
        kw_only=False,
    )
    level: float = param(
        [Interval(Real, 0, 1, closed="neither")],
        "Probability that an interval contains the target.",
        default=0.9,
    )
    method: str = param(
        [StrOptions({"split", "cqr", "aci"})],
        """``"split"``: prediction plus and minus a quantile of the absolute errors. ``"cqr"``
        (Romano et al., 2019): two quantiles that the regressor predicts, both moved by the same
        amount; `fit` sets its parameter `quantile`. ``"aci"`` (Gibbs and Candès, 2021): as split,
        with a quantile that adapts online.""",
        default="split",
    )
    calibration_fraction: float = param(
        [Interval(Real, 0, 1, closed="neither")],
        "Share of the rows of each series, the last ones, that calibrate.",
        default=0.2,
    )
    refit: bool = param(
        ["boolean"],
        """Whether the regressor is fitted again to all rows after the calibration. It then knows
        the newest rows, and the guarantee holds only if that does not change its errors.""",
        default=False,
    )
    step_size: float = param(
        [Interval(Real, 0, None, closed="neither")],
        'How much the rate of misses of ``method="aci"`` moves after a row (gamma).',
        default=0.01,
    )

    _inside = "estimator"
    _learned: ClassVar[dict[str, str]] = {
        "estimator_ : estimator": "The fitted regressor, that of the median for ``'cqr'``.",
        "n_calibration_ : int": "Number of calibration rows.",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns of X, if all are strings."
        ),
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **params: Any) -> IntervalRegressor:
        """Fit the regressor to the earlier rows of each series, and calibrate on the last.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Training rows or windows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        **params : dict of str to object
            Parameters of ``fit`` of the regressor; values with one entry per row are selected.

        Returns
        -------
        IntervalRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If there are fewer than two rows, "cqr" gets no regressor of quantiles, or the regressor
            predicts several steps.
        """
        models = interval_models(self.estimator, self.method, self.level)
        params = self._route("fit", params)
        with restore_on_error(self):
            check_labels(y, X)
            held = self._hold_out(X)
            validate_data(self, X=X, y=y, skip_check_array=True)
            check_targets(y, X)
            shape = check_target(y).shape[1:]
            X, y = indexable(X, y)
            earlier_X, earlier_y, selected = select_rows(~held, X, y, params)
            self._keep([model.fit(earlier_X, earlier_y, **selected) for model in models], shape)
            self._calibrate(X, y, held)
            if self.refit:
                self._keep([model.fit(X, y, **params) for model in models], shape)
            self._see(X)
        return self

    def conformalize(self, X: ArrayLike, y: ArrayLike) -> IntervalRegressor:
        """Calibrate anew on rows that the regressor was not fitted to.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Rows or windows, all of which calibrate.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.

        Returns
        -------
        IntervalRegressor
            The estimator; with a ``FrozenEstimator`` inside it needs no `fit` before.
        """
        with restore_on_error(self):
            if isinstance(self.estimator, FrozenEstimator) and not hasattr(self, "estimator_"):
                shape = check_target(y).shape[1:]
                self._keep(interval_models(self.estimator, self.method, self.level), shape)
            check_is_fitted(self)
            check_targets(y, X)
            check_labels(y, X)
            self._calibrate(X, y, np.ones(num_samples(X), dtype=bool))
        return self

    def predict(self, X: ArrayLike, **params: Any) -> Any:
        """Predict with the regressor.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Rows or windows.
        **params : dict of str to object
            Parameters of ``predict`` of the regressor.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Predictions.
        """
        check_is_fitted(self)
        return self._model.predict(X, **self._route("predict", params))

    def predict_interval(self, X: ArrayLike) -> Array:
        """Predict intervals, all calibrated by the scores learned so far.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Rows or windows.

        Returns
        -------
        ndarray of shape (n_rows, 2) or (n_rows, n_outputs, 2)
            Lower and upper ends.

        Warns
        -----
        InfiniteIntervalWarning
            If intervals are infinite.
        """
        check_is_fitted(self)
        lower, upper = self._model.ends(X)
        margins = self._calibrations.margins(row_order(X, self.estimator_))
        return self._widen(lower, upper, margins)

    def predict_interval_online(
        self, X: ArrayLike, y: ArrayLike, *, delay: int | ArrayLike = 1
    ) -> Array:
        """Predict intervals of rows in their order in time, each calibrated by those before it.

        The estimator does not change; `update` makes it learn the rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Rows or windows, which follow those learned so far.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        delay : int or array-like of int of shape (n_outputs,), default=1
            After how many rows a target is known, at least 1. It is the forecast horizon of each
            output.

        Returns
        -------
        ndarray of shape (n_rows, 2) or (n_rows, n_outputs, 2)
            Lower and upper ends.

        Warns
        -----
        InfiniteIntervalWarning
            If intervals are infinite.
        """
        lower, upper, margins, _ = self._run(X, y, delay)
        return self._widen(lower, upper, margins)

    def update(self, X: ArrayLike, y: ArrayLike) -> IntervalRegressor:
        """Learn the errors of new rows, which replace the oldest ones, in their order in time.

        The regressor is not fitted again. With ``method="aci"`` the rate of misses moves too.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns) or (n_rows, n_steps, n_channels)
            Rows or windows, which follow those learned so far.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.

        Returns
        -------
        IntervalRegressor
            The estimator.
        """
        *_, learned = self._run(X, y, 1)
        self._calibrations = learned
        self._see(X)
        return self

    def _hold_out(self, X: Any) -> NDArray[np.bool_]:
        """Return which rows calibrate."""
        series, time, _ = row_order(X, self.estimator)
        held = last_of_each(series, time, self.calibration_fraction)
        if not held.any():
            raise ValueError(
                "X must have at least two samples, of which one calibrates; got n_samples = "
                f"{num_samples(X)}."
            )
        return held

    def _keep(self, models: list[Any], target_shape: tuple[int, ...]) -> None:
        self.estimator_ = models[0]
        past = PastRows.of(self.estimator_)
        self._model = IntervalModel(models, self.method, self.level, target_shape, past)

    def _see(self, X: Any) -> None:
        """Keep the last rows of X as the past of later ones."""
        self._model = self._model.after(X)

    def _calibrate(self, X: Any, y: Any, chosen: NDArray[np.bool_]) -> None:
        """Learn the scores of some rows; models with lags predict the others too, as their past."""
        rows = at = np.flatnonzero(chosen)
        if not find_lags(self.estimator):
            X, y, at = take_rows(X, rows), take_rows(y, rows), np.arange(len(rows))
        *_, scores = self._model.ends_and_scores(X, y)
        step_size = self.step_size if self.method == "aci" else 0.0
        order = row_order(X, self.estimator_)
        self._calibrations = Calibrations.learn(scores, order, at, self.level, step_size)
        self.n_calibration_ = len(rows)

    def _run(self, X: Any, y: Any, delay: Any) -> tuple[Array, Array, Array, Calibrations]:
        """Return ends and margins of rows in their order, and what has been learned of them."""
        check_is_fitted(self)
        check_targets(y, X)
        check_labels(y, X)
        delays = read_delays(delay, math.prod(self._model.target_shape))
        lower, upper, scores = self._model.ends_and_scores(X, y)
        margins, learned = self._calibrations.run(scores, row_order(X, self.estimator_), delays)
        return lower, upper, margins, learned

    def _widen(self, lower: Array, upper: Array, margins: Array) -> Array:
        outside = "too many of the last targets were outside"
        warn_of_infinite(margins, self.level, self.n_calibration_, outside)
        shape = (len(lower), *self._model.target_shape, 2)
        return widen(lower, upper, margins).reshape(shape)
