"""Validation of arguments: errors name the argument, and leave the estimator as it was."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pandas.api.types import (
    is_bool_dtype,
    is_complex_dtype,
    is_integer_dtype,
    is_numeric_dtype,
    is_string_dtype,
)
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from sklearn_rnn._modules.memory import check_memory as check_memory
from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn._sklearn.containers import as_numpy, check_is_read, check_keeps_labels
from sklearn_rnn._sklearn.memory_errors import name_sizes

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

_TIMES = " If it holds the times of the rows,"


@contextmanager
def prefix_errors(name: str) -> Iterator[None]:
    """Prefix errors of the block with the name of an argument, unless they name one."""
    try:
        yield
    except (TypeError, ValueError) as error:
        named = rf"\b(x|y|{name.replace('_', '[_ ]')})\b"
        if re.search(named, str(error).partition("\n")[0], re.IGNORECASE):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error


@contextmanager
def restore_on_error(thing: Any) -> Iterator[None]:
    """Restore the attributes of an object if the block raises an exception.

    Values of attributes are not copied, so changes inside of them remain. Torch's grad mode and
    number of threads are restored too: a Ctrl-C in the ``__enter__`` of ``no_grad`` leaves it
    without an ``__exit__``, and later fits of the process would fail. If memory could not be
    allocated, the error names the parameters of an estimator that determine its size.
    """
    before, modes = dict(vars(thing)), (torch.is_grad_enabled(), torch.get_num_threads())
    try:
        yield
    except BaseException as error:  # including Ctrl-C
        vars(thing).clear()
        vars(thing).update(before)
        torch.set_grad_enabled(modes[0])
        if torch.get_num_threads() != modes[1]:
            torch.set_num_threads(modes[1])
        name_sizes(thing, error)
        raise


def check_numbers(values: Any, name: str = "X") -> None:
    """Check that an argument contains real numbers.

    Parameters
    ----------
    values : object
        A DataFrame or array-like. Sparse matrices are left to scikit-learn.
    name : str, default="X"
        Name of the argument.

    Raises
    ------
    TypeError or ValueError
        If it does not. The error names the argument, and the column of a DataFrame.
    """
    if not isinstance(values, np.ndarray):
        check_is_read(values, name)
    if isinstance(values, pd.DataFrame):
        for dtype in set(values.dtypes):
            _check_columns(values, dtype, name)
    elif hasattr(values, "schema"):
        _check_polars(values, name)
    elif not hasattr(values, "dtypes") and not issparse(values):
        _check_array(values, name)


def are_dates(labels: Iterable[Any]) -> bool:
    """Return whether all labels are text that begins with a date."""
    return all(isinstance(label, str) and _DATE.match(label) for label in labels)


def check_table(X: Any, estimator: Any) -> Any:
    """Return X as a table with columns: a DataFrame, also of a Series, or an array."""
    X = as_table(X)
    if hasattr(X, "columns"):
        return X
    return check_array(X, estimator=estimator, input_name="X", ensure_all_finite=False)


def validate_features(
    estimator: Any, X: Any = "no_validation", y: Any = "no_validation", *, reset: bool, **how: Any
) -> Any:
    """Call scikit-learn's ``validate_data``, unless it would return X as it is.

    That is so of an array of the columns of `fit`, if ``skip_check_array`` is set: to find no names
    in it takes as long as the prediction of a row.
    """
    is_checked = not reset and how.get("skip_check_array") and isinstance(y, str)
    if is_checked and type(X) is np.ndarray and not hasattr(estimator, "feature_names_in_"):
        n_features = X.shape[1] if how["ensure_2d"] else estimator.n_features_in_
        if n_features == estimator.n_features_in_:
            return X
    return validate_data(estimator, X, y, reset=reset, **how)


def check_target(y: Any, name: str = "y", dtype: Any = np.float64) -> NDArray[Any]:
    """Return y as a finite array of `dtype`, of one dimension or more."""
    is_plain = type(y) is np.ndarray and y.ndim and y.size and y.dtype.char in "fdil"
    if is_plain and np.isfinite(y).all():
        return np.asarray(y, dtype)  # there is nothing to refuse
    check_numbers(y, name)
    y = y if isinstance(y, np.ndarray) else as_numpy(y, name)
    try:
        with prefix_errors(name):
            array = check_array(y, ensure_2d=False, allow_nd=True, dtype=dtype, input_name=name)
    except ValueError as error:
        name_missing(error, y)
        raise
    return np.asarray(array)


def name_missing(error: ValueError, y: Any) -> None:
    """Raise scikit-learn's error for missing targets, if it is that, with their rows and a fix."""
    if str(error).startswith("Input y contains NaN"):
        raise ValueError(f"{missing_rows(y)}; leave them out of X and y.") from error


