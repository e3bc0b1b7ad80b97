"""The tables, the conclusion and the pictures of models of growing size."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from benchmarks import _report
from benchmarks._plots import plt
from benchmarks._report import environment, markdown

Array = NDArray[np.float64]
ROWS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 19, 20, 21, 22, 25, 30, 36, 42, 50, 60, 70, 80)
TICKS = (2, 5, 10, 20, 40, 80)
LEAST = 1e-6  # of the errors in a picture


@dataclass(frozen=True)
class Curve:
    """Errors of a model by its size: arrays of shape (n_draws, n_sizes)."""

    name: str
    n_rows: int
    sizes: list[int]
    parameters: Array
    train: Array
    test: Array
    seconds: Array

    @property
    def medians(self) -> Array:
        """The median test error of each size."""
        values: Array = np.median(self.test, axis=0)
        return values


@dataclass(frozen=True)
class Fits:
    """A draw of points, the truth on a grid, and fitted functions by d."""

    draw: int
    x: Array
    y: Array
    grid: Array
    truth: Array
    fitted: Mapping[int, Array]


def write(
    to: Path, question: str, curves: Sequence[Curve], simple: Sequence[Curve], fits: Fits
) -> None:
    """Write conclusion, tables, pictures, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    question : str
        The docstring of the benchmark.
    curves : sequence of Curve
        The splines, and the nets.
    simple : sequence of Curve
        Models of one size.
    fits : Fits
        Some of the splines.
    """
    splines, *nets = curves
    draw_curves(to / "double_descent.png", curves)
    draw_fits(to / "double_descent_fits.png", fits)
    write_csv(to / "double_descent.csv", [*curves, *simple])
    minutes = sum(float(c.seconds.sum()) for c in [*curves, *simple]) / 60
    _report.write_text(
        to / "double_descent.md",
        question,
        " ".join([*map(sentence, curves), beside(splines, simple)]),
        "![Errors by size](double_descent.png)",
        f"![Four fits](double_descent_fits.png)\n\nThe four fits are to draw {fits.draw}, of all "
        "the one whose test errors are nearest to their medians.",
        f"Mean squared errors of the splines, {len(splines.test)} draws of {splines.n_rows} "
        "points (the noise alone is 0.09):",
        table(splines, [d for d in splines.sizes if d in ROWS]),
        table_of_one_size(simple),
        *(part for net in nets for part in (_heading(net), table(net, net.sizes))),
        f"*{environment()}. Seconds are those of the processor; the fits took {minutes:.1f} "
        "minutes of one core.*",
    )


def _heading(net: Curve) -> str:
    return f"{net.name}, {len(net.test)} draws of {net.n_rows} sequences, by width:"


def sentence(curve: Curve) -> str:
    """Say where the test error peaks, as a multiple of the least before, and what it is beyond."""
    medians, parameters = curve.medians, np.median(curve.parameters, axis=0)
    peak = int(np.argmax(medians / np.minimum.accumulate(medians)))
    before = int(np.argmin(medians[: peak + 1]))
    after = peak + int(np.argmin(medians[peak:]))
    size = "d" if curve.name == "splines" else "width"
    how = "above" if medians[after] > medians[before] else "below"
    last = curve.sizes[-1]
    return (
        f"{curve.name.capitalize() if curve.name.islower() else curve.name}: the median test "
        f"error is {medians[before]:.3f} at {size} {curve.sizes[before]}, peaks at {size} "
        f"{curve.sizes[peak]} ({parameters[peak]:.0f} parameters, {curve.n_rows} rows) with "
        f"{medians[peak]:.3g}, and falls to {medians[after]:.3f} at {size} {curve.sizes[after]}, "
        f"{how} what it was before the peak; at the end, {size} {last}, it is {medians[-1]:.3f}."
    )


def beside(splines: Curve, simple: Sequence[Curve]) -> str:
    """Say what the models of one size reach."""
    told: dict[bool, list[str]] = {True: [], False: []}
    for c in simple:
        told[c.n_rows == splines.n_rows].append(f"{c.name} {c.medians[0]:.3f}")
    return (
        f"On the points of the splines: {', '.join(told[True])}. On the sequences: "
        f"{', '.join(told[False])}."
    )


def table(curve: Curve, sizes: Sequence[int]) -> str:
    """Return errors by size: medians, and the range of the middle 80 % of the draws."""
    rows = []
    for k in (curve.sizes.index(size) for size in sizes):
        low, middle, high = np.quantile(curve.test[:, k], [0.1, 0.5, 0.9])
        rows.append(
            [
                f"{curve.sizes[k]}",
                f"{np.median(curve.parameters[:, k]):.0f}",
                f"{np.median(curve.train[:, k]):.4f}",
                f"{middle:.3f}",
                f"{low:.3g} to {high:.3g}",
                f"{curve.test[:, k].mean():.3g}",
                f"{curve.seconds[:, k].mean():.3f}",
            ]
        )
    header = ["size", "parameters", "training error", "test error", "10 to 90 % of the draws"]
    return markdown([*header, "mean test error", "fit (s)"], rows)


def table_of_one_size(simple: Sequence[Curve]) -> str:
    """Return the errors of the models that do not grow."""
    rows = [
        [
            f"{c.name}, {c.n_rows} rows",
            f"{np.median(c.train):.4f}",
            f"{c.medians[0]:.3f}",
            f"{c.test.mean():.3g}",
            f"{c.seconds.mean():.3f}",
        ]
        for c in simple
    ]
    return markdown(["model", "training error", "test error", "mean test error", "fit (s)"], rows)


def draw_curves(path: Path, curves: Sequence[Curve]) -> None:
    """Draw training and test error by size, a panel for each model."""
    figure, axes = plt.subplots(1, len(curves), figsize=(12, 4.2), layout="constrained")
    for ax, curve in zip(axes, curves, strict=True):
        sizes = np.median(curve.parameters, axis=0) if curve is not curves[0] else curve.sizes
        for values, colour, label in (
            (curve.train, "C0", "training error"),
            (curve.test, "C1", "test error"),
        ):
            low, middle, high = np.quantile(np.maximum(values, LEAST), [0.1, 0.5, 0.9], axis=0)
            ax.fill_between(sizes, low, high, color=colour, alpha=0.2, lw=0)
            marker = "." if len(sizes) < len(ROWS) else ""
            ax.plot(sizes, middle, color=colour, marker=marker, label=label)
        ax.axvline(curve.n_rows, color="0.5", lw=1, ls="--", label="as many rows for training")
        ax.set_xscale("log")
        ax.set_yscale("log")
        if curve is curves[0]:
            ax.set_xticks(TICKS, [f"{d}" for d in TICKS])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_ylim(bottom=1e-3)
        ax.set_xlabel("parameters" if curve is not curves[0] else "basis functions, d")
        ax.set_title(f"{curve.name}, {len(curve.test)} draws", fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="0.93")
    axes[0].set_ylabel("mean squared error\n(median, and 10 to 90 % of the draws)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_fits(path: Path, fits: Fits) -> None:
    """Draw the fitted functions, as in figure 10.21 of ISLR."""
    figure, axes = plt.subplots(
        2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained"
    )
    for ax, (d, fitted) in zip(axes.flat, fits.fitted.items(), strict=True):
        ax.plot(fits.grid, fits.truth, "k", lw=1, label="sin(x)")
        ax.plot(fits.grid, fitted, "C1", lw=1.5, label="fit")
        ax.plot(fits.x, fits.y, "o", color="C0", ms=5, mec="white", label="data")
        ax.set_ylim(-3, 3)
        ax.set_title(f"d = {d}", fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(frameon=False, fontsize=9, loc="upper left")
    figure.suptitle(f"draw {fits.draw}, nearest to the median errors", fontsize=11)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def write_csv(path: Path, curves: Sequence[Curve]) -> None:
    """Write one line for each fit."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["model", "size", "draw", "n_parameters", "train", "test", "fit_seconds"])
        for c in curves:
            for draw, parameters in enumerate(c.parameters):
                for k, size in enumerate(c.sizes):
                    values = [f"{v[draw, k]:.5g}" for v in (c.train, c.test, c.seconds)]
                    writer.writerow([c.name, size, draw, f"{parameters[k]:.0f}", *values])
