"""Errors of forecasts in groups of rows, and of their intervals and quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def level_of_endings(level: float | Sequence[float] | None) -> dict[str, float]:
    """Return the level of intervals by the ending of their columns, "" if it is a single number.

    Examples
    --------
    >>> level_of_endings(0.9), level_of_endings([0.5, 0.9])
    ({'': 0.9}, {'_0.5': 0.5, '_0.9': 0.9})
    """
    if level is None:
        return {}
    if isinstance(level, float | int | np.number):
        given = {"": float(level)}
    else:
        given = {f"_{one:g}": one for one in level}
    if not given or not all(0 < one < 1 for one in given.values()):
        raise ValueError(f"level must be one or more numbers between 0 and 1; got {level!r}.")
    return given


def forecast_errors(
    forecasts: pd.DataFrame, by: Sequence[str], levels: Mapping[str, float] | None = None
) -> pd.DataFrame:
    r"""Return the errors of forecasts in groups of rows.

    With errors :math:`e_i`, weights :math:`w_i` that sum to 1, and the naive error
    :math:`m_i` of the series in the training rows, these are :math:`\sum w_i |e_i|`,
    :math:`\sqrt{\sum w_i e_i^2}`, :math:`\sum w_i |e_i| / m_i` and :math:`\sum w_i\, 200 |e_i| /
    (|y_i| + |\hat y_i|)`, where 0 / 0 is 0. The ends of an interval of level l are the quantiles
    (1 - l) / 2 and (1 + l) / 2, and the forecast is the median. A quantile :math:`f_q` has the
    pinball loss :math:`\rho_q = \max(q (y - f_q), (q - 1) (y - f_q))`, of which the continuous
    ranked probability score is an integral, :math:`2 \int_0^1 \rho_q\, dq`. By the midpoint rule it
    is :math:`2 \sum_k s_k \rho_{q_k}`, where :math:`s_k` is the share of the interval from 0 to 1
    that is nearer to :math:`q_k` than to the other quantiles.

    Parameters
    ----------
    forecasts : DataFrame
        One row for each forecast, with the columns ``actual``, ``forecast``, ``scale``, ``weight``
        and those of `by`. Rows without an actual are left out; those without a positive scale are
        left out of MASE.
    by : sequence of str
        Columns that determine a group.
    levels : mapping of str to float, default=None
        Level of intervals whose ends are the columns ``lower`` and ``upper`` with an ending, by
        this ending.

    Returns
    -------
    DataFrame
        For each group ``mae``, ``rmse``, ``mase``, ``smape``, and ``n``, the number of forecasts.
        With levels ``coverage``, ``width`` and ``interval_score`` with their endings, the pinball
        loss of each quantile, such as ``pinball_0.05``, and ``crps``.

    References
    ----------
    R. Hyndman and A. Koehler, "Another look at measures of forecast accuracy", International
    Journal of Forecasting 22, 2006.

    T. Gneiting and R. Ranjan, "Comparing density forecasts using threshold- and quantile-weighted
    scoring rules", Journal of Business & Economic Statistics 29, 2011.

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
    if levels:
        parts |= _interval_errors(rows, levels)
    keys = [rows[column] for column in by]
    weighted = pd.DataFrame({name: part * rows["weight"] for name, part in parts.items()})
    weights = pd.DataFrame({name: rows["weight"].where(p.notna()) for name, p in parts.items()})
    total = weights.groupby(keys, dropna=False).sum()  # a series may have the name None
    errors = weighted.groupby(keys, dropna=False).sum() / total.where(total > 0)
    errors["rmse"] = np.sqrt(errors["rmse"])
    errors["n"] = error.groupby(keys, dropna=False).size()
    return errors


def _interval_errors(rows: pd.DataFrame, levels: Mapping[str, float]) -> dict[str, Any]:
    """Return the errors of the intervals of each row, and of their ends as quantiles."""
    actual = rows["actual"]
    parts: dict[str, Any] = {}
    pinball: dict[float, Any] = {0.5: (actual - rows["forecast"]).abs() / 2}
    for ending, level in levels.items():
        ends = {(1 - level) / 2: rows[f"lower{ending}"], (1 + level) / 2: rows[f"upper{ending}"]}
        for q, end in ends.items():
            pinball[q] = (q * (actual - end)).clip(lower=(q - 1) * (actual - end))
        lower, upper = ends.values()
        parts[f"coverage{ending}"] = actual.between(lower, upper)
        parts[f"width{ending}"] = upper - lower
        parts[f"interval_score{ending}"] = sum(pinball[q] for q in ends) * 2 / (1 - level)
    quantiles = sorted(pinball)
    middles = np.add(quantiles[1:], quantiles[:-1]) / 2
    shares = np.diff(middles, prepend=0.0, append=1.0)
    crps = 2 * sum(share * pinball[q] for q, share in zip(quantiles, shares, strict=True))
    return parts | {f"pinball_{q:g}": pinball[q] for q in quantiles if q != 0.5} | {"crps": crps}
