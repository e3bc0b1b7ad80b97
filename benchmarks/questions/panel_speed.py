"""Seconds of one global network for many series, beside other forecasting libraries.

All take turns in one process. The GRU of neuralforecast draws its batches from the same windows;
LightGBM on lags, by mlforecast, is another model.
"""

import logging
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from sklearn.pipeline import make_pipeline

from benchmarks.question import Measurement
from benchmarks.speed.peers import TRAINER
from benchmarks.speed.timing import in_turn
from sklearn_rnn import Forecaster, GRURegressor, LagTransformer

HORIZON, N_LAGS, HIDDEN, BATCH = 12, 24, 32, 256
OURS, PEER, TREES = "sklearn_rnn, GRU", "neuralforecast, GRU", "mlforecast, LightGBM"
PACKAGES = {PEER: "neuralforecast", TREES: "mlforecast"}
Calls = tuple[Callable[[], object], Callable[[], object]]
"""A fit, and a forecast of all series."""


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the median seconds of fits and forecasts, and the ratios of ours to the others."""
    n_series, n_rows, rounds = (10, 100, 1) if size == "quick" else (1000, 1000, 3)
    table = panel(n_series, n_rows)
    n_steps = -(-n_series * (n_rows - N_LAGS - HORIZON + 1) // BATCH)
    there = {name: package for name, package in PACKAGES.items() if find_spec(package)}
    makers = {OURS: ours, PEER: neuralforecast, TREES: mlforecast}
    calls = {name: makers[name](table, n_steps) for name in (OURS, *there)}
    rows = []
    for k, what in enumerate(("fit", "forecast")):
        taken = in_turn({name: pair[k] for name, pair in calls.items()}, rounds)
        for name, (_, *times) in taken.items():
            ratio = np.divide(taken[OURS][1:], times)
            rows.append([what, name, np.median(times), np.median(ratio), ratio.min(), ratio.max()])
    header = ["what", "library and model", "seconds", "ours / these", "least", "most"]
    packages = ", ".join(f"{package} {version(package)}" for package in there.values())
    return pd.DataFrame(rows, columns=header), {"packages": packages, "n_steps": n_steps}


def panel(n_series: int, n_rows: int) -> pd.DataFrame:
    """Return autoregressive series of days (coefficient 0.9), with levels of their own."""
    rng = np.random.default_rng(0)
    y = lfilter([1], [1, -0.9], rng.normal(size=(n_series, n_rows)))
    y += rng.normal(size=(n_series, 1))
    days = pd.date_range("2020-01-01", periods=n_rows)
    index = pd.MultiIndex.from_product([range(n_series), days], names=["unique_id", "ds"])
    return pd.DataFrame({"y": y.ravel()}, index)


def ours(table: pd.DataFrame, n_steps: int) -> Calls:
    training = {"batch_size": BATCH, "max_epochs": 1, "early_stopping": False, "random_state": 0}
    pipe = make_pipeline(LagTransformer(N_LAGS), GRURegressor(hidden_size=HIDDEN, **training))
    model = Forecaster(pipe, horizon=HORIZON, strategy="multi_output", target="y")
    return partial(model.fit, table), partial(model.predict, HORIZON)


def neuralforecast(table: pd.DataFrame, n_steps: int) -> Calls:
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MSE
    from neuralforecast.models import GRU

    logging.disable(logging.WARNING)
    sizes = {"h": HORIZON, "input_size": N_LAGS, "windows_batch_size": BATCH, "decoder_layers": 1}
    network = {"encoder_n_layers": 1, "encoder_hidden_size": HIDDEN, "scaler_type": "identity"}
    gru = GRU(max_steps=n_steps, loss=MSE(), **sizes, **network, **TRAINER)
    model = NeuralForecast([gru], freq="D")
    return partial(model.fit, table.reset_index()), model.predict


def mlforecast(table: pd.DataFrame, n_steps: int) -> Calls:
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast

    model = MLForecast(LGBMRegressor(verbose=-1), "D", lags=range(1, N_LAGS + 1))
    return partial(model.fit, table.reset_index()), partial(model.predict, HORIZON)


QUESTION = Measurement(measure)
