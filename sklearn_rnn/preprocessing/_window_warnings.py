"""Warnings about incomplete windows: how many there are, why, and what to do."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.preprocessing._history import History, Placement
from sklearn_rnn.preprocessing._timeline import Timeline

_IS_SILENT: ContextVar[bool] = ContextVar("_IS_SILENT", default=False)
# A share of incomplete windows that is not worth a word.
_MAX_SHARE = 0.1


@contextmanager
def without_warnings() -> Iterator[None]:
    """Do not warn of incomplete windows in this block: its first rows only serve as lags."""
    token = _IS_SILENT.set(True)
    try:
        yield
    finally:
        _IS_SILENT.reset(token)


def warn_of_incomplete(
    history: History, timeline: Timeline, placement: Placement, complete: NDArray[np.bool_]
) -> None:
    """Warn of windows with missing rows, if rows of `fit` are missed or there are many.

    Parameters
    ----------
    history : History
        What is kept of the rows of `fit`.
    timeline : Timeline
        The rows of a table.
    placement : Placement
        Their places.
    complete : ndarray of bool, of shape (n_rows,)
        Which windows are complete.
    """
    if _IS_SILENT.get() or timeline.kind.name == history.kind.name == "none":
        return
    if timeline.kind != history.kind:
        _warn(
            f"The index of X holds {timeline.kind}, but that of fit held {history.kind}: rows of "
            f"fit cannot be lags of these {len(timeline.times)} rows, and lags before them are "
            "filled. Give X the same kind of index as in fit."
        )
        return
    incomplete = ~complete & placement.is_beyond_start
    n_incomplete = np.count_nonzero(incomplete)
    n_windows = np.count_nonzero(placement.is_beyond_start)
    lost = placement.first_rows[incomplete[placement.first_rows]]
    count = f"{n_incomplete} of {n_windows} windows after the start of their series"
    if len(lost):
        _warn(
            f"Lags are filled in {count}: {_describe_lost(history, timeline, lost)} Give them "
            f"together with the {placement.layout.window.lookback} rows before; if a splitter "
            "leaves those out, make the windows before the split."
        )
    elif n_incomplete > _MAX_SHARE * n_windows:
        _warn(
            f"Lags are filled in {count}: rows are missing within X, or between X and the rows of "
            "fit. Give the missing rows, or set lag_unit='rows' so that lags count existing rows; "
            "if a splitter leaves rows out, make the windows before the split."
        )


def warn_of_doubtful(history: History, timeline: Timeline, lookback: int, X: Any) -> None:
    """Warn where lags count rows although times in equal steps leave gaps, or labels are no times.

    X is the table whose rows may be lags of later ones, or None.
    """
    if timeline.kind.name == "none":
        _warn_of_labels(getattr(X, "index", None))
        return
    counts = [
        history.count.count_doubtful(timeline.times[part], timeline.kind, lookback)
        for label, part in timeline.series()
        if history.ranks(label)
    ]
    n_doubtful, n_windows = np.sum(counts, axis=0) if counts else (0, 0)
    if n_doubtful and not _IS_SILENT.get():
        _warn(
            f"The times of X are in equal steps, but most are missing, so lags count rows: the "
            f"oldest lag of {n_doubtful} of {n_windows} windows is more than {lookback} steps old. "
            "Set lag_unit='time' to count steps, or 'rows' to count rows without this warning."
        )


def warn_of_missing_values(missing: NDArray[np.bool_], lag: int) -> None:
    """Warn of rows whose target is unknown ``lag`` rows before, although that row is there.

    Parameters
    ----------
    missing : ndarray of bool, of shape (n_rows,)
        Which rows these are.
    lag : int
        Number of rows.
    """
    if missing.any() and not _IS_SILENT.get():
        _warn(
            f"The mean of the training targets is the start of {int(missing.sum())} of "
            f"{len(missing)} predictions, since the target at lag {lag} is a missing value; impute "
            "the target in X."
        )


def _warn_of_labels(index: Any) -> None:
    """Warn if rows have labels by which later rows cannot follow them."""
    if isinstance(index, pd.Index) and not _IS_SILENT.get():
        _warn(
            f"The index of X holds labels that are not times, such as {index[0]!r}: rows of fit "
            "cannot be lags of later rows, and lags before these are filled. Convert the labels, "
            "as by pd.PeriodIndex(X.index, freq=...), or set history='never' if there are none."
        )


def _describe_lost(history: History, timeline: Timeline, lost: Any) -> str:
    """Return which rows of a series do not follow those of `fit`."""
    back = np.empty(len(timeline.times), dtype=np.intp)
    back[np.arange(len(back)) if timeline.order is None else timeline.order] = np.arange(len(back))
    at = int(back[lost[0]])
    label = timeline.labels[int(np.searchsorted(timeline.starts, at, side="right")) - 1]
    first, last = timeline.kind.to_index(np.array([timeline.times[at], history.series[label].last]))
    name = "the rows" if label is None else f"those of series {label!r}"
    others = f" and {len(lost) - 1} other series" if len(lost) > 1 else ""
    where = "lie among" if first <= last else "do not directly follow"
    return (
        f"{name} that begin at {first}{others} {where} the rows of fit, which end at {last}, and "
        "only the last rows before each gap are remembered."
    )


def _warn(text: str) -> None:
    warnings.warn(text, IncompleteWindowsWarning, stacklevel=5)
