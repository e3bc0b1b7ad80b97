"""All that is measured, as the rows of one table."""

import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.speed import timing
from benchmarks.speed._where_time_goes import seconds_of_parts
from benchmarks.speed.beside_mlp import beside_mlp
from benchmarks.speed.first_fit import first_fits
from benchmarks.speed.grid_search import searches
from benchmarks.speed.members import members
from benchmarks.speed.options import options
from benchmarks.speed.peers import BARE, OURS, PEERS, PLAIN, RECURRENT, WITHOUT_KERNELS, WRITTEN_OUT
from benchmarks.speed.peers.bare_torch import BareLoop
from benchmarks.speed.peers.ours import Ours
from benchmarks.speed.peers.process import PeerProcess, running
from benchmarks.speed.peers.skorch import Skorch
from benchmarks.speed.timing import RATIOS, Row, compare, in_turn
from benchmarks.speed.workloads import WORKLOADS, Workload

BATCH = replace(WORKLOADS["W1"], n_samples=64, epochs=1)


def measure(*, quick: bool) -> list[Row]:
    """Return all rows; `quick` only sees that everything runs."""
    rounds = 2 if quick else 5
    names = ["W1", "W2", "W5 windows of a series"] if quick else list(WORKLOADS)
    rows: list[Row] = []
    with running({PLAIN: WITHOUT_KERNELS, **({} if quick else PEERS)}) as processes:
        for name in names:
            workload = WORKLOADS[name]
            workload = replace(workload, n_samples=512, epochs=1) if quick else workload
            print(f"{name}: {workload}")
            rows += train_and_predict(name, workload, processes, rounds)
    rows += fixed_costs(rounds if quick else 100) + ([] if quick else imports())
    rows += first_fits(BATCH, 1 if quick else 10)
    rows += where_time_goes(quick) + grid_search(1 if quick else 3, quick)
    rows += members(rounds if quick else 30, quick=quick)
    rows += options(rounds, quick=quick) + beside_mlp(rounds, quick=quick)
    return rows + growth(rounds, 100 if quick else 2000)


def train_and_predict(
    name: str, workload: Workload, processes: dict[str, PeerProcess], rounds: int
) -> list[Row]:
    """Compare training and prediction by all competitors that run a workload.

    sklearn_rnn without its kernels is compared with a bare loop in the same process.
    """
    competitors: dict[str, Any] = {BARE: BareLoop(workload), OURS: Ours(workload)}
    if workload.of_series:
        competitors[WRITTEN_OUT] = Ours(workload, copies=True)
    elif name != "1M":  # skorch fetches sample by sample: minutes for a million
        competitors["skorch"] = Skorch(workload)
    others = {label: it for label, it in processes.items() if name in it.peer.workloads}
    for process in others.values():
        process.call(workload)
    plain = others.pop(PLAIN, None)
    rows: list[Row] = []
    for method in RATIOS:
        tasks = {label: getattr(it, method) for label, it in competitors.items()}
        tasks |= {label: partial(it.call, method) for label, it in others.items()}
        rows += compare(method, name, tasks, rounds)
        if plain:
            methods = {BARE: f"bare.{method}", PLAIN: f"ours.{method}"}
            tasks = {label: partial(plain.call, it) for label, it in methods.items()}
            rows += compare(method, name, tasks, rounds)[1:]
    return rows


def fixed_costs(rounds: int) -> list[Row]:
    """Measure a fit of one batch, from arrays to a trained network, and a prediction of a row."""
    X, y = BATCH.data()
    ours, bare = BATCH.estimator().fit(X, y), BareLoop(BATCH)
    fits = {BARE: lambda: BareLoop(BATCH, (X, y)).train(), OURS: lambda: ours.fit(X, y)}
    one = {BARE: lambda: bare.predict(X[:1]), OURS: lambda: ours.predict(X[:1])}
    return compare(timing.FIT, "W1", fits, rounds) + compare(timing.PREDICT, "W1", one, rounds)


def imports() -> list[Row]:
    codes = {BARE: "import torch, sklearn.base, pandas, skorch", OURS: "import sklearn_rnn"}
    run = partial(subprocess.run, check=True)
    tasks = {name: partial(run, [sys.executable, "-c", code]) for name, code in codes.items()}
    return compare(timing.IMPORT, "", tasks, 5)


def where_time_goes(quick: bool) -> list[Row]:
    runs = {"64 rows of W1": (BATCH, 200)}
    runs |= {name: (WORKLOADS[name], 5) for name in (*RECURRENT, "W6")}
    rows: list[Row] = []
    for name, (workload, n_fits) in runs.items():
        if quick:
            workload, n_fits = replace(workload, n_samples=64), 1
        parts = seconds_of_parts(workload, n_fits)
        total = sum(parts.values())
        for part, own in parts.items():
            row: Row = {"measure": timing.SHARE, "workload": name, "competitor": part}
            rows.append(row | {"ratio": own / total, "seconds": own})
    return rows


def grid_search(rounds: int, quick: bool) -> list[Row]:
    """Search the same candidates in folds of W1 by all three, in 1 and in 2 processes."""
    workload = WORKLOADS["W1"]
    workload = replace(workload, epochs=1, n_samples=100) if quick else replace(workload, epochs=10)
    X, y = workload.data()
    rows: list[Row] = []
    for n_jobs in (1,) if quick else (1, 2):
        tasks = {name: partial(run, X, y) for name, run in searches(workload, n_jobs).items()}
        first = searches(replace(workload, epochs=1), n_jobs)  # starts the workers: seconds
        warm_ups = {name: partial(run, X[:100], y[:100]) for name, run in first.items()}
        rows += compare(timing.SEARCH.format(n_jobs), "W1", tasks, rounds, warm_ups)
    return rows


def growth(rounds: int, n_samples: int) -> list[Row]:
    """Double each size four times: the slope of log(seconds) on log(size)."""
    base = Workload("lstm", n_samples, 16, 8, 32, 64)
    fields = {"samples": "n_samples", "steps": "n_steps", "channels": "n_channels"}
    rows: list[Row] = []
    for label, field in tqdm({**fields, "hidden": "hidden"}.items(), desc="growth", leave=False):
        sizes = [getattr(base, field) * 2**i for i in range(5)]
        fits = [Ours(replace(base, **{field: size})).train for size in sizes]
        times = [np.median(in_turn({OURS: fit}, rounds)[OURS][1:]) for fit in fits]
        name = f"growth with {label}, {sizes[0]} to {sizes[-1]}: slope"
        slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
        row: Row = {"measure": name, "workload": base.kind, "competitor": OURS}
        rows.append(row | {"ratio": slope, "seconds": times[-1]})
    return rows
