"""How fast is a fit? Ratios to a bare torch loop, run in turn.

Workloads from 5 steps of 3 channels to 120 steps of 14 and 500 tokens, and one of a million rows;
the fixed cost of a fit, of a prediction and of the import; where the time of a fit goes; a grid
search, against the same over skorch's own estimator; and how the cost grows. Every ratio is the
median over rounds in which the competitors take turns, so that a slow minute of the machine hits
all of them. Peers take part if they are installed (``pip install -e ".[bench-peers]"``), in
processes of their own.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetRegressor
from tqdm import tqdm

from benchmarks._peers import PEERS, RECURRENT, Peer, running
from benchmarks._report import folder
from benchmarks._speed_report import SHARE, WRITTEN_OUT, write
from benchmarks._where_time_goes import shares
from benchmarks._workloads import WORKLOADS, BareLoop, Workload

Tasks = dict[str, Callable[[], object]]
GRID = {"hidden_size": [4, 8, 12], "learning_rate": [1e-3, 2e-3, 4e-3, 8e-3]}


def main(size: str) -> None:
    """Write tables of ratios and a picture of those of training and prediction."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    rounds = 2 if quick else 5
    names = ["W1", "W2", "W5 windows of a series"] if quick else list(WORKLOADS)
    with running({} if quick else PEERS) as peers:
        rows = [row for name in names for row in ratios(name, peers, rounds, quick)]
    rows += fixed_costs(rounds if quick else 30) + ([] if quick else imports())
    rows += [row for name in RECURRENT for row in where_time_goes(name, quick)]
    rows += grid_search(quick)
    rows += growth(rounds, quick)
    write(folder(size), pd.DataFrame(rows), rounds)


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def in_turn(tasks: Tasks, rounds: int) -> dict[str, np.ndarray]:
    """Run the tasks in turn, and return the seconds of each round after those of a warm-up."""
    taken = {name: np.empty(1 + rounds) for name in tasks}
    for i in range(1 + rounds):
        for name, task in tasks.items():
            taken[name][i] = seconds(task)
    return taken


def against(
    measure: str, workload: str, taken: dict[str, np.ndarray], reference: str = "bare torch"
) -> list[dict[str, object]]:
    """Return a row of ratios to the reference for each competitor."""
    rows: list[dict[str, object]] = []
    for name, (first, *times) in taken.items():
        ratio = np.divide(times, taken[reference][1:])
        rows.append(
            {
                "measure": measure,
                "workload": workload,
                "competitor": name,
                "ratio": np.median(ratio),
                "least": ratio.min(),
                "most": ratio.max(),
                "seconds": np.median(times),
                "warm_up_seconds": first,
            }
        )
    return rows


