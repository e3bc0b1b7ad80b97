"""Four labelled sets of series: one setting a family of nets, and simple models of rows."""

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
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import ACCURACY, Model, Task, cross_validated, seeded
from benchmarks.harness.settings import setting
from benchmarks.question import Question, sizes
from benchmarks.report.pictures import Scores, draw_scores, panel
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_ucr

TARGETS = {"JapaneseVowels": 0.97, "BasicMotions": 1.0, "ItalyPowerDemand": 0.96, "GunPoint": 0.97}
PLANS = sizes(
    n_folds=(2, 3, 10),
    n_seeds=(1, 3, 10),
    most_rows=(24, None, None),  # of each part
    n_candidates=(1, None, None),  # of each grid
    max_epochs=(2, 100, 100),
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    return {name: partial(load, name, plan, download) for name in TARGETS}


def load(name: str, plan: Any, download: bool) -> Task:
    data = []
    for subset in ("train", "test"):
        X, y = fetch_ucr(name, subset=subset, return_X_y=True, download_if_missing=download)
        every = slice(None, None, -(-len(y) // (plan.most_rows or len(y))))
        data += [X[every], y[every]]
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    return Task(name, *data, simple_models(data[0], plan), folds, ACCURACY)


def families(plan: Any) -> list[Model]:
    training: dict[str, Any] = {"max_epochs": plan.max_epochs, "batch_size": 16}
    training |= {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_grad_norm": 1.0}
    training |= {"early_stopping": False, "pooling": "max"}
    reader: dict[str, Any] = {**training, "bidirectional": True, "hidden_size": 64, "dropout": 0.3}
    pooling = {"pooling": ["max", "attention"]}
    filters = {"kernel_size": [5, 9], "pool_size": [2, 4]}
    cnn = rnn.CNNClassifier(num_channels=64, dropout=0.3, **training)
    cnn_lstm = rnn.CNNLSTMClassifier(num_channels=64, hidden_size=64, dropout=0.3, **training)
    tcn = rnn.TCNClassifier(num_levels=3, dropout=0.1, **training)
    return [
        Model("LSTM", rnn.LSTMClassifier(**reader), pooling, seeded=True),
        Model("GRU", rnn.GRUClassifier(**reader), pooling, seeded=True),
        Model("TCN", tcn, {"kernel_size": [5, 7]}, seeded=True),
        Model("CNN", cnn, filters, seeded=True),
        Model("CNN-LSTM", cnn_lstm, filters, seeded=True),
    ]


def simple_models(X: Any, plan: Any) -> list[Model]:
    n_steps = int(statistics.median(map(len, X)))
    rows = FunctionTransformer(stretched, kw_args={"n_steps": n_steps})
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    strengths = {"C": np.logspace(-4, 2, 7)}
    logistic = GridSearchCV(LogisticRegression(max_iter=2000), strengths, cv=folds)
    return [
        Model("majority class", make_pipeline(rows, DummyClassifier())),
        Model("nearest neighbour", make_pipeline(rows, KNeighborsClassifier(1))),
        Model("logistic regression", make_pipeline(rows, StandardScaler(), logistic)),
    ]


def stretched(X: Sequence[Any], n_steps: int) -> np.ndarray:
    """Return each series as a row, brought to a number of steps by linear interpolation."""

    def row(series: Any) -> np.ndarray:
        places, steps = np.linspace(0, len(series) - 1, n_steps), np.arange(len(series))
        channels = np.asarray(series).T
        return np.concatenate([np.interp(places, steps, channel) for channel in channels])

    return np.stack([row(series) for series in X])


def with_nets(entered: list[Task], plan: Any, cache: Cache) -> list[Task]:
    """Add the nets, each with its one setting."""
    chosen = [choose(family, entered, plan, cache) for family in families(plan)]
    note, complete = "; ".join(f"{net.name}: {told}" for net, _, told in chosen), []
    for k, task in enumerate(entered):
        nets = [replace(net, cv_score=scores[k]) for net, scores, _ in chosen]
        complete.append(replace(task, models=[*task.models, *nets], note=note))
    return complete


def choose(
    family: Model, problems: Sequence[Task], plan: Any, cache: Cache
) -> tuple[Model, list[float], str]:
    """Return the setting with the best mean accuracy in cross-validation on the training parts.

    Beside it its accuracy on each of them, and the mean accuracies of all settings of the grid.
    """
    candidates = list(ParameterGrid(family.grid))[: plan.n_candidates]
    estimators = [clone(family.estimator).set_params(**settings) for settings in candidates]
    runs = [(estimator, task) for estimator in estimators for task in problems]
    scores = [
        cross_validated(task, seeded(estimator, 0), cache)
        for estimator, task in tqdm(runs, desc=f"settings of {family.name}", disable=None)
    ]
    table = np.reshape(scores, (len(candidates), len(problems)))
    best = int(table.mean(axis=1).argmax())
    means = ", ".join(f"{mean:.3f}" for mean in sorted(table.mean(axis=1), reverse=True))
    taken = ", ".join(setting(name, value) for name, value in candidates[best].items())
    model = replace(family, estimator=estimators[best], grid={})
    return model, table[best].tolist(), f"{taken} ({means})"


def facts(study: Study) -> dict[str, Any]:
    met = {
        net: [task for task in study.tasks if study.mean(task, net) >= TARGETS[task]]
        for net in study.nets()
    }
    chosen = dict(text.split(": ") for text in study.notes[study.tasks[0]].split("; "))
    return {
        **{"reached": met, "n_met": len(set().union(*met.values()))},
        "of_all": [net for net, sets in met.items() if len(sets) == len(study.tasks)],
        "chosen": {net: text[:-1].split(" (") for net, text in chosen.items()},
    }


def draw(to: Path, study: Study) -> None:
    n_met = facts(study)["n_met"]
    on = f"on {n_met} of {len(study.tasks)} sets"
    title = f"Labels of series: the best net reaches the target {on}"
    label = "share of the test part with the right label (line: target)"
    target = {name: Scores("target", "target for the best net", [n]) for name, n in TARGETS.items()}
    panels = {name: [target[name], *panel(study, name)] for name in study.tasks}
    draw_scores(to / "ucr.png", title, label, panels, line="target")


QUESTION = Question(PLANS, tasks, facts, draw, enter=with_nets)
