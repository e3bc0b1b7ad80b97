"""Does the test error fall again when a model grows beyond what fits the training data exactly?

Figures 10.20 and 10.21 of "An Introduction to Statistical Learning" (ISLR): 20 points, x uniform
on [-5, 5], y = sin(x) + N(0, 0.3), and least squares on d natural splines, the solution of minimum
norm where there are many; the median over draws in place of one draw. Then nets in the same way:
60 sequences of 8 normal steps, y the sine of their sum and the same noise, and a dense net and an
LSTM of growing width, without a penalty, trained to (nearly) zero error where they are wide enough.
Beside the splines: the training mean, a ridge regression on all 80 of them, and d chosen by
cross-validation. Beside the nets: least squares on the steps, and on their polynomials of degree 3,
165 columns, of minimum norm and as a ridge regression, whose penalty is chosen by leaving one row
out. Draw k is drawn with the random state k, and a net has that random state too.
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
from scipy.interpolate import BSpline
from scipy.linalg import null_space
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from tqdm import tqdm

import sklearn_rnn
from benchmarks._cache import CACHE, Cache
from benchmarks._double_descent_report import Curve, Fits, write
from benchmarks._report import folder
from sklearn_rnn import DenseRegressor, LSTMRegressor
from sklearn_rnn.model_selection import n_parameters

NOISE = 0.3
N_POINTS, N_SEQUENCES, N_STEPS = 20, 60, 8
N_TEST = 1000
SHOWN = (8, 20, 42, 80)
MOST = 80
CUBIC = 3  # the degree of the splines
Data = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_draws: int = 100  # of the splines
    n_draws_of_nets: int = 12
    max_epochs: int = 2000
    d: Sequence[int] = range(2, MOST + 1)
    dense: Sequence[int] = (1, 2, 3, 4, 6, 8, 10, 12, 20, 50, 200, 1000)
    lstm: Sequence[int] = (1, 2, 3, 4, 5, 7, 10, 20, 40)


PLANS = {
    "quick": Plan(2, 2, 20, (2, *SHOWN), (1, 8), (1, 3)),
    "usual": Plan(),
    "full": Plan(n_draws=1000, n_draws_of_nets=50, max_epochs=5000),
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
        curve(name, partial(_the_only, model), [0], draw, n_draws, cache)
        for draw, n_draws, models in (
            (points, plan.n_draws, models_of_points()),
            (sequences, plan.n_draws_of_nets, models_of_sequences()),
        )
        for name, model in models.items()
    ]
    write(folder(size), __doc__ or "", curves, simple, example(curves[0]))


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


def models_of_points() -> dict[str, Any]:
    """Return the floor, and what statisticians do in place of growing the model."""
    search = GridSearchCV(
        splines(2),
        {"naturalsplines__d": range(2, 13)},
        cv=KFold(5, shuffle=True, random_state=0),
        scoring="neg_mean_squared_error",
    )
    return {
        "training mean": DummyRegressor(),
        "splines, d chosen by cross-validation": search,
        f"ridge on {MOST} splines": make_pipeline(NaturalSplines(MOST), ridge()),
    }


def models_of_sequences() -> dict[str, Any]:
    """Return the floor, and linear models of the steps and of their polynomials."""
    cubic = PolynomialFeatures(3)
    minimum_norm = LinearRegression(fit_intercept=False)
    return {
        "training mean": DummyRegressor(),
        "least squares": LinearRegression(),
        "polynomials, minimum norm": make_pipeline(cubic, minimum_norm),
        "polynomials, ridge": make_pipeline(cubic, ridge()),
    }


def ridge() -> RidgeCV:
    """Return a ridge regression that chooses its penalty by leaving one row out."""
    return RidgeCV(np.logspace(-6, 2, 33), fit_intercept=False)


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


def example(curve: Curve) -> Fits:
    """Return the fits of figure 10.21 to the draw whose test errors are nearest to the medians."""
    shown = [curve.sizes.index(d) for d in SHOWN]
    ratios = np.log(curve.test[:, shown] / curve.medians[shown])
    seed = int(np.argmin(np.abs(ratios).max(axis=1)))
    X, y = points(seed, N_POINTS)
    grid = np.linspace(-5, 5, 1001)
    fits = {d: splines(d).fit(X, y).predict(grid[:, None]) for d in SHOWN}
    return Fits(seed, X[:, 0], y, grid, np.sin(grid), fits)


class NaturalSplines(TransformerMixin, BaseEstimator):
    """Natural cubic splines of one column, with inner knots at its quantiles.

    They are twice differentiable, cubic between two knots and straight at both ends. The basis is
    made as in R's ``ns``: of the B-splines those combinations, an orthonormal basis of them, whose
    second derivative is zero at both ends.

    Parameters
    ----------
    d : int, default=8
        Number of basis functions, which is the number of knots, the ends included; at least 2.
    low, high : float, default=-5.0, 5.0
        The interval.
    """

    def __init__(self, d: int = 8, low: float = -5.0, high: float = 5.0) -> None:
        self.d = d
        self.low = low
        self.high = high

    def fit(self, X: Any, y: Any = None) -> NaturalSplines:
        """Place the knots."""
        if self.d < 2:
            raise ValueError(f"d must be at least 2; got {self.d}.")
        x = np.asarray(X, dtype=float)[:, 0]
        inner = np.quantile(x, np.linspace(0, 1, self.d)[1:-1])
        low, high = ([end] * (CUBIC + 1) for end in (self.low, self.high))
        knots = np.concatenate([low, inner, high])
        n_splines = len(knots) - CUBIC - 1
        second = BSpline(knots, np.eye(n_splines), CUBIC).derivative(2)
        straight: NDArray[np.float64] = null_space(second([self.low, self.high]))
        self.splines_ = BSpline(knots, straight, CUBIC)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the values of the basis functions."""
        values: NDArray[np.float64] = self.splines_(np.asarray(X, dtype=float)[:, 0])
        return values
