"""How fast is a fit? Ratios to a bare torch loop, run in turn.

Workloads from 5 steps of 3 channels to 120 steps of 14 and 500 tokens, and one of a million rows;
the fixed cost of a fit, of a prediction and of the import; where the time of a fit goes; a grid
search, against the same by a bare loop and over skorch's own estimator; and how the cost grows.
Every ratio is the median over rounds in which the competitors take turns, so that a slow minute of
the machine hits all of them. Peers take part if they are installed
(``pip install -e ".[bench-peers]"``), in processes of their own; so does sklearn_rnn without its
native kernels.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

from benchmarks._grid_search import searches
from benchmarks._peers import PEERS, RECURRENT, WITHOUT_KERNELS, Peer, running
from benchmarks._report import folder
from benchmarks._speed_report import (
    BARE,
    FIT,
    IMPORT,
    OURS,
    PLAIN,
    ROW,
    SEARCH,
    SHARE,
    WRITTEN_OUT,
    tell_readme,
    write,
)
from benchmarks._where_time_goes import seconds_of_parts
from benchmarks._workloads import WORKLOADS, BareLoop, Workload

Tasks = dict[str, Callable[[], object]]
PLAIN_ON = WITHOUT_KERNELS.workloads


def main(size: str) -> None:
    """Write tables of ratios and a picture of those of training and prediction."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    rounds = 2 if quick else 5
    names = ["W1", "W2", "W5 windows of a series"] if quick else list(WORKLOADS)
    with running({PLAIN: WITHOUT_KERNELS, **({} if quick else PEERS)}) as peers:
        plain = peers.pop(PLAIN)
        rows = [row for name in names for row in ratios(name, plain, peers, rounds, quick)]
    rows += fixed_costs(rounds if quick else 100) + ([] if quick else imports())
    rows += where_time_goes(quick)
    rows += grid_search(1 if quick else 3, quick)
    rows += growth(rounds, quick)
    table = pd.DataFrame(rows)
    write(folder(size), table, rounds)
    if not quick:
        tell_readme(table)


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def in_turn(tasks: Tasks, rounds: int, warm_ups: Tasks | None = None) -> dict[str, np.ndarray]:
    """Run the tasks in turn, and return the seconds of each round after those of a warm-up."""
    taken = {name: np.empty(1 + rounds) for name in tasks}
    for i in range(1 + rounds):
        for name, task in (tasks if i else warm_ups or tasks).items():
            taken[name][i] = seconds(task)
    return taken


def against(
    measure: str, workload: str, taken: dict[str, np.ndarray], reference: str = BARE
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
                "rounds": len(times),
            }
        )
    return rows


def ratios(
    name: str, plain: Peer, peers: dict[str, Peer], rounds: int, quick: bool
) -> list[dict[str, object]]:
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
    rows = against("train", name, in_turn(train, rounds))
    rows += against("predict", name, in_turn(predict, rounds))
    return rows + (without_kernels(name, workload, plain, rounds) if name in PLAIN_ON else [])


def without_kernels(
    name: str, workload: Workload, plain: Peer, rounds: int
) -> list[dict[str, object]]:
    """Compare sklearn_rnn without its kernels with a bare loop in the same process."""
    plain.prepare(workload)
    rows: list[dict[str, object]] = []
    for measure in ("train", "predict"):
        tasks = {
            BARE: partial(plain.tell, f"{measure}_bare"),
            PLAIN: partial(plain.tell, measure),
        }
        rows += against(measure, name, in_turn(tasks, rounds))[1:]
    return rows


def local_tasks(name: str, workload: Workload) -> tuple[Tasks, Tasks]:
    """Return how the competitors in this process train, and how they predict."""
    X, y = workload.data()
    bare = BareLoop(workload)
    ours = workload.estimator()
    train: Tasks = {BARE: bare.train, OURS: lambda: ours.fit(X, y)}
    predict: Tasks = {BARE: bare.predict, OURS: lambda: ours.predict(X)}
    if workload.of_series:
        copies, ours_of_copies = np.ascontiguousarray(X), workload.estimator()
        train[WRITTEN_OUT] = lambda: ours_of_copies.fit(copies, y)
        predict[WRITTEN_OUT] = lambda: ours_of_copies.predict(copies)
    elif name != "1M":  # skorch fetches sample by sample: minutes for a million
        theirs = workload.of_skorch()
        train["skorch"] = lambda: theirs.fit(X, y[:, None])
        predict["skorch"] = lambda: theirs.predict(X)
    return train, predict


def fixed_costs(rounds: int) -> list[dict[str, object]]:
    """Measure a fit of one batch, from arrays to a trained net, and a prediction of one row."""
    small = replace(WORKLOADS["W1"], used=64, epochs=1)
    X, y = small.data()
    model, bare = small.estimator().fit(X, y), BareLoop(small)
    fits: Tasks = {BARE: lambda: BareLoop(small, (X, y)).train(), OURS: lambda: model.fit(X, y)}
    rows: Tasks = {BARE: lambda: bare.predict(X[:1]), OURS: lambda: model.predict(X[:1])}
    return [
        *against(FIT, "W1", in_turn(fits, rounds)),
        *against(ROW, "W1", in_turn(rows, rounds)),
    ]


def imports() -> list[dict[str, object]]:
    """Measure the import, in new interpreters."""
    tasks: Tasks = {
        BARE: lambda: python("import torch, sklearn.base, pandas, skorch"),
        OURS: lambda: python("import sklearn_rnn"),
    }
    return against(IMPORT, "", in_turn(tasks, 5))


def python(code: str) -> None:
    """Run code in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)


def where_time_goes(quick: bool) -> list[dict[str, object]]:
    """Take fits apart."""
    runs = {name: (WORKLOADS[name], 5) for name in (*RECURRENT, "W6")}
    runs = {"64 rows of W1": (replace(WORKLOADS["W1"], used=64, epochs=1), 200), **runs}
    rows: list[dict[str, object]] = []
    for name, (workload, n_fits) in runs.items():
        if quick:
            workload, n_fits = replace(workload, used=64), 1
        parts = seconds_of_parts(workload, n_fits)
        total = sum(parts.values())
        rows += [
            {"measure": SHARE, "workload": name, "competitor": part}
            | {"ratio": own / total, "seconds": own}
            for part, own in parts.items()
        ]
    return rows


def grid_search(rounds: int, quick: bool) -> list[dict[str, object]]:
    """Search the same candidates in folds of W1 by all three, in 1 and in 2 processes."""
    workload = replace(WORKLOADS["W1"], epochs=1 if quick else 10, used=100 if quick else 4281)
    X, y = workload.data()
    rows: list[dict[str, object]] = []
    for n_jobs in (1,) if quick else (1, 2):
        found = searches(workload, n_jobs)
        tasks: Tasks = {name: partial(search, X, y) for name, search in found.items()}
        small = replace(workload, epochs=1)  # starts the workers, which takes seconds
        warm_ups: Tasks = {
            name: partial(search, X[:100], y[:100])
            for name, search in searches(small, n_jobs).items()
        }
        rows += against(SEARCH.format(n_jobs), "W1", in_turn(tasks, rounds, warm_ups))
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
