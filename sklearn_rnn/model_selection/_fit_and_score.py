"""The runs of a comparison: fit and score every model on every fold with every seed."""

from __future__ import annotations

import copy
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn._sequences.target_leaks import recorded_leaks
from sklearn_rnn._sklearn.folds import Fold
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.exceptions import NothingLearnedWarning
from sklearn_rnn.model_selection._complexity import model_size
from sklearn_rnn.model_selection._metadata_routing import Metadata
from sklearn_rnn.model_selection._pointwise_losses import RowLoss
from sklearn_rnn.model_selection._step_scores import step_losses
from sklearn_rnn.preprocessing._incomplete_rows import incomplete_rows
from sklearn_rnn.preprocessing._omit_incomplete import count_omitted


@dataclass(frozen=True)
class Evaluator:
    """What is measured of a fitted model: score, pointwise losses and complexity.

    Attributes
    ----------
    scorer : callable
        Maps (estimator, X, y), and metadata by keyword, to a number; greater is better.
    loss : callable
        Maps (y, prediction, classes) to the loss of each row.
    response : str
        Name of the method whose predictions the loss needs.
    complexity : callable or None
        Maps a fitted model to a number; None leaves the complexity NaN.
    by_step : bool
        Whether y and the predictions have a value for each step of a row.
    """

    scorer: Callable[..., float]
    loss: RowLoss
    response: str
    complexity: Callable[[Any], float] | None
    by_step: bool = False

    def losses(self, estimator: Any, X: Any, y: Any, prediction: Any) -> NDArray[np.float64]:
        """Return the loss of each row of X."""
        if self.by_step:
            return step_losses(self.loss, estimator, X, y, prediction)
        return self.loss(y, prediction, getattr(estimator, "classes_", None))


@dataclass(frozen=True)
class Run:
    """One fit of one model, with its results.

    Attributes
    ----------
    model, fold, seed : str, int, int or None
        Name of the model, number of the fold, and seed (None for a deterministic model).
    score, fit_seconds, predict_seconds, n_parameters, complexity : float
        NaN where an error ended the run earlier.
    unit : str or None
        What `n_parameters` counts.
    n_omitted, n_incomplete : float
        Number of training rows not fitted because their windows are incomplete, and of test rows
        whose windows are.
    target_leak : bool
        Whether the fit has warned that the target is among the inputs.
    unconverged : str or None
        What the fit has warned of its convergence.
    error : str or None
        Type and message of the exception.
    losses : ndarray of shape (n_test,) or None
        Loss of each row of the test set; NaN for rows with weight zero.
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
    n_omitted: float = np.nan
    n_incomplete: float = np.nan
    target_leak: bool = False
    unconverged: str | None = None
    error: str | None = None
    losses: NDArray[np.float64] | None = None


def seeded(estimator: Any, seeds: Sequence[int]) -> Iterator[tuple[int | None, Any]]:
    """Yield a clone for every seed, or a single one if nothing in the estimator is random."""
    parameters = estimator.get_params(deep=True)
    names = [n for n in parameters if n == "random_state" or n.endswith("__random_state")]
    splitters = {n: value for n, value in parameters.items() if shuffles_unseeded(value)}
    for seed in seeds if names or splitters else (None,):
        seeded_splitters = {name: copy.copy(splitter) for name, splitter in splitters.items()}
        for splitter in seeded_splitters.values():
            splitter.random_state = seed
        parameters = {**dict.fromkeys(names, seed), **seeded_splitters}
        yield seed, clone(estimator).set_params(**parameters)


def shuffles_unseeded(value: Any) -> bool:
    """Return whether a parameter is a splitter whose random splits have no seed."""
    is_splitter = hasattr(value, "split") and hasattr(value, "random_state")
    return is_splitter and value.random_state is None and getattr(value, "shuffle", True)


def run_once(
    run: Run, estimator: Any, X: Any, y: Any, fold: Fold, evaluator: Evaluator, metadata: Metadata
) -> Run:
    """Fit on the training set and evaluate on the test set; an exception is recorded."""
    results = dict(vars(run))
    X_train, X_test = (take_rows(X, rows) for rows in fold)
    y_train, y_test = (take_rows(y, rows) for rows in fold)
    try:
        start = time.perf_counter()
        with recorded_leaks() as leaks, _recorded_convergence() as unconverged:
            estimator.fit(X_train, y_train, **metadata.of_fit(run.model, X, fold[0]))
        results["fit_seconds"] = time.perf_counter() - start
        results["target_leak"] = bool(leaks)
        results["unconverged"] = str(unconverged[0]) if unconverged else None
        results["n_parameters"], results["unit"] = model_size(estimator)
        results["n_omitted"] = count_omitted(estimator)
        if evaluator.complexity is not None:
            results["complexity"] = float(evaluator.complexity(estimator))
        start = time.perf_counter()
        prediction = getattr(estimator, evaluator.response)(X_test)
        results["predict_seconds"] = time.perf_counter() - start
        results["n_incomplete"] = _count_incomplete(estimator, X_test)
        losses = evaluator.losses(estimator, X_test, y_test, prediction)
        if len(losses) != len(fold[1]):
            raise ValueError(f"got {len(losses)} losses for {len(fold[1])} rows")
        params = metadata.of_score(X, fold[1])
        if (weight := params.get("sample_weight")) is not None:
            losses = np.where(weight == 0, np.nan, losses)
        score = float(evaluator.scorer(estimator, X_test, y_test, **params))
        if not np.isfinite(score):
            raise ValueError(f"the score is {score}")
        return Run(**{**results, "score": score, "losses": losses})
    except Exception as error:  # the failure of one model must not end the others
        return Run(**{**results, "error": f"{type(error).__name__}: {error}"})


@contextmanager
def _recorded_convergence() -> Iterator[list[str]]:
    """Record the warnings that a comparison counts, and show all others at the end.

    In threads each is shown: they share Python's filters of warnings.
    """
    messages: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        yield messages
        return
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            yield messages
    finally:
        for w in caught:
            if issubclass(w.category, ConvergenceWarning | NothingLearnedWarning):
                messages.append(str(w.message))
            else:
                warnings.showwarning(w.message, w.category, w.filename, w.lineno)


def _count_incomplete(estimator: Any, X: Any) -> float:
    """Count the rows that a fitted model predicts from windows with filled lags; NaN if unknown."""
    try:
        return float(incomplete_rows(estimator, X).sum())
    except ValueError:  # a LagTransformer inside of an estimator of another package
        return np.nan


def table_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the runs as a table, without the pointwise losses."""
    rows = [{name: value for name, value in vars(r).items() if name != "losses"} for r in runs]
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def losses_of(
    runs: Sequence[Run], folds: Sequence[Fold], times: pd.Index[Any] | None
) -> pd.DataFrame:
    """Return the loss of each test row, averaged over seeds and folds, in one column per model.

    Rows of a panel that share their time are dependent, and are averaged too; `times` are those of
    a panel.
    """
    parts = [
        pd.DataFrame({"model": run.model, "row": folds[run.fold][1], "loss": run.losses})
        for run in runs
        if run.losses is not None
    ]
    if not parts:
        return pd.DataFrame()
    losses = pd.concat(parts).pivot_table(index="row", columns="model", values="loss", sort=True)
    if times is not None:
        losses = losses.groupby(times[losses.index]).mean()
    return losses.rename_axis(columns=None)
