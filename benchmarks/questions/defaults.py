"""Every learning rate and patience with every family, on problems that are no test elsewhere."""

import itertools
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.question import Measurement, load
from sklearn_rnn import make_lagged
from sklearn_rnn.datasets import fetch_climate, fetch_ett, fetch_ucr, load_nyse

RATES = [0.001, 0.002, 0.005, 0.01]
PATIENCES = [10, 20]
COLUMNS = ["problem", "family", "setting", "score"]
FORECASTERS = ("DenseRegressor", "LSTMRegressor", "GRURegressor", "TCNRegressor")
LABELLERS = ("LSTMClassifier", "GRUClassifier", "TCNClassifier")
Split = tuple[Any, Any, Any, Any]
"""X and y for training, and for the score."""


def nyse() -> list[Split]:
    """Log volume, the years to 1974 and the five that follow."""
    bunch = load_nyse(as_frame=True)
    n_past, n_all = int((bunch.data.index < "1975").sum()), int((bunch.data.index < "1980").sum())
    return series(*make_lagged(bunch.data[:n_all], bunch.target[:n_all], 5), n_past - 5)


def oxford() -> list[Split]:
    """Monthly temperature, the first third of the record and the sixth that follows."""
    data = fetch_climate(as_frame=True, download_if_missing=False).data["1929":]
    data = data[: len(data) // 2]
    return series(*make_lagged(data, data["tmax"], 12), 2 * len(data) // 3)


def etth1() -> list[Split]:
    """Oil temperature, 2500 hours and the 800 that follow."""
    data = fetch_ett(as_frame=True, download_if_missing=False).data[:3300]
    return series(*make_lagged(data, data["OT"], 24), 2500)


def sums() -> list[Split]:
    """The sum of the two values that are marked, of 20."""
    rng = np.random.default_rng(0)
    values, marks = rng.uniform(size=(2000, 20)), np.zeros((2000, 20))
    for row in marks:
        row[rng.choice(20, size=2, replace=False)] = 1
    return series(np.stack([values, marks], axis=2), (values * marks).sum(axis=1), 1500)


def series(X: Any, y: Any, n_past: int) -> list[Split]:
    X, y = np.asarray(X), np.ravel(y)
    return [(X[:n_past], y[:n_past], X[n_past:], y[n_past:])]


def labelled(name: str) -> list[Split]:
    """Return each half of the training part of a set, to label the other."""
    bunch = fetch_ucr(name, download_if_missing=False)
    X, y = bunch.data, np.asarray(bunch.target)

    def rows(of: np.ndarray) -> Any:
        return X[of] if isinstance(X, np.ndarray) else [X[i] for i in of]

    folds = StratifiedKFold(2, shuffle=True, random_state=0).split(y, y)
    return [(rows(train), y[train], rows(test), y[test]) for train, test in folds]


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score every setting with every family on every problem: the mean over parts and seeds."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    problems: dict[str, tuple[Callable[[], list[Split]], tuple[str, ...]]] = {
        "NYSE to 1979": (nyse, FORECASTERS[:1] if quick else FORECASTERS),
        "Oxford, first half": (oxford, FORECASTERS),
        "ETTh1, 3300 hours": (etth1, FORECASTERS),
        "JapaneseVowels, training part": (partial(labelled, "JapaneseVowels"), LABELLERS),
        "BasicMotions, training part": (partial(labelled, "BasicMotions"), LABELLERS),
        "sums of 2 of 20": (sums, FORECASTERS),
    }
    problems = dict(list(problems.items())[: 1 if quick else None])
    settings = list(itertools.product(RATES, PATIENCES))[:: 7 if quick else 1]

    def run(name: str) -> list[list[Any]]:
        make, families = problems[name]
        splits, lines = make(), []
        for family, (rate, patience) in tqdm([*itertools.product(families, settings)], desc=name):
            net = partial(getattr(rnn, family), learning_rate=rate, patience=patience)
            runs = itertools.product(range(1 if quick else 2), splits)
            scores = [net(random_state=seed).fit(*s[:2]).score(*s[2:]) for seed, s in runs]
            lines.append([name, family, f"{rate:g}, {patience}", np.mean(scores)])
        return lines

    found, absent = load({name: partial(run, name) for name in problems})
    return pd.DataFrame(itertools.chain(*found), columns=COLUMNS), {"absent": absent}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return scores and regrets, and how sure it is that the best setting beats the defaults."""
    settings = list(dict.fromkeys(table["setting"]))
    scores = table.set_index(["problem", "family", "setting"])["score"].unstack()[settings]
    order = table[["problem", "family"]].drop_duplicates().to_numpy().tolist()
    regret = -scores.sub(scores.max(axis=1), axis=0)
    by_problem = regret.groupby("problem").mean()
    rows = by_problem.T.to_dict("series") | {"mean over problems": by_problem.mean()}
    rows |= {"median over problems and families": regret.median()}
    net = rnn.LSTMRegressor()
    defaults = f"{net.learning_rate:g}, {net.patience}"
    return {
        "regrets": {name: of.tolist() for name, of in rows.items()},
        "scores": [[*of, *(f"{v:.4f}" for v in scores.loc[tuple(of)])] for of in order],
        **{"problems": list(dict.fromkeys(table["problem"])), "settings": settings},
        **{"best": by_problem.mean().idxmin(), "defaults": defaults},
        "gain": judgement(by_problem, defaults),
    }


def judgement(by_problem: pd.DataFrame, defaults: str) -> Mapping[str, float]:
    """Return by how much the regret of the best setting is below that of the defaults, if any."""
    if defaults not in by_problem or len(by_problem) < 2:
        return {}
    gains = by_problem[defaults] - by_problem[by_problem.mean().idxmin()]
    return {"mean": gains.mean(), "error": gains.sem(), "n_less": int((gains > 0).sum())}


QUESTION = Measurement(measure, facts)
