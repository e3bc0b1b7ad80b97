"""Errors of forecasts from past rows, which calibrate intervals of forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from sklearn_rnn.forecasting._conformal import conformal_quantile
from sklearn_rnn.forecasting._naive_error import scale_of_series
from sklearn_rnn.forecasting._series_table import SeriesTable

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ForecastErrors:
    """Absolute errors of past forecasts by step, of all series in units of their scale.

    Attributes
    ----------
    errors : list of ndarray of shape (n_errors, n_targets)
        Errors of step 1, 2 and so on; NaN where the actual or the scale is not known.
    scale : DataFrame of shape (n_series, n_targets)
        Scale of each series by the rows before those that calibrate; NaN where it has none.
    seasonal : Series of shape (n_targets,)
        Ratio of the change over a season to that from row to row.
    """

    errors: list[FloatArray]
    scale: pd.DataFrame
    seasonal: pd.Series[float]

    @classmethod
    def measure(
        cls,
        forecaster: Any,
        X: pd.DataFrame,
        table: SeriesTable,
        back: NDArray[np.int64],
        n_rows: int,
    ) -> ForecastErrors:
        """Fit a forecaster to all but the last rows of each series, and forecast from each of them.

        Parameters
        ----------
        forecaster : estimator
            A forecaster that is not fitted.
        X : DataFrame
            Training rows as they were given.
        table : SeriesTable
            The same rows, sorted.
        back : ndarray of int, of shape (n_rows,)
            How many rows of its calendar each row is before the last one of its series.
        n_rows : int
            Number of rows of each series that are forecast, up to the next missing row.

        Returns
        -------
        ForecastErrors
            Step h has at most ``n_rows - h + 1`` errors of each series.

        Raises
        ------
        ValueError
            If the rows are fewer than the horizon, the forecaster cannot be fitted to the rows
            before, or a series has none.
        """
        horizon = getattr(forecaster, "horizon", n_rows)
        if n_rows < horizon:
            raise ValueError(
                f"calibration_rows must be at least horizon={horizon}, so that each step has an "
                f"error; got {n_rows}. Set more, such as {horizon} and 8 for level=0.9 of a single "
                f"series, calibration_rows={horizon + 8}, or calibration_rows=0 for no intervals."
            )
        _check_lengths(table, n_rows, forecaster._fewest_rows(), getattr(forecaster, "horizon", 1))
        first = np.repeat(table.starts[1:], table.lengths) - n_rows
        place = np.arange(len(table.times)) - first
        fitted = _fit_before(forecaster, X.iloc[table.order[place < 0]], n_rows)
        targets = fitted._columns.targets
        target = table.values[targets].to_numpy(np.float64)
        before = np.flatnonzero(place < 0)
        scale, seasonal = scale_of_series(table.take(before), targets, fitted.season, back[before])
        errors: list[list[FloatArray]] = [[] for _ in range(horizon)]
        of_rows = scale.to_numpy()[table.codes]
        n_missing = np.cumsum(-1 - np.diff(back, prepend=back[:1] + 1))
        for origin in range(n_rows):
            is_near = (place >= origin) & (place < origin + horizon)
            ahead = np.flatnonzero(is_near & (n_missing == n_missing[first + origin - 1]))
            if not len(ahead):
                continue
            past = X.iloc[table.order[place < origin]]
            forecasts = fitted.predict(X.iloc[table.order[ahead]], past=past).to_numpy()
            forecasts = forecasts.reshape(len(ahead), -1)
            error = np.abs(target[ahead] - forecasts) / of_rows[ahead]
            for step in range(min(horizon, n_rows - origin)):
                errors[step].append(error[place[ahead] == origin + step])
        return cls([np.concatenate(parts) for parts in errors], scale, seasonal)

    def margins(self, steps: NDArray[np.intp], level: float, scale: FloatArray) -> FloatArray:
        """Return the margins of forecasts, of shape (n_forecasts, n_targets).

        Parameters
        ----------
        steps : ndarray of int, of shape (n_forecasts,)
            How many steps ahead each is.
        level : float
            Level of the intervals.
        scale : ndarray of shape (n_forecasts, n_targets)
            Scale of the series of each; the margin is infinite where it is NaN.
        """
        if (most := int(steps.max())) > len(self.errors):
            raise ValueError(
                f"Intervals are calibrated for at most {len(self.errors)} steps; got {most}. Set a "
                "larger horizon and calibration_rows."
            )
        by_step = np.array(
            [
                [conformal_quantile(column[~np.isnan(column)], level) for column in errors.T]
                for errors in self.errors
            ]
        )
        return np.where(np.isnan(scale), np.inf, by_step[steps - 1] * scale)

    def fewest(self, n_steps: int) -> int:
        """Return the least number of errors that the first steps have."""
        return min(int((~np.isnan(errors)).sum(axis=0).min()) for errors in self.errors[:n_steps])


def _fit_before(forecaster: Any, X: pd.DataFrame, n_rows: int) -> Any:
    """Fit to the rows before those that calibrate, which errors name."""
    try:
        return forecaster.fit(X)
    except ValueError as error:
        raise ValueError(
            f"calibration_rows={n_rows} leaves {len(X)} rows for the fit before the calibration, "
            f"which fails: {error}"
        ) from error


def _check_lengths(table: SeriesTable, n_rows: int, needed: int, horizon: int) -> None:
    """Check that each series has so many rows before those that calibrate."""
    short = np.flatnonzero(table.lengths < n_rows + needed)
    if not len(short):
        return
    left = "no rows" if needed == 1 else f"fewer than {needed} rows"
    which = f"the series {[table.labels[i] for i in short]}" if table.is_panel else "the series"
    most = int(table.lengths[short].min()) - needed
    fixes = [f"set at most calibration_rows={most}"] if most >= horizon else []
    fixes += ["take fewer lags"] if needed > 1 else []
    fixes += ["leave them out" if table.is_panel else "give more rows"]
    raise ValueError(
        f"calibration_rows={n_rows} leaves {left} to fit of {which}, of the lengths "
        f"{table.lengths[short].tolist()}; {', or '.join(fixes)}."
    )


def check_level(level: float | None, errors: ForecastErrors | None) -> None:
    """Check a level of intervals, which needs errors."""
    if level is None:
        return
    if errors is None:
        raise ValueError(
            "level needs calibration_rows: set the number of rows at the end of each series whose "
            "forecasts calibrate intervals, such as calibration_rows=24, and fit again."
        )
    check_scalar(level, "level", Real, min_val=0, max_val=1, include_boundaries="neither")


def with_ends(columns: dict[Any, FloatArray], margins: FloatArray) -> dict[str, FloatArray]:
    """Return forecasts by target, and behind each the ends of its intervals."""
    ends: dict[str, FloatArray] = {}
    for (target, values), margin in zip(columns.items(), margins.T, strict=True):
        ends |= {
            target: values,
            f"{target}_lower": values - margin,
            f"{target}_upper": values + margin,
        }
    return ends
