"""Recursive multi-step forecasts by a one-step model: `RecursiveForecaster`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sklearn.compat import HasMethods, fit_context, safe_indexing
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.forecasting._autoregression import make_ar
from sklearn_rnn.forecasting._calendar import continue_index, find_frequency
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._layout import Window
from sklearn_rnn.preprocessing._omit_incomplete import omit_incomplete
from sklearn_rnn.preprocessing._times import TimeKind, read_times
from sklearn_rnn.preprocessing._window_warnings import without_warnings


@parametrized
class RecursiveForecaster(MetaEstimatorMixin, BaseEstimator):
    """Forecast several steps recursively with a one-step model that reads its own forecasts.

    The forecast of the next row is appended to the past, from which the row after it is forecast,
    and so on.

    {parameters}

    {attributes}

    See Also
    --------
    LagTransformer : Windows of past rows.
    make_lagged : Targets of several horizons, for direct forecasts without recursion.

    Notes
    -----
    **Covariates.** All columns but the targets must be given in ``exog`` for the rows ahead; their
    future is not extrapolated. A covariate that is unknown in the future can be a target too, if
    the model has several outputs.

    **Fit.** The pipeline is wrapped in `CompleteRows`, which fits it to rows with complete windows.
    Give ``CompleteRows(pipeline, incomplete="fit")`` to fit all rows.

    **Rows.** At each step the model predicts for the row to be forecast, whose targets are NaN,
    preceded by as many rows as the total lookback of all its LagTransformers. The index of the
    forecasts is that of ``exog``; otherwise it continues the calendar of X, from which rows may be
    missing: business days, month ends, quarters, days of a time zone and so on. Holidays are not
    known, and an irregular index cannot be continued: give the future times by
    ``exog=pd.DataFrame(index=times)``.

    **Scores.** Forecasts start at the end of the training data; to evaluate them on later rows,
    compare these with ``predict(len(rows))``. There is no `score`, so `cross_val_score` does not
    apply.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn import RecursiveForecaster, make_ar
    >>> months = pd.period_range("2026-01", periods=8, freq="M")
    >>> X = pd.DataFrame({"sales": [1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0]}, index=months)
    >>> forecaster = RecursiveForecaster(make_ar(3), target="sales").fit(X)
    >>> forecaster.predict(3).index
    PeriodIndex(['2026-09', '2026-10', '2026-11'], dtype='period[M]')
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
        "estimator_ : estimator": "The fitted one-step model.",
        "window_size_ : int": "Number of past rows that a forecast needs.",
        "last_window_ : DataFrame": "The last ``window_size_`` rows of X.",
        "freq_ : offset, timedelta, number or None": "Step of the index; None if it is irregular.",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns, if all are strings."
        ),
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
        """
        kind = _check_rows(X, "X")
        target = _find_target(self.target, X)
        model = make_ar() if self.estimator is None else self.estimator
        if not find_lags(model):
            raise ValueError(f"estimator must contain a LagTransformer; got {model!r}.")
        freq = find_frequency(X.index)
        fitted = clone(omit_incomplete(model)).fit(X, X[target])
        _check_one_step(fitted)
        lags = find_lags(fitted)
        window_size = sum(Window(lag.n_lags, lag.delay, lag.step).lookback for lag in lags)
        targets = target if isinstance(target, list) else [target]
        with without_warnings():  # of rows that are only the past of the last
            _check_no_leak(fitted, X.iloc[-window_size - 1 :], targets)
        counts = {LagCount(lag.lag_unit, lag.max_gap) for lag in lags}
        learned = [count.learn(read_times(X.index)[1], kind) for count in counts]
        validate_data(self, X=X, skip_check_array=True)  # learns names; nothing below fails
        self.estimator_, self.freq_ = fitted, freq
        self.window_size_ = window_size
        self._target, self._kind = target, kind
        self._positions = [positions for positions in learned if positions is not None]
        self._targets = targets
        self.last_window_ = self._cut_window(X)
        return self

    def predict(
        self,
        steps: int,
        *,
        exog: pd.DataFrame | None = None,
        last_window: pd.DataFrame | None = None,
    ) -> pd.Series[Any] | pd.DataFrame:
        """Forecast the next rows.

        Parameters
        ----------
        steps : int
            Number of rows.
        exog : DataFrame of shape (n_rows, n_columns), default=None
            Covariates of the next rows, at least ``steps``: all columns but the targets.
        last_window : DataFrame of shape (n_rows, n_columns), default=None
            Past rows, at least ``window_size_``. None uses the last rows of the training data.

        Returns
        -------
        Series of shape (steps,) or DataFrame of shape (steps, n_targets)
            Forecasts; a DataFrame if ``target`` is a list.
        """
        check_is_fitted(self)
        check_scalar(steps, "steps", Integral, min_val=1)
        if isinstance(steps, bool):
            raise TypeError("steps must be an int; got a bool.")
        past = self.last_window_ if last_window is None else self._check_window(last_window)
        ahead = self._continue(past, steps) if exog is None else self._read(exog, past, steps)
        rows = pd.concat([past, ahead])
        with without_warnings():  # the rows before the last are only its past
            for row in range(len(past), len(rows)):
                needed = rows.iloc[max(0, row - self.window_size_) : row + 1]
                rows.loc[rows.index[row], self._targets] = _predict_last(self.estimator_, needed)
        return rows.iloc[len(past) :].set_axis(ahead.index)[self._target]

    def _cut_window(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the last rows that a forecast needs, with targets as floats."""
        window = X.iloc[max(0, len(X) - self.window_size_) :]
        return window.astype(dict.fromkeys(self._targets, float))

    def _check_window(self, last_window: Any) -> pd.DataFrame:
        _check_rows(last_window, "last_window", self._kind)
        columns = self.last_window_.columns
        if missing := columns.difference(last_window.columns).tolist():
            raise ValueError(f"last_window lacks the columns {missing} of the training data.")
        if len(last_window) < (size := self.window_size_):
            raise ValueError(f"last_window must have at least {size} rows; got {len(last_window)}.")
        return self._cut_window(last_window[columns])

    def _continue(self, past: pd.DataFrame, steps: int) -> pd.DataFrame:
        """Return empty rows whose index continues that of the past."""
        if others := past.columns.difference(self._targets).tolist():
            raise ValueError(
                f"exog must contain the columns {others} for the rows ahead; got None."
            )
        if self.freq_ is None:
            raise ValueError(
                "The index of X is irregular, so future times are unknown; give them by "
                "exog=pd.DataFrame(index=...)."
            )
        return pd.DataFrame(np.nan, continue_index(past.index, self.freq_, steps), past.columns)

    def _read(self, exog: Any, past: pd.DataFrame, steps: int) -> pd.DataFrame:
        """Return the rows ahead from exog, with missing targets."""
        _check_rows(exog, "exog", self._kind)
        others = past.columns.difference(self._targets)
        if missing := others.difference(exog.columns).tolist():
            raise ValueError(f"exog must contain the columns {missing} for the rows ahead.")
        if len(exog) < steps:
            raise ValueError(f"exog must have at least steps={steps} rows; got {len(exog)}.")
        ahead = exog.iloc[:steps].reindex(columns=past.columns)
        ahead[self._targets] = np.nan
        rows = pd.concat([past, ahead])
        times = read_times(rows.index, self._kind)[1]
        for positions in self._positions:
            steps_between = np.diff(positions.extend(times).at(times))[len(past) - 1 :]
            if (steps_between != 1).any():
                row = len(past) + int(np.argmax(steps_between != 1))
                before, after = rows.index[row - 1 : row + 1]
                raise ValueError(
                    f"exog must continue the past without a gap; got {after} after {before}."
                )
        return ahead


