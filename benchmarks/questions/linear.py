"""Linear models on windows beside LassoCV on written-out windows: seconds, memory and growth.

Models take turns in one process on one thread, with the same penalties, folds and tolerance; times
are processor seconds, medians of the rounds.
"""

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import LassoCV
from sklearn.model_selection import TimeSeriesSplit
from threadpoolctl import threadpool_limits

from benchmarks.question import Measurement
from sklearn_rnn import LagElasticNetCV, LagRidge, make_lagged
from sklearn_rnn.datasets import load_nyse

N_ALPHAS, EPS, N_FOLDS, ROUNDS = 100, 1e-3, 5, 9
GROWTH = {  # by what, the largest exponent, and the sizes
    "rows": (1.05, [(n, 8, 32) for n in (10_000, 100_000, 1_000_000)]),
    "lags": (2.1, [(50_000, 2, n) for n in (16, 64, 256)]),
}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return ratios, growth and memory beside their targets."""
    shrink, rounds, n_lags = (100, 1, 12) if size == "quick" else (1, ROUNDS, 120)
    wide, slow = (partial(autoregressive, 20_000 // shrink, 8, 64, keep=k) for k in (0.9, 0.99))
    cases = {"20,000 x 8 x 64": (wide, 0.05), "the same, slow": (slow, 0.05), "NYSE": (nyse, 0.3)}
    with threadpool_limits(1):
        rows = [
            beside_lasso_cv(name, *load(), most, rounds) for name, (load, most) in cases.items()
        ]
        rows += [growth(by, most, sizes, shrink, rounds) for by, (most, sizes) in GROWTH.items()]
        rows.append(memory(420_551 // shrink, n_lags))
    header = ["what", "ours", "reference", "ratio or exponent", "target", "difference of errors"]
    return pd.DataFrame(rows, columns=header), {}


def autoregressive(n_rows: int, n_channels: int, n_lags: int, step: int = 1, keep: float = 0.9):
    """Return windows of drawn series as a view, and targets with 15 coefficients at most."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n_rows + (n_lags - 1) * step, n_channels))
    for t in range(1, len(rows)):
        rows[t] += keep * rows[t - 1]
    view = sliding_window_view(rows, (n_lags - 1) * step + 1, axis=0)
    windows = view[..., ::step].transpose(0, 2, 1)
    newest = windows[:, -5:, :3].reshape(n_rows, -1)
    return windows, newest @ rng.normal(size=newest.shape[1]) + 3 * rng.normal(size=n_rows)


def nyse():
    """Return windows of 20 days of 3 columns, and the volume of the day after."""
    rows = load_nyse(as_frame=True).frame[["DJ_return", "log_volume", "log_volatility"]].to_numpy()
    windows, targets = make_lagged(rows, rows[:, 1], 20)
    return np.asarray(windows), targets


def seconds(task: Callable[[], object]) -> float:
    """Return the processor seconds of a task."""
    start = time.process_time()
    task()
    return time.process_time() - start


def beside_lasso_cv(name: str, windows, y, most: float, rounds: int) -> list[Any]:
    """Return the median seconds of both models, and the largest relative difference of errors."""
    flat = np.asfortranarray(windows.reshape(len(windows), -1))
    first = np.abs((flat - flat.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    given = {"alphas": first * np.geomspace(1, EPS, N_ALPHAS), "cv": TimeSeriesSplit(N_FOLDS)}
    given |= {"tol": 1e-4, "max_iter": 10_000}
    ours, theirs = LagElasticNetCV(standardize=False, **given), LassoCV(**given)
    taken = [
        (seconds(lambda: ours.fit(windows, y)), seconds(lambda: theirs.fit(flat, y)))
        for _ in range(rounds)
    ]
    mine, other = np.median(taken, axis=0)
    difference = np.abs(ours.mse_path_ / theirs.mse_path_ - 1).max()
    figures = f"{mine:.3f} s", f"{other:.3f} s", f"{mine / other:.3f}", f"{most:g}"
    return [name, *figures, f"{difference:.0e}"]


def growth(by: str, most: float, sizes: Any, shrink: int, rounds: int) -> list[Any]:
    """Return the exponent with which the seconds of a fit grow."""
    taken = []
    for n_rows, *rest in sizes:
        fit = partial(LagRidge().fit, *autoregressive(n_rows // shrink, *rest))
        taken.append(min(seconds(fit) for _ in range(rounds)))
    at = np.log([size[0 if by == "rows" else 2] for size in sizes])
    exponent = np.polyfit(at, np.log(taken), 1)[0]
    name = f"LagRidge, {by} {sizes[0][0 if by == 'rows' else 2]:,} to {np.exp(at[-1]):,.0f}"
    return [name, f"{taken[-1]:.3f} s", "-", f"{exponent:.2f}", f"{most:g}", "-"]


def memory(n_rows: int, n_lags: int) -> list[Any]:
    """Return the memory that a path on a large table allocates, relative to the table."""
    windows, y = autoregressive(n_rows, 14, n_lags, step=6)
    model, table = LagElasticNetCV(cv=N_FOLDS, tol=1e-4), n_rows * 14 * 8 / 2**20
    tracemalloc.start()
    taken = seconds(lambda: model.fit(windows, y))
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    name = f"memory, {n_rows:,} x 14 x {n_lags}, step 6 ({taken:.0f} s)"
    return [name, f"{most:.0f} MiB", f"{table:.0f} MiB", f"{most / table:.1f}", "3", "-"]


QUESTION = Measurement(measure)
