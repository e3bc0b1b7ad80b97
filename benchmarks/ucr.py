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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tqdm import tqdm

from benchmarks._cache import CACHE, Cache
from benchmarks._fits import Parts, fit_all
from benchmarks._report import folder
from benchmarks._runner import Model, seeded
from benchmarks._ucr_report import FLOOR, Choice, write
from sklearn_rnn import (
    CNNClassifier,
    CNNLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    TCNClassifier,
)
from sklearn_rnn.datasets import fetch_ucr

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


def main(size: str) -> None:
    """Choose a setting for each family, fit it to every set, and write table and picture."""
    plan = PLANS[size]
    problems, absent = load(plan, download=size != "quick")
    if not problems:
        print(f"Nothing was run: there are no files of {', '.join(absent)}.")
        return
    cache = Cache(None if size == "quick" else CACHE / "ucr.jsonl")
    chosen = [choose(family, problems, plan, cache) for family in families(plan)]
    results = [
        result
        for parts in problems
        for result in fit_all(
            parts,
            [*simple_models(parts.X, plan), *(choice.model for choice in chosen)],
            accuracy,
            seeds=range(plan.n_seeds),
            cache=cache,
            cv_scores={choice.model.name: choice.scores[parts.name] for choice in chosen},
        )
    ]
    targets = {parts.name: TARGETS[parts.name] for parts in problems}
    question = __doc__ or ""
    write(folder(size), results, chosen, question=question, targets=targets, absent=absent)


def load(plan: Plan, *, download: bool) -> tuple[list[Parts], list[str]]:
    """Return the sets that are there, and the names of the others."""
    problems, absent = [], []
    for name in TARGETS:
        data = []
        try:
            for subset in ("train", "test"):
                X, y = fetch_ucr(name, subset=subset, return_X_y=True, download_if_missing=download)
                every = slice(None, None, -(-len(y) // (plan.most_rows or len(y))))
                data += [X[every], y[every]]
        except FileNotFoundError:
            absent.append(name)
            continue
        problems.append(Parts(name, *data))
    return problems, absent


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


def choose(family: Model, problems: Sequence[Parts], plan: Plan, cache: Cache) -> Choice:
    """Take the setting with the best mean accuracy in cross-validation on the training parts."""
    candidates = list(ParameterGrid(family.grid))[: plan.n_candidates]
    estimators = [clone(family.estimator).set_params(**settings) for settings in candidates]
    runs = [(estimator, parts) for estimator in estimators for parts in problems]
    scores = [
        cross_validated(estimator, parts, plan.n_folds, cache)
        for estimator, parts in tqdm(runs, desc=f"settings of {family.name}", disable=None)
    ]
    table = np.reshape(scores, (len(candidates), len(problems)))
    best = int(table.mean(axis=1).argmax())
    by_name = {parts.name: float(s) for parts, s in zip(problems, table[best], strict=True)}
    model = replace(family, estimator=estimators[best])
    return Choice(model, candidates[best], by_name, table.mean(axis=1).tolist())


def cross_validated(estimator: Any, parts: Parts, n_folds: int, cache: Cache) -> float:
    """Return the mean accuracy over folds of the training part."""
    key = str(joblib.hash([parts.fingerprint, estimator, n_folds]))
    if key not in cache:
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
        scores = cross_val_score(
            seeded(estimator, 0), parts.X, parts.y, cv=folds, error_score="raise"
        )
        cache[key] = float(scores.mean())
    return float(cache[key])
