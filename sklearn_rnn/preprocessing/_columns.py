"""Columns by name: known future covariates, and the columns of time and series."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn.preprocessing._layout import Window


def find_columns(
    columns: Any,
    X: Any,
    n_columns: int,
    parameter: str = "known_ahead",
    *,
    named: Sequence[Any] = (),
) -> NDArray[np.intp]:
    """Return which channels a parameter names: columns of X that are neither time nor series.

    Parameters
    ----------
    columns : sequence of str or int, or None
        Names, or positions in X.
    X : object
        The table, whose names are used if it has any.
    n_columns : int
        Number of channels.
    parameter : str, default="known_ahead"
        Name of the parameter, for errors.
    named : sequence of str
        The columns of X that hold times and series, from `named_columns`.

    Returns
    -------
    ndarray of shape (n_found,)
        Positions among the channels, from 0.
    """
    if isinstance(columns, str):
        raise ValueError(
            f"{parameter} must be a list of columns; got {columns!r}, give [{columns!r}]."
        )
    names = list(getattr(X, "columns", ()))
    given = () if columns is None else columns
    n_all = n_columns + len({*named})
    is_channel = np.array([not named or names[i] not in named for i in range(n_all)], dtype=bool)
    found = np.array([_find_column(c, names, n_all, parameter) for c in given], dtype=np.intp)
    for column, position in zip(given, found, strict=True):
        if not is_channel[position]:
            raise ValueError(
                f"{parameter} must not hold the columns time and series, {[*named]}, which are not "
                f"channels; positions count all columns of X, {names}. Got {column!r}."
            )
    return (np.cumsum(is_channel)[found] - 1).astype(np.intp)


def named_columns(X: Any, *names: Any) -> list[Any]:
    """Return the columns of a table that are named, rather than levels of its index."""
    columns = list(getattr(X, "columns", ()))
    return [name for name in names if name is not None and name in columns]


def drop_columns(X: Any, names: Sequence[Any]) -> Any:
    """Return a table of pandas or polars without some of its columns."""
    return X[[name for name in X.columns if name not in names]] if names else X


def _find_column(column: Any, names: Sequence[Any], n_columns: int, parameter: str) -> int:
    if isinstance(column, str):
        if column in names:
            return names.index(column)
        raise ValueError(
            f"{parameter} names the column {column!r}, which X does not have; its columns are "
            f"{names}."
            if names
            else f"{parameter} names the column {column!r}, but X has no column names; give "
            "positions, or a DataFrame."
        )
    is_position = isinstance(column, Integral) and not isinstance(column, bool | np.bool_)
    if not is_position or not 0 <= int(column) < n_columns:
        raise ValueError(
            f"{parameter} must hold names of columns or positions from 0 to {n_columns - 1}; "
            f"got {column!r}."
        )
    return int(column)


def advance_columns(rows: NDArray[Any], columns: NDArray[np.intp], delay: int) -> None:
    """Move columns up by ``delay`` rows in place; their last rows keep their values."""
    if delay and len(columns):
        rows[:-delay, columns] = rows[delay:, columns]


def column_means(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of the observed values of each column; NaN where there are none."""
    total, count = np.zeros(rows.shape[1]), np.zeros(rows.shape[1], dtype=np.intp)
    for piece in row_chunks(*rows.shape):
        sums = np.sum(rows[piece], axis=0, dtype=np.float64)
        if np.isfinite(sums).all():  # then nothing is missing
            total, count = total + sums, count + len(rows[piece])
            continue
        observed = ~np.isnan(rows[piece])
        total += np.sum(rows[piece], axis=0, where=observed, dtype=np.float64)
        count += observed.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)


def lag_names(
    names: NDArray[Any], known_ahead: NDArray[np.intp], window: Window
) -> NDArray[np.object_]:
    """Return the names of the columns of flat windows, such as ``volume_lag3``, oldest first."""
    ahead = np.isin(np.arange(len(names)), known_ahead) * window.delay
    backs = window.delay + window.step * np.arange(window.n_lags - 1, -1, -1)
    pairs = [(back, pair) for back in backs for pair in zip(names, ahead, strict=True)]
    return np.array([f"{name}_lag{back - sooner}" for back, (name, sooner) in pairs], dtype=object)
