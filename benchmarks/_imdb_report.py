"""The report of the benchmark `imdb`: a table for each form of the reviews, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import _report
from benchmarks._effects import Effect, effect
from benchmarks._fits import Parts
from benchmarks._plots import draw_scores, panel
from benchmarks._report import (
    best,
    mean_of,
    mean_score,
    nets_of,
    of,
    simple_of,
    write_answer,
)
from benchmarks._runner import Result

TARGETS = {"LSTM(32)": 0.87, "best net": 0.89}
LAB = {"IMDB, tokens": {"lasso on which words": 0.88, "dense 16-16": 0.845, "LSTM(32)": 0.840}}
VALIDATION_LOSS = mean_of("validation loss")
TEXT = {"IMDB, tokens": {"LSTM(32)": 0.87}}


def write(to: Path, question: str, parts: Sequence[Parts], results: Sequence[Result]) -> None:
    """Write conclusion, tables, picture, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    question : str
        The docstring of the benchmark.
    parts : sequence of Parts
        The forms of the reviews; the first is that of the targets.
    results : sequence of Result
        The fits.
    """
    floor = results[0].model
    shown = [r for r in results if r.model != floor]
    verdicts = [verdict(form, results) for form in parts]
    draw_scores(
        to / "imdb.png",
        "\n".join(verdicts),
        f"test accuracy (line: the {reference(parts[0], results)})\n"
        f"(not shown: {floor}, {mean_score(results, parts[0].name, floor):.3f})",
        {form.name: panel(shown, form.name, published=LAB.get(form.name)) for form in parts},
        rows=[*dict.fromkeys(r.model for r in shown)],
        line=reference(parts[0], results),
    )
    sections = ["![Accuracy by model](imdb.png)"]
    for form in parts:
        heading = f"## {form.name}\n\nGains on the {reference(form, results)}, with a 95 % interval"
        sections += [f"{heading}, paired by review:", table(form, results)]
    answer = " ".join([*verdicts, against_targets(parts[0], results)])
    write_answer(to, "imdb", question, answer, results, *sections)


def verdict(form: Parts, results: Sequence[Result]) -> str:
    """Say what the net that the validation reviews take gains on the lasso, and which nets do."""
    mine = [r for r in results if r.task == form.name]
    nets, bag = nets_of(mine), reference(form, results)
    net = best(mine, form.name, nets, VALIDATION_LOSS, less=True)
    right = [mean_score(mine, form.name, name) for name in (net, bag)]
    gains = {name: gain(form, results, name).verdict for name in nets}
    better, worse = ([n for n in nets if gains[n] == v] for v in ("helps", "harms"))
    return (
        f"{form.name}: the net of least validation loss, {net}, labels {right[0]:.3f} right, the "
        f"{bag} {right[1]:.3f}:\na gain of {gain(form, results, net).told('+.3f')}; of {len(nets)} "
        f"nets {len(better)} are better than it, {len(worse)} worse, by the interval of each."
    )


def reference(form: Parts, results: Sequence[Result]) -> str:
    """Return the last of the simple models, which the nets are held against."""
    return simple_of(r for r in results if r.task == form.name)[-1]


def gain(form: Parts, results: Sequence[Result], model: str) -> Effect:
    """Return what a model gains in accuracy on the reference, paired by review."""
    losses = partial(wrong, form, results)
    return effect(losses(model), losses(reference(form, results)))


def wrong(form: Parts, results: Sequence[Result], model: str) -> NDArray[np.float64]:
    """Return which reviews get a wrong label, a line for each seed."""
    predictions = np.stack([r.predictions for r in of(results, form.name, model)])
    return np.asarray(predictions != np.asarray(form.y_test), dtype=float)


def table(form: Parts, results: Sequence[Result]) -> str:
    """Return the table of a form."""

    def gained(runs: list[Result]) -> str:
        name = runs[0].model
        same = name == reference(form, results)
        return "" if same else gain(form, results, name).told("+.3f")

    def loss(runs: list[Result]) -> str:
        value = VALIDATION_LOSS(runs, form.name, runs[0].model)
        return "" if np.isnan(value) else f"{value:.3f}"

    columns = {
        "accuracy": _report.score("accuracy", ".3f"),
        "lab of ISLP": _report.published(LAB.get(form.name, {})),
        "text of ISLP": _report.published(TEXT.get(form.name, {})),
        "gain on the lasso": gained,
        "validation loss": loss,
    }
    return _report.table(results, form.name, columns)


def against_targets(form: Parts, results: Sequence[Result]) -> str:
    """Say which of the targets are met; the best net is that on the test reviews."""
    texts = []
    mine = [r for r in results if r.task == form.name]
    for name, target in TARGETS.items():
        net = best(mine, form.name, nets_of(mine)) if name == "best net" else name
        reached = mean_score(mine, form.name, net)
        what = f"{name} on the test reviews, {net}," if name == "best net" else name
        met = "met" if reached >= target else "missed"
        texts.append(f"The target of {target} for the {what} is {met} ({reached:.3f}).")
    return " ".join(texts)
