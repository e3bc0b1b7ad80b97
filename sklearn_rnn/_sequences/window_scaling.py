"""Levels and scales of single windows, by which windows and targets are normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import FloatArray, Moments, Scale
from sklearn_rnn._sequences.step_targets import valid_lengths
from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.windows import Windows

Index = NDArray[np.intp]

FLOOR = 1e-3
"""Smallest scale of a window, in standard deviations of its channel or, if that is less, in units
of the largest absolute value in the window: a small series of a panel has a small scale."""

ROUNDING = 1e-12
"""Absolute values, relative to the mean of the channel, that are zero up to rounding."""


@dataclass(frozen=True, eq=False)
class WindowScale:
    """An affine scale by window and column: ``(value - level) / scale``.

    Attributes
    ----------
    level, scale : ndarray of shape (n_windows, n_columns)
        Levels and scales.
    """

    level: FloatArray
    scale: FloatArray

    def columns(self, chosen: Index) -> WindowScale:
        """Return the scales of some of the columns."""
        return WindowScale(self.level[:, chosen], self.scale[:, chosen])

    def rows(self, chosen: Index) -> WindowScale:
        """Return the scales of some of the windows."""
        return WindowScale(self.level[chosen], self.scale[chosen])

    @classmethod
    def joined(cls, parts: Sequence[WindowScale]) -> WindowScale:
        """Return the scales of all windows, one part after the other."""
        return cls(
            np.concatenate([part.level for part in parts]),
            np.concatenate([part.scale for part in parts]),
        )

    def in_units_of(self, channels: Scale) -> WindowScale:
        """Return the scales of values that `channels` has standardised, for values before that."""
        level = channels.mean + channels.scale * self.level
        return WindowScale(level, channels.scale * self.scale)

    def before(self, remainder: Scale) -> WindowScale:
        """Return this scale followed by another, which is the same for all windows."""
        level = self.level + self.scale * remainder.mean
        return WindowScale(level, self.scale * remainder.scale)


@dataclass(frozen=True, eq=False)
class WindowScaling:
    """How windows are normalised by their own values, after their channels are standardised.

    Attributes
    ----------
    kind : {"window", "last"}
        ``"window"`` subtracts the mean of each channel in the window and divides by its standard
        deviation there, at least `FLOOR`. ``"last"`` subtracts its last value; what remains is
        standardised. Missing values are left out; a channel without a value has the mean of
        training as its level, and its standard deviation as its scale.
    channels : Scale
        Means and scales of the channels.
    known_ahead : tuple of int
        Channels that are standardised only: their newest steps are not the past, or they hold
        categories.
    remainder : Scale
        Means and scales of what remains of the channels.
    """

    kind: str
    channels: Scale
    known_ahead: tuple[int, ...]
    remainder: Scale

    @classmethod
    def learn(
        cls,
        kind: str,
        channels: Scale,
        known_ahead: tuple[int, ...],
        sequences: Windows | Ragged,
        weight: FloatArray,
    ) -> WindowScaling:
        """Return the normalisation that is learned from weighted training windows.

        Raises
        ------
        ValueError
            If windows have a single step.
        """
        scaling = cls.begin(kind, channels, known_ahead, sequences)
        return scaling.with_remainder(scaling.remainder_moments(sequences, weight))

    @classmethod
    def begin(
        cls,
        kind: str,
        channels: Scale,
        known_ahead: tuple[int, ...],
        sequences: Windows | Ragged,
    ) -> WindowScaling:
        """Return the normalisation before anything is learned of what remains; see `learn`."""
        if sequences.n_steps < 2:
            raise ValueError(
                f'standardize="{kind}" needs windows of at least two steps; X has one. Give '
                "n_channels if X has two dimensions, more lags, or standardize=True."
            )
        return cls(kind, channels, known_ahead, Scale.identity(len(channels.mean)))

    def remainder_moments(self, sequences: Windows | Ragged, weight: FloatArray) -> Moments | None:
        """Return the moments of what remains of the channels, if that is standardised."""
        return self._remainder(sequences, weight) if self.kind == "last" else None

    def with_remainder(self, moments: Moments | None) -> WindowScaling:
        """Return the normalisation with means and scales of what remains."""
        if moments is None:
            return self
        return replace(self, remainder=moments.scale.without(list(self.known_ahead)))

    def scales(self, sequences: Windows | Ragged) -> WindowScale:
        """Return levels and scales of windows, in units of the standardised channels."""
        shape = sequences.n_windows, len(self.channels.mean)
        level, scale = np.zeros(shape), np.ones(shape)
        if self.kind == "last":
            level = self._last_values(sequences)
        else:
            for part, values in _chunks(sequences, self.channels, np.arange(len(level))):
                level[part], scale[part] = self._mean_and_deviation(values)
        chosen = list(self.known_ahead)
        level[:, chosen], scale[:, chosen] = 0.0, 1.0
        return WindowScale(level, scale)

    def _mean_and_deviation(self, values: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """Return means and deviations of windows (n, n_steps, n_channels), 0 and 1 without any."""
        present = ~np.isnan(values)
        count = present.sum(axis=1)
        at_least_one = np.maximum(count, 1)
        level = np.nan_to_num(values).sum(axis=1) / at_least_one
        squares = np.nan_to_num(values - level[:, np.newaxis]) ** 2
        deviation = np.sqrt(squares.sum(axis=1) / at_least_one)
        mean = self.channels.mean / self.channels.scale
        size = np.abs(np.where(present, values + mean, 0.0)).max(axis=1)
        is_zero = size <= ROUNDING * np.abs(mean)
        floor = FLOOR * np.where(is_zero, 1.0, np.minimum(size, 1.0))
        return level, np.where(count > 0, np.maximum(deviation, floor), 1.0)

    def _last_values(self, sequences: Windows | Ragged) -> FloatArray:
        """Return the last observed value of each channel of each window, and zero without one."""
        lengths = valid_lengths(sequences)
        last = (np.maximum(lengths, 1) - 1) * sequences.step_stride
        rows = sequences.rows[_first_rows(sequences) + last]
        level = self.channels.standardize(rows, out=np.empty(rows.shape))
        level[lengths == 0] = np.nan
        missing = np.flatnonzero(np.isnan(level).any(axis=1))
        for part, values in _chunks(sequences, self.channels, missing):
            back = np.argmax(~np.isnan(values[:, ::-1]), axis=1)[:, np.newaxis]
            level[part] = np.take_along_axis(values[:, ::-1], back, axis=1)[:, 0]
        return np.nan_to_num(level, copy=False)

    def _remainder(self, sequences: Windows | Ragged, weight: FloatArray) -> Moments:
        """Return weighted moments of the channels less the levels of windows."""
        level, used = self.scales(sequences).level, np.flatnonzero(weight)
        shape = (len(self.channels.mean),)

        def average(center: FloatArray, power: int) -> tuple[FloatArray, FloatArray]:
            total, count = np.zeros(shape), np.zeros(shape)
            for part, values in _chunks(sequences, self.channels, used):
                values -= level[part, np.newaxis] + center
                total += np.einsum("i,ijk->k", weight[part], np.nan_to_num(values) ** power)
                count += weight[part] @ (~np.isnan(values)).sum(axis=1)
            count = np.maximum(count, np.finfo(np.float64).tiny)
            return total / count, count

        mean, count = average(np.zeros(shape), 1)
        deviation = np.sqrt(average(mean, 2)[0])
        ends = mean - deviation, mean + deviation  # no range: a constant is a deviation of zero
        return Moments(*ends, np.zeros(shape), count, mean, deviation, np.zeros(shape, np.intp))


def _first_rows(sequences: Windows | Ragged) -> Index:
    return sequences.first_rows() if isinstance(sequences, Windows) else sequences.starts


def _chunks(
    sequences: Windows | Ragged, channels: Scale, index: Index
) -> Iterator[tuple[Index, FloatArray]]:
    """Yield parts of the index of windows, and their standardised values: NaN if missing."""
    steps, rows = np.arange(sequences.n_steps), sequences.rows
    first, lengths = _first_rows(sequences), valid_lengths(sequences)
    for chunk in row_chunks(len(index), sequences.n_steps * rows.shape[1]):
        part = index[chunk]
        places = first[part, np.newaxis] + steps * sequences.step_stride
        given = rows[np.minimum(places, len(rows) - 1).ravel()]
        values = channels.standardize(given, out=np.empty(given.shape))
        values = values.reshape(*places.shape, -1)
        values[steps >= lengths[part, np.newaxis]] = np.nan
        yield part, values
