"""Does a net forecast the trading volume of the NYSE better than a lasso or an autoregression?

The years to 1979 are for training, those from 1980 on for the test, without and with the day of
the week, which is known ahead. Two protocols. Honest: scales are learned on the training rows
and settings are chosen there. Lab, as in chapter 10 of "An Introduction to Statistical Learning"
(ISLP): 5 lags, columns standardised over the whole record, the first 5 rows dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LassoCV, LinearRegression, RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import _nyse_report, _report
from benchmarks._cache import CACHE, Cache
from benchmarks._progress import costs_of
from benchmarks._runner import Model, Task, run
from sklearn_rnn import (
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    RNNRegressor,
    TCNRegressor,
    make_ar,
)
from sklearn_rnn.datasets import load_nyse

DATA = {"without day of week": False, "with day of week": True}
NETS = {
    "dense": DenseRegressor,
    "RNN": RNNRegressor,
    "GRU": GRURegressor,
    "LSTM": LSTMRegressor,
    "TCN": TCNRegressor,
}
SIZE = {"dense": "hidden_layer_sizes", "TCN": "num_channels"}  # of the others hidden_size
VOLUME = 1  # the position of log_volume
ISLP_COLUMNS = "^(?!day)|lag0$"  # all lags of the series, and the day that is forecast


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark tries."""

    n_seeds: int = 5
    n_splits: int = 5
    n_days: int | None = None
    lags: Sequence[int] = (5, 10)
    ar_lags: Sequence[int] = (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20)
    alphas: Sequence[float] = (2e-3, 1e-2)
    sizes: Sequence[int] = (32,)
    every_net: dict[str, Any] = field(default_factory=dict)


SHORT = {"max_epochs": 2, "lr_schedule": "cosine"}
PLANS = {
    "quick": Plan(1, 2, 300, (5,), (4, 5), (1e-3, 1e-2), every_net=SHORT),
    "usual": Plan(),
    "full": Plan(10, lags=(5, 10, 15), alphas=(3e-4, 1e-3, 3e-3, 1e-2, 3e-2), sizes=(16, 32, 64)),
}


def main(size: str) -> None:
    """Run both protocols on both forms of the data; write tables, conclusion and pictures."""
    plan = PLANS[size]
    tasks = [make(name, plan) for make in (honest, lab) for name in DATA]
    quick = size == "quick"
    cache = Cache(None if quick else CACHE / "nyse.jsonl")
    costs = {} if size != "usual" else costs_of(_report.RESULTS / "nyse.csv")
    n_jobs = 1 if quick else None
    results = run(tasks, seeds=range(plan.n_seeds), cache=cache, n_jobs=n_jobs, costs=costs)
    question = (__doc__ or "").split("\n\n")
    _nyse_report.write(_report.folder(size), results, tasks, question, size)


def honest(name: str, plan: Plan) -> Task:
    """Return the task in which everything is learned on the training rows."""
    X, y, train = read(plan, day_of_week=DATA[name])
    days = list(X.columns[3:]) or None
    lags = {"lags__n_lags": plan.lags}
    ar_lags = {"lagtransformer__n_lags": plan.ar_lags}

    def pipeline(model: Any, flatten: bool) -> Pipeline:
        scale = StandardScaler().set_output(transform="pandas")
        windows = LagTransformer(known_ahead=days, flatten=flatten)
        return Pipeline([("scale", scale), ("lags", windows), ("model", model)])

    yesterday = make_pipeline(LagTransformer(1), PersistenceRegressor(channel=VOLUME))
    models = [Model("training mean", DummyRegressor()), Model("persistence", yesterday)]
    if days:
        parts = [("today", "passthrough", days)]
        windows = ColumnTransformer(parts, remainder=LagTransformer(5, flatten=True))
        models += [Model("AR(5), only today's day", make_pipeline(windows, LinearRegression()))]
    models += [
        Model("AR(5)", make_ar(5, known_ahead=days)),
        Model("AR, lags chosen", make_ar(known_ahead=days), ar_lags),
        Model("ridge", pipeline(ridge(), flatten=True), lags),
        Model("lasso", pipeline(lasso(plan), flatten=True), lags),
    ]
    models += [
        Model(net, pipeline(tuned(net, plan), flatten=False), lags | grid(net, plan), seeded=True)
        for net in NETS
    ]
    folds = TimeSeriesSplit(plan.n_splits)
    return Task(f"honest, {name}", X, y, train, models, folds, cross_validate=True)


