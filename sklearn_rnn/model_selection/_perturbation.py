"""Other values in some rows of a table, and which rows of a result differ for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype
from scipy.sparse import issparse

from sklearn_rnn._sequences.categories import learn_labels
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.preprocessing._times import read_times

TOLERANCE = 1e-6
"""Differences up to this share of the range of a column are rounding."""

_CHUNK = 2**20
"""Number of values that are compared at once."""

Mask = NDArray[np.bool_]


def is_table(data: Any) -> bool:
    """Return whether values of single columns can be replaced."""
    is_array = isinstance(data, np.ndarray) and data.ndim <= 2
    return isinstance(data, pd.DataFrame | pd.Series) or is_array


def value_columns(table: Any, names: Collection[Any] = ()) -> list[int]:
    """Return the positions of the columns with numbers or categories; not those with these names.

    Text is none if it holds dates, or has hardly a value twice.
    """
    if isinstance(table, pd.DataFrame):
        columns = enumerate(table.items())
        return [i for i, (name, c) in columns if name not in names and _has_values(c)]
    if not is_numeric_dtype(table.dtype):
        return []
    return list(range(table.shape[1] if table.ndim == 2 else 1))


def _has_values(column: pd.Series) -> bool:
    """Return whether a column holds numbers or categories."""
    if is_numeric_dtype(column.dtype):
        return True
    try:
        labels = learn_labels(column.to_frame(), flatten=False)
    except ValueError:  # text that is no category
        return False
    return any(read_times(known)[0].name in ("none", "numbers") for known in labels.values())


def column_of(table: Any, column: int) -> Any:
    """Return the values of a column of a table, as an array of numpy, or else of pandas."""
    if isinstance(table, pd.DataFrame):
        table = table.iloc[:, column]
    if isinstance(table, pd.Series):
        return table.to_numpy() if isinstance(table.dtype, np.dtype) else table.array
    return table[:, column] if table.ndim == 2 else table


def perturb(table: Any, rows: Mask, columns: Collection[int], random: np.random.RandomState) -> Any:
    """Return a copy of a table with other values in some rows and columns.

    Missing values stay missing.

    Parameters
    ----------
    table : DataFrame, Series or ndarray of shape (n_rows,) or (n_rows, n_columns)
        The table.
    rows : ndarray of bool, of shape (n_rows,)
        Which rows change.
    columns : collection of int
        Positions of the columns that change.
    random : RandomState
        Draws the values.
    """
    changed = table.copy()
    for column in columns:
        values = _other_values(column_of(table, column), rows, random)
        if isinstance(changed, pd.DataFrame):
            changed.isetitem(column, values)
        elif isinstance(changed, pd.Series):
            changed = pd.Series(values, index=table.index, name=table.name)
        elif changed.ndim == 2:
            changed[:, column] = values
        else:
            changed = values
    return changed


def with_rows_of(table: Any, other: Any, rows: Mask) -> Any:
    """Return a copy of a table whose values in some rows are those of another."""
    changed = table.copy()
    if not isinstance(table, pd.DataFrame):
        changed[rows] = other[rows]
        return changed
    for column in range(table.shape[1]):
        values = column_of(table, column).copy()
        values[rows] = column_of(other, column)[rows]
        changed.isetitem(column, values)
    return changed


def draw_rows(data: Any, rows: Mask, random: np.random.RandomState) -> Any:
    """Return data of any kind with some rows replaced by others, such as windows or lists."""
    drawn = np.arange(len(rows))
    drawn[rows] = random.randint(len(rows), size=rows.sum())
    return take_rows(data, drawn)


def _other_values(values: Any, rows: Mask, random: np.random.RandomState) -> Any:
    """Return a column with values of other rows in some rows; fractions are rescaled, too.

    Labels and whole numbers, which may be classes, remain those of the column. Fractions leave its
    range, and with it a maximum, but positive ones remain positive, and those from 0 to 1 within
    these.
    """
    known = ~np.asarray(pd.isna(values), dtype=bool)
    changed = values.copy()
    codes, unique = pd.factorize(values[known])
    rows = rows[known]
    places, n_drawn = np.flatnonzero(known)[rows], int(rows.sum())
    if not n_drawn:
        return changed
    other = codes[rows] + random.randint(1, max(len(unique), 2), size=n_drawn)
    drawn = unique[other % len(unique)]
    if is_float_dtype(values.dtype):
        numbers = np.asarray(values[known], dtype=np.float64)
        low, high = numbers.min(), numbers.max()
        if (low < 0 or high > 1) and (numbers != np.round(numbers)).any():
            center = numbers.mean() if low < 0 else 0.0
            drawn = center + np.exp(random.uniform(-1, 1, n_drawn)) * (drawn - center)
            drawn = drawn.astype(values.dtype)
    changed[places] = drawn
    return changed


def changed_rows(before: Any, after: Any) -> Mask:
    """Return which rows of a result differ, by more than rounding.

    Parameters
    ----------
    before, after : array-like of shape (n_rows, ...)
        Tables, windows, sparse matrices, or lists of arrays, with the same number of rows.

    Returns
    -------
    ndarray of bool, of shape (n_rows,)
        A missing value equals a missing value. Numbers are equal up to `TOLERANCE` of the range of
        their column in `before`.
    """
    if isinstance(before, pd.DataFrame):
        found = [
            changed_rows(column_of(before, i), column_of(after, i)) for i in range(before.shape[1])
        ]
        return np.logical_or.reduce([np.zeros(len(before), dtype=bool), *found])
    if isinstance(before, pd.Series):
        before, after = column_of(before, 0), column_of(after, 0)
    if isinstance(before, list):
        pairs = zip(before, after, strict=True)
        return np.array([_differ(a, b) for a, b in pairs], dtype=bool)
    if is_sparse := issparse(before):
        before, after = before.toarray(), after.toarray()
    is_number = is_sparse or (is_numeric_dtype(before.dtype) and not is_bool_dtype(before.dtype))
    if not is_number:
        a, b = np.asarray(before, dtype=object), np.asarray(after, dtype=object)
        return any_in_row(~((a == b) | (pd.isna(a) & pd.isna(b))))
    return _changed_numbers(as_floats(before), as_floats(after))


def _changed_numbers(before: NDArray[Any], after: NDArray[Any]) -> Mask:
    """Return which rows of numbers differ, a block of rows at a time."""
    if not before.size:
        return np.zeros(len(before), dtype=bool)
    with np.errstate(invalid="ignore"):
        extent = np.fmax.reduce(before, axis=0) - np.fmin.reduce(before, axis=0)
        allowed = TOLERANCE * np.where(np.isfinite(extent), extent, 0.0)
        size = max(1, _CHUNK * len(before) // before.size)
        found = []
        for start in range(0, len(before), size):
            a, b = before[start : start + size], after[start : start + size]
            same = (a == b) | (np.abs(a - b) <= allowed) | (np.isnan(a) & np.isnan(b))
            found.append(any_in_row(~same))
    return np.concatenate(found)


def as_floats(values: Any) -> NDArray[Any]:
    """Return numbers of any type as floats, without a copy if they are."""
    if isinstance(values, pd.api.extensions.ExtensionArray):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    values = np.asarray(values)
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _differ(a: Any, b: Any) -> bool:
    if isinstance(a, str) or np.ndim(a) == 0:
        return not (a == b or (pd.isna(a) and pd.isna(b)))
    a, b = np.asarray(a), np.asarray(b)
    return a.shape != b.shape or bool(changed_rows(a, b).any())


def any_in_row(mask: Mask) -> Mask:
    """Return which rows have any True value."""
    return np.asarray(mask.reshape(len(mask), -1).any(axis=1))
