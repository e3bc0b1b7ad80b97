"""X as a list of sequences, each an array of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from sklearn_rnn._sklearn.validation import check_numbers, prefix_errors

FloatArray = NDArray[np.float64]


def comes_as_list(X: Any) -> bool:
    """Return whether X is a list or tuple, or the like of other packages.

    That is an array or Series of objects in one dimension, a column of lists of polars or arrow, or
    an array of awkward.
    """
    if isinstance(X, np.ndarray) or (isinstance(X, pd.Series) and X.dtype == object):
        return X.dtype == object and X.ndim == 1
    if isinstance(X, list | tuple):
        return True
    holds_lists = hasattr(X, "to_list") or hasattr(X, "to_pylist")
    return holds_lists and not hasattr(X, "columns") and len(X) > 0 and is_sequence(next(iter(X)))


def as_list(X: Any) -> list[Any]:
    """Return the elements of what comes as a list, in the types of Python or numpy."""
    convert = getattr(X, "to_pylist", getattr(X, "to_list", None))
    return list(X) if convert is None else list(convert())


def is_list_of_sequences(X: Any, *, nested: bool = False) -> bool:
    """Return whether X is a list of sequences, and not the rows of a table.

    Lists of numbers in a list are rows of a table if they are equally long, unless `nested`.
    """
    if not comes_as_list(X) or len(X) == 0:
        return False
    if not all(is_sequence(x) for x in X):
        return False
    if nested or any(hasattr(x, "shape") for x in X):
        return True
    return len({len(x) for x in X}) > 1 or len(X[0]) == 0


def is_sequence(x: Any) -> bool:
    """Return whether a value is an array, a list or the like, and no number or text."""
    if hasattr(x, "shape"):
        return len(x.shape) > 0
    return hasattr(x, "__len__") and not isinstance(x, str)


def read_list(X: Any, n_channels: int | None, width: int) -> list[FloatArray]:
    """Return sequences as arrays of shape (n_steps_i, n_channels).

    Parameters
    ----------
    X : sequence of array-like of shape (n_steps_i, n_channels) or (n_steps_i * width,)
        The sequences.
    n_channels : int or None
        Channels that empty sequences have; None to take those of the others.
    width : int
        Channels of sequences in one dimension, which consist of one block of values a step.

    Returns
    -------
    list of ndarray of shape (n_steps_i, n_channels)
        The sequences; empty ones have as many channels as the others.

    Raises
    ------
    ValueError
        If sequences differ in their number of channels, or do not consist of whole steps.
    """
    arrays = [_read_one(x, width, f"X[{i}]") for i, x in enumerate(X)]
    found = [(i, x.shape[1]) for i, x in enumerate(arrays) if x.ndim == 2]
    if n_channels is None:
        n_channels = found[0][1] if found else width
    for i, channels in found:
        if channels != found[0][1]:
            first = found[0]
            raise ValueError(f"X[{i}] has {channels} channels, but X[{first[0]}] has {first[1]}.")
    return [x if x.ndim == 2 else x.reshape(0, n_channels) for x in arrays]


def _read_one(x: Any, width: int, name: str) -> FloatArray:
    """Return a sequence in two dimensions; in one if it is empty and its channels are unknown."""
    is_plain = isinstance(x, np.ndarray) and x.dtype.kind in "biuf" and x.ndim in (1, 2)
    array = x if is_plain else _as_numbers(x, name)
    if array.ndim == 1 and len(array):
        if len(array) % width:
            raise ValueError(
                f"{name} has {len(array)} values, which is not a multiple of n_channels={width}."
            )
        return array.reshape(-1, width)
    return array


def _as_numbers(x: Any, name: str) -> FloatArray:
    """Convert anything else than a numeric array to one, with all checks of scikit-learn."""
    check_numbers(x, name)
    with prefix_errors(name):
        array = np.asarray(
            check_array(
                x,
                ensure_2d=False,
                ensure_min_samples=0,
                ensure_min_features=0,
                ensure_all_finite=False,
                input_name=name,
            )
        )
    return array.astype(np.float64) if array.dtype.kind == "O" else array
