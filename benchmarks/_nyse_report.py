"""Tables, sentences and pictures of the benchmark `nyse`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.dates
import numpy as np

from benchmarks import _report
from benchmarks._plots import Scores, draw_scores, plt
from benchmarks._report import mean_score, models_of, n_parameters, of
from benchmarks._runner import Result, Task
from benchmarks._verdict import LEAST, Verdict, judge

FLOOR = ("training mean", "persistence")
N_DAYS_SHOWN = 100


def write(
    folder: Path, results: list[Result], tasks: list[Task], question: Sequence[str], size: str
) -> None:
    """Write the results of the tasks: honest and lab, each without and with day of week."""
    verdicts = [judge(results, task) for task in tasks[:2]]
    _report.write_csv(folder / "nyse.csv", results)
    draw_r2(folder / "nyse_r2.png", results, tasks, verdicts)
    draw_forecast(folder / "nyse_forecast.png", results, tasks[1], verdicts[1])
    tables = [f"## {task.name}\n\n{table(results, task)}" for task in tasks]
    about = (
        f"*{_report.environment()}. Size: {size}. ± is the standard deviation over seeds "
        f"(the random states 0 to {max(r.seed for r in results if r.seed is not None)}); MAE is in "
        "units of log_volume (honest) or of its standard deviation (lab). The number of "
        "parameters counts those of a linear model that are not zero; seconds are those of the "
        "processor for one refit. ISLP's nets, written by hand in torch, start from smaller "
        "weights than ours.*"
    )
    _report.write(
        folder / "nyse.md",
        f"# nyse\n\n{question[0]}",
        question[1].strip(),
        conclusion(results, tasks, verdicts),
        compact(results, tasks),
        "![R2 by model](nyse_r2.png)",
        "![Forecast and observed](nyse_forecast.png)",
        *tables,
        about,
    )


def conclusion(results: list[Result], tasks: list[Task], verdicts: list[Verdict]) -> str:
    """Say which model to take, and what made the difference."""
    without, with_day = (verdict.sentence() for verdict in verdicts)
    today, every_lag = (
        mean_score(results, tasks[1].name, name) for name in ("AR(5), only today's day", "AR(5)")
    )
    return (
        f"**Conclusion.** Without the day of the week {without}. With it {with_day}.\n\n"
        "The net and the simple model were chosen by their scores in cross-validation on the "
        "training years, the mean over folds and seeds; the test years then compared these two. "
        f"More parameters are held to be worth it if they gain at least {LEAST} standard errors. "
        f"± is one standard error: that of the mean difference of squared errors over the "
        f"{np.sum(~tasks[0].train)} test days, taken as uncorrelated, together with that of the "
        "mean over seeds, both divided by the variance of what is forecast.\n\n"
        "To tell AR(5) the day of each lag, and not only the day that it forecasts, gains "
        f"{every_lag - today:.3f}."
    )


def compact(results: list[Result], tasks: list[Task]) -> str:
    """Return the table of the honest protocol, the smallest model first."""
    without, with_day = (task.name for task in tasks[:2])
    models, rows = models_of(results, with_day), []
    for model in sorted(models, key=lambda name: n_parameters(results, with_day, name)):
        seconds = np.mean([r.fit_seconds for r in of(results, with_day, model)])
        rows.append(
            [
                model,
                _score(results, without, model),
                _score(results, with_day, model),
                f"{n_parameters(results, with_day, model)}",
                f"{seconds:.2f}",
            ]
        )
    header = ["model", "R2 without day of week", "R2 with it", "parameters", "fit (s)"]
    return _report.markdown(header, rows)


def _score(results: list[Result], task: str, model: str) -> str:
    runs = of(results, task, model)
    return _report.plus_minus([r.scores["R2"] for r in runs], ".3f") if runs else ""


def table(results: list[Result], task: Task) -> str:
    """Return the table of a task."""
    columns = {"cross-validated R2": _report.cv_score(), "test R2": _report.score("R2")}
    columns["MAE"] = _report.mean("MAE")
    known = {m.name: m.published for m in task.models if m.published is not None}
    return _report.table(results, task.name, columns | {"published": _report.published(known)})


def draw_r2(path: Path, results: list[Result], tasks: list[Task], verdicts: list[Verdict]) -> None:
    """Draw R2 by model, both protocols, without and with day of week."""
    panels, gains = {}, []
    for task, lab, verdict in zip(tasks[:2], tasks[2:], verdicts, strict=True):
        scores = [_scores(results, task, name, "honest") for name in _shown(task)]
        scores += [_scores(results, lab, name, "lab") for name in _shown(lab)]
        name = task.name.removeprefix("honest, ")
        panels[name] = scores
        net, simple = verdict.gain.of.name, verdict.gain.on.name
        gains.append(f"{name}, {net} gains {verdict.gain} on {simple}")
    floor = [
        f"{name} {round(mean_score(results, tasks[0].name, name), 2) + 0:.2f}" for name in FLOOR
    ]
    label = f"R2 on the days from 1980 on (line: AR(5))\n(not shown: {', '.join(floor)})"
    most_first = [tasks[1], tasks[0], *tasks[2:]]
    rows = list(dict.fromkeys(row for task in most_first for row in _rows(task)))
    title = "\n".join(["Of the models that do best in cross-validation:", *gains])
    draw_scores(path, title, label, panels, rows=rows, line="AR(5)")


def _shown(task: Task) -> list[str]:
    return [model.name for model in task.models if model.name not in FLOOR]


def _rows(task: Task) -> list[str]:
    return [_row_and_kind(name)[0] for name in _shown(task)]


def _row_and_kind(name: str) -> tuple[str, str]:
    """Return the row of a model in the picture, and whether it is tuned or at its defaults."""
    row, _, kind = name.partition(", ")
    return (row, kind) if kind in ("tuned", "defaults") else (name, "")


def _scores(results: list[Result], task: Task, name: str, protocol: str) -> Scores:
    row, kind = _row_and_kind(name)
    series = f"{protocol}, nets at their defaults" if kind == "defaults" else protocol
    return Scores(row, series, [r.scores["R2"] for r in of(results, task.name, name)])


def draw_forecast(path: Path, results: list[Result], task: Task, verdict: Verdict) -> None:
    """Draw the last days of the test, and how the gain of the net adds up over all of it."""
    net, simple = verdict.gain.of.name, verdict.gain.on.name
    test = ~task.train
    days, y = task.X.index[test], task.y[test].to_numpy()
    forecasts = {
        name: np.mean([r.predictions for r in of(results, task.name, name)], axis=0)
        for name in (simple, net)
    }
    saved = np.square(y - forecasts[simple]) - np.square(y - forecasts[net])
    gain = np.cumsum(saved) / np.sum(np.square(y - y.mean()))
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(10, 6.5), layout="constrained", height_ratios=[1.5, 1]
    )
    last = slice(-N_DAYS_SHOWN, None)
    above.plot(days[last], y[last], color="0.55", linewidth=1.2, label="observed")
    for (name, forecast), colour in zip(forecasts.items(), ("C1", "C0"), strict=True):
        above.plot(days[last], forecast[last], color=colour, linewidth=1.5, label=name)
    above.set_ylabel("log volume")
    above.set_title("The last 100 days of the test", fontsize=10, loc="left")
    above.legend(ncols=3, frameon=False, loc="upper right", bbox_to_anchor=(1, 1.14))
    below.plot(days, gain, color="C0")
    below.axhline(0, color="0.6", linewidth=1)
    below.set_ylabel(f"gain in R2 of {net}")
    title = f"What {net} gains on {simple}, added up over the test"
    below.set_title(title, fontsize=10, loc="left")
    for ax in (above, below):
        ax.spines[["top", "right"]].set_visible(False)
        locator = matplotlib.dates.AutoDateLocator()
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
    figure.suptitle(_forecast_title(forecasts), fontsize=11)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _forecast_title(forecasts: dict[str, np.ndarray]) -> str:
    simple, net = forecasts
    alike = np.corrcoef(*forecasts.values())[0, 1]
    return (
        f"With the day of the week, the forecasts of {simple} and {net} (mean over seeds) "
        f"correlate at {alike:.2f}"
    )