def _check_one_step(fitted: Any) -> None:
    """Check that a model forecasts one row."""
    horizon = getattr(getattr(fitted, "best_estimator_", fitted), "horizon", 1)
    if horizon > 1:
        raise ValueError(
            f"estimator must forecast one step, from which RecursiveForecaster makes several; got "
            f"horizon={horizon}. Set horizon=1, or call predict of the estimator itself."
        )


def _last_input(estimator: Any, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Return the model at the end, and its input for the last row where it needs no others."""
    model = open_search(estimator)
    if isinstance(model, Pipeline) and len(model) > 1 and not find_lags(model[-1]):
        return model[-1], safe_indexing(model[:-1].transform(rows), slice(-1, None))
    return model, rows


def _predict_last(estimator: Any, rows: pd.DataFrame) -> Any:
    """Return the forecast of the last row."""
    model, inputs = _last_input(estimator, rows)
    return np.asarray(model.predict(inputs))[-1]


def _check_no_leak(estimator: Any, rows: pd.DataFrame, targets: list[Any]) -> None:
    """Check that the forecast of the last row does not depend on its own targets."""
    known = rows.astype(dict.fromkeys(targets, float)).fillna(dict.fromkeys(targets, 0.0))
    changed = known.copy()
    values = known[targets].iloc[-1]
    changed.loc[changed.index[-1], targets] = values + 1.0 + values.abs()
    (model, one), (_, other) = (_last_input(estimator, table) for table in (known, changed))
    if one is known:
        one, other = (np.asarray(model.predict(table))[-1:] for table in (known, changed))
    if not _as_table(one).equals(_as_table(other)):
        raise ValueError(
            f"estimator reads {targets} in the row that it forecasts; set delay=1 or "
            "more in its LagTransformer, and leave targets out of known_ahead and exogenous."
        )


def _as_table(values: Any) -> pd.DataFrame:
    """Return arrays of any dimension and sparse matrices in a form that compares missing values."""
    array = values.toarray() if issparse(values) else np.asarray(values)
    return pd.DataFrame(array.reshape(len(array), -1))


def _check_rows(X: Any, name: str, like: TimeKind | None = None) -> TimeKind:
    """Check a DataFrame and its index, and return what the index holds."""
    if not isinstance(X, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame, pd.DataFrame(...); got {type(X).__name__}.")
    if X.index.nlevels > 1:
        raise ValueError(
            f"{name} must contain a single series, as {name}.xs(...) does; got an index with "
            f"{X.index.nlevels} levels."
        )
    kind, _ = read_times(X.index)
    if like is not None and kind.name == like.name != "periods":
        kind = replace(kind, unit=like.unit)  # the resolution may differ
    if kind.name == "none" or kind != (like or kind):
        raise ValueError(
            f"{name} must have an index of {like or 'numbers, times or periods'}; got "
            f"{kind}, such as {X.index[:1].tolist()}."
        )
    if not (X.index.is_monotonic_increasing and X.index.is_unique):
        raise ValueError(f"{name} must be sorted by time, without duplicates.")
    return kind


def _find_target(target: Any, X: pd.DataFrame) -> Any:
    """Return the label of the target column, or a list of labels."""
    columns = X.columns.tolist()
    if target is None and len(columns) == 1:
        return columns[0]
    is_one = target is None or isinstance(target, str | Integral)
    names = [target] if is_one else list(target)
    if not names or not set(names) <= set(columns):
        raise ValueError(f"target must be one or more of the columns {columns}; got {target!r}.")
    return target if is_one else names
