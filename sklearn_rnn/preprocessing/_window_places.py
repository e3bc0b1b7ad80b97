"""From rows at their places to windows that know their series, times and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.categories import Labels
from sklearn_rnn._sequences.window_array import Origin, WindowArray
from sklearn_rnn.preprocessing._history import Placement
from sklearn_rnn.preprocessing._timeline import Timeline


def windows_at(
    padded: NDArray[Any],
    timeline: Timeline,
    placement: Placement,
    *,
    channels: Sequence[str] | None,
    known_ahead: NDArray[np.intp],
    categories: Labels,
    complete: NDArray[np.bool_] | None = None,
    chosen: NDArray[np.intp] | None = None,
    n_before: int = 0,
) -> WindowArray:
    """Return the windows of rows of a table, which are not copied.

    Parameters
    ----------
    padded : ndarray of shape (n_places, n_channels)
        Rows at their places.
    timeline : Timeline
        Series and times of the rows of the table.
    placement : Placement
        Their places.
    channels : sequence of str or None
        Names of the channels.
    known_ahead : ndarray of int
        Channels that are read later than the others.
    categories : Labels
        Labels of the channels that hold codes.
    complete : ndarray of bool, of shape (n_windows,), or None
        Which windows are complete; None if all are.
    chosen : ndarray of int or None
        Rows of the table whose windows are returned; None for all.
    n_before : int
        Number of places before the first row of `padded`.

    Returns
    -------
    WindowArray
        Windows over `padded`.
    """
    window, places = placement.layout.window, placement.first_places
    n_untimed = len(places) - len(timeline.labels)
    origin = Origin(
        window.delay,
        None if channels is None else tuple(channels),
        tuple(known_ahead.tolist()),
        (*timeline.labels, *[None] * n_untimed),
        places - window.lookback - n_before,
        categories,
    )
    starts = placement.layout.starts(chosen)
    if n_before:
        starts = np.asarray(starts) - n_before
    times = timeline.index()
    if times is not None and chosen is not None:
        times = times[chosen]
    return WindowArray(padded, starts, window.n_lags, window.step, origin, complete, times)
