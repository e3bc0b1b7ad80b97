"""Forms of X that are not one sequence in each row: texts, documents, and tables of other kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklearn_rnn._sequences.input_form import Reading
from sklearn_rnn._sequences.lag_names import has_lag_names
from sklearn_rnn._sequences.lists import is_sequence
from sklearn_rnn._sklearn.validation import check_is_read


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
    if isinstance(X, list | tuple | np.ndarray) or hasattr(X, "to_list"):
        _check_elements(X, name, reading)
    if type(X).__name__.endswith("GroupBy"):
        raise TypeError(
            f"X must hold sequences; got a {type(X).__name__}: give sequences_from_frame(frame, "
            "by=...), of sklearn_rnn, in place of frame.groupby(...)."
        )
    if not isinstance(X, pd.DataFrame) or not len(X):
        return
    objects = [i for i, dtype in enumerate(X.dtypes) if dtype.kind == "O"]
    nested = [X.columns[i] for i in objects if is_sequence(X.iat[0, i])]
    if nested:
        raise TypeError(
            f"X must hold numbers, but the cells of its column {nested[0]!r} hold sequences; give "
            "a list of arrays, [np.column_stack(row) for row in X.to_numpy()], or with a row for "
            "each step sequences_from_frame(frame, by=..., time=...), of sklearn_rnn."
        )
    reads_rows = reading.missing != "refused" and not reading.is_table
    has_form = reading.n_channels is not None or has_lag_names(X.columns)
    if isinstance(X.index, pd.MultiIndex) and reads_rows and not has_form:
        raise ValueError(
            f"X has a MultiIndex, as tables with a row for each step have, but {name} reads each "
            "row as one sequence; give sequences_from_frame(X), of sklearn_rnn, or n_channels=1 if "
            "each row is a sequence."
        )


def _check_elements(X: Any, name: str, reading: Reading) -> None:
    """Check that the elements of a list or the like are no tables, texts or documents."""
    if getattr(X, "ndim", 1) != 1 or not len(X):
        return
    if hasattr(next(iter(X)), "columns"):
        raise TypeError(
            "X must hold arrays; got tables: give [table.to_numpy() for table in X], or one table "
            "in long form as sequences_from_frame(frame), of sklearn_rnn."
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
