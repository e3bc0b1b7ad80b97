"""The channel of X that holds past values of y."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.lag_names import LagColumns
from sklearn_rnn._sequences.target_leaks import is_equal
from sklearn_rnn._sequences.window_array import WindowArray


def channel_names(X: Any, columns: LagColumns | None) -> tuple[str, ...] | None:
    """Return the names of channels: of windows that know them, or of columns named by lags."""
    if isinstance(X, WindowArray):
        return X.channels
    return None if columns is None else columns.channels


def channels_known_ahead(X: Any, columns: LagColumns | None) -> tuple[int, ...]:
    """Return channels whose newest step is nearer to the target than that of others."""
    if isinstance(X, WindowArray):
        return X.origin.known_ahead
    if columns is None:
        return ()
    newest = columns.lags[-1]
    return tuple(np.flatnonzero(newest < newest.max()).tolist())


def channel_at(given: Any, n_channels: int, names: Sequence[str] | None) -> int | None:
    """Return the position of a channel that is given by position or name; None if it has none."""
    if isinstance(given, str):
        return names.index(given) if names and given in names else None
    return None if given is None or not 0 <= given < n_channels else int(given)


def needs_channel(
    standardize: str, n_channels: int, names: Sequence[str] | None, got: str
) -> ValueError:
    """Return the error that asks for the channel of y."""
    named = f" or one of {list(names)}" if names else ""
    return ValueError(
        f'standardize="{standardize}" needs target_channel, the channel of X with past values of '
        f"y: a position below {n_channels}{named}; got {got}."
    )


def find_target_channels(
    given: Any,
    X: Any,
    target: NDArray[Any],
    *,
    standardize: str,
    n_channels: int,
    columns: LagColumns | None,
) -> NDArray[np.intp]:
    """Return the channel of past values of each output.

    Parameters
    ----------
    given : int, str, sequence of them, or None
        Given by the user: the channel of all outputs, or one for each; None to find them.
    X : object
        The training windows.
    target : ndarray of shape (n_windows, n_outputs)
        Targets.
    standardize : str
        The parameter that needs them, for the error.
    n_channels : int
        Number of channels.
    columns : LagColumns or None
        Channels and lags from the names of the columns of a table.

    Raises
    ------
    ValueError
        If there is no such channel, it is known ahead or holds categories, or y equals none or
        several of them.
    """
    names, n_outputs = channel_names(X, columns), target.shape[1]
    error = partial(needs_channel, standardize, n_channels, names)
    if given is None:
        equal = channels_equal_to(X, target)
        if not isinstance(X, WindowArray):
            raise error("None, and X is not windows of LagTransformer or make_lagged")
        for found in equal:
            if len(found) != 1:
                how = f"the channels {found}" if found else "no channel"
                raise error(f"None, and y equals {how} row by row")
        return np.array([found[0] for found in equal])
    each = [given] * n_outputs if np.ndim(given) == 0 else list(given)
    if len(each) != n_outputs:
        raise ValueError(
            f"target_channel has {len(each)} channels, but y has {n_outputs} outputs; give one for "
            "each, or a single one for all."
        )
    places = [channel_at(channel, n_channels, names) for channel in each]
    for channel, place in zip(each, places, strict=True):
        if place is None:
            raise error(repr(channel))
        if place in channels_known_ahead(X, columns):
            raise error(f"{channel!r}, which is in known_ahead: its newest value is not the past")
        if isinstance(X, WindowArray) and place in X.origin.categories:
            raise error(f"{channel!r}, which holds categories")
    return np.array(places, dtype=np.intp)


def channels_equal_to(X: Any, target: NDArray[Any]) -> list[list[int]]:
    """Return, for each output, the channels whose rows it equals: none if X does not know its rows.

    An output is compared with the rows of the targets and, since several outputs may be those of
    several horizons, output j with the rows j later as well. Rows that X does not hold are left
    out, and channels that are known ahead equal nothing.

    Parameters
    ----------
    X : object
        Windows.
    target : ndarray of shape (n_windows, n_outputs)
        Targets.
    """
    n_outputs = target.shape[1]
    if not isinstance(X, WindowArray):
        return [[] for _ in range(n_outputs)]
    row = np.asarray(X.starts) + (X.n_steps - 1) * X.step + X.delay
    candidates = np.setdiff1d(
        np.arange(X.shape[2]), [*X.origin.known_ahead, *X.origin.categories]
    ).tolist()
    return [
        [
            c
            for c in candidates
            if any(_equals(X.rows, row + ahead, target[:, j], c) for ahead in {0, j})
        ]
        for j in range(n_outputs)
    ]


def _equals(
    rows: NDArray[Any], places: NDArray[np.intp], target: NDArray[Any], channel: int
) -> bool:
    held = np.flatnonzero(places < len(rows))
    places = places[held]
    return len(held) > 1 and is_equal(lambda part, c: rows[places[part], c], channel, target[held])
