"""Which model to take: the simplest of those that the data cannot tell from the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._report import mean_score, models_of, of
from benchmarks._runner import Result, Task


@dataclass(frozen=True)
class Verdict:
    """The best model of a task, and the simplest within one standard error of it."""

    task: str
    best: str
    best_score: float
    simple: str
    simple_score: float
    error: float  # the standard error of the difference

    def sentence(self) -> str:
        """Say which model to take."""
        take = f"take {self.simple} (R2 {self.simple_score:.3f})"
        if self.simple == self.best:
            return f"{take}: it is the best, and no simpler model is within one standard error"
        gain = self.best_score - self.simple_score
        return (
            f"{take}: the best, {self.best} ({self.best_score:.3f}), gains no more than one "
            f"standard error on it ({gain:.3f} ± {self.error:.3f})"
        )


def judge(results: Sequence[Result], task: Task) -> Verdict:
    """Find the best model of a task, and the first one, simple ones first, that is as good."""
    models = models_of(results, task.name)
    scores = {model: mean_score(results, task.name, model) for model in models}
    best = max(models, key=scores.__getitem__)
    for model in models:
        error = standard_error(results, task, model, best)
        if scores[best] - scores[model] <= error:
            break
    return Verdict(task.name, best, scores[best], model, scores[model], error)


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
