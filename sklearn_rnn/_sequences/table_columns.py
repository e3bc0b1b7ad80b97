"""The columns of a 2-D X: a block of channels for each step, or lags by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.input_form import Reading
from sklearn_rnn._sequences.lag_names import LagColumns, read_lag_names
from sklearn_rnn._sklearn.compat import get_feature_names

FloatArray = NDArray[np.float64]


def read_columns(table: Any, reading: Reading) -> LagColumns | None:
    """Return what the names of the columns of X say, if they are read and name lags."""
    if reading.tokens or not reading.reads_names:
        return None
    return read_lag_names(get_feature_names(table), reading.n_channels)


def reshape_columns(X: FloatArray, reading: Reading, columns: LagColumns | None) -> FloatArray:
    """Reshape the columns of a 2-D X to (n_samples, n_steps, n_channels)."""
    n_samples, n_columns = X.shape
    if columns is not None:
        X = X if columns.is_ordered else X[:, columns.order]
        return X.reshape(n_samples, *columns.lags.shape)
    n_channels = reading.n_channels or (n_columns if reading.is_table else 1)
    if n_columns % n_channels:
        raise ValueError(
            f"X has {n_columns} columns, which is not a multiple of n_channels={n_channels}; the "
            "columns must be blocks of n_channels, a block for each step, oldest first."
        )
    return X.reshape(n_samples, n_columns // n_channels, int(n_channels))
