"""Errors of forecasts: MAE, RMSE, MASE and sMAPE of groups of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

METRICS = {
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "mase": "mean absolute error divided by that of the naive forecast in the training rows",
    "smape": "mean of 200 |error| / (|actual| + |forecast|), from 0 to 200",
}
"""The errors that are computed, and what they are."""


def forecast_errors(
    forecasts: pd.DataFrame, by: Sequence[str], level: float | None = None
) -> pd.DataFrame:
    r"""Return the errors of forecasts in groups of rows.

    With errors :math:`e_i`, weights :math:`w_i` that sum to 1, and the naive error
    :math:`q_i` of the series in the training rows, these are :math:`\sum w_i |e_i|`,
    :math:`\sqrt{\sum w_i e_i^2}`, :math:`\sum w_i |e_i| / q_i` and :math:`\sum w_i\, 200 |e_i| /
    (|y_i| + |\hat y_i|)`, where 0 / 0 is 0.

    Parameters
    ----------
    forecasts : DataFrame
        One row for each forecast, with the columns ``actual``, ``forecast``, ``scale``, ``weight``
        and those of `by`. Rows without an actual are left out; those without a positive scale are
        left out of MASE.
    by : sequence of str
        Columns that determine a group.
    level : float, default=None
        Level of intervals, whose ends are the columns ``lower`` and ``upper``.

    Returns
    -------
    DataFrame
        For each group ``mae``, ``rmse``, ``mase``, ``smape``, with a level ``coverage``, ``width``
        and ``interval_score``, and ``n``, the number of forecasts.

    References
    ----------
    R. Hyndman and A. Koehler, "Another look at measures of forecast accuracy", International
    Journal of Forecasting 22, 2006.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"actual": [0.0, 4.0], "forecast": [0.0, 2.0], "fold": 0})
    >>> forecast_errors(table.assign(scale=4.0, weight=1.0), ["fold"]).round(2).iloc[0].to_dict()
    {'mae': 1.0, 'rmse': 1.41, 'mase': 0.25, 'smape': 33.33, 'n': 2.0}
    """
    rows = forecasts[forecasts["actual"].notna()]
    error = (rows["forecast"] - rows["actual"]).abs()
    size = rows["forecast"].abs() + rows["actual"].abs()
    parts = {
        "mae": error,
        "rmse": error**2,
        "mase": error / rows["scale"].where(rows["scale"] > 0),
        "smape": (200.0 * error / size.where(size > 0)).fillna(0.0),
    }
    if level is not None:
        inside = rows["actual"].clip(rows["lower"], rows["upper"])
        outside = (rows["actual"] - inside).abs()
        width = rows["upper"] - rows["lower"]
        score = width + 2 / (1 - level) * outside
        parts |= {"coverage": outside == 0, "width": width, "interval_score": score}
    keys = [rows[column] for column in by]
    weighted = pd.DataFrame({name: part * rows["weight"] for name, part in parts.items()})
    weights = pd.DataFrame({name: rows["weight"].where(p.notna()) for name, p in parts.items()})
    total = weights.groupby(keys, dropna=False).sum()  # a series may have the name None
    errors = weighted.groupby(keys, dropna=False).sum() / total.where(total > 0)
    errors["rmse"] = np.sqrt(errors["rmse"])
    errors["n"] = error.groupby(keys, dropna=False).size()
    return errors
