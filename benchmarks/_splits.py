"""Models of a table whose rows have no order: one split into two parts, and more of them.

A test part of a hundred rows is mostly luck: which rows they are counts for more than the model.
So the first split is that of others, whose results stand beside ours, and further splits say how
much of a difference is luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._cache import Cache
from benchmarks._report import best, mean_cv_score, nets_of
from benchmarks._runner import Metric, Model, Result, Task, run, run_validated
from sklearn_rnn import DenseRegressor
from sklearn_rnn.model_selection import Comparison

TAKEN = "the net that is taken"
METRICS: Mapping[str, Metric] = {
    "R2": r2_score,
    "MAE": mean_absolute_error,
    "MSE": mean_squared_error,
}


@dataclass(frozen=True)
class Plan:
    """What a size of such a benchmark does."""

    n_splits: int = 10
    n_folds: int = 5  # of the training rows, to choose settings
    n_seeds: int = 10  # on the first split
    n_seeds_of_others: int = 3
    n_rows: int | None = None  # at most so many
    n_values: int | None = None  # of each setting of a net, the first ones
    every_net: dict[str, Any] = field(default_factory=dict)


PLANS = {
    "quick": Plan(2, 2, 1, 1, 60, 2, {"max_epochs": 2}),
    "usual": Plan(),
    "full": Plan(n_splits=30, n_folds=10, n_seeds=20),
}


@dataclass(frozen=True)
class Table:
    """Rows, models of them, and what is held against what.

    `test_size` is that of `train_test_split`, which is called with `random_state` 1, 2, ...;
    `reference` is the model that the others are held against, and `published` has by the name of
    a column what others report of our models.
    """

    name: str
    X: pd.DataFrame
    y: pd.Series[float]
    test_size: float | int
    models: Sequence[Model]
    reference: str
    published: Mapping[str, Mapping[str, float]]


def run_splits(table: Table, plan: Plan, cache: Cache, n_jobs: int | None) -> list[list[Result]]:
    """Let the models compete on every split.

    Parameters
    ----------
    table : Table
        The data and the models.
    plan : Plan
        The size.
    cache : Cache
        Has what was computed before, and keeps what is computed now.
    n_jobs : int or None
        Fits at a time.

    Returns
    -------
    list of list of Result
        The results of each split. All of the first and those of the nets of the others have scores
        in cross-validation on the training rows, of seed 0.
    """
    first, *others = [task_of(table, plan, state) for state in range(1, plan.n_splits + 1)]
    how: dict[str, Any] = {"cache": cache, "n_jobs": n_jobs}
    results = run_validated([first], seeds=range(plan.n_seeds), **how)
    seeds = range(plan.n_seeds_of_others)
    simple, nets = (
        [replace(t, models=[m for m in t.models if m.seeded == seeded]) for t in others]
        for seeded in (False, True)
    )
    more = [*run(simple, seeds=seeds, **how), *run_validated(nets, seeds=seeds, **how)]
    return [results, *([r for r in more if r.task == task.name] for task in others)]


def taken(results: Sequence[Result]) -> list[Result]:
    """Return the results of the net that does best in cross-validation on a split, as `TAKEN`."""
    net = best(results, results[0].task, nets_of(results), mean_cv_score)
    return [replace(r, model=TAKEN, settings=net) for r in results if r.model == net]


def values_of(plan: Plan, prefix: str, **settings: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Return a grid of the settings of a net, which has the prefix in its model."""
    return {prefix + name: values[: plan.n_values] for name, values in settings.items()}


def task_of(table: Table, plan: Plan, state: int) -> Task:
    """Return the task of one split."""
    X, y = table.X[: plan.n_rows], table.y[: plan.n_rows]
    train_rows, _ = train_test_split(np.arange(len(y)), **sizes(table, y), random_state=state)
    train = np.zeros(len(y), dtype=bool)
    train[train_rows] = True
    folds = KFold(plan.n_folds, shuffle=True, random_state=0)
    name = f"{table.name}, split {state}"
    return Task(name, X, y, train, table.models, folds, METRICS)


def sizes(table: Table, y: pd.Series[float]) -> dict[str, Any]:
    """Return the size of the test part, the same share of fewer rows."""
    n_test = table.test_size
    if isinstance(n_test, int) and len(y) < len(table.y):
        return {"test_size": n_test / len(table.y)}
    return {"test_size": n_test}


def compare(splits: Sequence[Sequence[Result]], metric: str, table: Table) -> Any:
    """Return the comparison of the models over the splits, by a metric of which less is better."""
    n_rows, n_test = len(table.y), table.test_size
    share = n_test / n_rows if isinstance(n_test, int) else n_test
    runs = pd.DataFrame(
        {
            "model": r.model,
            "fold": fold,
            "seed": r.seed,
            "score": -r.scores[metric],
            "fit_seconds": r.fit_seconds,
            "predict_seconds": r.predict_seconds,
            "n_parameters": r.n_parameters,
            "complexity": r.n_parameters,
            "unit": "parameter",
            "error": None,
        }
        for fold, results in enumerate(splits)
        for r in results
    )
    return Comparison(
        names=list(dict.fromkeys(runs["model"])),
        runs=runs,
        losses=pd.DataFrame(),
        scoring=f"-{metric}",
        loss="absolute_error",
        horizon=1,
        test_share=share / (1 - share),
    )


def scaled(model: Any) -> Pipeline:
    """Return a model of standardised columns."""
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def dense(plan: Plan, n_columns: int, units: tuple[int, ...], **settings: Any) -> DenseRegressor:
    """Return a dense net of a row of columns, trained without early stopping."""
    every: dict[str, Any] = {"n_channels": n_columns, "early_stopping": False}
    return DenseRegressor(hidden_layer_sizes=units, **(every | settings | plan.every_net))
