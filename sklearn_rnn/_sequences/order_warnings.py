"""Warnings of arrays whose steps stand in another order, or along another axis, than is read.

Packages for time series differ in it: skforecast has the newest lag first, sktime and aeon have
the channels before the steps. Windows of one series show it, since each is the one before, moved
by one step.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_SAMPLES = 1_000
"""Sequences that are looked at."""

MOST = 0.5
"""Share of windows that have to be the one before, moved by a step; others follow a gap."""

SMOOTH = 0.8
"""Correlation of neighbours from which on an axis is one of time."""

ROUGH = 0.2
"""Correlation of neighbours up to which an axis is not one of time."""


def warn_of_order(X: NDArray[Any], name: str) -> None:
    """Warn if steps come newest first, by variable, or along the last axis.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_steps, n_channels)
        The sequences as they are read.
    name : str
        The class of the estimator.

    Warns
    -----
    UserWarning
        If they do.
    """
    n_steps, n_channels = X.shape[1:]
    X = X[:MAX_SAMPLES]
    is_table = n_channels == 1
    oldest_first, newest_first = _moves(X)
    if n_steps > 1 and max(oldest_first, newest_first) >= MOST:
        if oldest_first < MOST:
            order = "X[:, ::-1]" + ", or name the columns lag_1, lag_2, ..." * is_table
            _warn(f"X holds lags of a series, the newest first, but {name} reads the oldest", order)
        return
    turned = X.swapaxes(1, 2)
    oldest_first, newest_first = _moves(turned)
    if n_channels > 1 and max(oldest_first, newest_first) >= MOST:
        turn = "X.swapaxes(1, 2)" + "[:, ::-1]" * (oldest_first < MOST)
        _warn(f"X holds steps along its last axis, where {name} reads channels", turn)
    elif is_table and (blocks := _blocks(X[:, :, 0])):
        turn = f"X.reshape(len(X), {blocks}, {n_steps // blocks}).swapaxes(1, 2)"
        _warn(f"X holds the lags of {blocks} variables one after the other, not by step", turn)
    elif n_channels > n_steps and _correlation(turned) > SMOOTH and _correlation(X) < ROUGH:
        turn = "X.swapaxes(1, 2), as for arrays (n_samples, n_channels, n_steps) of sktime and aeon"
        _warn(f"X varies smoothly along its last axis, where {name} reads channels", turn)


def _warn(found: str, fix: str) -> None:
    warnings.warn(f"{found}; give {fix}.", UserWarning, stacklevel=4)


def _moves(X: NDArray[Any]) -> tuple[float, float]:
    """Return the shares of windows that are the one before, moved to the first or last step."""
    forward = (X[1:, :-1] == X[:-1, 1:]).all(axis=(1, 2)).mean()
    backward = (X[1:, 1:] == X[:-1, :-1]).all(axis=(1, 2)).mean()
    return float(forward), float(backward)


def _blocks(X: NDArray[Any]) -> int:
    """Return of how many variables the columns are windows, oldest first, each in a block."""
    moved = (X[1:, :-1] == X[:-1, 1:]).mean(axis=0) >= MOST
    starts = np.append(0, np.flatnonzero(~moved) + 1)
    length = int(starts[1]) if len(starts) > 1 else 0
    is_even = length > 1 and X.shape[1] % length == 0
    are_blocks = is_even and np.array_equal(starts, np.arange(0, X.shape[1], length))
    return len(starts) if are_blocks else 0


def _correlation(X: NDArray[Any]) -> float:
    """Return the correlation of steps and the steps before, within sequences and channels."""
    with np.errstate(invalid="ignore"):
        apart = X - X.mean(axis=1, keepdims=True)
    total = float((apart**2).sum())
    if X.shape[1] < 2 or not np.isfinite(total) or total == 0:
        return 0.0
    return float((apart[:, 1:] * apart[:, :-1]).sum()) / total
