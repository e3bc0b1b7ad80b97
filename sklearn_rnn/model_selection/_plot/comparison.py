"""Plot of a comparison of models: `ComparisonDisplay`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.model_selection._verdict import describe_size


class ComparisonDisplay:
    """Plot of the scores of models on the same folds, or of differences to a reference.

    Create it with ``Comparison.plot`` or `from_comparison`.

    Parameters
    ----------
    scores : DataFrame of shape (n_folds, n_models)
        Score of each model on each fold.
    frame : DataFrame
        Result of ``Comparison.to_frame``.
    scoring : str
        Name of the score.
    differences : DataFrame of shape (n_models - 1, 6)
        Result of ``Comparison.difference`` for each model but the reference.
    reference : str
        Reference model of the differences.
    best, chosen : str or None
        The model with the best mean, and the simplest that is as good; None if every model failed
        in some run.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    points_ : list of Line2D
        Scores of the folds, one artist per model; empty for differences.
    means_ : list of ErrorbarContainer
        Means with their error bars, one per model.
    order_ : list of str
        The models from top to bottom: the simplest first.
    """

    def __init__(
        self,
        *,
        scores: pd.DataFrame,
        frame: pd.DataFrame,
        scoring: str,
        differences: pd.DataFrame,
        reference: str,
        best: str | None = None,
        chosen: str | None = None,
    ) -> None:
        self.scores = scores
        self.frame = frame
        self.scoring = scoring
        self.differences = differences
        self.reference = reference
        self.best = best
        self.chosen = chosen

    @classmethod
    @validate_params({"kind": [str], "reference": [str, None]}, prefer_skip_nested_validation=False)
    def from_comparison(
        cls,
        comparison: Any,
        *,
        kind: str = "scores",
        reference: str | None = None,
        ax: Any = None,
    ) -> ComparisonDisplay:
        """Plot a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of `compare_models`.
        kind : {'scores', 'differences'}, default='scores'
            See `plot`.
        reference : str, default=None
            Reference model of the differences; None uses the simplest.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        ComparisonDisplay
            The display.
        """
        ran = bool((comparison.failures == 0).any())
        if reference is None:
            reference = comparison.simplest if ran else comparison.names[0]
        others = [name for name in comparison.names if name != reference]
        rows = {name: comparison.difference(name, reference) for name in others}
        display = cls(
            scores=comparison.scores,
            frame=comparison.to_frame(),
            scoring=comparison.scoring,
            differences=pd.DataFrame(rows).T,
            reference=reference,
            best=comparison.best if ran else None,
            chosen=comparison.simplest_as_good() if ran else None,
        )
        return display.plot(kind=kind, ax=ax)

    def plot(self, *, kind: str = "scores", ax: Any = None) -> ComparisonDisplay:
        """Plot the scores or the differences.

        Parameters
        ----------
        kind : {'scores', 'differences'}, default='scores'
            With 'scores', a point for each fold, the mean with its standard error, and a grey area
            to the left of the best mean with the width of one standard error of the difference
            between the model and the best: models with their mean inside are as good as the best.
            With 'differences', the mean difference to the reference with its 95 % confidence
            interval. A star marks the simplest model that is as good as the best. Outliers
            beyond ten times the range of the others are clipped, with an arrow and the value.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        ComparisonDisplay
            The display itself.
        """
        if kind not in ("scores", "differences"):
            raise ValueError(f"kind must be 'scores' or 'differences'; got {kind!r}.")
        complexity = self.frame["complexity"].fillna(np.inf)
        self.order_ = list(complexity.sort_values(kind="stable").index)
        colors = {name: f"C{i}" for i, name in enumerate(self.order_)}
        if kind == "differences":
            self.order_.remove(self.reference)
        height = 1.2 + 0.5 * len(self.order_)
        ax = axes_for(self, ax, (7.0, height))
        self.points_: list[Any] = []
        self.means_: list[Any] = []
        draw = self._draw_scores if kind == "scores" else self._draw_differences
        draw(ax, colors)
        ax.set_yticks(range(len(self.order_)), [self._label(name) for name in self.order_])
        ax.set_ylim(len(self.order_) - 0.5, -0.5)
        ax.grid(axis="x", alpha=0.3)
        return self

    def _draw_scores(self, ax: Any, colors: dict[str, str]) -> None:
        for row, name in enumerate(self.order_):
            color, values = colors[name], self.scores[name]
            below = np.full(len(values), row + 0.2)
            (points,) = ax.plot(values, below, "o", color=color, alpha=0.4, ms=5)
            model: Any = self.frame.loc[name]
            mean, error = model["mean"], model["standard_error"]
            bar = ax.errorbar(mean, row, xerr=error, fmt="D", color=color, capsize=4)
            self.points_.append(points)
            self.means_.append(bar)
        self._clip_outliers(ax, self.frame["mean"], self.scores)
        if self.best is not None:
            self._draw_rule(ax, self.best)
        ax.set_xlabel(f"{self.scoring} (points: folds, bars: mean ± standard error)")

    def _draw_rule(self, ax: Any, best: str) -> None:
        """Shade one standard error of the difference to the best, unknown for a single fold."""
        means = self.frame["mean"][self.order_]
        errors = self.frame["vs_best_standard_error"][self.order_]
        errors = errors.where(means >= ax.get_xlim()[0]).fillna(0.0)
        rows = range(len(self.order_))
        ax.barh(rows, -errors, 1.0, left=means[best], color="0.5", alpha=0.2, lw=0, zorder=0)
        ax.axvline(means[best], color="0.5", lw=1, zorder=0)
        range_ = "one standard error (grey)" if errors.any() else "one standard error"
        ax.set_title(f"★ simplest model within {range_} of the best", fontsize="medium")

    def _draw_differences(self, ax: Any, colors: dict[str, str]) -> None:
        for row, name in enumerate(self.order_):
            test: Any = self.differences.loc[name]
            middle, low, high = test["score"], test["low"], test["high"]
            error = [[middle - low], [high - middle]]
            bar = ax.errorbar(middle, row, xerr=error, fmt="D", color=colors[name], capsize=4)
            self.means_.append(bar)
        ax.axvline(0, color="0.5", lw=1)
        if self.order_:
            ends = self.differences[["low", "high"]].T
            self._clip_outliers(ax, self.differences["score"], ends, keep=0.0)
        ax.set_xlabel(
            f"difference in {self.scoring} to '{self.reference}' (95 % confidence interval)"
        )

    def _clip_outliers(
        self, ax: Any, middles: pd.Series[float], ends: pd.DataFrame, keep: float = np.inf
    ) -> None:
        """Clip the left end of the axis at outliers, at most to `keep`, and print their values."""
        drawn = pd.concat([middles.to_frame().T, ends])[self.order_].astype(float)
        if not np.isfinite(drawn).any(axis=None):  # one of each pair has failed in all folds
            return
        least, most = _readable_range(drawn.to_numpy())
        least = min(least, keep)
        if least <= drawn.min().min():
            return
        margin = 0.15 * (most - least)
        ax.set_xlim(least - margin, most + 0.5 * margin)
        for row, name in enumerate(self.order_):
            middle, lowest = middles[name], drawn[name].min()
            if lowest < least:
                value = f"{middle:.3g}" if middle < least else f"down to {lowest:.3g}"
                text = f"\N{LEFTWARDS ARROW} {value} (not shown)".replace("-", "\N{MINUS SIGN}")
                style = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": "small"}
                ax.text(0.01, row - 0.25, text, **style)

    def _label(self, name: str) -> str:
        row: Any = self.frame.loc[name]
        size = describe_size(row["complexity"], row["unit"])
        failed = f"failed {row['failures']} times" if row["failures"] else ""
        lines = [f"{'★ ' if name == self.chosen else ''}{name}", size, failed]
        return "\n".join(line for line in lines if line)


def _readable_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the smallest and the largest value to show.

    Sorted from the largest, values are shown up to the first gap that is more than ten times the
    range of those before it, but always more than half of them.
    """
    down = np.sort(values[np.isfinite(values)])[::-1]
    extent, gap = down[0] - down[:-1], -np.diff(down)
    far = (gap > 10 * extent) & (extent > 0) & (np.arange(1, len(down)) > len(down) / 2)
    last = int(np.argmax(far)) if far.any() else -1
    return float(down[last]), float(down[0])
