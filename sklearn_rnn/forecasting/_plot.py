"""Plot of observed and predicted values: `ForecastDisplay`."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.compat import Interval, validate_params


class ForecastDisplay:
    """Plot of observed and predicted values over time, or against each other.

    Parameters
    ----------
    observed, predicted : array-like of shape (n_rows,)
        Observed and predicted values.
    times : array-like of shape (n_rows,), default=None
        Times of the rows; None numbers them.
    name : str, default='y'
        Name of the target.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    lines_ : list of Line2D
        The observed and the predicted values, or the points and the diagonal of a scatter plot.

    See Also
    --------
    BacktestDisplay : Errors by the number of steps ahead.
    LagImportanceDisplay : Which lags a model uses.
    """

    def __init__(
        self, *, observed: ArrayLike, predicted: ArrayLike, times: Any = None, name: str = "y"
    ) -> None:
        self.observed = observed
        self.predicted = predicted
        self.times = times
        self.name = name

    @classmethod
    @validate_params(
        {"output": [Interval(Integral, 0, None, closed="left")]},
        prefer_skip_nested_validation=False,
    )
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, output: int = 0, kind: str = "time", ax: Any = None
    ) -> ForecastDisplay:
        """Predict for X and plot the predictions with y.

        Parameters
        ----------
        estimator : regressor
            A fitted model.
        X : array-like
            Input of the model; the index of a DataFrame gives the times.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Observed values.
        output : int, default=0
            Which of several targets to plot.
        kind : {'time', 'scatter'}, default='time'
            See `plot`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        ForecastDisplay
            The display.
        """
        predicted, observed = np.asarray(estimator.predict(X)), np.asarray(y)
        if observed.shape[:1] != predicted.shape[:1]:
            raise ValueError(
                f"y must have a value for each of the {len(predicted)} predictions; got the shape "
                f"{observed.shape}."
            )
        if output > 0 and predicted.ndim != observed.ndim:
            raise ValueError(
                f"y must have a column for each output that is predicted, to plot output={output}; "
                f"got the shape {observed.shape}, and predictions of the shape {predicted.shape}."
            )
        display = cls(
            observed=_column(observed, output),
            predicted=_column(predicted, output),
            times=_times(X),
            name=str(getattr(y, "name", None) or "y"),
        )
        return display.plot(kind=kind, ax=ax)

    def plot(self, *, kind: str = "time", ax: Any = None) -> ForecastDisplay:
        """Plot the observed and the predicted values.

        Parameters
        ----------
        kind : {'time', 'scatter'}, default='time'
            Both over time, or observed against predicted values.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        ForecastDisplay
            The display itself.
        """
        if kind not in ("time", "scatter"):
            raise ValueError(f"kind must be 'time' or 'scatter'; got {kind!r}.")
        size = (9.0, 3.4) if kind == "time" else (4.4, 4.2)
        ax = axes_for(self, ax, size)
        self.lines_ = self._in_time(ax) if kind == "time" else self._scatter(ax)
        return self

    def _in_time(self, ax: Any) -> list[Any]:
        values = np.asarray(self.observed), np.asarray(self.predicted)
        times = np.arange(len(values[0])) if self.times is None else self.times
        (observed,) = ax.plot(times, values[0], color="0.6", lw=1, label="observed")
        (predicted,) = ax.plot(times, values[1], color="C0", lw=1, label="predicted")
        ax.set_ylabel(self.name)
        if self.times is None:
            ax.set_xlabel("row")
        ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        return [observed, predicted]

    def _scatter(self, ax: Any) -> list[Any]:
        observed, predicted = np.asarray(self.observed), np.asarray(self.predicted)
        (points,) = ax.plot(predicted, observed, "o", ms=3, alpha=0.3, mew=0)
        ends = [min(observed.min(), predicted.min()), max(observed.max(), predicted.max())]
        (diagonal,) = ax.plot(ends, ends, color="0.3", lw=1)
        ax.set_xlabel(f"predicted {self.name}")
        ax.set_ylabel(f"observed {self.name}")
        ax.set_aspect("equal")
        return [points, diagonal]


def _column(values: NDArray[Any], output: int) -> NDArray[Any]:
    if output >= (1 if values.ndim == 1 else values.shape[1]):
        raise ValueError(f"output={output} is none of the outputs, whose shape is {values.shape}.")
    return values if values.ndim == 1 else values[:, output]


def _times(X: Any) -> Any:
    """Return the times in the index of X as matplotlib can plot them, or None."""
    index = getattr(X, "index", None)
    if not isinstance(index, pd.Index) or index.nlevels > 1:
        return None
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    plottable = isinstance(index, pd.DatetimeIndex) or index.dtype.kind in "iuf"
    return index.to_numpy() if plottable else None
