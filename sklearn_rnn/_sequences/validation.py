"""Validate X: every form of it becomes sequences over rows of channels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite

from sklearn_rnn._sequences.categories import (
    Labels,
    as_fitted,
    check_channel_names,
    check_channels,
    check_has_none,
)
from sklearn_rnn._sequences.input_form import InputForm, Reading, channel_lags
from sklearn_rnn._sequences.lag_names import LagColumns
from sklearn_rnn._sequences.lists import as_list, comes_as_list, is_list_of_sequences, read_list
from sklearn_rnn._sequences.order_warnings import warn_of_order
from sklearn_rnn._sequences.ragged import Ragged, concatenate, trim_absent_steps
from sklearn_rnn._sequences.reading_warnings import warn_of_misreading
from sklearn_rnn._sequences.storage import are_nan, has_inf, has_nan, is_finite
from sklearn_rnn._sequences.table_columns import read_columns, reshape_columns
from sklearn_rnn._sequences.table_forms import check_form
from sklearn_rnn._sequences.target_leaks import columns_at_lag_zero, warn_of_target_in_windows
from sklearn_rnn._sequences.tokens import as_tokens
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows, window_rows
from sklearn_rnn._sklearn.containers import as_numpy
from sklearn_rnn._sklearn.validation import (
    check_dimensions,
    check_numbers,
    check_targets,
    name_missing,
    prefix_errors,
)

FloatArray = NDArray[np.float64]
Validate = Callable[..., Any]
"""scikit-learn's ``validate_data``, as an estimator calls it on itself; see `validate_features`."""


def check_sequences(
    validate: Validate,
    X: Any,
    y: Any = "no_validation",
    *,
    name: str,
    reading: Reading,
    form: InputForm | None = None,
) -> tuple[Windows | Ragged, Any, InputForm]:
    """Validate X and y, and return X as sequences over rows, without a copy if possible.

    Parameters
    ----------
    validate : callable
        ``validate_data`` of scikit-learn with the estimator as its first argument, and ``reset``.
        It keeps, or checks, ``n_features_in_`` and ``feature_names_in_`` of a 2-D X.
    X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
        The columns of two dimensions are `n_steps` blocks of `n_channels`, oldest first, or in
        any order if they are named by their lags in `fit`. Arrays of
        a list, of shape (n_steps_i, n_channels) or (n_steps_i * n_channels,), may differ in their
        number of steps if ``reading.missing`` is "steps".
    y : array-like, optional
        Targets, checked as scikit-learn does for several outputs.
    name : str
        The class of the estimator, for messages.
    reading : Reading
        How to read X.
    form : InputForm, optional
        What X was in `fit`; None while the estimator is being fitted.

    Returns
    -------
    sequences : Windows or Ragged
        The sequences. Their rows are a view of X if its memory layout allows it.
    y : ndarray or "no_validation"
        The checked targets.
    form : InputForm
        What this X is.

    Raises
    ------
    TypeError or ValueError
        If X or y is not what `reading` and the fit ask for; the message names the argument.

    Warns
    -----
    TargetLeakWarning
        In `fit`, if y equals a column of X at lag 0.
    """
    targets = {} if isinstance(y, str) else {"multi_output": True}
    sequences: Windows | Ragged
    y = y if isinstance(y, np.ndarray | str) else as_numpy(y, "y")
    table, is_list, n_channels = X, False, None if form is None else form.n_channels
    columns = None if form is None else form.columns
    knows_rows = isinstance(X, WindowArray) and not reading.tokens
    categories: Labels = X.origin.categories if knows_rows else {}
    if not (knows_rows or isinstance(X, np.ndarray)) or X.dtype.kind in "OSU":
        check_form(X, name, reading)
        X = as_numpy(X)
        X, is_list = _read_as_list(X, reading, form)
    if is_list and (reading.missing == "steps" or len({len(x) for x in X}) > 1):
        check_targets(y, X)
        y = _checked_targets(validate, y, targets)
        sequences = _read_list_of_sequences(name, X, reading, n_channels)
        n_features = sequences.rows.shape[1]
    elif knows_rows:
        y = _checked_with_windows(validate, X, y, targets)
        sequences = _read_windows(name, X, reading, form, categories)
        n_features = X.shape[2]
        if reading.all_missing == "auto":
            reading = replace(reading, all_missing="value")
    else:
        X, y = _checked_array(validate, X, y, reading, targets)
        n_features = X.shape[-1]
        if X.ndim == 3:
            _check_channels(name, X, reading.n_channels, n_channels)
        else:
            columns = read_columns(table, reading) if form is None else columns
            X = reshape_columns(X, reading, columns)
        sequences = _as_windows(X)
    rows = sequences.rows
    finite = is_finite(rows)
    if not finite:
        _check_finite(sequences, name, reading)
    keeps = form.keeps_missing_steps if form else _keeps_missing_steps(sequences, reading, columns)
    if reading.tokens:
        sequences = as_tokens(sequences)
    elif form is None and reading.missing == "steps" and not (keeps or knows_rows):
        _look_for_misreading(X, sequences, name, is_list=is_list)
    if reading.missing == "steps":
        known = finite and not reading.tokens
        sequences = _without_absent_steps(sequences, reading, categories, none=keeps or known)
    if form is None and targets and (knows_rows or columns is not None):
        at_lag_zero = columns_at_lag_zero(table, columns)
        warn_of_target_in_windows(sequences, y, at_lag_zero, categories)
    sizes = n_features, rows.shape[1], sequences.n_steps
    names, lags = (X.channels, channel_lags(X)) if knows_rows else (None, None)
    return sequences, y, InputForm(*sizes, is_list, keeps, columns, names, categories, lags)


