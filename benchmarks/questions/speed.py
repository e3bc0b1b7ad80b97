"""Ratios of training and prediction to a plain PyTorch loop: report, picture, README's table.

Workloads from 5 steps of 3 channels to 120 steps of 14 and 500 tokens, and one of a million
sequences; the fixed cost of a fit, of a prediction and of the import; where the time of a fit goes;
a grid search; and how the cost grows with the data. Every ratio is the median over rounds in which
the competitors take turns, so that a slow minute of the machine hits all of them. Other libraries
take part if they are installed (``pip install -e ".[bench-peers]"``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.question import Measurement
from benchmarks.report.pictures import plt, save
from benchmarks.report.tables import markdown
from benchmarks.report.writer import RESULTS
from benchmarks.speed import measurements
from benchmarks.speed.peers import BARE, OURS, PEERS, PLAIN, WRITTEN_OUT
from benchmarks.speed.timing import FIT, IMPORT, PREDICT, RATIOS, SEARCH, SHARE
from benchmarks.speed.workloads import WORKLOADS, Workload

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
TARGETED = [(competitor, measure) for competitor in (OURS, PLAIN) for measure in RATIOS]
"""What the targets of a workload are for, in their order."""
MOST_MS = 1.5
"""What a fit of one batch may take more than the loop."""
STYLES = {
    OURS: ("D", "C0", "sklearn_rnn"),
    WRITTEN_OUT: ("d", "C9", "sklearn_rnn on copied windows"),
    PLAIN: ("X", "0.5", "sklearn_rnn without its compiled kernels"),
    "skorch": ("o", "C1", "skorch"),
    "Keras on JAX": ("^", "C2", "Keras on JAX"),
    "Keras on torch": ("v", "C3", "Keras on PyTorch"),
    "neuralforecast": ("s", "C4", "neuralforecast"),
    "darts": ("P", "C5", "darts"),
}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table of all figures, and the versions of the peers."""
    table = pd.DataFrame(measurements.measure(quick=size == "quick"))
    names = table.columns[3:]
    table[names] = table[names].map("{:.4g}".format).replace("nan", "")
    peers = "; ".join(f"{name}: {it.versions() or 'not installed'}" for name, it in PEERS.items())
    return table, {"peers": peers}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return sentences and tables."""
    every = "ratio least most seconds rounds"
    return {
        "rounds": f"{table.loc[table['measure'] == 'train', 'rounds'].max():.0f}",
        "ratios": ratios(table),
        "conclusion": conclusion(table),
        "compiling": compiling(table),
        "fixed": details(table, (FIT, PREDICT, IMPORT), every),
        "searches": details(table, SEARCH.format(""), every),
        "shares": shares(table[table["measure"] == SHARE]),
        "growth": details(table, "growth", "ratio seconds"),
    }


def conclusion(table: pd.DataFrame) -> str:
    """Say which targets are missed, and what a small fit and a search cost."""
    seconds = table.set_index(["measure", "competitor"])["seconds"].to_dict()
    bare, ours = 1000 * seconds[FIT, BARE], 1000 * seconds[FIT, OURS]
    text = (
        f"{missed(table)} A fit of 64 rows takes {ours:.1f} ms, {ours - bare:.1f} ms more than by "
        f"the loop (target: {MOST_MS})."
    )
    for n_jobs in (1, 2) if (SEARCH.format(2), OURS) in seconds else (1,):
        search = SEARCH.format(n_jobs)
        by = [f"{seconds[search, name]:.3g} s by {name}" for name in (OURS, "skorch", BARE)]
        text += f" A search of 60 fits takes, with n_jobs={n_jobs}, {', '.join(by)}."
    return text


def between_marks(text: str, table: pd.DataFrame) -> str:
    """Return a text with ratios and conclusion between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there are no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{ratios(table)}\n\n{conclusion(table)}\n\n{END}{after}"


def ratios(table: pd.DataFrame) -> str:
    """Return a row for each workload and a column for each competitor."""
    found = table.set_index(["measure", "workload", "competitor"])
    others = ["skorch", *PEERS]

    def pair(workload: str, competitor: str, column: str = "ratio") -> str:
        keys = [(measure, workload, competitor) for measure in RATIOS]
        return " / ".join(short(found[column][key]) for key in keys if key in found.index)

    rows = []
    for name in measured(table):
        targets = [f"{most:g}" for most in WORKLOADS[name].targets]
        cells = [name, str(WORKLOADS[name]), pair(name, BARE, "seconds")]
        cells += [pair(name, competitor) for competitor in (*others, PLAIN)]
        cells += [" / ".join(targets[2:]), pair(name, OURS), pair(name, WRITTEN_OUT)]
        rows.append([*cells, " / ".join(targets[:2])])
    header = ["workload", "sequences, network", f"{BARE} (s)", *others, PLAIN, "its target"]
    return markdown([*header, OURS, WRITTEN_OUT, "target"], rows)


def measured(table: pd.DataFrame) -> list[str]:
    """Return the workloads in which competitors were compared."""
    names = set(table.loc[table["measure"].isin(RATIOS), "workload"])
    return [name for name in WORKLOADS if name in names]


