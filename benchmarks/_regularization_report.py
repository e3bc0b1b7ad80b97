"""The tables, the conclusion and the picture of what each regularisation gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from benchmarks import _report
from benchmarks._plots import ABOVE
from benchmarks._report import environment, models_of, of
from benchmarks._runner import Result, Task

BASE = "none"
LEAST = 2  # standard errors


@dataclass(frozen=True)
class Effect:
    """What a change of the net gains on the net without it, and the standard error of it."""

    name: str
    value: float
    error: float

    @property
    def verdict(self) -> str:
        """Whether it helps, harms, or neither is shown."""
        if abs(self.value) <= LEAST * self.error:
            return "not shown"
        return "helps" if self.value > 0 else "harms"


def effects(task: Task, results: Sequence[Result]) -> list[Effect]:
    """Return what each model gains on the bare net.

    The standard error is that of the mean difference of the losses over the test rows, and of its
    mean over seeds; a seed is paired with itself.
    """
    base = losses(task, results, BASE)
    found = []
    for model in models_of(results, task.name):
        if model == BASE:
            continue
        difference = base - losses(task, results, model)
        rows = np.var(difference.mean(axis=0), ddof=1) / difference.shape[1]
        seeds = np.var(difference.mean(axis=1), ddof=1) / len(difference)
        found.append(Effect(model, float(difference.mean()), float(np.sqrt(rows + seeds))))
    return found


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
    title, _, text = question.partition("\n\n")
    found = {task.name: effects(task, results) for task in tasks}
    draw(to / "regularization.png", tasks, found)
    for task in tasks:
        mine = [r for r in results if r.task == task.name]
        _report.write_csv(to / f"regularization-{task.name}.csv", mine)
    minutes = sum(r.fit_seconds + r.predict_seconds for r in results) / 60
    sentences = [sentence(task, found[task.name], results) for task in tasks]
    sentences += [f"Without {', '.join(absent)}: no files."] if absent else []
    parts = [part for task in tasks for part in section(task, found[task.name], results)]
    _report.write(
        to / "regularization.md",
        f"# {title}",
        text.strip(),
        f"**Conclusion.** {' '.join(sentences)}",
        "![What each gains](regularization.png)",
        *parts,
        "± is the standard deviation over seeds; of a gain it is the standard error over test rows "
        f"and seeds. It helps or harms where the gain is {LEAST} standard errors from zero; that "
        "there are many comparisons is not corrected for.",
        f"*{environment()}. Seconds are those of the processor; the fits that are shown took "
        f"{minutes:.1f} minutes of one core.*",
    )


def sentence(task: Task, found: Sequence[Effect], results: Sequence[Result]) -> str:
    """Say what helps, what harms, and how far the best is from the best simple model."""
    nets = {r.model for r in results if r.seed is not None}
    mine = sorted((e for e in found if e.name in nets), key=lambda e: -e.value)
    told = []
    for verdict in ("helps", "harms"):
        names = [f"{e.name} ({e.value:+.3f})" for e in mine if e.verdict == verdict]
        told.append(f"what {verdict} is {', '.join(names) or 'nothing'}")
    score = {name: _report.mean_score(results, task.name, name) for name in (BASE, mine[0].name)}
    simple = max(
        (r for r in results if r.task == task.name and r.seed is None),
        key=lambda r: next(iter(r.scores.values())),
    )
    return (
        f"{task.name}: {'; '.join(told)}. The bare net has {score[BASE]:.3f}, the best change, "
        f"{mine[0].name}, {score[mine[0].name]:.3f}, the best simple model, {simple.model}, "
        f"{next(iter(simple.scores.values())):.3f}."
    )


def section(task: Task, found: Sequence[Effect], results: Sequence[Result]) -> list[str]:
    """Return heading and table of a data set."""
    by_name = {effect.name: effect for effect in found}
    measure = next(iter(task.metrics))
    rows = []
    for model in models_of(results, task.name):
        runs, effect = of(results, task.name, model), by_name.get(model)
        rows.append(
            [
                model,
                _report.plus_minus(results, task.name, model),
                f"{effect.value:+.4f} ± {effect.error:.4f}" if effect else "",
                effect.verdict if effect and runs[0].seed is not None else "",
                f"{runs[0].n_parameters}",
                f"{np.mean([r.fit_seconds for r in runs]):.2f}",
                f"{1e3 * np.mean([r.predict_seconds for r in runs]):.0f}",
                runs[0].settings,
            ]
        )
    header = ["model", f"test {measure}", f"gain on {BASE}", "it", "parameters"]
    header += ["fit (s)", "predict (ms)", "chosen settings"]
    about = f"{int(task.train.sum())} rows for training, {int((~task.train).sum())} for the test."
    return [f"## {task.name}", about, _report.markdown(header, rows)]


def draw(path: Path, tasks: Sequence[Task], found: dict[str, list[Effect]]) -> None:
    """Draw the gains of the nets with their intervals, a panel for each data set."""
    figure, axes = plt.subplots(
        1, len(tasks), figsize=(5.5 * len(tasks), 5), layout="constrained", squeeze=False
    )
    colours = {"helps": "C0", "harms": "C3", "not shown": "0.5"}
    for ax, task in zip(axes[0], tasks, strict=True):
        nets = {model.name for model in task.models if model.seeded}
        mine = sorted((e for e in found[task.name] if e.name in nets), key=lambda e: -e.value)
        for y, effect in enumerate(mine):
            colour, reach = colours[effect.verdict], LEAST * effect.error
            ax.plot([effect.value - reach, effect.value + reach], [y, y], color=colour, lw=2)
            ax.plot(effect.value, y, "D", color=colour, mec="white", ms=8)
            text = f"{effect.value:+.3f}".replace("-", "\N{MINUS SIGN}")
            ax.annotate(text, (effect.value, y), (0, 7), **ABOVE)
        ax.axvline(0, color="0.4", lw=1, zorder=0)
        ax.set_yticks(range(len(mine)), [effect.name for effect in mine])
        ax.set_ylim(len(mine) - 0.5, -0.8)
        ax.set_xlabel(f"gain of test {next(iter(task.metrics))}, with {LEAST} standard errors")
        ax.set_title(task.name)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="x", color="0.92")
    for verdict, colour in colours.items():
        axes[0, 0].plot([], [], "D", color=colour, label=verdict)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)
