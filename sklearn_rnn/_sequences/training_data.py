"""The training data of a fit: sequences, encoded targets and weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sequences.lag_names import has_lag_names
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import safe_indexing
from sklearn_rnn._sklearn.validation import check_length, check_targets, prefix_errors

TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)
"""Types of the levels of an index that hold times."""


@dataclass(frozen=True)
class Data:
    """Sequences with an encoded target and a weight for each sequence, or for each step.

    Attributes
    ----------
    sequences : Windows or Ragged
        The sequences.
    target : ndarray of shape (n_terms, n_outputs) or (n_terms,)
        Targets, of sequences or of valid steps.
    weight : ndarray of shape (n_terms,)
        Weights.
    lengths : ndarray of shape (n_sequences,) or None
        Valid steps of each sequence, if each step has a target.
    series : ndarray of int, of shape (n_sequences,), or None
        The series that each sequence belongs to, if it is known.
    order : ndarray of int, of shape (n_sequences,), or None
        Numbers that increase with time within each series, if X are windows that know their rows,
        or have columns named by their lags, which are rows of a series in their order.
    n_omitted : int
        Number of windows that were left out as incomplete.
    groups : ndarray of int, of shape (n_sequences,), or None
        The groups that `fit` was given, numbered in the order in which they occur: no group is
        divided between training and validation.
    sample_weight : ndarray of shape (n_sequences,)
        The weight of each sequence: the mean weight of its steps.
    """

    sequences: Windows | Ragged
    target: NDArray[Any]
    weight: NDArray[np.float64]
    lengths: NDArray[np.intp] | None = None
    series: NDArray[np.intp] | None = None
    order: NDArray[np.intp] | None = None
    n_omitted: int = 0
    groups: NDArray[np.intp] | None = None

    sample_weight: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        weight = self.weight
        if self.lengths is not None:
            n = len(self.lengths)
            total = np.bincount(np.repeat(np.arange(n), self.lengths), weight, minlength=n)
            weight = np.asarray(total / np.maximum(self.lengths, 1))
        object.__setattr__(self, "sample_weight", weight)

    def only(self, rows: NDArray[np.intp]) -> Data:
        """Return the same data with weight zero for all sequences but those at `rows`."""
        kept = np.zeros(self.sequences.n_windows, dtype=bool)
        kept[rows] = True
        if self.lengths is not None:
            kept = np.repeat(kept, self.lengths)
        return replace(self, weight=np.where(kept, self.weight, 0.0))


def series_of(X: Any, y: Any) -> NDArray[np.intp] | None:
    """Return the series of each row: of windows that know it, or of a MultiIndex of y, else of X.

    All levels of an index but that of the times name the series.
    """
    if isinstance(X, WindowArray) and X.times is not None:
        return X.series
    for table in (y, X):
        index = getattr(table, "index", None)
        if isinstance(index, pd.MultiIndex):
            return np.asarray(index.droplevel(_time_level(index)).factorize()[0])
    return None


def _time_level(index: pd.MultiIndex) -> int:
    """Return the last level of times, or else of numbers, or else the last."""
    levels = list(enumerate(index.levels))
    times = [at for at, level in levels if isinstance(level, TIMES)]
    numbers = [at for at, level in levels if pd.api.types.is_numeric_dtype(level)]
    return (times or numbers or [index.nlevels - 1])[-1]


class RowOrigin(NamedTuple):
    """What is known of the rows that sequences belong to; see `Data`."""

    series: NDArray[np.intp] | None
    order: NDArray[np.intp] | None
    n_omitted: int
    groups: NDArray[np.intp] | None


def complete_only(
    X: Any, y: Any, sample_weight: Any, groups: Any = None
) -> tuple[tuple[Any, Any, Any], RowOrigin]:
    """Leave out incomplete windows, and return the origin of the others.

    Parameters
    ----------
    X : WindowArray or object
        The sequences; other objects than windows that know their rows are returned as they are.
    y : array-like or list
        Targets.
    sample_weight : array-like of shape (n_samples,), number or None
        Weights.
    groups : array-like of shape (n_samples,), default=None
        Groups that are not divided between training and validation.

    Returns
    -------
    tuple
        X, y and weights without incomplete windows.
    RowOrigin
        Series, order and groups of the rows.

    Raises
    ------
    ValueError
        If no window is complete, X has another number of samples than y, the weights or the groups,
        or a group is missing.
    """
    if groups is not None:
        groups = _numbered(groups, X)
    if not isinstance(X, WindowArray):
        named = hasattr(X, "__len__") and hasattr(X, "columns") and has_lag_names(X.columns)
        order = np.arange(len(X)) if named else None
        return (X, y, sample_weight), RowOrigin(series_of(X, y), order, 0, groups)
    n_given = len(X)
    if groups is not None:
        groups = groups[X.is_complete]
    X, y, sample_weight = _select_complete(X, y, sample_weight)
    origin = RowOrigin(series_of(X, y), np.asarray(X.starts), n_given - len(X), groups)
    return (X, y, sample_weight), origin


def _numbered(groups: Any, X: Any) -> NDArray[np.intp]:
    """Return the groups of the samples of X as numbers, in the order in which they occur."""
    labels = np.asarray(groups, dtype=object)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            "groups must have one dimension, a group for each sample; got the shape "
            f"{labels.shape}."
        )
    check_length("groups", labels, X)
    with prefix_errors("groups"):
        numbers = pd.factorize(labels)[0]
    if len(missing := np.flatnonzero(numbers < 0)):
        raise ValueError(
            f"groups must hold the group of each sample; those at the positions "
            f"{missing[:3].tolist()} are missing. Give them a group, or leave them out of X and y."
        )
    return np.asarray(numbers)


def _select_complete(X: WindowArray, y: Any, sample_weight: Any) -> tuple[WindowArray, Any, Any]:
    if X.is_complete.all():
        return X, y, sample_weight
    kept = np.flatnonzero(X.is_complete)
    if not len(kept):
        raise ValueError(
            f"No window of X is complete: each of the {len(X)} has lags before the start of its "
            f"series or in a gap, with n_lags={X.n_steps}, delay={X.delay} and step={X.step}. Give "
            "longer series, fewer lags or a smaller delay, or fit np.asarray(X) to train on filled "
            "lags."
        )
    check_targets(y, X)
    X.check_labels(y)
    others = [y, sample_weight]
    for name, values in zip(("y", "sample_weight"), others, strict=True):
        if _has_length(values):
            check_length(name, values, X)
    y, sample_weight = (safe_indexing(v, kept) if _has_length(v) else v for v in others)
    return X[kept], y, sample_weight


def _has_length(values: Any) -> bool:
    """Return whether an argument has a value for each sample: it is not a number, text or None."""
    return hasattr(values, "__len__") and not isinstance(values, str) and np.ndim(values) > 0
