"""Which net labels time series best: spoken vowels, movements, power demand, gestures?

Four sets of the UCR and UEA archives with their published training and test parts; the vowels are
ragged, 7 to 29 steps long. Every family of nets has one setting for all four: of a small grid the
one with the best mean accuracy over the four sets, in stratified cross-validation on the training
parts; by the same measure the grids were made small. With this setting the net is fitted once for
each seed, for a fixed number of epochs. The simple models read each series as one row of columns,
a ragged one after it was stretched to the median length.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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

from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import Model, Task, cross_validated, seeded
from benchmarks.harness.settings import setting
from benchmarks.question_of_docstring import Question
from benchmarks.report import tables
from benchmarks.report.pictures import draw_scores, panel
from benchmarks.report.study import CV, Study
from sklearn_rnn import (
    CNNClassifier,
    CNNLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    TCNClassifier,
)
from sklearn_rnn.datasets import fetch_ucr

FLOOR = "majority class"
TARGETS = {"JapaneseVowels": 0.97, "BasicMotions": 1.0, "ItalyPowerDemand": 0.96, "GunPoint": 0.97}


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_folds: int = 3
    n_seeds: int = 3
    most_rows: int | None = None  # of each part
    n_candidates: int | None = None  # of each grid
    max_epochs: int | None = None  # in place of those of the families


PLANS = {
    "quick": Plan(n_folds=2, n_seeds=1, most_rows=24, n_candidates=1, max_epochs=2),
    "usual": Plan(),
    "full": Plan(n_folds=10, n_seeds=10),
}


def tasks(plan: Plan, download: bool) -> dict[str, Callable[[], Task]]:
    """Return the sets."""
    return {name: partial(load, name, plan, download) for name in TARGETS}


def load(name: str, plan: Plan, download: bool) -> Task:
    """Return a set with the simple models."""
    data = []
    for subset in ("train", "test"):
        X, y = fetch_ucr(name, subset=subset, return_X_y=True, download_if_missing=download)
        every = slice(None, None, -(-len(y) // (plan.most_rows or len(y))))
        data += [X[every], y[every]]
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    return Task(name, *data, simple_models(data[0], plan), folds, accuracy)


def families(plan: Plan) -> list[Model]:
    """Return the families of nets with their grids."""
    training: dict[str, Any] = {
        "max_epochs": plan.max_epochs or 100,
        "batch_size": 16,
        "learning_rate": 0.01,
        "lr_schedule": "onecycle",
        "max_grad_norm": 1.0,
        "early_stopping": False,
        "pooling": "max",
    }
    reader: dict[str, Any] = {**training, "bidirectional": True, "hidden_size": 64, "dropout": 0.3}
    pooling = {"pooling": ["max", "attention"]}
    filters = {"kernel_size": [5, 9], "pool_size": [2, 4]}
    cnn = CNNClassifier(num_channels=64, dropout=0.3, **training)
    cnn_lstm = CNNLSTMClassifier(num_channels=64, hidden_size=64, dropout=0.3, **training)
    tcn = TCNClassifier(num_levels=3, dropout=0.1, **training)
    return [
        Model("LSTM", LSTMClassifier(**reader), pooling, seeded=True),
        Model("GRU", GRUClassifier(**reader), pooling, seeded=True),
        Model("TCN", tcn, {"kernel_size": [5, 7]}, seeded=True),
        Model("CNN", cnn, filters, seeded=True),
        Model("CNN-LSTM", cnn_lstm, filters, seeded=True),
    ]


def accuracy(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the share of series that get their label."""
    return {"accuracy": fitted.score(X, y)}


def simple_models(X: Any, plan: Plan) -> list[Model]:
    """Return the models that take a series as one row."""
    n_steps = int(statistics.median(map(len, X)))
    rows = FunctionTransformer(stretched, kw_args={"n_steps": n_steps})
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    strengths = {"C": np.logspace(-4, 2, 7)}
    logistic = GridSearchCV(LogisticRegression(max_iter=2000), strengths, cv=folds)
    return [
        Model(FLOOR, make_pipeline(rows, DummyClassifier())),
        Model("nearest neighbour", make_pipeline(rows, KNeighborsClassifier(1))),
        Model("logistic regression", make_pipeline(rows, StandardScaler(), logistic)),
    ]


