"""The experiment that the benchmarks share: models x data x seeds.

Settings are chosen by a grid search on the training rows, once for each model. With them the
model is refitted on the training rows, once for each seed, and the test rows are predicted. A
task may ask for the score of each refit in cross-validation on the training rows, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, ParameterGrid, TimeSeriesSplit, cross_val_score

import sklearn_rnn
from benchmarks._cache import Cache
from benchmarks._progress import Costs, Progress, duration
from benchmarks._settings import describe, layers
from sklearn_rnn.model_selection import n_parameters

Metric = Callable[[Any, Any], float]
REGRESSION: dict[str, Metric] = {"R2": r2_score, "MAE": mean_absolute_error}


@dataclass(frozen=True)
class Model:
    """A competitor: an estimator, and the settings that the grid search tries, if any.

    `seeded` says that it is fitted once for each seed. `published` is the result that others
    have reported for it.
    """

    name: str
    estimator: BaseEstimator
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seeded: bool = False
    published: float | None = None


@dataclass(frozen=True)
class Task:
    """Data, and the models that compete on them.

    `train` marks the rows for training; the others are for the test. The first of `metrics` is
    what the models are ranked by; more of it is better. `cross_validate` says that every refit is
    scored on the folds of `cv`, too.
    """

    name: str
    X: Any
    y: Any
    train: np.ndarray
    models: Sequence[Model]
    cv: Any = field(default_factory=lambda: TimeSeriesSplit(5))
    metrics: Mapping[str, Metric] = field(default_factory=lambda: REGRESSION)
    cross_validate: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the data and of the version of the package."""
        data = [self.X, self.y, self.train, sorted(self.metrics)]
        return str(joblib.hash([sklearn_rnn.__version__, *data]))

    @cached_property
    def fold_share(self) -> float:
        """How many times all training rows the training parts of the folds are together."""
        X, y = self.X[self.train], self.y[self.train]
        return sum(len(part) for part, _ in self.cv.split(X, y)) / len(y)


@dataclass(frozen=True)
class Result:
    """One refit, and how it did on the test rows.

    `cv_score` is the `best_score_` of the search with this seed in place of the first: the mean
    score of the settings on the folds of the training rows; None if the task does not
    cross-validate. Seconds are those of the processor: of a net, which trains on one core, as long
    as the fit takes when nothing else runs.
    """

    task: str
    model: str
    seed: int | None
    scores: dict[str, float]
    cv_score: float | None
    n_parameters: int
    fit_seconds: float
    predict_seconds: float
    settings: str
    predictions: list[Any]


@dataclass(frozen=True)
class _Fit:
    """A refit that is to be run: an estimator with its settings and its seed."""

    task: Task
    model: str
    seed: int | None
    estimator: BaseEstimator
    searched: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """What the cache knows the outcome by."""
        folds = self.task.cv if self.task.cross_validate else None
        return str(joblib.hash([self.task.fingerprint, self.estimator, self.searched, folds]))

    def run(self) -> dict[str, Any]:
        """Fit on the training rows, predict the test rows, and return what is to be told."""
        task = self.task
        X, y = task.X[task.train], task.y[task.train]
        begin = time.process_time()
        fitted = clone(self.estimator).fit(X, y)
        end = time.process_time()
        X, y = task.X[~task.train], task.y[~task.train]
        predictions = np.asarray(fitted.predict(X))
        done = time.process_time()
        return {
            "scores": {
                name: float(metric(y, predictions)) for name, metric in task.metrics.items()
            },
            "cv_score": self._cv_score() if task.cross_validate else None,
            "n_parameters": _n_parameters(fitted),
            "fit_seconds": end - begin,
            "predict_seconds": done - end,
            "settings": describe(fitted, self.searched),
            "predictions": predictions.tolist(),
        }

    def _cv_score(self) -> float:
        """Return the mean score on the later parts of the training rows."""
        X, y = self.task.X[self.task.train], self.task.y[self.task.train]
        scoring = make_scorer(next(iter(self.task.metrics.values())))
        scores = cross_val_score(
            self.estimator, X, y, cv=self.task.cv, scoring=scoring, error_score="raise"
        )
        return float(np.mean(scores))


def run(
    tasks: Sequence[Task],
    *,
    seeds: Sequence[int],
    cache: Cache | None = None,
    n_jobs: int | None = None,
    costs: Costs | None = None,
) -> list[Result]:
    """Let all models of all tasks compete.

    Parameters
    ----------
    tasks : sequence of Task
        The data and the models.
    seeds : sequence of int
        Random states of the models that are seeded. The search takes the first of them.
    cache : Cache, default=None
        Has what was computed before, and keeps what is computed now.
    n_jobs : int, default=None
        Fits at a time; None means the number of cores.
    costs : mapping, default=None
        Seconds of a fit in an earlier run, by task and model, to tell how long this one takes.

    Returns
    -------
    list of Result
        In the order of tasks, models and seeds.
    """
    cache = Cache() if cache is None else cache
    n_jobs = joblib.cpu_count() if n_jobs is None else n_jobs
    work = _Work(seeds, costs or {})
    competitors = [(task, model) for task in tasks for model in task.models]
    total = sum(work.search(*c) + work.refits(*c) for c in competitors)
    if costs:
        print(f"About {duration(total / n_jobs)}, {n_jobs} fits at a time.", flush=True)
    with Progress(total, n_jobs, known=bool(costs)) as progress:
        fits = []
        for task, model in competitors:
            n_known = len(cache)
            fits += _fits(task, model, _choose(task, model, seeds[0], cache, n_jobs), seeds)
            cost, what = work.search(task, model), f"{task.name}: {model.name}"
            progress.advance(cost, what, cached=len(cache) == n_known)
        results = []
        for fit, result, is_new in _refit(fits, cache, n_jobs):
            what = f"{result.task}: {result.model}"
            progress.advance(work.refit(fit.task, fit.model), what, cached=not is_new)
            results.append(result)
    return results