def missed(table: pd.DataFrame) -> str:
    """Say which targets are missed."""
    found = table.set_index(["measure", "workload", "competitor"])["ratio"].to_dict()
    checks = [
        (f"{measure} {name}{competitor.removeprefix(OURS)}", ratio, target)
        for name, workload in WORKLOADS.items()
        for (competitor, measure), target in zip(TARGETED, workload.targets, strict=False)
        if (ratio := found.get((measure, name, competitor))) is not None
    ]
    late = [f"{what} ({short(r)}, target {most:g})" for what, r, most in checks if r > most]
    return f"{len(late)} of {len(checks)} targets are missed{': ' * bool(late)}{', '.join(late)}."


def short(number: float) -> str:
    """Return a positive number with about two digits."""
    decimals = int(np.clip(1 - np.floor(np.log10(number)), 0, 4))
    return f"{number:.{decimals}f}"


def compiling(table: pd.DataFrame) -> str:
    """Return how long the first fits of Keras on JAX took beyond the others, if it took part."""
    part = table[(table["measure"] == "train") & (table["competitor"] == "Keras on JAX")]
    more = part["warm_up_seconds"] - part["seconds"]
    text = f": in it Keras on JAX compiles for {more.min():.1f} to {more.max():.1f} s"
    return text if len(part) else ""


def shares(part: pd.DataFrame) -> str:
    """Return a row for each workload and a column for each part of the time."""
    columns = list(part["competitor"].unique())
    rows = []
    for name, fit in part.groupby("workload", sort=False):
        percent = fit.set_index("competitor")["ratio"].map("{:.0%}".format)
        rows.append([str(name), f"{1000 * fit['seconds'].sum():.3g}", *percent[columns]])
    return markdown(["workload", "a fit (ms)", *columns], rows)


def details(table: pd.DataFrame, measures: str | tuple[str, ...], columns: str) -> str:
    """Return a row for each measurement whose name begins so, with some of its numbers."""
    part = table[table["measure"].str.startswith(measures)]
    numbers = part[columns.split()].map("{:.3g}".format)
    rows = np.column_stack([part[["measure", "competitor"]], numbers]).tolist()
    return markdown(["measure", "competitor", *columns.split()], rows)


def draw(to: Path, table: pd.DataFrame, kept: Any) -> None:
    """Draw the ratios of training and prediction, workloads downwards; write the README's table."""
    names = measured(table)
    size = (11, 2 + 0.55 * len(names))
    figure, axes = plt.subplots(1, 2, figsize=size, sharex=True, sharey=True, layout="constrained")
    for ax, measure in zip(axes, RATIOS, strict=True):
        draw_panel(ax, table[table["measure"] == measure], names)
        ax.set_title({"train": "Training", "predict": "Prediction"}[measure], fontsize=11)
    axes[0].set_yticks(range(len(names)), [label(WORKLOADS[name]) for name in names], fontsize=9)
    axes[0].invert_yaxis()
    ours = table[(table["measure"] == "train") & (table["competitor"] == OURS)]["ratio"]
    times = f"{1 / ours.max():.1f} to {1 / ours.min():.0f} times"
    legend: dict[str, Any] = {"loc": "outside lower center", "ncols": 4, "frameon": False}
    figure.legend(*axes[0].get_legend_handles_labels(), **legend, fontsize=9)
    title = f"sklearn_rnn trains {times} as fast as a plain PyTorch loop on a CPU"
    save(figure, to / "speed.png", title, dpi=100)
    if to == RESULTS:
        text = between_marks(README.read_text(encoding="utf-8"), table)
        README.write_text(text, encoding="utf-8")


def label(workload: Workload) -> str:
    """Return network and data in two lines."""
    is_text = workload.kind == "tokens"
    channels = "tokens" if is_text else f"steps of {workload.n_channels} channels"
    kind = "windows of one series" if workload.of_series else "sequences"
    total = workload.out_of or workload.n_samples
    return f"{workload.network}: {total:,} {kind}\nof {workload.n_steps} {channels}"


def draw_panel(ax: plt.Axes, part: pd.DataFrame, names: list[str]) -> None:
    """Draw the ratios of training or of prediction on a logarithmic axis."""
    for i, (competitor, (marker, colour, text)) in enumerate(STYLES.items()):
        points = part[part["competitor"] == competitor]
        heights = [names.index(name) + 0.09 * (i - 3.5) for name in points["workload"]]
        style = {"ms": 9 if i == 0 else 7, "color": colour, "mec": "white", "mew": 0.5}
        if len(points):
            ax.plot(points["ratio"], heights, marker, label=text, **style)
    ax.axvline(1, color="0.4", linewidth=1, zorder=1.6)
    for row in range(1, len(names)):
        ax.axhline(row - 0.5, color="0.85", linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=99))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("seconds relative to the PyTorch loop (left of 1: faster)")
    ax.grid(axis="x", color="0.94")
    ax.spines[["top", "right"]].set_visible(False)


QUESTION = Measurement(measure, facts, draw)