def _checked_targets(validate: Validate, y: Any, targets: dict[str, bool]) -> Any:
    """Return the checked targets, if there are any."""
    if not targets:
        return y
    try:
        return validate(y=y, **targets)
    except ValueError as error:
        name_missing(error, y)
        raise


def _read_as_list(X: Any, reading: Reading, form: InputForm | None) -> tuple[Any, bool]:
    """Return X, as a list where it comes as one, and whether it is a list of sequences."""
    X = as_list(X) if comes_as_list(X) else X
    nested = reading.tokens or (form is not None and form.is_list)
    return X, is_list_of_sequences(X, nested=nested and reading.missing == "steps")


def _keeps_missing_steps(
    sequences: Windows | Ragged, reading: Reading, columns: LagColumns | None
) -> bool:
    """Return whether steps with all channels NaN are missing values, and not absent."""
    if reading.tokens or reading.all_missing != "auto":
        return not reading.tokens and reading.all_missing == "value"
    if columns is not None:
        return True
    if not isinstance(sequences, Windows) or sequences.n_windows == 1:
        return False
    window, step = sequences.window_stride, sequences.step_stride
    shared = math.gcd(window, step)  # rows of a transposed array are close, and not shared
    return step // shared < sequences.n_windows and window // shared < sequences.n_steps


def _checked_array(
    validate: Validate, X: Any, y: Any, reading: Reading, targets: dict[str, bool]
) -> tuple[NDArray[Any], Any]:
    """Return X as an array of two or three dimensions, and the checked targets."""
    check_dimensions(X)
    if hasattr(X, "columns"):
        check_has_none(X)
    check_numbers(X)
    n_dims = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
    if n_dims > 3:
        raise ValueError(f"X must have two or three dimensions; got {n_dims}.")
    if n_dims == 1 and len(X) == 0:
        raise ValueError("X is empty; give at least one sequence.")
    if n_dims == 1:
        raise ValueError(
            f"X must have two or three dimensions; got one, of length {len(X)}. Reshape your data: "
            "X.reshape(-1, 1) makes each value a sequence, X.reshape(1, -1) makes all values one."
        )
    if reading.tokens and n_dims == 2 and not hasattr(X, "toarray"):  # n_steps varies
        X, n_dims = np.asarray(X)[:, :, np.newaxis], 3
    if n_dims:
        check_targets(y, X)
    if not targets and type(X) is np.ndarray and n_dims and X.dtype.kind in "fiu" and X.size:
        validate(X, skip_check_array=True, ensure_2d=n_dims == 2)  # nothing to convert: much faster
        return X, y
    form: dict[str, Any] = {"ensure_all_finite": False}
    if n_dims == 3:
        form |= {"ensure_2d": False, "allow_nd": True}
    with prefix_errors("X"):
        try:
            checked = validate(X, y, **form, **targets)
        except ValueError as error:
            name_missing(error, y)
            raise
    X, y = checked if targets else (checked, y)
    if X.dtype.kind == "O":  # a table with objects that are numbers, say
        X = X.astype(np.float64)
    return X, y


