"""Forecasts of several steps by any regressor on windows: `Forecaster`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import MetaEstimatorMixin

from sklearn_rnn._sklearn.compat import HasMethods, Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.forecasting._autoregression import make_ar
from sklearn_rnn.forecasting._forecast_columns import ForecastColumns
from sklearn_rnn.forecasting._forecaster_base import AbstractForecaster
from sklearn_rnn.forecasting._rows_ahead import RowsAhead
from sklearn_rnn.forecasting._series_table import SeriesTable
from sklearn_rnn.forecasting._strategies import (
    check_reads_no_future,
    find_gaps,
    fit_model,
    forecast,
    past_needed,
    unfitted_models,
    warn_of_unread,
)
from sklearn_rnn.forecasting._target_columns import target_names
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_count import LagCount


@parametrized
class Forecaster(MetaEstimatorMixin, AbstractForecaster):
    r"""Forecast several steps of one series or many with any regressor on windows.

    The forecast of step h after the end T of a series is, with the window :math:`w_t` of the rows
    before t,

    * direct: :math:`f_h(w_{T + 1})`, one model for each step, fitted to targets h rows ahead;
    * multi_output: output h of one model, :math:`f(w_{T + 1})_h`;
    * recursive: :math:`f(w_{T + h})` of a model of one step, where targets after T are its own
      forecasts.

    All series are forecast in one batch, each from its own end.

    {parameters}

    {attributes}

    See Also
    --------
    NaiveForecaster : The baselines: last value, season, drift.
    sklearn_rnn.model_selection.backtest : Errors by step, series and fold.

    Notes
    -----
    **Columns.** A LagTransformer decides which columns a model reads, and whether also at the row
    that it forecasts (``known_ahead``, or ``exogenous`` of `make_ar`). Of columns that are neither
    a target, known ahead nor static the future is unknown: direct models and those of several
    outputs read their past, recursive ones cannot. A model of several outputs reads known columns
    up to the first row ahead only, of which `fit` warns unless a LagTransformer alone names them
    (`UnreadColumnsWarning`). `time` and `series` are no columns of the windows; name others,
    rather than give positions.

    **Sizes.** If the series of a panel differ in size by orders of magnitude, one model of all is
    fitted to the largest. Take the logarithm, by a FunctionTransformer before the LagTransformer
    and a TransformedTargetRegressor at the end of the pipeline, or a network with
    ``standardize="window"``.

    **Direct.** For step h the delay of each LagTransformer is h - 1 rows more, so that all steps
    are forecast from the same rows; a seasonal lag moves as well. A `DifferencedRegressor` takes
    the smallest multiple of its lag that is known.

    **Fit.** Pipelines are wrapped in `CompleteRows`, which fits them to rows with complete windows
    and a target; missing targets are errors of other estimators.

    **Searches inside** split the rows sorted by series and time; of a panel let them split by
    `PanelTimeSeriesSplit`.

    **Scores.** `predict` and `score` read a table of rows ahead, so that `cross_val_score` and
    `GridSearchCV` apply, with a splitter in the order of time. `score` is R2 over the rows of all
    series together, which the differences of their levels dominate; it leaves out rows without a
    target, where scores by name, such as ``scoring="neg_mean_absolute_error"``, are NaN.

    References
    ----------
    S. Ben Taieb, G. Bontempi, A. Atiya and A. Sorjamaa, "A review and comparison of strategies for
    multi-step ahead time series forecasting", Expert Systems with Applications 39, 2012.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn import Forecaster, make_ar
    >>> months = pd.period_range("2026-01", periods=8, freq="M")
    >>> sales = pd.Series([1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0], months, name="sales")
    >>> Forecaster(make_ar(2), strategy="recursive").fit(sales).predict(3).round(2)
    2026-09    5.0
    2026-10    7.0
    2026-11    6.0
    Freq: M, Name: sales, dtype: float64
    """

    estimator: Any = param(
        [HasMethods(["fit", "predict"]), None],
        """A regressor of one step: a pipeline with a `LagTransformer`, `make_ar`, `ARRegressor`, a
        search for one of them. None is ``make_ar()``.""",
        default=None,
        kw_only=False,
    )
    horizon: int = param(
        [Interval(Integral, 1, None, closed="left")],
        """Number of steps that are forecast. Recursive forecasts may be longer.""",
        default=1,
        kw_only=False,
    )
    strategy: str = param(
        [StrOptions({"direct", "recursive", "multi_output"})],
        "How several steps are forecast.",
        default="direct",
    )
    known_ahead: Sequence[str] | None = param(
        ["array-like", None],
        """Names of columns whose values are known for the rows ahead. Those that a LagTransformer
        of the estimator names in its ``known_ahead`` are, too. The model reads them ahead if it
        names them there, or in ``exogenous`` of `make_ar`.""",
        default=None,
    )
    static: Sequence[str] | None = param(
        ["array-like", None],
        "Names of columns that are constant in each series; rows ahead need not have them.",
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "models_ : list of estimator": "The fitted models: one for each step if direct, or one.",
        "window_size_ : int": "Number of past rows that a forecast needs.",
    }

    def _named(self) -> tuple[Any, Any]:
        lags = find_lags(self._estimator())
        times = [self.time, *(one.time for one in lags)]
        series = [self.series, *(one.series for one in lags)]
        first_time, first_series = (
            next((n for n in names if n is not None), None) for names in (times, series)
        )
        return first_time, first_series

    def _estimator(self) -> Any:
        return make_ar() if self.estimator is None else self.estimator

    def _counts(self) -> list[LagCount]:
        lags = find_lags(self._estimator())
        return list({LagCount(one.lag_unit, one.max_gap) for one in lags} or {LagCount()})

    def _read_columns(self, table: SeriesTable) -> ForecastColumns:
        lags = find_lags(self._estimator())
        inside = [c for one in lags for c in one.known_ahead or () if c in table.values.columns]
        own = () if self.known_ahead is None else self.known_ahead
        others = [*target_names(self.target), *(() if self.static is None else self.static)]
        known = list(dict.fromkeys([*own, *(c for c in inside if c not in others)]))
        columns = ForecastColumns.of(table, self.target, known, self.static)
        if self.strategy == "multi_output" and len(columns.targets) > 1:
            raise ValueError(
                f"target must be one column with strategy='multi_output', whose outputs are the "
                f"steps; got {columns.targets}. Set strategy='direct' or 'recursive'."
            )
        if self.strategy == "recursive" and columns.past:
            raise ValueError(
                f"strategy='recursive' needs the columns {columns.past} for the rows ahead; name "
                "them in known_ahead or static, forecast them too (target), leave them out, or set "
                "strategy='direct'."
            )
        return columns

    def _fit_table(self, table: SeriesTable) -> None:
        models = self._unfitted()
        _check_lengths(table, past_needed(models), self._n_fitted_steps(), "X")
        rows, columns = table.model_rows(), self._columns
        y = rows[columns.target]
        self.models_ = [fit_model(model, rows, y) for model in models]
        self.window_size_ = past_needed(self.models_)
        first = table.take(np.arange(table.starts[1])).timeline()
        back = np.max([history.rows_to_end(first) for history in self._histories], axis=0)
        for step, model in enumerate(self.models_, 1):
            last = slice(max(0, table.starts[1] - self.window_size_ - step), table.starts[1])
            check_reads_no_future(model, rows.iloc[last], columns.unknown, back[last] < step)
        if self.known_ahead is not None and self.strategy != "recursive":
            n_ahead = len(self.models_)  # the model of the last step reads most rows ahead
            n_outputs = self.horizon if self.strategy == "multi_output" else 1
            of_first = rows.iloc[: table.starts[1]]
            warn_of_unread(self.models_[-1], of_first, list(self.known_ahead), n_ahead, n_outputs)

    def _unfitted(self) -> list[Any]:
        return unfitted_models(self.strategy, self._estimator(), self.horizon)

    def _n_fitted_steps(self) -> int:
        return 1 if self.strategy == "recursive" else self.horizon

    def _fewest_rows(self) -> int:
        return past_needed(self._unfitted()) + self._n_fitted_steps()

    def _keep(self, table: SeriesTable, name: str) -> SeriesTable:
        _check_lengths(table, self.window_size_, 0, name)
        return table.last(self.window_size_)

    def _check_steps(self, ahead: SeriesTable) -> None:
        if self.strategy == "recursive" or (n_steps := int(ahead.lengths.max())) <= self.horizon:
            return
        raise ValueError(
            f"strategy={self.strategy!r} with horizon={self.horizon} cannot forecast {n_steps} "
            f"rows of {ahead.describe(int(ahead.lengths.argmax()))}; set horizon={n_steps}, or "
            f"strategy='recursive'.{self._describe_splitter(ahead)}"
        )

    def _forecast(self, ahead: RowsAhead, past: SeriesTable | None) -> NDArray[np.float64]:
        find_gaps(self.models_[0], ahead, self.window_size_)
        try:
            return forecast(self.strategy, self.models_, ahead, self._columns.targets)
        except ValueError as error:
            found = ahead.describe_missing(self._columns.known)
            if not found or not re.match("(Input )?X contains NaN", str(error)):
                raise
            raise ValueError(
                f"The model does not read missing values, but values are missing {found}; impute "
                "them, put an imputer into the pipeline, or take make_lasso, make_linear or a "
                "network, which read missing values."
            ) from error


def _check_lengths(table: SeriesTable, n_lags: int, n_steps: int, name: str) -> None:
    """Check that each series has rows for so many lags and steps."""
    needed = n_lags + n_steps
    short = np.flatnonzero(table.lengths < needed)
    if not len(short):
        return
    which = f"the series {[table.labels[i] for i in short]} have" if table.is_panel else "it has"
    steps = f" and {n_steps} of the steps ahead" * (n_steps > 0)
    fix = "Leave them out, or take fewer lags."
    if name == "past":
        fix = "Give older rows, too, such as those of fit: past takes their place."
    raise ValueError(
        f"{name} must have at least {needed} rows of each series, {n_lags} of the lags{steps}; "
        f"{which} {table.lengths[short].tolist()}. {fix}"
    )
