"""Plots of the attributions of one prediction: `AttributionsDisplay`, `WordAttributionsDisplay`."""

from __future__ import annotations

from html import escape
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.inspection._attributions import attributions

FloatArray = NDArray[np.float64]

OUTPUT = [Interval(Integral, 0, None, closed="left"), None]
"""What the parameter `output` admits."""

POSITIVE, NEGATIVE = "214, 96, 77", "67, 147, 195"
"""Red and blue of the color map 'RdBu_r', as in CSS."""


class AttributionsDisplay:
    """Heat map of the attributions of one prediction to the steps and channels of its sequence.

    Parameters
    ----------
    values : ndarray of shape (n_steps, n_channels)
        Attributions.
    channels : list of str
        Names of the channels.

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

    def __init__(self, *, values: FloatArray, channels: list[str]) -> None:
        self.values = values
        self.channels = channels

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
            Which of several outputs to plot; None takes the largest.
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
        found = attributions(estimator, X, n_points=n_points)
        n = len(found.base_values)
        if not -n <= sample < n:
            raise ValueError(f"sample must be one of the {n} sequences of X; got {sample}.")
        values = of_output(found.attributions[sample], found.base_values[sample], output)
        display = cls(values=values.reshape(len(values), -1), channels=found.channels)
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
        self.ax_ = ax = axes_for(self, ax, size)
        self.figure_ = ax.figure
        largest = float(np.abs(self.values).max(initial=0.0)) or 1.0
        self.image_ = ax.imshow(
            self.values.T, aspect="auto", cmap=cmap or "RdBu_r", vmin=-largest, vmax=largest
        )
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=ax, label="attribution")
        ax.set_yticks(range(n_channels), self.channels)
        shown = np.unique(np.linspace(0, n_steps - 1, min(n_steps, 12)).round().astype(int))
        ax.set_xticks(shown, [str(step) for step in shown])
        ax.set_xlabel("step (oldest first)")
        return self


class WordAttributionsDisplay:
    """Texts as HTML, with words coloured by their attributions: red raises the output.

    Notebooks show the display as it is; `to_html` returns what they show.

    Parameters
    ----------
    words : list of ndarray of shape (n_words_i,)
        Words of each text.
    values : list of ndarray of shape (n_words_i,)
        Attributions of each word.

    See Also
    --------
    sklearn_rnn.inspection.attributions : Computation of the attributions.
    """

    def __init__(self, *, words: list[NDArray[Any]], values: list[FloatArray]) -> None:
        self.words = words
        self.values = values

    @classmethod
    @validate_params({"output": OUTPUT}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls, estimator: Any, X: Any, *, output: int | None = None, n_points: int = 32
    ) -> WordAttributionsDisplay:
        """Compute the attributions of the words of texts.

        Parameters
        ----------
        estimator : Pipeline
            A fitted pipeline of a `TextSequencer` and a network.
        X : iterable of str
            The texts.
        output : int, default=None
            Which of several outputs to show; None takes the largest of each text.
        n_points : int, default=32
            See `attributions`.

        Returns
        -------
        WordAttributionsDisplay
            The display.
        """
        pipeline = open_search(estimator)
        if not (isinstance(pipeline, Pipeline) and hasattr(pipeline[0], "sentence_end")):
            raise ValueError(
                "WordAttributionsDisplay needs a fitted pipeline of a TextSequencer and a network; "
                f"got {type(pipeline).__name__}."
            )
        texts = list(X)
        found = attributions(pipeline, texts, n_points=n_points)
        words = pipeline[0].inverse_transform(pipeline[0].transform(texts))
        pairs = zip(found.attributions, found.base_values, words, strict=True)
        values = [of_output(values, base, output)[: len(of)] for values, base, of in pairs]
        return cls(words=words, values=values)

    def to_html(self) -> str:
        """Return a paragraph of HTML for each text."""
        largest = max((float(np.abs(v).max(initial=0.0)) for v in self.values), default=0.0) or 1.0
        texts = zip(self.words, self.values, strict=True)
        return "\n".join(
            f"<p>{' '.join(map(_span, words, values / largest, values))}</p>"
            for words, values in texts
        )

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        return self.to_html()


def _span(word: str, share: float, value: float) -> str:
    """Return a word as HTML, coloured by a share from -1 to 1."""
    color = POSITIVE if share > 0 else NEGATIVE
    style = f"background-color: rgba({color}, {abs(share):.2f})"
    return f'<span style="{style}" title="{value:.3g}">{escape(word)}</span>'


def of_output(values: FloatArray, base: Any, output: int | None) -> FloatArray:
    """Return the attributions of one output of a prediction, if it has several."""
    if not np.ndim(base):
        return values
    if output is not None and output >= len(base):
        raise ValueError(f"output must be one of the {len(base)} outputs; got {output}.")
    sums = base + values.reshape(-1, len(base)).sum(axis=0)
    return np.asarray(values[..., int(np.argmax(sums)) if output is None else output])
