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
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from matplotlib.ticker import NullFormatter
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
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.report.pictures import plt, save
from benchmarks.report.tables import markdown
from benchmarks.report.writer import RESULTS, environment, folder, write_report
from sklearn_rnn import DenseRegressor, LSTMRegressor
from sklearn_rnn.model_selection import n_parameters

NOISE = 0.3
N_POINTS, N_SEQUENCES, N_STEPS = 20, 60, 8
N_TEST = 1000
SHOWN = (8, 20, 42, 80)
MOST = 80
CUBIC = 3  # the degree of the splines
ROWS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 19, 20, 21, 22, 25, 30, 36, 42, 50, 60, 70, 80)
TICKS = (2, 5, 10, 20, 40, 80)
LEAST = 1e-6  # of the errors in a picture
COLUMNS = ["model", "size", "draw", "n_parameters", "train", "test", "fit_seconds"]
Array = NDArray[np.float64]
Data = tuple[Array, Array]


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


@dataclass(frozen=True)
class Curve:
    """Errors of a model by its size: arrays of shape (n_draws, n_sizes)."""

    name: str
    sizes: list[int]
    parameters: Array
    train: Array
    test: Array
    seconds: Array

    @property
    def medians(self) -> Array:
        """The median test error of each size."""
        values: Array = np.median(self.test, axis=0)
        return values

    @property
    def n_rows(self) -> int:
        """The rows for training."""
        is_of_points = self.name == "splines" or self.name.endswith(f", {N_POINTS} rows")
        return N_POINTS if is_of_points else N_SEQUENCES


class DoubleDescent:
    """The question, whose models grow."""

    def answer(self, name: str, docstring: str, size: str) -> None:
        """Draw the data and fit all models; write tables, conclusion and pictures."""
        plan, to = PLANS[size], folder(size)
        cache = Cache(None if size == "quick" else CACHE / f"{name}.jsonl")
        dense, lstm = nets(plan)
        n_draws, n_of_nets = plan.n_draws, plan.n_draws_of_nets
        curves = [
            curve("splines", splines, plan.d, points, n_draws, cache),
            curve("dense net", dense, plan.dense, sequences, n_of_nets, cache),
            curve("LSTM", lstm, plan.lstm, sequences, n_of_nets, cache),
            *(
                curve(f"{of}, {n} rows", partial(_the_only, model), [0], draw, draws, cache)
                for n, draw, draws, models in (
                    (N_POINTS, points, n_draws, models_of_points()),
                    (N_SEQUENCES, sequences, n_of_nets, models_of_sequences()),
                )
                for of, model in models.items()
            ),
        ]
        write_csv(to / f"{name}.csv", curves)
        report(to, docstring, curves, environment())

    def rewrite(self, name: str, docstring: str) -> None:
        """Write report and pictures anew from the committed results."""
        text = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
        run = text.rstrip().splitlines()[-1].removeprefix("*").partition(". Seconds are")[0]
        report(folder("usual"), docstring, read_csv(RESULTS / f"{name}.csv"), run)


def report(to: Path, docstring: str, curves: Sequence[Curve], run: str) -> None:
    """Write conclusion, tables and pictures."""
    (points_curve, *nets), simple = curves[:3], curves[3:]
    draw_curves(to / "double_descent.png", curves[:3])
    draw = draw_fits(to / "double_descent_fits.png", points_curve)
    minutes = sum(float(c.seconds.sum()) for c in curves) / 60
    body = [
        "![Errors by size](double_descent.png)",
        f"![Four fits](double_descent_fits.png)\n\nThe four fits are to draw {draw}, of all the "
        "one whose test errors are nearest to their medians.",
        f"Mean squared errors of the splines, {len(points_curve.test)} draws of {N_POINTS} points "
        f"(the noise alone is {NOISE**2:.2f}):",
        table(points_curve, [d for d in points_curve.sizes if d in ROWS]),
        table_of_one_size(simple),
    ]
    for net in nets:
        body.append(f"{net.name}, {len(net.test)} draws of {net.n_rows} sequences, by width:")
        body.append(table(net, net.sizes))
    body.append(
        f"*{run}. Seconds are those of the processor; the fits took {minutes:.1f} minutes of one "
        "core.*"
    )
    answer = " ".join([*map(sentence, curves[:3]), beside(simple)])
    write_report(to / "double_descent.md", docstring, answer, body)


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
    """Fit models of every size, which ``make(size)`` returns, to every draw of the data."""
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
    return Curve(name, list(sizes), *np.moveaxis(table, 2, 0))


def errors(model: Any, train: Data, test: Data) -> list[float]:
    """Return number of parameters, error on the training and on the test data, and seconds."""
    begin = time.process_time()
    model.fit(*train)
    seconds = time.process_time() - begin
    squared = [float(np.mean((model.predict(X) - y) ** 2)) for X, y in (train, test)]
    return [float(n_parameters(model)), *squared, seconds]


def sentence(curve: Curve) -> str:
    """Say where the test error peaks, as a multiple of the least before, and what it is beyond."""
    medians, parameters = curve.medians, np.median(curve.parameters, axis=0)
    peak = int(np.argmax(medians / np.minimum.accumulate(medians)))
    before = int(np.argmin(medians[: peak + 1]))
    after = peak + int(np.argmin(medians[peak:]))
    size = "d" if curve.name == "splines" else "width"
    how = "above" if medians[after] > medians[before] else "below"
    last = curve.sizes[-1]
    return (
        f"{curve.name.capitalize() if curve.name.islower() else curve.name}: the median test "
        f"error is {medians[before]:.3f} at {size} {curve.sizes[before]}, peaks at {size} "
        f"{curve.sizes[peak]} ({parameters[peak]:.0f} parameters, {curve.n_rows} rows) with "
        f"{medians[peak]:.3g}, and falls to {medians[after]:.3f} at {size} {curve.sizes[after]}, "
        f"{how} what it was before the peak; at the end, {size} {last}, it is {medians[-1]:.3f}."
    )


