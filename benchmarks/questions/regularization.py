"""An LSTM with one regularisation at a time, on trading volume and on film reviews."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks.harness.models import of_lags
from benchmarks.harness.runner import ACCURACY, REGRESSION, Model, Task
from benchmarks.harness.words import FIRST_WORD, LASSO, N_WORDS, bag_of_words
from benchmarks.question import Question, sizes
from benchmarks.questions.nyse import read
from benchmarks.report.effects import squared, wrong
from benchmarks.report.pictures import Gain, draw_gains
from benchmarks.report.study import CV, Study
from sklearn_rnn import LSTMClassifier, LSTMRegressor, make_ar
from sklearn_rnn.datasets import fetch_imdb

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
PLANS = sizes(
    n_seeds=(2, 10, 20),
    n_folds=(2, 3, 5),
    n_days=(200, None, None),  # before and after the first of the test
    n_reviews=(60, 2000, 20_000),  # for training
    n_test=(40, 5000, 20_000),
    max_epochs=(1, None, None),
    n_variants=(3, None, None),
    n_values=(2, None, None),  # of each setting, the first ones
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    return {"NYSE": partial(nyse, plan), "IMDB": partial(imdb, plan, download=download)}


def task_of(name: str, *data: Any, **how: Any) -> Task:
    """Return a task whose models are validated by their first random state."""
    train = data[2]
    note = f"{int(train.sum())} rows for training, {int((~train).sum())} for the test."
    return Task.split(name, *data, validate="first", note=note, **how)


def nyse(plan: Any) -> Task:
    """Return the trading volume, and the LSTMs that forecast it."""
    X, y, train = read("with day of week", plan)
    days = list(X.columns[3:])
    net = of_lags(LSTMRegressor(**training(plan, 40, 128)), N_LAGS, days)
    models = [
        Model("mean", DummyRegressor()),
        Model(f"AR({N_LAGS})", make_ar(N_LAGS, known_ahead=days)),
        *variants(net, COMMON | OF_NUMBERS, plan),
    ]
    folds = TimeSeriesSplit(plan.n_folds)
    return task_of("NYSE", X, y, train, models, folds, score=REGRESSION, losses=squared)


def imdb(plan: Any, *, download: bool) -> Task:
    """Return the ends of the reviews, and the LSTMs that label them."""
    how: dict[str, Any] = {"num_words": FIRST_WORD + N_WORDS, "return_X_y": True}
    ends = [
        last_words(*fetch_imdb("tokens", subset=subset, download_if_missing=download, **how), n)
        for subset, n in (("train", plan.n_reviews), ("test", plan.n_test))
    ]
    X, y = (np.concatenate(halves) for halves in zip(*ends, strict=True))
    train = np.arange(len(y)) < plan.n_reviews
    reader: dict[str, Any] = {"vocabulary_size": FIRST_WORD + N_WORDS, "embedding_dim": 32}
    net = LSTMClassifier(pooling="mean", **reader, **training(plan, 10, 32))
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    words = Pipeline([("words", FunctionTransformer(bag_of_words)), ("model", logistic)])
    models = [
        Model("majority class", DummyClassifier()),
        Model("lasso on which words", words, {"model__C": [0.03, 0.1, 0.3, 1.0, 3.0]}),
        *variants(Pipeline([("model", net)]), COMMON | OF_LABELS, plan),
    ]
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    return task_of("IMDB", X, y, train, models, folds, score=ACCURACY, losses=wrong)


def last_words(X: Sequence[Any], y: Any, n: int) -> tuple[Any, Any]:
    """Return the ends and the labels of the first reviews that are long enough."""
    long = [i for i, review in enumerate(X) if len(review) >= N_STEPS][:n]
    return np.stack([np.asarray(X[i])[-N_STEPS:] for i in long]), np.asarray(y)[long]


def training(plan: Any, max_epochs: int, batch_size: int) -> dict[str, Any]:
    """Return a training of all its epochs without a regularisation."""
    epochs = plan.max_epochs or max_epochs
    never_sooner = {"early_stopping": False, "patience": epochs, "tol": 1e9}
    how = {"learning_rate": 0.005, "batch_size": batch_size, "alpha": 0.0}
    return {"max_epochs": epochs, **how, **never_sooner}


def variants(net: Any, changes: Changes, plan: Any) -> list[Model]:
    return [
        Model(name, net, {f"model__{k}": v[: plan.n_values] for k, v in change.items()}, True)
        for name, change in list(changes.items())[: plan.n_variants]
    ]


def changes(study: Study, task: str) -> list[str]:
    """Return the nets with a change, the one that gains most first."""
    nets = [name for name in study.nets(task) if name != BASE]
    return sorted(nets, key=lambda name: -study.gain(task, name, BASE).value)


def verdict(study: Study, task: str, model: str) -> str:
    """Return whether a change helps, of a net that has one."""
    has_change = model in study.nets(task) and model != BASE
    return study.gain(task, model, BASE).verdict if has_change else ""


def idle(study: Study, task: str) -> list[str]:
    """Return the nets that do not train: they are no better than the floor."""
    floor = study.models(task)[0]
    gains = {m: study.gains.get((task, m, floor)) for m in study.nets(task)}
    return [m for m, gain in gains.items() if gain and gain.verdict != "helps"]


def worse(study: Study, task: str) -> list[str]:
    """Return the nets that are better than the bare one, but worse in cross-validation."""
    helpful = [m for m in study.nets(task) if verdict(study, task, m) == "helps"]
    return [m for m in helpful if study.mean(task, m, CV) < study.mean(task, BASE, CV)]


def draw(to: Path, study: Study) -> None:
    """Draw the gains of the nets with their intervals, a panel for each data set."""
    panels: dict[str, list[Gain]] = {task: [] for task in study.tasks}
    for task, gains in panels.items():
        for name in changes(study, task):
            gain = study.gain(task, name, BASE)
            gains.append(Gain(name, *gain.interval, gain.verdict))
    told = " and ".join(
        f"{sum(g.kind == 'helps' for g in gains)} of {len(gains)} changes help on {task}"
        for task, gains in panels.items()
    )
    of = "on the LSTM without any, with 95 % interval"
    labels = [f"gain in test {study.measures(task)[0]} {of}" for task in study.tasks]
    colours = {"helps": "C0", "harms": "C3", "not shown": "0.5"}
    title = f"Regularisation of an LSTM: {told}"
    draw_gains(to / "regularization.png", title, labels, panels, colours)


def on(study: Study, task: str) -> list[str]:
    return [BASE, study.models(task)[0]]


QUESTION = Question(PLANS, tasks, draw=draw, on=on, parallel=True)
