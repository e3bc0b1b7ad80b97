"""What one model gains on another on the same test rows, with an interval."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Effect:
    """A mean difference of losses, its standard error, and the degrees of freedom of that."""

    value: float
    error: float
    freedom: float

    @property
    def reach(self) -> float:
        """How far the interval goes to each side."""
        return float(stdtrit(self.freedom, (1 + LEVEL) / 2)) * self.error

    @property
    def verdict(self) -> str:
        """Whether it helps, harms, or neither is shown."""
        if abs(self.value) <= self.reach:
            return "not shown"
        return "helps" if self.value > 0 else "harms"

    @property
    def interval(self) -> tuple[float, float, float]:
        return self.value, self.value - self.reach, self.value + self.reach

    def told(self, form: str = "+.4f") -> str:
        value, low, high = self.interval
        return f"{value:{form}} ({low:{form}} to {high:{form}})"


def effect(losses: np.ndarray, reference: np.ndarray, blocks: np.ndarray | None = None) -> Effect:
    """Return what a model gains on a reference: positive where its losses are less.

    The losses on the test rows are a line for each seed. A seed is paired with itself, and a model
    without seeds, of one line, with each. Rows of different `blocks`, such as years, are taken as
    uncorrelated, those of one block are not; None means that every row is a block.

    The variance is that of the mean difference over the test rows, together with that over seeds,
    which stand for the sampling of the data and of the training; the degrees of freedom are those
    of Welch and Satterthwaite.
    """
    difference = reference - losses
    over_rows, over_seeds = difference.mean(axis=0), difference.mean(axis=1)
    parts = [part for part in (_spread(over_rows, blocks), _spread(over_seeds)) if part[1]]
    variance = sum(v for v, _ in parts)
    freedom = variance**2 / sum(v**2 / n for v, n in parts) if variance else 1.0
    return Effect(float(difference.mean()), float(np.sqrt(variance)), float(freedom))


def _spread(values: np.ndarray, blocks: np.ndarray | None = None) -> tuple[float, int]:
    """Return the variance of the mean of values, and its degrees of freedom."""
    every = np.arange(len(values)) if blocks is None else blocks
    labels = np.unique(every, return_inverse=True)[1]
    sums = np.bincount(labels, weights=values - values.mean())
    freedom = len(sums) - 1
    return len(sums) / max(freedom, 1) * float(np.sum(sums**2)) / len(values) ** 2, freedom


def squared(y: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return squared errors as shares of the variance: their mean is 1 - R2."""
    return np.asarray((y - predictions) ** 2 / np.var(y))


def wrong(y: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return 1 where a label is wrong: the mean is 1 - accuracy."""
    return np.asarray(predictions != y, dtype=float)
