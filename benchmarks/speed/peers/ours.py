"""sklearn_rnn itself; in the process without native kernels, beside a bare loop."""

import numpy as np

from benchmarks.speed.peers.bare_torch import BareLoop
from benchmarks.speed.workloads import Workload


class Ours:
    """The estimator of a workload; with `copies` the windows of a series are copied first."""

    def __init__(self, workload: Workload, *, copies: bool = False) -> None:
        X, self.y = workload.data()
        self.X = np.ascontiguousarray(X) if copies else X
        self.estimator = workload.estimator()

    def train(self) -> None:
        self.estimator.fit(self.X, self.y)

    def predict(self) -> None:
        self.estimator.predict(self.X)


class OursAndBareLoop:
    """Both in one process, with the same threads."""

    def __init__(self, workload: Workload) -> None:
        self.ours, self.bare = Ours(workload), BareLoop(workload)
