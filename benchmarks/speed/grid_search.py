"""A search over the same candidates by a bare loop, by skorch's estimator and by ours."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks.speed.peers import BARE, OURS
from benchmarks.speed.peers.bare_torch import BareLoop, Data
from benchmarks.speed.peers.skorch import Skorch
from benchmarks.speed.workloads import Workload

RATES = [1e-3, 2e-3, 4e-3, 8e-3]
BATCHES = [48, 64, 96]
N_FOLDS = 5
Search = Callable[[np.ndarray, np.ndarray], float]
"""Returns the least mean squared error, over folds, of a candidate for X and y."""


def searches(workload: Workload, n_jobs: int) -> dict[str, Search]:
    """Return a search over `RATES` and `BATCHES` by each competitor, in so many processes."""
    options = {"cv": N_FOLDS, "n_jobs": n_jobs, "refit": False}
    search = partial(GridSearchCV, scoring="neg_mean_squared_error", **options)
    ours = search(workload.estimator(), {"learning_rate": RATES, "batch_size": BATCHES})
    theirs = search(Skorch(workload).estimator, {"lr": RATES, "batch_size": BATCHES})
    return {
        BARE: partial(bare_search, workload, n_jobs),
        "skorch": lambda X, y: -theirs.fit(X, y[:, None]).best_score_,
        OURS: lambda X, y: -ours.fit(X, y).best_score_,
    }


def bare_search(workload: Workload, n_jobs: int, X: np.ndarray, y: np.ndarray) -> float:
    jobs = [
        delayed(bare_error)(replace(workload, batch=size), rate, (X, y), *fold)
        for rate, size in product(RATES, BATCHES)
        for fold in KFold(N_FOLDS).split(X)
    ]
    return float(np.reshape(Parallel(n_jobs)(jobs), (-1, N_FOLDS)).mean(1).min())


def bare_error(workload: Workload, rate: float, data: Data, train: Any, test: Any) -> float:
    X, y = data
    loop = BareLoop(workload, (X[train], y[train]), rate)
    loop.train()
    return float(mean_squared_error(y[test], loop.predict(X[test])))
