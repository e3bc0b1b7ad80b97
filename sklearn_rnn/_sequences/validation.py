"""Validate X: every form of it becomes sequences over rows of channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, validate_data

from sklearn_rnn._sequences.lists import comes_as_list, is_list_of_sequences, read_list
from sklearn_rnn._sequences.ragged import Ragged, concatenate, trim_absent_steps
from sklearn_rnn._sequences.storage import are_nan, has_inf, has_nan
from sklearn_rnn._sequences.windows import Windows, window_rows
from sklearn_rnn._sklearn.validation import check_numbers, check_targets, prefix_errors

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How an estimator reads X.

    Attributes
    ----------
    n_channels : int
        Channels of each step of a 2-D X.
    missing : {"refused", "values", "steps"}
        What NaN is: an error; a missing value; or a missing value, and an absent step (padding)
        where all channels of steps at an end of a sequence are NaN.
    tokens : bool
        Whether X holds tokens: integers from 0 up, of which 0 is an absent step.
    why : str
        Why a network needs sequences of one length that otherwise does not: the start of a clause
        of error messages, with a space at its end.
    """

    n_channels: int = 1
    missing: str = "refused"
    tokens: bool = False
    why: str = ""


def check_sequences(
    estimator: Any, X: Any, y: Any = "no_validation", *, reading: Reading, reset: bool
) -> tuple[Windows | Ragged, Any]:
    """Validate X and y, and return X as sequences over rows, without a copy if possible.

    Parameters
    ----------
    estimator : BaseEstimator
        Learns ``n_features_in_`` and ``feature_names_in_`` (``reset=True``), or has X checked
        against them.
    X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
        The columns of two dimensions are `n_steps` blocks of `n_channels`, oldest first. Arrays of
        a list, of shape (n_steps_i, n_channels) or (n_steps_i * n_channels,), may differ in their
        number of steps if ``reading.missing`` is "steps".
    y : array-like, optional
        Targets, checked as scikit-learn does for several outputs.
    reading : Reading
        How to read X.
    reset : bool
        Whether the estimator is being fitted.

    Returns
    -------
    sequences : Windows or Ragged
        The sequences. Their rows are a view of X if its memory layout allows it.
    y : ndarray or "no_validation"
        The checked targets.

    Raises
    ------
    TypeError or ValueError
        If X or y is not what `reading` and the fit ask for; the message names the argument.
    """
    targets = {} if isinstance(y, str) else {"multi_output": True}
    sequences: Windows | Ragged
    X = list(X) if comes_as_list(X) else X
    nested = reading.tokens or (not reset and estimator._is_of_lists)
    is_list = is_list_of_sequences(X, nested=nested and reading.missing == "steps")
    if reset:
        estimator._is_of_lists = is_list
    if is_list and (reading.missing == "steps" or len({len(x) for x in X}) > 1):
        check_targets(y, X)
        y = validate_data(estimator, y=y, reset=reset, **targets) if targets else y
        sequences = _read_list_of_sequences(estimator, X, reading, reset)
    else:
        sequences, y = _read_array(estimator, X, y, reading, reset, targets)
    rows = sequences.rows
    if reset:
        estimator._n_channels_read = rows.shape[1]
    if has_inf(rows) or (reading.missing == "refused" and has_nan(rows)):
        finite = "allow-nan" if reading.missing != "refused" else True
        _assert_covered_finite(sequences, type(estimator).__name__, finite)
    if reading.tokens:
        sequences = _as_tokens(sequences)
    if reading.missing != "steps":
        return sequences, y
    absent = rows[:, 0] == 0 if reading.tokens else are_nan(rows)
    return trim_absent_steps(sequences, absent), y


def _read_array(
    estimator: Any, X: Any, y: Any, reading: Reading, reset: bool, targets: dict[str, bool]
) -> tuple[Windows, Any]:
    """Return the sequences of one array, and the checked targets."""
    check_numbers(X)
    if _n_dims(X) > 3:
        raise ValueError(f"X must have two or three dimensions; got {_n_dims(X)}.")
    if _n_dims(X) == 1 and len(X) == 0:
        raise ValueError("X is empty; give at least one sequence.")
    if _n_dims(X) == 1:
        raise ValueError(
            f"X must have two or three dimensions; got one, of length {len(X)}. Reshape your data: "
            "X.reshape(-1, 1) makes each value a sequence, X.reshape(1, -1) makes all values one."
        )
    if reading.tokens and _n_dims(X) == 2:  # the number of steps varies from call to call
        X = np.asarray(X)[:, :, np.newaxis]
    if _n_dims(X):
        check_targets(y, X)
    form: dict[str, Any] = {"ensure_all_finite": False}
    if _n_dims(X) == 3:
        form |= {"ensure_2d": False, "allow_nd": True}
    with prefix_errors("X"):
        checked = validate_data(estimator, X, y, reset=reset, **form, **targets)
    X, y = checked if targets else (checked, y)
    if X.dtype.kind == "O":  # a table with categories that are numbers, say
        X = X.astype(np.float64)
    if X.ndim == 3:
        _check_channels(estimator, X, reading.n_channels, reset)
        return _as_windows(X), y
    return _as_windows(_reshape_columns(X, reading.n_channels)), y


