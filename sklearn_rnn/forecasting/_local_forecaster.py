"""Models of single series, such as those of statsforecast, as forecasters: `LocalForecaster`."""

from __future__ import annotations

import copy
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from sklearn_rnn._sklearn.compat import HasMethods, Interval
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.forecasting._forecaster_base import AbstractForecaster
from sklearn_rnn.forecasting._rows_ahead import RowsAhead
from sklearn_rnn.forecasting._series_table import SeriesTable


@parametrized
class LocalForecaster(AbstractForecaster):
    """Forecast each series by a model of its own, such as AutoETS or AutoARIMA of statsforecast.

    {parameters}

    {attributes}

    See Also
    --------
    Forecaster : Forecasts by one model of all series.

    Notes
    -----
    The model is fitted in `predict`, anew to each series and target, from all training rows or from
    all rows of ``past``; so a back-test without a refit takes as long as one with it. Rows must
    not be missing, nor values of the target. Columns other than the target are not read.

    Examples
    --------
    With statsforecast installed, the model may be ``AutoETS(season_length=12)``; any object with
    the same method will do:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_rnn import LocalForecaster
    >>> class Mean:
    ...     def forecast(self, y, h):
    ...         return {"mean": np.full(h, y.mean())}
    >>> sales = pd.Series([1.0, 2.0, 6.0], pd.period_range("2026-01", periods=3, freq="M"))
    >>> LocalForecaster(Mean()).fit(sales).predict(2).tolist()
    [3.0, 3.0]
    """

    model: Any = param(
        [HasMethods(["forecast"])],
        """A model whose ``forecast(y=y, h=h)`` returns a mapping with the forecasts of h steps
        under "mean". It is copied.""",
        kw_only=False,
    )
    n_jobs: int | None = param(
        [Interval(Integral, None, None, closed="neither"), None],
        "Number of series that are forecast in parallel, as in joblib.",
        default=None,
    )

    def _fit_table(self, table: SeriesTable) -> None:
        self._check_complete(table, "X")
        self._table = table

    def _forecast(self, ahead: RowsAhead, past: SeriesTable | None) -> NDArray[np.float64]:
        if past is not None:
            self._check_complete(past, "past")
        table = self._table if past is None else past
        values = np.split(table.values.to_numpy(np.float64), table.starts[1:-1])
        series, step = ahead.series[ahead.is_ahead], ahead.step[ahead.is_ahead]
        forecasts = np.empty((len(series), values[0].shape[1]))
        places = [
            (number, np.flatnonzero(series == number), target)
            for number in np.unique(series)
            for target in range(forecasts.shape[1])
        ]
        results = Parallel(n_jobs=self.n_jobs)(
            delayed(_forecast_one)(self.model, values[number][:, target], len(rows))
            for number, rows, target in places
        )
        for (_, rows, target), result in zip(places, results, strict=True):
            forecasts[rows, target] = result[step[rows] - 1]
        return forecasts

    def _check_complete(self, table: SeriesTable, name: str) -> None:
        """Check that no row and no value of a series is missing."""
        back = self._histories[0].rows_to_end(table.timeline())
        gap = (np.diff(back) != -1) & (np.diff(table.codes) == 0)
        missing = np.append(gap, False) | table.values.isna().any(axis=1).to_numpy()
        if missing.any():
            row = int(np.argmax(missing))
            raise ValueError(
                f"{name} must have all rows and values of a series for a model of single series; "
                f"in {table.describe(int(table.codes[row]))} one is missing at or after "
                f"{table.values.index.get_level_values(-1)[row]}. Fill it, or take a Forecaster "
                "with a network."
            )


def _forecast_one(model: Any, y: NDArray[np.float64], h: int) -> NDArray[np.float64]:
    """Return the forecasts of one series by a copy of a model."""
    return np.asarray(copy.deepcopy(model).forecast(y=y, h=h)["mean"], dtype=np.float64)
