"""Conclusion, tables and picture of the benchmark `ucr`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._plots import draw_scores, panel
from benchmarks._report import (
    best,
    markdown,
    mean_cv_score,
    mean_score,
    models_of,
    nets_of,
    of,
    plus_minus,
    scores_of,
    simple_of,
    write_answer,
)
from benchmarks._runner import Model, Result

FLOOR = "majority class"


@dataclass(frozen=True)
class Choice:
    """A family with the setting that was taken, and how all settings did.

    `scores` are its accuracies on the training parts, by name, and `means` the mean accuracies of
    all settings of the grid.
    """

    model: Model
    settings: dict[str, Any]
    scores: dict[str, float]
    means: list[float]


def write(
    to: Path,
    results: Sequence[Result],
    choices: Sequence[Choice],
    *,
    question: str,
    targets: Mapping[str, float],
    absent: Sequence[str],
) -> None:
    """Write conclusion, tables, picture, and a line for each fit."""
    left_out = f" Without {', '.join(absent)}: no files." if absent else ""
    draw(to / "ucr.png", results, targets)
    write_answer(
        to,
        "ucr",
        question,
        f"{conclusion(results, targets)}{left_out}",
        results,
        "\n".join(verdict(results, name, target) for name, target in targets.items()),
        "![Accuracy by model](ucr.png)",
        "Accuracy on the test part; the majority class is not in the picture:",
        accuracies(results, targets),
        "Seconds of a fit:",
        seconds(results, targets),
        "The setting of each family, its accuracy in cross-validation on each training part, and "
        "the mean accuracies of all settings of the grid:",
        settings(choices),
    )


def conclusion(results: Sequence[Result], targets: Mapping[str, float]) -> str:
    """Say on how many sets the best net reaches the target, and which nets reach all of them."""
    nets = nets_of(results)
    reached = {
        net: {name for name, target in targets.items() if mean_score(results, name, net) >= target}
        for net in nets
    }
    by_best = set().union(*reached.values())
    all_of_them = [net for net in nets if len(reached[net]) == len(targets)]
    return (
        f"The best of {len(nets)} nets reaches the target on {len(by_best)} of {len(targets)} "
        f"sets; all of the targets are reached by {', '.join(all_of_them) or 'none'}."
    )


def verdict(results: Sequence[Result], name: str, target: float) -> str:
    """Say whether the best net reaches the target, and what other choices reach."""

    net, simple = (best(results, name, names) for names in (nets_of(results), simple_of(results)))
    guess = best(results, name, nets_of(results), mean_cv_score)
    of_net, of_guess, of_simple = (mean_score(results, name, m) for m in (net, guess, simple))
    return (
        f"* {name}: the best net, {net}, has {of_net:.3f}, the target of {target:.2f} is "
        f"{'met' if of_net >= target else 'missed'}; {guess}, the net that cross-validation would "
        f"take, has {of_guess:.3f}, the best simple model, {simple}, {of_simple:.3f}."
    )


def accuracies(results: Sequence[Result], targets: Mapping[str, float]) -> str:
    """Return the table of accuracies, with the targets below."""
    rows = [
        [model, *(plus_minus(scores_of(results, name, model), ".3f") for name in targets)]
        for model in models_of(results, next(iter(targets)))
    ]
    rows.append(["target for the best net", *(f"{target:.2f}" for target in targets.values())])
    return markdown(["model", *targets], rows)


def seconds(results: Sequence[Result], sets: Iterable[str]) -> str:
    """Return the table of times."""
    models = dict.fromkeys(r.model for r in results)
    rows = [
        [model, *(f"{np.mean([r.fit_seconds for r in of(results, s, model)]):.2f}" for s in sets)]
        for model in models
    ]
    return markdown(["model", *sets], rows)


def settings(choices: Sequence[Choice]) -> str:
    """Return the table of settings."""
    rows = []
    for choice in choices:
        taken = ", ".join(f"{name}={value}" for name, value in choice.settings.items())
        means = ", ".join(f"{mean:.3f}" for mean in sorted(choice.means, reverse=True))
        own = [f"{score:.3f}" for score in choice.scores.values()]
        rows.append([choice.model.name, taken, *own, means])
    return markdown(["family", "setting", *choices[0].scores, "means of the grid"], rows)


def draw(path: Path, results: Sequence[Result], targets: Mapping[str, float]) -> None:
    """Draw a panel for each set, with a line at the target; the floor would press them together."""
    shown = [r for r in results if r.model != FLOOR]
    panels = {name: panel(shown, name, target=target) for name, target in targets.items()}
    title = conclusion(results, targets)
    label = "accuracy on the test part"
    rows = ["target", *dict.fromkeys(r.model for r in shown)]
    draw_scores(path, title, label, panels, rows=rows, line="target")
