"""The tables, the conclusion and the picture of models that were compared on random splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import Scores, draw_scores
from benchmarks._report import environment, markdown, write, write_csv
from benchmarks._runner import Result
from benchmarks._splits import Table, compare, mean_of, score_of

ERROR = "MAE"


def report(
    to: Path, stem: str, question: str, table: Table, splits: Sequence[Sequence[Result]], unit: str
) -> None:
    """Write conclusion, tables, picture, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    stem : str
        The name of the files.
    question : str
        The docstring of the benchmark.
    table : Table
        The data and the models.
    splits : sequence of sequence of Result
        The results of each split.
    unit : str
        What the errors are in.
    """
    title, _, text = question.partition("\n\n")
    first = splits[0]
    n_test = len(first[0].predictions)
    comparison = compare(splits, ERROR, table)
    conclusion = conclude(table, splits, comparison, n_test)
    draw(to / f"{stem}.png", conclusion[0], table, splits, unit)
    write_csv(to / f"{stem}.csv", [r for results in splits for r in results])
    minutes = sum(r.fit_seconds + r.predict_seconds for part in splits for r in part) / 60
    write(
        to / f"{stem}.md",
        f"# {title}",
        text.strip(),
        f"**Conclusion.** {' '.join(conclusion)}",
        f"![Errors by model]({stem}.png)",
        f"The first split, {n_test} rows for the test (MAE in {unit}; ± is the standard deviation "
        "over seeds):",
        first_table(table, first),
        f"All {len(splits)} splits; ± is the standard deviation over splits, and a gain is "
        f"positive where the model errs less than the {table.reference}, with the 95 % interval "
        "of the corrected t test of Nadeau and Bengio:",
        splits_table(table, splits, comparison),
        f"*{environment()}. Seconds are those of the processor; the fits that are shown took "
        f"{minutes:.1f} minutes of one core.*",
    )


def conclude(
    table: Table, splits: Sequence[Sequence[Result]], comparison: Any, n_test: int
) -> list[str]:
    """Say what the net gains on the reference and on the best simple model, and where."""
    first, reference = splits[0], table.reference
    net = max(nets_of(first), key=lambda name: mean_of(first, name, _cv_score))
    means = comparison.to_frame()["mean"]
    best_net, best_simple = (
        str(means[names].idxmax()) for names in (nets_of(first), simple_of(first))
    )
    others = list(dict.fromkeys([reference, best_simple]))
    gains = " and ".join(f"{told(comparison.difference(net, name))} on {name}" for name in others)
    return [
        f"Over {len(splits)} splits the net that cross-validation takes, {net},\ngains {gains} "
        "(MAE, 95 % interval).",
        f"On the first split, of {n_test} test rows, its MAE is "
        f"{plus_minus(score_of(first, net, ERROR))} (± over seeds), that of {reference} "
        f"{plus_minus(score_of(first, reference, ERROR))}.",
        f"Over all splits the best net is {best_net} ({-means[best_net]:.4g}), the best simple "
        f"model {best_simple} ({-means[best_simple]:.4g}); by the rule of `compare_models` "
        f"{comparison.simplest_as_good()} is to be taken, the model with the fewest parameters "
        "(of trees, nodes) within one standard error of the best.",
    ]


def told(gain: Any) -> str:
    """Return a gain with its interval."""
    return f"{gain['score']:+.3g} ({gain['low']:+.3g} to {gain['high']:+.3g})"


def plus_minus(values: Sequence[float]) -> str:
    """Return mean and standard deviation."""
    spread = f" ± {np.std(values, ddof=1):.3g}" if len(values) > 1 else ""
    return f"{np.mean(values):.5g}{spread}"


def _cv_score(result: Result) -> float:
    return float("nan") if result.cv_score is None else result.cv_score


def first_table(table: Table, results: Sequence[Result]) -> str:
    """Return a table of the first split."""
    header = ["model", "MAE", *table.published, "R2", "MSE", "cross-validated R2", "parameters"]
    header += ["fit (s)", "predict (ms)", "chosen settings"]
    rows = []
    for model in [model.name for model in table.models]:
        mean = {m: np.mean(score_of(results, model, m)) for m in ("R2", "MSE")}
        known = [published.get(model) for published in table.published.values()]
        chosen = next(r for r in results if r.model == model)
        rows.append(
            [
                model,
                plus_minus(score_of(results, model, ERROR)),
                *("" if value is None else f"{value:g}" for value in known),
                f"{mean['R2']:.3f}",
                f"{mean['MSE']:.4g}",
                f"{mean_of(results, model, _cv_score):.3f}",
                f"{chosen.n_parameters}",
                f"{mean_of(results, model, lambda r: r.fit_seconds):.2f}",
                f"{1e3 * mean_of(results, model, lambda r: r.predict_seconds):.0f}",
                chosen.settings,
            ]
        )
    return markdown(header, rows)


def splits_table(table: Table, splits: Sequence[Sequence[Result]], comparison: Any) -> str:
    """Return a table of all splits."""
    reference = by_split(splits, table.reference)
    rows = []
    for model in [model.name for model in table.models]:
        errors = by_split(splits, model)
        row = [model, plus_minus(errors), "", ""]
        if model != table.reference:
            gain = comparison.difference(model, table.reference)
            row[2] = told(gain)
            row[3] = f"{np.sum(np.less(errors, reference))} of {len(splits)}"
        rows.append(row)
    return markdown(["model", "MAE", f"gain on the {table.reference}", "splits won"], rows)


def by_split(splits: Sequence[Sequence[Result]], model: str) -> list[float]:
    """Return the error of a model on each split, the mean over seeds."""
    return [float(np.mean(score_of(results, model, ERROR))) for results in splits]


def draw(
    path: Path, title: str, table: Table, splits: Sequence[Sequence[Result]], unit: str
) -> None:
    """Draw the errors on the first split beside those on all."""
    first: list[Scores] = []
    every: list[Scores] = []
    for model in table.models:
        series = "net" if model.seeded else "simple model"
        first.append(Scores(model.name, series, score_of(splits[0], model.name, ERROR)))
        every.append(Scores(model.name, series, by_split(splits, model.name)))
    for column, published in table.published.items():
        if column.endswith(ERROR):
            first += [Scores(model, column, [value]) for model, value in published.items()]
    panels = {
        "the first split, a dot a seed": first,
        f"{len(splits)} splits, a dot a split": every,
    }
    label = f"MAE in {unit}\n(line: {table.reference})"
    rows = [model.name for model in table.models]
    draw_scores(path, title, label, panels, rows=rows, line=table.reference)
