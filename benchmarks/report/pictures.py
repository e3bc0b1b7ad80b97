"""The pictures that questions share: scores by model, and gains with their intervals."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from benchmarks.report.study import Study

SIMPLE, NET = "simple model", "net"
COLOURS = {SIMPLE: "C0", NET: "C2"}
KINDS = {SIMPLE: ("o", COLOURS[SIMPLE]), NET: ("D", COLOURS[NET])}  # the same in all pictures
KINDS["sklearn_rnn"] = ("D", "C0")
OTHERS = list(zip("s^vPodX<*", ["C1", "C3", "C4", "C5", "C6", "C8", "0.5", "C9", "k"], strict=True))
SEEDED = f"{NET} (small dots: its random states)"
FAR = 2.5  # spans of the other rows that a row may lie beyond them before it is clipped
NONE: Mapping[str, float] = {}
DPI = 110
MINUS = "\N{MINUS SIGN}"
ABOVE: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 9}
ABOVE |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8}}


class Scores(NamedTuple):
    """The scores of a model, one for each random state: a row of a panel, and its series."""

    row: str
    series: str
    values: Sequence[float]


def panel(study: Study, task: str, published: Mapping[str, float] = NONE) -> list[Scores]:
    """Return the scores of the models of a task, beside those that others report."""
    panel = []
    for model in study.models(task):
        series = SEEDED if model in study.nets(task) else SIMPLE
        panel.append(Scores(model, series, study.scores(task, model)))
        if model in published:
            panel.append(Scores(model, "published", [published[model]]))
    return panel


def axes_of(n_rows: int, n_columns: int, size: tuple[float, float], **how: Any) -> tuple[Any, Any]:
    """Return a figure and its axes, which have neither top nor right."""
    how = {"layout": "constrained", "squeeze": False, **how}
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, **how)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(
    figure: Any, path: Path, title: str, legend: Any = (), n: int = 3, heading: str | None = None
) -> None:
    """Give a figure its title, and below it a legend of `n` columns; write and close it."""
    figure.suptitle(title, fontsize=12)
    if legend:
        below = {"loc": "outside lower center", "frameon": False}
        figure.legend(*legend, ncols=n, title=heading, **below)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)


def draw_scores(
    path: Path,
    title: str,
    label: str,
    panels: Mapping[str, Sequence[Scores]],
    *,
    rows: Sequence[str] | None = None,
    line: str | float,
    height: float = 0.36,
) -> None:
    """Draw a panel for each form of the data: models downwards, scores to the right.

    An axis is logarithmic where the scores span two decades or more. On another, a row that is far
    from all others stands as an arrow at the edge, with its figure. `rows` are the models,
    downwards; by default as they come. A vertical line is drawn at the number `line`, or at the
    first series of the row of this name.
    """
    rows = list(dict.fromkeys(rows or (s.row for scores in panels.values() for s in scores)))
    series = list(dict.fromkeys(s.series for scores in panels.values() for s in scores))
    figure, axes = axes_of(1, len(panels), (10, 1.6 + height * len(rows)), sharey=True)
    for ax, (name, scores) in zip(axes[0], panels.items(), strict=True):
        at = next((s.values for s in scores if s.row == line), line)
        reference = float(np.mean(at))
        _draw_panel(ax, scores, rows, series, reference, most_ticks=max(2, 12 // len(panels)))
        ax.axvline(reference, color="0.6", linewidth=1, zorder=0)
        ax.set_title(name, fontsize=10)
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].invert_yaxis()
    handles = [plt.Line2D([], [], marker=m, color=c, ls="", ms=7) for m, c in _styles(series)]
    save(figure, path, title, (handles, series), min(len(series), 4), label)


def _draw_panel(
    ax: plt.Axes, scores: Any, rows: list[str], series: list[str], reference: float, most_ticks: int
) -> None:
    """Draw the rows of a panel, on an axis that holds the reference whatever lies beyond it."""
    every = [value for s in scores for value in s.values]
    is_log = 0 < 100 * min(every) <= max(every)
    low, high = (min(every), max(every)) if is_log else limits(scores)
    low, high = min(low, reference), max(high, reference)
    for s in scores:
        beside = [other.series for other in scores if other.row == s.row]
        shift = min(0.22, 0.8 / len(beside)) * (beside.index(s.series) - (len(beside) - 1) / 2)
        _draw_row(ax, s, rows.index(s.row) + shift, series, low, high)
    if is_log:
        ax.set_xscale("log")
        if high < 1e4 * low:
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=99))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_locator(NullLocator())
    else:
        margin = 0.05 * (high - low) or 0.5
        ax.set_xlim(low - margin, high + margin)
        ax.xaxis.set_major_locator(MaxNLocator(most_ticks, steps=[1, 2, 5, 10]))
    ax.grid(axis="y", color="0.92")


def limits(scores: Sequence[Scores], far: float = FAR, near: float = 1) -> tuple[float, float]:
    """Return the range of an axis: that of all values, without rows that are far from the others.

    The fewest rows at the ends are left out, at most a third of all, without which the others span
    less than a part, 1 / (1 + `far`), of what all do; but none whose mean is within `near` of these
    spans of them.
    """
    ends = sorted((min(s.values), max(s.values)) for s in scores)

    def span(kept: Sequence[tuple[float, float]]) -> float:
        return max(high for _, high in kept) - min(low for low, _ in kept)

    cuts = [(a, n - a) for n in range(len(ends) // 3 + 1) for a in range(n + 1)]
    kept = [ends[a : len(ends) - b] for a, b in cuts]
    core = next((k for k in kept if (1 + far) * span(k) < span(ends)), ends)
    margin = near * span(core)
    low, high = core[0][0] - margin, max(high for _, high in core) + margin
    values = [value for s in scores for value in s.values if low <= np.mean(s.values) <= high]
    return min(values), max(values)


def _draw_row(
    ax: plt.Axes, scores: Scores, y: float, series: list[str], low: float, high: float
) -> None:
    """Draw the random states as small dots and their mean as a marker, or an arrow at an edge."""
    marker, colour = _styles(series)[series.index(scores.series)]
    mean, margin = float(np.mean(scores.values)), 1e-9 * (high - low)
    if low - margin <= mean <= high + margin:
        inside = [v for v in scores.values if low - margin <= v <= high + margin]
        if len(scores.values) > 1:
            ax.plot(inside, [y] * len(inside), ".", color=colour, alpha=0.5, ms=4)
        ax.plot(mean, y, marker, color=colour, mec="white", mew=0.8, ms=7)
    else:
        side = "center" if y == round(y) else "bottom" if y < round(y) else "top"
        _draw_arrow(ax, mean, f"{mean:.2g}", y, colour, low, high, side)


def _draw_arrow(
    ax: plt.Axes,
    value: float,
    text: str,
    y: float,
    colour: str,
    low: float,
    high: float,
    va: str = "center",
) -> None:
    """Draw what lies beyond the axis as an arrow at its edge, with its figure."""
    is_left = value < low
    edge, arrow, side = (low, "<", "left") if is_left else (high, ">", "right")
    ax.plot(edge, y, arrow, color=colour, ms=7)
    at = {"xytext": (7 if is_left else -7, 0), "textcoords": "offset points"}
    how: dict[str, Any] = {"va": va, "fontsize": 8, "color": colour, **at}
    ax.annotate(text.replace("-", MINUS), (edge, y), ha=side, **how)


def _styles(series: Sequence[str]) -> list[tuple[str, str]]:
    others = iter(OTHERS)
    kinds = [name.partition(" (")[0] for name in series]
    return [KINDS[kind] if kind in KINDS else next(others) for kind in kinds]


class Gain(NamedTuple):
    """A gain with an interval, and how it is judged."""

    row: str
    value: float
    low: float
    high: float
    kind: str


def draw_lines(
    path: Path,
    title: str,
    panels: Mapping[str, Mapping[str, tuple[Any, Any, str]]],
    *,
    zero: str = "",
    **how: Any,
) -> None:
    """Draw a panel for each label, downwards: dates, values and style of lines by their names.

    A line is drawn at zero in the panel of this label.
    """
    figure, axes = axes_of(len(panels), 1, (10, max(5.5, 1 + 1.6 * len(panels))), **how)
    for ax, (label, lines) in zip(axes.flat, panels.items(), strict=True):
        for name, (dates, values, style) in lines.items():
            ax.plot(dates, values, style, lw=1.2, ms=4, label=name)
        if label == zero:
            ax.axhline(0, color="0.6", linewidth=1)
        locator = AutoDateLocator(minticks=4, maxticks=9)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.set_ylabel(label)
    save(figure, path, title, axes[0, 0].get_legend_handles_labels())


def draw_gains(
    path: Path,
    title: str,
    labels: Sequence[str],
    panels: Mapping[str, Sequence[Gain]],
    colours: Mapping[str, str],
    *,
    form: str = "+.3f",
    sides: tuple[str, str] = ("worse", "better"),
) -> None:
    """Draw gains downwards with their intervals, a panel for each data set.

    `labels` say what the axis of each panel shows, `colours` are those of the kinds of gains in the
    order of the legend, `sides` what lies to the left and to the right of zero.
    """
    size = (max(10, 5.5 * len(panels)), 2 + 0.5 * max(map(len, panels.values())))
    figure, axes = axes_of(1, len(panels), size)
    for ax, label, (name, gains) in zip(axes[0], labels, panels.items(), strict=True):
        _draw_gains(ax, gains, colours, form)
        left, right = f"{sides[0]} \N{LEFTWARDS ARROW} ", f" \N{RIGHTWARDS ARROW} {sides[1]}"
        for text, side in ((left, "right"), (right, "left")):
            ax.text(0, -0.75, text, ha=side, va="center", color="0.4", fontsize=9)
        ax.set_xlabel(textwrap.fill(label, 100 // len(panels)))
        ax.xaxis.set_major_locator(MaxNLocator(12 // len(panels)))
        ax.set_title(name, fontsize=11)
        ax.grid(axis="x", color="0.92")
    used = [kind for kind in colours if any(g.kind == kind for of in panels.values() for g in of)]
    handles = [plt.Line2D([], [], marker="D", color=colours[k], ls="", ms=8) for k in used]
    save(figure, path, title, (handles, used), len(used))


def _draw_gains(ax: plt.Axes, gains: Sequence[Gain], colours: Mapping[str, str], form: str) -> None:
    """Draw the gains of a panel; of one that is far from the others the part that is near them."""
    low, high = limits([Scores(g.row, "", [g.low, g.value, g.high]) for g in gains], 1, 0)
    for y, gain in enumerate(gains):
        colour, text = colours[gain.kind], f"{gain.value:{form}}"
        ax.plot(np.clip([gain.low, gain.high], low, high), [y, y], color=colour, linewidth=2.5)
        if low <= gain.value <= high:
            ax.plot(gain.value, y, "D", color=colour, mec="white", ms=8)
            ax.annotate(text.replace("-", MINUS), (gain.value, y), (0, 7), **ABOVE)
        else:
            _draw_arrow(ax, gain.value, text, y - 0.25, colour, low, high)
    ax.axvline(0, color="0.4", linewidth=1, zorder=0)
    left, right = ax.get_xlim()
    margin = 0.15 * (right - left)  # for the words beside the line
    ax.set_xlim(min(left, -margin), max(right, margin))
    ax.set_yticks(range(len(gains)), [gain.row for gain in gains])
    ax.set_ylim(len(gains) - 0.5, -1)
