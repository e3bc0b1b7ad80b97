"""Every network on NYSE, beside a linear model and without, against the linear model alone."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.question import Measurement
from sklearn_rnn.datasets import load_nyse

ALLOWED = 0.002
ALPHA = 0.001
TRAINING: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one cycle": {"lr_schedule": "onecycle", "max_epochs": 20, "learning_rate": 0.003},
}
NETS = ("Dense", "RNN", "GRU", "LSTM", "TCN", "CNN", "CNNLSTM")
SCORES = ["mean", "least", "mean without", "least without"]
FORMS = dict.fromkeys(SCORES, "+.4f") | {"linear share": ".2f"}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    quick = size == "quick"
    nyse = load_nyse(as_frame=True)
    past, future = slice(0, 300 if quick else 4276), slice(4276, None)
    X, y = rnn.make_lagged(nyse.data, nyse.target, 5)
    X, y = np.asarray(X), np.ravel(y)
    flat = ((X - X[past].mean((0, 1))) / X[past].std((0, 1))).reshape(len(X), -1)
    ridge = Ridge(alpha=len(X[past]) * ALPHA).fit(flat[past], y[past])
    level, n_seeds, rows = ridge.score(flat[future], y[future]), 1 if quick else 10, []
    for how, name in tqdm([(how, f"{net}Regressor") for how in TRAINING for net in NETS]):
        settings = {"alpha": ALPHA, **TRAINING[how]} | ({"max_epochs": 2} if quick else {})
        gains: dict[bool, list[float]] = {True: [], False: []}
        shares = []
        for seed in range(n_seeds):
            for skip, of in gains.items():
                net = getattr(rnn, name)(linear_skip=skip, random_state=seed, **settings)
                of.append(net.fit(X[past], y[past]).score(X[future], y[future]) - level)
                shares += [net.linear_share_] if skip else []
        scores = [f(gains[skip]) for skip in (True, False) for f in (np.mean, min)]
        rows.append([name, how, *scores, np.mean(shares)])
    header = ["network", "training", *SCORES, "linear share"]
    return pd.DataFrame(rows, columns=header), {"level": level, "n_seeds": n_seeds}


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    lost = table[table["least"] < -ALLOWED]
    losers = (lost["network"] + " (" + lost["training"] + ")").tolist()
    return {"losers": losers}


QUESTION = Measurement(measure, facts)
