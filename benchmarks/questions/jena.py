"""Temperatures a day (or a month) ahead: the nets of a book, and simple models."""

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

import sklearn_rnn as rnn
from benchmarks.harness.cache import Cache
from benchmarks.harness.held_out import HeldOut
from benchmarks.harness.runner import Model, Task, run
from benchmarks.question import Question, sizes
from benchmarks.report.effects import Effect
from benchmarks.report.pictures import draw_scores, panel
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_debilt, fetch_ett

MEASURE, VALIDATION = "MAE", "validation MAE"
BESIDE = "GRU beside a linear model"
PATIENCE = 5
FILE = "jena_climate_2009_2016.csv"
PUBLISHED = {"Jena": {"persistence": 0.29, "GRU": 0.265}}
ENDS = (200_000 / 420_551, 300_000 / 420_551)  # where training and validation of Jena end
FORM: dict[str, Any] = {"delay": 1, "step": 1, "season": 1, "ends": ENDS, "most": None}
ENDS_OF_ETT, MONTHS_OF_ETT = (12 / 20, 16 / 20), 20  # of 30 days
PLANS = sizes(
    n_seeds=(1, 3, 10),
    n_windows=(1, 600_000, 2_500_000),  # that a net is shown in all at most, in
    n_epochs=((1, 1), (6, 200), (20, 400)),  # so many epochs at least, and at most
    alphas=((0.1,), *[(0.001, 0.1, 10.0)] * 2),  # of the net beside a linear model
    most_rows=(600, None, None),  # of each record, its first
)


def read_jena(**_: Any) -> Bunch:
    """Return the record of Jena; its file is not fetched and has to be put where the others are."""
    home = Path(os.environ.get("SKLEARN_RNN_DATA") or "~/sklearn_rnn_data").expanduser()
    path = next(home.rglob(FILE), None)
    if path is None:
        raise FileNotFoundError(FILE)
    return Bunch(data=pd.read_csv(path, index_col="Date Time"))


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    """Return the records: how each is read, what is forecast, and the windows that are cut.

    Persistence forecasts the value one `season` before. Errors of forecasts are taken as
    uncorrelated where they are of different blocks of `block` rows.
    """
    oil: dict[str, Any] = {"target": "OT", "n_lags": 120, "delay": 24, "block": 120}
    oil |= {"ends": ENDS_OF_ETT, "most": MONTHS_OF_ETT * 720}
    air = {"target": "T (degC)", "n_lags": 120, "step": 6, "delay": 144, "block": 720}
    days = {"target": "temperature_mean", "n_lags": 30, "block": 30}
    months = {"target": "temperature_mean", "n_lags": 24, "season": 12, "block": 12}
    forms: dict[str, dict[str, Any]] = {
        "Jena": {"read": read_jena, **air},
        "ETTh1": {"read": partial(fetch_ett, "ETTh1"), **oil},
        "ETTh2": {"read": partial(fetch_ett, "ETTh2"), **oil},
        "De Bilt, days": {"read": partial(fetch_debilt, monthly=False), **days},
        "De Bilt, months": {"read": fetch_debilt, **months},
    }
    return {name: partial(task_of, name, plan, download, **form) for name, form in forms.items()}


