"""What does a path of fifty penalties cost, beside a single fit?

The single fit is that with the weakest penalty of the path, the one that takes longest, with the
same settings. The search for the first penalty of a net is counted. At most five single fits are
allowed.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from benchmarks._report import environment, folder, markdown, write
from sklearn_rnn import DenseRegressor, LSTMRegressor, make_lagged
from sklearn_rnn.datasets import load_hitters, load_nyse
from sklearn_rnn.model_selection import penalty_path
from sklearn_rnn.plotting import PathDisplay

matplotlib.use("Agg")

LIMIT = 5.0
LASSO = DenseRegressor(hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs", max_epochs=1000)
GROUPS = {"penalty": "group", "l1_ratio": 0.9, "learning_rate": 0.005, "random_state": 0}


def main(size: str) -> None:
    """Write a table of costs and a picture of each path."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    to = folder(size)
    n_alphas = 5 if quick else 50
    rows = []
    for name, (model, X, y) in models(n_days=300 if quick else None).items():
        row, path = costs(model, X, y, n_alphas)
        rows.append([name, *row])
        file = f"path-{name.split(',')[0].replace(' ', '-')}.png"
        PathDisplay.from_path(path).figure_.savefig(to / file, dpi=150)
    header = ["model", "single fit (epochs)", "path (epochs)", "ratio", "single fit (s)"]
    header += ["path (s)", "ratio in seconds", "inputs read, first to last"]
    within = all(float(row[3]) <= LIMIT for row in rows)
    write(
        to / "path.md",
        "# What does a path of fifty penalties cost, beside a single fit?",
        f"{'All' if within else 'NOT all'} paths cost at most {LIMIT:g} single fits, in epochs.",
        markdown(header, rows),
        *(f"![{row[0]}](path-{row[0].split(',')[0].replace(' ', '-')}.png)" for row in rows),
        environment(),
    )


def models(n_days: int | None) -> dict[str, tuple[Any, Any, Any]]:
    """Return what is measured: an estimator and its data, by name."""
    players, salary = load_hitters(return_X_y=True, as_frame=True)
    players = pd.get_dummies(players, drop_first=True, dtype=float)
    nyse = load_nyse(as_frame=True, day_of_week=True)
    past = slice(0, n_days or int(nyse.train.sum()))
    X, y = make_lagged(nyse.data[past], nyse.target[past], 5)
    X, y = np.asarray(X), np.ravel(y)
    hitters = clone(LASSO).set_params(n_channels=19)
    exact = {"tol": 1e-6}
    return {
        "lasso Hitters": (hitters, players, salary),
        "lasso Hitters exact, tol=1e-6": (clone(hitters).set_params(**exact), players, salary),
        "lasso NYSE": (LASSO, X, y),
        "lasso NYSE exact, tol=1e-6": (clone(LASSO).set_params(**exact), X, y),
        "dense NYSE, adam, groups": (DenseRegressor(**GROUPS), X, y),
        "LSTM NYSE, adam, groups": (LSTMRegressor(**GROUPS), X, y),
    }


def costs(model: Any, X: Any, y: Any, n_alphas: int) -> tuple[list[str], Any]:
    """Fit the path, and the estimator once at its end; return a row of the table and the path."""
    start = time.perf_counter()
    path = penalty_path(model, X, y, n_alphas=n_alphas)
    path_seconds = time.perf_counter() - start
    single = clone(model).set_params(alpha=path.alphas[-1], early_stopping=False)
    start = time.perf_counter()
    single.fit(X, y)
    seconds = time.perf_counter() - start
    n_iter = int(path.n_iter.sum()) + path.n_iter_search
    read = (path.coefficients != 0).sum(axis=1)
    row = [f"{single.n_iter_}", f"{n_iter}", f"{n_iter / single.n_iter_:.1f}", f"{seconds:.2f}"]
    row += [f"{path_seconds:.2f}", f"{path_seconds / seconds:.1f}", f"{read[0]} to {read[-1]}"]
    return row, path
