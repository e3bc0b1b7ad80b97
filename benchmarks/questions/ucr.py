"""Six labelled sets of series: nets, MiniRocket, and simple models of rows."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import Cache
from benchmarks.harness.minirocket import MiniRocketRidge, is_installed
from benchmarks.harness.runner import ACCURACY, Model, Task, cross_validated, seeded
from benchmarks.question import Question, sizes
from benchmarks.report.pictures import NET, SIMPLE, Scores, draw_scores
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_ucr

# Accuracies in the archives, with the published training and test parts. InceptionTime, its
# ensemble of five: results.csv of github.com/MSD-IRIMAS/LITE; MiniRocket, the first of its 30
# resamples: github.com/angus924/minirocket; ConvTran: results_multivariate.csv of the former.
PUBLISHED = {
    "InceptionTime": {
        **{"ItalyPowerDemand": 0.965015, "GunPoint": 1.0},
        **{"ECG200": 0.930, "ArrowHead": 0.851429},
    },
    "MiniRocket": {
        **{"ItalyPowerDemand": 0.969, "GunPoint": 0.993},
        **{"ECG200": 0.910, "ArrowHead": 0.863},
    },
    "ConvTran": {"JapaneseVowels": 0.989},
}
NAMES = ("JapaneseVowels", "BasicMotions", "ItalyPowerDemand", "GunPoint", "ECG200", "ArrowHead")
ROCKET, CHOSEN = "MiniRocket and ridge", "chosen net, 5 members"
MANY_ROWS = 200  # from so many training series on, half the epochs
PLANS = sizes(
    n_folds=(2, 3, 10),
    n_seeds=(1, 5, 10),
    n_members=(2, 5, 5),
    most_rows=(24, None, None),  # of each part
    max_epochs=(2, 100, 100),
    tests_families=(True, False, True),  # each family as a single net, not only the chosen one
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    return {name: partial(load, name, plan, download) for name in NAMES}


def load(name: str, plan: Any, download: bool) -> Task:
    data = []
    for subset in ("train", "test"):
        X, y = fetch_ucr(name, subset=subset, return_X_y=True, download_if_missing=download)
        every = slice(None, None, -(-len(y) // (plan.most_rows or len(y))))
        data += [X[every], y[every]]
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    return Task(name, *data, simple_models(data[0], plan), folds, ACCURACY)


def families(n_rows: int, plan: Any) -> list[Model]:
    """Return one setting a family; the most frequent choices of an earlier search on four sets."""
    epochs = plan.max_epochs // (2 if n_rows >= MANY_ROWS else 1)
    training: dict[str, Any] = {"max_epochs": epochs, "batch_size": 16, "dtype": "float32"}
    training |= {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_grad_norm": 1.0}
    training |= {"early_stopping": False, "pooling": "max"}
    regular = {**training, "dropout": 0.3}
    filters: dict[str, Any] = {"num_channels": 64, "kernel_size": 9}
    parallel: dict[str, Any] = {"num_channels": 16, "kernel_size": (9, 19, 39)}
    nets = {
        "GRU": rnn.GRUClassifier(bidirectional=True, hidden_size=64, **regular),
        "TCN": rnn.TCNClassifier(num_levels=3, kernel_size=7, dropout=0.1, **training),
        "CNN": rnn.CNNClassifier(**filters, pool_size=2, **regular),
        "CNN, kernels 9, 19, 39": rnn.CNNClassifier(**parallel, pool_size=2, **regular),
        "CNN-LSTM": rnn.CNNLSTMClassifier(**filters, pool_size=4, hidden_size=64, **regular),
    }
    return [Model(name, net, seeded=True) for name, net in nets.items()]


def simple_models(X: Any, plan: Any) -> list[Model]:
    n_steps = int(statistics.median(map(len, X)))
    rows = FunctionTransformer(stretched, kw_args={"n_steps": n_steps})
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    strengths = {"C": np.logspace(-4, 2, 7)}
    logistic = GridSearchCV(LogisticRegression(max_iter=2000), strengths, cv=folds)
    models = [
        Model("majority class", make_pipeline(rows, DummyClassifier())),
        Model("nearest neighbour", make_pipeline(rows, KNeighborsClassifier(1))),
        Model("logistic regression", make_pipeline(rows, StandardScaler(), logistic)),
    ]
    if is_installed():
        model = make_pipeline(rows, MiniRocketRidge(n_channels=np.asarray(X[0]).shape[1]))
        compiled(model, X)
        models.append(Model(ROCKET, model, seeded=True))
    return models


def compiled(model: Pipeline, X: Any) -> None:
    """Fit and predict once, so that the seconds of a fit have none of numba's compilation."""
    some = [X[0], X[-1]] * 2
    clone(model).fit(some, [0, 1] * 2).predict(some)