def task_of(name: str, plan: Any, download: bool, **form: Any) -> Task:
    """Return the rows for training and validation, and those for the test, with models."""
    of = SimpleNamespace(**FORM | form)
    data = of.read(as_frame=True, download_if_missing=download).data[: plan.most_rows][: of.most]
    n_train, first = (int(len(data) * share + 1e-6) for share in of.ends)
    X = data.reset_index(drop=True).astype(np.float32)
    y, deviation = X[of.target].astype(np.float64), float(data[of.target][:n_train].std())
    channel = list(data.columns).index(of.target)
    last = rnn.PersistenceRegressor(channel=channel, season=of.season)
    windows = rnn.LagTransformer(of.n_lags, step=of.step, delay=of.delay)
    models = [*simple_models(windows, last, n_train), *nets(windows, n_train, first, channel, plan)]
    later = partial(validated, X=X[:first], y=y[:first], n_train=n_train, deviation=deviation)
    how: dict[str, Any] = {"score": partial(errors, deviation=deviation), "also": later}
    how |= {"losses": absolute, "blocks": np.arange(len(y) - first) // of.block}
    how["note"] = f"blocks of {of.block} rows"
    return Task(name, X[:first], y[:first], X[first:], y[first:], models, **how)


def simple_models(windows: Any, last: Any, n_train: int) -> list[Model]:
    """Return mean, persistence, and the linear models of `make_linear` and `make_lasso`."""

    def chosen(model: Any, **grid: Any) -> Pipeline:
        return make_pipeline(windows, HeldOut(model, grid, n_train))

    alphas = np.logspace(-3, 6, 10)
    ridge = rnn.LagRidge(target_channel=last.channel)
    lasso = rnn.LagElasticNet(standardize=True)
    return [
        Model("training mean", make_pipeline(HeldOut(DummyRegressor(), {}, n_train))),
        Model("persistence", make_pipeline(windows, last)),
        Model("ridge", chosen(ridge, alpha=alphas, standardize=[True, "last"])),
        Model("lasso", chosen(lasso, alpha=np.logspace(-3, 0, 7))),
    ]


def nets(windows: Any, n_train: int, n_all: int, channel: int, plan: Any) -> list[Model]:
    """Return the nets of the book, and three whose settings the validation rows choose."""
    epochs = int(np.clip(plan.n_windows // n_train, *plan.n_epochs))
    how: dict[str, Any] = {"loss": "absolute_error", "optimizer": "rmsprop", "learning_rate": 0.001}
    how |= {"early_stopping": True, "validation_fraction": 1 - n_train / n_all, "alpha": 0.0}
    how |= {"patience": PATIENCE, "max_epochs": epochs, "batch_size": 128}
    how |= {"target_channel": channel}
    gru, dense = partial(rnn.GRURegressor, **how), partial(rnn.DenseRegressor, **how)
    steps: dict[str, list[Any]] = {
        "dense": [dense(hidden_layer_sizes=(32,))],
        "GRU": [gru()],
        "GRU, recurrent dropout": [gru(dropout=0.2, recurrent_dropout=0.2)],
        "stacked GRU, recurrent dropout": [gru(num_layers=2, dropout=0.1, recurrent_dropout=0.5)],
        "bidirectional GRU": [gru(bidirectional=True)],
        "GRU, reversed": [FunctionTransformer(reversed_steps), gru()],
        "CNN-GRU": [rnn.CNNLSTMRegressor(cell="gru", pool_size=3, **how)],
    }
    of_windows = {"standardize": ["last", "window"]}
    chosen: dict[str, tuple[Any, dict[str, Any]]] = {
        "dense, windows normalised": (dense(hidden_layer_sizes=(32,)), of_windows),
        "GRU, windows normalised": (gru(), of_windows),
        BESIDE: (gru(linear_skip=True), {"alpha": plan.alphas}),
    }
    models = {name: (make_pipeline(windows, *rest), {}) for name, rest in steps.items()}
    for name, (net, grid) in chosen.items():
        of_net = {f"model__{parameter}": values for parameter, values in grid.items()}
        models[name] = Pipeline([("windows", windows), ("model", net)]), of_net
    return [Model(name, *of, seeded=True) for name, of in models.items()]


def choose(entered: list[Task], plan: Any, cache: Cache) -> list[Task]:
    """Set what the validation rows choose: the least error there, by the first random state."""
    complete = []
    for task in entered:
        models = []
        for model in task.models:
            candidates = [
                replace(model, estimator=clone(model.estimator).set_params(**settings), grid={})
                for settings in ParameterGrid(model.grid)
            ]
            if len(candidates) > 1:
                tried = [replace(task, models=[candidate]) for candidate in candidates]
                found = [run([one], seeds=[0], cache=cache, n_jobs=1)[0] for one in tried]
                best = candidates[int(np.argmin([r.scores[VALIDATION] for r in found]))]
                model = replace(best, grid=model.grid, is_chosen=True)
            models.append(model)
        complete.append(replace(task, models=models))
    return complete


def reversed_steps(windows: np.ndarray) -> np.ndarray:
    """Return windows with the newest step first, as the book tries, without the warning of it."""
    warnings.filterwarnings("ignore", "X holds lags of a series, the newest first", UserWarning)
    return np.ascontiguousarray(windows[:, ::-1])


def absolute(y: Any, predictions: Any) -> np.ndarray:
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


def best(study: Study, task: str) -> list[str]:
    """Return the net and the simple model of a record that are best on the validation rows."""
    kinds = study.nets(task), study.simple(task)
    return [study.best(task, names, VALIDATION, less=True) for names in kinds]


def gain(study: Study, task: str, model: str) -> Effect:
    """Return the share of the error of the best simple model that a model saves."""
    simple = best(study, task)[1]
    error, saved = study.mean(task, simple, "degrees"), study.gain(task, model, simple)
    return Effect(saved.value / error, saved.error / error, saved.freedom)


def gained(study: Study, task: str, model: str) -> str:
    """Return what a model gains on the best simple one; nothing of that itself."""
    return "" if model == best(study, task)[1] else gain(study, task, model).told("+.1%")


def epochs(study: Study, task: str, model: str) -> str:
    """Return the epochs that a net was trained, by random state."""
    is_net = model in study.nets(task)
    return ", ".join(f"{n:.0f}" for n in study.scores(task, model, "epochs") if is_net)


def facts(study: Study) -> dict[str, Any]:
    every = [(task, net) for task in study.tasks for net in study.nets(task)]
    return {
        "verdicts": [gain(study, task, best(study, task)[0]).verdict for task in study.tasks],
        "of_all": [gain(study, task, net).verdict for task, net in every],
        "given_up": [t for t in study.tasks if max(study.scores(t, BESIDE, "epochs")) <= PATIENCE],
    }


def draw(to: Path, study: Study) -> None:
    of_all = facts(study)["of_all"]
    n_better = f"{of_all.count('helps')} of {len(of_all)}"
    title = f"Temperature: {n_better} nets are shown to err less than a simple model"
    label = "mean absolute error, standard deviations of the training rows (line: persistence)"
    panels = {task: panel(study, task) for task in study.tasks}
    draw_scores(to / "jena.png", title, label, panels, line="persistence")


def on(study: Study, task: str) -> list[str]:
    return [best(study, task)[1]]


QUESTION = Question(PLANS, tasks, facts, draw, on, choose)
