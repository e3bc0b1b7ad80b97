"""Tables and sentences of results, and the files they are written to."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

import sklearn_rnn
from benchmarks._runner import Model, Result
from benchmarks._settings import AT_END, is_end, setting

RESULTS = Path(__file__).parent / "results"  # committed
OUTPUT = Path(__file__).parent / "output"  # ignored by git
Column = Callable[[list[Result]], str]
"""What a table tells of the fits of a model, one for each seed."""


_destination: list[Path] = []


def keep_results() -> None:
    """Let the results of this process take the place of those that are committed."""
    _destination[:] = [RESULTS]


def folder(size: str) -> Path:
    """Return where results go: those of a quick run count for nothing and are kept apart."""
    if size == "quick":
        return Path(tempfile.mkdtemp(prefix="benchmarks-"))
    (to,) = _destination or [OUTPUT]
    to.mkdir(exist_ok=True)
    return to


def environment() -> str:
    """Return versions, date and size of the machine, in one line."""
    libraries = ["torch", "scikit-learn", "skorch", "numpy"]
    versions = [f"{name} {version(name)}" for name in libraries]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{joblib.cpu_count()} cores, {memory:.0f} GiB of memory"
    python = f"Python {platform.python_version()}"
    ours = f"sklearn_rnn {sklearn_rnn.__version__}"
    return ", ".join([f"{datetime.date.today()}", ours, python, *versions, machine])


def of(results: Iterable[Result], task: str, model: str) -> list[Result]:
    """Return the results of one model in one task, one for each seed."""
    return [r for r in results if (r.task, r.model) == (task, model)]


def models_of(results: Iterable[Result], task: str) -> list[str]:
    """Return the names of the models of a task, in their order."""
    return list(dict.fromkeys(r.model for r in results if r.task == task))


def nets_of(results: Iterable[Result]) -> list[str]:
    """Return the names of the models that have seeds."""
    return list(dict.fromkeys(r.model for r in results if r.seed is not None))


def simple_of(results: Iterable[Result]) -> list[str]:
    """Return the names of the other models."""
    return list(dict.fromkeys(r.model for r in results if r.seed is None))


def scores_of(results: Iterable[Result], task: str, model: str) -> list[float]:
    """Return the first metric of a model, one for each seed."""
    return [next(iter(r.scores.values())) for r in of(results, task, model)]


def mean_score(results: Sequence[Result], task: str, model: str) -> float:
    """Return the first metric of a model, the mean over seeds."""
    return float(np.mean(scores_of(results, task, model)))


def mean_of(name: str) -> Callable[[Sequence[Result], str, str], float]:
    """Return what gives a metric of a model in a task, the mean over seeds."""
    return lambda results, task, model: float(
        np.mean([r.scores[name] for r in of(results, task, model)])
    )


def mean_cv_score(results: Sequence[Result], task: str, model: str) -> float:
    """Return the score of a model in cross-validation, the mean over seeds."""
    return float(np.mean([r.cv_score for r in of(results, task, model)]))


def best(
    results: Sequence[Result],
    task: str,
    models: Iterable[str],
    by: Callable[[Sequence[Result], str, str], float] = mean_score,
    *,
    less: bool = False,
) -> str:
    """Return which of some models has the largest, or least, mean score."""
    choose = min if less else max
    return choose(models, key=lambda model: by(results, task, model))


def n_parameters(results: Sequence[Result], task: str, model: str) -> int:
    """Return the number of parameters of a model; it is the same for all seeds."""
    return of(results, task, model)[0].n_parameters


def plus_minus(values: Sequence[float], form: str = ".4f") -> str:
    """Return the mean, and the standard deviation of several values."""
    deviation = f" ± {np.std(values, ddof=1):{form}}" if len(values) > 1 else ""
    return f"{np.mean(values):{form}}{deviation}"


def score(name: str, form: str = ".4f") -> Column:
    """Return a column of a metric."""
    return lambda runs: plus_minus([r.scores[name] for r in runs], form)


def mean(name: str, form: str = ".4f") -> Column:
    """Return a column of the mean of a metric."""
    return lambda runs: f"{np.mean([r.scores[name] for r in runs]):{form}}"


def published(values: Mapping[str, float], form: str = "g") -> Column:
    """Return a column of what others report, by model."""
    return lambda runs: f"{values[runs[0].model]:{form}}" if runs[0].model in values else ""


def cv_score(form: str = ".4f") -> Column:
    """Return a column of the scores in cross-validation; empty where there are none."""

    def told(runs: list[Result]) -> str:
        found = [r.cv_score for r in runs if r.cv_score is not None]
        return f"{np.mean(found):{form}}" if found else ""

    return told


COSTS: dict[str, Column] = {
    "parameters": lambda runs: f"{runs[0].n_parameters}",
    "fit (s)": lambda runs: f"{np.mean([r.fit_seconds for r in runs]):.2f}",
    "predict (s)": lambda runs: f"{np.mean([r.predict_seconds for r in runs]):.3f}",
    "settings": lambda runs: ", ".join(dict.fromkeys(r.settings for r in runs if r.settings)),
}


def table(results: Sequence[Result], task: str, columns: Mapping[str, Column]) -> str:
    """Return a table of the models of a task: some columns, sizes, seconds and settings."""
    every = {**columns, **COSTS}
    rows = [
        [model, *(told(of(results, task, model)) for told in every.values())]
        for model in models_of(results, task)
    ]
    return markdown(["model", *every], rows)


def at_ends(results: Sequence[Result], models: Iterable[Model]) -> str:
    """Say which settings were chosen at an end of what was searched, if there is further to go."""
    found = []
    for model in models:
        tried = [(name, v, values) for name, values in model.grid.items() for v in values]
        ends = {setting(name, v) for name, v, values in tried if is_end(v, values)}
        chosen = {s for r in results if r.model == model.name for s in r.settings.split(", ")}
        ends |= {text for text in chosen if text.endswith(AT_END)}
        found += [f"{t.removesuffix(AT_END)} ({model.name})" for t in sorted(chosen & ends)]
    if not found:
        return "No setting was chosen at an end of its grid."
    return f"Chosen at an end of their grid: {'; '.join(found)}."


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that reads well as text too; columns that are empty are left out."""
    used = [i for i in range(len(header)) if any(row[i] for row in rows)]
    lines = [[line[i] for i in used] for line in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(c.ljust(w) for c, w in zip(line, widths, strict=True))} |" for line in lines
    )


