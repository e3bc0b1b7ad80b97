"""The report of the benchmark `jena`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import _report
from benchmarks._effects import Effect, effect
from benchmarks._fits import Parts
from benchmarks._plots import draw_scores, panel
from benchmarks._report import (
    at_ends,
    mean_of,
    mean_score,
    nets_of,
    of,
    plus_minus,
    scores_of,
    simple_of,
    write_answer,
)
from benchmarks._runner import Model, Result

MEASURE, VALIDATION = "MAE", "validation MAE"
FLOOR, REFERENCE = "training mean", "persistence"
ON_VALIDATION = mean_of(VALIDATION)
BESIDE = "GRU beside a linear model"


@dataclass(frozen=True)
class Record:
    """The rows of a record, its models, how many rows are a block, and the patience of the nets."""

    parts: Parts
    models: Sequence[Model]
    block: int
    patience: int


def write(
    to: Path,
    results: Sequence[Result],
    records: Sequence[Record],
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
    records : sequence of Record
        What they were fitted to.
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
    for record, task in zip(records, tasks, strict=True):
        degrees = of(results, task, REFERENCE)[0].scores["degrees"]
        text = (
            f"{REFERENCE.capitalize()} errs by {degrees:.2f} degrees. Gains are on "
            f"{best(results, task)[1]}, in shares of its error, paired by row, with a 95 % "
            f"interval over seeds and blocks of {record.block} rows."
        )
        columns = {
            MEASURE: _report.score(MEASURE, ".3f"),
            "gain": partial(gained, record, results),
            VALIDATION: _report.score(VALIDATION, ".3f"),
            "published (validation)": _report.published(published if task == "Jena" else {}),
            "epochs": epochs,
        }
        ends = at_ends([r for r in results if r.task == task], record.models)
        sections += [f"## {task}\n\n{text}", _report.table(results, task, columns), ends]
    told_of = "\n".join(f"* {verdict(record, results)}" for record in records)
    answer = f"{overall(records, results)} {given_up(records, results)}"
    write_answer(to, "jena", question, answer, results, told_of, *sections)


def epochs(runs: Sequence[Result]) -> str:
    """Return the epochs that the nets of some fits were trained."""
    return ", ".join(f"{r.scores['epochs']:.0f}" for r in runs if r.seed is not None)


def best(results: Sequence[Result], task: str) -> tuple[str, str]:
    """Return the net and the simple model of a record that are best on the validation rows."""
    of_task = [r for r in results if r.task == task]
    net, simple = (
        _report.best(results, task, names, ON_VALIDATION, less=True)
        for names in (nets_of(of_task), simple_of(of_task))
    )
    return net, simple


def gain(record: Record, results: Sequence[Result], model: str) -> Effect:
    """Return the share of the error of the best simple model that a model saves."""
    task, y = record.parts.name, np.asarray(record.parts.y_test)
    errors, reference = (
        np.abs(y - np.stack([r.predictions for r in of(results, task, name)]))
        for name in (model, best(results, task)[1])
    )
    blocks = np.arange(len(y)) // record.block
    return effect(errors / reference.mean(), reference / reference.mean(), blocks)


def gained(record: Record, results: Sequence[Result], runs: Sequence[Result]) -> str:
    """Return what a model gains on the best simple one; nothing of that itself."""
    model = runs[0].model
    same = model == best(results, record.parts.name)[1]
    return "" if same else gain(record, results, model).told("+.1%")


def overall(records: Sequence[Record], results: Sequence[Result]) -> str:
    """Say where the best net is better, and of all nets on all records how many are."""
    gains = [gain(r, results, best(results, r.parts.name)[0]) for r in records]
    n_better, n_worse = (sum(g.verdict == v for g in gains) for v in ("helps", "harms"))
    every = [gain(r, results, net) for r in records for net in nets_of(results)]
    return (
        "The net that is best on the validation rows is shown to err less on the test than the "
        f"simple model that is best there on {n_better} of {len(records)} records, and more on "
        f"{n_worse}. Of all {len(every)} nets of all records "
        f"{sum(g.verdict == 'helps' for g in every)} are shown to err less than it."
    )


def given_up(records: Sequence[Record], results: Sequence[Result]) -> str:
    """Say where no epoch was better than the linear model that the last net begins with."""
    names = [
        r.parts.name
        for r in records
        if all(f.scores["epochs"] <= r.patience for f in of(results, r.parts.name, BESIDE))
    ]
    return (
        f"The {BESIDE} begins as that linear model; on {len(names)} of {len(records)} records "
        f"({', '.join(names) or 'none'}) no epoch made it better on the validation rows, so that "
        "it is that linear model."
    )


def verdict(record: Record, results: Sequence[Result]) -> str:
    """Say what the net and the simple model that were chosen have on the test."""
    task = record.parts.name
    net, simple = best(results, task)
    reached = plus_minus(scores_of(results, task, net), ".3f")
    return (
        f"{task}: of the nets {net} is best on the validation rows "
        f"({ON_VALIDATION(results, task, net):.3f}), of the simple models {simple} "
        f"({ON_VALIDATION(results, task, simple):.3f}); on the test they have {reached} and "
        f"{mean_score(results, task, simple):.3f}, persistence "
        f"{mean_score(results, task, REFERENCE):.3f}; the net saves "
        f"{gain(record, results, net).told('+.1%')} of the error of the simple model."
    )
