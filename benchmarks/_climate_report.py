"""The tables, the conclusion and the pictures of forecasts of several monthly series."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from numpy.typing import NDArray

from benchmarks import _report
from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import Scores, draw_scores
from benchmarks._report import environment, markdown, models_of, of
from benchmarks._runner import Result, Task

FLOOR = "mean of the month"
SHOWN = 96  # months in a picture
PUBLISHED = (
    "The paper reports an RMSE of the mean temperature at Jinan, in degrees, of 2.0669 (dense), "
    "1.4416 (RNN), 1.3482 (LSTM), 0.8015 (CNN) and 0.6292 (CNN-LSTM)."
)


def rmse(y: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((y - p) ** 2)))


def mae(y: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(y - p)))


def correlation(y: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Return the correlation."""
    return float(np.corrcoef(y, p)[0, 1])


MEASURES: dict[str, Callable[..., float]] = {"RMSE": rmse, "MAE": mae, "R": correlation}


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
    title, _, text = question.partition("\n\n")
    panels, parts = {}, []
    for task in tasks:
        panels[task.name] = panel(task, results)
        draw_forecasts(to / f"climate-{task.name.replace(' ', '-')}.png", task, results)
        parts += section(task, results)
    summary = " ".join([overall(tasks, results), *(sentence(t, results) for t in tasks)])
    rows = [r for r in models_of(results, tasks[0].name) if r != FLOOR]
    label = "RMSE relative to the\nmean of the month (line)"
    draw_scores(
        to / "climate.png", overall(tasks, results), label, panels, rows=[FLOOR, *rows], line=FLOOR
    )
    write_csv(to / "climate.csv", tasks, results)
    _report.write(
        to / "climate.md",
        f"# {title}",
        text.strip(),
        f"**Conclusion.** {summary}",
        f"{PUBLISHED} {beside(tasks[0], results)}",
        "![Relative errors by model](climate.png)",
        *parts,
        f"± is the standard deviation over seeds. *{environment()}; seconds are those of the "
        "processor.*",
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


def best(task: Task, results: Sequence[Result], names: Sequence[str]) -> str:
    """Return the model with the least relative error on the test months."""
    return min(names, key=lambda name: float(np.mean(relative(task, results, name))))


def panel(task: Task, results: Sequence[Result]) -> list[Scores]:
    """Return the relative errors of the models at a station."""
    nets = nets_of(results)
    return [
        Scores(
            model,
            "net, a dot a seed" if model in nets else "simple model",
            relative(task, results, model),
        )
        for model in models_of(results, task.name)
    ]


def overall(tasks: Sequence[Task], results: Sequence[Result]) -> str:
    """Say where a net beats the simple models."""
    nets, simple = nets_of(results), simple_of(results)
    wins, better = [], []
    for task in tasks:
        net, other = best(task, results, nets), best(task, results, simple)
        gain, error = gain_of(task, results, net, other)
        wins += [task.name] if gain > 2 * error else []
        better += [task.name] if gain > 0 else []
    return (
        f"The best net has the least error at {len(better)} of {len(tasks)} stations,\nand is "
        f"better than the best simple model by two standard errors at {len(wins)}."
    )


def sentence(task: Task, results: Sequence[Result]) -> str:
    """Say how far the models are from the floor at a station."""
    nets, simple = nets_of(results), simple_of(results)
    net, other = best(task, results, nets), best(task, results, simple)
    gain, error = gain_of(task, results, net, other)
    values = {name: float(np.mean(relative(task, results, name))) for name in (net, other)}
    return (
        f"At {task.name} the best net, {net}, has {values[net]:.3f} of the RMSE of the mean of "
        f"the month, the best simple model, {other}, {values[other]:.3f}; of the squared error "
        f"the net saves {100 * gain:+.1f} ± {100 * error:.1f} % (± is a standard error over the "
        "months)."
    )


def gain_of(task: Task, results: Sequence[Result], net: str, other: str) -> tuple[float, float]:
    """Return what the net saves of the squared error, mean over variables, and its error."""
    scale = of(results, task.name, FLOOR)[0]
    observed = test_part(task).to_numpy()
    variance = np.mean((observed - np.asarray(scale.predictions)) ** 2, axis=0)
    losses = [
        np.mean(
            [
                np.mean((observed - np.asarray(r.predictions)) ** 2 / variance, axis=1)
                for r in of(results, task.name, name)
            ],
            axis=0,
        )
        for name in (net, other)
    ]
    saved = losses[1] - losses[0]
    return float(saved.mean()), float(saved.std(ddof=1) / np.sqrt(len(saved)))


def beside(task: Task, results: Sequence[Result]) -> str:
    """Return the RMSE of the first variable at a station, to stand beside what is published."""
    name = str(test_part(task).columns[0])
    told = []
    for model in models_of(results, task.name):
        runs = [errors(task, r)[name]["RMSE"] for r in of(results, task.name, model)]
        told.append(f"{np.mean(runs):.2f} ({model})")
    return f"Here, {name.replace('_', ' ')} at {task.name}: {', '.join(told)}."


def section(task: Task, results: Sequence[Result]) -> list[str]:
    """Return the tables of a station."""
    observed = test_part(task)
    span = f"{observed.index[0]:%Y-%m} to {observed.index[-1]:%Y-%m}"
    parts = [
        f"## {task.name}",
        f"{int(task.train.sum())} months for training, {len(observed)} for the test, {span}.",
        f"![Observed and forecast at {task.name}](climate-{task.name.replace(' ', '-')}.png)",
        cost_table(task, results),
    ]
    for measure in MEASURES:
        parts += [f"{measure}:", measure_table(task, results, measure)]
    return parts


def cost_table(task: Task, results: Sequence[Result]) -> str:
    """Return relative errors, sizes and average seconds."""
    rows = []
    for model in models_of(results, task.name):
        runs, values = of(results, task.name, model), relative(task, results, model)
        spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
        row = [model, f"{np.mean(values):.3f}{spread}", f"{runs[0].n_parameters}"]
        row += [f"{np.mean([r.fit_seconds for r in runs]):.2f}"]
        row += [f"{1e3 * np.mean([r.predict_seconds for r in runs]):.0f}", runs[0].settings]
        rows.append(row)
    header = ["model", "relative RMSE", "parameters", "fit (s)", "predict (ms)", "chosen settings"]
    return markdown(header, rows)


def measure_table(task: Task, results: Sequence[Result], measure: str) -> str:
    """Return a measure of each model and variable, the mean over seeds."""
    names = list(test_part(task).columns)
    rows = []
    for model in models_of(results, task.name):
        runs = [errors(task, r) for r in of(results, task.name, model)]
        rows.append([model, *(f"{np.mean([e[n][measure] for e in runs]):.3f}" for n in names)])
    return markdown(["model", *names], rows)


def draw_forecasts(path: Path, task: Task, results: Sequence[Result]) -> None:
    """Draw each variable over the last months, and forecast against observed for all."""
    net = best(task, results, nets_of(results))
    observed = test_part(task)
    shown = {
        FLOOR: (np.asarray(of(results, task.name, FLOOR)[0].predictions), "0.6"),
        net: (np.mean([r.predictions for r in of(results, task.name, net)], axis=0), "C0"),
    }
    names = list(observed.columns)
    figure, axes = plt.subplots(
        len(names), 2, figsize=(11, 2.3 * len(names)), width_ratios=[3.2, 1], layout="constrained"
    )
    for k, name in enumerate(names):
        series, scatter = axes[k]
        series.plot(observed.index[-SHOWN:], observed[name][-SHOWN:], "k.-", lw=0.8, ms=4)
        for model, (predicted, colour) in shown.items():
            series.plot(observed.index[-SHOWN:], predicted[-SHOWN:, k], color=colour, lw=1.3)
            label = f"{model}: R = {correlation(observed[name].to_numpy(), predicted[:, k]):.2f}"
            scatter.plot(observed[name], predicted[:, k], ".", color=colour, ms=4, label=label)
        low, high = observed[name].min(), observed[name].max()
        scatter.plot([low, high], [low, high], color="0.3", lw=0.8)
        scatter.set_box_aspect(1)
        scatter.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        locator = AutoDateLocator(minticks=4, maxticks=9)
        series.xaxis.set_major_locator(locator)
        series.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        series.set_ylabel(name.replace("_", " "))
        for ax in (series, scatter):
            ax.spines[["top", "right"]].set_visible(False)
    axes[-1, 1].set_xlabel("observed")
    axes[-1, 0].set_xlabel(f"black: observed, blue: {net} (mean over seeds), grey: {FLOOR}")
    figure.suptitle(f"{task.name}: a month ahead")
    figure.savefig(path, dpi=100)
    plt.close(figure)


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
