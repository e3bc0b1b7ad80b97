"""Which learning rate and patience train well without being tuned?

Every setting is tried with every family on a stated set of problems, of which no part serves as a
test in `nyse`, `ucr` or `reviews`: the first years of series, forecast in the years that follow at
once, training parts of labelled series in two folds, and sums of which the parts are marked
(Hochreiter and Schmidhuber, 1997). What counts is the regret: how much a score, R2 or accuracy, is
below that of the best setting for the same family and problem. Defaults must also let every family
pass scikit-learn's estimator checks, which a learning rate of 0.005 does not: after that many
larger steps, the rounding errors of an LSTM exceed what `check_sample_weight_equivalence` allows.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from benchmarks.report.tables import markdown
from benchmarks.report.writer import environment, folder, write_report
from sklearn_rnn import (
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    TCNClassifier,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn.datasets import fetch_climate, fetch_ett, fetch_ucr, load_nyse

RATES = [0.001, 0.002, 0.005, 0.01]
PATIENCES = [10, 20]
FORECASTERS = [DenseRegressor, LSTMRegressor, GRURegressor, TCNRegressor]
LABELLERS = [LSTMClassifier, GRUClassifier, TCNClassifier]
Split = tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class Problem:
    """Parts for training and for scores, and the families that read them."""

    name: str
    splits: list[Split]
    families: list[Any]


def main(size: str) -> None:
    """Write the regrets of all settings."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    makers = [nyse, sums] if quick else [nyse, oxford, etth1, vowels, motions, sums]
    problems, absent = [], []
    for make in makers:
        try:
            problems.append(make())
        except FileNotFoundError:
            absent.append(make.__name__)
    settings = list(itertools.product(RATES, PATIENCES))[:: 7 if quick else 1]
    runs = [(problem, family) for problem in problems for family in problem.families]
    runs = runs[:1] if quick else runs
    scores = np.array(
        [
            [score(problem, family, setting, 1 if quick else 2) for setting in settings]
            for problem, family in tqdm(runs)
        ]
    )  # (runs, settings)
    tell(size, runs, settings, scores, absent)


def score(problem: Problem, family: Any, setting: tuple[float, int], n_seeds: int) -> float:
    """Return the mean score over parts and seeds."""
    rate, patience = setting
    found = []
    for seed, (X, y, X_after, y_after) in itertools.product(range(n_seeds), problem.splits):
        net = family(learning_rate=rate, patience=patience, random_state=seed)
        found.append(net.fit(X, y).score(X_after, y_after))
    return float(np.mean(found))


def tell(
    size: str,
    runs: list[tuple[Problem, Any]],
    settings: list[tuple[float, int]],
    scores: np.ndarray[Any, np.dtype[np.float64]],
    absent: list[str],
) -> None:
    """Write the table of scores and that of regrets."""
    header = [f"{rate:g}, {patience}" for rate, patience in settings]
    rows = [
        [problem.name, family.__name__, *(f"{value:.4f}" for value in line)]
        for (problem, family), line in zip(runs, scores, strict=True)
    ]
    regret = scores.max(axis=1, keepdims=True) - scores
    names = list(dict.fromkeys(problem.name for problem, _ in runs))
    problem_of = np.array([problem.name for problem, _ in runs])
    by_problem = np.array([regret[problem_of == name].mean(axis=0) for name in names])
    summary = [
        [name, *(f"{value:.3f}" for value in line)]
        for name, line in [
            *zip(names, by_problem, strict=True),
            ("mean over problems", by_problem.mean(axis=0)),
            ("median over problems and families", np.median(regret, axis=0)),
        ]
    ]
    told = judgement(by_problem, settings)
    best = header[int(by_problem.mean(axis=0).argmin())]
    body = [
        f"Columns: learning_rate, patience. Without data: {', '.join(absent) or 'none'}.",
        "Regret, the mean over families:",
        markdown(["", *header], summary),
        "Scores:",
        markdown(["problem", "family", *header], rows),
        environment(),
    ]
    answer = " ".join(told) or f"The least regret is that of {best} (learning_rate, patience)."
    write_report(folder(size) / "defaults.md", __doc__ or "", answer, body)


