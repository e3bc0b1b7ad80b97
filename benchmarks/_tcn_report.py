"""The report of the benchmark `tcn`: an overview, a table for each task, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import _report
from benchmarks._plots import draw_scores, panel
from benchmarks._report import markdown, mean_score, nets_of, of, simple_of, write_answer
from benchmarks._runner import Result
from benchmarks._tcn_tasks import Problem

MADE_UP = ("adding", "copying")  # how the names of these tasks begin
SIMPLE = "best simple model"
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
        states = random_states(of(results, task, nets[0]))
        rows.append([*row, f"{mean_score(results, task, classical):.3g}", states])
    header = ["task", "measure", "better is", *nets, "best simple model", "random states of nets"]
    return markdown(header, rows)


def table(problem: Problem, results: Sequence[Result]) -> str:
    """Return a table of the models of a task."""
    task = problem.parts.name
    measure = next(iter(next(r for r in results if r.task == task).scores))
    columns = {
        "score": _report.score(measure, ".3g"),
        "published": _report.published(problem.published),
        "random states": random_states,
    }
    return _report.table(results, task, columns)


def random_states(runs: Sequence[Result]) -> str:
    """Return the seeds of some fits."""
    return ", ".join(f"{r.seed}" for r in runs if r.seed is not None)


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
