"""Linear models on windows beside LassoCV on written-out windows: seconds, memory and growth.

``python -m benchmarks.speed.linear`` prints tables. Models take turns in one process on one thread,
with the same penalties, folds and tolerance; times are processor seconds, medians of the rounds.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import LassoCV
from sklearn.model_selection import TimeSeriesSplit
from threadpoolctl import threadpool_limits

from sklearn_rnn import LagElasticNetCV, LagRidge, make_lagged
from sklearn_rnn.datasets import load_nyse

N_ALPHAS, EPS, N_FOLDS, ROUNDS = 100, 1e-3, 5, 5
LARGE = {"n_rows": 420_551, "n_channels": 14, "n_lags": 120, "step": 6}
GROWTH = {
    "rows": [{"n_rows": n, "n_channels": 8, "n_lags": 32} for n in (10_000, 100_000, 1_000_000)],
    "lags": [{"n_rows": 50_000, "n_channels": 2, "n_lags": n} for n in (16, 64, 256)],
}


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


def beside_lasso_cv(windows, y) -> tuple[float, float, float]:
    """Return the median seconds of both models, and the largest relative difference of errors."""
    flat = np.asfortranarray(windows.reshape(len(windows), -1))
    first = np.abs((flat - flat.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    given = {"alphas": first * np.geomspace(1, EPS, N_ALPHAS), "cv": TimeSeriesSplit(N_FOLDS)}
    given |= {"tol": 1e-4, "max_iter": 10_000}
    ours, theirs = LagElasticNetCV(standardize=False, **given), LassoCV(**given)
    taken = [
        (seconds(lambda: ours.fit(windows, y)), seconds(lambda: theirs.fit(flat, y)))
        for _ in range(ROUNDS)
    ]
    difference = np.abs(ours.mse_path_ / theirs.mse_path_ - 1).max()
    return (*np.median(taken, axis=0), float(difference))


def slope(sizes: list[dict[str, int]], name: str) -> tuple[float, list[float]]:
    """Return the exponent with which the seconds of a fit grow, and the seconds."""
    taken = []
    for size in sizes:
        fit = partial(LagRidge().fit, *autoregressive(**size))
        taken.append(min(seconds(fit) for _ in range(ROUNDS)))
    at = np.log([size[f"n_{name}"] for size in sizes])
    return float(np.polyfit(at, np.log(taken), 1)[0]), taken


def memory_of_large() -> tuple[float, float, float]:
    """Return the megabytes of a large table, those that a path allocates, and its seconds."""
    windows, y = autoregressive(**LARGE)
    taken = seconds(lambda: LagElasticNetCV(cv=N_FOLDS).fit(windows, y))
    tracemalloc.start()
    LagElasticNetCV(cv=N_FOLDS).fit(windows, y)
    _, most = tracemalloc.get_traced_memory()
    return LARGE["n_rows"] * LARGE["n_channels"] * 8 / 2**20, most / 2**20, taken


def main() -> None:
    """Print all tables."""
    print("| windows | LagElasticNetCV s | LassoCV s | ratio | difference of errors |")
    print("| --- | --- | --- | --- | --- |")
    for name, (windows, y) in {
        "20,000 x 8 x 64": autoregressive(20_000, 8, 64),
        "20,000 x 8 x 64, slow series": autoregressive(20_000, 8, 64, keep=0.99),
        "NYSE, 6,031 x 3 x 20": nyse(),
    }.items():
        ours, theirs, difference = beside_lasso_cv(windows, y)
        print(f"| {name} | {ours:.3f} | {theirs:.3f} | {ours / theirs:.3f} | {difference:.0e} |")
    for name, sizes in GROWTH.items():
        exponent, taken = slope(sizes, name)
        times = [f"{size[f'n_{name}']:,}: {t:.3f} s" for size, t in zip(sizes, taken, strict=True)]
        print(f"\nLagRidge grows with {name} by the power {exponent:.2f} ({', '.join(times)}).")
    table, most, taken = memory_of_large()
    print(f"\n{LARGE}: a table of {table:.0f} MB. {N_ALPHAS} penalties in {N_FOLDS} folds allocate")
    print(f"{most:.0f} MB beside it, {most / table:.1f} tables, in {taken:.1f} s.")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
