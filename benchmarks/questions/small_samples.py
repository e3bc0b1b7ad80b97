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
STOPPING = {"defaults": "auto", "a tenth held out": True, "all epochs": False}


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of ten normal values, and classes whose log-odds are their sum."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10, 1))
    return X, (rng.random(n) < 1 / (1 + np.exp(-X.sum((1, 2))))).astype(int)


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the log loss on test samples of every family, at its defaults and with all epochs."""
    quick = size == "quick"
    n_draws, sizes = (1, SIZES[:1]) if quick else (5, SIZES)
    cache = Cache(None if quick else CACHE / "small_samples.jsonl")
    reduced = {"max_epochs": 2} if quick else {}
    nets = list(product(FAMILIES, STOPPING))
    rows = []
    for n, seed in tqdm(list(product(sizes, range(n_draws)))):
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
    return pd.DataFrame(rows, columns=["model", "training", "n", "seed", "loss"]), {
        "n_draws": n_draws
    }


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of = table.fillna({"training": ""}).groupby(["model", "training", "n"], sort=False)["loss"]
    means = of.mean().unstack("n")
    defaults = means.xs("defaults", level="training")
    every = means.xs("all epochs", level="training")
    return {
        "rows": markdown(
            ["model", "training", *(f"n = {n}" for n in means.columns)],
            [[*which, *(f"{x:.3f}" for x in row)] for which, row in means.iterrows()],
        ),
        "most": {n: f"{defaults[n].max():.3f} ({defaults[n].idxmax()})" for n in means.columns},
        "most_of_every": {n: f"{every[n].max():.3f} ({every[n].idxmax()})" for n in means.columns},
    }


QUESTION = Measurement(measure, facts)
