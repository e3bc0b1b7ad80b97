"""The first fit of a process, and of a worker of joblib, beside the second one there.

Seconds of the processor: a fresh process imports everything, then fits a batch twice, and lets a
worker do the same.
"""

import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from benchmarks.speed.timing import Row, row_of
from benchmarks.speed.workloads import Workload

FIRST_FITS = ("first fit of a process", "first fit of a worker of joblib")


def first_fits(workload: Workload, rounds: int) -> list[Row]:
    """Return ratios of the first fit to the second, in as many processes as there are rounds."""
    code = f"from {__name__} import Workload, print_seconds; print_seconds({workload!r})"
    command = [sys.executable, "-c", code]
    done = [subprocess.run(command, check=True, capture_output=True) for _ in range(rounds)]
    taken = np.array([json.loads(it.stdout) for it in done])  # (rounds, 2 processes, 2 fits)
    rows: list[Row] = []
    for measure, (first, second) in zip(FIRST_FITS, taken.transpose(1, 2, 0), strict=True):
        for label, own in {"the second": second, "the first": first}.items():
            rows.append(row_of(measure, "W1", label, own, second))
    return rows


def print_seconds(workload: Workload) -> None:
    """Print the seconds of two fits here, and of two in a worker."""
    X, y = workload.data()
    here = two_fits(workload.estimator(), X, y)
    print(json.dumps([here, *Parallel(2)([delayed(two_fits)(workload.estimator(), X, y)])]))


def two_fits(estimator: Any, X: np.ndarray, y: np.ndarray) -> list[float]:
    """Return the seconds of the processor that a fit takes, and a second one."""
    times = [time.process_time()]
    for _ in range(2):
        estimator.fit(X, y)
        times.append(time.process_time())
    return np.diff(times).tolist()
