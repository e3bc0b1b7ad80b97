"""Where the time of a fit goes: kernels, gathering, or all else."""

from __future__ import annotations

import cProfile

from benchmarks._workloads import Workload

KERNELS = ("run_together", "<method 'acquire' of '_thread.lock' objects>", "step")
"""Functions whose own time is that of the kernels, or of waiting for their second thread."""
GATHERING = ("randperm", "index_select", "embedding", "index_add_")
"""Functions that bring the sequences of a batch together, or the vectors of its tokens."""


def shares(workload: Workload) -> dict[str, float]:
    """Return the share of each part in the seconds of a fit, by the profiler."""
    X, y = workload.data()
    model = workload.estimator().fit(X, y)
    profile = cProfile.Profile()
    profile.runcall(model.fit, X, y)
    seconds = {"kernels": 0.0, "gathering": 0.0, "all else": 0.0}
    for entry in profile.getstats():
        function = entry.code if isinstance(entry.code, str) else entry.code.co_name
        is_gathering = any(name in function for name in GATHERING)
        part = "gathering" if is_gathering else "all else"
        seconds["kernels" if function in KERNELS else part] += entry.inlinetime
    total = sum(seconds.values())
    return {part: own / total for part, own in seconds.items()}
