"""What all forecasters share: reading tables, rows ahead, results and scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils import Tags, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sklearn.compat import Interval, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import restore_on_error
from sklearn_rnn.forecasting._conformal import warn_of_infinite
from sklearn_rnn.forecasting._forecast_columns import ForecastColumns
from sklearn_rnn.forecasting._forecast_errors import ForecastErrors, check_level, with_ends
from sklearn_rnn.forecasting._naive_error import naive_error, scale_of_series
from sklearn_rnn.forecasting._rows_ahead import (
    RowsAhead,
    check_have_past,
    continue_series,
    find_frequencies,
)
from sklearn_rnn.forecasting._series_table import SeriesTable, read_series
from sklearn_rnn.preprocessing._gap_warnings import gaps_in_one_warning
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._lag_count import LagCount


@parametrized
class AbstractForecaster(RegressorMixin, Estimator, ABC):
    """Forecasts of the rows after the end of each series of a table."""

    target: str | int | Sequence[str] | Sequence[int] | None = param(
        [str, Integral, "array-like", None],
        """Name of the column to forecast, or a list of names. None is the only column that is
        neither known ahead nor static.""",
        default=None,
    )
    time: str | None = param(
        [str, None],
        "Column of X, or level of its index, with the times. None uses the index.",
        default=None,
    )
    series: str | None = param(
        [str, None],
        """Column of X, or level of its index, with the name of each row's series. None uses the
        levels of a MultiIndex other than the time; without a MultiIndex, X is one series.""",
        default=None,
    )
    season: int = param(
        [Interval(Integral, 1, None, closed="left")],
        """Length of the season in rows: of seasonal forecasts, and of the naive forecast, the value
        so many rows before, whose error is `naive_error_`.""",
        default=1,
    )
    calibration_rows: int = param(
        [Interval(Integral, 0, None, closed="left")],
        """Number of rows at the end of each series that `fit` forecasts first, by models of the
        rows before, to calibrate the intervals of ``predict(level=)``. From each of them on, up to
        `horizon` steps are forecast, so that it must be at least `horizon`; level 0.9 needs nine
        errors for each step, of a single series horizon + 8 rows. The errors of all series are
        pooled, in units of the change of each series over a season, or from row to row if it is too
        short for that; series that do not change have infinite intervals.""",
        default=0,
    )

    _learned: ClassVar[dict[str, str]] = {
        "naive_error_ : DataFrame of shape (n_series, n_targets)": """
            Mean absolute difference in the training rows between a target and its value ``season``
            rows before in the series, by which MASE scales errors. NaN where no two such values are
            known.""",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns, if all are strings."
        ),
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Any:
        """Fit to the rows of all series.

        Parameters
        ----------
        X : DataFrame or Series of shape (n_rows, n_columns)
            Training rows in any order, with the targets as columns. The times are in the index or
            a column. A Series is a single target.
        y : object, default=None
            Ignored.

        Returns
        -------
        Self
            The fitted estimator.

        Raises
        ------
        ValueError
            If times or columns are missing, or series are too short, which are named.
        """
        with restore_on_error(self):
            table = read_series(X, "X", *self._named())
            frame = X.to_frame() if isinstance(X, pd.Series) else X
            validate_data(self, X=frame, skip_check_array=True)
            self._columns = self._read_columns(table)
            table = self._columns.select(table, "X")
            self._kind = table.kind
            timeline, no_columns = table.timeline(), np.empty((len(table.times), 0))
            self._histories = [
                History.learn(timeline, no_columns, 0, count) for count in self._counts()
            ]
            self._frequencies = find_frequencies(table)
            self._errors = None
            back = self._histories[0].rows_to_end(timeline)
            if n_rows := self.calibration_rows:
                earlier = clone(self).set_params(calibration_rows=0)
                with gaps_in_one_warning(stacklevel=5):
                    self._errors = ForecastErrors.measure(earlier, frame, table, back, n_rows)
            self._fit_table(table)
            self._past = self._keep(table, "X")
            self.naive_error_ = naive_error(table, self._columns.targets, self.season, back)
        return self

    def predict(self, steps_or_rows: Any, *, past: Any = None, level: float | None = None) -> Any:
        """Forecast the next rows of each series.

        Parameters
        ----------
        steps_or_rows : int or DataFrame
            Number of rows of each series, ``predict(12)``, at the times that continue its calendar;
            or a table of rows ahead in any order, of which times, series and the columns known
            ahead are read, but never the targets.
        past : DataFrame or Series, default=None
            Rows to forecast from, in place of the last ones of `fit`: more recent ones, or those of
            other series, as many as `fit` needs before the first row ahead. All columns of X are
            read. To forecast series of `fit`, too, give their rows with them.
        level : float, default=None
            Probability, between 0 and 1, with which intervals are to contain the target at each
            step; needs ``calibration_rows``.

        Returns
        -------
        Series of shape (n_ahead,) or DataFrame of shape (n_ahead, n_targets)
            Forecasts, indexed by time, in a panel by series and time. With a number of steps they
            are in the order of series and time, otherwise in that of the rows. A DataFrame if
            ``target`` is a list. With `level` a DataFrame that also has the ends of the intervals
            of each target, ``sales_lower`` and ``sales_upper``.

        Raises
        ------
        ValueError
            If rows ahead do not continue their series one after the other, a series has no past, or
            the steps are more than the horizon.
        """
        check_is_fitted(self)
        check_level(level, self._errors)
        past_table, before = self._read_past(past)
        if np.isscalar(steps_or_rows):
            after = self._continue(before, steps_or_rows)
        else:
            after = self._read_ahead(steps_or_rows, before, past is not None)
        self._check_steps(after)
        self._columns.check_known(after, past is not None)
        ahead = RowsAhead.of(before, after, self._columns, self._histories)
        with gaps_in_one_warning():
            forecasts = self._forecast(ahead, past_table)
        columns = dict(zip(self._columns.targets, forecasts.T, strict=True))
        if level is not None:
            columns = with_ends(columns, self._margins(ahead, before, past_table, level))
        values = np.empty((len(ahead.order), len(columns)))
        values[ahead.order] = np.column_stack(list(columns.values()))
        table = pd.DataFrame(values, index=ahead.index, columns=list(columns))
        target = self._columns.target
        return table if level is not None or isinstance(target, list) else table[target]

    def rows_ahead(self, steps: int, *, past: Any = None) -> pd.DataFrame:
        """Return the times that follow each series, to be given the columns known ahead.

        Parameters
        ----------
        steps : int
            Number of rows of each series.
        past : DataFrame or Series, default=None
            Rows to continue in place of those of `fit`, as in `predict`.

        Returns
        -------
        DataFrame of shape (n_series * steps, n_columns)
            Rows for `predict`, with the times and series in columns or in the index, as in `fit`,
            and no other column.

        Raises
        ------
        ValueError
            If the times of a series are irregular.
        """
        check_is_fitted(self)
        table = self._continue(self._read_past(past)[1], steps).values
        named = [name for name in self._named() if name in getattr(self, "feature_names_in_", ())]
        return table.reset_index(level=named)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return R2 of the forecasts of rows ahead.

        Parameters
        ----------
        X : DataFrame or Series of shape (n_ahead, n_columns)
            Rows ahead, as in `predict`, with the targets; rows without one are left out.
        y : object, default=None
            Ignored: the targets are columns of X.
        sample_weight : array-like of shape (n_ahead,), default=None
            Weights of the rows.

        Returns
        -------
        float
            R2; of several targets the mean.
        """
        forecasts = self.predict(X)
        frame = X.to_frame() if isinstance(X, pd.Series) else X
        if missing := [c for c in self._columns.targets if c not in frame.columns]:
            raise ValueError(f"X must have the targets {missing} to score; use predict without.")
        actual = frame[self._columns.targets].to_numpy(np.float64, na_value=np.nan)
        is_known = ~np.isnan(actual).any(axis=1)
        predicted = forecasts.to_numpy().reshape(actual.shape)[is_known]
        weight = None if sample_weight is None else np.asarray(sample_weight)[is_known]
        return float(r2_score(actual[is_known], predicted, sample_weight=weight))

    @abstractmethod
    def _fit_table(self, table: SeriesTable) -> None:
        """Learn from the training rows."""

    @abstractmethod
    def _forecast(self, ahead: RowsAhead, past: SeriesTable | None) -> NDArray[np.float64]:
        """Return forecasts of shape (n_ahead, n_targets), from the rows of fit if past is None."""

    def _named(self) -> tuple[Any, Any]:
        """Return the names of the columns of time and series."""
        return self.time, self.series

    def _counts(self) -> list[LagCount]:
        """Return how rows are counted."""
        return [LagCount()]

    def _read_columns(self, table: SeriesTable) -> ForecastColumns:
        """Return what the columns are."""
        return ForecastColumns.of(table, self.target, None, None).targets_alone()

    def _keep(self, table: SeriesTable, name: str) -> SeriesTable:
        """Return the rows that forecasts need, and check that each series has enough."""
        return table.last(1)

    def _fewest_rows(self) -> int:
        """Return how many rows of each series a fit needs."""
        return 1

    def _check_steps(self, ahead: SeriesTable) -> None:
        """Check that the model can forecast so many steps."""

    def _margins(
        self, ahead: RowsAhead, before: SeriesTable, past: SeriesTable | None, level: float
    ) -> NDArray[np.float64]:
        """Return the margins of intervals of the rows ahead, of shape (n_ahead, n_targets)."""
        assert self._errors is not None, "it is checked before"
        scale = self._errors.scale
        if past is not None:
            back = self._histories[0].rows_to_end(past.timeline())
            targets, ratio = self._columns.targets, self._errors.seasonal
            own, _ = scale_of_series(past, targets, self.season, back, ratio)
            scale = pd.concat([scale, own[~own.index.isin(scale.index)]])
        labels = before.labels if before.is_panel else [0]
        of_rows = scale.loc[labels].to_numpy()[ahead.series[ahead.is_ahead]]
        steps = ahead.step[ahead.is_ahead]
        margins = self._errors.margins(steps, level, of_rows)
        n_errors = self._errors.fewest(int(steps.max()))
        constant = "before the calibration rows their series do not change, and give errors no unit"
        warn_of_infinite(margins, level, n_errors, constant)
        return margins

    def _continue(self, past: SeriesTable, steps: Any) -> SeriesTable:
        """Return the next rows of each series by its calendar."""
        if isinstance(steps, bool) or not isinstance(steps, Integral):
            raise TypeError(f"steps_or_rows must be an int or a DataFrame; got {steps!r}.")
        check_scalar(steps, "steps_or_rows", Integral, min_val=1)
        return continue_series(past, self._frequencies, int(steps))

    def _read_past(self, past: Any) -> tuple[SeriesTable | None, SeriesTable]:
        """Return the rows of `past`, if it is given, and the last rows, that forecasts need."""
        if past is None:
            return None, self._past
        table = read_series(past, "past", *self._named(), like=self._kind)
        table = self._columns.select(table, "past")
        return table, self._keep(table, "past")

    def _read_ahead(self, rows: Any, before: SeriesTable, is_given: bool) -> SeriesTable:
        ahead = read_series(rows, "Rows ahead", *self._named(), like=self._kind)
        hint = "" if is_given else self._describe_splitter(ahead)
        check_have_past(ahead, before, is_given, hint)
        return ahead

    def _describe_splitter(self, ahead: SeriesTable) -> str:
        """Return which splitter suits the forecaster, if rows ahead have targets as a test set."""
        if not set(self._columns.targets) & set(ahead.values.columns):
            return ""
        names = zip(("time", "series"), self._named(), strict=True)
        given = "".join(f", {name}={value!r}" for name, value in names if value is not None)
        return (
            " If they are a test set, split by cv=PanelTimeSeriesSplit(3, "
            f"test_size={getattr(self, 'horizon', '...')}{given})."
        )

    def __sklearn_tags__(self) -> Tags:
        """Declare that rows are tables with times, of several targets."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True
        return tags