def stretched(X: Sequence[Any], n_steps: int) -> np.ndarray:
    """Return each series as a row, brought to a number of steps by linear interpolation."""

    def row(series: Any) -> np.ndarray:
        places, steps = np.linspace(0, len(series) - 1, n_steps), np.arange(len(series))
        channels = np.asarray(series).T
        return np.concatenate([np.interp(places, steps, channel) for channel in channels])

    return np.stack([row(series) for series in X])


def with_nets(entered: list[Task], plan: Any, cache: Cache) -> list[Task]:
    """Add to each task the net that is chosen on its training part."""
    nets = [families(len(task.y), plan) for task in entered]
    runs = [(task, model) for task, of in zip(entered, nets, strict=True) for model in of]
    scores = [
        cross_validated(task, seeded(model.estimator, 0), cache)
        for task, model in tqdm(runs, desc="cross-validation", disable=None)
    ]
    table = np.reshape(scores, (len(entered), -1))
    complete = []
    for task, of, row, k in zip(entered, nets, table, chosen(table), strict=True):
        told = ", ".join(f"{m.name} {score:.3f}" for m, score in zip(of, row, strict=True))
        net = clone(of[k].estimator).set_params(n_members=plan.n_members)
        models = [replace(m, cv_score=score) for m, score in zip(of, row, strict=True)]
        models = models if plan.tests_families else []
        models.append(Model(CHOSEN, net, seeded=True, cv_score=row[k]))
        note = f"{of[k].name} ({told})"
        complete.append(replace(task, models=[*task.models, *models], note=note))
    return complete


def chosen(scores: np.ndarray) -> list[int]:
    """Return the best column of each row; of equal ones the best in the mean over all rows."""
    order = [sorted(range(len(row)), key=lambda k: (row[k], scores[:, k].mean())) for row in scores]
    return [columns[-1] for columns in order]


def facts(study: Study) -> dict[str, Any]:
    means = {task: study.mean(task, CHOSEN) for task in study.tasks}
    inception = PUBLISHED["InceptionTime"]
    rocket = [task for task in study.tasks if ROCKET in study.models(task)]
    return {
        "compared": [task for task in study.tasks if task in inception],
        "above_inception": [t for t in study.tasks if means[t] >= inception.get(t, np.inf)],
        "with_rocket": rocket,
        "above_rocket": [task for task in rocket if means[task] >= study.mean(task, ROCKET)],
    }


def draw(to: Path, study: Study) -> None:
    label = "share of the test part with the right label (line: the chosen net)"
    title = "Labels of series: the net that cross-validation chooses, and others"
    panels = {}
    for task in study.tasks:
        is_net = [model in study.nets(task) and model != ROCKET for model in study.models(task)]
        panels[task] = [
            Scores(model, NET if net else SIMPLE, study.scores(task, model))
            for model, net in zip(study.models(task), is_net, strict=True)
        ]
        of_task = {name: of[task] for name, of in PUBLISHED.items() if task in of}
        panels[task] += [Scores(f"{n}, published", "published", [v]) for n, v in of_task.items()]
    for file, names in (("ucr.png", study.tasks[:3]), ("ucr-more.png", study.tasks[3:])):
        if names:
            draw_scores(to / file, title, label, {n: panels[n] for n in names}, line=CHOSEN)


QUESTION = Question(PLANS, tasks, facts, draw, enter=with_nets)
