"""Plot of the importance of lags and channels: `LagImportanceDisplay`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.axes import axes_for, draw_heat_map, spread_ticks
from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.inspection import lag_importance


class LagImportanceDisplay:
    """Heat map of the importance of every lag of every channel, for one or more models.

    Several models are shown side by side on the same axes, with one color scale.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_steps, n_channels)
        Importances of each model.
    lags : ndarray of shape (n_steps,)
        Lag of each step in rows before the target, oldest first.
    channels : list of str
        Names of the channels.
    label : str
        Label of the color bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    image_ : AxesImage
        The heat map; an empty column separates models.
    colorbar_ : Colorbar
        The color bar.

    See Also
    --------
    lag_importance : Computation of the importances.
    """

    def __init__(
        self,
        *,
        values: Mapping[str, NDArray[np.float64]],
        lags: NDArray[np.intp],
        channels: list[str],
        label: str = "importance",
    ) -> None:
        self.values = values
        self.lags = lags
        self.channels = channels
        self.label = label

    @classmethod
    @validate_params({"signed": ["boolean"]}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        method: str = "permutation",
        signed: bool = False,
        scoring: Any = None,
        n_repeats: int = 5,
        random_state: Any = None,
        ax: Any = None,
        cmap: Any = None,
    ) -> LagImportanceDisplay:
        """Compute and plot importances.

        Parameters
        ----------
        estimator : estimator or mapping of str to estimator
            A fitted model, or several with the same lags and channels, by name.
        X, y : array-like
            Input of the models, and targets.
        method : {'permutation', 'integrated_gradients'}, default='permutation'
            See `lag_importance`.
        signed : bool, default=False
            Whether to plot the signed ``effects`` of integrated gradients; for a linear model they
            are its coefficients per standard deviation of the channel.
        scoring, n_repeats, random_state : object
            See `lag_importance`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.
        cmap : str or Colormap, default=None
            Color map; None chooses by the signs of the values.

        Returns
        -------
        LagImportanceDisplay
            The display.
        """
        if signed and method != "integrated_gradients":
            raise ValueError("signed=True needs method='integrated_gradients'.")
        models = estimator if isinstance(estimator, Mapping) else {"": estimator}
        options = {"scoring": scoring, "n_repeats": n_repeats, "random_state": random_state}
        found = {
            name: lag_importance(model, X, y, method=method, **options)
            for name, model in models.items()
        }
        first = next(iter(found.values()))
        for name, one in found.items():
            if list(one.lags) != list(first.lags) or one.channels != first.channels:
                raise ValueError(
                    f"All models must have the same lags and channels; {name!r} has {one.lags} and "
                    f"{one.channels}, the first has {first.lags} and {first.channels}."
                )
        key = "effects" if signed else "importances_mean"
        label = "decrease of score when permuted"
        if method == "integrated_gradients":
            label = "effect of one standard deviation" if signed else "mean |attribution|"
        values = {name: one[key] for name, one in found.items()}
        display = cls(values=values, lags=first.lags, channels=first.channels, label=label)
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Any = None, cmap: Any = None) -> LagImportanceDisplay:
        """Plot the importances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.
        cmap : str or Colormap, default=None
            Color map; None uses 'viridis', or 'RdBu_r' if there are negative values beyond a tenth
            of the largest.

        Returns
        -------
        LagImportanceDisplay
            The display itself.
        """
        n_steps, n_channels = len(self.lags), len(self.channels)
        gap = np.full((n_steps, 1), np.nan)
        blocks = [part for block in self.values.values() for part in (block, gap)][:-1]
        table = np.hstack(blocks)[::-1]  # the newest lag first
        size = (2.5 + 0.55 * table.shape[1], 1.8 + 0.3 * min(n_steps, 30))
        ax = axes_for(self, ax, size)
        largest = float(np.nanmax(np.abs(table))) or 1.0
        signed = float(np.nanmin(table)) < -0.1 * largest
        low = -largest if signed else min(0.0, float(np.nanmin(table)))
        cmap = cmap or ("RdBu_r" if signed else "viridis")
        draw_heat_map(self, table, self.label, cmap=cmap, vmin=low, vmax=largest)
        starts = [i * (n_channels + 1) for i in range(len(self.values))]
        places = [start + c for start in starts for c in range(n_channels)]
        ax.set_xticks(places, self.channels * len(starts), rotation=45, ha="right")
        shown = spread_ticks(n_steps, 15)
        ax.set_yticks(shown, [str(lag) for lag in self.lags[::-1][shown]])
        ax.set_ylabel("lag (rows before target)")
        for start, name in zip(starts, self.values, strict=True):
            ax.text(start + (n_channels - 1) / 2, -0.6, name, ha="center", va="bottom")
        return self
