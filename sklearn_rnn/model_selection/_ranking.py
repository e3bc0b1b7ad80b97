"""Which of several models to take: the simplest that is as good as the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Ranking:
    """Mean scores and complexities of models, and the tests of their differences.

    Attributes
    ----------
    scores : Series of shape (n_models,)
        Mean score of each model that never failed; greater is better.
    complexity : Series of shape (n_models,)
        Complexity of each; an unknown one is infinite.
    units : Series of shape (n_models,)
        What it counts.
    difference : callable
        Returns the test of the difference of one model to another, as `Comparison.difference`.
    n_folds : int
        Number of folds.
    """

    scores: pd.Series[float]
    complexity: pd.Series[float]
    units: pd.Series[Any]
    difference: Callable[[str, str], pd.Series[float]]
    n_folds: int

    @cached_property
    def best(self) -> str:
        """The model with the greatest mean score."""
        return str(self.scores.idxmax())

    def is_as_good(self, name: str) -> bool:
        """Return whether a model is within one standard error of the difference from the best."""
        if name == self.best:
            return True
        behind = self.difference(self.best, name)
        if self.n_folds == 1:
            return bool(behind["loss"] <= behind["loss_standard_error"])
        return bool(behind["score"] <= behind["standard_error"])

    def simplest(self, is_as_good: Callable[[str], bool]) -> str:
        """Return the least complex of the models that are as good; the better among equals."""
        as_good = [name for name in self.scores.index if is_as_good(name)]
        return min(as_good, key=lambda name: (self.complexity[name], -self.scores[name]))

    @cached_property
    def chosen(self) -> str:
        """The simplest model within one standard error of the best."""
        return self.simplest(self.is_as_good)

    def knows_complexity(self, name: str) -> bool:
        """Return whether the complexity of a model is known."""
        return bool(np.isfinite(self.complexity[name]))
