"""The report of the benchmark `tcn`: an overview, a table for each task, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import _fits_report
from benchmarks._answers import write_answer
from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import draw_scores
from benchmarks._report import markdown, mean_score, models_of, n_parameters, of, spread
from benchmarks._runner import Result
from benchmarks._tcn_tasks import Problem

MADE_UP = ("adding", "copying")  # how the names of these tasks begin
SIMPLE = "best simple model"


def write(
    to: Path,
    problems: Sequence[Problem],
    notes: Sequence[str],
    results: Sequence[Result],
    *,
    question: str,
    absent: Sequence[str],
    left_out: Sequence[str],
) -> None:
    """Write conclusion, overview, tables with notes on them, pictures, and a line for each fit."""
    made_up = [p for p in problems if p.parts.name.startswith(MADE_UP)]
    others = [p for p in problems if p not in made_up]
    sections = []
    for name, shown in (("tcn", made_up), ("tcn-real", others)):
        if shown:
            draw(to / f"{name}.png", shown, results)
            sections.append(f"![Scores of the nets]({name}.png)")
    if absent:
        sections.append(f"Without {', '.join(absent)}: no files.")
    if left_out:
        sections.append(f"Left out of the usual size, for want of time: {', '.join(left_out)}.")
    answer = " ".join([*(remaining(p, results) for p in made_up), ranking(others, results)])
    sections.append(overview(problems, results))
    for problem, note in zip(problems, notes, strict=True):
        name, measure = problem.parts.name, capitalized(problem.measure)
        text = f"## {capitalized(name)}\n\n{measure}, {described(problem)}. {note}:"
        sections += [text, table(problem, results)]
    write_answer(to, "tcn", question, answer.strip(), results, *sections)


def overview(problems: Sequence[Problem], results: Sequence[Result]) -> str:
    """Return a table of tasks and nets, with what is published."""
    nets = nets_of(results)
    rows = []
    for problem in problems:
        task = problem.parts.name
        row = [task, problem.measure, "more" if problem.more_is_better else "less"]
        for net in nets:
            published = f" ({problem.published[net]:.3g})" if net in problem.published else ""
            row.append(f"{mean_score(results, task, net):.3g}{published}")
        classical = best(problem, simple(problem, results), results)
        rows.append([*row, f"{mean_score(results, task, classical):.3g}"])
    return markdown(["task", "measure", "better is", *nets, "best simple model"], rows)


def table(problem: Problem, results: Sequence[Result]) -> str:
    """Return a table of the models of a task."""
    task, rows = problem.parts.name, []
    for model in models_of(results, task):
        runs = of(results, task, model)
        deviation = spread(results, task, model)
        score = f"{mean_score(results, task, model):.3g}"
        rows.append(
            [
                model,
                f"{score} ± {deviation:.2g}" if deviation else score,
                f"{problem.published[model]:.3g}" if model in problem.published else "",
                f"{n_parameters(results, task, model)}",
                f"{len(runs)}" if runs[0].seed is not None else "",
                f"{np.mean([r.fit_seconds for r in runs]):.1f}",
                f"{np.mean([r.predict_seconds for r in runs]):.1f}",
            ]
        )
    header = ["model", "score", "published", "parameters", "seeds", "fit (s)", "predict (s)"]
    return markdown(header, rows)


def described(problem: Problem) -> str:
    """Say how large a task is, and in which direction a score is good."""
    direction = "more" if problem.more_is_better else "less"
    sizes = f"{len(problem.parts.X)} sequences for training and {len(problem.parts.X_test)}"
    return f"{direction} is better; {sizes} for the test"


def remaining(problem: Problem, results: Sequence[Result]) -> str:
    """Say what share of the floor's loss the nets and the best simple model have."""
    task, floor = problem.parts.name, problem.simple[0].name
    loss = mean_score(results, task, floor)
    names = [*nets_of(results), best(problem, simple(problem, results), results)]
    shares = [f"{name} {mean_score(results, task, name) / loss:.1%}" for name in names]
    return f"{capitalized(task)}: {', '.join(shares)} of the loss of the {floor}."


def ranking(problems: Sequence[Problem], results: Sequence[Result]) -> str:
    """Say how often the TCN is the best net, and how often a simple model is better than all."""
    if not problems:
        return ""
    winners = [best(p, nets_of(results), results) for p in problems]
    beaten = [
        p.parts.name
        for p, winner in zip(problems, winners, strict=True)
        if best(p, [winner, *simple(p, results)], results) != winner
    ]
    text = (
        "On data that are not made up the TCN is the best net in "
        f"{winners.count('TCN')} of {len(problems)} tasks"
    )
    return f"{text}; a simple model is better than all nets on {', '.join(beaten) or 'none'}."


def best(problem: Problem, names: Sequence[str], results: Sequence[Result]) -> str:
    """Return which of some models has the best mean score."""
    sign = -1 if problem.more_is_better else 1
    return min(names, key=lambda name: sign * mean_score(results, problem.parts.name, name))


def simple(problem: Problem, results: Sequence[Result]) -> list[str]:
    """Return the names of the simple models of a task."""
    return simple_of([r for r in results if r.task == problem.parts.name])


def capitalized(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def draw(path: Path, problems: Sequence[Problem], results: Sequence[Result]) -> None:
    """Draw a panel for each task, with the best simple model on top."""
    panels = {}
    for problem in problems:
        task = problem.parts.name
        classical = best(problem, simple(problem, results), results)
        kept = [
            r for r in results if r.task == task and (r.seed is not None or r.model == classical)
        ]
        panel = _fits_report.panel(kept, task, published=problem.published)
        shown = [s._replace(row=SIMPLE) if s.row == classical else s for s in panel]
        panels[f"{task}\n{problem.measure}"] = shown
    draw_scores(
        path,
        "Nets of about the same size, and the best simple model (line)",
        "test data",
        panels,
        rows=[SIMPLE, *nets_of(results)],
        line=SIMPLE,
    )
