"""A search over the same candidates by a bare loop, by skorch's estimator and by ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks._workloads import BareLoop, Workload

RATES = [1e-3, 2e-3, 4e-3, 8e-3]
BATCHES = [48, 64, 96]
N_FOLDS = 5
Search = Callable[[np.ndarray, np.ndarray], float]
"""Returns the least mean squared error, over folds, of a candidate for X and y."""


def searches(workload: Workload, n_jobs: int) -> dict[str, Search]:
    """Return a search over `RATES` and `BATCHES` by each competitor, in so many processes."""
    options = {
        "cv": N_FOLDS,
        "n_jobs": n_jobs,
        "refit": False,
        "scoring": "neg_mean_squared_error",
    }
    theirs = GridSearchCV(workload.of_skorch(), {"lr": RATES, "batch_size": BATCHES}, **options)
    grid = {"learning_rate": RATES, "batch_size": BATCHES}
    ours = GridSearchCV(workload.estimator(), grid, **options)
    return {
        "bare torch": lambda X, y: bare_search(workload, n_jobs, X, y),
        "skorch": lambda X, y: -theirs.fit(X, y[:, None]).best_score_,
        "sklearn_rnn": lambda X, y: -ours.fit(X, y).best_score_,
    }


def bare_search(workload: Workload, n_jobs: int, X: np.ndarray, y: np.ndarray) -> float:
    """Search by the bare loop."""
    jobs = [
        delayed(bare_error)(replace(workload, batch=size), rate, X, y, train, test)
        for rate, size in product(RATES, BATCHES)
        for train, test in KFold(N_FOLDS).split(X)
    ]
    errors = np.reshape(Parallel(n_jobs)(jobs), (-1, N_FOLDS))
    return float(errors.mean(1).min())


def bare_error(
    workload: Workload,
    rate: float,
    X: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> float:
    """Return the error of a net of the bare loop on a fold."""
    loop = BareLoop(workload, (X[train], y[train]), rate)
    loop.train()
    return float(mean_squared_error(y[test], loop.predict(X[test])))
