"""Targets among the inputs: y is a column of X at lag 0."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.categories import Labels
from sklearn_rnn._sequences.lag_names import LagColumns
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn.exceptions import TargetLeakWarning

_recorded: ContextVar[list[str] | None] = ContextVar("_recorded", default=None)

Read = Callable[[slice, int], NDArray[Any]]
"""Returns the values of a channel at lag 0, in some rows."""


def columns_at_lag_zero(X: Any, columns: LagColumns | None) -> dict[int, str]:
    """Return channels whose newest step is the row of the target, and their names.

    Parameters
    ----------
    X : object
        Windows; used only if they have a delay.
    columns : LagColumns or None
        Channels and lags from the names of the columns of a table.
    """
    if columns is not None:
        return column_texts(np.flatnonzero(columns.lags[-1] == 0), columns.channels)
    if not isinstance(X, WindowArray):
        return {}
    return column_texts(X.origin.known_ahead if X.delay else range(X.shape[2]), X.channels)


def column_texts(columns: Iterable[Any], names: Sequence[Any] | None) -> dict[int, str]:
    """Return what to call columns: their names, if they have some."""
    return {int(c): "at position " + str(c) if names is None else repr(names[c]) for c in columns}


def warn_of_target_in_windows(
    sequences: Windows | Ragged, y: Any, channels: Mapping[int, str], categories: Labels
) -> None:
    """Warn if y is one of some channels at the newest step of all windows."""
    if not channels or not isinstance(sequences, Windows):
        return
    rows, last = sequences.rows, (sequences.n_steps - 1) * sequences.step_stride
    newest = sequences.first_rows() + last
    labels = {c: np.array([None, *known], dtype=object) for c, known in categories.items()}

    def read(part: slice, channel: int) -> NDArray[Any]:
        values = rows[newest[part], channel]
        return labels[channel][values.astype(np.intp)] if channel in labels else values

    warn_of_target(read, y, channels)


def warn_of_target(read: Read, y: Any, channels: Mapping[int, str]) -> None:
    """Warn if y, or one of its outputs, equals a channel at lag 0 in all rows.

    Parameters
    ----------
    read : callable
        Takes a slice of rows and a channel, and returns the values of that channel at lag 0.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    channels : mapping of int to str
        Channels, and what to call them.
    """
    try:
        targets = np.asarray(y)
    except ValueError:  # a list of targets of steps, of different length
        return
    if targets.dtype.kind not in "biufOU" or targets.ndim not in (1, 2) or len(targets) < 2:
        return
    for channel, name in channels.items():
        if any(is_equal(read, channel, t) for t in targets.reshape(len(targets), -1).T):
            warn_of_leak(
                f"y equals the column {name} of X at lag 0: the target is among the inputs. Set "
                "delay=1 or more in LagTransformer, take the column out of known_ahead and of "
                "columns that are not lagged (exogenous), or leave it out of X."
            )


def warn_of_leak(message: str) -> None:
    """Raise a `TargetLeakWarning`, and record it for `recorded_leaks`."""
    if (recorded := _recorded.get()) is not None:
        recorded.append(message)
    warnings.warn(message, TargetLeakWarning, stacklevel=3)


@contextmanager
def recorded_leaks() -> Iterator[list[str]]:
    """Record the leaks of which the block warns, in this thread, whether they are shown or not.

    `warnings.catch_warnings` would mix up the filters of threads that fit at the same time.
    """
    recorded: list[str] = []
    token = _recorded.set(recorded)
    try:
        yield recorded
    finally:
        _recorded.reset(token)


def is_equal(read: Read, channel: int, target: NDArray[Any]) -> bool:
    """Return whether target and channel are the same numbers or labels, and not all one.

    Slices grow, so that a difference is found in the first.
    """
    start, size = 0, 8
    while start < len(target):
        part = slice(start, start + size)
        values = read(part, channel)
        wanted = target[part]
        if values.dtype.kind != "O" and target.dtype.kind in "OU":
            return False
        if values.dtype.kind == "f":  # rounded when it was stored
            wanted = wanted.astype(values.dtype)
        if not np.array_equal(values, wanted):
            return False
        start, size = start + size, size * 8
    return bool((target != target[0]).any())
