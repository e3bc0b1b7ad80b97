"""Networks with one option each beside the same in a bare loop, in seconds of the processor.

An option is what the workloads leave out: dropout, another optimizer, pooling, more layers, an
output at each step, sequences of different lengths, weights, classes, missing values.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from benchmarks.speed.peers import BARE, OURS
from benchmarks.speed.peers.bare_options import BareNetwork, loss_of
from benchmarks.speed.timing import Row, in_turn, row_of
from sklearn_rnn import CNNRegressor, DenseRegressor, GRURegressor, LSTMClassifier, LSTMRegressor

TRAIN, PREDICT = "train with an option", "predict with an option"
ESTIMATORS = {"lstm": LSTMRegressor, "gru": GRURegressor, "cnn": CNNRegressor}
ESTIMATORS["dense"] = DenseRegressor


@dataclass(frozen=True)
class Net:
    """Sequences, a network with an option, and the ratios that are aimed at.

    `ours` are parameters of the estimator, `bare` those of `BareNetwork`. `task` tells what the
    sequences and targets are like: "" for one number each.
    """

    kind: str
    shape: tuple[int, int, int]
    hidden: int
    targets: tuple[float, float]
    ours: Mapping[str, Any] = field(default_factory=dict)
    bare: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    batch: int = 128

    def data(self) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Return X, y and the weights of the samples, if there are some."""
        rng = np.random.default_rng(0)
        X: Any = rng.standard_normal(self.shape, dtype=np.float32)
        y = X[:, -1, 0] + np.tanh(X[:, -2:, 1].sum(1))
        weight = None
        if self.task == "3 outputs":
            y = X[:, -1, :3].copy()
        elif self.task == "3 classes":
            y = np.digitize(y, [-0.5, 0.5])
        elif self.task == "each step":
            y = np.cumsum(X[:, :, 0], axis=1)
        elif self.task == "weights":
            weight = rng.uniform(0.5, 1.5, len(y)).astype(np.float32)
        elif self.task == "missing":
            X[rng.random(X.shape) < 0.05] = np.nan
        elif self.task == "ragged":
            lengths = rng.integers(5, self.shape[1] + 1, len(X))
            X = [x[:n] for x, n in zip(X, lengths, strict=True)]
            y = np.array([x[-1, 0] for x in X])
        return X, y, weight

    def estimator(self) -> BaseEstimator:
        kind = LSTMClassifier if self.task == "3 classes" else ESTIMATORS[self.kind]
        sizes = {"cnn": {"num_channels": self.hidden}, "dense": {}}
        size = sizes.get(self.kind, {"hidden_size": self.hidden})
        plain = {"alpha": 0.0, "standardize": False, "dtype": "float32", "device": "cpu"}
        plain |= {"max_epochs": 1, "batch_size": self.batch, "early_stopping": False}
        return kind(**{**plain, **size, **self.ours, "random_state": 0})


WINDOWS = (10_000, 24, 7)
RNN = {"kind": "lstm", "shape": WINDOWS, "hidden": 32}
NETS = {
    "dropout 0.2": Net(**RNN, targets=(0.33, 0.45), ours={"dropout": 0.2}, bare={"dropout": 0.2}),
    # of which torch's layer has none: the loop is without it
    "recurrent dropout 0.2": Net(**RNN, targets=(0.35, 0.45), ours={"recurrent_dropout": 0.2}),
    "RMSprop": Net(
        **RNN, targets=(0.3, 0.45), ours={"optimizer": "rmsprop"}, bare={"optimizer": "RMSprop"}
    ),
    "mean pooling": Net(
        **RNN, targets=(0.33, 0.45), ours={"pooling": "mean"}, bare={"pooling": "mean"}
    ),
    "attention pooling": Net(
        **RNN, targets=(0.33, 0.45), ours={"pooling": "attention"}, bare={"pooling": "attention"}
    ),
    "2 layers": Net("gru", WINDOWS, 32, (0.2, 0.3), ours={"num_layers": 2}, bare={"num_layers": 2}),
    "both directions": Net(
        **RNN, targets=(0.33, 0.45), ours={"bidirectional": True}, bare={"bidirectional": True}
    ),
    "an output at each step": Net(
        **{"kind": "gru", "shape": WINDOWS, "hidden": 32, "targets": (0.2, 0.35)},
        **{"ours": {"return_sequences": True}, "bare": {"pooling": "none"}, "task": "each step"},
    ),
    "5 to 60 steps": Net("gru", (4000, 60, 7), 32, (0.2, 0.3), task="ragged"),
    "gradient clipping": Net(
        **RNN, targets=(0.33, 0.45), ours={"max_grad_norm": 1.0}, bare={"max_grad_norm": 1.0}
    ),
    "3 classes": Net(**RNN, targets=(0.33, 0.45), bare={"n_outputs": 3}, task="3 classes"),
    "weights of samples": Net(**RNN, targets=(0.33, 0.45), task="weights"),
    "missing values, indicated": Net(**RNN, targets=(0.33, 0.45), task="missing"),
    "float64": Net(**RNN, targets=(0.5, 0.5), ours={"dtype": "float64"}),
    "3 outputs": Net(**RNN, targets=(0.33, 0.45), bare={"n_outputs": 3}, task="3 outputs"),
    "CNN, two blocks, kernel 5": Net("cnn", (4000, 64, 8), 32, (0.45, 0.45)),
    "dense": Net("dense", (4281, 5, 3), 32, (0.06, 0.25), batch=64),
}


