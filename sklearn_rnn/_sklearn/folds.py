"""The training and test rows of cross-validation splits, checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def check_folds(folds: Iterable[Any], n_rows: int) -> list[Fold]:
    """Return what a splitter made, or the user gave as ``cv``, as pairs of arrays of positions.

    Raises
    ------
    ValueError
        If there are no folds, or one is no pair of rows of X.
    """
    try:
        listed = list(folds)
    except (TypeError, ValueError) as error:  # scikit-learn unpacks what the user gave
        if "unpack" not in str(error):
            raise
        raise ValueError(f"{_rule(n_rows)}; got others.") from error
    if not listed:
        raise ValueError("cv must have at least one pair of training and test rows; got none.")
    return [_check_fold(fold, n_rows, number) for number, fold in enumerate(listed)]


def _check_fold(fold: Any, n_rows: int, number: int) -> Fold:
    error = ValueError(f"{_rule(n_rows)}; fold {number} is {fold!r}.")
    try:
        train, test = (np.asarray(rows) for rows in fold)
    except (TypeError, ValueError):
        raise error from None
    for rows in (train, test):
        is_index = rows.ndim == 1 and rows.dtype.kind in "iu" and rows.size
        if not is_index or rows.min() < 0 or rows.max() >= n_rows:
            raise error
    return train, test


def _rule(n_rows: int) -> str:
    return (
        "cv must be pairs of training and test rows, each with integers from 0 to n_rows - 1 = "
        f"{n_rows - 1}"
    )