@dataclass(frozen=True)
class _Work:
    """What the fits of a run cost."""

    seeds: Sequence[int]
    costs: Costs

    def of(self, task: str, model: str) -> float:
        """Return the seconds of a refit, or 1 if nobody knows."""
        return self.costs.get((task, model), 1.0)

    def refits(self, task: Task, model: Model) -> float:
        """Return the seconds of the refits of all seeds."""
        n_refits = len(self.seeds) if model.seeded else 1
        return n_refits * self.refit(task, model.name)

    def refit(self, task: Task, model: str) -> float:
        """Return the seconds of a refit, and of those on the folds if it is cross-validated."""
        n_fits = 1 + task.cross_validate * task.fold_share
        return n_fits * self.of(task.name, model)

    def search(self, task: Task, model: Model) -> float:
        """Return the seconds of the grid search; a fit costs as its rows are many."""
        n_candidates = len(ParameterGrid(model.grid))
        n_fits = n_candidates * task.fold_share if n_candidates > 1 else 0
        return n_fits * self.of(task.name, model.name)


def run_validated(tasks: Sequence[Task], *, seeds: Sequence[int], **how: Any) -> list[Result]:
    """Let them compete, and tell of each the score of its first seed in cross-validation.

    That of every seed would cost as many fits a seed as there are folds.
    """
    of_first = [replace(task, cross_validate=True) for task in tasks]
    validated = run(of_first, seeds=seeds[:1], **how)
    cv_scores = {(r.task, r.model): r.cv_score for r in validated}
    results = run(tasks, seeds=seeds, **how)
    return [replace(r, cv_score=cv_scores[r.task, r.model]) for r in results]


def _choose(task: Task, model: Model, seed: int, cache: Cache, n_jobs: int) -> dict[str, Any]:
    """Return the settings that do best on the later parts of the training rows."""
    candidates = list(ParameterGrid(model.grid))
    if len(candidates) == 1:
        return dict(candidates[0])
    estimator = seeded(model.estimator, seed) if model.seeded else model.estimator
    key = str(joblib.hash([task.fingerprint, estimator, candidates, task.cv]))
    if key not in cache:
        search = GridSearchCV(
            estimator, model.grid, cv=task.cv, n_jobs=n_jobs, refit=False, error_score="raise"
        )
        search.fit(task.X[task.train], task.y[task.train])
        cache[key] = int(search.best_index_)
    return dict(candidates[cache[key]])


def _fits(task: Task, model: Model, settings: dict[str, Any], seeds: Sequence[int]) -> list[_Fit]:
    """Return the refits of a model with the chosen settings, one for each seed."""
    chosen = clone(model.estimator).set_params(**settings)
    names = tuple(model.grid)
    if not model.seeded:
        return [_Fit(task, model.name, None, chosen, names)]
    return [_Fit(task, model.name, seed, seeded(chosen, seed), names) for seed in seeds]


def _refit(fits: Sequence[_Fit], cache: Cache, n_jobs: int) -> Iterator[tuple[_Fit, Result, bool]]:
    """Run the fits that the cache does not have; yield all, and whether they are new."""
    missing = {fit.key: fit for fit in fits if fit.key not in cache}
    workers = joblib.Parallel(n_jobs=min(n_jobs, len(missing) or 1), return_as="generator")
    outcomes = workers(joblib.delayed(fit.run)() for fit in missing.values())
    for fit in fits:
        if is_new := fit.key not in cache:
            cache[fit.key] = next(outcomes)
        yield fit, Result(fit.task.name, fit.model, fit.seed, **cache[fit.key]), is_new


def seeded(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Return a copy of which every part has the seed."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    if not names:
        raise ValueError(f"{estimator} has no random_state; leave seeded=False.")
    return clone(estimator).set_params(**dict.fromkeys(names, seed))


def _n_parameters(fitted: BaseEstimator) -> int:
    """Return the trained parameters of the last step, of a linear model those that are not 0.

    Of trees it is their nodes.
    """
    *_, last = layers(fitted)
    if hasattr(last, "n_parameters_"):
        return int(last.n_parameters_)
    if hasattr(last, "coef_"):
        return int(np.count_nonzero(last.coef_)) + int(np.size(last.intercept_))
    return int(np.nan_to_num(n_parameters(last)))
