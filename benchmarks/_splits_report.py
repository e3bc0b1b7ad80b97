"""The tables, the conclusion and the picture of models that were compared on random splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._cache import CACHE, Cache
from benchmarks._plots import NET, SIMPLE, Scores, draw_scores
from benchmarks._report import (
    Column,
    at_ends,
    cv_score,
    folder,
    markdown,
    mean,
    nets_of,
    plus_minus,
    published,
    score,
    simple_of,
    write_answer,
)
from benchmarks._report import table as table_of
from benchmarks._runner import Result
from benchmarks._splits import TAKEN, Plan, Table, compare, run_splits, taken

ERROR = "MAE"


def answer(stem: str, question: str, table: Table, plan: Plan, unit: str, size: str) -> None:
    """Run all splits; write conclusion, tables, picture, and a line for each fit.

    Parameters
    ----------
    stem : str
        The name of the benchmark and of its files.
    question : str
        Its docstring.
    table : Table
        The data and the models.
    plan : Plan
        What its size does.
    unit : str
        What the errors are in.
    size : str
        The size.
    """
    quick, to = size == "quick", folder(size)
    cache = Cache(None if quick else CACHE / f"{stem}.jsonl")
    splits = run_splits(table, plan, cache, n_jobs=1 if quick else None)
    n_test = len(splits[0][0].predictions)
    every = [[*part, *taken(part)] for part in splits]
    comparison = compare(every, ERROR, table)
    conclusion = conclude(table, splits, comparison, n_test)
    draw(to / f"{stem}.png", conclusion[0], table, every, unit)
    results = [r for part in splits for r in part]
    write_answer(
        to,
        stem,
        question,
        " ".join(conclusion),
        results,
        f"![Errors by model]({stem}.png)",
        f"The first split, {n_test} rows for the test (MAE in {unit}; ± is the standard deviation "
        f"over {plan.n_seeds} seeds):",
        first_table(table, splits[0]),
        f"All {len(splits)} splits, those after the first with {plan.n_seeds_of_others} seeds; "
        f"{TAKEN} is that with the best R2 in cross-validation on the training rows of a split; ± "
        "is the standard deviation over splits, and a gain is positive where the model errs less "
        f"than the {table.reference}, with the 95 % interval of the corrected t test of Nadeau and "
        "Bengio:",
        splits_table(table, every, comparison),
        at_ends(results, table.models),
    )


def conclude(
    table: Table, splits: Sequence[Sequence[Result]], comparison: Any, n_test: int
) -> list[str]:
    """Say what the net gains on the reference and on the best simple model, and where."""
    first, reference = splits[0], table.reference
    takes = Counter(taken(part)[0].settings for part in splits)
    nets = ", ".join(f"{net} on {n}" for net, n in takes.most_common())
    means = comparison.to_frame()["mean"]
    best_net, best_simple = (
        str(means[names].idxmax()) for names in (nets_of(first), simple_of(first))
    )
    others = list(dict.fromkeys([reference, best_simple]))
    simplest = compare(splits, ERROR, table).simplest_as_good()
    gains = " and ".join(f"{told(comparison.difference(TAKEN, name))} on {name}" for name in others)
    return [
        f"Over {len(splits)} splits the net that cross-validation takes on the training rows of "
        f"each\n({nets}) gains\n{gains} (MAE, 95 % interval).",
        f"On the first split, of {n_test} test rows, its MAE is "
        f"{plus_minus(errors_of(taken(first), TAKEN), '.2f')} (± over seeds), that of {reference} "
        f"{plus_minus(errors_of(first, reference), '.2f')}.",
        f"On the test rows of all splits the best net is {best_net} ({-means[best_net]:.4g}), the "
        f"best simple model {best_simple} ({-means[best_simple]:.4g}); by the rule of "
        f"`compare_models` {simplest} is to be taken, the model with the fewest parameters (of "
        "trees, nodes) within one standard error of the best.",
    ]


def told(gain: Any) -> str:
    """Return a gain with its interval."""
    return f"{gain['score']:+.3g} ({gain['low']:+.3g} to {gain['high']:+.3g})"


def first_table(table: Table, results: Sequence[Result]) -> str:
    """Return a table of the first split."""
    known = {name: published(values) for name, values in table.published.items()}
    columns: dict[str, Column] = {"MAE": score("MAE", ".2f"), **known, "R2": mean("R2", ".3f")}
    columns |= {"MSE": mean("MSE", ".4g"), "cross-validated R2": cv_score(".3f")}
    return table_of(results, results[0].task, columns)


def splits_table(table: Table, splits: Sequence[Sequence[Result]], comparison: Any) -> str:
    """Return a table of all splits."""
    reference = by_split(splits, table.reference)
    rows = []
    for model in [*(model.name for model in table.models), TAKEN]:
        errors = by_split(splits, model)
        row = [model, plus_minus(errors, ".2f"), "", ""]
        if model != table.reference:
            gain = comparison.difference(model, table.reference)
            row[2] = told(gain)
            row[3] = f"{np.sum(np.less(errors, reference))} of {len(splits)}"
        rows.append(row)
    return markdown(["model", "MAE", f"gain on the {table.reference}", "splits won"], rows)


def errors_of(results: Sequence[Result], model: str) -> list[float]:
    """Return the errors of a model, one for each seed."""
    return [r.scores[ERROR] for r in results if r.model == model]


def by_split(splits: Sequence[Sequence[Result]], model: str) -> list[float]:
    """Return the error of a model on each split, the mean over seeds."""
    return [float(np.mean(errors_of(results, model))) for results in splits]


def draw(
    path: Path, title: str, table: Table, splits: Sequence[Sequence[Result]], unit: str
) -> None:
    """Draw the errors on the first split beside those on all."""
    first: list[Scores] = []
    every: list[Scores] = []
    rows = [*(model.name for model in table.models), TAKEN]
    simple = [model.name for model in table.models if not model.seeded]
    for name in rows:
        series = SIMPLE if name in simple else NET
        first.append(Scores(name, series, errors_of(splits[0], name)))
        every.append(Scores(name, series, by_split(splits, name)))
    for column, known in table.published.items():
        if column.endswith(ERROR):
            first += [Scores(model, column, [value]) for model, value in known.items()]
    panels = {
        "the first split, a dot a seed": first,
        f"{len(splits)} splits, a dot a split": every,
    }
    label = f"MAE in {unit}\n(line: {table.reference})"
    draw_scores(path, title, label, panels, rows=rows, line=table.reference)
