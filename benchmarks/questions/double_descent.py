"""Models that grow: splines, dense nets and LSTMs, and their errors on new draws of the data."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pandas as pd
from matplotlib.ticker import NullFormatter
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from tqdm import tqdm

import sklearn_rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.harness.natural_splines import NaturalSplines
from benchmarks.question import Measurement, sizes
from benchmarks.report.pictures import axes_of, save
from sklearn_rnn.model_selection import n_parameters

NOISE = 0.3
N_POINTS, N_SEQUENCES, N_STEPS, N_TEST = 20, 60, 8, 1000
SHOWN = (8, 20, 42, 80)  # in the picture of fits
MOST = 80
ROWS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 19, 20, 21, 22, 25, 30, 36, 42, 50, 60, 70, 80)
TICKS = (2, 5, 10, 20, 40, 80)
LEAST = 1e-6  # of the errors in a picture
COLUMNS = ["model", "size", "draw", "n_parameters", "train", "test", "fit_seconds"]
DENSE, LSTM = (1, 2, 3, 4, 6, 8, 10, 12, 20, 50, 200, 1000), (1, 2, 3, 4, 5, 7, 10, 20, 40)
PLANS = sizes(
    n_draws=(2, 100, 1000),  # of the splines
    n_draws_of_nets=(2, 12, 50),
    max_epochs=(20, 2000, 5000),
    d=((2, *SHOWN), range(2, MOST + 1), range(2, MOST + 1)),
    dense=((1, 8), DENSE, DENSE),
    lstm=((1, 3), LSTM, LSTM),
)
Data = tuple[np.ndarray, np.ndarray]


def points(seed: int, n: int = N_POINTS) -> Data:
    """Draw points of a sine with noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-5, 5, size=(n, 1))
    return X, np.sin(X[:, 0]) + NOISE * rng.normal(size=n)


def sequences(seed: int, n: int = N_SEQUENCES) -> Data:
    """Draw sequences, and the sine of their sums with noise."""
    rng = np.random.default_rng(seed)
    X = 2 / np.sqrt(N_STEPS) * rng.normal(size=(n, N_STEPS))
    return X, np.sin(X.sum(axis=1)) + NOISE * rng.normal(size=n)


def splines(d: int) -> Pipeline:
    """Return least squares on d natural splines: the solution of minimum norm if d is large."""
    return make_pipeline(NaturalSplines(d), LinearRegression(fit_intercept=False))


