"""sklearn_rnn without its native kernels, and the bare loop beside it, with the same threads."""

from __future__ import annotations

from benchmarks._workloads import BareLoop, Workload


class Estimator:
    """The estimator of a workload, and the bare loop."""

    def __init__(self, workload: Workload) -> None:
        self.X, self.y = workload.data()
        self.model = workload.estimator()
        self.bare = BareLoop(workload)

    def train(self) -> None:
        """Train for the epochs of the workload."""
        self.model.fit(self.X, self.y)

    def predict(self) -> None:
        """Predict all rows."""
        self.model.predict(self.X)

    def train_bare(self) -> None:
        """Train the bare loop as long."""
        self.bare.train()

    def predict_bare(self) -> None:
        """Predict all rows by the bare loop."""
        self.bare.predict()
