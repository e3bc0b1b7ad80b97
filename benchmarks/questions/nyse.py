"""Trading volume of the NYSE: nets, linear models and two protocols of choosing settings."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline

import sklearn_rnn as rnn
from benchmarks.harness.models import of_lags
from benchmarks.harness.runner import Model, Task
from benchmarks.question import Question, sizes
from benchmarks.report.effects import squared
from benchmarks.report.pictures import COLOURS, NET, SIMPLE, Scores, draw_lines, draw_scores
from benchmarks.report.study import Study
from benchmarks.report.verdict import LEAST, Verdict, best_simple, is_worth_it, judge
from sklearn_rnn.datasets import load_nyse

OURS, TEXTBOOK = "settings from training years", "textbook protocol"
FORMS = {"without day of week": False, "with day of week": True}
NETS = ("dense", "RNN", "GRU", "LSTM", "TCN")
SIZE = {"dense": "hidden_layer_sizes", "TCN": "num_channels"}  # of the others hidden_size
VOLUME = 1  # the position of log_volume
ONLY_TODAY = "AR(5), only today's day"
WITHOUT_DAY = {"persistence": 0.18, "AR(5)": 0.413, "RNN of ISLP": 0.415}  # published
WITH_DAY = {"persistence": 0.18, ONLY_TODAY: 0.46, "dense of ISLP": 0.466}
KNOWN = {f"{TEXTBOOK}, {f}": of for f, of in zip(FORMS, (WITHOUT_DAY, WITH_DAY), strict=True)}
# The choice was made on the training years: one cycle of 20 epochs is as good there as 50 epochs
# at a constant rate, and the penalty matters most of the remaining parameters.
TRAINING = {"lr_schedule": "onecycle", "learning_rate": 0.01, "max_epochs": 20}
TRAINING |= {"batch_size": 128, "early_stopping": False}
OF_ISLP = {"optimizer": "rmsprop", "learning_rate": 1e-3, "batch_size": 64, "alpha": 0.0}
OF_ISLP |= {"early_stopping": False, "tol": 1.0}
PLANS = sizes(
    n_seeds=(1, 5, 10),
    n_splits=(2, 5, 5),
    n_days=(300, None, None),  # before and after the first of the test
    lags=((5,), (5, 10), (5, 10, 15)),
    ar_lags=((4, 5), *[(1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20)] * 2),
    alphas=((1e-3, 1e-2), (2e-3, 1e-2), (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
    sizes=((32,), (32,), (16, 32, 64)),
    standardize=((True, "last"), *[(True, "last", "window")] * 2),
    every_net=({"max_epochs": 2, "lr_schedule": "cosine"}, {}, {}),
)


def tasks(plan: Any, download: bool = False) -> dict[str, Callable[[], Task]]:
    return {f"{m.__name__}, {f}": partial(m, f, plan) for m in (ours, textbook) for f in FORMS}


def ours(form: str, plan: Any) -> Task:
    """Return the task in which everything is learned on the training years."""
    X, y, train = read(form, plan)
    days = list(X.columns[3:]) or None
    lags, ar_lags = ({"lagtransformer__n_lags": n} for n in (plan.lags, plan.ar_lags))
    linear: dict[str, Any] = {"known_ahead": days, "cv": folds(plan)}
    ridge = rnn.make_linear(target_channel=VOLUME, **linear)
    yesterday = make_pipeline(rnn.LagTransformer(1), rnn.PersistenceRegressor(channel=VOLUME))
    models = [Model("training mean", DummyRegressor()), Model("persistence", yesterday)]
    if days:
        parts = [("today", "passthrough", days)]
        windows = ColumnTransformer(parts, remainder=rnn.LagTransformer(5, flatten=True))
        pipe = rnn.CompleteRows(make_pipeline(windows, LinearRegression()))
        models.append(Model(ONLY_TODAY, pipe))
    models += [
        Model("AR(5)", rnn.make_ar(5, known_ahead=days)),
        Model("AR, lags chosen", rnn.make_ar(known_ahead=days), ar_lags),
        Model("ridge", ridge, lags | {"lagridgecv__standardize": [True, "last"]}),
        Model("lasso", rnn.make_lasso(**linear), lags),
    ]
    for name in NETS:
        model = of_lags(net(name, **TRAINING | plan.every_net), 5, days)
        models.append(Model(name, model, lags | grid(name, plan), seeded=True))
    note = f"{train.sum()} days for training, {(~train).sum()} for the test."
    how = {"validate": "every", "losses": squared, "note": note}
    return Task.split(f"{OURS}, {form}", X, y, train, models, folds(plan), **how)


def textbook(form: str, plan: Any) -> Task:
    """Return the task of ISLP: windows of 5 lags as columns, standardised over all rows."""
    X, y, train = read(form, plan)
    X, y = (X - X.mean()) / X.std(ddof=0), (y - y.mean()) / y.std(ddof=0)
    days, p = list(X.columns[3:]) or None, X.shape[1]
    lags = rnn.LagTransformer(5, known_ahead=days, flatten=True).set_output(transform="pandas")

    def with_today(model: Any) -> Pipeline:  # reads all lags of the series, and the day to come
        columns = [("used", "passthrough", make_column_selector("^(?!day)|lag0$"))]
        return make_pipeline(ColumnTransformer(columns), model)

    islp = rnn.DenseRegressor(hidden_layer_sizes=(32,), dropout=0.5, **of_islp(plan, 20))
    recurrent = rnn.RNNRegressor(hidden_size=12, dropout=0.1, n_channels=p, **of_islp(plan, 200))
    reads_days = Model("dense of ISLP", with_today(islp), seeded=True)
    models = [
        Model("training mean", DummyRegressor()),
        Model("persistence", rnn.PersistenceRegressor(channel=VOLUME, n_channels=p)),
        *([Model(ONLY_TODAY, with_today(LinearRegression()))] if days else []),
        Model("AR(5)", LinearRegression()),
        Model("ridge", rnn.LagRidgeCV(n_channels=p, cv=folds(plan))),
        Model("lasso", rnn.LagElasticNetCV(n_channels=p, cv=folds(plan))),
        reads_days if days else Model("RNN of ISLP", recurrent, seeded=True),
    ]
    for name in NETS:
        plain = net(name, n_channels=p, **plan.every_net)
        models.append(Model(f"{name}, defaults", plain, seeded=True))
    for name in NETS:
        tuned = Pipeline([("model", net(name, n_channels=p, **TRAINING | plan.every_net))])
        models.append(Model(f"{name}, tuned", tuned, grid(name, plan), seeded=True))
    windows = lags.fit_transform(X)[5:]
    note = f"{train[5:].sum()} days for training, {(~train).sum()} for the test."
    name = f"{TEXTBOOK}, {form}"
    return Task.split(name, windows, y[5:], train[5:], models, folds(plan), note=note)


def read(form: str, plan: Any) -> tuple[Any, Any, np.ndarray]:
    """Return X, y and which rows are for training; of a short plan the days around 1980."""
    nyse = load_nyse(as_frame=True, day_of_week=FORMS[form])
    train = nyse.train.to_numpy()
    first_test, around = int(train.sum()), plan.n_days or len(train)
    kept = slice(max(0, first_test - around), first_test + around)
    return nyse.data[kept], nyse.target[kept], train[kept]


def folds(plan: Any) -> TimeSeriesSplit:
    return TimeSeriesSplit(plan.n_splits)


def net(name: str, **settings: Any) -> Any:
    family = getattr(rnn, f"{'Dense' if name == 'dense' else name}Regressor")
    return family(target_channel=VOLUME, **settings)


def grid(name: str, plan: Any) -> dict[str, Sequence[Any]]:
    sizes = [(size,) if name == "dense" else size for size in plan.sizes]
    chosen = {f"model__{SIZE.get(name, 'hidden_size')}": sizes} if len(sizes) > 1 else {}
    return {"model__alpha": plan.alphas, "model__standardize": plan.standardize, **chosen}


def of_islp(plan: Any, n_epochs: int) -> dict[str, Any]:
    """Return the training of ISLP: so many epochs at a constant rate, without a penalty."""
    return OF_ISLP | {"max_epochs": n_epochs, "patience": n_epochs - 1} | plan.every_net


def facts(study: Study) -> dict[str, Any]:
    """Return the verdicts, and the table of the first protocol, the smallest model first."""
    with_day = study.tasks[1]
    return {
        **{"verdicts": [judge(study, task) for task in study.tasks[:2]], "least": LEAST},
        "with_day": with_day,
        "by_size": sorted(study.models(with_day), key=lambda m: study.size(with_day, m)),
    }


def draw(to: Path, study: Study) -> None:
    draw_r2(to / "nyse_r2.png", study)
    if study.pictures:
        draw_forecast(to / "nyse_forecast.png", judge(study, study.tasks[1]), study.pictures)


def draw_r2(path: Path, study: Study) -> None:
    """Draw R2 by model, both protocols, without and with day of week."""
    panels: dict[str, list[Scores]] = {form: [] for form in FORMS}
    with_day = study.tasks[1]
    for task in study.tasks:
        protocol, _, form = task.partition(", ")
        for model in study.models(task):
            row, _, kind = model.rpartition(", ")
            row = row if kind in ("defaults", "tuned") else model
            series = f"{protocol}, nets at their defaults" if kind == "defaults" else protocol
            panels[form].append(Scores(row, series, study.scores(task, model)))
    is_better = any(is_worth_it(judge(study, task).gain) for task in study.tasks[:2])
    told = "a net" if is_better else "no net"
    title = f"Trading volume of the NYSE: {told} is shown to be better than a linear model"
    label = "R2 on the days from 1980 on: share of the variance that is forecast (line: AR(5))"
    order = [*study.models(with_day), *(m.partition(", ")[0] for m in study.models())]
    rows = [row for row in order if any(s.row == row for p in panels.values() for s in p)]
    draw_scores(path, title, label, panels, rows=rows, line="AR(5)")


def keep(tasks: list[Task], study: Study) -> dict[str, Any]:
    """Return what was observed in the test, and what the best of both kinds forecast."""
    task = tasks[1]
    verdict, y = judge(study, task.name), np.asarray(task.y_test)
    runs = {name: study.of(task.name, name) for name in (verdict.simple, verdict.net)}
    series = {m: np.mean([r.predictions for r in of], axis=0) for m, of in runs.items()}
    kept = {name: np.round(values, 5).tolist() for name, values in {"y": y, **series}.items()}
    return {"days": [f"{day:%Y-%m-%d}" for day in task.y_test.index], **kept}


def draw_forecast(path: Path, verdict: Verdict, kept: Mapping[str, Any]) -> None:
    """Draw the last days of the test, and how the gain of the net adds up over all of it."""
    days, y = np.asarray(kept["days"], dtype="datetime64[D]"), np.asarray(kept["y"])
    simple, net = np.asarray(kept[verdict.simple]), np.asarray(kept[verdict.net])
    gain = np.cumsum(squared(y, simple) - squared(y, net)) / len(y)
    lines = {"observed": (y, "0.55"), verdict.simple: (simple, COLOURS[SIMPLE])}
    lines |= {verdict.net: (net, COLOURS[NET])}
    last = {name: (days[-100:], of[-100:], colour) for name, (of, colour) in lines.items()}
    label = "gain of the net in R2,\nadded up over the test"
    panels = {"log volume, last 100 days": last, label: {"": (days, gain, COLOURS[NET])}}
    alike = np.corrcoef(simple, net)[0, 1]
    title = f"Forecasts of log volume by {verdict.simple} and {verdict.net}: "
    draw_lines(path, f"{title}their correlation is {alike:.2f}", panels, zero=label)


def on(study: Study, task: str) -> list[str]:
    return [best_simple(study, task)]


QUESTION = Question(PLANS, tasks, facts, draw, on, keep=keep, parallel=True)
