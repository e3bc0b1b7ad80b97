"""The pictures that benchmarks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

STYLES = [("o", "C0"), ("s", "C1"), ("D", "C2"), ("^", "C3")]


class Scores(NamedTuple):
    """The scores of a model, one for each seed: a row of a panel, and the series it belongs to."""

    row: str
    series: str
    values: Sequence[float]


def draw_scores(
    path: Path,
    title: str,
    label: str,
    panels: Mapping[str, Sequence[Scores]],
    *,
    rows: list[str],
    line: str,
) -> None:
    """Draw a panel for each form of the data: models downwards, scores to the right.

    Parameters
    ----------
    path : Path
        The file to write.
    title, label : str
        What the picture says, and what the axis shows.
    panels : mapping of str to sequence of Scores
        The panels, by their titles.
    rows : list of str
        The models, downwards.
    line : str
        The row of the model by whose first series a line is drawn.
    """
    series = list(dict.fromkeys(s.series for panel in panels.values() for s in panel))
    height = 1.6 + 0.36 * len(rows)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(10, height), sharey=True, layout="constrained", squeeze=False
    )
    for ax, (name, panel) in zip(axes[0], panels.items(), strict=True):
        for scores in panel:
            _draw_row(ax, scores, rows, series)
        reference = next(s for s in panel if s.row == line)
        ax.axvline(np.mean(reference.values), color="0.6", linewidth=1, zorder=0)
        ax.set_title(name, fontsize=10)
        ax.set_xlabel(label)
        ax.grid(axis="y", color="0.92")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].invert_yaxis()
    handles, labels = _legend(axes[0, 0], series)
    figure.legend(handles, labels, loc="outside lower center", ncols=len(series), frameon=False)
    figure.suptitle(title, fontsize=12)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_row(ax: plt.Axes, scores: Scores, rows: list[str], series: list[str]) -> None:
    """Draw the seeds as small dots and their mean as a marker."""
    number = series.index(scores.series)
    marker, colour = STYLES[number]
    y = rows.index(scores.row) + 0.22 * (number - (len(series) - 1) / 2)
    if len(scores.values) > 1:
        ax.plot(scores.values, [y] * len(scores.values), ".", color=colour, alpha=0.5, ms=4)
    ax.plot(np.mean(scores.values), y, marker, color=colour, mec="white", mew=0.8, ms=7)


def _legend(ax: plt.Axes, series: list[str]) -> tuple[list[plt.Line2D], list[str]]:
    styles = STYLES[: len(series)]
    handles = [plt.Line2D([], [], marker=m, color=c, linestyle="", ms=7) for m, c in styles]
    return handles, series