def lab(name: str, plan: Plan) -> Task:
    """Return the task of ISLP: windows of 5 lags as columns, standardised over all rows."""
    X, y, train = read(plan, day_of_week=DATA[name])
    X, y = (X - X.mean()) / X.std(ddof=0), (y - y.mean()) / y.std(ddof=0)
    days, n_channels = list(X.columns[3:]) or None, X.shape[1]
    lags = LagTransformer(5, known_ahead=days, flatten=True).set_output(transform="pandas")
    yesterday = PersistenceRegressor(channel=VOLUME, n_channels=n_channels)
    floor = Model("persistence", yesterday, published=0.18)
    models = [Model("training mean", DummyRegressor()), floor]
    if days:
        ar = with_today(LinearRegression())
        models += [Model("AR(5), only today's day", ar, published=0.46)]
    models += [
        Model("AR(5)", LinearRegression(), published=None if days else 0.413),
        Model("ridge", ridge()),
        Model("lasso", lasso(plan)),
        islp_dense(plan) if days else islp_rnn(plan, n_channels),
    ]
    for net in NETS:
        plain = NETS[net](n_channels=n_channels, **plan.every_net)
        models.append(Model(f"{net}, defaults", plain, seeded=True))
    for net in NETS:
        model = Pipeline([("model", tuned(net, plan, n_channels))])
        models.append(Model(f"{net}, tuned", model, grid(net, plan), seeded=True))
    windows = lags.fit_transform(X)[5:]
    return Task(f"lab, {name}", windows, y[5:], train[5:], models, TimeSeriesSplit(plan.n_splits))


def read(plan: Plan, *, day_of_week: bool) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Return X, y and which rows are for training; of a short plan the days around 1980."""
    nyse = load_nyse(as_frame=True, day_of_week=day_of_week)
    train = nyse.train.to_numpy()
    first_test, around = int(train.sum()), plan.n_days or len(train)
    kept = slice(max(0, first_test - around), first_test + around)
    return nyse.data[kept], nyse.target[kept], train[kept]


def ridge() -> RidgeCV:
    """Return ridge regression that chooses its penalty by leaving one row out."""
    return RidgeCV(np.logspace(-1, 4, 21))


def lasso(plan: Plan) -> LassoCV:
    """Return the lasso path that chooses its penalty on the later parts of the training rows."""
    return LassoCV(cv=TimeSeriesSplit(plan.n_splits), max_iter=20_000)


def tuned(net: str, plan: Plan, n_channels: int = 1) -> Any:
    """Return a net with the training of which the grid searches the rest.

    The choice was made on the training years: one cycle of 20 epochs is as good there as 50
    epochs at a constant rate, and the penalty matters most of the remaining parameters.
    """
    cycle = {"lr_schedule": "onecycle", "learning_rate": 0.01, "max_epochs": 20}
    cycle |= {"batch_size": 128, "early_stopping": False}
    return NETS[net](n_channels=n_channels, **(cycle | plan.every_net))


def grid(net: str, plan: Plan) -> dict[str, Sequence[Any]]:
    """Return the grid of a net in a pipeline."""
    sizes = [(size,) if net == "dense" else size for size in plan.sizes]
    chosen = {f"model__{SIZE.get(net, 'hidden_size')}": sizes} if len(sizes) > 1 else {}
    return {"model__alpha": plan.alphas, **chosen}


def islp_rnn(plan: Plan, n_channels: int) -> Model:
    """Return the recurrent net of ISLP."""
    settings = {"hidden_size": 12, "dropout": 0.1, "n_channels": n_channels}
    net = RNNRegressor(**(settings | islp_training(200) | plan.every_net))
    return Model("RNN of ISLP", net, seeded=True, published=0.415)


def islp_dense(plan: Plan) -> Model:
    """Return the nonlinear autoregression of ISLP."""
    settings = {"hidden_layer_sizes": (32,), "dropout": 0.5}
    net = DenseRegressor(**(settings | islp_training(20) | plan.every_net))
    return Model("dense of ISLP", with_today(net), seeded=True, published=0.466)


def islp_training(n_epochs: int) -> dict[str, Any]:
    """Return the training of ISLP: so many epochs at a constant rate, without a penalty."""
    rate = {"optimizer": "rmsprop", "learning_rate": 1e-3, "batch_size": 64, "alpha": 0.0}
    never_sooner = {"early_stopping": False, "patience": n_epochs - 1, "tol": 1.0}
    return {**rate, **never_sooner, "max_epochs": n_epochs}


def with_today(model: Any) -> Pipeline:
    """Return a model of the lags of the series and of the day that is forecast."""
    columns = [("used", "passthrough", make_column_selector(ISLP_COLUMNS))]
    return make_pipeline(ColumnTransformer(columns), model)
