"""What is not yet known at some test rows: the rows after them, and their targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.model_selection._leakage_rows import Rows
from sklearn_rnn.model_selection._perturbation import is_table


@dataclass(frozen=True)
class Perturbation:
    """Raw rows and columns that are given other numbers.

    Attributes
    ----------
    moment : int
        The moment of the test rows at which they are not yet known.
    name : str
        Describes them.
    rows : ndarray of bool, of shape (n_raw_rows,)
        The raw rows.
    columns : list of int
        The columns.
    kind : {'later', 'target', 'row'}
        Whether they are the rows after the moment, the targets of the moment, or its rows.
    """

    moment: int
    name: str
    rows: NDArray[np.bool_]
    columns: list[int]
    kind: Literal["later", "target", "row"]


def unknown_rows(
    rows: Rows, test: NDArray[np.intp], sources: list[int], n: int, random: np.random.RandomState
) -> Iterator[Perturbation]:
    """Yield the rows after up to n test rows, the targets of up to n, and up to n rows themselves.

    They are preferably chosen where a value that is missing may have been filled by what is not
    yet known.

    Parameters
    ----------
    rows : Rows
        The rows.
    test : ndarray of int
        Test rows of a fold.
    sources : list of int
        The columns that the target of the same row depends on.
    n : int
        Number of test rows.
    random : RandomState
        Draws the test rows.
    """
    moments = np.unique(rows.order[test])
    missing = rows.missing()
    was_missing = np.vstack([np.zeros_like(missing[:1]), missing[:-1]])
    is_last = missing & ~np.vstack([missing[1:], np.zeros_like(missing[:1])])
    preferred = [is_last & was_missing, is_last]  # filled in the row before, too, which lags read
    for moment in _choose(rows, moments, preferred, n, random):
        later = rows.raw_order > moment
        if later.any():
            name = f"rows after {rows.name(moment)}"
            yield Perturbation(moment, name, later, rows.columns, "later")
    is_first = was_missing & ~missing
    if sources:
        for moment in _choose(rows, moments, [is_first[:, sources]], n, random):
            same, name = rows.raw_order == moment, f"target of {rows.name(moment)}"
            yield Perturbation(moment, name, same, sources, "target")
    if is_table(rows.raw):
        for moment in _choose(rows, moments, [is_first], n, random):
            same, name = rows.raw_order == moment, f"row {rows.name(moment)}"
            yield Perturbation(moment, name, same, rows.columns, "row")


def _choose(
    rows: Rows,
    moments: NDArray[np.intp],
    preferred: list[NDArray[np.bool_]],
    n: int,
    random: np.random.RandomState,
) -> list[int]:
    """Return the first moment, some of those with preferred raw values, and others at random."""
    chosen, rest = moments[:1], moments[1:-1]  # no test row follows the last
    for values in preferred:
        found = np.intersect1d(rest, rows.raw_order[values.any(axis=1)])
        drawn = random.permutation(np.setdiff1d(found, chosen))
        chosen = np.concatenate([chosen, drawn])[: 1 + n // 2]
    drawn = random.permutation(np.setdiff1d(rest, chosen))
    return sorted(np.concatenate([chosen, drawn])[:n].tolist())