def missing_rows(y: Any, kept: Any = True) -> str:
    """Return the part of an error that names rows without a target, of those `kept`."""
    missing = np.asarray(pd.isna(y.toarray() if issparse(y) else np.asarray(y)))
    rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1) & kept).tolist()
    first = ", ".join(map(str, rows[:3])) + ", ..." * (len(rows) > 3)
    return (
        f"Input y contains NaN. Of {len(missing)} rows {len(rows)} lack a target, at the positions "
        f"{first} (y.shift(-1) leaves such rows at the end)"
    )


def check_targets(y: Any, X: Any) -> None:
    """Check that y, if given, has one or two dimensions and one target per sample of X."""
    by_step = "Networks take a target for each step with return_sequences=True."
    if y is None or isinstance(y, str):
        return
    if not isinstance(y, np.ndarray):
        check_is_read(y, "y")
    if not (hasattr(y, "__len__") or hasattr(y, "shape")):
        return
    dtype = getattr(y, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        raise ValueError(f"Complex data not supported: y has the dtype {dtype}.")
    shape = getattr(y, "shape", ())
    if len(shape) > 2:
        raise ValueError(
            f"y must have one or two dimensions; got the shape {tuple(shape)}. {by_step}"
        )
    if not hasattr(y, "shape") or (shape and getattr(dtype, "kind", "") == "O"):
        sizes = {len(t) for t in y if hasattr(t, "__len__") and not isinstance(t, str | bytes)}
        if len(sizes) > 1 or any(getattr(t, "ndim", 0) > 1 for t in y):
            raise ValueError(f"y must hold one target for each sequence; got arrays. {by_step}")
    check_length("y", y, X)
    check_labels(y, X)


def check_labels(y: Any, X: Any) -> None:
    """Check that rows of X and y, in memory, that stand beside each other have the same label.

    Labels are those of a pandas index. An index that only numbers the rows from 0 is none, unless
    the other one consists of integers, too.

    Parameters
    ----------
    y, X : object
        Targets and samples; not checked if there are not as many of the one as of the other.

    Raises
    ------
    TypeError
        If one of them is still to be read or computed.
    ValueError
        If y has the labels of X in another order.

    Warns
    -----
    UserWarning
        If y has other labels than X.
    """
    for name, values in (("X", X), ("y", y)):
        if not isinstance(values, np.ndarray):
            check_is_read(values, name)
    rows, targets = (t.index if isinstance(t, pd.DataFrame | pd.Series) else None for t in (X, y))
    if rows is None or targets is None or len(rows) != len(targets) or rows.equals(targets):
        return
    if _only_numbers(rows, targets) or _only_numbers(targets, rows):
        return
    labels = rows.append(targets).factorize()[0].reshape(2, -1)
    if np.array_equal(*np.sort(labels)):
        raise ValueError(
            "y has the index labels of X in another order, but rows are matched by position; give "
            "y.loc[X.index]."
        )
    first = int(np.argmax(labels[0] != labels[1]))
    warnings.warn(
        f"The indexes of X and y differ: row {first} is {rows[first]!r} in X and "
        f"{targets[first]!r} in y. Rows are matched by position; if that is intended, give "
        "y.to_numpy().",
        UserWarning,
        stacklevel=2,
    )


def _only_numbers(index: pd.Index, other: pd.Index) -> bool:
    """Return whether an index only numbers the rows, beside one of another kind."""
    is_default = isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))
    return is_default and not is_integer_dtype(other.dtype)


