"""Which columns of a table hold the target in the same row."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_complex_dtype, is_numeric_dtype

from sklearn_rnn._sklearn.compat import safe_indexing


def target_names(target: Any) -> list[Any]:
    """Return the names or positions that a parameter `target` holds; of None none."""
    if target is None or isinstance(target, str | Integral):
        return [] if target is None else [target]
    return list(target)


def find_target_columns(
    target: Any, X: Any, y: NDArray[np.float64], but: Sequence[Any] = ()
) -> list[int]:
    """Return the position of the column of X that each target equals, row by row.

    Parameters
    ----------
    target : str, int, sequence of them or None
        Names or positions of the columns, one for each target. None finds them.
    X : DataFrame or ndarray of shape (n_rows, n_columns)
        Rows. A missing value equals any target.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        Targets.
    but : sequence of str
        Names of columns that are not values of the series, such as times.

    Returns
    -------
    list of int
        Positions from 0.

    Raises
    ------
    ValueError
        If a named column differs from its target, or not exactly one column equals a target.
    """
    names = list(getattr(X, "columns", range(X.shape[1])))
    targets = y.reshape(len(y), -1).T
    if target is None:
        candidates = [i for i, name in enumerate(names) if name not in but]
        return [_find_equal(X, values, candidates, names) for values in targets]
    given = target_names(target)
    if len(given) != len(targets):
        raise ValueError(
            f"target must name one column of X for each of the {len(targets)} targets in y; got "
            f"{target!r}."
        )
    columns = [_find_named(name, names, hasattr(X, "columns")) for name in given]
    for column, values in zip(columns, targets, strict=True):
        _check_equal(X, column, values, names[column])
    return columns


def replace_column(X: Any, column: int, values: Any) -> Any:
    """Return a copy of a table with other values in a column."""
    if isinstance(X, pd.DataFrame):
        X = X.copy()
        X.isetitem(column, values)
        return X
    if hasattr(X, "with_columns"):  # a DataFrame of polars
        return X.with_columns(type(X[:, column])(X.columns[column], values))
    X = X.copy()
    X[:, column] = values
    return X


def _find_named(name: Any, names: list[Any], has_names: bool) -> int:
    """Return the position of a column that is named, or given by its position."""
    if isinstance(name, str) and name in names:
        return names.index(name)
    is_position = isinstance(name, Integral) and not isinstance(name, bool | np.bool_)
    if is_position and 0 <= int(name) < len(names):
        return int(name)
    known = f", or one of its columns, {names}" if has_names else ""
    raise ValueError(
        f"target must be a position of a column of X, from 0 to {len(names) - 1}{known}; got "
        f"{name!r}."
    )


def _find_equal(X: Any, target: NDArray[np.float64], columns: list[int], names: list[Any]) -> int:
    """Return the only column that equals a target."""
    equal = [column for column in columns if not _differs(X, column, target).any()]
    if len(equal) == 1:
        return equal[0]
    if equal:
        raise ValueError(
            f"target must name the column of X that is y, since {len(equal)} of them equal y row "
            f"by row: {[names[column] for column in equal]}; set target={names[equal[0]]!r}, or "
            "leave one of them out of X."
        )
    raise ValueError(
        "target: no column of X equals y row by row, but predictions need earlier values of y; "
        "add y as a column to X, and use LagTransformer with delay=1 or more."
    )


def _check_equal(X: Any, column: int, target: NDArray[np.float64], name: Any) -> None:
    differs = _differs(X, column, target)
    if not differs.any():
        return
    row = int(differs.argmax())
    value = np.asarray(safe_indexing(X, column, axis=1))[row]
    raise ValueError(
        f"target: the column {name!r} of X must equal y row by row; row {row} is {value} in X and "
        f"{target[row]} in y. Give y=X[{name!r}], or name the column that equals y."
    )


def _differs(X: Any, column: int, target: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return in which rows a column differs from a target: in all if it holds no numbers."""
    values = safe_indexing(X, column, axis=1)
    if not isinstance(values, pd.Series):
        values = pd.Series(np.asarray(values))
    values = values.infer_objects()
    if not is_numeric_dtype(values.dtype) or is_complex_dtype(values.dtype):
        return np.ones(len(target), dtype=bool)
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    size = getattr(values.dtype, "itemsize", 8)
    if values.dtype.kind == "f" and size < 8:  # rounded when it was stored
        target = target.astype(f"f{size}").astype(np.float64)
    observed = ~np.isnan(numbers)
    return np.asarray((numbers != target) & observed) if observed.any() else ~observed
