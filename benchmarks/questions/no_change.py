"""Oil temperature, non-stationary, 1, 6 and 24 hours ahead: nets by their normalisation."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import Metrics, Model, Task, cross_validated, run, seeded
from benchmarks.question import Question, sizes
from benchmarks.report.effects import squared
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_ett

TARGET, N_LAGS = "OT", 24
HORIZONS = (1, 6, 24)
VALIDATION = "validation R2"
NO_CHANGE, RIDGE, LINEAR = "no change", "ridge, last", "linear, window"
BY_HOURS, BY_FOLDS = "chosen on validation hours, 5 members", "chosen in 5 folds, 5 members"
ALPHAS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
NORMALIZATIONS: tuple[bool | str, ...] = (True, "last", "window")
PLANS = sizes(
    n_seeds=(1, 5, 10),
    horizons=(HORIZONS[:1], HORIZONS, HORIZONS),
    n_rows=(2000, None, None),
    max_epochs=(1, 200, 200),
    n_members=(2, 5, 5),
    n_fold_seeds=(1, 2, 2),
)


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    return {name_of(h): partial(load, h, plan, download) for h in plan.horizons}


def name_of(horizon: int) -> str:
    return f"{horizon} hour{'s' * (horizon > 1)} ahead"


def load(horizon: int, plan: Any, download: bool) -> Task:
    """Return the task of one horizon; windows of the test part lie in the second half."""
    data = fetch_ett("ETTh1", as_frame=True, download_if_missing=download).data[: plan.n_rows]
    X, y = rnn.make_lagged(data, data[TARGET], N_LAGS, delay=horizon)
    y, half = np.ravel(y), len(data) // 2
    targets = np.arange(len(data) - len(y), len(data))  # the rows of the targets
    parts = targets < half - half // 10, targets < half, targets >= half + N_LAGS + horizon - 1
    train, validation, test = parts[0], parts[1] & ~parts[0], parts[2]
    held_out = {"X_val": X[validation], "y_val": y[validation]}
    return Task(
        name_of(horizon),
        *(X[train], y[train], X[test], y[test]),
        models=models(X[train], y[train], held_out, data.columns.get_loc(TARGET), plan),
        score=Metrics({"R2": r2_score}),
        also=partial(on_validation, **held_out),
        validation=held_out,
        losses=squared,
        blocks=targets[test] // (7 * 24),
    )


def on_validation(fitted: Any, X_val: Any, y_val: Any) -> dict[str, float]:
    return {VALIDATION: r2_score(y_val, fitted.predict(X_val))}


def models(X: Any, y: Any, held_out: Any, channel: int, plan: Any) -> list[Model]:
    ridges = [rnn.LagRidge(a, standardize="last", target_channel=TARGET) for a in ALPHAS]
    scores = [on_validation(clone(ridge).fit(X, y), **held_out)[VALIDATION] for ridge in ridges]
    linear = rnn.DenseRegressor(
        **{"hidden_layer_sizes": (), "standardize": "window", "target_channel": TARGET},
        **{"optimizer": "lbfgs", "early_stopping": False, "random_state": 0},
        max_epochs=plan.max_epochs,
    )
    training = {"patience": 10, "max_epochs": plan.max_epochs}
    families = {
        "dense": rnn.DenseRegressor(**training),
        "linear + dense": rnn.DenseRegressor(linear_skip=True, **training),
        "GRU": rnn.GRURegressor(**training),
    }
    nets = []
    for (family, net), how in product(families.items(), NORMALIZATIONS):
        settings = {} if how is True else {"standardize": how, "target_channel": TARGET}
        name = family if how is True else f"{family}, {how}"
        nets.append(Model(name, clone(net).set_params(**settings), seeded=True))
    return [
        Model(NO_CHANGE, rnn.PersistenceRegressor(channel=channel)),
        Model(RIDGE, ridges[int(np.argmax(scores))]),
        Model(LINEAR, linear),
        *nets,
    ]


def with_chosen(entered: list[Task], plan: Any, cache: Cache) -> list[Task]:
    """Add to each task the nets that are chosen on its validation hours and in its folds."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    found = Study(run(entered, seeds=range(plan.n_seeds), cache=cache, n_jobs=1))
    complete = []
    for task in entered:
        simple, nets = [model for model in task.models if not model.seeded], []
        candidates = [model for model in task.models if model.seeded]
        for model in tqdm(candidates, desc=f"folds of {task.name}", disable=None):
            states = [seeded(model.estimator, seed) for seed in range(plan.n_fold_seeds)]
            scores = [cross_validated(task, net, cache) for net in states]
            nets.append(replace(model, cv_score=float(np.mean(scores))))
        of_hours = [found.mean(task.name, net.name, VALIDATION) for net in nets]
        best = {
            BY_HOURS: nets[int(np.argmax(of_hours))],
            BY_FOLDS: max(nets, key=lambda net: net.cv_score),
        }
        members = {"n_members": plan.n_members}
        chosen = [
            replace(net, name=how, estimator=clone(net.estimator).set_params(**members))
            for how, net in best.items()
        ]
        note = "; ".join(net.name for net in best.values())
        complete.append(replace(task, models=[*simple, *nets, *chosen], note=note))
    return complete


def facts(study: Study) -> dict[str, Any]:
    bounds: dict[tuple[str, str], float] = {}
    for how, task in product((BY_HOURS, BY_FOLDS), study.tasks):
        scores = study.scores(task, how)
        error = np.std(scores, ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
        bounds[how, task] = float(np.mean(scores) - 2 * error)
    reached = {
        how: [task for task in study.tasks if bounds[how, task] >= study.mean(task, NO_CHANGE)]
        for how in (BY_HOURS, BY_FOLDS)
    }
    names = {task: study.notes[task].split("; ") for task in study.tasks}
    of = {(how, task): names[task][k] for task in names for k, how in enumerate(reached)}
    return {"bounds": bounds, "reached": reached, "chosen": of}


QUESTION = Question(
    PLANS, tasks, facts, enter=with_chosen, on=lambda study, task: (NO_CHANGE, RIDGE, LINEAR)
)