def check_length(name: str, values: Any, X: Any) -> None:
    """Check that an argument has one value per sample of X."""
    n_values, n_samples = num_samples(values), num_samples(X)
    if n_values != n_samples:
        raise ValueError(
            f"{name} has {n_values} samples, but X has {n_samples}; give one for each sample of X."
        )


def _check_columns(table: pd.DataFrame, dtype: Any, name: str) -> None:
    """Check the columns of a DataFrame that have a certain dtype."""
    held = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    is_number = is_numeric_dtype(held) or is_bool_dtype(held)  # the bool of arrow is not numeric
    if is_number and not is_complex_dtype(held):
        return
    for i in np.flatnonzero([other == dtype for other in table.dtypes]):
        column = table.iloc[:, int(i)]
        where = f"column {table.columns[int(i)]!r}"
        if is_complex_dtype(held):
            raise ValueError(f"Complex data not supported: {where} of {name} is {dtype}.")
        if not is_string_dtype(dtype):
            raise TypeError(
                f"{name} must hold numbers, but its {where} is of the dtype {dtype}; encode it or "
                f"leave it out.{_name_index(dtype.kind in 'mM', table.columns[int(i)])}"
            )
        try:
            column.astype(np.float64)
        except (TypeError, ValueError) as error:
            message = f"{name} must hold numbers. In its {where}: {error}."
            if are_dates(column.dropna()):
                message += f"{_TIMES} convert it by pandas.to_datetime, and make it the index."
                message += " If it holds categories, give it a categorical dtype."
            raise type(error)(message) from error


def _check_polars(table: Any, name: str) -> None:
    """Check the columns of a polars DataFrame that are not numbers."""
    for column, dtype in table.schema.items():
        if dtype.is_temporal():
            raise TypeError(
                f"{name} must hold numbers, but its column {column!r} is of the dtype {dtype}; "
                f"encode it or leave it out.{_TIMES} name it, LagTransformer(time={column!r})."
            )
        if not dtype.is_numeric():
            _check_array(table[column].to_numpy(), f"column {column!r} of {name}")


def _name_index(is_time: bool, column: Any) -> str:
    """Return the sentence of an error that tells what to do with the times of the rows."""
    name = f"X.set_index({column!r}), or name it, LagTransformer(time={column!r})"
    return f"{_TIMES} make it the index, {name}." * is_time


def as_table(X: Any) -> Any:
    """Return a Series with a name as a table of one column, anything else as it is."""
    if _is_series(X) and X.name not in (None, ""):
        return X.to_frame()
    check_dimensions(X)
    return as_numpy(X)


def check_dimensions(X: Any) -> None:
    """Check that X is no Series, which is a table of one column only if it is made one."""
    if isinstance(X, np.ndarray):
        return
    check_is_read(X)
    check_keeps_labels(X)
    if _is_series(X):
        raise ValueError("X must have two dimensions; got a Series: give X.to_frame().")


def _is_series(X: Any) -> bool:
    """Return whether X is a Series of pandas or polars."""
    return hasattr(X, "to_frame") and not isinstance(X, pd.Index)


def _check_array(values: Any, name: str) -> None:
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            if any(isinstance(value, complex | np.complexfloating) for value in array.flat):
                raise TypeError("a value is complex")
            array.astype(np.float64)
    except (TypeError, ValueError) as error:
        if "omplex" in str(error):
            raise ValueError(
                f"Complex data not supported: {name} holds complex numbers."
            ) from error
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} must hold numbers, in a regular array. {error}") from error
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has the dtype {array.dtype}.")
    if array.dtype.kind in "mMSU":
        kind = TypeError if array.dtype.kind in "mM" else ValueError
        raise kind(f"{name} must hold numbers; got the dtype {array.dtype}.")
