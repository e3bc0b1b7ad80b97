"""The tables, the conclusion and the pictures of forecasts of several monthly series."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from benchmarks import _report
from benchmarks._climate_plots import draw_forecasts, draw_scatter
from benchmarks._effects import Effect, effect
from benchmarks._plots import NET, SIMPLE, Scores, draw_scores
from benchmarks._report import (
    Column,
    best,
    markdown,
    mean_cv_score,
    models_of,
    nets_of,
    of,
    plus_minus,
)
from benchmarks._runner import Result, Task

FLOOR = "mean of the month"
CLASSICAL = "AR(12)"
YEAR_AGO = "same month last year"
PUBLISHED = (
    "The paper reports an RMSE of the mean temperature at Jinan, in degrees, of 2.0669 (dense), "
    "1.4416 (RNN), 1.3482 (LSTM), 0.8015 (CNN) and 0.6292 (CNN-LSTM)."
)


def correlation(y: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Return the correlation."""
    return float(np.corrcoef(y, p)[0, 1])


MEASURES: dict[str, Callable[..., float]] = {
    "RMSE": root_mean_squared_error,
    "MAE": mean_absolute_error,
    "R": correlation,
}


def write(to: Path, question: str, tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Write conclusion, tables, pictures, and a line for each fit and variable.

    Parameters
    ----------
    to : Path
        The folder.
    question : str
        The docstring of the benchmark.
    tasks : sequence of Task
        The stations.
    results : sequence of Result
        The fits.
    """
    parts = [part for task in tasks for part in section(to, task, results)]
    answer = [overall(tasks, results), *(sentence(task, results) for task in tasks)]
    draw(to / "climate.png", answer[0], tasks, results)
    write_csv(to / "climate.csv", tasks, results)
    _report.write_text(
        to / "climate.md",
        question,
        " ".join(answer),
        f"{PUBLISHED} {beside(tasks[0], results)}",
        "![Relative errors by model](climate.png)",
        f"Not in the picture: {left_out(tasks, results)}.",
        "A gain is the share of the squared error of the mean of the month that is saved, the mean "
        "over the variables, also where it is a gain on AR(12), with a 95 % interval over the "
        "calendar years and seeds; errors of different years are taken as uncorrelated.",
        *parts,
        _report.last_line(results),
    )


def errors(task: Task, result: Result) -> dict[str, dict[str, float]]:
    """Return the measures of each variable."""
    observed = test_part(task)
    predicted = np.asarray(result.predictions)
    return {
        name: {m: f(observed[name].to_numpy(), predicted[:, k]) for m, f in MEASURES.items()}
        for k, name in enumerate(observed.columns)
    }


def test_part(task: Task) -> pd.DataFrame:
    """Return what was observed in the months for the test."""
    observed: pd.DataFrame = task.y[~task.train]
    return observed


def relative(task: Task, results: Sequence[Result], model: str) -> list[float]:
    """Return the RMSE relative to the floor, the mean over variables, for each seed."""
    floor = errors(task, of(results, task.name, FLOOR)[0])
    return [
        float(np.mean([e["RMSE"] / floor[name]["RMSE"] for name, e in errors(task, r).items()]))
        for r in of(results, task.name, model)
    ]


def draw(path: Path, title: str, tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Draw the relative errors but of a year ago, which would press the others together."""
    shown = [name for name in models_of(results, tasks[0].name) if name != YEAR_AGO]
    panels = {task.name: panel(task, results, shown) for task in tasks}
    label = "RMSE relative to the\nmean of the month (line)"
    draw_scores(path, title, label, panels, rows=shown, line=FLOOR)


def left_out(tasks: Sequence[Task], results: Sequence[Result]) -> str:
    """Return the relative errors that are not in the picture."""
    errs = [f"{np.mean(relative(t, results, YEAR_AGO)):.3f} at {t.name}" for t in tasks]
    return f"{YEAR_AGO}, {', '.join(errs)}"


def panel(task: Task, results: Sequence[Result], models: Sequence[str]) -> list[Scores]:
    """Return the relative errors of some models at a station."""
    nets = nets_of(results)
    return [
        Scores(
            model,
            f"{NET}, a dot a seed" if model in nets else SIMPLE,
            relative(task, results, model),
        )
        for model in models
    ]


def taken(task: Task, results: Sequence[Result]) -> str:
    """Return the net that does best in cross-validation."""
    return best(results, task.name, nets_of(results), mean_cv_score)


def overall(tasks: Sequence[Task], results: Sequence[Result]) -> str:
    """Say where the net that cross-validation takes beats the floor, and the autoregression."""
    on_floor, on_ar = (
        sum(gain(task, results, taken(task, results), on).verdict == "helps" for task in tasks)
        for on in (FLOOR, CLASSICAL)
    )
    return (
        f"The net that cross-validation takes is shown to be better than the {FLOOR}\nat "
        f"{on_floor} of {len(tasks)} stations, than {CLASSICAL} at {on_ar}."
    )


def sentence(task: Task, results: Sequence[Result]) -> str:
    """Say how far the net and the autoregression are from the floor at a station."""
    net = taken(task, results)
    of_net, of_ar = (f"{np.mean(relative(task, results, m)):.3f}" for m in (net, CLASSICAL))
    return (
        f"At {task.name} the net, {net}, has {of_net} of the RMSE of the {FLOOR} and saves "
        f"{percent(gain(task, results, net))} of its squared error; {CLASSICAL} has {of_ar}, and "
        f"the net saves {percent(gain(task, results, net, CLASSICAL))} of the squared error of "
        f"that mean more than {CLASSICAL}."
    )


def gained(task: Task, results: Sequence[Result], on: str, runs: Sequence[Result]) -> str:
    """Return what a model gains on another; nothing of that itself."""
    model = runs[0].model
    return "" if model == on else percent(gain(task, results, model, on))


def percent(saved: Effect) -> str:
    """Return a share of the error with its interval."""
    return saved.told("+.1%")


def gain(task: Task, results: Sequence[Result], model: str, on: str = FLOOR) -> Effect:
    """Return the share of the floor's squared error that a model saves in comparison with one."""
    years = pd.DatetimeIndex(test_part(task).index).year.to_numpy()
    return effect(losses(task, results, model), losses(task, results, on), blocks=years)


def losses(task: Task, results: Sequence[Result], model: str) -> NDArray[np.float64]:
    """Return squared errors relative to the floor's, the mean over variables; a line a seed."""
    observed = test_part(task).to_numpy()
    floor, predicted = (
        np.stack([r.predictions for r in of(results, task.name, name)]) for name in (FLOOR, model)
    )
    scale = np.mean((observed - floor) ** 2, axis=(0, 1))
    return np.asarray(np.mean((observed - predicted) ** 2 / scale, axis=2))


def beside(task: Task, results: Sequence[Result]) -> str:
    """Return the RMSE of the first variable at a station, to stand beside what is published."""
    name = str(test_part(task).columns[0])
    told = []
    for model in models_of(results, task.name):
        runs = [errors(task, r)[name]["RMSE"] for r in of(results, task.name, model)]
        told.append(f"{np.mean(runs):.2f} ({model})")
    return f"Here, {name.replace('_', ' ')} at {task.name}: {', '.join(told)}."


def section(to: Path, task: Task, results: Sequence[Result]) -> list[str]:
    """Draw the pictures of a station, and return them with its tables."""
    observed, stem = test_part(task), f"climate-{task.name.replace(' ', '-')}"
    span = f"{observed.index[0]:%Y-%m} to {observed.index[-1]:%Y-%m}"
    mine = [r for r in results if r.task == task.name]
    forecasts = {
        model: np.mean([r.predictions for r in of(mine, task.name, model)], axis=0)
        for model in models_of(mine, task.name)
    }
    shown = {name: forecasts[name] for name in (FLOOR, taken(task, results))}
    draw_forecasts(to / f"{stem}.png", task.name, observed, shown)
    scatter = to / f"{stem}-scatter.png"
    draw_scatter(scatter, task.name, observed, forecasts, nets=nets_of(mine))
    columns: dict[str, Column] = {
        "cross-validated R2": _report.cv_score(".3f"),
        "relative RMSE": lambda runs: plus_minus(relative(task, results, runs[0].model), ".3f"),
        "gain on that mean": partial(gained, task, results, FLOOR),
        f"gain on {CLASSICAL}": partial(gained, task, results, CLASSICAL),
    }
    parts = [
        f"## {task.name}",
        f"{int(task.train.sum())} months for training, {len(observed)} for the test, {span}.",
        f"![Observed and forecast at {task.name}]({stem}.png)",
        f"![Forecast against observed by model at {task.name}]({stem}-scatter.png)",
        _report.table(mine, task.name, columns),
        _report.at_ends(mine, task.models),
    ]
    for measure in MEASURES:
        parts += [f"{measure}:", measure_table(task, results, measure)]
    return parts


def measure_table(task: Task, results: Sequence[Result], measure: str) -> str:
    """Return a measure of each model and variable, the mean over seeds."""
    names = list(test_part(task).columns)
    rows = []
    for model in models_of(results, task.name):
        runs = [errors(task, r) for r in of(results, task.name, model)]
        rows.append([model, *(f"{np.mean([e[n][measure] for e in runs]):.3f}" for n in names)])
    return markdown(["model", *names], rows)


def write_csv(path: Path, tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Write one line for each fit and variable."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        told = ["n_parameters", "fit_seconds", "predict_seconds", "settings"]
        writer.writerow(["station", "model", "seed", "variable", *MEASURES, *told])
        for task in tasks:
            for r in (r for r in results if r.task == task.name):
                rest = [r.n_parameters, f"{r.fit_seconds:.3f}", f"{r.predict_seconds:.4f}"]
                seed = "" if r.seed is None else r.seed
                for name, e in errors(task, r).items():
                    values = [f"{e[m]:.4f}" for m in MEASURES]
                    writer.writerow([task.name, r.model, seed, name, *values, *rest, r.settings])
