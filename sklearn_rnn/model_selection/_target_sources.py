"""Columns that the target of the same row depends on, and which are not known before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from sklearn_rnn._sequences.target_leaks import columns_at_lag_zero
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.model_selection._leakage_rows import Rows
from sklearn_rnn.model_selection._perturbation import as_floats, changed_rows, column_of

_N_MOMENTS = 3
"""Number of test rows at which the columns are perturbed."""

_N_DRAWS = 5
"""Numbers drawn for each, since not all change the target, such as a sign."""


def find_sources(rows: Rows, test: NDArray[np.intp], random: np.random.RandomState) -> list[int]:
    """Return the columns of the raw rows that the target of the same row depends on.

    A target, or one of several, that depends on later rows as well is a forecast from its row,
    which is known then.

    Parameters
    ----------
    rows : Rows
        The rows. Without `prepare` the columns are those that y equals.
    test : ndarray of int
        Test rows, at some of which the columns are perturbed.
    random : RandomState
        Draws these rows and their numbers.
    """
    if rows.prepare is None:
        return _equal_to_target(rows)
    moments = np.unique(rows.order[test])
    incomplete = rows.raw_order[rows.missing().any(axis=1)]
    complete = random.permutation(np.setdiff1d(moments, incomplete))
    others = random.permutation(np.intersect1d(moments, incomplete))
    present, found = set(range(len(_outputs(rows.y)))), set()
    moments = np.concatenate([complete, others])[:_N_MOMENTS]
    for moment in moments:
        present -= _changed_outputs(
            rows, rows.raw_order > moment, rows.columns, rows.order == moment, random
        )
    for moment in moments:
        found |= set(_halve(rows, moment, rows.columns, present, random))
    return sorted(found)


def _halve(
    rows: Rows,
    moment: int,
    columns: list[int],
    outputs: set[int],
    random: np.random.RandomState,
) -> list[int]:
    """Halve the columns until single ones remain that change the outputs."""
    if not columns or not outputs:
        return []
    same = rows.raw_order == moment
    if not outputs & _changed_outputs(rows, same, columns, rows.order == moment, random):
        return []
    if len(columns) == 1:
        return columns
    middle = len(columns) // 2
    halves = columns[:middle], columns[middle:]
    return [c for half in halves for c in _halve(rows, moment, half, outputs, random)]


def _changed_outputs(
    rows: Rows,
    raw_rows: NDArray[np.bool_],
    columns: list[int],
    of_target: NDArray[np.bool_],
    random: np.random.RandomState,
) -> set[int]:
    """Return which outputs of some targets change with raw rows and columns."""
    before, found = _outputs(rows.y), set[int]()
    for _ in range(_N_DRAWS):
        after = _outputs(rows.perturbed(raw_rows, columns, random)[1])
        pairs = enumerate(zip(before, after, strict=True))
        found |= {i for i, (a, b) in pairs if (changed_rows(a, b) & of_target).any()}
        if len(found) == len(before):
            break
    return found


def _outputs(y: Any) -> list[Any]:
    """Return the targets of each output."""
    if isinstance(y, pd.DataFrame):
        return [y.iloc[:, i] for i in range(y.shape[1])]
    return list(y.reshape(len(y), -1).T) if isinstance(y, np.ndarray) else [y]


def _equal_to_target(rows: Rows) -> list[int]:
    """Return the columns of X, or channels at the newest step of windows, that y equals."""
    if isinstance(rows.X, WindowArray):
        newest = np.asarray(rows.X)[:, -1]
        columns = {c: newest[:, c] for c in columns_at_lag_zero(rows.X, None)}
    else:
        columns = {c: column_of(rows.X, c) for c in rows.columns}
    if not columns:
        return []
    y = np.asarray(rows.y)
    if y.ndim not in (1, 2):
        return []
    targets = _outputs(y)
    return [c for c, values in columns.items() if any(_are_equal(values, t) for t in targets)]


def _are_equal(values: Any, target: NDArray[Any]) -> bool:
    """Return whether values are the same where both are known, and not all one value."""
    known = ~np.asarray(pd.isna(values) | pd.isna(target), dtype=bool)
    if is_numeric_dtype(values.dtype) and is_numeric_dtype(target.dtype):
        values = as_floats(values)
        target = target.astype(values.dtype)
    values, target = np.asarray(values)[known], target[known]
    return len(values) > 1 and bool((values == target).all() and (values != values[0]).any())