def skorch_net(workload: Workload) -> NeuralNetRegressor:
    """Return skorch's estimator as it comes, but for its validation split."""
    return NeuralNetRegressor(
        workload.module,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=workload.batch,
        max_epochs=workload.epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def ratios(name: str, peers: dict[str, Peer], rounds: int, quick: bool) -> list[dict[str, object]]:
    """Compare training and prediction on a workload."""
    workload = WORKLOADS[name]
    if quick:
        workload = replace(workload, used=512, epochs=1)
    train, predict = local_tasks(name, workload)
    for label, peer in peers.items():
        if name in PEERS[label].workloads:
            peer.prepare(workload)
            train[label], predict[label] = peer.train, peer.predict
    print(f"{name}: {workload}")
    return against("train", name, in_turn(train, rounds)) + against(
        "predict", name, in_turn(predict, rounds)
    )


def local_tasks(name: str, workload: Workload) -> tuple[Tasks, Tasks]:
    """Return how the competitors in this process train, and how they predict."""
    X, y = workload.data()
    bare = BareLoop(workload)
    ours = workload.estimator()
    train = {"bare torch": bare.train, "sklearn_rnn": lambda: ours.fit(X, y)}
    predict = {"bare torch": bare.predict, "sklearn_rnn": lambda: ours.predict(X)}
    if workload.of_series:
        copies, ours_of_copies = np.ascontiguousarray(X), workload.estimator()
        train[WRITTEN_OUT] = lambda: ours_of_copies.fit(copies, y)
        predict[WRITTEN_OUT] = lambda: ours_of_copies.predict(copies)
    elif name != "1M":  # skorch fetches sample by sample: minutes for a million
        theirs = skorch_net(workload)
        train["skorch"] = lambda: theirs.fit(X, y[:, None])
        predict["skorch"] = lambda: theirs.predict(X)
    return train, predict


def fixed_costs(rounds: int) -> list[dict[str, object]]:
    """Measure a fit of one batch and a prediction of one row."""
    small = replace(WORKLOADS["W1"], used=64, epochs=1)
    X, y = small.data()
    model = small.estimator().fit(X, y)
    fits = {"bare torch": lambda: BareLoop(small).train(), "sklearn_rnn": lambda: model.fit(X, y)}
    bare = BareLoop(replace(small, used=1))
    rows = {"bare torch": bare.predict, "sklearn_rnn": lambda: model.predict(X[:1])}
    return [
        *against("fit of 64 rows, 1 epoch", "W1", in_turn(fits, rounds)),
        *against("predict 1 row", "W1", in_turn(rows, rounds)),
    ]


def imports() -> list[dict[str, object]]:
    """Measure the import, in new interpreters."""
    tasks: Tasks = {
        "bare torch": lambda: python("import torch, sklearn.base, pandas, skorch"),
        "sklearn_rnn": lambda: python("import sklearn_rnn"),
    }
    measure = "import (reference: torch, sklearn, pandas, skorch)"
    return against(measure, "", in_turn(tasks, 5))


def python(code: str) -> None:
    """Run code in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)


def where_time_goes(name: str, quick: bool) -> list[dict[str, object]]:
    """Take a fit to a workload apart."""
    workload = replace(WORKLOADS[name], used=512) if quick else WORKLOADS[name]
    return [
        {"measure": SHARE, "workload": name, "competitor": part, "ratio": share}
        for part, share in shares(workload).items()
    ]


def grid_search(quick: bool) -> list[dict[str, object]]:
    """Search 12 candidates in 5 folds of 10 epochs on W1, ours and skorch's, on 1 and 2 cores."""
    workload = replace(WORKLOADS["W1"], epochs=1 if quick else 10, used=100 if quick else 4281)
    X, y = workload.data()
    theirs = skorch_net(workload)
    theirs_grid = {"lr": GRID["learning_rate"], "batch_size": [48, 64, 96]}
    rows = []
    for n_jobs in (1,) if quick else (1, 2):  # workers take seconds to start
        options = {"cv": 5, "n_jobs": n_jobs, "refit": False, "scoring": "neg_mean_squared_error"}
        searches = {
            "skorch": GridSearchCV(theirs, theirs_grid, **options),
            "sklearn_rnn": GridSearchCV(workload.estimator(), GRID, **options),
        }
        targets = {"skorch": y[:, None], "sklearn_rnn": y}
        tasks = {
            name: (lambda s=search, t=targets[name]: s.fit(X, t))
            for name, search in searches.items()
        }
        taken = in_turn(tasks, 1)
        rows += against(f"grid search, n_jobs={n_jobs}", "W1", taken, reference="skorch")
    return rows


def growth(rounds: int, quick: bool) -> list[dict[str, object]]:
    """Double each size four times and report the slope of log(seconds) on log(size)."""
    base = Workload("lstm", 2000, 16, 8, 32, 64, used=100 if quick else 2000)
    fields = {"samples": "used", "steps": "n_steps", "channels": "n_channels", "hidden": "hidden"}
    rows: list[dict[str, object]] = []
    for label, field in tqdm(fields.items(), desc="growth", leave=False):
        sizes = [getattr(base, field) * 2**i for i in range(5)]
        times = [median_fit(replace(base, **{field: value}), rounds) for value in sizes]
        rows.append(
            {
                "measure": f"growth with {label}, {sizes[0]} to {sizes[-1]}: slope",
                "workload": base.kind,
                "competitor": "sklearn_rnn",
                "ratio": np.polyfit(np.log(sizes), np.log(times), 1)[0],
                "seconds": times[-1],
            }
        )
    return rows


def median_fit(workload: Workload, rounds: int) -> float:
    """Return the median seconds of a fit."""
    X, y = workload.data()
    model = workload.estimator()
    return float(np.median(in_turn({"ours": lambda: model.fit(X, y)}, rounds)["ours"][1:]))
