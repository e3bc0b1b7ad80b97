"""Paths of fifty penalties by a lasso and by nets, beside a single fit at their ends."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import enet_path
from sklearn.preprocessing import scale

from benchmarks.question import Measurement
from benchmarks.report.pictures import save
from sklearn_rnn import DenseRegressor, LagTransformer, LSTMRegressor
from sklearn_rnn.datasets import load_hitters, load_nyse
from sklearn_rnn.model_selection import penalty_path
from sklearn_rnn.plotting import PathDisplay

LIMIT = 5.0
LASSO = DenseRegressor(
    hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs", max_epochs=1000, random_state=0
)
TIGHT = {"tol": 1e-10, "dtype": "float64", "patience": 2}
GROUPS = {"penalty": "group", "l1_ratio": 0.9, "learning_rate": 0.005, "random_state": 0}
FORMS = dict.fromkeys(["ratio", "ratio in seconds"], ".1f")
FORMS |= dict.fromkeys(["single fit (CPU s)", "path (CPU s)"], ".2f")
FORMS |= dict.fromkeys(["error of a weight", "error of R2"], ".1g")


def models(n_days: int | None) -> dict[str, tuple[Any, Any, Any]]:
    players, salary = load_hitters(return_X_y=True, as_frame=True)
    players = pd.get_dummies(players, drop_first=True, dtype=float)
    nyse = load_nyse(as_frame=True, day_of_week=True)
    past = slice(0, n_days or int(nyse.train.sum()))
    lags = LagTransformer(5, flatten=True).set_output(transform="pandas")
    X, y = lags.fit_transform(nyse.data[past])[5:], nyse.target[past][5:]
    ways = {"": {}, " closer, tol=1e-6": {"tol": 1e-6}, " tight, tol=1e-10": TIGHT}
    of_players = clone(LASSO).set_params(n_channels=players.shape[1])
    lassos = {
        f"lasso {data}{way}": (clone(lasso).set_params(**settings), *of)
        for data, lasso, *of in (("Hitters", of_players, players, salary), ("NYSE", LASSO, X, y))
        for way, settings in ways.items()
    }
    nets = {"dense": DenseRegressor(**GROUPS), "LSTM": LSTMRegressor(**GROUPS)}
    return lassos | {f"{name} NYSE, adam, groups": (net, X, y) for name, net in nets.items()}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    n_alphas, tasks = (5, models(300)) if size == "quick" else (50, models(None))
    warm_up, X, y = next(iter(tasks.values()))
    penalty_path(warm_up, X, y, n_alphas=2)
    found = {name: costs(*task, n_alphas) for name, task in tasks.items()}
    rows = [{"model": name, **row} for name, (row, _) in found.items()]
    return pd.DataFrame(rows), {"paths": {name: path for name, (_, path) in found.items()}}


def costs(model: Any, X: Any, y: Any, n_alphas: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit the path, and the estimator once at its end."""
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
    row = {
        **{"single fit (epochs)": single.n_iter_, "path (epochs)": n_iter},
        **{"ratio": n_iter / single.n_iter_, "single fit (CPU s)": seconds},
        **{"path (CPU s)": path_seconds, "ratio in seconds": path_seconds / seconds},
        "inputs read, first to last": f"{read[0]} to {read[-1]}",
    }
    if model.l1_ratio == 1.0:
        row |= zip(("error of a weight", "error of R2"), errors(path, X, y), strict=True)
    kept = {"alphas": path.alphas.tolist(), "coefficients": path.coefficients.round(4).tolist()}
    channels = list(dict.fromkeys(name.partition("_lag")[0] for name in X))
    # A recurrent net has a group for each channel, and does not read the names.
    groups = channels if len(channels) == len(path.groups) else path.groups
    return row, kept | {"groups": list(groups)}


def errors(path: Any, X: Any, y: Any) -> list[float]:
    """Return the largest errors of weights and of R2, against coordinate descent."""
    x, channels = X.to_numpy(float), np.array([name.partition("_lag")[0] for name in X])
    flat = scale(x / [x[:, channels == name].std() for name in channels], with_std=False)
    target, how = scale(np.asarray(y)), {"l1_ratio": 1.0, "tol": 1e-12, "max_iter": 100_000}
    _, exact, _ = enet_path(flat, target, alphas=path.alphas, **how)
    scores = 1 - np.square(target[:, np.newaxis] - flat @ exact).mean(axis=0)
    of_weights, of_scores = path.coefficients - exact.T, path.scores - scores
    return [float(np.abs(error).max()) for error in (of_weights, of_scores)]


def file_of(name: str) -> str:
    return f"path-{name.split(',')[0].replace(' ', '-')}.png"


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    return {
        **{"epochs": table["ratio"], "seconds": table["ratio in seconds"]},
        "over": table["model"][table["ratio"] > LIMIT].tolist(),
    }


def draw(to: Path, table: pd.DataFrame, kept: Any) -> None:
    for name, path in kept.get("paths", {}).items():
        path = {key: np.asarray(values) for key, values in path.items()}
        display = PathDisplay(**path).plot()
        display.ax_.get_legend().remove()  # it stands below, where no line crosses it
        legend = display.ax_.get_legend_handles_labels()
        save(display.figure_, to / file_of(name), f"Weights along the path: {name}", legend)


QUESTION = Measurement(measure, facts, draw)
