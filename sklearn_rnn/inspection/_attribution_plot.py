"""Plot of the attributions of one prediction: `AttributionsDisplay`."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.axes import axes_for, draw_heat_map, spread_ticks
from sklearn_rnn._sklearn.compat import Interval, num_samples, validate_params
from sklearn_rnn._sklearn.metaestimators import open_pipelines
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.inspection._attributions import OUTPUT, attributions, chosen_output, of_output

FloatArray = NDArray[np.float64]


class AttributionsDisplay:
    """Heat map of the attributions of one prediction to the steps and channels of its sequence.

    Parameters
    ----------
    values : ndarray of shape (n_steps, n_channels)
        Attributions.
    channels : list of str
        Names of the channels.
    output : str, default=None
        Name of the output: the class, of several targets their number.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    image_ : AxesImage
        The heat map.
    colorbar_ : Colorbar
        The color bar.

    See Also
    --------
    sklearn_rnn.inspection.attributions : Computation of the attributions.
    """

    def __init__(
        self, *, values: FloatArray, channels: list[str], output: str | None = None
    ) -> None:
        self.values = values
        self.channels = channels
        self.output = output

    @classmethod
    @validate_params(
        {"sample": [Interval(Integral, None, None, closed="neither")], "output": OUTPUT},
        prefer_skip_nested_validation=False,
    )
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample: int = 0,
        output: int | None = None,
        n_points: int = 32,
        ax: Any = None,
        cmap: Any = None,
    ) -> AttributionsDisplay:
        """Compute and plot the attributions of one prediction.

        Parameters
        ----------
        estimator : estimator
            A fitted network, or a pipeline that ends with one.
        X : array-like or list
            Input of the estimator.
        sample : int, default=0
            The sequence of X to plot.
        output : int, default=None
            Which of several outputs to plot; None takes the largest. The color bar names it.
        n_points : int, default=32
            See `attributions`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.
        cmap : str or Colormap, default=None
            Color map; None uses 'RdBu_r'.

        Returns
        -------
        AttributionsDisplay
            The display.
        """
        network, X = open_pipelines(estimator, X)
        n = num_samples(X)
        if not -n <= sample < n:
            raise ValueError(f"sample must be one of the {n} sequences of X; got {sample}.")
        found = attributions(network, take_rows(X, np.array([sample % n])), n_points=n_points)
        prediction = found.attributions[0], found.base_values[0]
        values, chosen = of_output(*prediction, output), chosen_output(*prediction, output)
        name = _name(getattr(network, "classes_", None), chosen)
        shape = len(values), -1
        display = cls(values=values.reshape(shape), channels=found.channels, output=name)
        return display.plot(ax=ax, cmap=cmap)

    def plot(self, *, ax: Any = None, cmap: Any = None) -> AttributionsDisplay:
        """Plot the attributions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.
        cmap : str or Colormap, default=None
            Color map; None uses 'RdBu_r'.

        Returns
        -------
        AttributionsDisplay
            The display itself.
        """
        n_steps, n_channels = self.values.shape
        size = (2.5 + 0.25 * min(max(n_steps, 12), 40), 1.2 + 0.35 * n_channels)
        ax = axes_for(self, ax, size)
        largest = float(np.abs(self.values).max(initial=0.0)) or 1.0
        style = {"cmap": cmap or "RdBu_r", "vmin": -largest, "vmax": largest}
        label = "attribution" if self.output is None else f"attribution to {self.output}"
        draw_heat_map(self, self.values.T, label, **style)
        ax.set_yticks(range(n_channels), self.channels)
        shown = spread_ticks(n_steps, 12)
        ax.set_xticks(shown, [str(step) for step in shown])
        ax.set_xlabel("step (oldest first)")
        return self


def _name(classes: Any, output: int | None) -> str | None:
    """Return the name of one of several outputs, or of the only one, the logit of two classes."""
    if classes is not None:
        return str(classes[1 if output is None else output])
    return None if output is None else f"output {output}"
