"""sklearn_rnn without its native kernels, in a process that is started without them."""

from __future__ import annotations

from benchmarks._workloads import Workload


class Estimator:
    """The estimator of a workload."""

    def __init__(self, workload: Workload) -> None:
        self.X, self.y = workload.data()
        self.model = workload.estimator()

    def train(self) -> None:
        """Train for the epochs of the workload."""
        self.model.fit(self.X, self.y)

    def predict(self) -> None:
        """Predict all rows."""
        self.model.predict(self.X)
