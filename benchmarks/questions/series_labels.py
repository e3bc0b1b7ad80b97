"""Networks at their defaults on labelled series, beside a linear model."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.question import Measurement, load
from benchmarks.report.tables import markdown
from sklearn_rnn.datasets import fetch_ucr

NAMES = ("ItalyPowerDemand", "ECG200", "BasicMotions", "GunPoint", "ArrowHead")
LINEAR = "logistic regression"
FAMILIES = ("GRU", "LSTM", "CNN", "Dense")
N_SEEDS = {"quick": 1, "usual": 3, "full": 10}


def parts(name: str, *, download: bool) -> list[Any]:
    """Return series and labels of the published training part, and of the test part."""
    how = {"return_X_y": True, "download_if_missing": download}
    return [data for subset in ("train", "test") for data in fetch_ucr(name, subset=subset, **how)]


def accuracy(family: str, seed: int, data: list[Any], settings: dict[str, Any]) -> float:
    """Return the accuracy of a model on the test part."""
    X, y, X_test, y_test = data
    if family != LINEAR:
        net = getattr(rnn, f"{family}Classifier")(random_state=seed, **settings)
        return float(net.fit(X, y).score(X_test, y_test))
    X, X_test = (np.reshape(x, (len(x), -1)) for x in (X, X_test))
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    return float(linear.fit(X, y).score(X_test, y_test))


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the accuracy of every model on the test part of every set, by seed."""
    quick, n_seeds = size == "quick", N_SEEDS[size]
    cache = Cache(None if quick else CACHE / "series_labels.jsonl")
    settings = {"max_epochs": 2} if quick else {}
    runs = [(LINEAR, 0), *((family, seed) for family in FAMILIES for seed in range(n_seeds))]

    def run(name: str) -> list[list[Any]]:
        data = parts(name, download=not quick)
        rows = []
        for family, seed in tqdm(runs, desc=name, disable=None):
            key = f"{name}, {family}, {seed}"
            if key not in cache:
                cache[key] = accuracy(family, seed, data, settings)
            rows.append([name, *np.shape(data[0])[:2], family, seed, cache[key]])
        return rows

    found, absent = load({name: partial(run, name) for name in NAMES})
    if not found:
        raise FileNotFoundError(f"there are no files of {', '.join(absent)}.")
    header = ["set", "samples", "steps", "model", "seed", "accuracy"]
    table = pd.DataFrame([row for rows in found for row in rows], columns=header)
    return table, {"n_seeds": n_seeds, "absent": absent}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return mean accuracies, and on how many sets a network is below the linear model."""
    of = table.groupby(["model", "set"], sort=False)["accuracy"]
    means, deviations = of.mean().unstack("set"), of.std().unstack("set")
    below = (means < means.loc[LINEAR] - 1e-9).sum(
        axis=1
    )  # a mean may be as good, but for rounding
    sizes = table.groupby("set", sort=False)[["samples", "steps"]].first()
    header = [f"{name}: {of.samples} x {of.steps}" for name, of in sizes.iterrows()]
    spread = deviations.map(lambda value: "" if np.isnan(value) else f" ± {value:.3f}")
    cells = means.map("{:.3f}".format) + spread
    rows = [[name, *cells.loc[name], str(below[name])] for name in means.index]
    return {
        "rows": markdown(["model", *header, "sets below"], rows),
        "below": below.drop(LINEAR).to_dict(),
        "n_sets": len(sizes),
    }


QUESTION = Measurement(measure, facts)
