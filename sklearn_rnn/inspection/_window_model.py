"""The final estimator of a pipeline, and its input as windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sequences.lag_names import (
    channel_names,
    columns_by_lag,
    have_equal_lags,
    read_lag_names,
)
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import get_feature_names
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.inspection._lag_grid import LagGrid
from sklearn_rnn.preprocessing._pipeline_layout import Layout, pipeline_layout

AsInput = Callable[[NDArray[Any]], Any]
"""Converts windows to the input of an estimator."""

CHUNK_SIZE = 2**20
"""Number of values of windows that are copied at the same time."""


@dataclass(frozen=True)
class RaggedModel:
    """A fitted network, and sequences of different length, whose lags count from the newest step.

    Attributes
    ----------
    estimator : estimator
        The network, without preceding steps of a pipeline.
    windows : list of ndarray of shape (n_steps_i, n_channels)
        The sequences without padding.
    sequences : Ragged
        The same as the network reads them.
    lags : ndarray of shape (n_steps,)
        Lag of each step of the longest sequence.
    channels : list of str
        Names of the channels.
    """

    estimator: Any
    windows: list[NDArray[Any]]
    sequences: Ragged
    lags: NDArray[np.intp]
    channels: list[str]

    @classmethod
    def of(cls, estimator: Any, sequences: Ragged) -> RaggedModel:
        """Return those that a network has read."""
        stride = sequences.step_stride
        windows = [
            sequences.rows[start : start + length * stride : stride]
            for start, length in zip(sequences.starts, sequences.lengths, strict=True)
        ]
        lags = np.arange(sequences.n_steps, 0, -1)
        return cls(estimator, windows, sequences, lags, channel_names(None, estimator.n_channels_))

    def batches(self) -> list[slice]:
        """Return slices of the sequences that are small enough to copy."""
        sizes = np.cumsum(self.sequences.lengths * len(self.channels)) // CHUNK_SIZE
        ends = [*(np.flatnonzero(np.diff(sizes)) + 1), len(sizes)]
        return [slice(i, j) for i, j in pairwise([0, *ends])]

    def permuted(
        self, part: slice, step: int, channel: int, order: NDArray[np.intp] | None
    ) -> list[NDArray[Any]]:
        """Return a batch with a lag of a channel in another order of the sequences that have it."""
        if order is None:
            return self.windows[part]
        lag = int(self.lags[step])
        has_lag = self.sequences.lengths >= lag
        source = np.arange(len(order))
        source[has_lag] = order[has_lag[order]]
        batch = list(self.windows[part])
        for i, k in enumerate(range(part.start, part.stop)):
            if has_lag[k]:
                batch[i] = batch[i].copy()
                batch[i][-lag, channel] = self.windows[source[k]][-lag, channel]
        return batch


@dataclass(frozen=True)
class WindowModel:
    """A fitted estimator that predicts from windows, and windows.

    Attributes
    ----------
    estimator : estimator
        The final estimator, without preceding steps.
    windows : ndarray of shape (n_windows, n_steps, n_channels)
        Input of the estimator; a view where possible.
    lags : ndarray of shape (n_steps,)
        Lag of each step in rows.
    channels : list of str
        Names of the channels.
    as_input : callable
        Converts a batch of windows to the input format of the estimator.
    grid : LagGrid or None
        If channels have different lags, where the columns of windows of one step belong.
    """

    estimator: Any
    windows: NDArray[Any]
    lags: NDArray[np.intp]
    channels: list[str]
    as_input: AsInput
    grid: LagGrid | None = None

    def batches(self) -> list[slice]:
        """Return slices of the windows that are small enough to copy."""
        n_windows, n_steps, n_channels = self.windows.shape
        size = max(1, CHUNK_SIZE // (n_steps * n_channels))
        return [slice(i, min(i + size, n_windows)) for i in range(0, n_windows, size)]

    def permuted(self, part: slice, step: int, channel: int, order: NDArray[np.intp] | None) -> Any:
        """Return a batch of the input, with one lag of one channel in another order of windows."""
        batch = self.windows[part]
        if order is not None:
            batch = np.array(batch, order="C")
            batch[:, step, channel] = self.windows[order[part], step, channel]
        return self.as_input(batch)


def find_windows(estimator: Any, X: Any) -> WindowModel | RaggedModel:
    """Apply all steps before the final estimator, and return their output as windows.

    They are those of a `RaggedModel` if a network reads sequences of different length, also if
    these are an array with padding.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator that predicts from windows, a pipeline with a `LagTransformer`, or a
        search for either.
    X : array-like
        Input of the estimator.
    """
    layout, names = None, None
    inside = open_search(estimator)
    while isinstance(inside, Pipeline):
        layout, names = pipeline_layout(inside, X) or (layout, names)
        X = inside[:-1].transform(X) if len(inside) > 1 else X
        inside = open_search(inside[-1])
    if isinstance(X, WindowArray):
        layout = layout or (X.lags, channel_names(X.channels, X.shape[2]))
    elif layout is None and names is None and hasattr(inside, "_read_sequences"):
        sequences = _read_by_network(inside, X)
        if isinstance(sequences, Ragged):
            return RaggedModel.of(inside, sequences)
        X = sequences.array() if comes_as_list(X) else X
    data = X if hasattr(X, "ndim") else _as_array(X)
    if data.ndim == 3:
        windows, grid = np.asarray(data), None
        as_input: AsInput = _unchanged if get_tags(inside).input_tags.three_d_array else _flatten
    else:
        windows, layout, as_input, grid = _windows_of_table(inside, data, layout, names)
    n_steps, n_channels = windows.shape[1:]
    if not windows.size:
        raise ValueError(
            "X must give at least one window, with a step and a channel; got windows of shape "
            f"{windows.shape}."
        )
    if layout is None:
        layout = np.arange(n_steps, 0, -1), channel_names(None, n_channels)
    lags, channels = layout
    if (len(lags), len(channels)) != (n_steps, n_channels):
        raise ValueError(
            f"{type(inside).__name__} gets windows of {n_steps} steps and {n_channels} channels, "
            f"but LagTransformer returned {len(lags)} steps and {len(channels)} channels; the "
            "pipeline steps between them must keep all columns."
        )
    return WindowModel(inside, windows, lags, channels, as_input, grid)


def _windows_of_table(
    model: Any, data: Any, layout: Layout | None, names: Sequence[Any] | None
) -> tuple[NDArray[Any], Layout | None, AsInput, LagGrid | None]:
    """Return the columns of a table as windows, and what finds them in it.

    Where channels have different lags a window has one step, whose channels are all columns.
    """
    table, as_input = np.asarray(data), _AsTable(_names_to_give(model, data))
    if layout is None:
        known = getattr(model, "feature_names_in_", None)
        known = get_feature_names(data) if known is None else known
        names = list(names if names is not None else () if known is None else known)
        by_channel, others = columns_by_lag(names)
        if by_channel and (others or not have_equal_lags(by_channel)):
            grid = LagGrid.of(names)
            columns = [str(name) for name in names]
            return table[:, np.newaxis], (np.zeros(1, dtype=np.intp), columns), as_input, grid
        if found := read_lag_names(names, getattr(model, "n_channels", None)):
            channels = [name or f"x{i}" for i, name in enumerate(found.channels)]
            layout = found.lags.max(axis=1), channels
            table, as_input = table[:, found.order], replace(as_input, order=found.order.argsort())
    n_channels = len(layout[1]) if layout else getattr(model, "n_channels_", None)
    if n_channels is None:
        raise ValueError(
            f"The lags and channels of the columns of X that {type(model).__name__} reads are "
            "unknown; give a pipeline with a LagTransformer, columns named by channel and lag "
            "such as price_lag3, or windows of shape (n_samples, n_steps, n_channels)."
        )
    return _unflatten(table, n_channels), layout, as_input, None


def _read_by_network(network: Any, X: Any) -> Windows | Ragged:
    """Return sequences as a network reads them, if its predictions have lags."""
    name = type(network).__name__
    if hasattr(network, "word_attention_weights"):
        raise ValueError(f"X must be sequences, whose steps are lags; {name} reads documents.")
    check_is_fitted(network)
    sequences: Windows | Ragged = network._read_sequences(X)[0]
    if isinstance(sequences, Ragged) and network.return_sequences:
        raise ValueError(
            "lag_importance of sequences of different length needs one prediction for each; got "
            f"{name} with return_sequences=True, in which each step has lags of its own."
        )
    return sequences


def _as_array(X: Any) -> NDArray[Any]:
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            "X must hold windows of as many steps each; got sequences of different lengths, which "
            "attributions() reads."
        ) from error


def _names_to_give(model: Any, data: Any) -> Any:
    """Return the names of columns that a model gets in a table; None if it was fitted without."""
    is_without = hasattr(model, "n_features_in_") and not hasattr(model, "feature_names_in_")
    return None if is_without else get_feature_names(data)


def _unflatten(table: NDArray[Any], n_channels: int) -> NDArray[Any]:
    """Reshape a table whose columns are blocks of channels, oldest first, to windows."""
    n_rows, n_columns = table.shape
    if n_columns % n_channels:
        raise ValueError(
            f"The final estimator gets {n_columns} columns, which is not a multiple of "
            f"n_channels={n_channels}."
        )
    return table.reshape(n_rows, n_columns // n_channels, n_channels)


def _unchanged(windows: NDArray[Any]) -> NDArray[Any]:
    return windows


def _flatten(windows: NDArray[Any]) -> NDArray[Any]:
    return windows.reshape(len(windows), -1)


@dataclass(frozen=True)
class _AsTable:
    """Converts windows to a table: a DataFrame if the columns have names, in an order if given."""

    names: Any = None
    order: NDArray[np.intp] | None = None

    def __call__(self, windows: NDArray[Any]) -> Any:
        table = _flatten(windows)
        table = table if self.order is None else table[:, self.order]
        return table if self.names is None else pd.DataFrame(table, columns=self.names)
