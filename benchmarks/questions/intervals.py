"""Whether intervals of nets and of an autoregression contain as many targets as they promise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.models import of_lags
from benchmarks.question import Measurement, load
from benchmarks.report.tables import markdown, plus_minus
from sklearn_rnn import datasets
from sklearn_rnn.model_selection import interval_coverage, interval_score

LEVEL = 0.9
N_LAGS = {"NYSE": 5, "ETTh1": 24}
TRAINING: dict[str, Any] = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 20}
HOURS = 8640  # of ETTh1 to fit; as many follow
METHODS = {"split": ("split", False), "split, online": ("split", True), "aci": ("aci", True)}
FIRST = "NYSE log_volume"
FORMS = {"coverage": ".3f", "width": ".3f", "score": ".3f", "infinite": ".0f"}


def nyse(column: str) -> tuple[pd.DataFrame, pd.Series, int]:
    """Return the series, the target and the number of rows before 1980."""
    data = datasets.load_nyse(as_frame=True).data
    return data, data[column], int((data.index < "1980").sum())


def etth1(column: str, **fetching: Any) -> tuple[pd.DataFrame, pd.Series, int]:
    """Return the series, the target and the number of rows to fit."""
    data = datasets.fetch_ett(as_frame=True, **fetching).data[: 2 * HOURS]
    return data, data[column], HOURS


def series(quick: bool) -> dict[str, Callable[[], Any]]:
    """Return by name what loads each of the ten series; the first is that of the models table."""
    fetching = {"download_if_missing": not quick}
    named = {f"NYSE {c}": partial(nyse, c) for c in ("log_volume", "DJ_return", "log_volatility")}
    channels = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    return named | {f"ETTh1 {c}": partial(etth1, c, **fetching) for c in channels}


def models(name: str, quick: bool) -> dict[str, Any]:
    """Return the models of a series by name, without a random state."""
    n_lags = N_LAGS[name.split()[0]]
    training = TRAINING | ({"max_epochs": 2} if quick else {})
    return {
        f"AR({n_lags})": rnn.make_ar(n_lags),
        "LSTM": of_lags(rnn.LSTMRegressor(**training), n_lags),
        "linear + dense": of_lags(rnn.DenseRegressor(linear_skip=True, **training), n_lags),
    }


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return coverage, width and score by series, model, seed and method."""
    quick, rows = size == "quick", []
    makers = dict(list(series(quick).items())[: 1 if quick else None])
    loaded, absent = load(makers)
    names = [name for name in makers if name not in absent]
    for name, (data, target, n_fit) in tqdm(list(zip(names, loaded, strict=True))):
        fit, rest = (data[:n_fit], target[:n_fit]), (data[n_fit:], target[n_fit:])
        for model, estimator in models(name, quick).items():
            for seed in [0] if quick or model.startswith("AR") else range(3):
                fitted = fitted_on_earlier(estimator, seed, fit)
                for method, (how, online) in METHODS.items():
                    wrapped = rnn.IntervalRegressor(fitted, level=LEVEL, method=how).fit(*fit)
                    of_rows = wrapped.predict_interval_online(*rest) if online else None
                    intervals = wrapped.predict_interval(rest[0]) if of_rows is None else of_rows
                    rows.append([name, model, seed, method, *quality(rest[1], intervals)])
    header = ["series", "model", "seed", "method", "rows", "coverage", "width", "score", "infinite"]
    return pd.DataFrame(rows, columns=header), {"absent": absent, "level": LEVEL}


def fitted_on_earlier(estimator: Any, seed: int, fit: tuple[Any, Any]) -> FrozenEstimator:
    """Return a model that is fitted to the rows before those that calibrate, for all methods."""
    parameters = [name for name in estimator.get_params() if name.endswith("random_state")]
    seeded = clone(estimator).set_params(**dict.fromkeys(parameters, seed))
    return FrozenEstimator(rnn.IntervalRegressor(seeded, level=LEVEL).fit(*fit).estimator_)


def quality(target: pd.Series, intervals: np.ndarray) -> list[float]:
    """Return rows, coverage, mean width and score of finite intervals, and infinite ones."""
    finite = np.isfinite(intervals).all(axis=1)
    kept = target.to_numpy()[finite], intervals[finite]
    width, score = np.ptp(kept[1], axis=1).mean(), interval_score(*kept, level=LEVEL)
    n_infinite = int((~finite).sum())
    return [len(target), interval_coverage(target, intervals), width, score, n_infinite]


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of_volume = [
        [model, method, *(plus_minus(of[name], form) for name, form in FORMS.items())]
        for (model, method), of in table[table["series"] == FIRST].groupby(
            ["model", "method"], sort=False
        )
    ]
    table = table.assign(model=table["model"].str.partition("(")[0])  # AR, of any number of lags
    aci = table[table["method"] == "aci"]
    error = np.sqrt(LEVEL * (1 - LEVEL) / aci["rows"])
    within = aci.assign(within=(aci["coverage"] - LEVEL).abs() <= 2 * error)
    n_within = within.groupby(["model", "series"])["within"].all().groupby("model").sum()
    means = table.groupby(["series", "model", "method"], sort=False)[["coverage", "score"]].mean()
    score, coverage = means["score"].unstack(), means["coverage"].map("{:.3f}".format)
    names, kinds = table["series"].unique(), table["model"].unique()
    pairs = list(product(kinds, METHODS))
    of_all = [[name, *(coverage[(name, *pair)] for pair in pairs)] for name in names]
    return {
        "of_volume": markdown(["model", "method", *FORMS], of_volume),
        "of_all": markdown(["series", *map(", ".join, pairs)], of_all),
        "n_within": n_within,
        "better": (score["aci"] <= score["split"]).groupby("model").sum(),
        "infinite": f"{aci['infinite'].sum():,} of {aci['rows'].sum():,}",
        "n_series": len(names),
        "n_seeds": table["seed"].nunique(),
        "volume": {kind: coverage[FIRST, kind] for kind in kinds},
        "kinds": kinds,
    }


QUESTION = Measurement(measure, facts)
