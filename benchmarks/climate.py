"""Does a net forecast the weather of the next month better than the mean of that month?

After Guo, He and Wang (2024, doi 10.1038/s41598-024-68906-6), who forecast six monthly variables at
Jinan from their 12 lags; that series is not public, so these are De Bilt, with the same six
variables for 22 years, and two long British records. All models that learn know the month that is
forecast: the mean of the month by an indicator of each, the others by the sine and the cosine of
2 pi m / 12, where m is 1 for January. AR(12) is of each series by itself; the lasso and the nets
read all of them, and a net forecasts all at once. Penalty and number of epochs of the nets, and the
net of the conclusion, are chosen by the mean R2 over the variables in cross-validation on later
training months. The last years, which are named in the tables, are for the test; two first runs,
with narrower grids, looked at them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.model_selection import TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from benchmarks._cache import CACHE, Cache
from benchmarks._climate_report import write
from benchmarks._report import folder
from benchmarks._runner import Model, Task, run_validated
from benchmarks.worth_it import SEASON, months, with_season
from sklearn_rnn import (
    CNNLSTMRegressor,
    CNNRegressor,
    DenseRegressor,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    RNNRegressor,
    make_ar,
)
from sklearn_rnn.datasets import fetch_climate, fetch_debilt
from sklearn_rnn.model_selection import n_parameters

N_LAGS = 12
STATIONS = {"De Bilt": ("2000", "2016"), "oxford": ("1929", "2005"), "lerwick": ("1931", "2005")}
NETS = {
    "dense": DenseRegressor(hidden_layer_sizes=(16,)),
    "RNN": RNNRegressor(hidden_size=16),
    "LSTM": LSTMRegressor(hidden_size=16),
    "CNN": CNNRegressor(num_channels=16),
    "CNN-LSTM": CNNLSTMRegressor(num_channels=16, hidden_size=16),
}


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 3
    n_folds: int = 3
    n_stations: int = len(STATIONS)
    n_months: int | None = None  # at most so many, the last
    grid: dict[str, list[Any]] = field(
        default_factory=lambda: {
            "model__alpha": [0.0, 0.001, 0.01, 0.1],
            "model__max_epochs": [3, 10, 30, 100, 300],
        }
    )


QUICK: dict[str, list[Any]] = {"model__alpha": [0.1], "model__max_epochs": [2]}
WIDE: dict[str, list[Any]] = {
    "model__alpha": [0.0, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
    "model__max_epochs": [3, 5, 10, 20, 60, 120, 240, 500],
}
PLANS = {"quick": Plan(1, 2, 1, 120, QUICK), "usual": Plan(), "full": Plan(10, 5, grid=WIDE)}


def main(size: str) -> None:
    """Forecast at every station; write tables, conclusion and pictures."""
    plan, tasks, absent = PLANS[size], [], []
    for station in list(STATIONS)[: plan.n_stations]:
        try:
            tasks.append(task_of(station, plan, download=size != "quick"))
        except FileNotFoundError:
            absent.append(station)
    if not tasks:
        print(f"Nothing was run: there are no files of {', '.join(absent)}.")
        return
    quick = size == "quick"
    cache = Cache(None if quick else CACHE / "climate.jsonl")
    results = run_validated(
        tasks, seeds=range(plan.n_seeds), cache=cache, n_jobs=1 if quick else None
    )
    write(folder(size), __doc__ or "", tasks, results)


def task_of(station: str, plan: Plan, *, download: bool) -> Task:
    """Return the months at a station, and the models of the next one."""
    first, first_test = STATIONS[station]
    if station == "De Bilt":
        series = fetch_debilt(as_frame=True, download_if_missing=download).data.dropna()
    else:
        record = fetch_climate(station, as_frame=True, download_if_missing=download)
        series = record.data[~record.provisional]
    series = series[first:]
    if plan.n_months is not None:
        series = series[-plan.n_months :]
        first_test = str(series.index[-plan.n_months // 4].year)
    train = np.asarray(series.index < first_test)
    models = [*simple_models(list(series.columns), plan), *nets(plan)]
    folds = TimeSeriesSplit(plan.n_folds)
    return Task(station.title(), with_season(series), series, train, models, folds)


def simple_models(names: list[str], plan: Plan) -> list[Model]:
    """Return the means, what was a year ago, and the linear models."""
    every = OneHotEncoder(categories=[range(1, 13)], sparse_output=False)
    mean = make_pipeline(FunctionTransformer(months), every, LinearRegression())
    a_year_ago = [PersistenceRegressor(channel=k, season=12) for k in range(len(names))]
    lasso = MultiOutputRegressor(LassoCV(cv=TimeSeriesSplit(plan.n_folds), max_iter=20_000))
    return [
        Model("mean of the month", mean),
        Model("same month last year", make_pipeline(LagTransformer(12), ForEach(a_year_ago))),
        Model(f"AR({N_LAGS})", ForEach([own(name) for name in names])),
        Model("lasso", windows(lasso, flatten=True)),
    ]


def own(name: str) -> Pipeline:
    """Return an autoregression of one of the series."""
    kept = ColumnTransformer(
        [("own", "passthrough", [name, *SEASON])], verbose_feature_names_out=False
    )
    return make_pipeline(kept.set_output(transform="pandas"), *make_ar(N_LAGS, exogenous=SEASON))


def nets(plan: Plan) -> list[Model]:
    """Return the nets, and what is searched."""
    training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "early_stopping": False}
    return [
        Model(name, windows(net.set_params(**training)), plan.grid, seeded=True)
        for name, net in NETS.items()
    ]


def windows(model: Any, flatten: bool = False) -> Pipeline:
    """Return a model of the lags of all standardised series and of the season to come."""
    scale = StandardScaler().set_output(transform="pandas")
    lags = LagTransformer(N_LAGS, known_ahead=SEASON, flatten=flatten)
    return Pipeline([("scale", scale), ("lags", lags), ("model", model)])


class ForEach(RegressorMixin, BaseEstimator):
    """Fits the first model to the first column of y, the second to the second, and so on.

    Parameters
    ----------
    models : sequence of estimator
        As many as y has columns; each is given the whole X.
    """

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, X: Any, y: pd.DataFrame) -> ForEach:
        """Fit every model."""
        columns = [y[name] for name in y.columns]
        self.estimators_ = [
            clone(model).fit(X, column) for model, column in zip(self.models, columns, strict=True)
        ]
        sizes = [n_parameters(model) for model in self.estimators_]
        self.n_parameters_ = int(np.nansum(sizes))
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return a column of predictions by each model."""
        return np.column_stack([model.predict(X) for model in self.estimators_])
