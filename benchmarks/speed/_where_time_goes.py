"""Where the time of a fit goes: kernels, gathering, the loop, and what comes before it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from benchmarks.speed.workloads import Workload
from sklearn_rnn._modules.kernels import layer as native
from sklearn_rnn._modules.kernels import training as native_training
from sklearn_rnn._training import skorch_net as _net
from sklearn_rnn._training.optimizers import Adam
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.neural_network import _base
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder

REST = "all else"
PARTS: dict[str, dict[Any, str]] = {
    "kernels": {native: "run_together", native_training: "run_together", Adam: "step"},
    "gathering": {torch: "randperm index_select", torch.Tensor: "index_select index_add_"},
    "the loop": {SequenceNet: "fit_examples"},
    "checks of parameters, X and y": {
        BaseEstimator: "_validate_params",
        BaseSequenceEstimator: "_check_parameters _read",
    },
    "scales, tensors": {
        BaseSequenceEstimator: "_learn _examples",
        RegressionEncoder: "fit",
    },
    "net and optimizer": {NeuralNet: "initialized_instance", _net: "new_vector", Adam: "__init__"},
    "skorch": {_base: "build_net", SequenceNet: "notify"},
}
"""Functions of each part, by where they are defined."""


class Stopwatch:
    """Seconds of the parts of a run, each without those of the parts within it."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]  # of each open part, the seconds of those within it

    @contextmanager
    def within(self, part: str) -> Iterator[None]:
        """Time a block, or, as a decorator, a function."""
        start = perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            elapsed = perf_counter() - start
            self.seconds[part] += elapsed - self._inner.pop()
            self._inner[-1] += elapsed


def seconds_of_parts(workload: Workload, n_fits: int) -> dict[str, float]:
    """Return the seconds of each part in a fit, in the median of several after a first."""
    X, y = workload.data()
    model = workload.estimator().fit(X, y)
    fits = []
    watch = Stopwatch()
    with ExitStack() as patches:
        for part, functions in PARTS.items():
            for owner, names in functions.items():
                timed = {name: watch.within(part)(getattr(owner, name)) for name in names.split()}
                patches.enter_context(patch.multiple(owner, **timed))
        for _ in range(n_fits):
            watch.seconds.clear()
            with watch.within(REST):
                model.fit(X, y)
            fits.append([watch.seconds[part] for part in [*PARTS, REST]])
    return dict(zip([*PARTS, REST], np.median(fits, axis=0).tolist(), strict=True))
