"""Does a TCN that is trained on stretches of a series forecast as well as one of single windows?

Windows that share rows are convolved once, in training too: batches are then made of stretches of
adjoining windows, which resemble one another more than windows that are drawn one by one. Here
the same net, at its defaults and with the same seeds, is fitted to the view of a series and to a
copy, in which no window shares its rows. It forecasts by how much a series will change. NYSE: log
volume from 13 and 29 days, years to 1979 for training. ETTh1: the useful load at high voltage six
hours ahead from 61 hours of all channels, 12 months for training, the last 4 of 20 for the test.
Target and hours were chosen by one seed on the 4 months between: of this load and the oil
temperature, 1, 3 and 6 hours ahead, a net explained most here. (An earlier run asked for the oil
temperature, and could not tell: on the test rows the nets were worse than no change.)

Windows of 48 hours are not convolved once: the levels that ``num_levels="auto"`` takes see 61
steps. A net of one level less sees 29, and so can be. What that costs in R2, and saves in seconds,
is measured on the same load.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from tqdm import tqdm

from benchmarks._cache import CACHE, Cache
from benchmarks._report import environment, folder, markdown, write
from sklearn_rnn import TCNRegressor, make_lagged
from sklearn_rnn.datasets import fetch_ett, load_nyse

MONTH = 30 * 24  # rows of ETTh1
AHEAD = 6  # hours
LEVELS = {"auto: 4 levels, 61 steps": "auto", "one less: 3 levels, 29 steps": 3}
Fits = list[dict[str, float]]
"""What is measured of a net, seed by seed."""


@dataclass(frozen=True)
class Forecast:
    """Windows that share rows, and by how much one of the series changes after each of them.

    `day_before` is the change that repeats that of the day before, if the steps are hours.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    n_train: int
    n_before_test: int
    day_before: np.ndarray | None = None


