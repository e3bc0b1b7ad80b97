"""The picture of what models use: lags by channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import check_matplotlib_support
from sklearn_rnn.inspection import lag_importance


class LagImportanceDisplay:
    """Heat map of the importance of every lag of every channel, for one or more models.

    Several models stand side by side on the same axes, with one scale of colours.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_steps, n_channels)
        What is drawn, for each model.
    lags : ndarray of shape (n_steps,)
        Rows from each step to the present, the oldest first.
    channels : list of str
        Names of the channels.
    label : str
        What the values are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    image_ : AxesImage
        The map; an empty column divides the models.
    colorbar_ : Colorbar
        Its scale.

    See Also
    --------
    lag_importance : The numbers.
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
        """Measure the importances and draw them.

        Parameters
        ----------
        estimator : estimator or mapping of str to estimator
            A fitted model, or several with the same lags and channels, by name: a lasso beside
            a net.
        X, y : array-like
            What the models predict for, and the targets.
        method : {'permutation', 'integrated_gradients'}, default='permutation'
            See `lag_importance`.
        signed : bool, default=False
            Whether to draw the signed ``effects`` of integrated gradients, which for a linear
            model are its coefficients, for one standard deviation of the channel.
        scoring, n_repeats, random_state : object
            See `lag_importance`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str or Colormap, default=None
            The colours; None takes one that fits the signs.

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
                    f"The models must have the same lags and channels; {name!r} has {one.lags} and "
                    f"{one.channels}, the first {first.lags} and {first.channels}."
                )
        key = "effects" if signed else "importances_mean"
        labels = {"permutation": "loss of score when permuted", "": "mean |attribution|"}
        label = labels.get(method, "effect of one deviation" if signed else labels[""])
        values = {name: one[key] for name, one in found.items()}
        display = cls(values=values, lags=first.lags, channels=first.channels, label=label)
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Any = None, cmap: Any = None) -> LagImportanceDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str or Colormap, default=None
            The colours; None takes 'viridis', or 'RdBu_r' if a value is negative by more than
            a tenth of the largest.

        Returns
        -------
        LagImportanceDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        n_steps, n_channels = len(self.lags), len(self.channels)
        gap = np.full((n_steps, 1), np.nan)
        blocks = [part for block in self.values.values() for part in (block, gap)][:-1]
        table = np.hstack(blocks)[::-1]  # the newest lag first
        if ax is None:
            size = (2.5 + 0.55 * table.shape[1], 1.8 + 0.3 * min(n_steps, 30))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        largest = float(np.nanmax(np.abs(table))) or 1.0
        signed = float(np.nanmin(table)) < -0.1 * largest
        low = -largest if signed else min(0.0, float(np.nanmin(table)))
        cmap = cmap or ("RdBu_r" if signed else "viridis")
        self.image_ = ax.imshow(table, aspect="auto", cmap=cmap, vmin=low, vmax=largest)
        self.ax_, self.figure_ = ax, ax.figure
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=ax, label=self.label)
        starts = [i * (n_channels + 1) for i in range(len(self.values))]
        places = [start + c for start in starts for c in range(n_channels)]
        ax.set_xticks(places, self.channels * len(starts), rotation=45, ha="right")
        shown = np.unique(np.linspace(0, n_steps - 1, min(n_steps, 15)).round().astype(int))
        ax.set_yticks(shown, [str(lag) for lag in self.lags[::-1][shown]])
        ax.set_ylabel("lag")
        for start, name in zip(starts, self.values, strict=True):
            ax.text(start + (n_channels - 1) / 2, -0.6, name, ha="center", va="bottom")
        return self
