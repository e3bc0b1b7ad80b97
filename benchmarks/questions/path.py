"""What does a path of fifty penalties cost, beside a single fit?

The single fit is that with the weakest penalty of the path, the one that takes longest, with the
same settings. The search for the first penalty of a net is counted. At most five single fits are
allowed, in epochs, at the default `tol` of 1e-4. A lasso is held against the exact path, that of
coordinate descent (scikit-learn's ``enet_path``): the largest error of a weight, on the
standardised scale, and of the training R2, over the whole path. Seconds are those that the
process computed for, which other processes do not lengthen.
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
from sklearn.linear_model import enet_path
from sklearn.preprocessing import scale

from benchmarks.report.tables import markdown
from benchmarks.report.writer import environment, folder, write_report
from sklearn_rnn import DenseRegressor, LSTMRegressor, make_lagged
from sklearn_rnn.datasets import load_hitters, load_nyse
from sklearn_rnn.model_selection import penalty_path
from sklearn_rnn.plotting import PathDisplay

matplotlib.use("Agg")

LIMIT = 5.0
LASSO = DenseRegressor(
    hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs", max_epochs=1000, random_state=0
)
TIGHT = {"tol": 1e-10, "dtype": "float64", "patience": 2}
GROUPS = {"penalty": "group", "l1_ratio": 0.9, "learning_rate": 0.005, "random_state": 0}


def main(size: str) -> None:
    """Write a table of costs and a picture of each path."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    to = folder(size)
    n_alphas = 5 if quick else 50
    rows = []
    tasks = models(n_days=300 if quick else None)
    warm_up, X, y = next(iter(tasks.values()))
    penalty_path(warm_up, X, y, n_alphas=2)
    for name, (model, X, y) in tasks.items():
        row, path = costs(model, X, y, n_alphas)
        rows.append([name, *row])
        file = f"path-{name.split(',')[0].replace(' ', '-')}.png"
        PathDisplay.from_path(path).figure_.savefig(to / file, dpi=150)
    header = ["model", "single fit (epochs)", "path (epochs)", "ratio", "single fit (CPU s)"]
    header += ["path (CPU s)", "ratio in seconds", "inputs read, first to last"]
    header += ["error of a weight", "error of R2"]
    pictures = [f"![{row[0]}](path-{row[0].split(',')[0].replace(' ', '-')}.png)" for row in rows]
    body = [markdown(header, rows), *pictures, environment()]
    write_report(to / "path.md", __doc__ or "", summary(rows), body)


def models(n_days: int | None) -> dict[str, tuple[Any, Any, Any]]:
    """Return what is measured: an estimator and its data, by name."""
    players, salary = load_hitters(return_X_y=True, as_frame=True)
    players = pd.get_dummies(players, drop_first=True, dtype=float)
    nyse = load_nyse(as_frame=True, day_of_week=True)
    past = slice(0, n_days or int(nyse.train.sum()))
    X, y = make_lagged(nyse.data[past], nyse.target[past], 5)
    X, y = np.asarray(X), np.ravel(y)
    hitters = clone(LASSO).set_params(n_channels=19)
    return {
        "lasso Hitters": (hitters, players, salary),
        "lasso Hitters closer, tol=1e-6": (clone(hitters).set_params(tol=1e-6), players, salary),
        "lasso Hitters tight, tol=1e-10": (clone(hitters).set_params(**TIGHT), players, salary),
        "lasso NYSE": (LASSO, X, y),
        "lasso NYSE closer, tol=1e-6": (clone(LASSO).set_params(tol=1e-6), X, y),
        "lasso NYSE tight, tol=1e-10": (clone(LASSO).set_params(**TIGHT), X, y),
        "dense NYSE, adam, groups": (DenseRegressor(**GROUPS), X, y),
        "LSTM NYSE, adam, groups": (LSTMRegressor(**GROUPS), X, y),
    }


def summary(rows: list[list[str]]) -> str:
    """Say what the paths cost, in epochs and in seconds."""
    over = [row[0] for row in rows if float(row[3]) > LIMIT]
    epochs, seconds = ([float(row[column]) for row in rows] for column in (3, 6))
    told = f"{', '.join(over)}: more than {LIMIT:g}" if over else f"all at most {LIMIT:g}"
    return (
        f"In epochs the paths cost {min(epochs):.1f} to {max(epochs):.1f} single fits ({told}), in "
        f"seconds {min(seconds):.1f} to {max(seconds):.1f}: each of the fifty fits needs some "
        "milliseconds besides its epochs, which counts where the single fit takes 0.1 s."
    )


def costs(model: Any, X: Any, y: Any, n_alphas: int) -> tuple[list[str], Any]:
    """Fit the path, and the estimator once at its end; return a row of the table and the path."""
    patience = 1 if model.tol > TIGHT["tol"] else TIGHT["patience"]
    start = time.process_time()
    path = penalty_path(model, X, y, n_alphas=n_alphas, patience=patience)
    path_seconds = time.process_time() - start
    single = clone(model).set_params(alpha=path.alphas[-1], early_stopping=False)
    start = time.process_time()
    single.fit(X, y)
    seconds = time.process_time() - start
    n_iter = int(path.n_iter.sum()) + path.n_iter_search
    read = (path.coefficients != 0).sum(axis=1)
    row = [f"{single.n_iter_}", f"{n_iter}", f"{n_iter / single.n_iter_:.1f}", f"{seconds:.2f}"]
    row += [f"{path_seconds:.2f}", f"{path_seconds / seconds:.1f}", f"{read[0]} to {read[-1]}"]
    is_lasso = model.l1_ratio == 1.0
    return [*row, *(errors(path, X, y) if is_lasso else ["", ""])], path


def errors(path: Any, X: Any, y: Any) -> list[str]:
    """Return the largest errors of weights and of R2, against coordinate descent."""
    x = np.asarray(X).reshape(len(X), -1, np.shape(X)[-1])
    flat = scale((x / x.std((0, 1))).reshape(len(x), -1), with_std=False)  # a scale a channel
    target = scale(np.asarray(y))
    _, exact, _ = enet_path(
        flat, target, l1_ratio=1.0, alphas=path.alphas, tol=1e-12, max_iter=100_000
    )
    scores = 1 - np.square(target[:, np.newaxis] - flat @ exact).mean(axis=0)
    of_weights, of_scores = path.coefficients - exact.T, path.scores - scores
    return [f"{np.abs(error).max():.1g}" for error in (of_weights, of_scores)]