def judgement(
    by_problem: np.ndarray[Any, np.dtype[np.float64]], settings: list[tuple[float, int]]
) -> list[str]:
    """Say how sure it is that the best setting is better than the defaults."""
    net = LSTMRegressor()
    defaults = (net.learning_rate, net.patience)
    best = settings[int(by_problem.mean(axis=0).argmin())]
    if defaults not in settings or best == defaults or len(by_problem) < 2:
        return []
    gains = by_problem[:, settings.index(defaults)] - by_problem[:, settings.index(best)]
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return [
        f"The least regret, {best[0]:g} with a patience of {best[1]}, is {gains.mean():.3f} ± "
        f"{error:.3f} (one standard error over problems) below that of the defaults, "
        f"{defaults[0]:g} with {defaults[1]}; it is less in {(gains > 0).sum()} of {len(gains)} "
        "problems."
    ]


def nyse() -> Problem:
    """Log volume, the years to 1974 and the five that follow."""
    bunch = load_nyse(as_frame=True)
    n_past, n_all = int((bunch.data.index < "1975").sum()), int((bunch.data.index < "1980").sum())
    X, y = make_lagged(bunch.data[:n_all], bunch.target[:n_all], 5)
    return series("NYSE to 1979", np.asarray(X), np.ravel(y), n_past - 5)


def oxford() -> Problem:
    """Monthly temperature, the first third of the record and the sixth that follows."""
    data = fetch_climate(as_frame=True, download_if_missing=False).data["1929":]
    data = data[: len(data) // 2]
    X, y = make_lagged(data, data["tmax"], 12)
    return series("Oxford, first half", np.asarray(X), np.ravel(y), 2 * len(data) // 3)


def etth1() -> Problem:
    """Oil temperature, 2500 hours and the 800 that follow."""
    data = fetch_ett(as_frame=True, download_if_missing=False).data[:3300]
    X, y = make_lagged(data, data["OT"], 24)
    return series("ETTh1, 3300 hours", np.asarray(X), np.ravel(y), 2500)


def series(name: str, X: Any, y: Any, n_past: int) -> Problem:
    """Return the problem to forecast what follows the first rows."""
    split = (X[:n_past], y[:n_past], X[n_past:], y[n_past:])
    return Problem(name, [split], FORECASTERS)


def vowels() -> Problem:
    """Speakers of vowels, of different length: the training part."""
    return labelled("JapaneseVowels", fetch_ucr)


def motions() -> Problem:
    """Activities of a person: the training part."""
    return labelled("BasicMotions", fetch_ucr)


def labelled(name: str, fetch: Callable[..., Any]) -> Problem:
    """Return the problem to label each half of the training part after the other."""
    bunch = fetch(name, download_if_missing=False)
    X, y = bunch.data, np.asarray(bunch.target)
    splits = []
    for train, test in StratifiedKFold(2, shuffle=True, random_state=0).split(y, y):
        parts = [
            X[rows] if isinstance(X, np.ndarray) else [X[i] for i in rows] for rows in (train, test)
        ]
        splits.append((parts[0], y[train], parts[1], y[test]))
    return Problem(f"{name}, training part", splits, LABELLERS)


def sums() -> Problem:
    """The sum of the two values that are marked, of 20."""
    rng = np.random.default_rng(0)
    values, marks = rng.uniform(size=(2000, 20)), np.zeros((2000, 20))
    for row in marks:
        row[rng.choice(20, size=2, replace=False)] = 1
    X = np.stack([values, marks], axis=2)
    return series("sums of 2 of 20", X, (values * marks).sum(axis=1), 1500)