class Bare:
    """The bare loop of a network."""

    def __init__(self, net: Net) -> None:
        X, y, weight = net.data()
        self.net, self.lengths = net, None
        if net.task == "ragged":
            self.lengths = torch.tensor([len(x) for x in X])
            X = np.stack([np.pad(x, ((0, net.shape[1] - len(x)), (0, 0))) for x in X])
        if net.task == "missing":
            missing = np.isnan(X)
            X = np.concatenate([np.where(missing, 0, X), missing], axis=2, dtype=np.float32)
        real = torch.float64 if net.ours.get("dtype") == "float64" else torch.float32
        self.x = torch.from_numpy(X).to(real)
        self.y = torch.from_numpy(y)
        self.y = self.y if net.task == "3 classes" else self.y.to(real)
        self.weight = None if weight is None else torch.from_numpy(weight)
        options = dict(net.bare)
        self.clip = options.pop("max_grad_norm", None)
        optimizer = getattr(torch.optim, options.pop("optimizer", "Adam"))
        kind, hidden = net.kind, net.hidden
        self.network = BareNetwork(kind, self.x.shape[1:], hidden, **options).to(real)
        self.optimizer = optimizer(self.network.parameters(), lr=1e-3)

    def train(self) -> None:
        self.network.train()
        for rows in torch.randperm(len(self.x)).split(self.net.batch):
            lengths = None if self.lengths is None else self.lengths[rows]
            weight = None if self.weight is None else self.weight[rows]
            loss = loss_of(self.network, self.x[rows], self.y[rows], weight, lengths)
            self.optimizer.zero_grad()
            loss.backward()
            if self.clip:
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
            self.optimizer.step()

    @torch.inference_mode()
    def predict(self) -> torch.Tensor:
        self.network.eval()
        rows = torch.arange(len(self.x)).split(self.net.batch)
        lengths = [None if self.lengths is None else self.lengths[part] for part in rows]
        x = self.x.split(self.net.batch)
        return torch.cat([self.network(*pair) for pair in zip(x, lengths, strict=True)])


def options(rounds: int, *, quick: bool) -> list[Row]:
    """Return the ratios of training and prediction to the bare loop, one network after another."""
    rows: list[Row] = []
    for name, net in NETS.items():
        net = replace(net, shape=(256, *net.shape[1:])) if quick else net
        bare, (X, y, weight), ours = Bare(net), net.data(), net.estimator()
        fits = {BARE: bare.train, OURS: lambda: ours.fit(X, y, sample_weight=weight)}  # noqa: B023 - called within the loop
        outputs = {BARE: bare.predict, OURS: lambda: ours.predict(X)}  # noqa: B023 - the same
        for measure, tasks in {TRAIN: fits, PREDICT: outputs}.items():
            taken = in_turn(tasks, rounds, clock=time.process_time)
            of_bare = taken[BARE][1:]
            rows += [row_of(measure, name, who, of[1:], of_bare) for who, of in taken.items()]
    return rows
