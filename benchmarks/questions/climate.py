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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LassoCV
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.runner import Model, Task
from benchmarks.harness.season import SEASON, mean_of_the_month, with_season
from benchmarks.question_of_docstring import Question
from benchmarks.report import tables
from benchmarks.report.pictures import (
    COLOURS,
    NET,
    SEEDED,
    SIMPLE,
    Scores,
    draw_scores,
    plt,
    save,
)
from benchmarks.report.study import CV, Study
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
SHOWN = 96  # months
FLOOR, CLASSICAL = "mean of the month", f"AR({N_LAGS})"
PUBLISHED = (
    "The paper reports an RMSE of the mean temperature at Jinan, in degrees, of 2.0669 (dense), "
    "1.4416 (RNN), 1.3482 (LSTM), 0.8015 (CNN) and 0.6292 (CNN-LSTM)."
)
MEASURES: dict[str, Callable[..., float]] = {
    "RMSE": root_mean_squared_error,
    "MAE": mean_absolute_error,
    "R": lambda y, p: np.corrcoef(y, p)[0, 1],
}
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

    @property
    def folds(self) -> TimeSeriesSplit:
        """Later and later parts of the training months."""
        return TimeSeriesSplit(self.n_folds)


QUICK: dict[str, list[Any]] = {"model__alpha": [0.1], "model__max_epochs": [2]}
WIDE: dict[str, list[Any]] = {
    "model__alpha": [0.0, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
    "model__max_epochs": [3, 5, 10, 20, 60, 120, 240, 500],
}
PLANS = {"quick": Plan(1, 2, 1, 120, QUICK), "usual": Plan(), "full": Plan(10, 5, grid=WIDE)}


def tasks(plan: Plan, download: bool) -> dict[str, Callable[[], Task]]:
    """Return the stations."""
    stations = list(STATIONS)[: plan.n_stations]
    return {name: partial(task_of, name, plan, download=download) for name in stations}


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
    X, test = with_season(series), series[~train]
    floor = mean_of_the_month().fit(X[train], series[train]).predict(X[~train])
    scale = np.mean((test.to_numpy() - floor) ** 2, axis=0)
    note = (
        f"{train.sum()} months for training, {len(test)} for the test, {test.index[0]:%Y-%m} to "
        f"{test.index[-1]:%Y-%m}."
    )
    models = [*simple_models(list(series.columns), plan), *nets(plan)]
    how: dict[str, Any] = {"score": measure, "validate": "first", "note": note}
    how |= {"losses": partial(relative_losses, scale=scale), "blocks": test.index.year.to_numpy()}
    return Task.split(station.title(), X, series, train, models, plan.folds, **how)


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


def simple_models(names: list[str], plan: Plan) -> list[Model]:
    """Return the means, what was a year ago, and the linear models."""
    a_year_ago = [PersistenceRegressor(channel=k, season=12) for k in range(len(names))]
    lasso = MultiOutputRegressor(LassoCV(cv=plan.folds, max_iter=20_000))
    return [
        Model(FLOOR, mean_of_the_month()),
        Model("same month last year", make_pipeline(LagTransformer(12), ForEach(a_year_ago))),
        Model(CLASSICAL, ForEach([own(name) for name in names])),
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


def taken(study: Study, task: str) -> str:
    """Return the net that does best in cross-validation."""
    return study.best(task, study.nets(task), CV)


def variables(study: Study, task: str) -> list[str]:
    """Return what is forecast at a station."""
    scores = study.of(task, FLOOR)[0].scores
    return [name.removeprefix("RMSE ") for name in scores if name.startswith("RMSE ")]


def relative(study: Study, task: str, model: str) -> list[float]:
    """Return the RMSE relative to the floor, the mean over variables, for each seed."""
    names = [f"RMSE {name}" for name in variables(study, task)]
    (floor,) = study.of(task, FLOOR)
    return [
        float(np.mean([r.scores[n] / floor.scores[n] for n in names]))
        for r in study.of(task, model)
    ]


def report(study: Study, to: Path) -> tuple[str, list[str]]:
    """Say where the net that cross-validation takes beats the floor, and the autoregression."""
    on_floor, on_ar = (
        sum(study.gain(t, taken(study, t), on).verdict == "helps" for t in study.tasks)
        for on in (FLOOR, CLASSICAL)
    )
    overall = (
        f"The net that cross-validation takes is shown to be better than the {FLOOR} at "
        f"{on_floor} of {len(study.tasks)} stations, than {CLASSICAL} at {on_ar}."
    )
    draw_relative(to / "climate.png", study, f"{on_floor} of {len(study.tasks)}")
    first = variables(study, study.tasks[0])[0]
    here = [
        f"{study.mean(study.tasks[0], model, f'RMSE {first}'):.2f} ({model})"
        for model in study.models(study.tasks[0])
    ]
    beside = f"Here, {first.replace('_', ' ')} at {study.tasks[0]}: {', '.join(here)}."
    body = [
        f"{PUBLISHED} {beside}",
        "![Relative errors by model](climate.png)",
        "A gain is the share of the squared error of the mean of the month that is saved, the mean "
        f"over the variables, also where it is a gain on {CLASSICAL}, with a 95 % interval over "
        "the calendar years and seeds; errors of different years are taken as uncorrelated.",
    ]
    for task in study.tasks:
        body += section(study, task)
    return " ".join([overall, *(sentence(study, task) for task in study.tasks)]), body


def sentence(study: Study, task: str) -> str:
    """Say how far the net and the autoregression are from the floor at a station."""
    net = taken(study, task)
    of_net, of_ar = (f"{np.mean(relative(study, task, m)):.3f}" for m in (net, CLASSICAL))
    on_floor, on_ar = (study.gain(task, net, on).told("+.1%") for on in (FLOOR, CLASSICAL))
    return (
        f"At {task} the net, {net}, has {of_net} of the RMSE of the {FLOOR} and saves {on_floor} "
        f"of its squared error; {CLASSICAL} has {of_ar}, and the net saves {on_ar} of the squared "
        f"error of that mean more than {CLASSICAL}."
    )


def section(study: Study, task: str) -> list[str]:
    """Return the pictures of a station and its tables."""
    stem = f"climate-{task.replace(' ', '-')}"
    columns = {
        "cross-validated R2": tables.cv_score(".3f"),
        "relative RMSE": lambda *of: tables.plus_minus(relative(*of), ".3f"),
        "gain on that mean": tables.gain(FLOOR, "+.1%"),
        f"gain on {CLASSICAL}": tables.gain(CLASSICAL, "+.1%"),
    }
    mine = [r for r in study.results if r.task == task]
    parts = [
        f"## {task}",
        study.notes[task],
        f"![Observed and forecast at {task}]({stem}.png)",
        f"![Forecast against observed by model at {task}]({stem}-scatter.png)",
        tables.table(study, task, columns),
        tables.at_ends(mine),
    ]
    for name in MEASURES:
        rows = [
            [
                model,
                *(f"{study.mean(task, model, f'{name} {v}'):.3f}" for v in variables(study, task)),
            ]
            for model in study.models(task)
        ]
        parts += [f"{name}:", tables.markdown(["model", *variables(study, task)], rows)]
    return parts


def draw_relative(path: Path, study: Study, where: str) -> None:
    """Draw the relative errors."""
    panels = {
        task: [
            Scores(
                model, SEEDED if model in study.nets(task) else SIMPLE, relative(study, task, model)
            )
            for model in study.models(task)
        ]
        for task in study.tasks
    }
    title = (
        f"Weather of the next month: the chosen net is better than the {FLOOR} at {where} stations"
    )
    draw_scores(
        path, title, f"error (RMSE) relative to that of the {FLOOR} (line)", panels, line=FLOOR
    )


def draw(to: Path, tasks: list[Task], study: Study) -> None:
    """Draw the forecasts at each station, which are not kept."""
    for task in tasks:
        forecasts = {
            model: np.mean([r.predictions for r in study.of(task.name, model)], axis=0)
            for model in study.models(task.name)
        }
        stem, net = f"climate-{task.name.replace(' ', '-')}", taken(study, task.name)
        shown = {name: forecasts[name] for name in (FLOOR, net)}
        draw_forecasts(to / f"{stem}.png", task.name, task.y_test, shown)
        draw_scatter(to / f"{stem}-scatter.png", task, forecasts, study.nets(task.name))


def draw_forecasts(path: Path, station: str, observed: Any, forecasts: Mapping[str, Any]) -> None:
    """Draw each variable over the last months, observed, by a simple model and by a net."""
    names = list(observed.columns)
    how: dict[str, Any] = {"figsize": (10, 1.9 * len(names)), "sharex": True}
    figure, axes = plt.subplots(len(names), 1, layout="constrained", **how)
    months = observed.index[-SHOWN:]
    for k, (ax, name) in enumerate(zip(axes, names, strict=True)):
        ax.plot(months, observed[name][-SHOWN:], "k.-", lw=0.8, ms=4, label="observed")
        for (model, forecast), colour in zip(forecasts.items(), COLOURS.values(), strict=True):
            ax.plot(months, forecast[-SHOWN:, k], color=colour, lw=1.3, label=model)
        ax.set_ylabel(name.replace("_", " "))
        ax.spines[["top", "right"]].set_visible(False)
    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    save(figure, path, f"Weather at {station}, forecast a month ahead", dpi=100)


def draw_scatter(path: Path, task: Task, forecasts: Mapping[str, Any], nets: list[str]) -> None:
    """Draw forecast against observed: variables downwards, models to the right."""
    names, n = list(task.y_test.columns), len(forecasts)
    how: dict[str, Any] = {"sharex": "row", "sharey": "row", "layout": "constrained"}
    figure, axes = plt.subplots(len(names), n, figsize=(1.45 * n, 1.5 * len(names)), **how)
    for row, name in enumerate(names):
        observed = task.y_test[name]
        for ax, (model, forecast) in zip(axes[row], forecasts.items(), strict=True):
            colour = COLOURS[NET if model in nets else SIMPLE]
            ax.plot(observed, forecast[:, row], ".", color=colour, ms=2.5, alpha=0.6)
            ax.plot(*[[observed.min(), observed.max()]] * 2, color="0.3", lw=0.8)
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=7)
            if row == 0:
                ax.set_title(model, fontsize=7.5)
        axes[row, 0].set_ylabel(name.replace("_", " "), fontsize=8)
    figure.supxlabel("observed", fontsize=9)
    figure.supylabel("forecast, the mean over random states", fontsize=9)
    save(figure, path, f"Weather at {task.name}, forecast a month ahead", dpi=100)


QUESTION = Question(
    PLANS, tasks, report, on=lambda study, task: (FLOOR, CLASSICAL), draw=draw, parallel=True
)
