"""Targets of several steps: the values of y in a row and in those that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._layout import Layout, Window

Index = NDArray[np.intp]


def following_values(
    layout: Layout, values: NDArray[Any], chosen: Index, horizon: int
) -> NDArray[Any]:
    """Return the values of rows and of those that follow them, which must all be present.

    Parameters
    ----------
    layout : Layout
        Places of the rows of a table.
    values : ndarray of shape (n_rows, ...)
        A value of each.
    chosen : ndarray of int, of shape (n_chosen,)
        Rows of the table.
    horizon : int
        Number of rows, from the row itself on.

    Returns
    -------
    ndarray of shape (n_chosen, horizon, ...)
        The values.
    """
    following = layout.places[chosen, np.newaxis] + np.arange(horizon)
    return np.asarray(values[layout.row_at(following)])


def following_targets(
    X: Any, y: Any, horizon: int, lags: Sequence[LagTransformer]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return for each row y in it and in the rows that follow it in its series.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        Rows, whose times are read.
    y : array-like of shape (n_rows,)
        A value of each.
    horizon : int
        Number of rows, from the row itself on.
    lags : sequence of LagTransformer
        Those of a model, fitted or not, which tell how rows are counted.

    Returns
    -------
    targets : ndarray of shape (n_rows, horizon)
        Targets; where one is missing, all are y in the row itself.
    is_missing : ndarray of bool, of shape (n_rows,)
        Rows that are not followed by so many rows without a gap.
    """
    values = check_array(y, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name="y")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim > 1:
        raise ValueError(
            f"y must be one series, of which horizon={horizon} makes the targets; got the shape "
            f"{values.shape}. Give one column, or set horizon=1."
        )
    if isinstance(X, WindowArray):
        raise ValueError(
            f"X must be rows for horizon={horizon}, not windows; make_lagged(horizon={horizon}) "
            "gives windows with their targets."
        )
    layout = _place(X, len(values), lags)
    is_complete = layout.is_complete(horizon=horizon)
    if not is_complete.any():
        raise ValueError(
            f"horizon={horizon} is too long: none of the {len(values)} rows of X is followed by "
            f"{horizon - 1} rows of its series without a gap; set a shorter one."
        )
    targets = np.repeat(values[:, np.newaxis], horizon, axis=1)
    chosen = np.flatnonzero(is_complete)
    targets[chosen] = following_values(layout, values, chosen, horizon)
    return targets, ~is_complete


def _place(X: Any, n_rows: int, lags: Sequence[LagTransformer]) -> Layout:
    """Return the places of rows as LagTransformers count them, which must agree."""
    first, *others = lags or [LagTransformer()]
    names = ("max_gap", "lag_unit", "time", "series")
    for other in others:
        if different := [name for name in names if getattr(other, name) != getattr(first, name)]:
            name = different[0]
            raise ValueError(
                "horizon: LagTransformers must count rows in the same way, so that it is known "
                f"which rows follow; got {name}={getattr(first, name)!r} and "
                f"{name}={getattr(other, name)!r}."
            )
    if hasattr(first, "_history"):
        history, kind = first._history, first._history.kind
    else:
        history, kind = History(LagCount(first.lag_unit, first.max_gap)), None
    return history.place(first._read_timeline(X, n_rows, kind), Window(1, 0, 1)).layout
