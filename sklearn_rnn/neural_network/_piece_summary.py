"""What is kept of a piece of the data after the passes that learn scales: `PieceSummary`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.scaling import Moments
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.config import resolve_device
from sklearn_rnn._training.tensors import must_stream
from sklearn_rnn.neural_network._input_summary import InputSummary

TARGETS_PER_PIECE = 4096
"""Targets of each piece, at most, by which it is judged whether a network has learned anything."""


@dataclass(frozen=True)
class PieceSummary:
    """What is kept of a piece after the first pass.

    Attributes
    ----------
    n_samples, n_terms, n_omitted : int
        Sequences and targets of positive weight, and incomplete windows.
    n_steps : int
        Steps of the longest sequence.
    is_fixed : bool
        Whether training reads sequences of one length from memory.
    weights : tuple of float
        Sum, smallest and largest of the weights of the targets.
    inputs : InputSummary
        What is learned of the channels.
    target : object
        What the encoder of targets learns of them.
    sample, sample_weight : ndarray
        Some of the encoded targets, and the weights by which they stand for all.
    sample_windows : WindowScale or None
        What their windows are normalised by.
    remainder : Moments or None
        What is learned of windows that are normalised by their own values.
    """

    n_samples: int
    n_terms: int
    n_omitted: int
    n_steps: int
    is_fixed: bool
    weights: tuple[float, float, float]
    inputs: InputSummary
    target: Any
    sample: NDArray[Any]
    sample_weight: NDArray[np.float64]
    sample_windows: WindowScale | None = None
    remainder: Moments | None = None

    @classmethod
    def of(cls, estimator: Any, data: Data) -> PieceSummary:
        """Summarise a piece that the estimator has read."""
        used, chosen = terms_of(data), _sample_of(data)
        weight, sequences = data.weight[used], data.sequences
        device = resolve_device(estimator.device)
        return cls(
            n_samples=int(np.count_nonzero(data.sample_weight)),
            n_terms=len(used),
            n_omitted=data.n_omitted,
            n_steps=sequences.n_steps,
            is_fixed=isinstance(sequences, Windows) and not must_stream(sequences.rows, device),
            weights=(float(weight.sum()), float(weight.min()), float(weight.max())),
            inputs=estimator._reader.summary(sequences, data.sample_weight, estimator),
            target=estimator._encoder.summary(data.target, data.weight),
            sample=data.target[chosen],
            sample_weight=data.weight[chosen] * (len(used) / len(chosen)),
        )

    def with_windows(self, estimator: Any, data: Data) -> PieceSummary:
        """Complete the summary, in a second pass, by what windows are normalised by."""
        scaling, sequences = estimator._reader.scaling, data.sequences
        encoder = estimator._encoder_at(scaling.scales(sequences))
        windows = encoder.windows
        return replace(
            self,
            target=encoder.summary(data.target, data.weight),
            sample_windows=None if windows is None else windows.rows(_sample_of(data)),
            remainder=scaling.remainder_moments(sequences, data.sample_weight),
        )


def _sample_of(data: Data) -> NDArray[np.intp]:
    """Return the positions of a sample of the targets, evenly spaced."""
    used = terms_of(data)
    if len(used) <= TARGETS_PER_PIECE:
        return used
    return used[np.linspace(0, len(used) - 1, TARGETS_PER_PIECE).astype(np.intp)]


def terms_of(data: Data) -> NDArray[np.intp]:
    """Return the positions of the targets of sequences with a positive weight."""
    used = data.sample_weight > 0
    return np.flatnonzero(used if data.lengths is None else np.repeat(used, data.lengths))
