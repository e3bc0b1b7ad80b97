"""How sure classifiers are at their defaults when there are few samples."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown

FAMILIES = ("RNN", "LSTM", "GRU", "TCN", "CNN", "Dense")
SIZES = (100, 300, 499)
N_TEST = 3000
CONSTANT = float(np.log(2))
DRAWS = {"quick": range(10, 11), "usual": range(10, 15), "full": range(10, 20)}
"""Others than 0 to 4, by which the share that is held out was chosen."""
STOPPING = {"defaults": "auto", "a tenth held out": True, "all epochs": False}


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of ten normal values, and classes whose log-odds are their sum."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10, 1))
    return X, (rng.random(n) < 1 / (1 + np.exp(-X.sum((1, 2))))).astype(int)


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the log loss on test samples of every family, at its defaults and with all epochs."""
    quick, draws = size == "quick", DRAWS[size]
    sizes = SIZES[: 1 if quick else None]
    cache = Cache(None if quick else CACHE / "small_samples.jsonl")
    reduced = {"max_epochs": 2} if quick else {}
    nets = list(product(FAMILIES, STOPPING))
    rows = []
    for n, seed in tqdm(list(product(sizes, draws))):
        X, y = draw(n + N_TEST, seed)
        models = {("logistic regression", ""): LogisticRegression()} | {
            (family, how): getattr(rnn, f"{family}Classifier")(
                early_stopping=STOPPING[how], random_state=seed, **reduced
            )
            for family, how in nets
        }
        for (name, how), model in models.items():
            key = f"{name}, {how}, {n}, {seed}"
            if key not in cache:
                linear = name not in FAMILIES
                inputs = X[..., 0] if linear else X
                model.fit(inputs[:n], y[:n])
                cache[key] = log_loss(y[n:], model.predict_proba(inputs[n:]))
            rows.append([name, how, n, seed, cache[key]])
    header = ["model", "training", "n", "seed", "loss"]
    return pd.DataFrame(rows, columns=header), {"n_draws": len(draws)}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of = table.fillna({"training": ""}).groupby(["model", "training", "n"], sort=False)["loss"]
    means, deviations = of.mean().unstack("n"), of.std().unstack("n")
    defaults = means.xs("defaults", level="training")
    every = means.xs("all epochs", level="training")
    draws = table.fillna({"training": ""}).groupby(["model", "training"])["seed"]
    draws = draws.min().astype(str) + " to " + draws.max().astype(str)
    rows = [
        [
            *(*which, draws[which]),
            *(f"{x:.3f} ± {d:.3f}" for x, d in zip(row, deviations.loc[which], strict=True)),
        ]
        for which, row in means.iterrows()
    ]
    return {
        "rows": markdown(
            ["model", "training", "draws", *(f"n = {n}" for n in means.columns)], rows
        ),
        "most": {n: f"{defaults[n].max():.3f} ({defaults[n].idxmax()})" for n in means.columns},
        "most_of_every": {n: f"{every[n].max():.3f} ({every[n].idxmax()})" for n in means.columns},
    }


QUESTION = Measurement(measure, facts)