def main(size: str) -> None:
    """Write a table of both ways of training, task by task, and one of both nets."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    seeds = range(1 if quick else 10)
    fixed = {"max_epochs": 1 if quick else 200}
    cache = Cache(None if quick else CACHE / "stretches.jsonl")
    tasks = list(nyse()) if quick else [*nyse(), etth1(61)]
    rows, told = [], []
    for task in tqdm(tasks, disable=None):
        ways = {"stretches": task.X, "windows": np.ascontiguousarray(task.X)}
        fits = [measured(cache, task, way, X, seeds, **fixed) for way, X in ways.items()]
        rows.append([task.name, *simple(task), *scores(fits), ratio(fits, "seconds an epoch")])
        told.append(verdict(task, fits))
    header = ["task", "no change", "day before", *ways, "difference", "seconds an epoch, ratio"]
    sections = [" ".join(told), markdown(header, rows)]
    if not quick:
        sections += ["## One level less", *fewer_levels(cache, seeds, **fixed)]
    write(
        folder(size) / "stretches.md",
        f"# {(__doc__ or '').splitlines()[0]}",
        (__doc__ or "").partition("\n\n")[2].strip(),
        f"R2 of the change on the test rows, mean and deviation over {len(seeds)} seeds; that of "
        "no change, and of the change of the day before, stand beside it. ± of a difference is "
        "its standard error over seeds. Seconds are those of the processor.",
        *sections,
        environment(),
    )


def fewer_levels(cache: Cache, seeds: range, **fixed: Any) -> list[str]:
    """Return a verdict on nets that see more, and fewer, steps than a window has, and a table."""
    task = etth1(48)
    fits = [
        measured(cache, task, f"{n} levels", task.X, seeds, num_levels=n, **fixed)
        for n in LEVELS.values()
    ]
    header = ["net", "R2", "seconds of fit", "epochs", "seconds an epoch", "seconds to predict"]
    forms = {"seconds": ".1f", "epochs": ".0f", "seconds an epoch": ".2f", "to predict": ".3f"}
    rows = [
        [name, score, *(f"{column(fit, what).mean():{form}}" for what, form in forms.items())]
        for name, score, fit in zip(LEVELS, scores(fits), fits, strict=False)
    ]
    gap = scores(fits[::-1])[2]
    said = (
        f"{task.name}, from 48 hours: one level less changes R2 by {gap}, and takes "
        f"{ratio(fits[::-1], 'seconds')} of the seconds of a fit and "
        f"{ratio(fits[::-1], 'to predict')} of those of a prediction (no change has "
        f"{simple(task)[0]}, the day before {simple(task)[1]})."
    )
    return [said, markdown(header, rows)]


def measured(
    cache: Cache, task: Forecast, how: str, X: np.ndarray, seeds: range, **parameters: Any
) -> Fits:
    """Return test R2 and seconds of a net, for each seed."""
    past, future = slice(task.n_train), slice(task.n_before_test, None)
    fits = []
    for seed in seeds:
        key = f"{task.name}, {X.shape[1]} steps, {how}, {seed}"
        if key not in cache:
            begin = time.process_time()
            net = TCNRegressor(random_state=seed, **parameters).fit(X[past], task.y[past])
            end = time.process_time()
            score = net.score(X[future], task.y[future])
            fit = {"R2": score, "seconds": end - begin, "to predict": time.process_time() - end}
            fit |= {"epochs": net.n_iter_, "seconds an epoch": (end - begin) / net.n_iter_}
            cache[key] = fit
        fits.append(cache[key])
    return fits


def column(fits: Fits, what: str) -> np.ndarray:
    """Return one of the measures of all seeds."""
    return np.array([fit[what] for fit in fits])


def difference(fits: Sequence[Fits]) -> tuple[float, float]:
    """Return by how much the first R2 exceeds the second, and its standard error over seeds."""
    gap = column(fits[0], "R2") - column(fits[1], "R2")
    return gap.mean(), gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else 0.0


def scores(fits: Sequence[Fits]) -> list[str]:
    """Return R2 of both, and the difference."""
    each = [column(of_one, "R2") for of_one in fits]
    gap, error = difference(fits)
    return [*(f"{r2.mean():.4f} ± {r2.std():.4f}" for r2 in each), f"{gap:+.4f} ± {error:.4f}"]


def ratio(fits: Sequence[Fits], what: str) -> str:
    """Return the median ratio of the seconds of the first to those of the second."""
    return f"{np.median(column(fits[0], what) / column(fits[1], what)):.2f}"


def simple(task: Forecast) -> list[str]:
    """Return R2 of no change, and of the change of the day before."""
    changes = task.y[task.n_before_test :]
    said = [np.zeros_like(changes)]
    if task.day_before is not None:
        said.append(task.day_before[task.n_before_test :])
    found = [f"{r2_score(changes, each):.4f}" for each in said]
    return [*found, ""][:2]


def verdict(task: Forecast, fits: Sequence[Fits]) -> str:
    """Say whether the two ways differ, and whether the nets know more than simple forecasts."""
    gap, error = difference(fits)
    clear = abs(gap) > 2 * error > 0
    found = f"stretches are {'better' if gap > 0 else 'worse'}" if clear else "no clear difference"
    best = max(float(each) for each in simple(task) if each)
    worst = min(column(of_one, "R2").min() for of_one in fits)
    beyond = "more" if worst > best else "not always more"
    return (
        f"{task.name}: {found} (two standard errors); every net has an R2 of {worst:.3f} at least, "
        f"{beyond} than the best simple forecast."
    )


def nyse() -> Iterator[Forecast]:
    """Yield log volume a day ahead."""
    data = load_nyse()
    n_train = int(data.train.sum())
    for n_lags in (13, 29):
        X, y = make_lagged(data.data.astype(np.float32), data.target, n_lags)
        first = n_train - n_lags
        yield Forecast(f"NYSE, {n_lags} days", X, y - X[:, -1, 1], first, first)


def etth1(n_lags: int) -> Forecast:
    """Return the load some hours ahead."""
    rows = fetch_ett().data[: 20 * MONTH].astype(np.float32)
    X, y = make_lagged(rows, rows[:, 0], n_lags, delay=AHEAD)
    reach = n_lags - 1 + AHEAD
    parts = 12 * MONTH - reach, 16 * MONTH - reach
    now, day_before = X[:, -1, 0], X[:, -1 - 24 + AHEAD, 0]
    return Forecast(f"ETTh1, {AHEAD} h ahead", X, y - now, *parts, day_before - now)
