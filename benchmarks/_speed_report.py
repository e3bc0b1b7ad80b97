"""Tables and picture of the benchmark `speed`."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from benchmarks._peers import PEERS, WITHOUT_KERNELS
from benchmarks._report import environment, markdown
from benchmarks._report import write as write_report
from benchmarks._workloads import WORKLOADS

BARE, OURS = "bare torch", "sklearn_rnn"
WRITTEN_OUT = f"{OURS}, windows written out"
RATIOS = ("train", "predict")
SHARE = "share of the seconds of a fit"
STYLES = {
    OURS: ("D", "C0"),
    WRITTEN_OUT: ("d", "C9"),
    "skorch": ("o", "C1"),
    "Keras on JAX": ("^", "C2"),
    "Keras on torch": ("v", "C3"),
    "neuralforecast": ("s", "C4"),
    "darts": ("P", "C5"),
    WITHOUT_KERNELS: ("X", "0.5"),
}


def write(to: Path, table: pd.DataFrame, rounds: int) -> None:
    """Write all figures, the tables of ratios, fixed costs, searches and growth, and a picture."""
    table.to_csv(to / "speed.csv", index=False, float_format="%.4g")
    draw(table, to / "speed.png")
    is_growth = table["measure"].str.startswith("growth")
    is_share = table["measure"] == SHARE
    is_other = ~table["measure"].isin(RATIOS) & ~is_growth & ~is_share
    write_report(
        to / "speed.md",
        "# How fast is a fit?",
        "Seconds of training / of prediction relative to a bare torch loop: the median of "
        f"{rounds} rounds in turn, after a warm-up. Below 1 is faster than the loop, whose own "
        "seconds stand beside. Target: what sklearn_rnn should have at most.",
        ratios(table),
        f"Training is a call of `fit`, the first of which is not counted{compiling(table)}. All "
        "predict in batches of the training size, but sklearn_rnn and neuralforecast, which have "
        "sizes of their own. The windows of a series are a view of its rows for sklearn_rnn, and "
        "written out for the loop; neuralforecast and darts cut as many windows from a series. The "
        "TCN of Keras has no weight normalisation, that of neuralforecast no residual blocks. "
        "Without kernels sklearn_rnn runs in a process of its own, with one thread, as in any "
        "child process.",
        "![Ratios of training and prediction](speed.png)",
        "## Fixed costs and a grid search",
        "Ratios to the competitor that has 1, with the least and the most of the rounds.",
        details(table[is_other], ["ratio", "least", "most", "seconds"]),
        "## Where the time of a fit goes",
        "By Python's profiler, which slows all else down, not kernels or gathering:",
        shares(table[is_share]),
        "## How the cost of a fit grows",
        "The slope of the logarithm of seconds over that of the size; 1 is proportional.",
        details(table[is_growth], ["slope", "seconds at the largest"]),
        f"*{environment()}. {peers()} All figures: [speed.csv](speed.csv).*",
    )


def ratios(table: pd.DataFrame) -> str:
    """Return a row for each workload and a column for each competitor."""
    part = table[table["measure"].isin(RATIOS)].set_index(["workload", "competitor", "measure"])
    names = [name for name in WORKLOADS if name in part.index]
    part = part.sort_index()
    competitors = ["skorch", *PEERS, OURS, WRITTEN_OUT]

    def cell(name: str, competitor: str, column: str = "ratio") -> str:
        if (name, competitor) not in part.index:
            return ""
        pair = [short(part.loc[(name, competitor, measure), column]) for measure in RATIOS]
        return " / ".join(pair)

    rows = []
    for name in names:
        row = [name, str(WORKLOADS[name]), cell(name, BARE, "seconds")]
        target = WORKLOADS[name].target
        row += [cell(name, competitor) for competitor in competitors]
        rows.append([*row, f"{target[0]:g} / {target[1]:g}" if target else ""])
    header = ["workload", "sequences, net", f"{BARE} (s)", *competitors, "target"]
    return markdown(header, rows)


def short(number: float) -> str:
    """Return a positive number with about two digits."""
    decimals = int(np.clip(1 - np.floor(np.log10(number)), 0, 4))
    return f"{number:.{decimals}f}"


def compiling(table: pd.DataFrame) -> str:
    """Return how long the first fits of Keras on JAX took beyond the others, if it took part."""
    part = table[(table["measure"] == "train") & (table["competitor"] == "Keras on JAX")]
    beyond = part["warm_up_seconds"] - part["seconds"]
    if not len(part):
        return ""
    return f": in it Keras on JAX compiles for {beyond.min():.1f} to {beyond.max():.1f} s"


def shares(part: pd.DataFrame) -> str:
    """Return a row for each workload and a column for each part of the time."""
    wide = part.pivot(index="workload", columns="competitor", values="ratio")
    columns = list(dict.fromkeys(part["competitor"]))
    rows = [
        [name, *(f"{wide.loc[name, column]:.0%}" for column in columns)]
        for name in dict.fromkeys(part["workload"])
    ]
    return markdown(["workload", *columns], rows)


def details(part: pd.DataFrame, header: list[str]) -> str:
    """Return a row for each measurement, with as many numbers as the header has."""
    numbers = ["ratio", "least", "most", "seconds"] if len(header) == 4 else ["ratio", "seconds"]
    rows = [
        [row["measure"], row["competitor"], *(f"{row[name]:.3g}" for name in numbers)]
        for _, row in part.iterrows()
    ]
    return markdown(["measure", "competitor", *header], rows)


def peers() -> str:
    """Return the versions of the peers, and which are not there."""
    versions = {name: kind.versions() for name, kind in PEERS.items()}
    there = sorted({package for text in versions.values() if text for package in text.split(", ")})
    missing = [name for name, text in versions.items() if not text]
    text = f"Peers: {', '.join(there)}." if there else ""
    return f"{text} Not installed: {', '.join(missing)}.".strip() if missing else text


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the ratios of training and prediction, workloads downwards."""
    table = table[table["measure"].isin(RATIOS) & (table["competitor"] != BARE)]
    names = [name for name in WORKLOADS if name in set(table["workload"])]
    size = (10, 1.8 + 0.45 * len(names))
    figure, axes = plt.subplots(1, 2, figsize=size, sharey=True, layout="constrained")
    for ax, measure in zip(axes, RATIOS, strict=True):
        draw_panel(ax, table[table["measure"] == measure], names)
        ax.set_title(measure, fontsize=11)
    axes[0].set_yticks(range(len(names)), [textwrap.fill(name, 14) for name in names])
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_panel(ax: plt.Axes, part: pd.DataFrame, names: list[str]) -> None:
    """Draw the ratios of training or of prediction."""
    for i, (competitor, (marker, colour)) in enumerate(STYLES.items()):
        points = part[part["competitor"] == competitor]
        heights = [names.index(name) + 0.08 * (i - 3.5) for name in points["workload"]]
        style = {"color": colour, "mec": "white", "mew": 0.5, "label": competitor}
        if len(points):
            ax.plot(points["ratio"], heights, marker, ms=9 if competitor == OURS else 7, **style)
    ax.axvline(1, color="0.4", linewidth=1, zorder=0)
    ax.set_xscale("log")
    ticks = [10.0**power * digit for power in range(-3, 3) for digit in (1, 2, 5)]
    low, high = part["ratio"].min() / 1.2, part["ratio"].max() * 1.2
    shown = [tick for tick in ticks if low < tick < high]
    ax.set_xticks(shown, [f"{tick:g}" for tick in shown], fontsize=9)
    ax.set_xlim(low, high)
    ax.minorticks_off()
    ax.set_xlabel("seconds relative to a bare torch loop")
    ax.grid(axis="x", color="0.94")
    ax.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    ax.grid(axis="y", which="minor", color="0.85")
    ax.tick_params(axis="y", which="minor", length=0)
    ax.spines[["top", "right"]].set_visible(False)