def write_csv(path: Path, results: Sequence[Result]) -> None:
    """Write one line for each refit."""
    told = ["cv_score", "n_parameters", "fit_seconds", "predict_seconds", "settings"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "model", "seed", *results[0].scores, *told])
        for r in results:
            scores = [f"{score:.6f}" for score in r.scores.values()]
            seconds = [f"{r.fit_seconds:.3f}", f"{r.predict_seconds:.4f}"]
            seed = "" if r.seed is None else r.seed
            cv_score = "" if r.cv_score is None else f"{r.cv_score:.6f}"
            rest = [cv_score, r.n_parameters, *seconds, r.settings]
            writer.writerow([r.task, r.model, seed, *scores, *rest])


def last_line(results: Sequence[Result]) -> str:
    """Return what the signs mean, seeds, versions and machine, and how long the fits took."""
    seeds = sorted({r.seed for r in results if r.seed is not None})
    minutes = sum(r.fit_seconds + r.predict_seconds for r in results) / 60
    return (
        f"± is the standard deviation over seeds (the random states {seeds[0]} to {seeds[-1]}, or "
        "the first of them); seconds are those of the processor.\n\n"
        f"*{environment()}. The fits that are shown took {minutes:.1f} minutes of one core.*"
    )


def write_answer(
    to: Path, name: str, question: str, answer: str, results: Sequence[Result], *sections: str
) -> None:
    """Write the report of a benchmark, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    name : str
        The name of the benchmark and of its files.
    question : str
        Its docstring: the question, and how it is answered.
    answer : str
        The conclusion.
    results : sequence of Result
        The fits.
    *sections : str
        Pictures, tables and headings in Markdown.
    """
    write_csv(to / f"{name}.csv", results)
    write_text(to / f"{name}.md", question, answer, *sections, last_line(results))


def write_text(path: Path, question: str, answer: str, *sections: str) -> None:
    """Write question, conclusion and sections of a report; the arguments as for `write_answer`."""
    title, _, text = question.partition("\n\n")
    write(path, f"# {title}", text.strip(), f"**Conclusion.** {answer}", *sections)


def write(path: Path, *paragraphs: str) -> None:
    """Write paragraphs of Markdown, and print them but for the pictures."""
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    print("\n\n".join(text for text in paragraphs if not text.startswith("![")))
    files = sorted(file.name for file in path.parent.glob(f"{path.stem}*"))
    print(f"\nWritten to {path.parent}: {', '.join(files)}")
