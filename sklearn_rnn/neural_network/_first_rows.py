"""Scales that are learned over the first calls of `partial_fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn.neural_network._pickling import variant

N_FIRST = 100
"""Samples after which `partial_fit` keeps the scales: the error of a mean is then a tenth."""


@dataclass(frozen=True)
class FirstRows:
    """What the first calls of `partial_fit` were given, as far as scales depend on it.

    The rows (n_rows, n_channels) of the sequences, and how often each counts; the encoded targets
    (n_targets, n_outputs) or (n_targets,), and their weights.
    """

    n_samples: int
    rows: NDArray[Any]
    coverage: NDArray[np.float64]
    target: NDArray[Any]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, data: Data) -> FirstRows:
        """Return those of a call."""
        coverage = data.sequences.coverage(data.sample_weight)
        used = coverage > 0
        n, rows = data.sequences.n_windows, data.sequences.rows[used]
        return cls(n, rows, coverage[used], data.target, data.weight)

    def followed_by(self, later: FirstRows) -> FirstRows:
        """Return those of this call and a later one."""
        names = ("rows", "coverage", "target", "weight")
        both = {n: np.concatenate([getattr(self, n), getattr(later, n)]) for n in names}
        return FirstRows(self.n_samples + later.n_samples, **both)


def follow_scales(estimator: Any, data: Data, *, begins: bool) -> None:
    """Let the scales of an estimator be those of the first samples that `partial_fit` is given.

    The first call, which begins, learns the scales of its data by itself.
    """
    before = vars(estimator).pop("_first_rows", None)
    reader = estimator._reader
    if estimator.standardize is not True or reader.reading.tokens:
        return
    if begins:
        if data.sequences.n_windows < N_FIRST:
            estimator._first_rows = FirstRows.of(data)
        return
    if before is None:  # the scales are settled
        return
    first = before.followed_by(FirstRows.of(data))
    if first.n_samples < N_FIRST:
        estimator._first_rows = first
    scale = Scale.of(first.rows, first.coverage).without(list(reader.vectors))
    reader = estimator._reader = replace(reader, scale=scale)
    estimator.channel_scale_ = scale
    if not getattr(getattr(estimator._encoder, "loss", None), "log_link", False):
        estimator._encoder = estimator._encoder.fit(first.target, first.weight)
    if hasattr(estimator, "members_"):
        estimator.members_ = [variant(m, {"_reader": reader}) for m in estimator.members_]
