"""The tables, the conclusion and the picture of what each regularisation gains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import _report
from benchmarks._effects import Effect, effect
from benchmarks._plots import ABOVE, plt
from benchmarks._report import best, mean_cv_score, mean_score, models_of, nets_of, of, simple_of
from benchmarks._runner import Result, Task

BASE = "none"


def effects(task: Task, results: Sequence[Result], on: str = BASE) -> dict[str, Effect]:
    """Return what each of the other models gains on one of them."""
    reference = losses(task, results, on)
    others = [model for model in models_of(results, task.name) if model != on]
    return {model: effect(losses(task, results, model), reference) for model in others}


def losses(task: Task, results: Sequence[Result], model: str) -> NDArray[np.float64]:
    """Return the losses of the test rows, a line for each seed, on the scale of the score."""
    y = np.asarray(task.y[~task.train])
    predicted = np.stack([r.predictions for r in of(results, task.name, model)])
    if "R2" in task.metrics:
        return np.asarray((y - predicted) ** 2 / np.var(y))
    return np.asarray(predicted != y, dtype=float)


def write(
    to: Path,
    question: str,
    tasks: Sequence[Task],
    results: Sequence[Result],
    absent: Sequence[str],
) -> None:
    """Write conclusion, tables, picture, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    question : str
        The docstring of the benchmark.
    tasks : sequence of Task
        The data sets.
    results : sequence of Result
        The fits.
    absent : sequence of str
        Data sets of which there are no files.
    """
    found = {task.name: effects(task, results) for task in tasks}
    draw(to / "regularization.png", tasks, found)
    for task in tasks:
        mine = [r for r in results if r.task == task.name]
        _report.write_csv(to / f"regularization-{task.name}.csv", mine)
    sentences = [sentence(task, found[task.name], results) for task in tasks]
    sentences += [f"Without {', '.join(absent)}: no files."] if absent else []
    parts = [part for task in tasks for part in section(task, found[task.name], results)]
    _report.write_text(
        to / "regularization.md",
        question,
        " ".join(sentences),
        "![What each gains](regularization.png)",
        *parts,
        "A gain has a 95 % interval, by the quantile of t, over test rows and seeds. It helps or "
        "harms where that is all on one side of zero; that there are many comparisons is not "
        "corrected for.",
        _report.last_line(results),
    )


def sentence(task: Task, found: dict[str, Effect], results: Sequence[Result]) -> str:
    """Say what helps, what harms, what does not train, and what cross-validation would take."""
    mine = [r for r in results if r.task == task.name]
    changed = {name: found[name] for name in nets_of(mine) if name != BASE}
    told = []
    for verdict in ("helps", "harms"):
        names = [
            f"{name} ({e.value:+.3f})"
            for name, e in sorted(changed.items(), key=lambda item: -item[1].value)
            if e.verdict == verdict
        ]
        told.append(f"what {verdict} is {', '.join(names) or 'nothing'}")
    floor, *_ = models_of(mine, task.name)
    on_floor = effects(task, mine, floor)
    idle = [name for name in nets_of(mine) if on_floor[name].verdict != "helps"]
    told += [f"{', '.join(idle)} does not train, it is no better than the {floor}"] if idle else []
    helpful = [name for name, e in changed.items() if e.verdict == "helps"]
    told += refuted(mine, task.name, helpful)
    taken, simple = (
        best(mine, task.name, names, mean_cv_score) for names in (changed, simple_of(mine))
    )
    reached = {m: f"{mean_score(mine, task.name, m):.3f}" for m in (BASE, taken, simple)}
    return (
        f"{task.name}: {'; '.join(told)}. The bare net has {reached[BASE]}, the change that "
        f"cross-validation takes, {taken}, {reached[taken]}, the simple model that it takes, "
        f"{simple}, {reached[simple]}."
    )


def refuted(results: Sequence[Result], task: str, helpful: Sequence[str]) -> list[str]:
    """Say which of the changes that help on the test harm in cross-validation, if any."""
    scores = {name: mean_cv_score(results, task, name) for name in [BASE, *helpful]}
    worse = [f"{name} ({scores[name]:.4f})" for name in helpful if scores[name] < scores[BASE]]
    return [
        f"of what helps, {', '.join(worse)} did worse in cross-validation on the training rows "
        f"than {BASE} ({scores[BASE]:.4f})"
    ] * bool(worse)


def section(task: Task, found: dict[str, Effect], results: Sequence[Result]) -> list[str]:
    """Return heading and table of a data set."""

    def gain(runs: list[Result]) -> str:
        return found[runs[0].model].told() if runs[0].model in found else ""

    def verdict(runs: list[Result]) -> str:
        is_changed = runs[0].seed is not None and runs[0].model != BASE
        return found[runs[0].model].verdict if is_changed else ""

    measure = next(iter(task.metrics))
    columns = {
        f"cross-validated {measure}": _report.cv_score(),
        f"test {measure}": _report.score(measure),
        f"gain on {BASE}": gain,
        "it": verdict,
    }
    about = f"{int(task.train.sum())} rows for training, {int((~task.train).sum())} for the test."
    mine = [r for r in results if r.task == task.name]
    return [
        f"## {task.name}",
        about,
        _report.table(mine, task.name, columns),
        _report.at_ends(mine, task.models),
    ]


def draw(path: Path, tasks: Sequence[Task], found: dict[str, dict[str, Effect]]) -> None:
    """Draw the gains of the nets with their intervals, a panel for each data set."""
    figure, axes = plt.subplots(
        1, len(tasks), figsize=(5.5 * len(tasks), 5), layout="constrained", squeeze=False
    )
    colours = {"helps": "C0", "harms": "C3", "not shown": "0.5"}
    for ax, task in zip(axes[0], tasks, strict=True):
        nets = [m.name for m in task.models if m.seeded and m.name != BASE]
        mine = sorted(nets, key=lambda name: -found[task.name][name].value)
        for y, gain in enumerate(found[task.name][name] for name in mine):
            colour, ends = colours[gain.verdict], (gain.value - gain.reach, gain.value + gain.reach)
            ax.plot(ends, [y, y], color=colour, lw=2)
            ax.plot(gain.value, y, "D", color=colour, mec="white", ms=8)
            text = f"{gain.value:+.3f}".replace("-", "\N{MINUS SIGN}")
            ax.annotate(text, (gain.value, y), (0, 7), **ABOVE)
        ax.axvline(0, color="0.4", lw=1, zorder=0)
        ax.set_yticks(range(len(mine)), mine)
        ax.set_ylim(len(mine) - 0.5, -0.8)
        ax.set_xlabel(f"gain of test {next(iter(task.metrics))}, with a 95 % interval")
        ax.set_title(task.name)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="x", color="0.92")
    for verdict, colour in colours.items():
        axes[0, 0].plot([], [], "D", color=colour, label=verdict)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)