def stretched(X: Sequence[Any], n_steps: int) -> np.ndarray:
    """Return each series as a row, brought to a number of steps by linear interpolation."""
    return np.stack(
        [
            [
                np.interp(np.linspace(0, len(series) - 1, n_steps), np.arange(len(series)), channel)
                for channel in np.asarray(series).T
            ]
            for series in X
        ]
    ).reshape(len(X), -1)


def with_nets(entered: list[Task], plan: Plan, cache: Cache) -> list[Task]:
    """Add the nets, each with its one setting."""
    chosen = [choose(family, entered, plan, cache) for family in families(plan)]
    note = "; ".join(f"{net.name}: {told}" for net, _, told in chosen)
    return [
        replace(
            task,
            models=[*task.models, *(replace(n, cv_score=scores[k]) for n, scores, _ in chosen)],
            note=note,
        )
        for k, task in enumerate(entered)
    ]


def choose(
    family: Model, problems: Sequence[Task], plan: Plan, cache: Cache
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


def report(study: Study, to: Path) -> tuple[str, list[str]]:
    """Say on how many sets the best net reaches the target, and which nets reach all of them."""
    sets, nets = study.tasks, study.nets()
    reached = {net: {t for t in sets if study.mean(t, net) >= TARGETS[t]} for net in nets}
    of_best = set().union(*reached.values())
    of_all = [net for net in nets if len(reached[net]) == len(sets)]
    answer = (
        f"The best of {len(nets)} nets reaches the target on {len(of_best)} of {len(sets)} sets; "
        f"all of the targets are reached by {', '.join(of_all) or 'none'}."
    )
    draw_scores(
        to / "ucr.png",
        f"Labels of series: the best net reaches the target on {len(of_best)} of {len(sets)} sets",
        "share of the test part with the right label (line: target)",
        {name: panel(study, name, target=TARGETS[name]) for name in sets},
        line="target",
    )
    targets = ["target for the best net", *(f"{TARGETS[name]:.2f}" for name in sets)]
    rows = []
    for net, chosen in (text.split(": ") for text in study.notes[sets[0]].split("; ")):
        taken, _, means = chosen[:-1].partition(" (")
        scores = [tables.cv_score(".3f")(study, name, net) for name in sets]
        rows.append([net, taken, *scores, means])
    header = ["family", "setting", *sets, "means of the grid"]
    return answer, [
        "\n".join(verdict(study, name) for name in sets),
        "![Accuracy by model](ucr.png)",
        "Accuracy on the test part:",
        tables.by_task(study, tables.score(form=".3f"), sets, targets),
        "Seconds of a fit:",
        tables.by_task(study, tables.seconds, sets),
        "The setting of each family, its accuracy in cross-validation on each training part, and "
        "the mean accuracies of all settings of the grid:",
        tables.markdown(header, rows),
    ]


def verdict(study: Study, name: str) -> str:
    """Say whether the best net reaches the target, and what other choices reach."""
    nets, target = study.nets(name), TARGETS[name]
    choices = [study.best(name, nets), study.best(name, nets, CV)]
    choices.append(study.best(name, study.simple(name)))
    of_net, of_guess, of_simple = (study.mean(name, model) for model in choices)
    return (
        f"* {name}: the best net, {choices[0]}, has {of_net:.3f}, the target of {target:.2f} is "
        f"{'met' if of_net >= target else 'missed'}; {choices[1]}, the net that cross-validation "
        f"would take, has {of_guess:.3f}, the best simple model, {choices[2]}, {of_simple:.3f}."
    )


QUESTION = Question(PLANS, tasks, report, enter=with_nets)
