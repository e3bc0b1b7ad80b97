"""How fast is a fit? Ratios to a bare torch loop, run in turn in the same process.

Workloads from 5 steps of 3 channels to 120 steps of 14 and 500 tokens, and one of a million rows;
the fixed cost of a fit, of a prediction and of the import; a grid search, against the same over
skorch's own estimator; and how the cost grows. Every ratio is the median over rounds in which
the competitors take turns, so that a slow minute of the machine hits all of them.
"""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetRegressor
from tqdm import tqdm

from benchmarks._report import environment, folder, markdown, write
from benchmarks._workloads import WORKLOADS, BareLoop, Workload

matplotlib.use("Agg")
import matplotlib.pyplot as plt

GRID = {"hidden_size": [4, 8, 12], "learning_rate": [1e-3, 2e-3, 4e-3, 8e-3]}


def main(size: str) -> None:
    """Write a table of ratios and a picture of those of training and prediction."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    quick = size == "quick"
    rounds = 2 if quick else 5
    names = ["W1", "W2"] if quick else list(WORKLOADS)
    rows = [row for name in names for row in ratios(name, rounds, quick)]
    rows += fixed_costs(rounds if quick else 30)
    rows += grid_search(quick)
    rows += growth(rounds, quick)
    table = pd.DataFrame(rows)
    to = folder(size)
    table.to_csv(to / "speed.csv", index=False, float_format="%.4g")
    draw(table, to / "speed.png")
    cells = table.map(lambda value: f"{value:.3g}" if isinstance(value, float) else str(value))
    write(
        to / "speed.md",
        "# How fast is a fit?",
        "Seconds relative to a bare torch loop (median, least and most of "
        f"{rounds} rounds in turn); below 1 is faster than the loop.",
        markdown(list(cells), cells.replace("nan", "").to_numpy().tolist()),
        "![Ratios of training and prediction](speed.png)",
        environment(),
    )


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def in_turn(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Run the tasks in turn, after one warm-up each, and return the seconds of each round."""
    for task in tasks.values():
        task()
    taken = {name: np.empty(rounds) for name in tasks}
    for i in range(rounds):
        for name, task in tasks.items():
            taken[name][i] = seconds(task)
    return taken


def against(
    measure: str, workload: str, taken: dict[str, np.ndarray], reference: str = "bare torch"
) -> list[dict[str, object]]:
    """Return a row of ratios to the reference for each competitor."""
    rows: list[dict[str, object]] = []
    for name, times in taken.items():
        ratio = times / taken[reference]
        rows.append(
            {
                "measure": measure,
                "workload": workload,
                "competitor": name,
                "ratio": np.median(ratio),
                "least": ratio.min(),
                "most": ratio.max(),
                "seconds": np.median(times),
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


def ratios(name: str, rounds: int, quick: bool) -> list[dict[str, object]]:
    """Compare training and prediction on a workload."""
    workload = WORKLOADS[name]
    if quick:
        workload = replace(workload, used=512, epochs=1)
    X, y = workload.data()
    bare = BareLoop(workload)
    ours = workload.estimator()
    train = {"bare torch": bare.train, "sklearn_rnn": lambda: ours.fit(X, y)}
    predict = {"bare torch": bare.predict, "sklearn_rnn": lambda: ours.predict(X)}
    if name != "1M":  # skorch fetches sample by sample: minutes for a million
        theirs = skorch_net(workload)
        train["skorch"] = lambda: theirs.fit(X, y[:, None])
        predict["skorch"] = lambda: theirs.predict(X)
    print(f"{name}: {workload}")
    return against("train", name, in_turn(train, rounds)) + against(
        "predict", name, in_turn(predict, rounds)
    )


def fixed_costs(rounds: int) -> list[dict[str, object]]:
    """Measure a fit of one batch, a prediction of one row, and the import."""
    small = replace(WORKLOADS["W1"], used=64, epochs=1)
    X, y = small.data()
    model = small.estimator().fit(X, y)
    fits = {"bare torch": lambda: BareLoop(small).train(), "sklearn_rnn": lambda: model.fit(X, y)}
    bare = BareLoop(replace(small, used=1))
    rows = {"bare torch": bare.predict, "sklearn_rnn": lambda: model.predict(X[:1])}
    imports = {
        "bare torch": lambda: python("import torch, sklearn.base, pandas, skorch"),
        "sklearn_rnn": lambda: python("import sklearn_rnn"),
    }
    return [
        *against("fit of 64 rows, 1 epoch", "W1", in_turn(fits, rounds)),
        *against("predict 1 row", "W1", in_turn(rows, rounds)),
        *against("import (reference: torch, sklearn, pandas, skorch)", "", in_turn(imports, 2)),
    ]


def python(code: str) -> None:
    """Run code in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)


def grid_search(quick: bool) -> list[dict[str, object]]:
    """Search 12 candidates in 5 folds of 10 epochs on W1, ours and skorch's, on 1 and 2 cores."""
    workload = replace(WORKLOADS["W1"], epochs=1 if quick else 10, used=500 if quick else 4281)
    X, y = workload.data()
    theirs = skorch_net(workload)
    theirs_grid = {"lr": GRID["learning_rate"], "batch_size": [48, 64, 96]}
    rows = []
    for n_jobs in (1, 2):
        searches = {
            "skorch": GridSearchCV(
                theirs,
                theirs_grid,
                cv=5,
                n_jobs=n_jobs,
                refit=False,
                scoring="neg_mean_squared_error",
            ),
            "sklearn_rnn": GridSearchCV(
                workload.estimator(),
                GRID,
                cv=5,
                n_jobs=n_jobs,
                refit=False,
                scoring="neg_mean_squared_error",
            ),
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
    return float(np.median(in_turn({"ours": lambda: model.fit(X, y)}, rounds)["ours"]))


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the ratios of training and prediction, workload by workload."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for ax, measure in zip(axes, ("train", "predict"), strict=True):
        part = table[(table["measure"] == measure) & (table["competitor"] != "bare torch")]
        wide = part.pivot(index="workload", columns="competitor", values="ratio")
        wide = wide.reindex([name for name in WORKLOADS if name in wide.index])
        wide.plot.bar(ax=ax, rot=0, logy=True, legend=ax is axes[0], xlabel="")
        ax.axhline(1, color="black", linewidth=0.8)
        ticks = [0.25, 0.5, 1, 2, 4, 8]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_title(f"{measure}: seconds relative to a bare torch loop")
    figure.savefig(path, dpi=120)
    plt.close(figure)
