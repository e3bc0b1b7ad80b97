"""Forms of X that are not one sequence in each row: texts, documents, and tables of other kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from sklearn_rnn._sequences.input_form import Reading
from sklearn_rnn._sequences.lag_names import has_lag_names
from sklearn_rnn._sequences.lists import as_list, is_sequence
from sklearn_rnn._sklearn.containers import check_is_read, check_keeps_labels
from sklearn_rnn._sklearn.validation import are_dates

LISTS = ("list", "array", "large_list", "fixed_size_list")
"""How the types of columns with a list in each cell begin, of polars and arrow."""


def check_form(X: Any, name: str, reading: Reading) -> None:
    """Check that X is a list of sequences, or a table of them or of rows, as an estimator reads it.

    Parameters
    ----------
    X : object
        What the estimator was given.
    name : str
        The class of the estimator, for messages.
    reading : Reading
        How the estimator reads X.

    Raises
    ------
    TypeError
        If X is a table in groups, or unread, or has a sequence in each cell.
    ValueError
        If X has the index of a table in long form, with a row for each step; or holds texts, or
        documents in place of tokens.
    """
    check_is_read(X)
    check_keeps_labels(X)
    _check_container(X)
    if isinstance(X, list | tuple | np.ndarray) or hasattr(X, "to_list"):
        _check_elements(X, name, reading)
    elif hasattr(X, "to_pylist"):
        _check_elements(as_list(X), name, reading)
    reads_rows = reading.missing != "refused" and not reading.is_table
    if len(getattr(X, "columns", ())) == 1 and _holds_texts(column := list(X[X.columns[0]])):
        _check_elements(column, name, reading)
    if hasattr(X, "schema"):
        _check_cells(X)
    if isinstance(X, pd.Series) and isinstance(X.index, pd.MultiIndex) and reads_rows:
        raise ValueError(
            "X has a MultiIndex, as tables with a row for each step have; give "
            "sequences_from_frame(X), of sklearn_rnn."
        )
    if not isinstance(X, pd.DataFrame) or not len(X):
        return
    objects = [i for i, dtype in enumerate(X.dtypes) if dtype.kind == "O"]
    nested = [X.columns[i] for i in objects if is_sequence(X.iat[0, i])]
    if nested:
        many = "a list of arrays, [np.column_stack(row) for row in X.to_numpy()]"
        raise TypeError(
            f"X must hold numbers, but the cells of its column {nested[0]!r} hold sequences; give "
            f"{many if X.shape[1] > 1 else f'X[{nested[0]!r}]'}, or with a row for each step "
            "sequences_from_frame(frame, by=..., time=...), of sklearn_rnn."
        )
    has_form = reading.n_channels is not None or has_lag_names(X.columns)
    if isinstance(X.index, pd.MultiIndex) and reads_rows and not has_form:
        raise ValueError(
            f"X has a MultiIndex, as tables with a row for each step have, but {name} reads each "
            "row as one sequence; give sequences_from_frame(X), of sklearn_rnn, or n_channels=1 if "
            "each row is a sequence."
        )


def _holds_texts(column: list[Any]) -> bool:
    """Return whether values are texts that are neither numbers nor dates."""
    if not column or not all(isinstance(value, str) for value in column):
        return False
    are_numbers = pd.to_numeric(pd.Series(column), errors="coerce").notna().any()
    return not (are_numbers or are_dates(column))


def _check_container(X: Any) -> None:
    """Check that X is no container that an array, a table or a list has to be made of."""
    kind = type(X).__name__
    how = {"PackedSequence": "torch.nn.utils.rnn.unpack_sequence(X)"}.get(kind)
    if kind.endswith("GroupBy"):
        how = "sequences_from_frame(frame, by=...), of sklearn_rnn, in place of frame.groupby(...)"
    elif getattr(X, "is_nested", None) is True:
        how = "list(X.unbind())"
    elif isinstance(X, Mapping) and not issparse(X):  # some sparse arrays are dictionaries
        how = "list(X.values())"
    elif isinstance(X, Iterator):
        how = "list(X)"
    if how is not None:
        raise TypeError(f"X must hold sequences; got a {kind}: give {how}.")


def _check_cells(X: Any) -> None:
    """Check that the cells of a table of polars or arrow hold no lists."""
    schema = X.schema if isinstance(X.schema, Mapping) else {f.name: f.type for f in X.schema}
    nested = [name for name, dtype in schema.items() if str(dtype).lower().startswith(LISTS)]
    if nested:
        raise TypeError(
            f"X must hold numbers, but the cells of its column {nested[0]!r} hold sequences; give "
            f"this column alone, X[{nested[0]!r}], or with a row for each step "
            "sequences_from_frame(frame, by=..., time=...), of sklearn_rnn."
        )


def _check_elements(X: Any, name: str, reading: Reading) -> None:
    """Check that the elements of a list or the like are no tables, texts or documents."""
    if getattr(X, "ndim", 1) != 1 or not len(X):
        return
    first = next(iter(X))
    parts = first if isinstance(first, tuple) else (first,)  # of names and tables
    if any(hasattr(part, "columns") for part in parts):
        raise TypeError(
            "X must hold arrays; got tables: give [table.to_numpy() for table in X], or one table "
            "in long form as sequences_from_frame(frame), of sklearn_rnn."
        )
    others = [i for i, x in enumerate(X) if not is_sequence(x)]
    if 0 < len(others) < len(X):
        raise ValueError(
            f"X holds sequences, but X[{others[0]}] is {list(X)[others[0]]!r}; leave that sample "
            "out, or give an empty list for a sequence without steps."
        )
    firsts = [next(iter(x)) if is_sequence(x) and len(x) else x for x in X]
    if isinstance(firsts[0], str | bytes):
        reader = name if reading.missing == "steps" else "GRUClassifier"
        raise ValueError(
            f"X holds texts, but {name} reads numbers; TextSequencer makes tokens of texts, for "
            "recurrent and convolutional networks: make_pipeline(TextSequencer(), "
            f"{reader}(embedding_dim=32))."
        )
    if reading.tokens and any(is_sequence(first) and len(first) > 1 for first in firsts):
        raise ValueError(
            f"X must hold one token at each step, but {name} got several; give sequences of "
            "integers. Documents, lists of sentences, are for HierarchicalAttentionClassifier."
        )
