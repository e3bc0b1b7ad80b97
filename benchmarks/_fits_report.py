"""What reports of fits to two parts of data share: table, panel of a picture, last line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks._plots import Scores
from benchmarks._report import environment, markdown, models_of, n_parameters, of, plus_minus
from benchmarks._runner import Result


def nets_of(results: Sequence[Result]) -> list[str]:
    """Return the names of the models that have seeds."""
    return list(dict.fromkeys(r.model for r in results if r.seed is not None))


def simple_of(results: Sequence[Result]) -> list[str]:
    """Return the names of the other models."""
    return list(dict.fromkeys(r.model for r in results if r.seed is None))


def table(
    results: Sequence[Result], task: str, published: Mapping[str, float] | None = None
) -> str:
    """Return a table of the models on some data.

    Parameters
    ----------
    results : sequence of Result
        The fits, of this and other data.
    task : str
        The name of the data.
    published : mapping of str to float, default=None
        By model, the score that others report.

    Returns
    -------
    str
        The table in Markdown.
    """
    rows = []
    for model in models_of(results, task):
        runs = of(results, task, model)
        rows.append(
            [
                model,
                plus_minus(results, task, model, digits=3),
                f"{published[model]:g}" if published and model in published else "",
                f"{n_parameters(results, task, model)}",
                ", ".join(r.settings.removeprefix("epochs=") for r in runs if r.settings),
                f"{np.mean([r.fit_seconds for r in runs]):.1f}",
                f"{np.mean([r.predict_seconds for r in runs]):.1f}",
            ]
        )
    measure = next(iter(results[0].scores))
    header = ["model", measure, "published", "parameters", "epochs", "fit (s)", "predict (s)"]
    return markdown(header, rows)


def panel(
    results: Sequence[Result],
    task: str,
    *,
    target: float | None = None,
    published: Mapping[str, float] | None = None,
) -> list[Scores]:
    """Return the first scores of the models as a panel.

    Parameters
    ----------
    results : sequence of Result
        The fits.
    task : str
        The name of the data.
    target : float, default=None
        What the best net is to reach; it has a row of its own, "target".
    published : mapping of str to float, default=None
        By model, the score that others report.

    Returns
    -------
    list of Scores
        Those of each model, and beside them what is published.
    """
    scores = [] if target is None else [Scores("target", "target for the best net", [target])]
    for model in models_of(results, task):
        runs = of(results, task, model)
        series = "simple model" if runs[0].seed is None else "net, a dot a seed"
        scores.append(Scores(model, series, [next(iter(r.scores.values())) for r in runs]))
        if published and model in published:
            scores.append(Scores(model, "published", [published[model]]))
    return scores


def last_line(results: Sequence[Result]) -> str:
    """Return what the signs mean, versions and machine, and how long the fits took."""
    minutes = sum(r.fit_seconds + r.predict_seconds for r in results) / 60
    return (
        "± is the standard deviation over seeds; seconds are those of the processor.\n\n"
        f"*{environment()}. The fits that are shown took {minutes:.1f} minutes of one core.*"
    )
