"""The experiment that the questions share: models x tasks x random states.

Settings are chosen by a grid search on the training part of a task, once for each model. With them
the model is fitted to the training part, once for each random state, and the test part is
predicted. A task may ask for the score of its fits in cross-validation on the training part, too.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score
from sklearn.model_selection import GridSearchCV, ParameterGrid, TimeSeriesSplit, cross_val_score

import sklearn_rnn
from benchmarks.harness.cache import Cache
from benchmarks.harness.progress import Costs, Progress, duration
from benchmarks.harness.settings import describe
from sklearn_rnn.model_selection import n_parameters

Score = Callable[[Any, Any, Any], Mapping[str, float]]
"""``score(fitted, X, y)`` returns the scores of a fitted model by name."""


@dataclass(frozen=True)
class Metrics:
    """A score by metrics of the predictions."""

    metrics: Mapping[str, Callable[[Any, Any], float]]

    def __call__(self, fitted: Any, X: Any, y: Any) -> dict[str, float]:
        predictions = np.asarray(fitted.predict(X))
        return {name: float(metric(y, predictions)) for name, metric in self.metrics.items()}


REGRESSION = Metrics({"R2": r2_score, "MAE": mean_absolute_error})
ACCURACY = Metrics({"accuracy": accuracy_score})


@dataclass(frozen=True)
class Model:
    """A competitor: an estimator, and the settings that the grid search tries, if any.

    `seeded` says that it is fitted once for each random state; these models are the nets.
    `cv_score` is its score in cross-validation where that is known beforehand. With `is_chosen` the
    estimator has the settings that were chosen of the grid already.
    """

    name: str
    estimator: BaseEstimator
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seeded: bool = False
    cv_score: float | None = None
    is_chosen: bool = False


@dataclass(frozen=True)
class Task:
    """Data in two parts, and the models that compete on them.

    The first of the scores is what a report tells first; `also(fitted)` returns further ones, which
    take none of the seconds of the prediction. `validate` names the random states whose
    fits are scored on the folds of `cv`, too: "none", the "first" (whose score is told of all), or
    "every" one. `validation` is given to the `fit` of nets. With `losses(y, predictions)`, the
    losses of the rows, predictions are kept and gains are worked out; errors of rows of different
    `blocks` are taken as uncorrelated. `note` says what the data are.
    """

    name: str
    X: Any
    y: Any
    X_test: Any
    y_test: Any
    models: Sequence[Model] = ()
    cv: Any = field(default_factory=lambda: TimeSeriesSplit(5))
    score: Score = REGRESSION
    also: Callable[[Any], Mapping[str, float]] | None = None
    validate: str = "none"
    validation: Mapping[str, Any] = field(default_factory=dict)
    losses: Callable[[Any, Any], Any] | None = None
    blocks: Any = None
    seeds: Sequence[int] | None = None
    note: str = ""

    @classmethod
    def split(cls, name: str, X: Any, y: Any, train: Any, *rest: Any, **more: Any) -> "Task":
        """Return the task whose training part are the rows that are marked."""
        return cls(name, X[train], y[train], X[~train], y[~train], *rest, **more)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of data and scores, and of the version of the package."""
        data = [self.X, self.y, self.X_test, self.y_test, dict(self.validation)]
        data += [self.score, self.also]
        return str(joblib.hash([sklearn_rnn.__version__, *data]))

    @cached_property
    def fold_share(self) -> float:
        """How many times the training part the training parts of all folds are together."""
        return sum(len(part) for part, _ in self.cv.split(self.X, self.y)) / len(self.y)


@dataclass(frozen=True)
class Result:
    """One fit, and how it did on the test part.

    `cv_score` is the mean score of the settings on the folds of the training part. Seconds are
    those of the processor: of a net, which trains on one core, as long as the fit takes when
    nothing else runs.
    """

    task: str
    model: str
    seed: int | None
    scores: dict[str, float]
    cv_score: float | None = None
    n_parameters: int = 0
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    settings: str = ""
    predictions: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class _Fit:
    """A fit that is to be run: an estimator with its settings and its random state."""

    task: Task
    model: Model
    seed: int | None
    estimator: BaseEstimator
    is_validated: bool

    @cached_property
    def key(self) -> str:
        """What the cache knows the outcome by."""
        keeps = self.task.losses is not None
        folds = self.task.cv if self.is_validated else None
        grid = sorted(self.model.grid.items())
        return str(joblib.hash([self.task.fingerprint, self.estimator, grid, folds, keeps]))

    @property
    def cost(self) -> float:
        """Fits to as many rows as the training part has."""
        return 1 + (self.task.fold_share if self.is_validated else 0.0)

    def run(self) -> dict[str, Any]:
        """Fit, score, and return what is to be told."""
        task, fitted = self.task, clone(self.estimator)
        validation = task.validation if self.model.seeded else {}
        begin = time.process_time()
        fitted.fit(task.X, task.y, **validation)
        end = time.process_time()
        scores = dict(task.score(fitted, task.X_test, task.y_test))
        done = time.process_time()
        more = dict(task.also(fitted)) if task.also else {}
        settings = [describe(fitted, self.model.grid)]
        if validation and (n_epochs := getattr(fitted, "n_iter_", None)):
            settings.append(f"epochs={n_epochs}")
        kept = task.losses is not None
        return {
            "scores": {name: float(value) for name, value in (scores | more).items()},
            "cv_score": cross_validated(task, self.estimator) if self.is_validated else None,
            "n_parameters": int(np.nan_to_num(n_parameters(fitted))),
            "fit_seconds": end - begin,
            "predict_seconds": done - end,
            "settings": ", ".join(filter(None, settings)),
            "predictions": np.asarray(fitted.predict(task.X_test)).tolist() if kept else [],
        }


