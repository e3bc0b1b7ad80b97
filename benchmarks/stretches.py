"""Does a TCN that is trained on stretches of a series forecast as well as one of single windows?

Windows that share rows are convolved once, in training too: batches are then made of stretches of
adjoining windows, which resemble one another more than windows that are drawn one by one. Here
the same net, at its defaults and with the same seeds, is fitted to the view of a series and to a
copy, in which no window shares its rows. It forecasts by how much a series will change. NYSE: log
volume from 13 and 29 days, years to 1979 for training; ETTh1: oil temperature an hour and a day
ahead from 61 hours, 12 months for training, the last 4 of 20 for the test. R2 on the test rows,
mean and deviation over seeds; that of no change stands beside it.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from tqdm import tqdm

from benchmarks._report import environment, folder, markdown, write
from sklearn_rnn import TCNRegressor, make_lagged
from sklearn_rnn.datasets import fetch_ett, load_nyse

MONTH = 30 * 24  # rows of ETTh1
HEADER = ["task", "no change", "stretches", "windows", "difference", "seconds an epoch, ratio"]


@dataclass(frozen=True)
class Forecast:
    """Windows that share rows, and by how much one of the series changes after each of them."""

    name: str
    X: np.ndarray
    y: np.ndarray
    n_train: int
    n_before_test: int


def main(size: str) -> None:
    """Write a table of both ways of training, task by task."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    tasks = list(nyse()) if quick else [*nyse(), *etth1()]
    seeds, n_epochs = (range(1), 1) if quick else (range(10), 200)
    rows, apart = [], []
    for task in tqdm(tasks, disable=None):
        runs = [compare(task, seed, n_epochs) for seed in seeds]
        scores, seconds = (np.array(part) for part in zip(*runs, strict=True))
        gap = scores[:, 0] - scores[:, 1]
        error = gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else 0.0
        if abs(gap.mean()) > 2 * error > 0:
            apart.append(task.name)
        changes = task.y[task.n_before_test :]
        floor = r2_score(changes, np.zeros(len(changes)))
        told = [f"{s.mean():.4f} ± {s.std():.4f}" for s in scores.T]
        told += [
            f"{gap.mean():+.4f} ± {error:.4f}",
            f"{np.median(seconds[:, 0] / seconds[:, 1]):.2f}",
        ]
        rows.append([task.name, f"{floor:.4f}", *told])
    verdict = f"{' and '.join(apart)} differ" if apart else "none differs"
    write(
        folder(size) / "stretches.md",
        f"# {(__doc__ or '').splitlines()[0]}",
        (__doc__ or "").partition("\n\n")[2].strip(),
        f"{len(seeds)} seeds; of {len(tasks)} tasks {verdict} by more than two standard errors. "
        "Seconds are those of the processor.",
        markdown(HEADER, rows),
        environment(),
    )


def compare(task: Forecast, seed: int, n_epochs: int) -> tuple[list[float], list[float]]:
    """Return test R2, and seconds an epoch, of a net fitted to a view and to a copy."""
    past, future = slice(task.n_train), slice(task.n_before_test, None)
    scores, seconds = [], []
    for X in (task.X, np.ascontiguousarray(task.X)):
        begin = time.process_time()
        net = TCNRegressor(random_state=seed, max_epochs=n_epochs).fit(X[past], task.y[past])
        seconds.append((time.process_time() - begin) / net.n_iter_)
        scores.append(net.score(X[future], task.y[future]))
    return scores, seconds


def nyse() -> Iterator[Forecast]:
    """Yield log volume a day ahead."""
    data = load_nyse()
    n_train = int(data.train.sum())
    for n_lags in (13, 29):
        X, y = make_lagged(data.data.astype(np.float32), data.target, n_lags)
        first = n_train - n_lags
        yield Forecast(f"NYSE, {n_lags} days", X, y - X[:, -1, 1], first, first)


def etth1() -> Iterator[Forecast]:
    """Yield the oil temperature an hour and a day ahead."""
    data = fetch_ett()
    rows = data.data[: 20 * MONTH].astype(np.float32)
    for delay in (1, 24):
        X, y = make_lagged(rows, rows[:, -1], 61, delay=delay)
        reach = 60 + delay
        parts = 12 * MONTH - reach, 16 * MONTH - reach
        yield Forecast(f"ETTh1, {delay} h ahead", X, y - X[:, -1, -1], *parts)
