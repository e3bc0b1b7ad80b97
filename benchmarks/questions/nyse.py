"""Does a net forecast the trading volume of the NYSE better than a lasso or an autoregression?

The years to 1979 are for training, those from 1980 on for the test, without and with the day of
the week, which is known ahead. There are two protocols. In the first, scales are learned and
settings are chosen on the training years alone. The second is that of a textbook, chapter 10 of
"An Introduction to Statistical Learning" (ISLP): 5 lags, columns standardised over the whole
record, the first 5 rows dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.dates
import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LassoCV, LinearRegression, RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.runner import Model, Task
from benchmarks.question_of_docstring import Question
from benchmarks.report import tables
from benchmarks.report.effects import squared
from benchmarks.report.pictures import Scores, draw_scores, plt, save
from benchmarks.report.study import Study
from benchmarks.report.verdict import LEAST, best_simple, is_worth_it, judge
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

OURS, TEXTBOOK = "settings from training years", "textbook protocol"
FORMS = {"without day of week": False, "with day of week": True}
NETS = {
    "dense": DenseRegressor,
    "RNN": RNNRegressor,
    "GRU": GRURegressor,
    "LSTM": LSTMRegressor,
    "TCN": TCNRegressor,
}
SIZE = {"dense": "hidden_layer_sizes", "TCN": "num_channels"}  # of the others hidden_size
VOLUME = 1  # the position of log_volume
ONLY_TODAY = "AR(5), only today's day"
KNOWN = {  # by the textbook
    "without day of week": {"persistence": 0.18, "AR(5)": 0.413, "RNN of ISLP": 0.415},
    "with day of week": {"persistence": 0.18, ONLY_TODAY: 0.46, "dense of ISLP": 0.466},
}
# The choice was made on the training years: one cycle of 20 epochs is as good there as 50 epochs
# at a constant rate, and the penalty matters most of the remaining parameters.
TRAINING = {"lr_schedule": "onecycle", "learning_rate": 0.01, "max_epochs": 20}
TRAINING |= {"batch_size": 128, "early_stopping": False}
OF_ISLP = {"optimizer": "rmsprop", "learning_rate": 1e-3, "batch_size": 64, "alpha": 0.0}
OF_ISLP |= {"early_stopping": False, "tol": 1.0}


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

    @property
    def folds(self) -> TimeSeriesSplit:
        """Later and later parts of the training years."""
        return TimeSeriesSplit(self.n_splits)


SHORT = {"max_epochs": 2, "lr_schedule": "cosine"}
PLANS = {
    "quick": Plan(1, 2, 300, (5,), (4, 5), (1e-3, 1e-2), every_net=SHORT),
    "usual": Plan(),
    "full": Plan(10, lags=(5, 10, 15), alphas=(3e-4, 1e-3, 3e-3, 1e-2, 3e-2), sizes=(16, 32, 64)),
}


def tasks(plan: Plan, download: bool = False) -> dict[str, Callable[[], Task]]:
    """Return both protocols for both forms of the data."""
    return {f"{m.__name__}, {f}": partial(m, f, plan) for m in (ours, textbook) for f in FORMS}


def ours(form: str, plan: Plan) -> Task:
    """Return the task in which everything is learned on the training years."""
    X, y, train = read(form, plan)
    days = list(X.columns[3:]) or None
    lags = {"lags__n_lags": plan.lags}

    def pipeline(model: Any, flatten: bool) -> Pipeline:
        scale = StandardScaler().set_output(transform="pandas")
        windows = LagTransformer(known_ahead=days, flatten=flatten)
        return Pipeline([("scale", scale), ("lags", windows), ("model", model)])

    yesterday = make_pipeline(LagTransformer(1), PersistenceRegressor(channel=VOLUME))
    models = [Model("training mean", DummyRegressor()), Model("persistence", yesterday)]
    if days:
        parts = [("today", "passthrough", days)]
        windows = ColumnTransformer(parts, remainder=LagTransformer(5, flatten=True))
        models.append(Model(ONLY_TODAY, make_pipeline(windows, LinearRegression())))
    ar_lags = {"lagtransformer__n_lags": plan.ar_lags}
    models += [
        Model("AR(5)", make_ar(5, known_ahead=days)),
        Model("AR, lags chosen", make_ar(known_ahead=days), ar_lags),
        Model("ridge", pipeline(ridge(), flatten=True), lags),
        Model("lasso", pipeline(lasso(plan), flatten=True), lags),
    ]
    for net in NETS:
        model = pipeline(tuned(net, plan), flatten=False)
        models.append(Model(net, model, lags | grid(net, plan), seeded=True))
    note = f"{train.sum()} days for training, {(~train).sum()} for the test."
    how = {"validate": "every", "losses": squared, "note": note}
    return Task.split(f"{OURS}, {form}", X, y, train, models, plan.folds, **how)


def textbook(form: str, plan: Plan) -> Task:
    """Return the task of ISLP: windows of 5 lags as columns, standardised over all rows."""
    X, y, train = read(form, plan)
    X, y = (X - X.mean()) / X.std(ddof=0), (y - y.mean()) / y.std(ddof=0)
    days, p = list(X.columns[3:]) or None, X.shape[1]
    lags = LagTransformer(5, known_ahead=days, flatten=True).set_output(transform="pandas")

    def with_today(model: Any) -> Pipeline:  # reads all lags of the series, and the day to come
        columns = [("used", "passthrough", make_column_selector("^(?!day)|lag0$"))]
        return make_pipeline(ColumnTransformer(columns), model)

    islp = DenseRegressor(hidden_layer_sizes=(32,), dropout=0.5, **of_islp(plan, 20))
    rnn = RNNRegressor(hidden_size=12, dropout=0.1, n_channels=p, **of_islp(plan, 200))
    models = [
        Model("training mean", DummyRegressor()),
        Model("persistence", PersistenceRegressor(channel=VOLUME, n_channels=p)),
        *([Model(ONLY_TODAY, with_today(LinearRegression()))] if days else []),
        Model("AR(5)", LinearRegression()),
        Model("ridge", ridge()),
        Model("lasso", lasso(plan)),
        Model("dense of ISLP", with_today(islp), seeded=True)
        if days
        else Model("RNN of ISLP", rnn, seeded=True),
    ]
    for name, net in NETS.items():
        plain = net(n_channels=p, **plan.every_net)
        models.append(Model(f"{name}, defaults", plain, seeded=True))
    for name in NETS:
        model = Pipeline([("model", tuned(name, plan).set_params(n_channels=p))])
        models.append(Model(f"{name}, tuned", model, grid(name, plan), seeded=True))
    windows = lags.fit_transform(X)[5:]
    note = f"{train[5:].sum()} days for training, {(~train).sum()} for the test."
    name = f"{TEXTBOOK}, {form}"
    return Task.split(name, windows, y[5:], train[5:], models, plan.folds, note=note)


def read(form: str, plan: Plan) -> tuple[Any, Any, np.ndarray]:
    """Return X, y and which rows are for training; of a short plan the days around 1980."""
    nyse = load_nyse(as_frame=True, day_of_week=FORMS[form])
    train = nyse.train.to_numpy()
    first_test, around = int(train.sum()), plan.n_days or len(train)
    kept = slice(max(0, first_test - around), first_test + around)
    return nyse.data[kept], nyse.target[kept], train[kept]


def ridge() -> RidgeCV:
    """Return ridge regression that chooses its penalty by leaving one row out."""
    return RidgeCV(np.logspace(-1, 4, 21))


def lasso(plan: Plan) -> LassoCV:
    """Return the lasso path that chooses its penalty on the later parts of the training rows."""
    return LassoCV(cv=plan.folds, max_iter=20_000)


def tuned(net: str, plan: Plan) -> Any:
    """Return a net with the training of which the grid searches the rest."""
    return NETS[net](**(TRAINING | plan.every_net))


def grid(net: str, plan: Plan) -> dict[str, Sequence[Any]]:
    """Return the grid of a net in a pipeline."""
    sizes = [(size,) if net == "dense" else size for size in plan.sizes]
    chosen = {f"model__{SIZE.get(net, 'hidden_size')}": sizes} if len(sizes) > 1 else {}
    return {"model__alpha": plan.alphas, **chosen}


def of_islp(plan: Plan, n_epochs: int) -> dict[str, Any]:
    """Return the training of ISLP: so many epochs at a constant rate, without a penalty."""
    return OF_ISLP | {"max_epochs": n_epochs, "patience": n_epochs - 1} | plan.every_net


def on(study: Study, task: str) -> list[str]:
    """Return the simple model that gains are told on."""
    return [best_simple(study, task)]


def report(study: Study, to: Path) -> tuple[str, list[str]]:
    """Say which model to take, and tell of all."""
    without, with_day = study.tasks[:2]
    verdicts = [judge(study, task) for task in (without, with_day)]
    draw_r2(to / "nyse_r2.png", study, any(is_worth_it(v.gain) for v in verdicts))
    every_lag, today = (study.mean(with_day, name) for name in ("AR(5)", ONLY_TODAY))
    answer = (
        f"Without the day of the week {verdicts[0]}. With it {verdicts[1]}.\n\n"
        "The net and the simple model were chosen by their scores in cross-validation on the "
        "training years, the mean over folds and seeds; the test years then compared these two. "
        f"More parameters are held to be worth it if they gain at least {LEAST} standard errors. "
        "± of a gain is one standard error: that of the mean difference of squared errors over "
        "the test days, taken as uncorrelated, together with that of the mean over seeds, both "
        "divided by the variance of what is forecast.\n\n"
        "To tell AR(5) the day of each lag, and not only the day that it forecasts, gains "
        f"{every_lag - today:.3f}."
    )
    body = [compact(study), "![R2 by model](nyse_r2.png)"]
    body.append("![Forecast and observed](nyse_forecast.png)")
    for task in study.tasks:
        known: Mapping[str, float] = {}
        if task.startswith(TEXTBOOK):
            known = KNOWN[task.removeprefix(f"{TEXTBOOK}, ")]
        columns = {"cross-validated R2": tables.cv_score(), "test R2": tables.score()}
        columns |= {"MAE": tables.mean("MAE"), "published": tables.published(known)}
        table = tables.table(study, task, columns)
        body += [f"## {task[0].upper()}{task[1:]}", study.notes[task], table]
    body.append(
        f"MAE is in units of log_volume ({OURS}) or of its standard deviation ({TEXTBOOK}). The "
        "number of parameters counts those of a linear model that are not zero. ISLP's nets, "
        "written by hand in torch, start from smaller weights than ours."
    )
    return answer, body


def compact(study: Study) -> str:
    """Return the table of the first protocol, the smallest model first."""
    without, with_day = study.tasks[:2]
    in_both, r2 = study.models(without), tables.score("R2", ".3f")
    rows = [
        [
            model,
            r2(study, without, model) if model in in_both else "",
            *(f(study, with_day, model) for f in (r2, tables.parameters, tables.seconds)),
        ]
        for model in sorted(
            study.models(with_day), key=lambda m: study.of(with_day, m)[0].n_parameters
        )
    ]
    header = ["model", "R2 without day of week", "R2 with it", "parameters", "fit (s)"]
    return tables.markdown(header, rows)


def draw_r2(path: Path, study: Study, is_better: bool) -> None:
    """Draw R2 by model, both protocols, without and with day of week."""
    panels: dict[str, list[Scores]] = {form: [] for form in FORMS}
    with_day = study.tasks[1]
    order = [*study.models(with_day), *(m.partition(", ")[0] for m in study.models())]
    for task in study.tasks:
        protocol, _, form = task.partition(", ")
        for model in study.models(task):
            row, _, kind = model.rpartition(", ")
            is_default = kind == "defaults"
            row = row if kind in ("defaults", "tuned") else model
            series = f"{protocol}, nets at their defaults" if is_default else protocol
            panels[form].append(Scores(row, series, study.scores(task, model)))
    told = "a net" if is_better else "no net"
    title = f"Trading volume of the NYSE: {told} is shown to be better than a linear model"
    label = "R2 on the days from 1980 on: share of the variance that is forecast (line: AR(5))"
    rows = [row for row in order if any(s.row == row for p in panels.values() for s in p)]
    draw_scores(path, title, label, panels, rows=rows, line="AR(5)")


def draw(to: Path, tasks: list[Task], study: Study) -> None:
    """Draw the last days of the test, and how the gain of the net adds up over all of it."""
    task = tasks[1]
    verdict = judge(study, task.name)
    days, y = task.y_test.index, np.asarray(task.y_test)
    forecasts = {
        name: np.mean([r.predictions for r in study.of(task.name, name)], axis=0)
        for name in (verdict.simple, verdict.net)
    }
    gain = -np.cumsum(np.subtract(*(squared(y, f) for f in reversed(forecasts.values()))))
    how = {"figsize": (10, 6.5), "layout": "constrained", "height_ratios": [1.5, 1]}
    figure, (above, below) = plt.subplots(2, 1, **how)
    last = slice(-100, None)
    above.plot(days[last], y[last], color="0.55", linewidth=1.2, label="observed")
    for (name, forecast), colour in zip(forecasts.items(), ("C1", "C0"), strict=True):
        above.plot(days[last], forecast[last], color=colour, linewidth=1.5, label=name)
    above.set_ylabel("log volume")
    above.set_title("the last 100 days of the test", fontsize=10, loc="left")
    above.legend(ncols=3, frameon=False, loc="upper right", bbox_to_anchor=(1, 1.14))
    below.plot(days, gain / len(y), color="C0")
    below.axhline(0, color="0.6", linewidth=1)
    below.set_ylabel("gain in R2 so far")
    title = f"what {verdict.net} gains on {verdict.simple}, added up over the test"
    below.set_title(title, fontsize=10, loc="left")
    for ax in (above, below):
        ax.spines[["top", "right"]].set_visible(False)
        locator = matplotlib.dates.AutoDateLocator()
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
    alike = np.corrcoef(*forecasts.values())[0, 1]
    title = f"Forecasts of log volume by {verdict.simple} and {verdict.net}: "
    save(figure, to / "nyse_forecast.png", f"{title}their correlation is {alike:.2f}")


QUESTION = Question(PLANS, tasks, report, on=on, draw=draw, parallel=True)
