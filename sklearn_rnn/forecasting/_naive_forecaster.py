"""Baselines that a forecast has to beat: `NaiveForecaster`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.forecasting._forecaster_base import AbstractForecaster
from sklearn_rnn.forecasting._rows_ahead import RowsAhead
from sklearn_rnn.forecasting._series_table import SeriesTable

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class _Lines:
    """The forecast of each series: a value for each place in the season, and a slope.

    Attributes
    ----------
    levels : ndarray of shape (n_series, n_places, n_targets)
        The value of step h is that of the place h modulo ``n_places``.
    slopes : ndarray of shape (n_series, n_targets)
        What is added for each step.
    """

    levels: FloatArray
    slopes: FloatArray

    def at(self, series: NDArray[np.intp], step: NDArray[np.intp]) -> FloatArray:
        """Return the forecasts of some steps of series."""
        level = self.levels[series, step % self.levels.shape[1]]
        return np.asarray(level + self.slopes[series] * step[:, np.newaxis])


@parametrized
class NaiveForecaster(AbstractForecaster):
    r"""Naive forecasts: the last value, the last season, a line, or the mean of each season.

    With the last observed row T of a series and m = ``season``, the forecast of :math:`y_{T + h}`
    is

    * last: :math:`y_T`;
    * seasonal: the newest of :math:`y_{T + h - m}, y_{T + h - 2 m}, \ldots` that is observed;
    * drift: :math:`y_T + h (y_T - y_1) / (T - 1)`, the line through the first and the last value;
    * seasonal_mean: the mean of :math:`y_{T + h - m}, y_{T + h - 2 m}, \ldots`

    {parameters}

    {attributes}

    See Also
    --------
    Forecaster : Forecasts by regressors on windows, with the same `predict`.
    PersistenceRegressor : The naive forecast as a regressor on windows.

    Notes
    -----
    Rows are counted by the calendar of each series, so that a missing row does not move the season.
    Missing values are skipped. Columns other than the target are not read.

    References
    ----------
    R. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", section 5.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn import NaiveForecaster
    >>> quarters = pd.period_range("2024Q1", periods=6, freq="Q")
    >>> sales = pd.Series([1.0, 2.0, 3.0, 4.0, 3.0, 6.0], quarters, name="sales")
    >>> NaiveForecaster("seasonal", season=4).fit(sales).predict(4).tolist()
    [3.0, 4.0, 3.0, 6.0]
    >>> NaiveForecaster("drift").fit(sales).predict(2).tolist()
    [7.0, 8.0]
    """

    strategy: str = param(
        [StrOptions({"last", "seasonal", "drift", "seasonal_mean"})],
        "Which forecast.",
        default="last",
        kw_only=False,
    )

    _learned: ClassVar[dict[str, str]] = {
        "n_parameters_ : int": (
            "Number of values that are estimated: slopes, or means; otherwise 0."
        ),
    }

    def _fit_table(self, table: SeriesTable) -> None:
        self._lines = self._draw(table, "X")
        estimated = {"drift": self._lines.slopes.size, "seasonal_mean": self._lines.levels.size}
        self.n_parameters_ = estimated.get(self.strategy, 0)

    def _forecast(self, ahead: RowsAhead, past: SeriesTable | None) -> FloatArray:
        lines = self._lines if past is None else self._draw(past, "past")
        return lines.at(ahead.series[ahead.is_ahead], ahead.step[ahead.is_ahead])

    def _draw(self, table: SeriesTable, name: str) -> _Lines:
        """Return the forecasts of the series of a table."""
        back = self._histories[0].rows_to_end(table.timeline())
        values, codes = table.values.to_numpy(np.float64), table.codes
        if self.strategy == "drift":
            lines = _lines_through_ends(values, codes, back, len(table.labels))
        else:
            n_places = self.season if self.strategy.startswith("seasonal") else 1
            kind = "mean" if self.strategy == "seasonal_mean" else "last"
            levels = _by_place(values, codes, -back % n_places, kind, n_places)
            lines = _Lines(levels, np.zeros((len(levels), values.shape[1])))
        unknown = np.isnan(lines.levels).any(axis=(1, 2)) | np.isnan(lines.slopes).any(axis=1)
        if unknown.any():
            which = [table.labels[i] for i in np.flatnonzero(unknown)]
            needed = {"last": "an observed value", "drift": "two observed values"}.get(
                self.strategy, f"an observed value at each of the {self.season} places of a season"
            )
            of_series = f"the series {which} do not" if table.is_panel else "it does not"
            raise ValueError(
                f"{name} must have {needed} in each series for strategy={self.strategy!r}; "
                f"{of_series}. Leave such series out, or set another strategy or season."
            )
        return lines


def _by_place(
    values: FloatArray, codes: NDArray[np.intp], place: NDArray[np.int64], kind: str, n_places: int
) -> FloatArray:
    """Return the last or the mean observed value of each series at each place of the season."""
    grouped = pd.DataFrame(values).groupby(codes * n_places + place)
    found: Any = grouped.mean() if kind == "mean" else grouped.last()
    every = np.arange((codes[-1] + 1) * n_places)
    return found.reindex(every).to_numpy().reshape(codes[-1] + 1, n_places, -1)


def _lines_through_ends(
    values: FloatArray, codes: NDArray[np.intp], back: NDArray[np.int64], n_series: int
) -> _Lines:
    """Return the line through the first and the last observed value of each series."""
    levels = np.full((n_series, 1, values.shape[1]), np.nan)
    slopes = np.full((n_series, values.shape[1]), np.nan)
    for target, column in enumerate(values.T):
        observed = np.flatnonzero(~np.isnan(column))
        with_some, first = np.unique(codes[observed], return_index=True)
        first, last = observed[first], observed[np.append(first[1:], len(observed)) - 1]
        n_rows = (back[first] - back[last]).astype(np.float64)
        n_rows[n_rows == 0] = np.nan  # of a single value
        slope = (column[last] - column[first]) / n_rows
        levels[with_some, 0, target] = column[last] + slope * back[last]
        slopes[with_some, target] = slope
    return _Lines(levels, slopes)
