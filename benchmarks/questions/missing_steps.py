"""Both readings of weeks without a value, in windows of the carbon dioxide at Mauna Loa."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from statsmodels.datasets import co2
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown, plus_minus

N_LAGS = 12
READINGS = ("value", "absent")
NETS = ("RNN", "GRU", "LSTM", "TCN", "CNN")
TRAINING: dict[str, Any] = {"lr_schedule": "onecycle", "max_epochs": 40, "learning_rate": 0.005}


def rises() -> pd.DataFrame:
    """Return by how much each week of 1959 to 2001 is above that of the year before, in ppm."""
    weeks = co2.load_pandas().data["co2"].asfreq("W-SAT")
    return (weeks - weeks.shift(52)).iloc[52:].to_frame("rise")


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the R2 of both readings, on all test weeks and on those after a missing week."""
    quick, table = size == "quick", rises()
    n_seeds, nets = (1, NETS[:1]) if quick else (3, NETS)
    windows = rnn.LagTransformer(N_LAGS, fill_value="nan").fit_transform(table)
    values = table["rise"].to_numpy()
    known = np.flatnonzero(~np.isnan(values) & windows.is_complete)
    newest = np.isnan(np.asarray(windows)[known, -1, 0])
    folds, rows = list(KFold(5).split(known)), []
    for name, seed in tqdm(list(product(nets, range(n_seeds)))):
        row: list[Any] = [name, seed]
        for reading in READINGS:
            settings = TRAINING | ({"max_epochs": 2} if quick else {})
            net = getattr(rnn, f"{name}Regressor")(
                all_missing=reading, random_state=seed, **settings
            )
            predicted = np.empty(len(known))
            for train, test in folds:
                net.fit(windows[known[train]], values[known[train]])
                predicted[test] = net.predict(windows[known[test]])
            for part in (slice(None), newest):
                row.append(r2_score(values[known][part], predicted[part]))
        rows.append(row)
    header = ["network", "seed", *(f"{r} {of}" for r in READINGS for of in ("all", "newest"))]
    counts = {
        "n_seeds": n_seeds,
        "n_weeks": len(table),
        "n_missing": int(np.isnan(values).sum()),
        "n_test": len(known),
        "n_newest": int(newest.sum()),
    }
    return pd.DataFrame(rows, columns=header), counts


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of_nets = table.drop(columns="seed").groupby("network", sort=False)
    rows = [[net, *(plus_minus(of[c], ".3f") for c in of.columns[1:])] for net, of in of_nets]
    gains = {of: table[f"value {of}"] - table[f"absent {of}"] for of in ("all", "newest")}
    better = {of: int((gain > 0).sum()) for of, gain in gains.items()}
    return {
        "rows": markdown(["network", *table.columns[2:]], rows),
        "gain": {of: float(gain.mean()) for of, gain in gains.items()},
        "better": better,
        "n_pairs": len(table),
    }


QUESTION = Measurement(measure, facts)