def run(
    tasks: Sequence[Task],
    *,
    seeds: Sequence[int] = (0,),
    cache: Cache | None = None,
    n_jobs: int | None = None,
    costs: Costs | None = None,
) -> list[Result]:
    """Let all models of all tasks compete; return results by task, model and random state.

    `seeds` are the random states of the nets of tasks that do not name their own; the grid search
    takes the first of them. So many fits run at a time as `n_jobs` says, None for as many as there
    are cores. `costs` are seconds of a fit in an earlier run, to tell how long this one takes.
    """
    cache = Cache() if cache is None else cache
    n_jobs = joblib.cpu_count() if n_jobs is None else n_jobs
    tasks = [task if task.seeds else replace(task, seeds=seeds) for task in tasks]
    competitors = [(task, model) for task in tasks for model in task.models]

    def seconds(task: Task, model: Model) -> float:
        return (costs or {}).get((task.name, model.name), 1.0)

    searches = [_n_search_fits(*c) * seconds(*c) for c in competitors]
    refits = [seconds(*c) * sum(f.cost for f in _fits(*c, {})) for c in competitors]
    total = sum(searches) + sum(refits)
    if costs:
        print(f"About {duration(total / n_jobs)}, {n_jobs} fits at a time.", flush=True)
    with Progress(total, n_jobs, known=bool(costs)) as progress:
        fits = []
        for (task, model), cost in zip(competitors, searches, strict=True):
            n_known = len(cache)
            fits += _fits(task, model, _choose(task, model, cache, n_jobs))
            what = f"{task.name}: {model.name}"
            progress.advance(cost, what, cached=len(cache) == n_known)
        results = []
        for fit, result, is_new in _run_fits(fits, cache, n_jobs):
            what = f"{result.task}: {result.model}"
            progress.advance(fit.cost * seconds(fit.task, fit.model), what, cached=not is_new)
            results.append(result)
    return _with_cv_scores(results)


def _n_search_fits(task: Task, model: Model) -> float:
    """Return the fits of the grid search, each counted as its rows are many."""
    n_candidates = len(ParameterGrid(model.grid))
    return n_candidates * task.fold_share if n_candidates > 1 and not model.is_chosen else 0.0


def _choose(task: Task, model: Model, cache: Cache, n_jobs: int) -> dict[str, Any]:
    """Return the settings that do best on the folds of the training part."""
    candidates = [{}] if model.is_chosen else list(ParameterGrid(model.grid))
    if len(candidates) == 1:
        return dict(candidates[0])
    estimator = seeded(model.estimator, task.seeds[0]) if model.seeded else model.estimator
    key = str(joblib.hash([task.fingerprint, estimator, candidates, task.cv]))
    if key not in cache:
        how = {"cv": task.cv, "n_jobs": n_jobs, "refit": False, "error_score": "raise"}
        search = GridSearchCV(estimator, model.grid, **how).fit(task.X, task.y)
        cache[key] = int(search.best_index_)
    return dict(candidates[cache[key]])


def _fits(task: Task, model: Model, settings: Mapping[str, Any]) -> list[_Fit]:
    """Return the fits of a model with the chosen settings, one for each random state."""
    chosen, how = clone(model.estimator).set_params(**settings), task.validate
    if not model.seeded:
        return [_Fit(task, model, None, chosen, how != "none")]
    return [
        _Fit(task, model, seed, seeded(chosen, seed), how == "every" or (how == "first" and not k))
        for k, seed in enumerate(task.seeds)
    ]


def _run_fits(fits: Sequence[_Fit], cache: Cache, n_jobs: int) -> Iterator[tuple[Any, Any, bool]]:
    """Run the fits that the cache does not have; yield all, and whether they are new."""
    missing = {fit.key: fit for fit in fits if fit.key not in cache}
    workers = joblib.Parallel(n_jobs=min(n_jobs, len(missing) or 1), return_as="generator")
    outcomes = workers(joblib.delayed(fit.run)() for fit in missing.values())
    for fit in fits:
        if is_new := fit.key not in cache:
            cache[fit.key] = next(outcomes)
        result = Result(fit.task.name, fit.model.name, fit.seed, **cache[fit.key])
        if fit.model.cv_score is not None:
            result = replace(result, cv_score=fit.model.cv_score)
        yield fit, result, is_new


def _with_cv_scores(results: Sequence[Result]) -> list[Result]:
    """Tell the score of the first random state in cross-validation of those that have none."""
    first = {(r.task, r.model): r.cv_score for r in reversed(results)}
    scores = [first[r.task, r.model] if r.cv_score is None else r.cv_score for r in results]
    return [replace(r, cv_score=score) for r, score in zip(results, scores, strict=True)]


def cross_validated(task: Task, estimator: Any, cache: Cache | None = None) -> float:
    """Return the mean score of an estimator on the folds of the training part."""
    cache = Cache() if cache is None else cache
    key = str(joblib.hash([task.fingerprint, estimator, task.cv, "folds"]))
    if key not in cache:
        scores = cross_val_score(estimator, task.X, task.y, cv=task.cv, error_score="raise")
        cache[key] = float(scores.mean())
    return float(cache[key])


def seeded(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Return a copy of which every part has the random state."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    if not names:
        raise ValueError(f"{estimator} has no random_state; leave seeded=False.")
    return clone(estimator).set_params(**dict.fromkeys(names, seed))
