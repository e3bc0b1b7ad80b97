"""The report of the benchmark `tcn`: an overview, a table for each task, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import _report
from benchmarks._plots import draw_scores, panel
from benchmarks._report import (
    markdown,
    mean_score,
    models_of,
    nets_of,
    of,
    scores_of,
    simple_of,
    write_answer,
)
from benchmarks._runner import Result
from benchmarks._tcn_tasks import Problem

MADE_UP = ("adding", "copying")  # how the names of these tasks begin
SIMPLE = "best simple model"
ENOUGH = 3  # random states for a net to be called the best
SOLVED = 0.01  # the share of the floor's loss below which a made-up task is solved


def write(
    to: Path,
    problems: Sequence[Problem],
    notes: Sequence[str],
    results: Sequence[Result],
    *,
    question: str,
    absent: Sequence[str],
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
    answer = " ".join([*(solving(p, results) for p in made_up), ranking(others, results)])
    sections.append(overview(problems, results))
    for problem, note in zip(problems, notes, strict=True):
        name, measure = problem.parts.name, capitalized(problem.measure)
        text = f"## {capitalized(name)}\n\n{measure}, {described(problem)}. {note}"
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
    task = problem.parts.name
    measure = next(iter(next(r for r in results if r.task == task).scores))
    columns = {
        "score": _report.score(measure, ".3g"),
        "published": _report.published(problem.published),
    }
    return _report.table(results, task, columns)


def described(problem: Problem) -> str:
    """Say how large a task is, and in which direction a score is good."""
    direction = "more" if problem.more_is_better else "less"
    sizes = f"{len(problem.parts.X)} sequences for training and {len(problem.parts.X_test)}"
    return f"{direction} is better; {sizes} for the test"


def solving(problem: Problem, results: Sequence[Result]) -> str:
    """Say which nets solve a made-up task, and what share of the floor's loss each model has."""
    task, floor, nets = problem.parts.name, problem.simple[0].name, nets_of(results)
    loss = mean_score(results, task, floor)
    solved, failed = [], []
    for net in nets:
        runs = of(results, task, net)
        n_solved = sum(next(iter(r.scores.values())) < SOLVED * loss for r in runs)
        if n_solved:
            solved.append(f"{net} ({n_solved} of {len(runs)} seed{'s' * (len(runs) > 1)})")
        else:
            failed.append(net)
    names = [*nets, best(problem, simple(problem, results), results)]
    shares = [f"{name} {mean_score(results, task, name) / loss:.1%}" for name in names]
    return (
        f"{capitalized(task)} is solved, with less than {SOLVED:.0%} of the loss of the {floor}, "
        f"by {', '.join(solved) or 'no net'}, but not by {', '.join(failed) or 'any other'}; "
        f"the means are {', '.join(shares)} of that loss."
    )


def ranking(problems: Sequence[Problem], results: Sequence[Result]) -> str:
    """Say where a net is better than all others, where seeds overlap, and where a net is beaten."""
    if not problems:
        return ""
    clear: dict[str, list[str]] = {}
    open_, unranked, beaten = [], [], []
    for problem in problems:
        task, nets = problem.parts.name, nets_of(results)
        first = leaders(problem, nets, results)
        if any(len(of(results, task, net)) < ENOUGH for net in nets):
            unranked.append(task)
        elif len(first) == 1:
            clear.setdefault(first[0], []).append(task)
        else:
            open_.append(f"{' and '.join(first)} on {task}")
        if best(problem, models_of(results, task), results) not in nets:
            beaten.append(task)
    told = [f"{net} on {', '.join(tasks)}" for net, tasks in clear.items()]
    text = (
        "On data that are not made up, the net whose seeds all are better than all of every other "
        f"net is {'; '.join(told) or 'not to be found'}"
    )
    if open_:
        text += f"; not told apart by their seeds are the best nets {'; '.join(open_)}"
    if unranked:
        text += f"; not ranked, for too few random states, are the nets on {', '.join(unranked)}"
    text += ". A simple model has a better mean than every net on "
    return f"{text}{', '.join(beaten) or 'none'}."


def leaders(problem: Problem, models: Sequence[str], results: Sequence[Result]) -> list[str]:
    """Return the model of the best mean score, and those with a seed as good as one of its own."""
    task, sign = problem.parts.name, -1 if problem.more_is_better else 1
    losses = {m: [sign * score for score in scores_of(results, task, m)] for m in models}
    first = best(problem, models, results)
    overlap = [m for m in models if m != first and min(losses[m]) <= max(losses[first])]
    return [first, *overlap]


def best(problem: Problem, names: Sequence[str], results: Sequence[Result]) -> str:
    """Return which of some models has the best mean score."""
    return _report.best(results, problem.parts.name, names, less=not problem.more_is_better)


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
        scores = panel(kept, task, published=problem.published)
        shown = [s._replace(row=SIMPLE) if s.row == classical else s for s in scores]
        panels[f"{task}\n{problem.measure}"] = shown
    draw_scores(
        path,
        "Nets of about the same size, and the best simple model (line)",
        "test data",
        panels,
        rows=[SIMPLE, *nets_of(results)],
        line=SIMPLE,
    )
