"""Tables and sentences of results, and the files they are written to."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np

import sklearn_rnn
from benchmarks._runner import Result, Task

RESULTS = Path(__file__).parent / "results"


def folder(size: str) -> Path:
    """Return where results go: those of a quick run count for nothing and are kept apart."""
    if size == "quick":
        return Path(tempfile.mkdtemp(prefix="benchmarks-"))
    RESULTS.mkdir(exist_ok=True)
    return RESULTS


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


def mean_score(results: Sequence[Result], task: str, model: str) -> float:
    """Return the first metric of a model, the mean over seeds."""
    scores = [next(iter(r.scores.values())) for r in of(results, task, model)]
    return float(np.mean(scores))


def mean_cv_score(results: Sequence[Result], task: str, model: str) -> float:
    """Return the score of a model in cross-validation, the mean over seeds."""
    return float(np.mean([r.cv_score for r in of(results, task, model)]))


def n_parameters(results: Sequence[Result], task: str, model: str) -> int:
    """Return the number of parameters of a model; it is the same for all seeds."""
    return of(results, task, model)[0].n_parameters


def spread(results: Sequence[Result], task: str, model: str) -> float:
    """Return the standard deviation of the first metric over seeds; 0 for a single one."""
    scores = [next(iter(r.scores.values())) for r in of(results, task, model)]
    return float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0


def plus_minus(results: Sequence[Result], task: str, model: str, digits: int = 4) -> str:
    """Return mean and spread of the first metric."""
    mean, deviation = mean_score(results, task, model), spread(results, task, model)
    text = f"{mean:.{digits}f}"
    return f"{text} ± {deviation:.{digits}f}" if deviation else text


def table(results: Sequence[Result], task: Task) -> str:
    """Return a table of the models of a task."""
    first, *others = task.metrics
    header = ["model", f"cross-validated {first}", f"test {first}", *others]
    header += ["parameters", "fit (s)", "predict (ms)", "published", "chosen settings"]
    rows = []
    for model in task.models:
        runs = of(results, task.name, model.name)
        rows.append(
            [
                model.name,
                f"{mean_cv_score(runs, task.name, model.name):.4f}" if task.cross_validate else "",
                plus_minus(results, task.name, model.name),
                *(f"{np.mean([r.scores[name] for r in runs]):.4f}" for name in others),
                f"{n_parameters(runs, task.name, model.name)}",
                f"{np.mean([r.fit_seconds for r in runs]):.2f}",
                f"{1e3 * np.mean([r.predict_seconds for r in runs]):.0f}",
                "" if model.published is None else f"{model.published:g}",
                runs[0].settings,
            ]
        )
    return markdown(header, rows)


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


def write(path: Path, *paragraphs: str) -> None:
    """Write paragraphs of Markdown, and print them but for the pictures."""
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    print("\n\n".join(text for text in paragraphs if not text.startswith("![")))
    files = sorted(file.name for file in path.parent.glob(f"{path.stem}*"))
    print(f"\nWritten to {path.parent}: {', '.join(files)}")