def beside(simple: Sequence[Curve]) -> str:
    """Say what the models of one size reach."""
    told: dict[bool, list[str]] = {True: [], False: []}
    for c in simple:
        told[c.n_rows == N_POINTS].append(f"{c.name.rpartition(', ')[0]} {c.medians[0]:.3f}")
    return (
        f"On the points of the splines: {', '.join(told[True])}. On the sequences: "
        f"{', '.join(told[False])}."
    )


def table(curve: Curve, sizes: Sequence[int]) -> str:
    """Return errors by size: medians, and the range of the middle 80 % of the draws."""
    rows = []
    for k in (curve.sizes.index(size) for size in sizes):
        low, middle, high = np.quantile(curve.test[:, k], [0.1, 0.5, 0.9])
        rows.append(
            [
                f"{curve.sizes[k]}",
                f"{np.median(curve.parameters[:, k]):.0f}",
                f"{np.median(curve.train[:, k]):.4f}",
                f"{middle:.3f}",
                f"{low:.3g} to {high:.3g}",
                f"{curve.test[:, k].mean():.3g}",
                f"{curve.seconds[:, k].mean():.3f}",
            ]
        )
    header = ["size", "parameters", "training error", "test error", "10 to 90 % of the draws"]
    return markdown([*header, "mean test error", "fit (s)"], rows)


def table_of_one_size(simple: Sequence[Curve]) -> str:
    """Return the errors of the models that do not grow."""
    rows = [
        [
            c.name,
            f"{np.median(c.train):.4f}",
            f"{c.medians[0]:.3f}",
            f"{c.test.mean():.3g}",
            f"{c.seconds.mean():.3f}",
        ]
        for c in simple
    ]
    return markdown(["model", "training error", "test error", "mean test error", "fit (s)"], rows)


def write_csv(path: Path, curves: Sequence[Curve]) -> None:
    """Write one line for each fit."""
    lines = [
        [c.name, size, draw, f"{c.parameters[draw, k]:.0f}"]
        + [f"{v[draw, k]:.5g}" for v in (c.train, c.test, c.seconds)]
        for c in curves
        for draw in range(len(c.test))
        for k, size in enumerate(c.sizes)
    ]
    pd.DataFrame(lines, columns=COLUMNS).to_csv(path, index=False, lineterminator="\n")


def read_csv(path: Path) -> list[Curve]:
    """Return what was written."""
    curves = []
    for name, of_model in pd.read_csv(path).groupby("model", sort=False):
        tables = [of_model.pivot(index="draw", columns="size", values=v) for v in COLUMNS[3:]]
        values = [table.to_numpy(dtype=float) for table in tables]
        curves.append(Curve(str(name), list(tables[0].columns), *values))
    return curves


def draw_curves(path: Path, curves: Sequence[Curve]) -> None:
    """Draw training and test error by size, a panel for each model."""
    figure, axes = plt.subplots(1, len(curves), figsize=(12, 4.2), layout="constrained")
    for ax, curve in zip(axes, curves, strict=True):
        sizes = np.median(curve.parameters, axis=0) if curve is not curves[0] else curve.sizes
        for values, colour, label in (
            (curve.train, "C0", "training error"),
            (curve.test, "C1", "test error"),
        ):
            low, middle, high = np.quantile(np.maximum(values, LEAST), [0.1, 0.5, 0.9], axis=0)
            ax.fill_between(sizes, low, high, color=colour, alpha=0.2, lw=0)
            marker = "." if len(sizes) < len(ROWS) else ""
            ax.plot(sizes, middle, color=colour, marker=marker, label=label)
        ax.axvline(curve.n_rows, color="0.5", lw=1, ls="--", label="as many rows for training")
        ax.set_xscale("log")
        ax.set_yscale("log")
        if curve is curves[0]:
            ax.set_xticks(TICKS, [f"{d}" for d in TICKS])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_ylim(bottom=1e-3)
        ax.set_xlabel("parameters" if curve is not curves[0] else "basis functions, d")
        ax.set_title(f"{curve.name}, {len(curve.test)} draws", fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="0.93")
    axes[0].set_ylabel("mean squared error\n(median, and 10 to 90 % of the draws)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    title = "The test error falls again when a model grows beyond as many parameters as rows"
    save(figure, path, title, dpi=120)


def draw_fits(path: Path, curve: Curve) -> int:
    """Draw fitted functions, as in figure 10.21 of ISLR, to the draw nearest to the medians."""
    shown = [curve.sizes.index(d) for d in SHOWN]
    ratios = np.log(curve.test[:, shown] / curve.medians[shown])
    draw = int(np.argmin(np.abs(ratios).max(axis=1)))
    X, y = points(draw, N_POINTS)
    grid = np.linspace(-5, 5, 1001)
    figure, axes = plt.subplots(
        2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained"
    )
    for ax, d in zip(axes.flat, SHOWN, strict=True):
        ax.plot(grid, np.sin(grid), "k", lw=1, label="sin(x)")
        ax.plot(grid, splines(d).fit(X, y).predict(grid[:, None]), "C1", lw=1.5, label="fit")
        ax.plot(X[:, 0], y, "o", color="C0", ms=5, mec="white", label="data")
        ax.set_ylim(-3, 3)
        ax.set_title(f"d = {d}", fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(frameon=False, fontsize=9, loc="upper left")
    title = f"Least squares on d natural splines, {N_POINTS} points: a typical draw"
    save(figure, path, title, dpi=120)
    return draw


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


QUESTION = DoubleDescent()
