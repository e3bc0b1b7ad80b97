"""Networks that select channels of made-up sequences, along paths of penalties."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

import sklearn_rnn as rnn
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown
from sklearn_rnn.model_selection import penalty_path

N_CHANNELS = 8
NETS = ("GRU", "LSTM", "TCN", "CNN", "Dense")


def draw(n_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of ten steps, of which two of the eight channels make the target."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 10, N_CHANNELS))
    return X, X[:, -1, 0] + X[:, -3, 1] * X[:, -2, 1] + 0.1 * rng.normal(size=n_samples)


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return by network and seed where each channel enters, and the best R2 of the right two."""
    quick = size == "quick"
    n_seeds, nets = (1, NETS[-1:]) if quick else (5, NETS)
    how = {"n_alphas": 4 if quick else 25, "eps": 0.01, "patience": 3}
    settings = {"max_epochs": 2} if quick else {}
    runs = (delayed(select)(*run, settings, how) for run in product(nets, range(n_seeds)))
    header = ["network", "seed", *(f"x{c}" for c in range(N_CHANNELS)), "right", "r2"]
    table = pd.DataFrame(Parallel(n_jobs=-1)(runs), columns=header)
    return table, {"n_seeds": n_seeds, "n_alphas": how["n_alphas"]}


def select(name: str, seed: int, settings: dict[str, Any], how: dict[str, Any]) -> list[Any]:
    """Return the row of one network and one seed."""
    X, y = draw(500, seed)
    X_val, y_val = draw(2000, 1000 + seed)
    make = getattr(rnn, f"{name}Regressor")
    net = make(penalty="group", l1_ratio=0.9, random_state=seed, **settings)
    path = penalty_path(net, X, y, X_val=X_val, y_val=y_val, **how)
    reads = (path.coefficients != 0).reshape(len(path.alphas), -1, N_CHANNELS).any(axis=1)
    entry = np.where(reads.any(axis=0), reads.argmax(axis=0), len(reads))
    right = (reads == (np.arange(N_CHANNELS) < 2)).all(axis=1)
    best = path.scores[right].max() if right.any() else np.nan
    return [name, seed, *entry, int(right.sum()), best]


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    others = table[[f"x{c}" for c in range(2, N_CHANNELS)]].min(axis=1)
    first = table[["x0", "x1"]].max(axis=1) < others
    table = table.assign(found=(table["right"] > 0) & first)
    of_nets = table.groupby("network", sort=False)
    found = of_nets["found"].sum()
    columns = (of_nets["right"].median(), of_nets["right"].min(), of_nets["r2"].median())
    rows = [
        [net, f"{found[net]} of {kept['n_seeds']}", f"{median:g}", str(least), f"{r2:.3f}"]
        for net, median, least, r2 in zip(found.index, *columns, strict=True)
    ]
    header = ["network", "seeds with both first", "points with both alone, median", "least", "R2"]
    return {"rows": markdown(header, rows), "found": found}


QUESTION = Measurement(measure, facts)
