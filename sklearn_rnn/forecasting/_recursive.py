"""The former name of recursive forecasts: `RecursiveForecaster`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import pandas as pd
from sklearn.base import MetaEstimatorMixin
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import HasMethods, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.forecasting._forecaster import Forecaster
from sklearn_rnn.forecasting._target_columns import target_names


@parametrized
class RecursiveForecaster(MetaEstimatorMixin, Estimator):
    """Former name of ``Forecaster(strategy="recursive")``, until version 1.0.

    All columns but the targets are known ahead.

    {parameters}

    {attributes}

    See Also
    --------
    Forecaster : Takes its place: ``predict(exog)`` for ``predict(steps, exog=exog)``, and ``past``
        for ``last_window``.
    """

    estimator: Any = param(
        [HasMethods(["fit", "predict"]), None],
        "A pipeline with a `LagTransformer`, or a search for one. None is ``make_ar()``.",
        default=None,
        kw_only=False,
    )
    target: str | int | Sequence[str] | Sequence[int] | None = param(
        [str, Integral, "array-like", None],
        "Name of the column to forecast, or a list of names. None is the only column.",
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "forecaster_ : Forecaster": "The fitted forecaster.",
        "estimator_ : estimator": "Its fitted model.",
        "window_size_ : int": "Number of past rows that a forecast needs.",
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: pd.DataFrame, y: Any = None) -> RecursiveForecaster:
        """Fit the one-step model.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Training data, including the targets, with an index of numbers, times or periods.
        y : object, default=None
            Ignored.

        Returns
        -------
        RecursiveForecaster
            The fitted estimator.

        Warns
        -----
        FutureWarning
            `Forecaster` takes its place.
        """
        warnings.warn(
            "RecursiveForecaster will be removed in version 1.0; give "
            'Forecaster(estimator, strategy="recursive", known_ahead=[...]).',
            FutureWarning,
            stacklevel=2,
        )
        targets = target_names(self.target)
        known = [c for c in getattr(X, "columns", ()) if c not in targets] if targets else None
        forecaster = Forecaster(
            self.estimator, strategy="recursive", target=self.target, known_ahead=known
        )
        self.forecaster_ = forecaster.fit(X)
        self.estimator_, self.window_size_ = forecaster.models_[0], forecaster.window_size_
        return self

    def predict(self, steps: int, *, exog: Any = None, last_window: Any = None) -> Any:
        """Forecast the next rows.

        Parameters
        ----------
        steps : int
            Number of rows.
        exog : DataFrame of shape (n_rows, n_columns), default=None
            All columns but the targets in the next rows, at least ``steps``.
        last_window : DataFrame of shape (n_rows, n_columns), default=None
            Past rows, at least ``window_size_``. None uses the last rows of the training data.

        Returns
        -------
        Series of shape (steps,) or DataFrame of shape (steps, n_targets)
            Forecasts; a DataFrame if ``target`` is a list.
        """
        check_is_fitted(self)
        check_scalar(steps, "steps", Integral, min_val=1)
        if exog is not None and len(exog) < steps:
            raise ValueError(f"exog must have at least steps={steps} rows; got {len(exog)}.")
        ahead = steps if exog is None else exog.iloc[:steps]
        return self.forecaster_.predict(ahead, past=last_window)
