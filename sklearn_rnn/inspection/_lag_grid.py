"""Columns of a table that are lags of channels, where channels have different lags: `LagGrid`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.lag_names import columns_by_lag
from sklearn_rnn._sequences.scaling import Scale


@dataclass(frozen=True)
class LagGrid:
    """The cell of each column of a table in a grid of lags and channels; others are empty.

    Attributes
    ----------
    lags : ndarray of shape (n_lags,)
        All lags that a channel has, the largest first.
    channels : list of str
        Names of the channels.
    row, column : ndarray of int, of shape (n_columns,)
        Which of these each column of the table is.
    """

    lags: NDArray[np.intp]
    channels: list[str]
    row: NDArray[np.intp]
    column: NDArray[np.intp]

    @classmethod
    def of(cls, names: Sequence[Any]) -> LagGrid:
        """Return the grid of columns by their names; one that names no lag has lag 0."""
        by_channel, others = columns_by_lag(names)
        cells = {
            position: (channel, lag)
            for channel, of_lag in by_channel.items()
            for lag, position in of_lag.items()
        }
        cells |= {position: (str(names[position]), 0) for position in others}
        if len(set(cells.values())) < len(cells):
            raise ValueError(
                f"X has several columns for a lag of a channel; keep one: {list(names)}."
            )
        channels = list(dict.fromkeys(channel for channel, _ in cells.values()))
        lags = np.unique([lag for _, lag in cells.values()])[::-1]
        row = [int(np.flatnonzero(lags == cells[k][1])[0]) for k in range(len(cells))]
        column = [channels.index(cells[k][0]) for k in range(len(cells))]
        return cls(lags, channels, np.array(row), np.array(column))

    def unflatten(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of shape (1, n_columns, ...) as (n_lags, n_channels, ...), NaN if empty."""
        grid = np.full((len(self.lags), len(self.channels), *values.shape[2:]), np.nan)
        grid[self.row, self.column] = values[0]
        return grid

    def scale_of(self, table: NDArray[Any]) -> Scale:
        """Return mean and standard deviation of each column: those of all lags of its channel."""
        scales = []
        for channel in range(len(self.channels)):
            values = table[:, self.column == channel].reshape(-1, 1)
            scales.append(Scale.of(values, np.ones(len(values))))
        mean, scale = (
            np.concatenate([getattr(of, name) for of in scales]) for name in ("mean", "scale")
        )
        return Scale(mean[self.column], scale[self.column])
