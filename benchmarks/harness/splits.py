"""Models of a table whose rows have no order: one split into two parts, and more of them.

A test part of a hundred rows is mostly luck: which rows they are counts for more than the model.
So the first split is that of others, whose results stand beside ours, and further splits say how
much of a difference is luck.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold, train_test_split

from benchmarks.harness.runner import Metrics, Model, Task
from benchmarks.question import sizes
from sklearn_rnn import DenseRegressor

METRICS = Metrics({"R2": r2_score, "MAE": mean_absolute_error, "MSE": mean_squared_error})
PLANS = sizes(
    n_splits=(2, 10, 30),
    n_folds=(2, 5, 10),  # of the training rows, to choose settings
    n_seeds=(1, 10, 20),  # on the first split
    n_seeds_of_others=(1, 3, 3),
    n_rows=(60, None, None),  # at most so many
    n_values=(2, None, None),  # of each setting of a net, the first ones
    every_net=({"max_epochs": 2}, {}, {}),
)


def grid_of(plan: Any, prefix: str, **settings: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Return a grid of the settings of a net, which has the prefix in its model."""
    return {prefix + name: values[: plan.n_values] for name, values in settings.items()}


def dense(plan: Any, n_columns: int, units: tuple[int, ...], **settings: Any) -> DenseRegressor:
    """Return a dense net of a row of columns, trained without early stopping."""
    every: dict[str, Any] = {"n_channels": n_columns, "early_stopping": False}
    return DenseRegressor(hidden_layer_sizes=units, **(every | settings | plan.every_net))


def splits(
    X: pd.DataFrame, y: pd.Series, test_size: float | int, models: Sequence[Model], plan: Any
) -> dict[str, Callable[[], Task]]:
    """Return the tasks, split by `train_test_split` with `random_state` 1, 2, ..."""
    states = range(1, plan.n_splits + 1)
    return {f"split {k}": partial(task_of, X, y, test_size, models, plan, k) for k in states}


def task_of(X: Any, y: Any, test_size: float, models: Any, plan: Any, state: int) -> Task:
    """Return the task of one split; of fewer rows the same share is for the test."""
    n_all, X, y = len(y), X[: plan.n_rows], y[: plan.n_rows]
    if isinstance(test_size, int) and len(y) < n_all:
        test_size /= n_all
    train_rows, _ = train_test_split(np.arange(len(y)), test_size=test_size, random_state=state)
    train = np.zeros(len(y), dtype=bool)
    train[train_rows] = True
    folds = KFold(plan.n_folds, shuffle=True, random_state=0)
    note = f"{train.sum()} rows for training, {(~train).sum()} for the test."
    how: dict[str, Any] = {"score": METRICS, "validate": "first", "note": note}
    if state > 1:
        how["seeds"] = range(plan.n_seeds_of_others)
    return Task.split(f"split {state}", X, y, train, models, folds, **how)
