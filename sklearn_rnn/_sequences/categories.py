"""Categories as codes in rows of numbers, and the labels that the codes stand for.

The code of a category is its position among the labels, from 1; 0 stands for a missing label, and
for one that is not among them. One that is text where no label is, or no text where all are, is an
error: 1 is not "1".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.validation import are_dates, check_numbers

Labels = Mapping[int, "pd.Index[Any]"]
"""The labels of each channel, or column, that holds categories, by its position."""

POLARS = {"Categorical": "category", "Enum": "category", "String": "text"}

FEW_LABELS = 20
"""Text with more labels is no category if it has another one in more than every second row."""


def learn_labels(table: Any, *, flatten: bool) -> Labels:
    """Return the sorted labels that occur in the columns of a DataFrame that are categories.

    Parameters
    ----------
    table : object
        Of a DataFrame of pandas or polars, columns of text and of a categorical dtype are
        categories, whatever their labels are. Other tables have none.
    flatten : bool
        Whether the columns become flat windows, in which nothing would tell codes from numbers.

    Raises
    ------
    ValueError
        If there are categories that become flat, or text that has hardly a value twice.
    """
    kinds = [_kind(table, i, dtype) for i, dtype in enumerate(_dtypes(table))]
    labels = {i: pd.Categorical(_values(table, i)).categories for i, k in enumerate(kinds) if k}
    names = list(table.columns) if labels else []
    for i, known in list(labels.items()):
        if kinds[i] == "text" and len(known) and are_dates(known):
            del labels[i]  # for the error about a column of dates
        elif kinds[i] == "text" and len(known) > max(FEW_LABELS, len(table) / 2):
            raise ValueError(
                f"X must hold numbers or categories, but its column {names[i]!r} is text with "
                f"{len(known)} different values in {len(table)} rows; convert it, leave it out, or "
                "give it a categorical dtype."
            )
    if labels and flatten:
        raise ValueError(
            f"X has the categories {[names[i] for i in labels]}, but flat windows, as of linear "
            "models, hold numbers alone; encode them first, by OneHotEncoder in a "
            "ColumnTransformer, leave them out, or take a network, with flatten=False in its "
            "LagTransformer."
        )
    return labels


def as_numbers(table: Any, labels: Labels) -> Any:
    """Return a table with codes in place of categories, after a check that it holds numbers."""
    if labels and not hasattr(table, "columns"):
        raise ValueError(
            f"X must be a DataFrame, since its columns {list(labels)} were categories in fit; got "
            f"{type(table).__name__}."
        )
    coded = table.copy(deep=False) if isinstance(table, pd.DataFrame) else table
    for i, known in labels.items():
        codes = _codes(known, _values(table, i), table.columns[i])
        if isinstance(coded, pd.DataFrame):
            coded.isetitem(i, codes)
        else:
            column = coded[:, i]
            coded = coded.with_columns(type(column)(column.name, codes))
    check_numbers(coded)
    return coded


def joined_labels(before: Labels, later: Labels) -> Labels:
    """Return the labels of each channel with those behind them that only `later` has."""
    if not before.keys() == later.keys():
        raise ValueError(
            f"X has categories in the columns {list(later)}, but other pieces in {list(before)}; "
            "give each column the same dtype in all pieces."
        )
    return {c: before[c].append(later[c].difference(before[c])) for c in before}


def check_has_none(table: Any) -> None:
    """Check that no column of a DataFrame, which is no windows, has a categorical dtype."""
    names = [
        table.columns[i]
        for i, dtype in enumerate(_dtypes(table))
        if _kind(table, i, dtype) == "category"
    ]
    if names:
        raise ValueError(
            f"X has the categories {names}, which are read in windows alone: for a network put "
            "LagTransformer(1, delay=0) before it; otherwise encode them, by OneHotEncoder in a "
            "ColumnTransformer, or convert them to numbers."
        )


def as_fitted(
    sequences: Windows | Ragged, labels: Labels, fitted: Labels, names: Sequence[str] | None
) -> Windows | Ragged:
    """Return the same sequences with the codes of the labels of fit; `names` of the channels."""
    changed = [c for c in fitted if not labels[c].equals(fitted[c])]
    if not changed:
        return sequences
    rows = sequences.rows.copy()
    for channel in changed:
        name = channel if names is None else names[channel]
        codes = np.append(0, _codes(fitted[channel], labels[channel], name))
        rows[:, channel] = codes[rows[:, channel].astype(np.intp)]
    return replace(sequences, rows=rows)


def check_channels(
    labels: Labels,
    fitted: Labels | None,
    names: Sequence[str] | None,
    needs_numbers: str | None,
    estimator: str,
) -> None:
    """Check that categories can be read, and are in the channels in which they were in fit.

    Parameters
    ----------
    labels, fitted : Labels
        Those of X, and of fit if that is over.
    names : sequence of str or None
        Names of the channels.
    needs_numbers : str or None
        What cannot read categories, empty for the estimator; None if they can be read.
    estimator : str
        Its name.
    """
    found, before = (
        [c if names is None else names[c] for c in each or ()] for each in (labels, fitted)
    )
    if found and needs_numbers is not None:
        raise ValueError(
            f"X has the categories {found}, but {needs_numbers or estimator} needs numbers; "
            "encode them before LagTransformer, by OneHotEncoder in a ColumnTransformer."
        )
    if fitted is not None and found != before:
        raise ValueError(
            f"X has the categories {found}, but in fit there were {before}; give the columns the "
            "dtypes that they had in fit."
        )


def check_channel_names(name: str, found: Any, fitted: Any) -> None:
    """Check that channels with names are those of `fit`, in their order."""
    if None not in (found, fitted) and found != fitted:
        raise ValueError(
            f"X has the channels {_listed(found)}, but {name} was fitted on {_listed(fitted)}; "
            "give the same channels in the same order."
        )


def _listed(names: tuple[str, ...], most: int = 10) -> str:
    return f"{list(names[:most])}"[:-1] + (", ...]" if len(names) > most else "]")


def _dtypes(table: Any) -> list[Any]:
    if isinstance(table, pd.DataFrame):
        return list(table.dtypes)
    return list(table.schema.values()) if hasattr(table, "get_columns") else []


def _kind(table: Any, position: int, dtype: Any) -> str | None:
    """Return whether a column of a DataFrame is of a categorical dtype, or text, if either."""
    if not isinstance(table, pd.DataFrame):
        return POLARS.get(str(dtype).partition("(")[0])
    if isinstance(dtype, pd.CategoricalDtype) or str(dtype).startswith("dictionary<"):  # of arrow
        return "category"
    is_text = dtype.kind in "OU" and infer_dtype(table.iloc[:, position], skipna=True) == "string"
    return "text" if is_text else None


def _values(table: Any, position: int) -> NDArray[np.object_]:
    if isinstance(table, pd.DataFrame):
        return np.asarray(table.iloc[:, position], dtype=object)
    return np.array(table[:, position].to_list(), dtype=object)


def _codes(labels: pd.Index[Any], values: Any, name: Any) -> NDArray[Any]:
    """Return the codes of values, in a type that leaves a table of float32 what it is."""
    dtype = np.int16 if len(labels) < 2**15 else np.int32
    index = pd.Index(values, dtype=object)
    positions = labels.get_indexer(index)
    _check_types(labels, index[positions < 0].dropna().unique(), name)
    return (positions + 1).astype(dtype)


def _check_types(labels: pd.Index[Any], unknown: pd.Index[Any], name: Any) -> None:
    """Check that unknown labels are text, or not, as some of the labels are."""
    are_text = {isinstance(label, str) for label in labels} or {True, False}
    others = [label for label in unknown if isinstance(label, str) not in are_text]
    if others:
        raise ValueError(
            f"Categories of X must have the type that they had in fit, but the column {name!r} "
            f"holds labels such as {others[:3]}, and in fit such as {labels[:3].tolist()}; convert "
            "it to that type."
        )
