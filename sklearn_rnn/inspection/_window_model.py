"""The final estimator of a pipeline, and its input as windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sequences.lag_names import channel_names, read_lag_names
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import get_feature_names
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

Layout = tuple[NDArray[np.intp], list[str]]
"""The lag of each step, and the names of the channels."""

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
    """

    estimator: Any
    windows: NDArray[Any]
    lags: NDArray[np.intp]
    channels: list[str]
    as_input: Callable[[NDArray[Any]], Any]

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
    layout = None
    inside = open_search(estimator)
    while isinstance(inside, Pipeline):
        layout = _layout(inside, X) or layout
        X = inside[:-1].transform(X) if len(inside) > 1 else X
        inside = open_search(inside[-1])
    if isinstance(X, WindowArray):
        layout = layout or (X.lags, channel_names(X.channels, X.shape[2]))
    elif layout is None and hasattr(inside, "_read_sequences"):
        sequences = _read_by_network(inside, X)
        if isinstance(sequences, Ragged):
            return RaggedModel.of(inside, sequences)
        X = sequences.array() if comes_as_list(X) else X
    data = X if hasattr(X, "ndim") else _as_array(X)
    as_input: Callable[[NDArray[Any]], Any]
    if data.ndim == 3:
        windows = np.asarray(data)
        as_input = _unchanged if get_tags(inside).input_tags.three_d_array else _flatten
    else:
        table, as_input = np.asarray(data), _AsTable(get_feature_names(data))
        if layout is None and (found := _named_layout(inside, data)):
            layout, order = found
            table, as_input = table[:, order], _AsTable(as_input.names, np.argsort(order))
        n_channels = len(layout[1]) if layout else getattr(inside, "n_channels_", None)
        if n_channels is None:
            raise ValueError(
                f"The lags and channels of the columns of X that {type(inside).__name__} reads are "
                "unknown; give a pipeline with one LagTransformer, columns named by channel and "
                "lag such as price_lag3, or windows of shape (n_samples, n_steps, n_channels)."
            )
        windows = _unflatten(table, n_channels)
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
    return WindowModel(inside, windows, lags, channels, as_input)


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


def _named_layout(model: Any, data: Any) -> tuple[Layout, NDArray[np.intp]] | None:
    """Return lags and channels by the names of columns, and the order in which these follow."""
    names = getattr(model, "feature_names_in_", None)
    names = get_feature_names(data) if names is None else names
    found = read_lag_names(names, getattr(model, "n_channels", None))
    if found is None:
        return None
    channels = [name or f"x{i}" for i, name in enumerate(found.channels)]
    return (found.lags.max(axis=1), channels), found.order


def _layout(pipeline: Pipeline, X: Any) -> Layout | None:
    """Return lags and channels of the last `LagTransformer` of a pipeline, or None."""
    steps = [step for _, step in pipeline.steps[:-1]]
    positions = [i for i, step in enumerate(steps) if isinstance(step, LagTransformer)]
    if not positions:
        return None
    i = positions[-1]
    lagger = steps[i]
    given: Any = getattr(lagger, "feature_names_in_", None)
    names: Any = lagger._channels()  # without the columns of times and series
    if names is None:
        names = given = _names_before(pipeline[:i] if i else None, X, lagger.n_features_in_)
    if lagger.flatten and i + 1 < len(steps):
        _check_columns_are_kept(pipeline[i + 1 : -1], lagger.get_feature_names_out(given))
    lags = lagger.delay + lagger.step * np.arange(lagger.n_lags - 1, -1, -1)
    return lags, [str(name) for name in names]


def _names_before(before: Pipeline | None, X: Any, n_columns: int) -> list[str]:
    """Return the names of the input columns of a step, or x0, x1, ..."""
    try:
        names = list(X.columns) if before is None else list(before.get_feature_names_out())
    except (AttributeError, ValueError):
        names = []
    return channel_names(names, n_columns)


def _check_columns_are_kept(steps: Pipeline, names: NDArray[Any]) -> None:
    """Check that the steps after a `LagTransformer` do not combine or select its columns."""
    try:
        kept = list(steps.get_feature_names_out(names)) == list(names)
    except (AttributeError, ValueError):
        kept = False
    if not kept:
        raise ValueError(
            "The steps after LagTransformer must keep its columns, as StandardScaler does; "
            f"{[type(step).__name__ for _, step in steps.steps]} do not, or lack "
            "get_feature_names_out."
        )


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
