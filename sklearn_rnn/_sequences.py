"""The input contract: every form of X becomes windows laid over rows of channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, validate_data

from sklearn_rnn._windows import Windows, window_rows

FloatArray = NDArray[np.float64]

CHUNK = 65_536
"""Rows that are worked on at once where a temporary copy is needed."""


def check_sequences(
    estimator: Any, X: Any, y: Any = "no_validation", *, n_channels: int, reset: bool
) -> tuple[Windows, Any]:
    """Validate X (and y) and return X as windows, without a copy of them.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator at work: it learns (``reset=True``) or is checked against
        ``n_features_in_`` and ``feature_names_in_``.
    X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
        In two dimensions the columns are `n_steps` blocks of `n_channels`, oldest first.
    y : array-like, optional
        Targets, checked as scikit-learn does for several outputs.
    n_channels : int
        Channels of a 2-D X.
    reset : bool
        Whether the estimator is being fitted.

    Returns
    -------
    windows : Windows
        The sequences, as views of the rows of X wherever its memory allows it.
    y : ndarray or "no_validation"
        The checked targets.
    """
    targets = {} if isinstance(y, str) else {"multi_output": True}
    _check_numbers(X)
    if _n_dims(X) > 3:
        raise ValueError(f"X must have two or three dimensions; got {_n_dims(X)}.")
    if _n_dims(X) != 3:
        checked = validate_data(estimator, X, y, reset=reset, **targets)
        X, y = checked if targets else (checked, y)
        return _laid_over_rows(_blocks(X, n_channels)), y
    form = {"ensure_2d": False, "allow_nd": True, "ensure_all_finite": False}
    checked = validate_data(estimator, X, y, reset=reset, **form, **targets)
    X, y = checked if targets else (checked, y)
    _check_channels(estimator, X, n_channels, reset)
    windows = _laid_over_rows(X)
    if not np.isfinite(windows.rows).all():
        assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    return windows, y


def _check_numbers(X: Any) -> None:
    """Check that X can be read as one array of numbers, where scikit-learn would not name it."""
    if hasattr(X, "dtypes") or issparse(X):
        return
    try:
        array = np.asarray(X)
        if array.dtype.kind == "O":
            array.astype(np.float64)
    except (TypeError, ValueError) as error:
        if "omplex" in str(error):
            return
        raise type(error)(
            f"X must be one array of numbers, with as many steps in every sequence. {error}"
        ) from error
    if array.dtype.kind in "mM":
        raise TypeError(f"X must hold numbers; got the dtype {array.dtype}.")


def _n_dims(X: Any) -> int:
    return int(X.ndim) if hasattr(X, "ndim") else np.asarray(X).ndim


def _blocks(X: FloatArray, n_channels: int) -> FloatArray:
    """Return the rows of a 2-D X as sequences of shape (n_samples, n_steps, n_channels)."""
    n_samples, n_columns = X.shape
    if n_columns % n_channels:
        raise ValueError(
            f"X has {n_columns} columns, which is not a multiple of n_channels={n_channels}; the "
            "columns must be blocks of n_channels, one block a step, oldest first."
        )
    return X.reshape(n_samples, n_columns // n_channels, n_channels)


def _check_channels(estimator: Any, X: FloatArray, n_channels: int, reset: bool) -> None:
    _, n_steps, found = X.shape
    if not (n_steps and found):
        raise ValueError(f"X must hold at least one step of one channel; got the shape {X.shape}.")
    if n_channels not in (1, found):
        raise ValueError(
            f"X has {found} channels in its last axis, but n_channels={n_channels}; leave "
            "n_channels at 1 for a 3-D X."
        )
    if reset:
        estimator.n_features_in_ = found
    elif found != estimator.n_features_in_:
        raise ValueError(
            f"X has {found} channels, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} channels as input."
        )


def _laid_over_rows(X: FloatArray) -> Windows:
    windows = window_rows(X)
    if windows is None:
        windows = window_rows(np.ascontiguousarray(X))
    assert windows is not None, "a contiguous array is always laid over rows"
    return windows


@dataclass(frozen=True)
class Scale:
    """An affine scale by column: ``(value - mean) / deviation``."""

    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def neutral(cls, n_columns: int) -> Scale:
        """Return the scale that changes nothing."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    @classmethod
    def of(cls, rows: FloatArray, weight: FloatArray) -> Scale:
        """Learn the weighted mean and standard deviation of each column of `rows`.

        Works in chunks of rows in two passes, in double precision. A column without
        variation, up to rounding, keeps the deviation one.
        """
        used = np.flatnonzero(weight)
        chunks = [used[i : i + CHUNK] for i in range(0, len(used), CHUNK)]
        total = weight.sum()
        mean = sum(weight[c] @ rows[c].astype(np.float64) for c in chunks) / total
        variance = sum(weight[c] @ np.square(rows[c] - mean) for c in chunks) / total
        noise = 10 * np.finfo(np.float64).eps * np.abs(mean)
        deviation = np.sqrt(variance)
        return cls(mean, np.where(deviation <= noise, 1.0, deviation))


@dataclass(frozen=True)
class Data:
    """What a fit works on: sequences, encoded targets, and a weight for each sample."""

    windows: Windows
    target: NDArray[Any]
    weight: FloatArray


def standardized(windows: Windows, scale: Scale, dtype: str) -> Windows:
    """Return the same windows over a scaled copy of their rows, of the given precision."""
    rows = np.empty(windows.rows.shape, dtype=dtype)
    np.subtract(windows.rows, scale.mean, out=rows, casting="same_kind")
    np.divide(rows, scale.deviation, out=rows, casting="same_kind")
    return replace(windows, rows=rows)


def check_target(y: Any, name: str = "y", dtype: Any = np.float64) -> NDArray[Any]:
    """Return y as a finite array of `dtype`, of one dimension or more."""
    return np.asarray(check_array(y, ensure_2d=False, allow_nd=True, dtype=dtype, input_name=name))
