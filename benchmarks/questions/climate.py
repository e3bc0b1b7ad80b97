"""Monthly weather at three stations: nets, linear models and the mean of each month."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline

import sklearn_rnn as rnn
from benchmarks.harness.models import of_lags
from benchmarks.harness.runner import Model, Task
from benchmarks.harness.season import SEASON, mean_of_the_month, with_season
from benchmarks.question import Question, sizes
from benchmarks.report.pictures import (
    COLOURS,
    NET,
    SEEDED,
    SIMPLE,
    Scores,
    axes_of,
    draw_lines,
    draw_scores,
    save,
)
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_climate, fetch_debilt
from sklearn_rnn.model_selection import n_parameters

N_LAGS = 12
SHOWN = 96  # months
FLOOR, CLASSICAL = "mean of the month", f"AR({N_LAGS})"
MEASURES: dict[str, Callable[..., float]] = {
    "RMSE": root_mean_squared_error,
    "MAE": mean_absolute_error,
    "R": lambda y, p: np.corrcoef(y, p)[0, 1],
}
STATIONS = {"De Bilt": ("2000", "2016"), "oxford": ("1929", "2005"), "lerwick": ("1931", "2005")}
NETS = {
    "dense": rnn.DenseRegressor(hidden_layer_sizes=(16,)),
    "RNN": rnn.RNNRegressor(hidden_size=16),
    "LSTM": rnn.LSTMRegressor(hidden_size=16),
    "CNN": rnn.CNNRegressor(num_channels=16),
    "CNN-LSTM": rnn.CNNLSTMRegressor(num_channels=16, hidden_size=16),
}
WIDE = [0.0, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
PLANS = sizes(
    n_seeds=(1, 3, 10),
    n_folds=(2, 3, 5),
    n_stations=(1, 3, 3),
    n_months=(120, None, None),  # at most so many, the last
    alphas=([0.1], [0.0, 0.01, 0.1], WIDE),
    epochs=([2], [10, 30, 100, 300], [3, 5, 10, 20, 60, 120, 240, 500]),
    standardize=([True], *[[True, "last", "window"]] * 2),
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    stations = list(STATIONS)[: plan.n_stations]
    return {name: partial(task_of, name, plan, download=download) for name in stations}


def task_of(station: str, plan: Any, *, download: bool) -> Task:
    """Return the months at a station, and the models of the next one."""
    first, first_test = STATIONS[station]
    how: dict[str, Any] = {"as_frame": True, "download_if_missing": download}
    if station == "De Bilt":
        series = fetch_debilt(**how).data.dropna()[first:]
    else:
        record = fetch_climate(station, **how)
        series = record.data[~record.provisional][first:]
    if plan.n_months is not None:
        series = series[-plan.n_months :]
        first_test = str(series.index[-plan.n_months // 4].year)
    train = np.asarray(series.index < first_test)
    X, test = with_season(series), series[~train]
    floor = mean_of_the_month().fit(X[train], series[train]).predict(X[~train])
    scale = np.mean((test.to_numpy() - floor) ** 2, axis=0)
    months = f"{test.index[0]:%Y-%m} to {test.index[-1]:%Y-%m}"
    note = f"{train.sum()} months for training, {len(test)} for the test, {months}."
    how = {"score": measure, "validate": "first", "note": note}
    how |= {"losses": partial(relative_losses, scale=scale), "blocks": test.index.year.to_numpy()}
    folds = TimeSeriesSplit(plan.n_folds)
    chosen = models(list(series.columns), folds, plan)
    return Task.split(station.title(), X, series, train, chosen, folds, **how)


def measure(fitted: Any, X: Any, y: pd.DataFrame) -> dict[str, float]:
    """Return the errors, and the correlation, of each variable."""
    predictions = np.asarray(fitted.predict(X))
    return {
        f"{name} {variable}": float(function(y[variable].to_numpy(), predictions[:, k]))
        for name, function in MEASURES.items()
        for k, variable in enumerate(y.columns)
    }


def relative_losses(y: Any, predictions: Any, scale: Any) -> np.ndarray:
    """Return squared errors relative to those of the mean of the month, the mean of variables."""
    return np.mean((y - predictions) ** 2 / scale, axis=1)


def models(names: list[str], folds: TimeSeriesSplit, plan: Any) -> list[Model]:
    """Return the means, what was a year ago, the linear models and the nets."""
    a_year_ago = [rnn.PersistenceRegressor(channel=k, season=12) for k in range(len(names))]
    how: dict[str, Any] = {"known_ahead": SEASON, "cv": folds}
    lasso = rnn.make_lasso(N_LAGS, **how)
    ridges = [rnn.make_linear(N_LAGS, target_channel=name, **how) for name in names]
    training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "early_stopping": False}
    tried = {"alpha": plan.alphas, "max_epochs": plan.epochs, "standardize": plan.standardize}
    grid = {f"model__{name}": values for name, values in tried.items()}
    trained = {name: clone(net).set_params(**training) for name, net in NETS.items()}
    nets = {name: of_lags(net, N_LAGS, SEASON) for name, net in trained.items()}

    def own(name: str) -> Pipeline:  # an autoregression of one of the series
        kept = [("own", "passthrough", [name, *SEASON])]
        columns = ColumnTransformer(kept, verbose_feature_names_out=False)
        autoregression = rnn.make_ar(N_LAGS, exogenous=SEASON)
        return make_pipeline(columns.set_output(transform="pandas"), autoregression)

    return [
        Model(FLOOR, mean_of_the_month()),
        Model("same month last year", make_pipeline(rnn.LagTransformer(12), ForEach(a_year_ago))),
        Model(CLASSICAL, ForEach([own(name) for name in names])),
        Model("lasso", ForEach([lasso] * len(names))),
        Model("ridge, last", ForEach(ridges)),
        *(Model(name, net, grid, seeded=True) for name, net in nets.items()),
    ]


class ForEach(RegressorMixin, BaseEstimator):
    """Fits the first model to the first column of y, the second to the second, and so on."""

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, X: Any, y: pd.DataFrame) -> "ForEach":
        pairs = zip(self.models, y.columns, strict=True)
        self.estimators_ = [clone(model).fit(X, y[name]) for model, name in pairs]
        self.n_parameters_ = int(np.nansum([n_parameters(model) for model in self.estimators_]))
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.column_stack([model.predict(X) for model in self.estimators_])


def variables(study: Study, task: str) -> list[str]:
    """Return what is forecast at a station."""
    names = study.of(task, FLOOR)[0].scores
    return [name.removeprefix("RMSE ") for name in names if name.startswith("RMSE ")]


def relative(study: Study, task: str, model: str) -> list[float]:
    """Return the RMSE relative to the floor, the mean over variables, for each seed."""
    names = [f"RMSE {name}" for name in variables(study, task)]
    floor = study.of(task, FLOOR)[0].scores
    return [float(np.mean([r.scores[n] / floor[n] for n in names])) for r in study.of(task, model)]


def facts(study: Study) -> dict[str, Any]:
    n_better = {
        on: sum(study.gain(t, study.taken(t), on).verdict == "helps" for t in study.tasks)
        for on in (FLOOR, CLASSICAL)
    }
    return {"n_better": n_better}


def keep(tasks: list[Task], study: Study) -> dict[str, Any]:
    """Return what was observed at each station, and the mean forecasts of each model."""
    kept: dict[str, Any] = {}
    for task in tasks:
        forecasts = {
            model: np.mean([r.predictions for r in study.of(task.name, model)], axis=0)
            for model in study.models(task.name)
        }
        series = {"observed": task.y_test.to_numpy(), **forecasts}
        kept[task.name] = {name: np.round(values, 2).tolist() for name, values in series.items()}
        kept[task.name]["months"] = [f"{month:%Y-%m}" for month in task.y_test.index]
    return kept


def draw(to: Path, study: Study) -> None:
    panels = {
        task: [
            Scores(m, SEEDED if m in study.nets(task) else SIMPLE, relative(study, task, m))
            for m in study.models(task)
        ]
        for task in study.tasks
    }
    where = f"{facts(study)['n_better'][FLOOR]} of {len(study.tasks)} stations"
    title = f"Weather of the next month: the chosen net is better than the {FLOOR} at {where}"
    label = f"error (RMSE) relative to that of the {FLOOR} (line)"
    draw_scores(to / "climate.png", title, label, panels, line=FLOOR)
    for task, kept in study.pictures.items():
        series = {name: np.asarray(values) for name, values in kept.items() if name != "months"}
        stem = f"climate-{task.replace(' ', '-')}"
        months = pd.to_datetime(kept["months"])[-SHOWN:]
        shown = {"observed": "k.-", FLOOR: COLOURS[SIMPLE], study.taken(task): COLOURS[NET]}
        panels = {
            name: {model: (months, series[model][-SHOWN:, k], how) for model, how in shown.items()}
            for k, name in enumerate(variables(study, task))
        }
        title = f"Weather at {task}, forecast a month ahead"
        draw_lines(to / f"{stem}.png", title, panels, sharex=True)
        draw_scatter(to / f"{stem}-scatter.png", title, list(panels), series, study.nets(task))


def draw_scatter(
    path: Path, title: str, names: list[str], series: Mapping[str, np.ndarray], nets: list[str]
) -> None:
    """Draw forecast against observed: variables downwards, models to the right."""
    observed, forecasts = series["observed"], {m: series[m] for m in series if m != "observed"}
    size = (1.45 * len(forecasts), 1.5 * len(names))
    figure, axes = axes_of(len(names), len(forecasts), size, sharex="row", sharey="row")
    for k, name in enumerate(names):
        ends = observed[:, k].min(), observed[:, k].max()
        for ax, (model, forecast) in zip(axes[k], forecasts.items(), strict=True):
            colour = COLOURS[NET if model in nets else SIMPLE]
            ax.plot(observed[:, k], forecast[:, k], ".", color=colour, ms=2.5, alpha=0.6)
            ax.plot(ends, ends, color="0.3", lw=0.8)
            ax.tick_params(labelsize=7)
            if k == 0:
                ax.set_title(model, fontsize=7.5)
        axes[k, 0].set_ylabel(name.replace("_", " "), fontsize=8)
    figure.supxlabel("observed", fontsize=9)
    figure.supylabel("forecast, the mean over random states", fontsize=9)
    save(figure, path, title)


ON = (FLOOR, CLASSICAL)
QUESTION = Question(PLANS, tasks, facts, draw, lambda study, task: ON, keep=keep, parallel=True)
