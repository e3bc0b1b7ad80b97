"""Long horizons on two electricity transformers, by the protocol of the papers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from tqdm import tqdm

from benchmarks.harness.cache import CACHE, Cache
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown
from sklearn_rnn import DenseRegressor, LagRidge, LagTransformer
from sklearn_rnn.datasets import fetch_ett

N_LAGS = 336
HORIZONS = (96, 192, 336, 720)
HOURS = {"train": (0, 8640), "validation": (8640, 11520), "test": (11520, 14400)}
# DLinear, by Zeng, Chen, Zhang and Xu (2023), "Are transformers effective for time series
# forecasting?", with 336 hours of input: mean squared error by horizon.
PUBLISHED = {"ETTh1": (0.374, 0.408, 0.429, 0.440), "ETTh2": (0.277, 0.344, 0.357, 0.394)}
RIDGE, CHOSEN = "ridge", "net chosen on validation hours"
NETS = {
    f"{name}, {how}": {"linear_skip": skip, "standardize": how}
    for name, skip in (("dense", False), ("linear + dense", True))
    for how in ("last", "window")
}


def standardized(name: str, download: bool) -> pd.DataFrame:
    """Return the hours of all parts, in units of the training part."""
    table = fetch_ett(name, as_frame=True, download_if_missing=download).data
    table = table.iloc[: HOURS["test"][1]]
    train = table.iloc[slice(*HOURS["train"])]
    return ((table - train.mean()) / train.std(ddof=0)).astype(np.float32)


def examples(table: pd.DataFrame, part: str, horizon: int) -> tuple[Any, Any]:
    """Return the windows of every channel, as series of one panel, and the hours that follow."""
    start, stop = HOURS[part]
    hours = table.iloc[max(start - N_LAGS, 0) : stop]
    values, n = hours.to_numpy().ravel(order="F"), len(hours)
    index = pd.MultiIndex.from_product([hours.columns, hours.index], names=["channel", "hour"])
    windows = LagTransformer(N_LAGS).fit_transform(pd.DataFrame({"value": values}, index=index))
    first = np.arange(N_LAGS, n - horizon + 1)
    rows = (np.arange(hours.shape[1])[:, np.newaxis] * n + first).ravel()
    return windows[rows], sliding_window_view(values, horizon)[rows]


def net(kind: str, seed: int, max_epochs: int) -> DenseRegressor:
    training = {"learning_rate": 3e-4, "batch_size": 256, "dropout": 0.5, "patience": 3}
    return DenseRegressor(
        hidden_layer_sizes=(128,),
        target_channel=0,
        early_stopping=True,
        max_epochs=max_epochs,
        random_state=seed,
        **training,
        **NETS[kind],
    )


def errors(y: Any, predicted: Any) -> list[float]:
    """Return the mean squared and the mean absolute error."""
    return [float(np.square(y - predicted).mean()), float(np.abs(y - predicted).mean())]


def fit(table: pd.DataFrame, horizon: int, kind: str, seed: int, max_epochs: int) -> list[float]:
    """Return the errors of a model on the validation hours, then on the test hours."""
    X, y = examples(table, "train", horizon)
    held_out = [examples(table, part, horizon) for part in ("validation", "test")]
    if kind == RIDGE:
        model = LagRidge(1.0, standardize="last").fit(X, y)
    else:
        validation = dict(zip(("X_val", "y_val"), held_out[0], strict=True))
        model = net(kind, seed, max_epochs).fit(X, y, **validation)
    return [error for windows, after in held_out for error in errors(after, model.predict(windows))]


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the errors of all fits."""
    quick = size == "quick"
    n_seeds, n_epochs, horizons = (1, 1, HORIZONS[:1]) if quick else (3, 10, HORIZONS)
    tables = {name: standardized(name, not quick) for name in PUBLISHED}
    cache, rows = Cache(None if quick else CACHE / "etth.jsonl"), []
    kinds = [(RIDGE, 0), *product(NETS, range(n_seeds))]
    for name, horizon, (kind, seed) in tqdm(list(product(tables, horizons, kinds))):
        key = f"{name}, {horizon}, {kind}, {seed}, {n_epochs}"
        if key not in cache:
            cache[key] = fit(tables[name], horizon, kind, seed, n_epochs)
        rows.append([name, horizon, kind, seed, *cache[key]])
    scores = [f"{part} {error}" for part in ("validation", "test") for error in ("MSE", "MAE")]
    header = ["data", "horizon", "model", "seed", *scores]
    return pd.DataFrame(rows, columns=header), {"n_seeds": n_seeds}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    cells, wins, n_cells = [], 0, 0
    for (name, horizon), of in table.groupby(["data", "horizon"]):
        models = of.groupby("model", sort=False)
        mean, spread = models.mean(numeric_only=True), models["test MSE"].std()
        best = mean["validation MSE"].drop(RIDGE).idxmin()
        wins += mean.loc[best, "test MSE"] <= mean.loc[RIDGE, "test MSE"]
        n_cells += 1
        shown = [f"{mean.loc[kind, 'test MSE']:.3f}" for kind in (RIDGE, *NETS)]
        cells.append(
            [
                *(name, str(horizon), f"{PUBLISHED[name][HORIZONS.index(horizon)]:.3f}", *shown),
                f"{best}: {mean.loc[best, 'test MSE']:.4f} ± {spread[best]:.4f}",
                f"{mean.loc[RIDGE, 'test MAE']:.3f} / {mean.loc[best, 'test MAE']:.3f}",
            ]
        )
    header = ["data", "hours ahead", "DLinear, published", RIDGE, *NETS, CHOSEN, "MAE, ridge / net"]
    return {"rows": markdown(header, cells), "wins": int(wins), "n_cells": n_cells}


QUESTION = Measurement(measure, facts)
