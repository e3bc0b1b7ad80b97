"""Columns whose values are known beforehand, such as the day of the week."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray


def find_columns(columns: Any, X: Any, n_columns: int) -> NDArray[np.intp]:
    """Return the positions of the columns named by the parameter ``known_ahead``.

    Parameters
    ----------
    columns : sequence of str or int, or None
        Names or positions.
    X : object
        The table, whose names are used if it has any.
    n_columns : int
        Number of its columns.

    Returns
    -------
    ndarray of shape (n_found,)
        Positions from 0.
    """
    names = list(getattr(X, "columns", ()))
    found = [
        _find_column(column, names, n_columns) for column in (() if columns is None else columns)
    ]
    return np.array(found, dtype=np.intp)


def _find_column(column: Any, names: Sequence[Any], n_columns: int) -> int:
    if isinstance(column, str):
        if column in names:
            return names.index(column)
        raise ValueError(
            f"known_ahead names the column {column!r}, which X does not have; its columns are "
            f"{names}."
            if names
            else f"known_ahead names the column {column!r}, but X has no column names; give "
            "positions, or a DataFrame."
        )
    is_position = isinstance(column, Integral) and not isinstance(column, bool | np.bool_)
    if not is_position or not 0 <= int(column) < n_columns:
        raise ValueError(
            f"known_ahead must hold names of columns or positions from 0 to {n_columns - 1}; "
            f"got {column!r}."
        )
    return int(column)


def advance_columns(rows: NDArray[Any], columns: NDArray[np.intp], delay: int) -> None:
    """Move columns up by ``delay`` rows in place; their last rows keep their values."""
    if delay and len(columns):
        rows[:-delay, columns] = rows[delay:, columns]
