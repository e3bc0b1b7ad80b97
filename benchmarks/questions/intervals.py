"""Whether intervals of nets and of an autoregression contain as many targets as they promise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.models import of_lags
from benchmarks.question import Measurement, load
from benchmarks.report.tables import markdown
from sklearn_rnn import datasets
from sklearn_rnn.model_selection import interval_coverage, interval_score

LEVEL = 0.9
N_LAGS = {"NYSE": 5, "ETTh1": 24}
TRAINING: dict[str, Any] = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 20}
HOURS = 8640  # of ETTh1 to fit; as many follow
METHODS = {"split": ("split", False), "split, online": ("split", True), "aci": ("aci", True)}
FIRST = "NYSE log_volume"


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
    makers = {name: partial(_named, name, of) for name, of in series(quick).items()}
    loaded, absent = load(dict(list(makers.items())[: 1 if quick else None]))
    for name, (data, target, n_fit) in tqdm(loaded):
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


def _named(name: str, of: Callable[[], Any]) -> tuple[str, Any]:
    return name, of()


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
    of_seeds = table.groupby(["series", "model", "method"], sort=False)
    mean, spread = (
        of_seeds[["coverage", "width", "score", "infinite"]].agg(of) for of in ("mean", "std")
    )
    of_volume = [
        [model, method, *(_cell(mean, spread, (FIRST, model, method), c) for c in mean.columns)]
        for name, model, method in mean.index
        if name == FIRST
    ]
    aci = table[table["method"] == "aci"]
    error = np.sqrt(LEVEL * (1 - LEVEL) / aci["rows"])
    within = (aci["coverage"] - LEVEL).abs() <= 2 * error
    names, kinds = table["series"].unique(), ["AR", "LSTM", "linear + dense"]
    of_all = [
        [name, *(_coverages(table, name, kind, method) for kind in kinds for method in METHODS)]
        for name in names
    ]
    n_within = {kind: int(_by_kind(within, aci, kind).sum()) for kind in kinds}
    better = {
        kind: int((_scores(mean, kind, "aci") <= _scores(mean, kind, "split")).sum())
        for kind in kinds
    }
    return {
        "of_volume": markdown(
            ["model", "method", "coverage", "width", "score", "infinite"], of_volume
        ),
        "of_all": markdown(["series", *(f"{k}, {m}" for k in kinds for m in METHODS)], of_all),
        "n_within": n_within,
        "better": better,
        "infinite": f"{int(aci['infinite'].sum()):,} of {int(aci['rows'].sum()):,}",
        "n_series": len(names),
        "n_seeds": int(table["seed"].nunique()),
        "volume": {k: {m: _coverages(table, FIRST, k, m) for m in METHODS} for k in kinds},
        "kinds": kinds,
    }


def _cell(mean: pd.DataFrame, spread: pd.DataFrame, key: Any, column: str) -> str:
    digits = 0 if column == "infinite" else 3
    value, deviation = mean.loc[key, column], spread.loc[key, column]
    return f"{value:.{digits}f}" + ("" if np.isnan(deviation) else f" +- {deviation:.{digits}f}")


def _of_kind(names: pd.Series, kind: str) -> pd.Series:
    return names.str.startswith("AR(") if kind == "AR" else names == kind


def _coverages(table: pd.DataFrame, name: str, kind: str, method: str) -> str:
    chosen = (table["series"] == name) & (table["method"] == method)
    return f"{table[chosen & _of_kind(table['model'], kind)]['coverage'].mean():.3f}"


def _by_kind(within: pd.Series, aci: pd.DataFrame, kind: str) -> pd.Series:
    """Return for each series whether all seeds are within."""
    chosen = _of_kind(aci["model"], kind)
    return within[chosen].groupby(aci[chosen]["series"], sort=False).all()


def _scores(mean: pd.DataFrame, kind: str, method: str) -> np.ndarray:
    flat = mean.reset_index()
    return flat[_of_kind(flat["model"], kind) & (flat["method"] == method)]["score"].to_numpy()


QUESTION = Measurement(measure, facts)
