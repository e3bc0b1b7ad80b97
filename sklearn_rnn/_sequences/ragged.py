"""Sequences of different length over the rows of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sequences.windows import Windows

CHUNK_STEPS = 2**22
"""Steps of all sequences that are searched for absent ones at a time."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """Sequences of different length over the rows of one base array.

    Step j of sequence i is ``rows[starts[i] + j * step_stride]``, for j below ``lengths[i]``. In
    X it was step ``leads[i] + j`` of ``totals[i]``; the others were absent (padding).

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The base array.
    starts, lengths, leads, totals : ndarray of int, of shape (n_sequences,)
        First row, steps, absent steps before the first one, and steps in X of each sequence.
    step_stride : int
        Rows from one step to the next.
    """

    rows: NDArray[Any]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]
    leads: NDArray[np.intp]
    totals: NDArray[np.intp]
    step_stride: int = 1

    @property
    def n_windows(self) -> int:
        """Return the number of sequences."""
        return len(self.starts)

    @property
    def n_steps(self) -> int:
        """Return the number of steps of the longest sequence, at least 1."""
        return max(1, int(self.lengths.max(initial=0)))

    def coverage(self, sample_weight: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the weight of each row: the sum of the weights of the sequences that contain it.

        See `Windows.coverage`.
        """
        weight = np.ones(self.n_windows) if sample_weight is None else np.asarray(sample_weight)
        total = np.zeros(len(self.rows))
        for step in range(self.n_steps):
            longer = np.flatnonzero(self.lengths > step)
            places = self.starts[longer] + step * self.step_stride
            total += np.bincount(places, weight[longer], minlength=len(total))
        return total


def concatenate(sequences: Sequence[NDArray[Any]]) -> Ragged:
    """Copy sequences of shape (n_steps_i, n_channels) into one table, one after the other."""
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.intp)
    rows = np.concatenate(sequences)
    if not len(rows):  # starts must point at a row
        rows = np.zeros((1, rows.shape[1]), rows.dtype)
    starts = np.cumsum(lengths) - lengths
    return Ragged(rows, starts, lengths, np.zeros_like(lengths), lengths)


def trim_absent_steps(sequences: Windows | Ragged, absent: NDArray[np.bool_]) -> Windows | Ragged:
    """Drop the absent steps (padding) at both ends of all sequences.

    Parameters
    ----------
    sequences : Windows or Ragged
        The sequences.
    absent : ndarray of bool, of shape (n_rows,)
        Which rows are absent steps.

    Returns
    -------
    Windows or Ragged
        Windows if all sequences are equally long and evenly spaced; `sequences` itself if no step
        at an end is absent.
    """
    if absent.any():
        leads, lengths = _extents(sequences, absent)
    elif isinstance(sequences, Windows):
        return sequences
    else:
        leads, lengths = np.zeros_like(sequences.lengths), sequences.lengths
    if isinstance(sequences, Windows):
        if (lengths == sequences.n_steps).all():
            return sequences
        stride = sequences.step_stride
        starts = sequences.first_rows() + leads * stride
        totals = np.full(len(lengths), sequences.n_steps)
        return Ragged(sequences.rows, starts, lengths, leads, totals, stride)
    starts = sequences.starts + leads * sequences.step_stride
    ragged = Ragged(sequences.rows, starts, lengths, leads, sequences.totals, sequences.step_stride)
    return _as_windows(ragged) or ragged


def _as_windows(ragged: Ragged) -> Windows | None:
    """Return windows if all sequences are complete, equally long and evenly spaced."""
    lengths, starts = ragged.lengths, ragged.starts
    if not lengths[0] or (lengths != lengths[0]).any() or (ragged.totals != lengths).any():
        return None
    strides = np.diff(starts)
    if len(strides) and (strides != strides[0]).any():
        return None
    stride = int(strides[0]) if len(strides) else int(lengths[0])
    return Windows(ragged.rows, len(starts), int(lengths[0]), stride, ragged.step_stride)


def _extents(
    sequences: Windows | Ragged, absent: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first step of each sequence that is not absent, and the steps up to the last."""
    leads = np.zeros(sequences.n_windows, dtype=np.intp)
    lengths = np.zeros_like(leads)
    size = max(1, CHUNK_STEPS // sequences.n_steps)
    for first in range(0, sequences.n_windows, size):
        part = slice(first, first + size)
        present = ~_flags_of_steps(sequences, absent, part)
        some = present.any(axis=1)
        leads[part] = np.where(some, present.argmax(axis=1), 0)
        last = present.shape[1] - present[:, ::-1].argmax(axis=1)
        lengths[part] = np.where(some, last - leads[part], 0)
    return leads, lengths


def _flags_of_steps(
    sequences: Windows | Ragged, flags: NDArray[np.bool_], part: slice
) -> NDArray[np.bool_]:
    """Return the flag of each step of some sequences; True after the last step."""
    steps = np.arange(sequences.n_steps) * sequences.step_stride
    if isinstance(sequences, Windows) and sequences.starts is not None:
        return flags[sequences.starts[part, np.newaxis] + steps]
    if isinstance(sequences, Windows):
        item = flags.itemsize
        strides = sequences.window_stride * item, sequences.step_stride * item
        return as_strided(flags, (sequences.n_windows, sequences.n_steps), strides)[part]
    starts, lengths = sequences.starts[part, np.newaxis], sequences.lengths[part, np.newaxis]
    places = np.minimum(starts + steps, len(flags) - 1)
    return flags[places] | (np.arange(sequences.n_steps) >= lengths)
