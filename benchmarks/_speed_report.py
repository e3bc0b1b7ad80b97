"""Tables and picture of the benchmark `speed`."""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from benchmarks._peers import PEERS
from benchmarks._report import RESULTS, environment, markdown
from benchmarks._report import write as write_report
from benchmarks._workloads import WORKLOADS

BARE, OURS = "bare torch", "sklearn_rnn"
WRITTEN_OUT = f"{OURS}, windows written out"
PLAIN = f"{OURS} without kernels"
RATIOS = ("train", "predict")
FIT, ROW = "fit of 64 rows, 1 epoch", "predict 1 row"
IMPORT = "import (reference: torch, sklearn, pandas, skorch)"
FIXED = {FIT: 1.5, ROW: None, IMPORT: None}
"""Fixed costs, with the milliseconds that may be lost to the bare loop."""
SEARCH = "grid search, n_jobs={}"
SHARE = "share of the seconds of a fit"
STYLES = {
    OURS: ("D", "C0"),
    WRITTEN_OUT: ("d", "C9"),
    "skorch": ("o", "C1"),
    "Keras on JAX": ("^", "C2"),
    "Keras on torch": ("v", "C3"),
    "neuralforecast": ("s", "C4"),
    "darts": ("P", "C5"),
    PLAIN: ("X", "0.5"),
}
README = RESULTS.parent / "README.md"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"


def write(to: Path, table: pd.DataFrame, rounds: int) -> None:
    """Write all figures, the tables of ratios, fixed costs, searches and growth, and a picture."""
    table.to_csv(to / "speed.csv", index=False, float_format="%.4g")
    draw(table, to / "speed.png")
    is_search = table["measure"].str.startswith(SEARCH.format(""))
    is_growth = table["measure"].str.startswith("growth")
    write_report(
        to / "speed.md",
        "# How fast is a fit?",
        "Seconds of training / of prediction relative to a bare torch loop: the median of "
        f"{rounds} rounds in turn, after a warm-up. Below 1 is faster than the loop, whose own "
        "seconds stand beside. Target: what sklearn_rnn should have at most, with its kernels and "
        "without.",
        ratios(table),
        missed(table),
        f"Training is a call of `fit`, the first of which is not counted{compiling(table)}. All "
        "predict in batches of the training size, but sklearn_rnn and neuralforecast, which have "
        "sizes of their own. The windows of a series are a view of its rows for sklearn_rnn, and "
        "written out for the loop; neuralforecast and darts cut as many windows from a series. The "
        "TCN of Keras has no weight normalisation, that of neuralforecast no residual blocks. "
        "Without kernels sklearn_rnn runs in a process of its own, with as many threads, in turn "
        "with a bare loop there.",
        "![Ratios of training and prediction](speed.png)",
        "## Fixed costs",
        "Milliseconds, in the median of rounds in turn. Both fits are given arrays, build net and "
        "optimizer, and train for an epoch. Ratios have the least and the most of the rounds.",
        fixed(table),
        "## A grid search",
        "All three search the same 12 candidates (4 learning rates, 3 sizes of the batch) in 5 "
        "folds of W1, in 60 fits of 10 epochs; joblib calls the loop. Ratios have the least and "
        f"the most of {table.loc[is_search, 'rounds'].max():.0f} rounds in turn.",
        details(table[is_search], ["ratio", "least", "most", "seconds"]),
        "## Where the time of a fit goes",
        "Measured around some functions, without what they call of another part, in the median of "
        "some fits. Each batch goes through the first three; the others are paid once a fit.",
        shares(table[table["measure"] == SHARE]),
        "## How the cost of a fit grows",
        "The slope of the logarithm of seconds over that of the size; 1 is proportional.",
        details(table[is_growth], ["slope", "seconds at the largest"]),
        f"*{environment()}. {peers()} All figures: [speed.csv](speed.csv).*",
    )


def tell_readme(table: pd.DataFrame) -> None:
    """Write what matters most between two marks of the README of the benchmarks."""
    text = README.read_text(encoding="utf-8")
    said = [ratios(table), f"{missed(table)} {costs(table)}"]
    README.write_text(between_marks(text, "\n\n".join(said)), encoding="utf-8")