def _read_list_of_sequences(estimator: Any, X: Any, reading: Reading, reset: bool) -> Ragged:
    """Return the sequences of a list."""
    if reading.missing != "steps":
        raise ValueError(
            f"X holds sequences of different length, but {type(estimator).__name__} {reading.why}"
            "needs sequences of equal length; give an array of three dimensions."
        )
    known = None if reset else estimator._n_channels_read
    sequences = read_list(X, known, reading.n_channels)
    _check_channels(estimator, sequences[0][np.newaxis], reading.n_channels, reset, empty=True)
    if reset and hasattr(estimator, "feature_names_in_"):  # those of an earlier fit to a table
        del estimator.feature_names_in_
    return concatenate(sequences)


def _as_tokens(sequences: Windows | Ragged) -> Windows | Ragged:
    """Return the same sequences over rows of integers."""
    rows = sequences.rows
    if rows.shape[1] != 1:
        raise ValueError(f"X must hold one token at each step; got {rows.shape[1]} channels.")
    tokens = rows if rows.dtype.kind == "i" else np.nan_to_num(rows, nan=-1)
    tokens = tokens.astype(np.int64, copy=False)
    if tokens.min(initial=0) < 0 or (tokens is not rows and (tokens != rows).any()):
        raise ValueError(
            "X must hold tokens, integers from 0 up; got other numbers. Unset vocabulary_size and "
            "embedding_dim if they are measurements."
        )
    return replace(sequences, rows=tokens)


def _assert_covered_finite(sequences: Windows | Ragged, name: str, allowed: Any) -> None:
    """Raise if a row of a sequence is not finite; rows between sequences are not checked."""
    rows = sequences.rows[sequences.coverage() > 0]
    assert_all_finite(rows, allow_nan=allowed == "allow-nan", estimator_name=name, input_name="X")


def _n_dims(X: Any) -> int:
    return int(X.ndim) if hasattr(X, "ndim") else np.asarray(X).ndim


def _reshape_columns(X: FloatArray, n_channels: int) -> FloatArray:
    """Reshape the columns of a 2-D X to (n_samples, n_steps, n_channels)."""
    n_samples, n_columns = X.shape
    if n_columns % n_channels:
        raise ValueError(
            f"X has {n_columns} columns, which is not a multiple of n_channels={n_channels}; the "
            "columns must be blocks of n_channels, a block for each step, oldest first."
        )
    return X.reshape(n_samples, n_columns // n_channels, n_channels)


def _check_channels(
    estimator: Any, X: FloatArray, n_channels: int, reset: bool, *, empty: bool = False
) -> None:
    _, n_steps, found = X.shape
    if not ((n_steps or empty) and found):
        raise ValueError(f"X must hold at least one step of one channel; got the shape {X.shape}.")
    if n_channels not in (1, found):
        raise ValueError(
            f"X has {found} channels in its last axis, but n_channels={n_channels}; leave "
            "n_channels at 1 for a 3-D X."
        )
    if reset:
        estimator.n_features_in_ = found
    elif found != estimator._n_channels_read:
        raise ValueError(
            f"X has {found} channels, but {type(estimator).__name__} is expecting "
            f"{estimator._n_channels_read} channels as input."
        )


def _as_windows(X: FloatArray) -> Windows:
    windows = window_rows(X)
    if windows is None:
        windows = window_rows(np.ascontiguousarray(X))
    assert windows is not None, "a contiguous array consists of rows"
    return windows


def check_target(y: Any, name: str = "y", dtype: Any = np.float64) -> NDArray[Any]:
    """Return y as a finite array of `dtype`, of one dimension or more."""
    check_numbers(y, name)
    return np.asarray(check_array(y, ensure_2d=False, allow_nd=True, dtype=dtype, input_name=name))
