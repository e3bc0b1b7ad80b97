"""The report of the benchmark `jena`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import _fits_report
from benchmarks._answers import write_answer
from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import draw_scores
from benchmarks._report import mean_score, of, spread
from benchmarks._runner import Result

MEASURE = "MAE"
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
        What others report for Jena, by model.
    """
    tasks = list(dict.fromkeys(r.task for r in results))
    told = {task: published if task == "Jena" else {} for task in tasks}
    shown = [r for r in results if r.model != FLOOR]
    draw_scores(
        to / "jena.png",
        "Errors of forecasts of temperature; less is better (line: persistence)",
        "MAE in deviations",
        {task: _fits_report.panel(shown, task, published=told[task]) for task in tasks},
        rows=[*dict.fromkeys(r.model for r in shown)],
        line=REFERENCE,
    )
    sections = ["![MAE by model](jena.png)"]
    if absent:
        sections.append(f"Without {', '.join(absent)}: no files.")
    for task in tasks:
        degrees = of(results, task, REFERENCE)[0].scores["degrees"]
        text = f"{REFERENCE.capitalize()} errs by {degrees:.2f} degrees."
        sections += [f"## {task}\n\n{text}", _fits_report.table(results, task, told[task])]
    n_gained = sum(gain(results, task) > 0 for task in tasks)
    answer = (
        f"The best net errs less than the best simple model on {n_gained} of {len(tasks)} records."
    )
    told_of = "\n".join(f"* {verdict(results, task)}" for task in tasks)
    write_answer(to, "jena", question, answer, results, told_of, *sections)


def best(results: Sequence[Result], task: str) -> tuple[str, str]:
    """Return the best net and the best simple model of a record."""
    of_task = [r for r in results if r.task == task]
    net, simple = (
        min(names, key=lambda name: mean_score(results, task, name))
        for names in (nets_of(of_task), simple_of(of_task))
    )
    return net, simple


def gain(results: Sequence[Result], task: str) -> float:
    """Return the share of the error of the best simple model that the best net saves."""
    net, simple = best(results, task)
    return 1 - mean_score(results, task, net) / mean_score(results, task, simple)


def verdict(results: Sequence[Result], task: str) -> str:
    """Say which net and which simple model are best on a record."""
    net, simple = best(results, task)
    deviation = spread(results, task, net)
    return (
        f"{task}: the best net, {net}, has {mean_score(results, task, net):.3f} ± {deviation:.3f}, "
        f"the best simple model, {simple}, {mean_score(results, task, simple):.3f}, "
        f"persistence {mean_score(results, task, REFERENCE):.3f}; the net saves "
        f"{gain(results, task):.1%} of the error."
    )