def _checked_with_windows(
    validate: Validate, X: WindowArray, y: Any, targets: dict[str, bool]
) -> Any:
    """Return the checked targets of windows, whose rows scikit-learn need not copy to check."""
    if not len(X):
        raise ValueError(
            f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required."
        )
    check_targets(y, X)
    X.check_labels(y)
    validate(X, skip_check_array=True, ensure_2d=False)  # names of columns, of which X has none
    return _checked_targets(validate, y, targets)


def _read_list_of_sequences(name: str, X: Any, reading: Reading, n_channels: int | None) -> Ragged:
    """Return the sequences of a list, of `n_channels` if these are known."""
    if reading.missing != "steps":
        raise ValueError(
            f"X holds sequences of different length, but {name} {reading.why}"
            "needs sequences of equal length; give an array of three dimensions."
        )
    sequences = read_list(X, n_channels, reading.n_channels or 1)
    first = sequences[0][np.newaxis]
    _check_channels(name, first, reading.n_channels, n_channels, empty=True)
    return concatenate(sequences)


def _read_windows(
    name: str, X: WindowArray, reading: Reading, form: InputForm | None, labels: Labels
) -> Windows | Ragged:
    """Return the windows of an array that knows its rows, with the codes that `fit` had."""
    _check_channels(name, X, reading.n_channels, None if form is None else form.n_channels)
    check_channel_names(name, X.channels, None if form is None else form.channels)
    fitted = None if form is None else form.categories
    if not (labels or fitted):
        return X.windows()
    check_channels(labels, fitted, X.channels, reading.needs_numbers, name)
    return as_fitted(X.windows(), labels, fitted or {}, X.channels)


def _check_finite(sequences: Windows | Ragged, name: str, reading: Reading) -> None:
    """Check the rows that sequences contain, of which some are not finite or the sum overflows."""
    allow_nan = reading.missing != "refused"
    if has_inf(sequences.rows) or (not allow_nan and has_nan(sequences.rows)):
        rows = sequences.rows[sequences.coverage() > 0]
        assert_all_finite(rows, allow_nan=allow_nan, estimator_name=name, input_name="X")


def _look_for_misreading(X: Any, sequences: Windows | Ragged, name: str, *, is_list: bool) -> None:
    """Warn of sequences that may be meant otherwise: in order, as tokens or as padding."""
    if not is_list and _may_be_turned(X):
        warn_of_order(X, name)
    rows, array = sequences.rows, X
    if is_list:  # of which those of equal length may be padded, too
        same = isinstance(sequences, Ragged) and (sequences.lengths == sequences.n_steps).all()
        array = rows.reshape(len(X), -1, rows.shape[1]) if same else None
    if rows.dtype.kind in "iu" or (array is not None and (array[:, [0, -1]] == 0).any()):
        warn_of_misreading(array, rows, name)


def _without_absent_steps(
    sequences: Windows | Ragged, reading: Reading, categories: Labels, *, none: bool
) -> Windows | Ragged:
    """Drop the steps at the ends of sequences that are absent; it may be known that none is."""
    rows = sequences.rows
    if none:
        absent = np.zeros(len(rows), dtype=bool)
    elif reading.tokens:
        absent = rows[:, 0] == 0
    else:
        absent = are_nan(np.delete(rows, list(categories), axis=1) if categories else rows)
    if isinstance(sequences, Ragged) or absent.any():
        return trim_absent_steps(sequences, absent)
    return sequences


def _check_channels(
    name: str,
    X: FloatArray | WindowArray,
    declared: int | None,
    fitted: int | None,
    *,
    empty: bool = False,
) -> None:
    """Check the channels of X against the parameter, and against those of `fit`."""
    _, n_steps, found = X.shape
    if not ((n_steps or empty) and found):
        raise ValueError(f"X must hold at least one step of one channel; got the shape {X.shape}.")
    if declared not in (None, found):
        raise ValueError(
            f"X has {found} channels in its last axis, but n_channels={declared}; leave "
            "n_channels at None for a 3-D X."
        )
    if fitted not in (None, found):
        raise ValueError(
            f"X has {found} channels, but {name} is expecting {fitted} channels as input."
        )


def _as_windows(X: FloatArray) -> Windows:
    windows = window_rows(X) or window_rows(np.ascontiguousarray(X))
    assert windows is not None, "a contiguous array consists of rows"
    return windows


def _may_be_turned(X: FloatArray) -> bool:
    """Return whether X has few steps, or a sequence with most of its values from the one before."""
    is_short = X.shape[2] > X.shape[1]
    return len(X) > 2 and (is_short or bool(np.isin(X[1], X[0]).mean() > 0.5))
