"""Warnings of comparisons: of scores that may be too good, and of fits that may be too short."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.folds import Fold
from sklearn_rnn.model_selection._leakage_rows import moments_of
from sklearn_rnn.preprocessing._incomplete_rows import find_lags

PERFECT_R2 = 1 - 1e-6
"""R2 from which on a forecast is too good to be one."""


def warn_of_fold_order(folds: Sequence[Fold], X: Any, models: Iterable[Any]) -> None:
    """Warn of folds with training rows later than test rows, if windows are compared."""
    models = list(models)
    if not (isinstance(X, WindowArray) or any(map(find_lags, models))):
        return
    moments, is_time = moments_of(X, models)
    order = pd.factorize(moments, sort=is_time)[0]
    n = sum(order[train].max() > order[test].min() for train, test in folds)
    if n:
        warnings.warn(
            f"In {n} of {len(folds)} folds training rows are later than test rows, and their "
            "windows may contain what is predicted: scores may be too good. Split in the order of "
            "time: cv=TimeSeriesSplit(5), or PanelTimeSeriesSplit(5) for several series.",
            stacklevel=4,  # scikit-learn's check of the parameters is between
        )


def warn_of_perfect_scores(runs: pd.DataFrame, scoring: str) -> None:
    """Warn of models whose R2 is 1 in all folds."""
    if scoring not in ("r2", "r2_score"):
        return
    least = runs.groupby("model", sort=False)["score"].min()
    if perfect := list(least.index[least >= PERFECT_R2]):
        warnings.warn(
            f"R2 of {perfect} is 1 in all folds: the target may be among the inputs, or a "
            "function of them. check_leakage looks for the step at which it becomes known.",
            stacklevel=4,  # scikit-learn's check of the parameters is between
        )


def warn_of_unconverged(runs: pd.DataFrame) -> None:
    """Warn of fits that have not converged: once for all of them, with their number by model."""
    unconverged = runs[runs["unconverged"].notna()]
    if not len(unconverged):
        return
    fits, slow = runs["model"], unconverged["model"]
    counts = [f"{(slow == n).sum()} of {(fits == n).sum()} fits of {n!r}" for n in slow.unique()]
    first = unconverged["unconverged"].iloc[0]
    warnings.warn(
        f"Not converged: {', '.join(counts)}. The first warned: {first}",
        ConvergenceWarning,
        stacklevel=4,  # scikit-learn's check of the parameters is between
    )
