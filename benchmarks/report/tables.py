"""Tables in Markdown, and what their cells tell of the models of a study."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from benchmarks.harness.runner import Result
from benchmarks.harness.settings import AT_END
from benchmarks.report.study import CV, Study

NONE: Mapping[str, str] = {}
Column = Callable[[Study, str, str], str]
"""``column(study, task, model)`` returns what a table tells of a model in a task."""


def plus_minus(values: Sequence[float], form: str = ".4f") -> str:
    """Return the mean, and the standard deviation of several values."""
    deviation = f" ± {np.std(values, ddof=1):{form}}" if len(values) > 1 else ""
    return f"{np.mean(values):{form}}{deviation}"


def score(name: str = "", form: str = ".4f") -> Column:
    return lambda study, task, model: plus_minus(study.scores(task, model, name), form)


def values(of: Callable[[Study, str, str], Sequence[float]], form: str = ".4f") -> Column:
    """Return a column of what a function returns for each random state."""
    return lambda *of_model: plus_minus(of(*of_model), form)


def mean(name: str = "", form: str = ".4f") -> Column:
    """Return a column of the mean of a score; empty where there is none."""

    def told(study: Study, task: str, model: str) -> str:
        value = study.mean(task, model, name)
        return "" if np.isnan(value) else f"{value:{form}}"

    return told


def cv_score(form: str = ".4f") -> Column:
    return mean(CV, form)


def published(values: Mapping[str, float], form: str = "g") -> Column:
    """Return a column of what others report, by model."""
    return lambda study, task, model: f"{values[model]:{form}}" if model in values else ""


def gain(on: str, form: str = "+.4f") -> Column:
    """Return a column of what models gain on another, with an interval."""
    return lambda study, task, model: "" if model == on else study.gain(task, model, on).told(form)


def seconds(study: Study, task: str, model: str) -> str:
    return f"{np.mean([r.fit_seconds for r in study.of(task, model)]):.2f}"


COSTS: dict[str, Column] = {
    "parameters": lambda study, task, model: f"{study.size(task, model)}",
    "fit (s)": seconds,
    "predict (s)": lambda study, task, model: (
        f"{np.mean([r.predict_seconds for r in study.of(task, model)]):.3f}"
    ),
    "settings": lambda study, task, model: ", ".join(
        dict.fromkeys(r.settings for r in study.of(task, model) if r.settings)
    ),
}


def table(study: Study, task: str, columns: Mapping[str, Column]) -> str:
    """Return a table of the models of a task: some columns, sizes, seconds and settings."""
    every = {"model": lambda study, task, model: model, **columns, **COSTS}
    rows = [[column(study, task, m) for column in every.values()] for m in study.models(task)]
    return markdown(every, rows)


def across(study: Study, column: Column, models: Sequence[str]) -> str:
    """Return a table of one column of some models, a column for each task."""
    rows = [[model, *(column(study, task, model) for task in study.tasks)] for model in models]
    return markdown(["model", *study.tasks], rows)


def frame(table: pd.DataFrame, forms: Mapping[str, str] = NONE) -> str:
    """Return a table of pandas; what is missing in columns with a form is left empty."""
    texts = table.astype(object)
    for name, form in forms.items():
        texts[name] = ["" if pd.isna(value) else format(value, form) for value in table[name]]
    return markdown(list(texts), texts.astype(str).to_numpy().tolist())


def at_ends(results: Iterable[Result]) -> str:
    """Say which settings were chosen at an end of what was searched, if there is further to go."""
    chosen = dict.fromkeys((r.model, s) for r in results for s in r.settings.split(", "))
    ends = sorted({(m, s.removesuffix(AT_END)) for m, s in chosen if s.endswith(AT_END)})
    order = [*dict.fromkeys(model for model, _ in chosen)]
    found = [f"{s} ({m})" for m, s in sorted(ends, key=lambda end: order.index(end[0]))]
    if not found:
        return "No setting was chosen at an end of its grid."
    return f"Chosen at an end of their grid: {'; '.join(found)}."


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table, which the writer of reports aligns."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, *rows]) + "\n"
