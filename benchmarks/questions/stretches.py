"""A TCN on windows that share rows, convolved once, and on copies; and with one level less."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks.harness.runner import Model, Task
from benchmarks.question import Question, sizes
from benchmarks.report.study import Study
from sklearn_rnn import TCNRegressor, make_lagged
from sklearn_rnn.datasets import fetch_ett, load_nyse

MONTH = 30 * 24  # rows of ETTh1
AHEAD = 6  # hours
WAYS = ("stretches", "windows")
LEVELS = {"auto: 4 levels, 61 steps": "auto", "one less: 3 levels, 29 steps": 3}
SIMPLE = ("no change", "day before")
MEASURES: dict[str, Callable[[Any], float]] = {
    "R2": lambda r: r.scores["R2"],
    "seconds of fit": lambda r: r.fit_seconds,
    "epochs": lambda r: r.scores["epochs"],
    "seconds an epoch": lambda r: r.fit_seconds / max(r.scores["epochs"], 1),
    "seconds to predict": lambda r: r.predict_seconds,
}
FORMS = dict(zip([*MEASURES][1:], (".1f", ".0f", ".2f", ".3f"), strict=True))
PLANS = sizes(n_seeds=(1, 10, 30), max_epochs=(1, 200, 200), only_nyse=(True, False, False))


class DayBefore(RegressorMixin, BaseEstimator):
    """Forecasts the change of the day before from windows of hours."""

    def fit(self, X: Any, y: Any) -> "DayBefore":
        self.n_parameters_ = 0
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return how the first channel changed from 24 hours before to as far ahead."""
        change: np.ndarray = X[:, -1 - 24 + AHEAD, 0] - X[:, -1, 0]
        return change


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    net = partial(TCNRegressor, max_epochs=plan.max_epochs)
    copied = make_pipeline(FunctionTransformer(np.ascontiguousarray), net())
    ways = [Model(name, m, seeded=True) for name, m in zip(WAYS, (net(), copied), strict=True)]
    levels = [Model(name, net(num_levels=n), seeded=True) for name, n in LEVELS.items()]
    loads: dict[str, Callable[[], Task]] = {f"{n} days": partial(nyse, n, ways) for n in (13, 29)}
    if not plan.only_nyse:
        loads["ETTh1"] = partial(etth1, 61, ways, download)
        loads["ETTh1, 48 hours"] = partial(etth1, 48, levels, download)
    return loads


def nyse(n_lags: int, nets: list[Model]) -> Task:
    data = load_nyse()
    X, y = make_lagged(data.data.astype(np.float32), data.target, n_lags)
    y, n_train = y - X[:, -1, 1], int(data.train.sum()) - n_lags
    return forecast(f"NYSE, {n_lags} days", X, y, n_train, n_train, nets)


def etth1(n_lags: int, nets: list[Model], download: bool) -> Task:
    """Return the load some hours ahead."""
    rows = fetch_ett(download_if_missing=download).data[: 20 * MONTH].astype(np.float32)
    X, y = make_lagged(rows, rows[:, 0], n_lags, delay=AHEAD)
    lost = n_lags - 1 + AHEAD
    name = f"ETTh1, {AHEAD} h ahead" + f", from {n_lags} hours" * (n_lags == 48)
    models = [Model("day before", DayBefore()), *nets]
    return forecast(name, X, y - X[:, -1, 0], 12 * MONTH - lost, 16 * MONTH - lost, models)


def forecast(name: str, X: Any, y: Any, n_train: int, n_before: int, models: Any) -> Task:
    """Return the task to forecast a change; some rows between are left out."""
    still = Model("no change", DummyRegressor(strategy="constant", constant=0.0))
    parts = X[:n_train], y[:n_train], X[n_before:], y[n_before:]
    return Task(name, *parts, [still, *models], score=measure)


def measure(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    net = fitted[-1] if hasattr(fitted, "steps") else fitted
    return {"R2": fitted.score(X, y), "epochs": getattr(net, "n_iter_", 0)}


def of_nets(study: Study, task: str, what: str) -> dict[str, np.ndarray]:
    """Return a measure of both nets for each random state."""
    get = MEASURES[what]
    return {net: np.array([get(r) for r in study.of(task, net)]) for net in study.nets(task)}


def pair(study: Study, task: str) -> SimpleNamespace:
    """Return R2 of both nets, the mean and standard error of the difference, and what follows."""
    r2 = np.stack([*of_nets(study, task, "R2").values()])
    gap, n = r2[0] - r2[1], r2.shape[1]
    mean, error = gap.mean(), gap.std(ddof=1) / n**0.5 if n > 1 else 0.0
    better = f"stretches are {'better' if mean > 0 else 'worse'}"
    found = better if abs(mean) > 2 * error > 0 else "no clear difference"
    is_more = r2.min() > max(study.mean(task, model) for model in study.simple(task))
    return SimpleNamespace(r2=r2, gap=mean, error=error, found=found, is_more=is_more)


def ratio(study: Study, task: str, what: str) -> float:
    return float(np.median(np.divide(*of_nets(study, task, what).values())))


def facts(study: Study) -> dict[str, Any]:
    ways = [task for task in study.tasks if study.nets(task) == list(WAYS)]
    levels = [task for task in study.tasks if task not in ways]
    return {"ways": ways, "levels": levels}


QUESTION = Question(PLANS, tasks, facts)
