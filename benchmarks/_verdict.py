"""Which model to take: the smallest of those that the data cannot tell from the best.

More parameters are worth it if they gain at least two standard errors on the test rows. The net
and the simple model that are compared there are the best in cross-validation on the training
rows: the best of several on the test rows would owe a part of its gain to luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._report import mean_cv_score, mean_score, n_parameters, of
from benchmarks._runner import Result, Task

LEAST = 2  # standard errors that a gain must have


@dataclass(frozen=True)
class Entry:
    """A model, and how it did in cross-validation and on the test rows."""

    name: str
    n_parameters: int
    cv_score: float
    score: float

    def __str__(self) -> str:
        return f"{self.name} (R2 {self.score:.3f}, {self.n_parameters} parameters)"


@dataclass(frozen=True)
class Gain:
    """What one model gains on another on the test rows, and the standard error of it."""

    of: Entry
    on: Entry
    error: float

    @property
    def value(self) -> float:
        """The difference in R2."""
        return self.of.score - self.on.score

    @property
    def is_worth_it(self) -> bool:
        """Whether it is large enough to be told from luck."""
        return self.value > 0 and self.value >= LEAST * self.error

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.error:.3f}"


@dataclass(frozen=True)
class Verdict:
    """The model to take, and what the net gains on the simple model, both the best of their kind.

    Best is meant of their scores in cross-validation.
    """

    take: Entry
    gain: Gain

    def sentence(self) -> str:
        """Say which model to take, and why."""
        net, simple = self.gain.of, self.gain.on
        if self.take == net:
            return (
                f"take {net}: the best net in cross-validation, it gains {self.gain} on {simple}, "
                f"the best simple model there, at least {LEAST} standard errors"
            )
        if self.take == simple:
            why = "the best simple model in cross-validation"
        else:
            why = (
                f"the smallest model on which {simple}, the best simple one in cross-validation, "
                f"gains less than {LEAST} standard errors"
            )
        return (
            f"take {self.take}, {why}: {net}, the best net there, gains {self.gain} on "
            f"{simple.name}, less than {LEAST} standard errors"
        )


def judge(results: Sequence[Result], task: Task) -> Verdict:
    """Compare the best net with the best simple model; nets are the models that are seeded."""
    nets = _smallest_first(results, task, nets=True)
    simple = _smallest_first(results, task, nets=False)
    net, best = (max(entries, key=lambda e: e.cv_score) for entries in (nets, simple))
    gain = _gain(results, task, net, best)
    if gain.is_worth_it:
        return Verdict(net, gain)
    as_good = (e for e in simple if not _gain(results, task, best, e).is_worth_it)
    return Verdict(next(as_good), gain)


def _smallest_first(results: Sequence[Result], task: Task, *, nets: bool) -> list[Entry]:
    """Return the nets, or the simple models, by their numbers of parameters."""
    entries = [
        Entry(
            model.name,
            n_parameters(results, task.name, model.name),
            mean_cv_score(results, task.name, model.name),
            mean_score(results, task.name, model.name),
        )
        for model in task.models
        if model.seeded is nets
    ]
    return sorted(entries, key=lambda e: e.n_parameters)


def _gain(results: Sequence[Result], task: Task, of: Entry, on: Entry) -> Gain:
    return Gain(of, on, standard_error(results, task, of.name, on.name))


def standard_error(results: Sequence[Result], task: Task, model: str, other: str) -> float:
    """Return the standard error of the difference in R2 of two models.

    It is that of the mean difference of squared errors over the test rows, which forecasts of
    one step leave nearly uncorrelated (Diebold and Mariano, 1995), and of the mean over seeds.
    """
    y = np.asarray(task.y[~task.train])
    errors = [_squared_errors(results, task.name, name, y) for name in (model, other)]
    rows = np.var(errors[0].mean(axis=0) - errors[1].mean(axis=0), ddof=1) / len(y)
    seeds = sum(np.var(e.mean(axis=1), ddof=1) / len(e) for e in errors if len(e) > 1)
    return float(np.sqrt(rows + seeds) / np.var(y))


def _squared_errors(results: Sequence[Result], task: str, model: str, y: np.ndarray) -> np.ndarray:
    """Return the squared errors, one line for each seed."""
    return np.stack([(y - r.predictions) ** 2 for r in of(results, task, model)])
