"""Networks that read the value at a marked step, and which step attributions and attention name."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown
from sklearn_rnn.inspection import attributions

N_STEPS, N_TEST = 12, 500
LEARNED, ENOUGH = 0.99, 0.95
WAYS = ("", " with attention")
NETS = ("GRU", "LSTM", "TCN", "CNN")
TRAINING: dict[str, Any] = {"alpha": 0.0, "learning_rate": 0.005, "lr_schedule": "onecycle"}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return by network and seed how often the marked step is named."""
    quick = size == "quick"
    n_seeds, nets, n_train = (1, NETS[:1], 100) if quick else (3, NETS, 4000)
    training = TRAINING | {"max_epochs": 2 if quick else 40}
    rows = []
    for name, seed in tqdm(list(product(nets, range(n_seeds)))):
        rng = np.random.default_rng(seed)
        at = rng.integers(N_STEPS, size=n_train + N_TEST)
        values, marks = rng.normal(size=(len(at), N_STEPS)), np.arange(N_STEPS) == at[:, np.newaxis]
        X, y = np.stack([values, marks], axis=2), values[marks]
        row: list[Any] = [name, seed]
        for pooling in ("last", "attention"):
            net = getattr(rnn, f"{name}Regressor")(pooling=pooling, random_state=seed, **training)
            net.fit(X[:n_train], y[:n_train])
            sizes = np.abs(attributions(net, X[n_train:]).attributions).sum(axis=2)
            named = [sizes] + ([net.attention_weights(X[n_train:])] if pooling != "last" else [])
            hits = [float((of.argmax(axis=1) == at[n_train:]).mean()) for of in named]
            row += [net.score(X[n_train:], y[n_train:]), *hits]
        rows.append(row)
    header = ["network", "seed", "R2", "attributions"]
    header += ["R2 with attention", "attributions with attention", "attention weights"]
    return pd.DataFrame(rows, columns=header), {"n_seeds": n_seeds, "n_train": n_train}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of_nets = table.drop(columns="seed").groupby("network", sort=False)
    rows = [
        [net, *(f"{of[c].min():.3f} to {of[c].max():.3f}" for c in of.columns[1:])]
        for net, of in of_nets
    ]
    learned = [table.loc[table[f"R2{w}"] >= LEARNED, f"attributions{w}"] for w in WAYS]
    named = pd.concat(learned)
    return {
        "rows": markdown(["network", *table.columns[2:]], rows),
        "found": (named >= ENOUGH).sum(),
        "least": named.min(),
        "n_learned": len(named),
        "weights": table["attention weights"],
    }


QUESTION = Measurement(measure, facts)
