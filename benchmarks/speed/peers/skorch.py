"""skorch as it comes, but without its validation split."""

from functools import partial

import torch
from skorch import NeuralNetRegressor

from benchmarks.speed.peers.bare_torch import network
from benchmarks.speed.peers.ours import Ours
from benchmarks.speed.workloads import Workload


class Skorch(Ours):
    """skorch's estimator with the network of the bare loop."""

    def __init__(self, workload: Workload) -> None:
        super().__init__(workload)
        self.y = self.y[:, None]
        training = {"batch_size": workload.batch, "max_epochs": workload.epochs, "lr": 1e-3}
        module, adam = partial(network, workload), torch.optim.Adam
        plain = {"iterator_train__shuffle": True, "train_split": None, "verbose": 0}
        self.estimator = NeuralNetRegressor(module, optimizer=adam, **training, **plain)
