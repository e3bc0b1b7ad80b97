"""Conformal calibration: quantiles of recent errors, at a level that may adapt online."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.exceptions import InfiniteIntervalWarning
from sklearn_rnn.forecasting._row_order import RowOrder

Array = NDArray[np.float64]


def conformal_quantile(scores: Array, level: float) -> float:
    """Return the quantile of n scores that a new one is below with probability `level`.

    It is score number ``ceil((n + 1) * level)`` in ascending order (Vovk et al., 2005), infinity if
    that is more than n, and minus infinity if it is less than one.
    """
    number = math.ceil(round((len(scores) + 1) * level, 9))
    if number < 1:
        return -math.inf
    if number > len(scores):
        return math.inf
    return float(np.partition(scores, number - 1)[number - 1])


@dataclass
class Calibration:
    """The last scores of one output, and the rate of misses that its intervals aim at.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        The last scores; a new one replaces the oldest.
    target : float
        The rate of misses that is wanted, one minus the level of the intervals.
    step_size : float
        How much the rate changes after a row; zero keeps it fixed.
    rate : float
        The rate at present.
    """

    scores: Array
    target: float
    step_size: float
    rate: float = field(default=math.nan)
    oldest: int = 0

    def __post_init__(self) -> None:
        if math.isnan(self.rate):
            self.rate = self.target

    def margin(self) -> float:
        """Return the margin of the next interval."""
        return conformal_quantile(self.scores, 1 - self.rate)

    def observe(self, score: float, margin: float) -> None:
        """Learn the score of a row whose interval had some margin.

        The rate moves by ``step_size * (target - missed)`` (Gibbs and Candès, 2021).
        """
        self.rate += self.step_size * (self.target - (score > margin))
        if len(self.scores):
            self.scores[self.oldest] = score
            self.oldest = (self.oldest + 1) % len(self.scores)

    def run(self, scores: Array, delay: int) -> Array:
        """Return the margins of rows in their order, each after the scores that are known by then.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores of the rows.
        delay : int
            A row learns from those at least so many rows before it.

        Returns
        -------
        ndarray of shape (n_rows,)
            Margins. After the last row all scores have been learned.
        """
        margins = np.empty(len(scores))
        for row in range(len(scores) + delay):
            if row - delay >= 0:
                self.observe(float(scores[row - delay]), float(margins[row - delay]))
            if row < len(scores):
                margins[row] = self.margin()
        return margins

    def copy(self) -> Calibration:
        """Return an independent copy."""
        return Calibration(self.scores.copy(), self.target, self.step_size, self.rate, self.oldest)


class Calibrations(NamedTuple):
    """The calibration of each output: of all series together, and of some by themselves.

    Attributes
    ----------
    pooled : list of Calibration
        That of series without their own.
    of_series : dict of hashable to list of Calibration
        That of each other series.
    """

    pooled: list[Calibration]
    of_series: dict[Hashable, list[Calibration]]

    @classmethod
    def learn(
        cls, scores: Array, order: RowOrder, at: NDArray[np.intp], level: float, step_size: float
    ) -> Calibrations:
        """Learn the scores of the rows `at`; with a step size those of each series apart.

        A series with too few rows for a finite interval uses the scores of all.
        """

        def calibrations(rows: NDArray[np.intp]) -> list[Calibration]:
            return [Calibration(column.copy(), 1 - level, step_size) for column in scores[rows].T]

        of_series = {}
        if step_size:
            for label, rows in order.rows():
                own = rows[np.isin(rows, at)]
                if len(own) >= smallest_sample(level):
                    of_series[label] = calibrations(own)
        return cls(calibrations(at[np.argsort(order.time[at], kind="stable")]), of_series)

    def margins(self, order: RowOrder) -> Array:
        """Return the margins of rows, of shape (n_rows, n_outputs)."""
        margins = np.tile([one.margin() for one in self.pooled], (len(order.time), 1))
        if self.of_series:
            for label, rows in order.rows():
                margins[rows] = [one.margin() for one in self._of(label)]
        return margins

    def run(
        self, scores: Array, order: RowOrder, delays: NDArray[np.intp]
    ) -> tuple[Array, Calibrations]:
        """Return the margins of rows in their order, and what has been learned after them.

        Parameters
        ----------
        scores : ndarray of shape (n_rows, n_outputs)
            Scores of the rows.
        order : RowOrder
            Their series and order.
        delays : ndarray of int, of shape (n_outputs,)
            After how many rows the score of each output is known.
        """
        margins, learned = np.empty_like(scores), {}
        for label, rows in order.rows():
            learned[label] = [one.copy() for one in self._of(label)]
            for j, calibration in enumerate(learned[label]):
                margins[rows, j] = calibration.run(scores[rows, j], int(delays[j]))
        return margins, Calibrations(self.pooled, self.of_series | learned)

    def _of(self, label: Hashable) -> list[Calibration]:
        return self.of_series.get(label, self.pooled)


def read_delays(delay: Any, n_outputs: int) -> NDArray[np.intp]:
    """Return after how many rows each output is known, from one number or one for each."""
    delays = np.asarray(delay)
    is_whole = delays.dtype.kind in "iu" and (delays > 0).all()
    if not is_whole or delays.shape not in ((), (n_outputs,)):
        raise ValueError(
            "delay must be an integer of at least 1, or one for each output, of which there are "
            f"{n_outputs}; got {delay!r}."
        )
    return np.broadcast_to(delays, n_outputs)


def smallest_sample(level: float) -> int:
    """Return how many scores a finite interval needs: n with ``ceil((n + 1) * level) <= n``."""
    return math.ceil(round(level / (1 - level), 9))


def warn_of_infinite(margins: Array, level: float, n_scores: int, reason: str) -> None:
    """Warn if margins are infinite, and say how many and why: too few scores, or that reason."""
    if not (n_infinite := int((margins == math.inf).any(axis=1).sum())):
        return
    if n_scores < (needed := smallest_sample(level)):
        reason = f"level={level} needs {needed} calibration errors for each step; got {n_scores}"
    warnings.warn(
        f"Intervals are infinite in {n_infinite} of {len(margins)} rows: {reason}.",
        InfiniteIntervalWarning,
        stacklevel=4,
    )
