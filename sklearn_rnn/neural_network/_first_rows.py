"""Scales that are learned over the first calls of `partial_fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import valid_lengths
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn.neural_network._pickling import variant

N_FIRST = 100
"""Samples after which `partial_fit` keeps the scales: the error of a mean is then a tenth."""


@dataclass(frozen=True)
class FirstRows:
    """What the first calls of `partial_fit` were given, as far as scales depend on it.

    The sequences and their weights; the encoded targets (n_targets, n_outputs) or (n_targets,), and
    their weights.
    """

    sequences: Ragged
    sample_weight: NDArray[np.float64]
    target: NDArray[Any]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, data: Data) -> FirstRows:
        """Return those of a call, over a copy of the steps of its sequences alone."""
        return cls(_copied(data.sequences), data.sample_weight, data.target, data.weight)

    def followed_by(self, data: Data) -> FirstRows:
        """Return those of the calls before and of this one, over all rows of its sequences."""
        names = ("sample_weight", "target", "weight")
        both = {n: np.concatenate([getattr(self, n), getattr(data, n)]) for n in names}
        return FirstRows(_joined(self.sequences, data.sequences), **both)

    def copied(self) -> FirstRows:
        """Return the same over a copy of the steps of the sequences alone."""
        return replace(self, sequences=_copied(self.sequences))


def _first_steps(sequences: Windows | Ragged) -> NDArray[np.intp]:
    """Return the row of the first step of each sequence."""
    return sequences.starts if isinstance(sequences, Ragged) else sequences.first_rows()


def _copied(sequences: Windows | Ragged) -> Ragged:
    """Return sequences over a copy of their steps, one sequence after the other."""
    lengths = valid_lengths(sequences)
    starts = np.cumsum(lengths) - lengths
    step = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    places = np.repeat(_first_steps(sequences), lengths) + step * sequences.step_stride
    return Ragged(sequences.rows[places], starts, lengths, np.zeros_like(lengths), lengths)


def _joined(before: Ragged, later: Windows | Ragged) -> Ragged:
    """Return both sequences; those before have one row after the other, later ones any rows.

    Their rows are so placed that all have the same distance between steps; nothing covers those
    between.
    """
    stride = later.step_stride
    apart = np.zeros((len(before.rows) * stride, *before.rows.shape[1:]), before.rows.dtype)
    apart[::stride] = before.rows
    rows = np.concatenate([apart, later.rows])
    lengths = np.concatenate([before.lengths, valid_lengths(later)])
    starts = np.concatenate([before.starts * stride, _first_steps(later) + len(apart)])
    starts = np.minimum(starts, len(rows) - 1)  # also those of empty sequences are rows
    return Ragged(rows, starts, lengths, np.zeros_like(lengths), lengths, stride)


def follow_scales(estimator: Any, data: Data, *, begins: bool) -> None:
    """Let the scales of an estimator be those of the first samples that `partial_fit` is given.

    The first call, which begins, learns the scales of its data by itself.
    """
    before = vars(estimator).pop("_first_rows", None)
    loss = getattr(estimator._encoder, "loss", None)  # of targets that have a scale
    if not (estimator.standardize or (loss is not None and loss.log_link)):
        return
    if begins:
        if data.sequences.n_windows < N_FIRST:
            estimator._first_rows = FirstRows.of(data)
            if loss is not None:
                estimator._encoder = replace(estimator._encoder, is_first=True)
        return
    if before is None:  # the scales are settled
        return
    first = before.followed_by(data)
    if first.sequences.n_windows < N_FIRST:
        estimator._first_rows = first.copied()
    _learn_scales(estimator, first)


def _learn_scales(estimator: Any, first: FirstRows) -> None:
    """Set the scales to those of the samples, in the estimator, its members and their losses."""
    reader, encoder = estimator._reader, estimator._encoder
    if not reader.reading.tokens:
        learned = reader.fit(first.sequences, first.sample_weight, estimator)
        reader = replace(reader, scale=learned.scale, scaling=learned.scaling)
        estimator._reader, estimator.channel_scale_ = reader, reader.scale
    if (windows := reader.window_scale(first.sequences)) is not None:
        encoder = estimator._encoder_at(windows)
    estimator._encoder = encoder.fit(first.target, first.weight)
    loss, parameters = estimator._criterion()
    changed = {"criterion_": loss(**parameters)}  # its unit may be a scale
    estimator.net_ = variant(estimator.net_, changed)
    if hasattr(estimator, "members_"):
        estimator.members_ = [
            variant(m, {"_reader": reader, "net_": variant(m.net_, changed)})
            for m in estimator.members_
        ]
