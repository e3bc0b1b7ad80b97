"""The runs of a comparison: every model on every fold with every seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from tqdm import tqdm

from sklearn_rnn._composites import n_parameters
from sklearn_rnn._row_losses import RowLoss

PATIENCE = 2.0
"""Seconds before a progress bar appears."""

_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Judge:
    """How a fitted model is judged: by a scorer, by the losses of rows, by its size.

    Attributes
    ----------
    scorer : callable
        Maps (estimator, X, y) to a number, the greater the better.
    loss : callable
        Maps (y, prediction, classes) to the loss of each row.
    response : str
        The method that gives the prediction.
    complexity : callable or None
        Maps a fitted model to a number; None leaves it NaN.
    """

    scorer: Callable[[Any, Any, Any], float]
    loss: RowLoss
    response: str
    complexity: Callable[[Any], float] | None


@dataclass(frozen=True)
class Run:
    """One fit of one model, and what came of it.

    Attributes
    ----------
    model, fold, seed : str, int, int or None
        What was run; the seed of a model without randomness is None.
    score, fit_seconds, predict_seconds, n_parameters, complexity : float
        NaN as far as the run did not get there.
    error : str or None
        Type and text of what was raised.
    losses : ndarray of shape (n_test,) or None
        Loss of each row of the test part.
    """

    model: str
    fold: int
    seed: int | None
    score: float = np.nan
    fit_seconds: float = np.nan
    predict_seconds: float = np.nan
    n_parameters: float = np.nan
    complexity: float = np.nan
    error: str | None = None
    losses: NDArray[np.float64] | None = None


def make_folds(cv: Any, X: Any, y: Any, groups: Any, is_classifier: bool) -> list[Fold]:
    """Return the (train, test) positions of the folds; by default in order of time."""
    times = _times_of(X)
    if cv is None and times is not None:
        if not times.is_monotonic_increasing:
            raise ValueError(
                "cv=None splits by time, but the time index of X is not in ascending order; sort "
                "X and y by time, or give cv."
            )
        cv = TimeSeriesSplit(5)
    return list(check_cv(cv, y, classifier=is_classifier).split(X, y, groups))


def _times_of(X: Any) -> pd.Index[Any] | None:
    """Return the times of the rows, if X has an index that tells times."""
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    index = X.index.get_level_values(-1)
    return index if isinstance(index, _TIMES) else None


def seeded(estimator: Any, seeds: Sequence[int]) -> Iterator[tuple[int | None, Any]]:
    """Give a clone for every seed, or a single one if the estimator has no ``random_state``."""
    names = [
        name
        for name in estimator.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]
    for seed in seeds if names else (None,):
        copy = clone(estimator)
        yield seed, copy.set_params(**dict.fromkeys(names, seed)) if names else copy


def run_all(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    folds: Sequence[Fold],
    seeds: Sequence[int],
    judge: Judge,
    n_jobs: int | None,
    verbose: int,
) -> list[Run]:
    """Run every model on every fold with every seed, in parallel; see `Run` for the results."""
    calls = [
        delayed(run_once)(Run(name, fold, seed), estimator, X, y, folds[fold], judge)
        for fold in range(len(folds))
        for name, model in models.items()
        for seed, estimator in seeded(model, seeds)
    ]
    workers = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    bar: Iterable[Run] = tqdm(
        workers(calls), total=len(calls), unit="fit", disable=not verbose, delay=PATIENCE
    )
    order = list(models)
    return sorted(bar, key=lambda run: (order.index(run.model), run.fold, run.seed or 0))


def run_once(run: Run, estimator: Any, X: Any, y: Any, fold: Fold, judge: Judge) -> Run:
    """Fit on the training part and judge on the test part; what is raised is noted."""
    found = dict(vars(run))
    X_train, X_test = (_take(X, rows) for rows in fold)
    y_train, y_test = (_take(y, rows) for rows in fold)
    try:
        began = time.perf_counter()
        estimator.fit(X_train, y_train)
        found["fit_seconds"] = time.perf_counter() - began
        found["n_parameters"] = n_parameters(estimator)
        if judge.complexity is not None:
            found["complexity"] = float(judge.complexity(estimator))
        began = time.perf_counter()
        prediction = getattr(estimator, judge.response)(X_test)
        found["predict_seconds"] = time.perf_counter() - began
        losses = judge.loss(y_test, prediction, getattr(estimator, "classes_", None))
        score = float(judge.scorer(estimator, X_test, y_test))
        if not np.isfinite(score):
            raise ValueError(f"the score is {score}")
        return Run(**{**found, "score": score, "losses": losses})
    except Exception as error:  # whatever a model does, the others go on
        return Run(**{**found, "error": f"{type(error).__name__}: {error}"})


def _take(data: Any, rows: NDArray[np.intp]) -> Any:
    """Take rows of any container; successive ones as a view, so that windows stay views."""
    successive = len(rows) > 0 and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows)))
    chosen = slice(int(rows[0]), int(rows[-1]) + 1) if successive else rows
    return _safe_indexing(data, chosen)


def table_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the runs as a table, without the losses of the rows."""
    rows = [{name: value for name, value in vars(r).items() if name != "losses"} for r in runs]
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def losses_of(runs: Sequence[Run], folds: Sequence[Fold], X: Any) -> pd.DataFrame:
    """Return the mean loss of each tested row over seeds (and folds), one column a model.

    Rows of a panel that share their time are dependent, and become one.
    """
    parts = [
        pd.DataFrame({"model": run.model, "row": folds[run.fold][1], "loss": run.losses})
        for run in runs
        if run.losses is not None
    ]
    if not parts:
        return pd.DataFrame()
    losses = pd.concat(parts).pivot_table(index="row", columns="model", values="loss", sort=True)
    if isinstance(getattr(X, "index", None), pd.MultiIndex) and (times := _times_of(X)) is not None:
        losses = losses.groupby(times[losses.index]).mean()
    return losses.rename_axis(columns=None)
