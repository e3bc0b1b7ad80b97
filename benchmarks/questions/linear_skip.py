"""Does a net beside a linear model ever lose to it?

NYSE, 5 lags of the three series, years to 1979 for training and from 1980 for the test: every
network with ``linear_skip=True``, at the defaults and with a learning rate that follows one cycle,
against AR(5), the ridge regression of the same penalty on all training rows. It should not lose
more than 0.002 of R2 for any seed. That training ends half-way from the linear model to the best
epoch was decided on these years, after ends at the best epoch had lost up to 0.008: the table
shows that the rule works here, `worth_it` what it does on other data.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from tqdm import tqdm

from benchmarks.report.tables import markdown
from benchmarks.report.writer import environment, folder, write_report
from sklearn_rnn import (
    CNNLSTMRegressor,
    CNNRegressor,
    DenseRegressor,
    GRURegressor,
    LSTMRegressor,
    RNNRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn.datasets import load_nyse

ALLOWED = 0.002
ALPHA = 0.001
TRAINING = {
    "defaults": {},
    "one cycle": {"lr_schedule": "onecycle", "max_epochs": 20, "learning_rate": 0.003},
}
NETS = [
    DenseRegressor,
    RNNRegressor,
    GRURegressor,
    LSTMRegressor,
    TCNRegressor,
    CNNRegressor,
    CNNLSTMRegressor,
]


def main(size: str) -> None:
    """Write a table of the differences in test R2, net by net."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    nyse = load_nyse(as_frame=True)
    past, future = slice(0, 300 if quick else 4276), slice(4276, None)
    X, y = make_lagged(nyse.data, nyse.target, 5)
    X, y = np.asarray(X), np.ravel(y)
    flat = ((X - X[past].mean((0, 1))) / X[past].std((0, 1))).reshape(len(X), -1)
    ridge = Ridge(alpha=len(X[past]) * ALPHA).fit(flat[past], y[past])
    level = ridge.score(flat[future], y[future])
    rows, losers = [], []
    for training, net in tqdm([(training, net) for training in TRAINING for net in NETS]):
        gains, alone, shares = [], [], []
        for seed in range(1 if quick else 10):
            settings = {"random_state": seed, "alpha": ALPHA, **TRAINING[training]}
            settings |= {"max_epochs": 2} if quick else {}
            both = net(linear_skip=True, **settings).fit(X[past], y[past])
            gains.append(both.score(X[future], y[future]) - level)
            shares.append(both.linear_share_)
            plain = net(**settings).fit(X[past], y[past])
            alone.append(plain.score(X[future], y[future]) - level)
        if min(gains) < -ALLOWED:
            losers.append(f"{net.__name__} ({training})")
        scores = [np.mean(gains), min(gains), np.mean(alone), min(alone)]
        cells = [*(f"{score:+.4f}" for score in scores), f"{np.mean(shares):.2f}"]
        rows.append([net.__name__, training, *cells])
    header = ["network", "training", "mean", "least", "mean without", "least without"]
    header += ["linear share"]
    verdict = f"For some seed {' and '.join(losers)} lose" if losers else "None loses"
    write_report(
        folder(size) / "linear_skip.md",
        __doc__ or "",
        f"Test R2 less that of AR(5), {level:.4f}: mean and least of {len(gains)} seeds, with and "
        f"without the linear model beside. {verdict} more than {ALLOWED:g}.",
        [markdown(header, rows), environment()],
    )
