"""Which lags of which columns enter an autoregression, and from which order on: `LagTerms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.preprocessing._columns import find_columns
from sklearn_rnn.preprocessing._layout import Window

Index = NDArray[np.intp]

CRITERIA = ("aic", "bic", "cv")
"""What may choose the number of lags."""


@dataclass(frozen=True, eq=False)
class LagTerms:
    """Lags of columns, those of smaller orders first.

    Attributes
    ----------
    columns : ndarray of int, of shape (n_terms,)
        The column of each.
    lags : ndarray of int, of shape (n_terms,)
        Rows from its value to the row of the target.
    back : ndarray of int, of shape (n_terms,)
        Rows from its value to the newest step of a window: less by the delay, unless the column is
        known ahead.
    orders : ndarray of int, of shape (n_terms,)
        The smallest order of a model that has it; 0 if all have it.
    criterion : str or None
        What chooses the order, if there are several.
    """

    columns: Index
    lags: Index
    back: Index
    orders: Index
    criterion: str | None

    def __len__(self) -> int:
        return len(self.lags)

    @property
    def n_orders(self) -> int:
        """Number of orders, from 0 on; 1 if there is nothing to choose."""
        return int(self.orders.max(initial=0)) + 1

    def count(self, order: int) -> int:
        """Return the number of terms of the model of an order."""
        return int(np.count_nonzero(self.orders <= order))

    def first(self, n_terms: int) -> LagTerms:
        """Return the first terms."""
        kept = slice(n_terms)
        parts = (self.columns[kept], self.lags[kept], self.back[kept], self.orders[kept])
        return LagTerms(*parts, self.criterion)

    def window(self, delay: int) -> Window:
        """Return the smallest window that holds all terms, of as few rows as possible."""
        step = gcd(*self.back.tolist()) or 1
        return Window(int(self.back.max(initial=0)) // step + 1, delay, step)

    def values(self, windows: WindowArray, chosen: Index) -> NDArray[np.float64]:
        """Return the values of all terms for some windows, of shape (n_chosen, n_terms)."""
        newest = np.asarray(windows.starts)[chosen] + (windows.n_steps - 1) * windows.step
        read = windows.rows[newest[:, np.newaxis] - self.back, self.columns]
        return np.asarray(read, dtype=np.float64)


def read_terms(
    n_lags: Any,
    max_lags: int,
    X: Any,
    n_columns: int,
    known: Index,
    *,
    delay: int,
    step: int,
    named: Sequence[Any] = (),
) -> LagTerms:
    """Read the parameter `n_lags`.

    Parameters
    ----------
    n_lags : int, str, mapping or sequence
        A number of lags, or a criterion that chooses it; or for each column one of these or a list
        of lags.
    max_lags : int
        The largest number of lags to choose from.
    X : object
        Table whose names of columns are used if it has any.
    n_columns : int
        Number of its columns without those named.
    known : ndarray of int
        Those of these that are known ahead, whose first lag is 0.
    delay, step : int
        First lag of the others, and rows from a lag to the next.
    named : sequence of str
        Columns of X that hold times and series.
    """
    by_column = _by_column(n_lags, X, n_columns, named)
    names = [c for c in getattr(X, "columns", range(n_columns)) if c not in named]
    criteria = {given for given in by_column.values() if isinstance(given, str)}
    if len(criteria) > 1:
        raise ValueError(
            f"n_lags must have the same criterion for all columns that have one; got {n_lags!r}."
        )
    terms = []
    for column, given in by_column.items():
        nearest = 0 if column in known else delay
        for number, lag in enumerate(_lags_of(given, nearest, step, max_lags, names[column])):
            order = number + 1 if isinstance(given, str) else 0
            terms.append((order, lag, column, lag - nearest))
    if not terms and not criteria:
        raise ValueError(f"n_lags must give at least one lag of one column; got {n_lags!r}.")
    orders, lags, columns, back = np.array(sorted(terms), dtype=np.intp).reshape(-1, 4).T
    return LagTerms(columns, lags, back, orders, criteria.pop() if criteria else None)


def _by_column(n_lags: Any, X: Any, n_columns: int, named: Sequence[Any]) -> dict[int, Any]:
    """Return the number of lags, list of lags or criterion of each column that has one."""
    if isinstance(n_lags, Integral | str):
        return dict.fromkeys(range(n_columns), n_lags)
    if isinstance(n_lags, Mapping):
        places = find_columns(list(n_lags), X, n_columns, "n_lags", named=named).tolist()
        if len(set(places)) < len(places):
            raise ValueError(f"n_lags must name each column once; got {n_lags!r}.")
        return dict(zip(places, n_lags.values(), strict=True))
    if len(n_lags) != n_columns:
        other = f" other than {[*named]}" if named else ""
        raise ValueError(
            f"n_lags has {len(n_lags)} entries, but X has {n_columns} columns{other}; give one for "
            "each, "
            "a number of lags or a list of lags, or a dict of columns."
        )
    return dict(enumerate(n_lags))


def _lags_of(given: Any, nearest: int, step: int, max_lags: int, name: Any) -> list[int]:
    """Return the lags of one column."""
    if isinstance(given, str) and given in CRITERIA:
        given = max_lags
    if _is_count(given):
        return list(range(nearest, nearest + int(given) * step, step))
    is_list = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)
    if not is_list or not all(map(_is_count, given)):
        raise ValueError(
            "n_lags must hold for each column a number of lags from 0, a list of lags, or one of "
            f"{list(CRITERIA)}; got {given!r} for column {name!r}."
        )
    lags = sorted(map(int, given))
    if len(set(lags)) < len(lags) or min(lags, default=nearest) < nearest:
        raise ValueError(
            f"n_lags: the lags of column {name!r} must differ and be at least {nearest}, which is "
            f"{'0 for columns known_ahead' if not nearest else 'the delay'}; got {given!r}."
        )
    return lags


def _is_count(value: Any) -> bool:
    return (
        isinstance(value, Integral) and not isinstance(value, bool | np.bool_) and int(value) >= 0
    )


def default_max_lags(windows: WindowArray, step: int) -> int:
    """Return the largest number of lags to choose from: by Schwert, or what the rows suffice for.

    Parameters
    ----------
    windows : WindowArray
        Windows of one lag of all rows.
    step : int
        Rows from a lag to the next.
    """
    n_rows, n_series = len(windows), len(windows.origin.series)
    rule = 12 * (n_rows / n_series / 100) ** 0.25
    n_left = n_rows - n_series * max(0, windows.delay - 1) - 2
    return max(1, min(int(rule), n_left // (n_series * step + windows.shape[2])))


def check_enough(
    n_used: int, windows: WindowArray, has_weight: NDArray[np.bool_], terms: LagTerms
) -> None:
    """Check that so many rows with all lags suffice to fit, and to compare all orders."""
    if not n_used:
        raise ValueError(
            f"None of the {len(windows)} rows of X has all its lags and a positive weight: each "
            f"needs {terms.window(windows.delay).lookback} rows of its series before it, without a "
            "gap; take fewer lags, or give longer series."
        )
    if terms.criterion in ("aic", "bic") and n_used <= len(terms) + 1:
        largest = _largest_order(n_used, windows, has_weight, terms)
        raise ValueError(
            f"n_lags={terms.criterion!r}: the largest model has {len(terms) + 1} coefficients, but "
            f"X has only {n_used} rows with all its lags; "
            f"{f'set max_lags to at most {largest}, or ' if largest else ''}give longer series."
        )


def _largest_order(
    n_used: int, windows: WindowArray, has_weight: NDArray[np.bool_], terms: LagTerms
) -> int:
    """Return the largest order whose model has fewer coefficients than rows to fit; 0 if none has.

    Lower orders have more rows, of which gaps are assumed to cost as many as of the largest order.
    """
    place = np.asarray(windows.starts) - windows.origin.first_starts[windows.series]

    def n_rows(part: LagTerms) -> int:
        return int((has_weight & (place >= part.window(windows.delay).lookback)).sum())

    n_lost = max(0, n_rows(terms) - n_used)
    for order in range(terms.n_orders - 2, 0, -1):
        part = terms.first(terms.count(order))
        if n_rows(part) - n_lost > len(part) + 1:
            return order
    return 0
