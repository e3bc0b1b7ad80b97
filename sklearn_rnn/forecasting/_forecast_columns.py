"""What the columns of a table to forecast are: `ForecastColumns`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.forecasting._series_table import SeriesTable
from sklearn_rnn.forecasting._target_columns import target_names


@dataclass(frozen=True)
class ForecastColumns:
    """What the columns of a table are.

    Attributes
    ----------
    target : label or list
        The label of the target, or a list of labels, as the user names them.
    targets : list
        The labels of the targets.
    known, static, past : list
        Columns that are known ahead, constant in each series, and known in the past alone.
    all : list
        All of them, in the order of the table.
    """

    target: Any
    targets: list[Any]
    known: list[Any]
    static: list[Any]
    past: list[Any]
    all: list[Any]

    @classmethod
    def of(cls, table: SeriesTable, target: Any, known: Any, static: Any) -> ForecastColumns:
        """Read the parameters that name columns.

        Raises
        ------
        ValueError
            If there is no such column, one is named twice, or a static column is not constant.
        """
        columns = table.values.columns.tolist()
        known, static = _names("known_ahead", known, columns), _names("static", static, columns)
        others = [c for c in columns if c not in [*known, *static]]
        target = _find_target(target, columns, others)
        targets = target if isinstance(target, list) else [target]
        named = [*targets, *known, *static]
        if twice := [c for c in dict.fromkeys(named) if named.count(c) > 1]:
            raise ValueError(
                f"target, known_ahead and static must name different columns; got {twice} twice."
            )
        for column in static:
            _check_constant(table, column)
        past = [c for c in others if c not in targets]
        return cls(target, targets, known, static, past, columns)

    def targets_alone(self) -> ForecastColumns:
        """Return the same without any other column, for forecasts that read none."""
        return ForecastColumns(self.target, self.targets, [], [], [], self.targets)

    @property
    def unknown(self) -> list[Any]:
        """The columns whose values ahead are unknown."""
        return [*self.targets, *self.past]

    def select(self, table: SeriesTable, name: str) -> SeriesTable:
        """Return a table with the columns of fit alone, in their order, and targets as floats."""
        if missing := [c for c in self.all if c not in table.values.columns]:
            raise ValueError(f"{name} lacks the columns {missing} of the training data.")
        check_numbers(table.values[self.targets], name)
        values = table.values[self.all].astype(dict.fromkeys(self.targets, float))
        return replace(table, values=values)

    def check_known(self, ahead: SeriesTable, has_past: bool) -> None:
        """Check that rows ahead have the columns that are known."""
        if missing := [c for c in self.known if c not in ahead.values.columns]:
            past = ", past=past" * has_past
            raise ValueError(
                f"The columns {missing} are known_ahead: give rows ahead with their values in "
                "place of a number of steps: rows = "
                f"forecaster.rows_ahead({ahead.lengths.max()}{past}), then rows[{missing[0]!r}] = "
                f"..., and predict(rows{past})."
                if not len(ahead.values.columns)
                else f"Rows ahead lack the columns {missing}, which are known_ahead."
            )

    def of_ahead(self, before: SeriesTable, ahead: SeriesTable) -> pd.DataFrame:
        """Return the values of the columns whose values are known in rows ahead.

        Parameters
        ----------
        before : SeriesTable
            The past of the same series.
        ahead : SeriesTable
            Rows ahead.
        """
        values = ahead.values[self.known].copy()
        at = {label: end - 1 for label, end in zip(before.labels, before.starts[1:], strict=True)}
        last = np.repeat([at[label] for label in ahead.labels], ahead.lengths)
        for column in self.static:
            values[column] = before.values[column].array[last]
        return values


def _names(parameter: str, given: Any, columns: Sequence[Any]) -> list[Any]:
    """Return the columns that a parameter names."""
    names = [] if given is None else list(given)
    if missing := [name for name in names if name not in columns]:
        raise ValueError(
            f"{parameter} must name columns of X, of which there are {list(columns)}; got "
            f"{missing}."
        )
    return names


def _find_target(target: Any, columns: list[Any], others: list[Any]) -> Any:
    """Return the label of the target column, or a list of labels."""
    if target is None and len(others) == 1:
        return others[0]
    names = target_names(target)
    if not names or not set(names) <= set(columns):
        raise ValueError(f"target must be one or more of the columns {columns}; got {target!r}.")
    return target if isinstance(target, str | Integral) else names


def _check_constant(table: SeriesTable, column: Any) -> None:
    """Check that a column has one value in each series."""
    values = table.values[column]
    first = values.array[np.repeat(table.starts[:-1], table.lengths)]
    differs = np.asarray((values != first) & ~(values.isna() & pd.isna(first)))
    if differs.any():
        number = int(table.codes[np.argmax(differs)])
        raise ValueError(
            f"static: the column {column!r} must have one value in each series; that of "
            f"{table.describe(number)} changes. Name it in known_ahead if it is known in advance."
        )
