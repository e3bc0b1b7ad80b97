"""Seconds of tasks that take turns, and their ratios to the bare loop."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.speed.peers import BARE

Tasks = Mapping[str, Callable[[], object]]
Row = dict[str, object]
"""A line of the table of all figures."""
RATIOS = ("train", "predict")
FIT, PREDICT = "fit of 64 rows, 1 epoch", "predict 1 row"
IMPORT = "import (reference: torch, sklearn, pandas, skorch)"
SEARCH = "grid search, n_jobs={}"
SHARE = "share of the seconds of a fit"


def seconds(task: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    task()
    return clock() - start


def in_turn(
    tasks: Tasks,
    rounds: int,
    warm_ups: Tasks | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, np.ndarray]:
    """Return the seconds of each task: first those of its warm-up, then those of each round."""
    turns = [warm_ups or tasks, *[tasks] * rounds]
    taken = [[seconds(task, clock) for task in turn.values()] for turn in turns]
    return dict(zip(tasks, np.transpose(taken), strict=True))


def compare(
    measure: str, workload: str, tasks: Tasks, rounds: int, warm_ups: Tasks | None = None
) -> list[Row]:
    """Run tasks in turn, and return a row of ratios to the bare loop for each."""
    taken = in_turn(tasks, rounds, warm_ups)
    rows: list[Row] = []
    for name, (first, *times) in taken.items():
        row = row_of(measure, workload, name, times, taken[BARE][1:])
        rows.append(row | {"warm_up_seconds": first})
    return rows


def row_of(measure: str, workload: str, competitor: str, times: Any, reference: Any) -> Row:
    """Return the median of the seconds of all rounds, and of their ratios to the reference."""
    ratio = np.divide(times, reference)
    row: Row = {"measure": measure, "workload": workload, "competitor": competitor}
    row |= {"ratio": np.median(ratio), "least": ratio.min(), "most": ratio.max()}
    return row | {"seconds": np.median(times), "rounds": len(times)}