def between_marks(text: str, said: str) -> str:
    """Return a text in which something else is said between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there are no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{said}\n\n{END}{after}"


def ratios(table: pd.DataFrame) -> str:
    """Return a row for each workload and a column for each competitor."""
    part = table[table["measure"].isin(RATIOS)].set_index(["workload", "competitor", "measure"])
    names = [name for name in WORKLOADS if name in part.index]
    part = part.sort_index()
    competitors = ["skorch", *PEERS, PLAIN, "its target", OURS, WRITTEN_OUT, "target"]

    def cell(name: str, competitor: str, column: str = "ratio") -> str:
        if (name, competitor) not in part.index:
            return ""
        pair = [short(part.loc[(name, competitor, measure), column]) for measure in RATIOS]
        return " / ".join(pair)

    rows = []
    for name in names:
        workload = WORKLOADS[name]
        targets = {"its target": workload.plain_target, "target": workload.target}
        cells = [
            " / ".join(f"{most:g}" for most in targets[column] or ())
            if column in targets
            else cell(name, column)
            for column in competitors
        ]
        rows.append([name, str(workload), cell(name, BARE, "seconds"), *cells])
    return markdown(["workload", "sequences, net", f"{BARE} (s)", *competitors], rows)


def missed(table: pd.DataFrame) -> str:
    """Say which targets are missed."""
    found = table.set_index(["measure", "workload", "competitor"])["ratio"].to_dict()
    late, n_targets = [], 0
    for name, workload in WORKLOADS.items():
        for competitor, targets in ((OURS, workload.target), (PLAIN, workload.plain_target)):
            for measure, most in zip(RATIOS, targets or (), strict=False):
                ratio = found.get((measure, name, competitor))
                n_targets += ratio is not None
                if ratio is not None and ratio > most:
                    without = " without kernels" if competitor == PLAIN else ""
                    late.append(f"{measure} {name}{without} ({short(ratio)}, {most:g} asked)")
    return f"Of {n_targets} targets {len(late)} are missed{': ' if late else ''}{', '.join(late)}."


def costs(table: pd.DataFrame) -> str:
    """Say what a small fit and a search cost."""
    one = table[table["measure"] == FIT].set_index("competitor")["seconds"] * 1000
    said = [
        f"A fit of 64 rows takes {one[OURS]:.1f} ms, {one[OURS] - one[BARE]:.1f} ms more than by "
        f"hand ({FIXED[FIT]} asked)."
    ]
    for n_jobs in (1, 2):
        rows = table[table["measure"] == SEARCH.format(n_jobs)].set_index("competitor")
        if len(rows):
            taken = [f"{rows['seconds'][name]:.3g} s by {name}" for name in (OURS, "skorch", BARE)]
            said.append(f"A search of 60 fits takes, with n_jobs={n_jobs}, {', '.join(taken)}.")
    return " ".join(said)


def fixed(table: pd.DataFrame) -> str:
    """Return a row for each fixed cost, with what it is beyond the bare loop."""
    rows = []
    for measure, most in FIXED.items():
        part = table[table["measure"] == measure].set_index("competitor")
        if len(part):
            bare, ours = part.loc[BARE, "seconds"] * 1000, part.loc[OURS, "seconds"] * 1000
            ratio, least, best = part.loc[OURS, ["ratio", "least", "most"]]
            told = f"{ratio:.2f} ({least:.2f} to {best:.2f})"
            numbers = [f"{value:.3g}" for value in (bare, ours, ours - bare)]
            rows.append([measure, *numbers, "" if most is None else f"{most:g}", told])
    return markdown(["measure", f"{BARE} (ms)", f"{OURS} (ms)", "more", "asked", "ratio"], rows)


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
    columns = list(dict.fromkeys(part["competitor"]))
    rows = []
    for name, of_fit in part.groupby("workload", sort=False):
        parts = of_fit.set_index("competitor")["ratio"]
        total = 1000 * of_fit["seconds"].sum()
        rows.append([str(name), f"{total:.3g}", *(f"{parts[column]:.0%}" for column in columns)])
    return markdown(["workload", "a fit (ms)", *columns], rows)


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
