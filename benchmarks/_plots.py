"""The pictures that benchmarks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from benchmarks._report import models_of, of, scores_of
from benchmarks._runner import Result

SIMPLE, NET = "simple model", "net"
COLOURS = {SIMPLE: "C0", NET: "C2"}
KINDS = {SIMPLE: ("o", COLOURS[SIMPLE]), NET: ("D", COLOURS[NET])}  # the same in all pictures
OTHERS = [("s", "C1"), ("^", "C3"), ("v", "C4"), ("P", "C5")]
ABOVE: dict[str, Any] = {
    "textcoords": "offset points",
    "ha": "center",
    "fontsize": 9,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8},
}


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

    An axis is logarithmic where the scores span two decades or more.

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
        if _spans_decades([value for scores in panel for value in scores.values]):
            ax.set_xscale("log")
        else:
            most = max(2, 12 // len(panels))  # so many words have room
            ax.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
        ax.set_title(name, fontsize=10)
        ax.set_xlabel(label)
        ax.grid(axis="y", color="0.92")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].invert_yaxis()
    figure.legend(
        _handles(series), series, loc="outside lower center", ncols=len(series), frameon=False
    )
    figure.suptitle(title, fontsize=12)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _spans_decades(values: Sequence[float]) -> bool:
    """Return whether all values are positive, and the greatest is 100 times the least or more."""
    return 0 < 100 * min(values) <= max(values)


def _draw_row(ax: plt.Axes, scores: Scores, rows: list[str], series: list[str]) -> None:
    """Draw the seeds as small dots and their mean as a marker."""
    number = series.index(scores.series)
    marker, colour = _styles(series)[number]
    y = rows.index(scores.row) + 0.22 * (number - (len(series) - 1) / 2)
    if len(scores.values) > 1:
        ax.plot(scores.values, [y] * len(scores.values), ".", color=colour, alpha=0.5, ms=4)
    ax.plot(np.mean(scores.values), y, marker, color=colour, mec="white", mew=0.8, ms=7)


def _handles(series: Sequence[str]) -> list[plt.Line2D]:
    """Return what the legend shows of each series."""
    styles = _styles(series)
    return [plt.Line2D([], [], marker=m, color=c, linestyle="", ms=7) for m, c in styles]


def _styles(series: Sequence[str]) -> list[tuple[str, str]]:
    """Return the marker and the colour of each series."""
    others = iter(OTHERS)
    kinds = [name.partition(",")[0] for name in series]
    return [KINDS[kind] if kind in KINDS else next(others) for kind in kinds]


def panel(
    results: Sequence[Result],
    task: str,
    *,
    target: float | None = None,
    published: Mapping[str, float] | None = None,
) -> list[Scores]:
    """Return the first scores of the models as a panel.

    Parameters
    ----------
    results : sequence of Result
        The fits.
    task : str
        The name of the data.
    target : float, default=None
        What the best net is to reach; it has a row of its own, "target".
    published : mapping of str to float, default=None
        By model, the score that others report.

    Returns
    -------
    list of Scores
        Those of each model, and beside them what is published.
    """
    scores = [] if target is None else [Scores("target", "target for the best net", [target])]
    for model in models_of(results, task):
        runs = of(results, task, model)
        series = SIMPLE if runs[0].seed is None else f"{NET}, a dot a seed"
        scores.append(Scores(model, series, scores_of(runs, task, model)))
        if published and model in published:
            scores.append(Scores(model, "published", [published[model]]))
    return scores


class Gain(NamedTuple):
    """What a net gains, with an interval, and whether the verdict is to take it."""

    row: str
    value: float
    low: float
    high: float
    takes_net: bool


def draw_gains(path: Path, title: str, label: str, gains: Sequence[Gain]) -> None:
    """Draw gains downwards with their intervals, coloured by the verdict.

    Parameters
    ----------
    path : Path
        The file to write.
    title, label : str
        What the picture says, and what the axis shows.
    gains : sequence of Gain
        The rows.
    """
    figure, ax = plt.subplots(figsize=(10, 1.6 + 0.55 * len(gains)), layout="constrained")
    verdicts = {True: ("C0", "take the net"), False: ("C1", "take a classical model")}
    for takes_net, (color, text) in verdicts.items():
        ax.plot([], [], "D", color=color, ms=8, label=text)
        for y, gain in enumerate(gains):
            if gain.takes_net == takes_net:
                ax.plot([gain.low, gain.high], [y, y], color=color, linewidth=2.5)
                ax.plot(gain.value, y, "D", color=color, mec="white", ms=9)
                text = f"{gain.value:+.1f} %".replace("-", "\N{MINUS SIGN}")
                ax.annotate(text, (gain.value, y), (0, 8), **ABOVE)
    ax.axvline(0, color="0.4", linewidth=1, zorder=0)
    left, right = ax.get_xlim()
    ax.set_xlim(left, max(right, 0.15 * (right - left)))  # room for the words beside the line
    ax.set_yticks(range(len(gains)), [gain.row for gain in gains])
    ax.set_ylim(len(gains) - 0.5, -1)
    for text, side in (
        ("net worse \N{LEFTWARDS ARROW} ", "right"),
        (" \N{RIGHTWARDS ARROW} net better", "left"),
    ):
        ax.text(0, -0.75, text, ha=side, va="center", color="0.4", fontsize=9)
    ax.set_xlabel(label)
    ax.set_title(title, fontsize=13, loc="left")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="0.92")
    figure.savefig(path, dpi=130)
    plt.close(figure)
