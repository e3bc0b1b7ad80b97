"""Does the test error fall again when a model grows beyond what fits the training data exactly?

Figures 10.20 and 10.21 of "An Introduction to Statistical Learning" (ISLR): 20 points, x uniform
on [-5, 5], y = sin(x) + N(0, 0.3), and least squares on d natural splines, the solution of minimum
norm where there are many; the median over draws in place of one draw. Then nets in the same way:
60 sequences of 8 normal steps, y the sine of their sum and the same noise, and a dense net and an
LSTM of growing width, without a penalty, trained to (nearly) zero error where they are wide enough.
Beside them: the training mean, a ridge regression on all 80 splines, and d chosen by
cross-validation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from tqdm import tqdm

import sklearn_rnn
from benchmarks._cache import CACHE, Cache
from benchmarks._double_descent_report import Curve, Fits, write
from benchmarks._natural_splines import NaturalSplines
from benchmarks._report import folder
from sklearn_rnn import DenseRegressor, LSTMRegressor
from sklearn_rnn.model_selection import n_parameters

NOISE = 0.3
N_POINTS, N_SEQUENCES, N_STEPS = 20, 60, 8
N_TEST = 1000
SHOWN = (8, 20, 42, 80)
MOST = 80
Data = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_draws: int = 100  # of the splines
    n_draws_of_nets: int = 5
    max_epochs: int = 2000
    d: Sequence[int] = range(2, MOST + 1)
    dense: Sequence[int] = (1, 2, 3, 4, 6, 8, 10, 12, 20, 50, 200, 1000)
    lstm: Sequence[int] = (1, 2, 3, 4, 5, 7, 10, 20, 40)


PLANS = {
    "quick": Plan(2, 2, 20, (2, 8, 20, MOST), (1, 8), (1, 3)),
    "usual": Plan(),
    "full": Plan(n_draws=1000, n_draws_of_nets=20, max_epochs=5000),
}


def main(size: str) -> None:
    """Draw the data and fit all models; write tables, conclusion and pictures."""
    plan = PLANS[size]
    cache = Cache(None if size == "quick" else CACHE / "double_descent.jsonl")
    dense, lstm = nets(plan)
    curves = [
        curve("splines", splines, plan.d, points, plan.n_draws, cache),
        curve("dense net", dense, plan.dense, sequences, plan.n_draws_of_nets, cache),
        curve("LSTM", lstm, plan.lstm, sequences, plan.n_draws_of_nets, cache),
    ]
    simple = [
        curve(name, partial(_the_only, model), [0], points, plan.n_draws, cache)
        for name, model in models_of_one_size().items()
    ]
    floor = partial(_the_only, DummyRegressor())
    simple.append(curve("training mean", floor, [0], sequences, plan.n_draws, cache))
    write(folder(size), __doc__ or "", curves, simple, example())


def _the_only(model: Any, size: int) -> Any:
    """Return a model that has no size."""
    return model


def points(seed: int, n: int) -> Data:
    """Draw points of a sine with noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-5, 5, size=(n, 1))
    return X, np.sin(X[:, 0]) + NOISE * rng.normal(size=n)


def sequences(seed: int, n: int) -> Data:
    """Draw sequences, and the sine of their sums with noise."""
    rng = np.random.default_rng(seed)
    X = 2 / np.sqrt(N_STEPS) * rng.normal(size=(n, N_STEPS))
    return X, np.sin(X.sum(axis=1)) + NOISE * rng.normal(size=n)


def splines(d: int) -> Pipeline:
    """Return least squares on d natural splines: the solution of minimum norm if d is large."""
    return make_pipeline(NaturalSplines(d), LinearRegression(fit_intercept=False))


def models_of_one_size() -> dict[str, Any]:
    """Return the floor, and what statisticians do in place of growing the model."""
    ridge = RidgeCV(np.logspace(-6, 2, 33), fit_intercept=False)
    search = GridSearchCV(
        splines(2),
        {"naturalsplines__d": range(2, 13)},
        cv=KFold(5, shuffle=True, random_state=0),
        scoring="neg_mean_squared_error",
    )
    return {
        "training mean": DummyRegressor(),
        "splines, d chosen by cross-validation": search,
        f"ridge on {MOST} splines": make_pipeline(NaturalSplines(MOST), ridge),
    }


def nets(plan: Plan) -> list[Callable[[int], Any]]:
    """Return the nets as functions of their width."""
    training: dict[str, Any] = {"learning_rate": 0.02, "lr_schedule": "cosine", "alpha": 0.0}
    training |= {"max_epochs": plan.max_epochs, "batch_size": N_SEQUENCES}
    training |= {"early_stopping": False, "patience": plan.max_epochs, "tol": 1e9}  # never sooner
    return [
        lambda width: DenseRegressor(hidden_layer_sizes=(width,), **training),
        lambda width: LSTMRegressor(hidden_size=width, **training),
    ]


def curve(
    name: str,
    make: Callable[[int], Any],
    sizes: Sequence[int],
    draw: Callable[[int, int], Data],
    n_draws: int,
    cache: Cache,
) -> Curve:
    """Fit a model of every size to every draw of the data.

    Parameters
    ----------
    name : str
        What it is called.
    make : callable
        ``make(size)`` returns the model.
    sizes : sequence of int
        The sizes.
    draw : callable
        ``draw(seed, n)`` returns X and y.
    n_draws : int
        How many training sets are drawn.
    cache : Cache
        Has what was computed before, and keeps what is computed now.

    Returns
    -------
    Curve
        Errors by size and draw.
    """
    n = N_POINTS if draw is points else N_SEQUENCES
    test = draw(10_000, N_TEST)
    runs = []
    for seed in tqdm(range(n_draws), desc=name, unit="draw", disable=None):
        for size in sizes:
            model, train = clone(make(size)), draw(seed, n)
            if "random_state" in model.get_params():
                model.set_params(random_state=seed)
            key = str(joblib.hash([sklearn_rnn.__version__, model, train, test]))
            if key not in cache:
                cache[key] = errors(model, train, test)
            runs.append(cache[key])
    table = np.reshape(runs, (n_draws, len(sizes), -1))
    return Curve(name, n, list(sizes), *np.moveaxis(table, 2, 0))


def errors(model: Any, train: Data, test: Data) -> list[float]:
    """Return number of parameters, error on the training and on the test data, and seconds."""
    begin = time.process_time()
    model.fit(*train)
    seconds = time.process_time() - begin
    squared = [float(np.mean((model.predict(X) - y) ** 2)) for X, y in (train, test)]
    return [float(n_parameters(model)), *squared, seconds]


def example() -> Fits:
    """Return the fits of figure 10.21 to the first draw."""
    X, y = points(0, N_POINTS)
    grid = np.linspace(-5, 5, 1001)
    fits = {d: splines(d).fit(X, y).predict(grid[:, None]) for d in SHOWN}
    return Fits(X[:, 0], y, grid, np.sin(grid), fits)
