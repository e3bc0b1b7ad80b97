"""The runs of a comparison: every model on every fold with every seed."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, check_cv
from sklearn.utils.parallel import Parallel, delayed
from tqdm import tqdm

from sklearn_rnn._sklearn.compat import safe_indexing
from sklearn_rnn._sklearn.metaestimators import n_parameters, size_unit
from sklearn_rnn.model_selection._metadata_routing import Metadata
from sklearn_rnn.model_selection._pointwise_losses import RowLoss

PATIENCE = 2.0
"""Seconds before a progress bar appears."""

_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Evaluator:
    """How a fitted model is judged: by a scorer, by the losses of rows, by its size.

    Attributes
    ----------
    scorer : callable
        Maps (estimator, X, y) to a number, the greater the better; by name what it is given else.
    loss : callable
        Maps (y, prediction, classes) to the loss of each row.
    response : str
        The method that gives the prediction.
    complexity : callable or None
        Maps a fitted model to a number; None leaves it NaN.
    """

    scorer: Callable[..., float]
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
    unit : str or None
        What `n_parameters` counts.
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
    unit: str | None = None
    error: str | None = None
    losses: NDArray[np.float64] | None = None


def make_splitter(cv: Any, X: Any, y: Any, is_classifier: bool) -> Any:
    """Return what makes the folds; by default in order of time."""
    times = _times_of(X)
    if cv is None and times is not None:
        if times.hasnans or not (isinstance(X.index, pd.MultiIndex) or _ascend(times)):
            raise ValueError(
                "cv=None splits by time, but the time index of X is not in ascending order; sort "
                "X and y by time, or give cv."
            )
        cv = _folds_by_time(times)
    return check_cv(cv, y, classifier=is_classifier)


def _ascend(times: pd.Index[Any]) -> bool:
    return bool(times.is_monotonic_increasing)


def _folds_by_time(times: pd.Index[Any]) -> list[Fold]:
    """Split the times, so that rows of one time, as of a panel, are on one side."""
    number, moments = times.factorize(sort=True)
    return [
        (np.flatnonzero(np.isin(number, train)), np.flatnonzero(np.isin(number, test)))
        for train, test in TimeSeriesSplit(5).split(moments)
    ]


def _times_of(X: Any) -> pd.Index[Any] | None:
    """Return the times of the rows, if X has an index that tells times."""
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    index = X.index.get_level_values(-1)
    return index if isinstance(index, _TIMES) else None


def seeded(estimator: Any, seeds: Sequence[int]) -> Iterator[tuple[int | None, Any]]:
    """Give a clone for every seed, or a single one if nothing in the estimator is random."""
    parameters = estimator.get_params(deep=True)
    names = [n for n in parameters if n == "random_state" or n.endswith("__random_state")]
    splitters = {n: value for n, value in parameters.items() if _shuffles_unseeded(value)}
    for seed in seeds if names or splitters else (None,):
        own = {name: copy.copy(splitter) for name, splitter in splitters.items()}
        for splitter in own.values():
            splitter.random_state = seed
        yield seed, clone(estimator).set_params(**dict.fromkeys(names, seed), **own)


def _shuffles_unseeded(value: Any) -> bool:
    """Return whether a parameter is a splitter, as of a search, that splits anew each time."""
    is_splitter = hasattr(value, "split") and hasattr(value, "random_state")
    return is_splitter and value.random_state is None and getattr(value, "shuffle", True)


def run_all(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    folds: Sequence[Fold],
    seeds: Sequence[int],
    judge: Evaluator,
    metadata: Metadata,
    n_jobs: int | None,
    verbose: int,
) -> list[Run]:
    """Run every model on every fold with every seed, in parallel; see `Run` for the results."""
    calls = [
        delayed(run_once)(Run(name, fold, seed), estimator, X, y, folds[fold], judge, metadata)
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


def run_once(
    run: Run, estimator: Any, X: Any, y: Any, fold: Fold, judge: Evaluator, metadata: Metadata
) -> Run:
    """Fit on the training part and judge on the test part; what is raised is noted."""
    found = dict(vars(run))
    X_train, X_test = (_take(X, rows) for rows in fold)
    y_train, y_test = (_take(y, rows) for rows in fold)
    try:
        began = time.perf_counter()
        estimator.fit(X_train, y_train, **metadata.of_fit(run.model, X, fold[0]))
        found["fit_seconds"] = time.perf_counter() - began
        found["n_parameters"], found["unit"] = n_parameters(estimator), size_unit(estimator)
        if judge.complexity is not None:
            found["complexity"] = float(judge.complexity(estimator))
        began = time.perf_counter()
        prediction = getattr(estimator, judge.response)(X_test)
        found["predict_seconds"] = time.perf_counter() - began
        losses = judge.loss(y_test, prediction, getattr(estimator, "classes_", None))
        if len(losses) != len(fold[1]):
            raise ValueError(f"there are {len(losses)} losses of {len(fold[1])} rows")
        score = float(judge.scorer(estimator, X_test, y_test, **metadata.of_score(X, fold[1])))
        if not np.isfinite(score):
            raise ValueError(f"the score is {score}")
        return Run(**{**found, "score": score, "losses": losses})
    except Exception as error:  # whatever a model does, the others go on
        return Run(**{**found, "error": f"{type(error).__name__}: {error}"})


def _take(data: Any, rows: NDArray[np.intp]) -> Any:
    """Take rows of any container; successive ones as a view, so that windows stay views."""
    successive = len(rows) > 0 and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows)))
    chosen = slice(int(rows[0]), int(rows[-1]) + 1) if successive else rows
    return safe_indexing(data, chosen)


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
