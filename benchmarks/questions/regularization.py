"""Which regularisation helps an LSTM: penalties, dropout, early stopping, noise, or batch size?

The same LSTM of 32 units, trained by Adam for a fixed number of epochs without any regularisation,
and with one at a time. Trading volume of the NYSE: 5 days of three series and the day of the week,
40 epochs, years to 1979 for training and from 1980 on for the test. Film reviews (IMDB): the last
100 words of reviews that have as many, of the 2000 most frequent words, 10 epochs; 2000 reviews for
training and 5000 for the test. How strong a regularisation is, is chosen by cross-validation on the
training rows; early stopping sets a tenth of them aside. An optimizer, and Adam itself, has its
learning rate chosen; SGD on reviews has clipped gradients, for it would overflow at large rates.
Labels can be smoothed only in classification, and tokens cannot be augmented. The grids are the
third ones: in two runs before, which looked at the test rows, most strengths were chosen at the end
of narrower grids, with 3 seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks.harness.runner import REGRESSION, Metrics, Model, Task
from benchmarks.harness.words import FIRST_WORD, LASSO, N_WORDS, bag_of_words
from benchmarks.question_of_docstring import Question
from benchmarks.report import tables
from benchmarks.report.effects import squared, wrong
from benchmarks.report.pictures import Gain, draw_gains
from benchmarks.report.study import CV, Study
from sklearn_rnn import LagTransformer, LSTMClassifier, LSTMRegressor, make_ar
from sklearn_rnn.datasets import fetch_imdb, load_nyse

BASE = "none"
N_STEPS = 100  # words
N_LAGS = 5  # days
Changes = dict[str, dict[str, list[Any]]]
RATES = [3e-4, 1e-3, 2e-3, 5e-3, 1e-2]
COMMON: Changes = {
    BASE: {},
    "ridge": {"alpha": [1e-3, 3e-3, 1e-2, 3e-2, 0.1]},
    "lasso": {"alpha": [1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2], "l1_ratio": [1.0]},
    "dropout": {"dropout": [0.05, 0.1, 0.2, 0.5, 0.7, 0.9]},
    "recurrent dropout": {"recurrent_dropout": [0.05, 0.1, 0.2, 0.5, 0.7, 0.9]},
    "early stopping": {"early_stopping": [True], "patience": [2, 5, 10], "tol": [1e-4]},
    "learning rate": {"learning_rate": RATES},
    "RMSprop": {"optimizer": ["rmsprop"], "learning_rate": RATES},
}
OF_NUMBERS: Changes = {
    "SGD": {"optimizer": ["sgd"], "learning_rate": [2e-3, 5e-3, 0.02, 0.05, 0.2, 0.5]},
    "batch size": {"batch_size": [32, 128, 512, 2048, 4096]},
    "augmentation": {"augmentation": [{"jitter": d} for d in (0.1, 0.3, 0.6, 1.0, 2.0)]},
}
OF_LABELS: Changes = {
    "SGD": {"optimizer": ["sgd"], "learning_rate": [0.05, 0.2, 1.0, 5.0], "max_grad_norm": [1.0]},
    "batch size": {"batch_size": [8, 16, 32, 128, 512]},
    "label smoothing": {"label_smoothing": [0.02, 0.05, 0.1, 0.2, 0.4]},
}


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 10
    n_folds: int = 3
    n_days: int | None = None
    n_reviews: int = 2000  # for training
    n_test: int = 5000
    max_epochs: int | None = None
    n_variants: int | None = None
    n_values: int | None = None  # of each setting, the first ones


PLANS = {
    "quick": Plan(2, 2, 200, 60, 40, 1, 3, 2),
    "usual": Plan(),
    "full": Plan(n_seeds=20, n_folds=5, n_reviews=20_000, n_test=20_000),
}


def tasks(plan: Plan, download: bool) -> dict[str, Callable[[], Task]]:
    """Return both data sets."""
    return {"NYSE": partial(nyse, plan), "IMDB": partial(imdb, plan, download=download)}


def task_of(name: str, *data: Any, **how: Any) -> Task:
    """Return a task whose models are validated by their first random state."""
    train = data[2]
    note = f"{int(train.sum())} rows for training, {int((~train).sum())} for the test."
    return Task.split(name, *data, validate="first", note=note, **how)


def nyse(plan: Plan) -> Task:
    """Return the trading volume, and the LSTMs that forecast it."""
    data = load_nyse(as_frame=True, day_of_week=True)
    first_test = int(data.train.sum())
    around = plan.n_days or len(data.train)
    kept = slice(max(0, first_test - around), first_test + around)
    days = list(data.data.columns[3:])
    scale = StandardScaler().set_output(transform="pandas")
    steps = [("scale", scale), ("lags", LagTransformer(N_LAGS, known_ahead=days))]
    net = LSTMRegressor(**training(plan, 40, 128))
    models = [
        Model("mean", DummyRegressor()),
        Model(f"AR({N_LAGS})", make_ar(N_LAGS, known_ahead=days)),
        *variants(steps, net, COMMON | OF_NUMBERS, plan),
    ]
    folds = TimeSeriesSplit(plan.n_folds)
    train = data.train[kept].to_numpy()
    rows = data.data[kept], data.target[kept], train
    return task_of("NYSE", *rows, models, folds, score=REGRESSION, losses=squared)


def imdb(plan: Plan, *, download: bool) -> Task:
    """Return the ends of the reviews, and the LSTMs that label them."""
    parts = [
        fetch_imdb(
            "tokens",
            subset=subset,
            num_words=FIRST_WORD + N_WORDS,
            return_X_y=True,
            download_if_missing=download,
        )
        for subset in ("train", "test")
    ]
    ends = [
        last_words(part[0], part[1], n)
        for part, n in zip(parts, (plan.n_reviews, plan.n_test), strict=True)
    ]
    X, y = (np.concatenate(halves) for halves in zip(*ends, strict=True))
    train = np.arange(len(y)) < plan.n_reviews
    net = LSTMClassifier(
        vocabulary_size=FIRST_WORD + N_WORDS,
        embedding_dim=32,
        pooling="mean",
        **training(plan, 10, 32),
    )
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    words = Pipeline([("words", FunctionTransformer(bag_of_words)), ("model", logistic)])
    models = [
        Model("majority class", DummyClassifier()),
        Model("lasso on which words", words, {"model__C": [0.03, 0.1, 0.3, 1.0, 3.0]}),
        *variants([], net, COMMON | OF_LABELS, plan),
    ]
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    accuracy = Metrics({"accuracy": accuracy_score})
    return task_of("IMDB", X, y, train, models, folds, score=accuracy, losses=wrong)


def last_words(X: Sequence[Any], y: Any, n: int) -> tuple[Any, Any]:
    """Return the ends and the labels of the first reviews that are long enough."""
    long = [i for i, review in enumerate(X) if len(review) >= N_STEPS][:n]
    return np.stack([np.asarray(X[i])[-N_STEPS:] for i in long]), np.asarray(y)[long]


def training(plan: Plan, max_epochs: int, batch_size: int) -> dict[str, Any]:
    """Return a training of all its epochs without a regularisation."""
    epochs = plan.max_epochs or max_epochs
    never_sooner = {"early_stopping": False, "patience": epochs, "tol": 1e9}
    how = {"learning_rate": 0.005, "batch_size": batch_size, "alpha": 0.0}
    return {"max_epochs": epochs, **how, **never_sooner}


def variants(steps: list[Any], net: Any, changes: Changes, plan: Plan) -> list[Model]:
    """Return the net as it is, and with each change."""
    model = Pipeline([*steps, ("model", net)])
    models = []
    for name, change in list(changes.items())[: plan.n_variants]:
        grid = {f"model__{key}": values[: plan.n_values] for key, values in change.items()}
        models.append(Model(name, model, grid, seeded=True))
    return models


def on(study: Study, task: str) -> list[str]:
    """Return the models that gains are told on: the bare net, and the floor."""
    return [BASE, study.models(task)[0]]


def report(study: Study, to: Path) -> tuple[str, list[str]]:
    """Say what helps and what harms."""
    draw(to / "regularization.png", study)
    body = ["![What each gains](regularization.png)"]
    for task in study.tasks:
        measure = next(iter(study.of(task, BASE)[0].scores))
        columns = {
            f"cross-validated {measure}": tables.cv_score(),
            f"test {measure}": tables.score(),
            f"gain on {BASE}": tables.gain(BASE),
            "it": verdict,
        }
        mine = [r for r in study.results if r.task == task]
        body += [f"## {task}", study.notes[task]]
        body += [tables.table(study, task, columns), tables.at_ends(mine)]
    body.append(
        "A gain has a 95 % interval, by the quantile of t, over test rows and seeds. It helps or "
        "harms where that is all on one side of zero; that there are many comparisons is not "
        "corrected for."
    )
    return " ".join(sentence(study, task) for task in study.tasks), body


def changes(study: Study, task: str) -> list[str]:
    """Return the nets with a change, the one that gains most first."""
    nets = [name for name in study.nets(task) if name != BASE]
    return sorted(nets, key=lambda name: -study.gain(task, name, BASE).value)


def verdict(study: Study, task: str, model: str) -> str:
    """Return whether a change helps, of a net that has one."""
    has_change = model in study.nets(task) and model != BASE
    return study.gain(task, model, BASE).verdict if has_change else ""


def sentence(study: Study, task: str) -> str:
    """Say what helps, what harms, what does not train, and what cross-validation would take."""
    told, changed = [], changes(study, task)
    helpful = [name for name in study.nets(task) if verdict(study, task, name) == "helps"]
    for what in ("helps", "harms"):
        names = [
            f"{name} ({study.gain(task, name, BASE).value:+.3f})"
            for name in changed
            if verdict(study, task, name) == what
        ]
        told.append(f"what {what} is {', '.join(names) or 'nothing'}")
    floor = study.models(task)[0]
    on_floor = {m: study.gains.get((task, m, floor)) for m in study.nets(task)}
    idle = [m for m, gain in on_floor.items() if gain and gain.verdict != "helps"]
    told += [f"{', '.join(idle)} does not train, it is no better than the {floor}"] if idle else []
    cv = {name: study.mean(task, name, CV) for name in study.nets(task)}
    worse = [f"{name} ({cv[name]:.4f})" for name in helpful if cv[name] < cv[BASE]]
    if worse:
        told.append(
            f"of what helps, {', '.join(worse)} did worse in cross-validation on the training rows "
            f"than {BASE} ({cv[BASE]:.4f})"
        )
    taken, simple = (study.best(task, names, CV) for names in (changed, study.simple(task)))
    bare, of_net, of_simple = (f"{study.mean(task, m):.3f}" for m in (BASE, taken, simple))
    return (
        f"{task}: {'; '.join(told)}. The bare net has {bare}, the change that cross-validation "
        f"takes, {taken}, {of_net}, the simple model that it takes, {simple}, {of_simple}."
    )


def draw(path: Path, study: Study) -> None:
    """Draw the gains of the nets with their intervals, a panel for each data set."""
    panels = {
        task: [Gain.of(name, study.gain(task, name, BASE)) for name in changes(study, task)]
        for task in study.tasks
    }
    n_helpful = [sum(g.kind == "helps" for g in gains) for gains in panels.values()]
    told = " and ".join(
        f"{n} of {len(gains)} changes help on {task}"
        for n, (task, gains) in zip(n_helpful, panels.items(), strict=True)
    )
    labels = [
        f"gain in test {next(iter(study.of(task, BASE)[0].scores))} on the LSTM without any, with "
        "95 % interval"
        for task in study.tasks
    ]
    colours = {"helps": "C0", "harms": "C3", "not shown": "0.5"}
    draw_gains(path, f"Regularisation of an LSTM: {told}", labels, panels, colours)


QUESTION = Question(PLANS, tasks, report, on=on, parallel=True)
