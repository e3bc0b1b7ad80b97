"""Errors of the seasonal naive forecast, by which errors of different series are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn.forecasting._series_table import SeriesTable


def naive_error(
    table: SeriesTable, targets: list[Any], season: int, back: NDArray[np.int64]
) -> pd.DataFrame:
    """Return the mean absolute change of each series over a season.

    Parameters
    ----------
    table : SeriesTable
        Rows of the series.
    targets : list
        Columns of the table.
    season : int
        The number of rows between two values.
    back : ndarray of int, of shape (n_rows,)
        How many rows of its calendar each row is before a row of its series, such as the last.

    Returns
    -------
    DataFrame of shape (n_series, n_targets)
        NaN where no two values are known that are a season apart.
    """
    values = table.values[targets].to_numpy(np.float64)
    place = table.codes * (np.ptp(back) + season + 1) - back  # ascending, apart in other series
    earlier = np.searchsorted(place, place - season)
    error = np.abs(values - values[earlier])
    error[place[earlier] != place - season] = np.nan
    labels = pd.Index(table.labels if table.is_panel else [0])
    means = pd.DataFrame(error, columns=targets).groupby(table.codes).mean()
    return means.set_axis(labels, axis=0)


def scale_of_series(
    table: SeriesTable,
    targets: list[Any],
    season: int,
    back: NDArray[np.int64],
    seasonal: pd.Series[float] | None = None,
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Return the scale of the errors of each series of a panel; that of a single series is 1.

    It is the change over a season or, where that is zero or not known, the change from row to row
    times the ratio of the two in the other series, their median.

    Parameters
    ----------
    table, targets, season, back
        As of `naive_error`.
    seasonal : Series of shape (n_targets,), default=None
        The ratio; None takes it from the table.

    Returns
    -------
    scale : DataFrame of shape (n_series, n_targets)
        NaN where a series does not change, or has a single row.
    seasonal : Series of shape (n_targets,)
        The ratio.
    """
    scale, by_row = (naive_error(table, targets, n, back) for n in (season, 1))
    scale, by_row = scale.where(scale > 0), by_row.where(by_row > 0)
    if seasonal is None:
        seasonal = (scale / by_row).median().fillna(1.0)
    if not table.is_panel:
        return pd.DataFrame(1.0, scale.index, scale.columns), seasonal
    return scale.fillna(by_row * seasonal), seasonal
