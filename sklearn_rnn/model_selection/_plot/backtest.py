"""Plot of a back-test: `BacktestDisplay`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.compat import validate_params

LABELS = {"mae": "MAE", "rmse": "RMSE", "mase": "MASE", "smape": "sMAPE", "crps": "CRPS"}
"""Labels of errors whose names are abbreviations."""


class BacktestDisplay:
    """Plot of the errors of forecasters by the number of steps ahead.

    Create it with ``Backtest.plot`` or `from_backtest`.

    Parameters
    ----------
    errors : DataFrame of shape (n_steps, n_models)
        Error of each forecaster at each step.
    metric : str
        Name of the error.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    lines_ : list of Line2D
        The errors of each forecaster.

    See Also
    --------
    sklearn_rnn.model_selection.backtest : Makes the errors.
    ForecastDisplay : Forecasts beside what was observed.
    """

    def __init__(self, *, errors: pd.DataFrame, metric: str) -> None:
        self.errors = errors
        self.metric = metric

    @classmethod
    @validate_params({"metric": [str]}, prefer_skip_nested_validation=False)
    def from_backtest(cls, result: Any, *, metric: str = "mase", ax: Any = None) -> BacktestDisplay:
        """Plot a back-test.

        Parameters
        ----------
        result : Backtest
            Result of `backtest`.
        metric : str, default='mase'
            A column of ``Backtest.errors``.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        BacktestDisplay
            The display.
        """
        errors = result.errors(["step", "model"]).drop(columns="n")
        if metric not in errors:
            raise ValueError(f"metric must be one of {list(errors)}; got {metric!r}.")
        of_models = errors[metric].unstack("model")[list(result.names)]
        return cls(errors=of_models, metric=metric).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> BacktestDisplay:
        """Plot the errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        BacktestDisplay
            The display itself.
        """
        ax = axes_for(self, ax, (6.4, 3.6))
        self.lines_ = [
            ax.plot(self.errors.index, self.errors[name], "o-", ms=4, label=name)[0]
            for name in self.errors
        ]
        ax.set_xlabel("steps ahead")
        ax.set_ylabel(LABELS.get(self.metric, self.metric.replace("_", " ")))
        ax.set_ylim(bottom=0.0)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        ax.grid(axis="y", alpha=0.3)
        return self