def models(plan: Any) -> Iterator[tuple[str, Callable[[int, int], Data], dict[int, Any]]]:
    """Yield the name of each model, what draws its data, and the model by its size."""
    how: dict[str, Any] = {"learning_rate": 0.02, "lr_schedule": "cosine", "alpha": 0.0}
    how |= {"max_epochs": plan.max_epochs, "batch_size": N_SEQUENCES}
    how |= {"early_stopping": False, "patience": plan.max_epochs, "tol": 1e9}  # never sooner
    yield "splines", points, {d: splines(d) for d in plan.d}
    dense, lstm = sklearn_rnn.DenseRegressor, sklearn_rnn.LSTMRegressor
    yield "dense net", sequences, {n: dense(hidden_layer_sizes=(n,), **how) for n in plan.dense}
    yield "LSTM", sequences, {n: lstm(hidden_size=n, **how) for n in plan.lstm}
    folds = KFold(5, shuffle=True, random_state=0)
    grid = {"naturalsplines__d": range(2, 13)}
    by: dict[str, Any] = {"cv": folds, "scoring": "neg_mean_squared_error"}
    ridge = RidgeCV(np.logspace(-6, 2, 33), fit_intercept=False)
    cubic = PolynomialFeatures(3)
    of_points = {
        "training mean": DummyRegressor(),
        "splines, d chosen by cross-validation": GridSearchCV(splines(2), grid, **by),
        f"ridge on {MOST} splines": make_pipeline(NaturalSplines(MOST), ridge),
    }
    of_sequences = {
        "training mean": DummyRegressor(),
        "least squares": LinearRegression(),
        "polynomials, minimum norm": make_pipeline(cubic, LinearRegression(fit_intercept=False)),
        "polynomials, ridge": make_pipeline(cubic, ridge),
    }
    yield from ((f"{of}, {N_POINTS} rows", points, {0: m}) for of, m in of_points.items())
    yield from ((f"{of}, {N_SEQUENCES} rows", sequences, {0: m}) for of, m in of_sequences.items())


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Fit models of every size to every draw of the data."""
    plan = PLANS[size]
    cache, lines = Cache(None if size == "quick" else CACHE / "double_descent.jsonl"), []
    for name, draw, by_size in models(plan):
        test = draw(10_000, N_TEST)
        n_draws = plan.n_draws if draw is points else plan.n_draws_of_nets
        for seed in tqdm(range(n_draws), desc=name, unit="draw", disable=None):
            for n, made in by_size.items():
                model, train = clone(made), draw(seed)
                if "random_state" in model.get_params():
                    model.set_params(random_state=seed)
                key = str(joblib.hash([sklearn_rnn.__version__, model, train, test]))
                if key not in cache:
                    cache[key] = errors(model, train, test)
                parameters, *rest = cache[key]
                lines.append([name, n, seed, f"{parameters:.0f}", *(f"{v:.5g}" for v in rest)])
    return pd.DataFrame(lines, columns=COLUMNS), {}


def errors(model: Any, train: Data, test: Data) -> list[float]:
    """Return number of parameters, error on the training and on the test data, and seconds."""
    begin = time.process_time()
    model.fit(*train)
    seconds = time.process_time() - begin
    squared = [float(np.mean((model.predict(X) - y) ** 2)) for X, y in (train, test)]
    return [float(n_parameters(model)), *squared, seconds]


def curve(name: str, fits: pd.DataFrame) -> SimpleNamespace:
    """Return errors by size, a row a draw, their medians, and where those peak.

    The peak is where the median test error is the largest multiple of the least before.
    """
    values = [fits.pivot(index="draw", columns="size", values=of) for of in COLUMNS[3:]]
    parameters, train, test, seconds = values
    n_rows = N_POINTS if name == "splines" or name.endswith(f", {N_POINTS} rows") else N_SEQUENCES
    medians = pd.DataFrame({"parameters": parameters.median(), "test": test.median()})
    error = medians["test"]
    peak = (error / error.cummin()).idxmax()
    places = {"peak": peak, "before": error.loc[:peak].idxmin(), "after": error.loc[peak:].idxmin()}
    places["last"] = medians.index[-1]
    return SimpleNamespace(
        **{"name": name, "n_rows": n_rows, "n_draws": len(test), "medians": medians},
        **{"parameters": parameters, "train": train, "test": test, "seconds": seconds},
        **{place: medians.loc[size] for place, size in places.items()},
        size="d" if name == "splines" else "width",
        shown=[n for n in medians.index if n in ROWS or name != "splines"],
    )


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    curves = {name: curve(name, fits) for name, fits in table.groupby("model", sort=False)}
    growing, others = list(curves.values())[:3], list(curves.values())[3:]
    beside: dict[int, str] = {}
    for n in (N_POINTS, N_SEQUENCES):
        told = {c.name.rpartition(", ")[0]: c.last.test for c in others if c.n_rows == n}
        beside[n] = ", ".join(f"{name} {error:.3f}" for name, error in told.items())
    return {"growing": growing, "beside": beside, "noise": NOISE**2, "others": others}


def typical(c: SimpleNamespace) -> int:
    """Return the draw whose test errors are nearest to their medians."""
    ratios = np.log(c.test[list(SHOWN)] / c.medians["test"][list(SHOWN)])
    return int(ratios.abs().max(axis=1).idxmin())


def draw(to: Path, table: pd.DataFrame, kept: Any) -> None:
    """Draw errors by size, and fitted functions, as in figure 10.21 of ISLR."""
    growing = facts(table, kept)["growing"]
    draw_curves(to / "double_descent.png", growing)
    X, y = points(typical(growing[0]))
    grid = np.linspace(-5, 5, 1001)
    figure, axes = axes_of(2, 2, (9, 6), sharex=True, sharey=True)
    for ax, d in zip(axes.flat, SHOWN, strict=True):
        ax.plot(grid, np.sin(grid), "k", lw=1, label="sin(x)")
        ax.plot(grid, splines(d).fit(X, y).predict(grid[:, None]), "C1", lw=1.5, label="fit")
        ax.plot(X[:, 0], y, "o", color="C0", ms=5, mec="white", label="data")
        ax.set(ylim=(-3, 3), xlabel="x", ylabel="y", title=f"{d} basis functions")
        ax.label_outer()
    legend = axes[0, 0].get_legend_handles_labels()
    title = f"Least squares on natural splines, {N_POINTS} points: a typical draw"
    save(figure, to / "double_descent_fits.png", title, legend)


def draw_curves(path: Path, curves: Sequence[SimpleNamespace]) -> None:
    """Draw training and test error by size, a panel for each model."""
    figure, axes = axes_of(1, len(curves), (12, 4.2))
    for ax, c in zip(axes[0], curves, strict=True):
        is_splines = c is curves[0]
        numbers = c.medians.index if is_splines else c.medians["parameters"]
        marker = "" if is_splines else "."
        for values, colour, label in ((c.train, "C0", "training"), (c.test, "C1", "test")):
            low, middle, high = (values.clip(lower=LEAST).quantile(q) for q in (0.1, 0.5, 0.9))
            ax.fill_between(numbers, low, high, color=colour, alpha=0.2, lw=0)
            ax.plot(numbers, middle, color=colour, marker=marker, label=f"{label} error")
        ax.axvline(c.n_rows, color="0.5", lw=1, ls="--", label="as many rows for training")
        ax.set(xscale="log", yscale="log", title=f"{c.name}, {c.n_draws} draws")
        ax.set_xlabel("basis functions, d" if is_splines else "parameters")
        ax.set_ylim(bottom=1e-3)
        if is_splines:
            ax.set_xticks(TICKS, [f"{d}" for d in TICKS])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.grid(color="0.93")
    axes[0, 0].set_ylabel("mean squared error\n(median, and 10 to 90 % of the draws)")
    legend = axes[0, 0].get_legend_handles_labels()
    title = "The test error falls again when a model grows beyond as many parameters as rows"
    save(figure, path, title, legend)


QUESTION = Measurement(measure, facts, draw)
