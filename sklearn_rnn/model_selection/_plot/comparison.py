"""The picture of a comparison of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import check_matplotlib_support
from sklearn_rnn.model_selection._verdict import describe_size


class ComparisonDisplay:
    """Scores of several models on the same folds, or their differences to one of them.

    Made by ``Comparison.plot`` or `from_comparison`.

    Parameters
    ----------
    scores : DataFrame of shape (n_folds, n_models)
        The scores.
    frame : DataFrame
        What ``Comparison.to_frame`` returns.
    scoring : str
        Name of the score.
    differences : DataFrame of shape (n_models - 1, 6)
        What ``Comparison.difference`` returns, for each model but the reference.
    reference : str
        The model that the others are held against.
    best, chosen : str or None
        The model with the best mean, and the simplest that is as good; None if every model
        failed on some fold.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_ : list of Line2D
        The scores of the folds, one artist for each model; empty for differences.
    means_ : list of ErrorbarContainer
        The means with their intervals, one for each model drawn.
    order_ : list of str
        The models drawn, from the top: the simplest first.
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
    def from_comparison(
        cls,
        comparison: Any,
        *,
        kind: str = "scores",
        reference: str | None = None,
        ax: Any = None,
    ) -> ComparisonDisplay:
        """Draw a comparison.

        Parameters
        ----------
        comparison : Comparison
            What `compare_models` returns.
        kind : {'scores', 'differences'}, default='scores'
            See `plot`.
        reference : str, default=None
            The model that the others are held against; None takes the simplest.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

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
        """Draw.

        Parameters
        ----------
        kind : {'scores', 'differences'}, default='scores'
            With 'scores', a faint point for each fold, the mean with its standard error, and
            grey to the left of the best mean as far as one standard error of the model's
            difference to the best reaches: a mean in the grey is as good. With 'differences',
            the mean difference to the reference with its 95 % interval. The simplest model
            that is as good as the best has a star. Values that would press all others
            together are left out, and named at the left edge.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ComparisonDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        if kind not in ("scores", "differences"):
            raise ValueError(f"kind must be 'scores' or 'differences'; got {kind!r}.")
        complexity = self.frame["complexity"].fillna(np.inf)
        self.order_ = list(complexity.sort_values(kind="stable").index)
        colors = {name: f"C{i}" for i, name in enumerate(self.order_)}
        if kind == "differences":
            self.order_.remove(self.reference)
        if ax is None:
            height = 1.2 + 0.5 * len(self.order_)
            _, ax = plt.subplots(figsize=(7.0, height), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
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
        self._leave_out_what_is_far_off(ax, self.frame["mean"], self.scores)
        if self.best is not None:
            self._draw_rule(ax, self.best)
        ax.set_xlabel(f"{self.scoring}: folds, mean and standard error")

    def _draw_rule(self, ax: Any, best: str) -> None:
        """Shade where a mean is as good as the best, which a single fold cannot tell."""
        means = self.frame["mean"][self.order_]
        errors = self.frame["vs_best_standard_error"][self.order_]
        errors = errors.where(means >= ax.get_xlim()[0]).fillna(0.0)
        rows = range(len(self.order_))
        ax.barh(rows, -errors, 1.0, left=means[best], color="0.5", alpha=0.2, lw=0, zorder=0)
        ax.axvline(means[best], color="0.5", lw=1, zorder=0)
        grey = "grey: " if errors.any() else ""
        title = f"{grey}within one standard error of the difference to the best; ★ to be taken"
        ax.set_title(title, fontsize="small", loc="right")

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
            self._leave_out_what_is_far_off(ax, self.differences["score"], ends, keep=0.0)
        ax.set_xlabel(f"{self.scoring}: difference to '{self.reference}', 95 % interval")

    def _leave_out_what_is_far_off(
        self, ax: Any, middles: pd.Series[float], ends: pd.DataFrame, keep: float = np.inf
    ) -> None:
        """End the axis before values that are far off, but not before `keep`, and name them."""
        drawn = pd.concat([middles.to_frame().T, ends])[self.order_].astype(float)
        least, most = _readable_range(drawn.to_numpy())
        least = min(least, keep)
        if least <= drawn.min().min():
            return
        margin = 0.15 * (most - least)
        ax.set_xlim(least - margin, most + 0.5 * margin)
        for row, name in enumerate(self.order_):
            middle, lowest = middles[name], drawn[name].min()
            if lowest < least:
                what = f"{middle:.3g}" if middle < least else f"down to {lowest:.3g}"
                text = f"\N{LEFTWARDS ARROW} {what}, out of range".replace("-", "\N{MINUS SIGN}")
                at = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": "small"}
                ax.text(0.01, row - 0.25, text, **at)

    def _label(self, name: str) -> str:
        row: Any = self.frame.loc[name]
        size = describe_size(row["complexity"], row["unit"])
        failed = f"failed {row['failures']} times" if row["failures"] else ""
        lines = [f"{'★ ' if name == self.chosen else ''}{name}", size, failed]
        return "\n".join(line for line in lines if line)


def _readable_range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least and the greatest value to show.

    From the greatest down, more than half of the values are shown, until the next is more than
    twice as far away as those so far are spread.
    """
    down = np.sort(values[np.isfinite(values)])[::-1]
    spread, gap = down[0] - down[:-1], -np.diff(down)
    far = (gap > 2 * spread) & (spread > 0) & (np.arange(1, len(down)) > len(down) / 2)
    last = int(np.argmax(far)) if far.any() else -1
    return float(down[last]), float(down[0])
