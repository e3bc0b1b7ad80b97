"""The report of the benchmark `jena`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import _report
from benchmarks._plots import draw_scores, panel
from benchmarks._report import mean_score, nets_of, of, plus_minus, simple_of, write_answer
from benchmarks._runner import Result

MEASURE, VALIDATION = "MAE", "validation MAE"
FLOOR, REFERENCE = "training mean", "persistence"


def write(
    to: Path,
    results: Sequence[Result],
    *,
    question: str,
    absent: Sequence[str],
    published: Mapping[str, float],
) -> None:
    """Write conclusion, tables, picture, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    results : sequence of Result
        The fits.
    question : str
        The docstring of the benchmark.
    absent : sequence of str
        Records without files.
    published : mapping of str to float
        What others report for the validation rows of Jena, by model.
    """
    tasks = list(dict.fromkeys(r.task for r in results))
    shown = [r for r in results if r.model != FLOOR]
    draw_scores(
        to / "jena.png",
        "Errors of forecasts of temperature; less is better (line: persistence)",
        "MAE in deviations",
        {task: panel(shown, task) for task in tasks},
        rows=[*dict.fromkeys(r.model for r in shown)],
        line=REFERENCE,
    )
    sections = ["![MAE by model](jena.png)"]
    if absent:
        sections.append(f"Without {', '.join(absent)}: no files.")
    for task in tasks:
        degrees = of(results, task, REFERENCE)[0].scores["degrees"]
        text = f"{REFERENCE.capitalize()} errs by {degrees:.2f} degrees."
        columns = {
            MEASURE: _report.score(MEASURE, ".3f"),
            VALIDATION: _report.score(VALIDATION, ".3f"),
            "published (validation)": _report.published(published if task == "Jena" else {}),
            "epochs": epochs,
        }
        sections += [f"## {task}\n\n{text}", _report.table(results, task, columns)]
    n_gained = sum(gain(results, task) > 0 for task in tasks)
    answer = (
        "The net that is best on the validation rows errs less on the test than the simple model "
        f"that is best there on {n_gained} of {len(tasks)} records."
    )
    told_of = "\n".join(f"* {verdict(results, task)}" for task in tasks)
    write_answer(to, "jena", question, answer, results, told_of, *sections)


def epochs(runs: Sequence[Result]) -> str:
    """Return the epochs that the nets of some fits were trained."""
    return ", ".join(f"{r.scores['epochs']:.0f}" for r in runs if r.seed is not None)


def validated(results: Sequence[Result], task: str, model: str) -> float:
    """Return the error of a model on the validation rows, the mean over seeds."""
    return float(np.mean([r.scores[VALIDATION] for r in of(results, task, model)]))


def best(results: Sequence[Result], task: str) -> tuple[str, str]:
    """Return the net and the simple model of a record that are best on the validation rows."""
    of_task = [r for r in results if r.task == task]
    net, simple = (
        _report.best(results, task, names, validated, less=True)
        for names in (nets_of(of_task), simple_of(of_task))
    )
    return net, simple


def gain(results: Sequence[Result], task: str) -> float:
    """Return the share of the error of the best simple model that the best net saves."""
    net, simple = best(results, task)
    return 1 - mean_score(results, task, net) / mean_score(results, task, simple)


def verdict(results: Sequence[Result], task: str) -> str:
    """Say what the net and the simple model that were chosen have on the test."""
    net, simple = best(results, task)
    saved = gain(results, task)
    reached = plus_minus(_report.scores_of(results, task, net), ".3f")
    return (
        f"{task}: of the nets {net} is best on the validation rows "
        f"({validated(results, task, net):.3f}), of the simple models {simple} "
        f"({validated(results, task, simple):.3f}); on the test they have {reached} and "
        f"{mean_score(results, task, simple):.3f}, persistence "
        f"{mean_score(results, task, REFERENCE):.3f}; the net "
        f"errs by {abs(saved):.1%} {'less' if saved > 0 else 'more'} than the simple model."
    )
