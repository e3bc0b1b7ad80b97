"""Rows of a test of leakage: how they are made, their order in time, and what is perturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn.model_selection._default_split import times_of
from sklearn_rnn.model_selection._perturbation import (
    changed_rows,
    draw_rows,
    is_table,
    perturb,
    value_columns,
)
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._timeline import time_level

Prepare = Callable[[Any], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of X and y, and the raw rows that they are made of.

    Attributes
    ----------
    raw : array-like
        The raw rows; X without `prepare`.
    prepare : callable or None
        Maps raw rows to X and y.
    X, y : array-like
        What the model is given.
    moments : Index
        What orders the raw rows in time: their times, labels or numbers, each once.
    raw_order, order : ndarray of int
        The moment of each raw row, and of each row of X.
    columns : list of int
        Columns of the raw rows that are perturbed.
    """

    raw: Any
    prepare: Prepare | None
    X: Any
    y: Any
    moments: Any
    raw_order: NDArray[np.intp]
    order: NDArray[np.intp]
    columns: list[int]

    @classmethod
    def read(cls, model: Any, raw: Any, y: Any, prepare: Prepare | None) -> Rows:
        """Return the rows of the arguments of `check_leakage`."""
        if prepare is None:
            order, unique = _number(*moments_of(raw, [model]))
            columns = _columns(raw, _names(model), order) if is_table(raw) else []
            return cls(raw, None, raw, y, unique, order, order, columns)
        X, y = _pair(prepare(raw.copy()))
        raw_order, order, unique = _orders(raw, X, model)
        names = {*_names(model), *getattr(getattr(X, "index", None), "names", ())}
        columns = _columns(raw, names, raw_order)
        return cls(raw, prepare, X, y, unique, raw_order, order, columns)

    def perturbed(
        self, rows: NDArray[np.bool_], columns: Sequence[int], random: np.random.RandomState
    ) -> tuple[Any, Any]:
        """Return X and y with other numbers in some raw rows."""
        if self.prepare is None:
            if is_table(self.raw):
                return perturb(self.raw, rows, columns, random), self.y
            return draw_rows(self.raw, rows, random), self.y
        return self._checked(self.prepare(perturb(self.raw, rows, columns, random)))

    def check_repeats(self) -> None:
        """Check that `prepare` returns the same for the same rows."""
        if self.prepare is None:
            return
        X, y = self._checked(self.prepare(self.raw.copy()))
        if changed_rows(self.X, X).any() or changed_rows(self.y, y).any():
            raise ValueError(
                "prepare must return the same X and y for the same rows; it returned others when "
                "called again. Set its random_state, and let it not change the rows it is given."
            )

    def missing(self) -> NDArray[np.bool_]:
        """Return which values of the raw rows are missing, of shape (n_rows, n_columns)."""
        if not is_table(self.raw):
            return np.zeros((len(self.raw_order), 0), dtype=bool)
        return np.asarray(pd.isna(self.raw), dtype=bool).reshape(len(self.raw_order), -1)

    def name(self, moment: int) -> str:
        """Return a moment in words."""
        return str(self.moments[moment]).removesuffix(" 00:00:00")

    def label(self, row: int) -> Any:
        """Return the label of a row of X: its label in the index, time or number."""
        if isinstance(self.X, pd.DataFrame | pd.Series):
            return self.X.index[row]
        return self.moments[self.order[row]]

    def _checked(self, prepared: Any) -> tuple[Any, Any]:
        """Return X and y that have been prepared again, if they have as many rows."""
        X, y = _pair(prepared)
        if (n := num_samples(X)) != len(self.order):
            raise ValueError(
                f"prepare must return the same rows for other numbers in raw rows; it returned {n} "
                f"in place of {len(self.order)}. Let it keep rows, or leave them out only where "
                "values are missing."
            )
        return X, y


def _pair(prepared: Any) -> tuple[Any, Any]:
    """Return what `prepare` has returned, if it is X and y."""
    if not (isinstance(prepared, tuple) and len(prepared) == 2):
        raise TypeError(f"prepare must return X and y, a tuple; got {type(prepared).__name__}.")
    return prepared


def _columns(table: Any, names: set[Any], order: NDArray[np.intp]) -> list[int]:
    """Return the columns with numbers or categories, other than those named; there must be some."""
    columns = value_columns(table, names)
    if isinstance(table, pd.DataFrame) and len(np.unique(order)) < len(order):
        columns = [c for c in columns if not _names_series(table.iloc[:, c], order)]
    if not columns:
        raise ValueError(
            "X must have columns with numbers or categories, which are perturbed; it has none."
        )
    return columns


def _names_series(column: pd.Series, order: NDArray[np.intp]) -> bool:
    """Return whether labels tell the rows of the same moment apart."""
    return not is_numeric_dtype(column.dtype) and not (
        pd.DataFrame({"moment": order, "label": column.array}).duplicated().any()
    )


def _names(model: Any) -> set[Any]:
    """Return the columns that hold times and series."""
    owners = [model, *find_lags(model)]
    names = {getattr(owner, name, None) for owner in owners for name in ("time", "series")}
    return names - {None}


def moments_of(rows: Any, models: Sequence[Any]) -> tuple[Any, bool]:
    """Return what orders rows in time, and whether by value, as times, or by place."""
    if isinstance(rows, WindowArray) and rows.times is not None:
        return rows.times, True
    times, _ = times_of(rows, models)
    index: Any = rows.index if isinstance(rows, pd.DataFrame | pd.Series) else None
    if times is None and isinstance(index, pd.MultiIndex):
        times = index.get_level_values(time_level(index))
    if times is not None:
        return times, True
    if index is not None and index.is_unique:
        return index, False
    return pd.RangeIndex(num_samples(rows)), False


def _number(moments: Any, is_time: bool) -> tuple[NDArray[np.intp], Any]:
    """Return the number of the moment of each row, and the moments in order."""
    order, unique = pd.factorize(moments, sort=is_time)
    if n := int((order < 0).sum()):
        raise ValueError(f"X must have a time in each row; {n} are missing. Leave these rows out.")
    return order, unique


def _orders(raw: Any, X: Any, model: Any) -> tuple[NDArray[np.intp], NDArray[np.intp], Any]:
    """Return the moment of each raw row, that of each row of X, and the moments."""
    moments, is_time = moments_of(raw, [model])
    prepared, has_times = moments_of(X, [model])
    if has_times and prepared.name is not None and prepared.name in getattr(raw, "columns", ()):
        moments, is_time = pd.Index(raw[prepared.name]), True
    raw_order, unique = _number(moments, is_time)
    if isinstance(X, WindowArray | pd.DataFrame | pd.Series):
        order = pd.Index(unique).get_indexer(prepared)
        if (order >= 0).all():
            return raw_order, np.asarray(order), unique
    if num_samples(X) != len(raw_order):
        raise ValueError(
            f"prepare must return X with labels of the raw rows, or as many rows; it returned "
            f"{num_samples(X)} rows of {len(raw_order)}. Give a DataFrame, and let prepare keep "
            "its index."
        )
    if has_times and not is_time:
        raw_order, unique = _number(prepared, True)
    return raw_order, raw_order, unique
