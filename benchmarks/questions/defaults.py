"""Learning rate, schedule, patience and normalisation, on problems that are no test elsewhere."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain, product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from statsmodels.datasets import sunspots
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.question import Measurement, load
from sklearn_rnn import make_lagged
from sklearn_rnn.datasets import fetch_climate, fetch_ett, fetch_ucr, load_nyse

DEFAULTS = "defaults"
CHANGES: dict[str, dict[str, Any]] = {
    DEFAULTS: {},
    **{f"rate {rate:g}": {"learning_rate": rate} for rate in (0.001, 0.005, 0.01)},
    **{how: {"lr_schedule": how} for how in ("plateau", "cosine", "onecycle")},
    "0.005, onecycle": {"learning_rate": 0.005, "lr_schedule": "onecycle"},
    "patience 10": {"patience": 10},
}
OF_SERIES: dict[str, dict[str, Any]] = {how: {"standardize": how} for how in ("last", "window")}
COLUMNS = ["problem", "family", "setting", "score"]
FORECASTERS = ("DenseRegressor", "LSTMRegressor", "GRURegressor")
LABELLERS = ("GRUClassifier", "CNNClassifier")
Split = tuple[Any, Any, Any, Any]
"""X and y for training, and for the score."""
Problem = tuple[Callable[[], list[Split]], tuple[str, ...], int | None]
"""Parts of the data, families, and the channel of the target, if it is one of a series."""


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


def transformer(name: str) -> list[Split]:
    """Oil temperature, 1500 hours and the 500 that follow."""
    data = fetch_ett(name, as_frame=True, download_if_missing=False).data[:2000]
    return series(*make_lagged(data, data["OT"], 24), 1500)


def spots() -> list[Split]:
    """Sunspots of a year, 200 years and the 109 that follow."""
    data = sunspots.load_pandas().data[["SUNACTIVITY"]]
    return series(*make_lagged(data, data["SUNACTIVITY"], 11), 200)


def sums() -> list[Split]:
    """The sum of the two values that are marked, of 20."""
    rng = np.random.default_rng(0)
    values, marks = rng.uniform(size=(1500, 20)), np.zeros((1500, 20))
    for row in marks:
        row[rng.choice(20, size=2, replace=False)] = 1
    return series(np.stack([values, marks], axis=2), (values * marks).sum(axis=1), 1000)


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


PROBLEMS: dict[str, Problem] = {
    "NYSE to 1979": (nyse, FORECASTERS, 0),
    "Oxford, first half": (oxford, FORECASTERS, 0),
    "ETTh1, 2000 hours": (partial(transformer, "ETTh1"), FORECASTERS, 6),
    "ETTh2, 2000 hours": (partial(transformer, "ETTh2"), FORECASTERS, 6),
    "sunspots": (spots, FORECASTERS, 0),
    "sums of 2 of 20": (sums, FORECASTERS, None),
    **{
        f"{name}, training part": (partial(labelled, name), LABELLERS, None)
        for name in ("JapaneseVowels", "BasicMotions", "ECG200")
    },
}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score every setting with every family on every problem: the mean over its parts and seeds."""
    quick = size == "quick"
    n_seeds = {"quick": 1, "usual": 1, "full": 5}[size]
    cache = Cache(None if quick else CACHE / "defaults.jsonl")

    def run(name: str) -> list[list[Any]]:
        (make, families, channel), lines = PROBLEMS[name], []
        splits, settings = make(), dict(CHANGES)
        if channel is not None:
            of_channel = {"target_channel": channel}
            settings |= {how: change | of_channel for how, change in OF_SERIES.items()}
        pairs = list(product(families[: 1 if quick else None], settings.items()))
        for family, (told, change) in tqdm(pairs[:: 5 if quick else 1], desc=name, disable=None):
            scores = []
            for seed in range(n_seeds):
                key = f"{name}, {family}, {told}, {seed}"
                if key not in cache:
                    net = getattr(rnn, family)(**change, random_state=seed)
                    cache[key] = float(np.mean([net.fit(*s[:2]).score(*s[2:]) for s in splits]))
                scores.append(cache[key])
            lines.append([name, family, told, np.mean(scores)])
        return lines

    names = list(PROBLEMS)[: 1 if quick else None]
    found, absent = load({name: partial(run, name) for name in names})
    kept = {"absent": absent, "n_seeds": n_seeds}
    return pd.DataFrame(chain(*found), columns=COLUMNS), kept


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return scores and regrets, and how sure it is that a setting beats the defaults."""
    settings = list(dict.fromkeys(table["setting"]))
    scores = table.set_index(["problem", "family", "setting"])["score"].unstack()[settings]
    order = table[["problem", "family"]].drop_duplicates().to_numpy().tolist()
    regret = scores.rsub(scores.max(axis=1), axis=0)
    by_problem = regret.groupby("problem").mean()
    rows = by_problem.T.to_dict("series") | {"mean over problems": by_problem.mean()}
    rows |= {"median over problems and families": regret.median()}
    gains = {name: judgement(by_problem, name) for name in settings if name != DEFAULTS}
    net = rnn.LSTMRegressor()
    return {
        "regrets": {name: [told(v, ".3f") for v in of] for name, of in rows.items()},
        "scores": [[*of, *(told(v, ".4f") for v in scores.loc[tuple(of)])] for of in order],
        **{"problems": list(dict.fromkeys(table["problem"])), "settings": settings},
        "gains": gains,
        "better": [name for name, of in gains.items() if of["mean"] > 2 * of["error"]],
        "of_defaults": f"a learning rate of {net.learning_rate:g}, {net.lr_schedule}, "
        f"with a patience of {net.patience}",
    }


def told(value: float, form: str) -> str:
    return "" if np.isnan(value) else f"{value:{form}}"


def judgement(by_problem: pd.DataFrame, setting: str) -> Mapping[str, float]:
    """Return by how much the regret of a setting is below that of the defaults, over problems."""
    gains = (by_problem[DEFAULTS] - by_problem[setting]).dropna()
    error = gains.sem() if len(gains) > 1 else np.inf
    counts = {"n_less": int((gains > 0).sum()), "n": len(gains)}
    return {"mean": gains.mean(), "error": error, **counts}


QUESTION = Measurement(measure, facts)
