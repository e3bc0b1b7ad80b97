"""The workloads: sequences, the network that learns them, and the ratios that are aimed at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_rnn import GRURegressor, LSTMRegressor, RNNRegressor, TCNRegressor

TCN_LEVELS, TCN_KERNEL = 4, 3
EMBEDDING = 32
ESTIMATORS = {"rnn": RNNRegressor, "lstm": LSTMRegressor, "gru": GRURegressor, "tcn": TCNRegressor}
ESTIMATORS["tokens"] = LSTMRegressor


@dataclass(frozen=True)
class Workload:
    """Sequences, and a network with its batch size and epochs.

    A network of kind "tokens" is an LSTM that reads embedded tokens; `n_channels` is then the size
    of the vocabulary. With `out_of` the sequences are some of so many. With `of_series` they are
    all windows of one series, and X is a view of its rows. `targets` are the ratios of training
    and prediction to the bare loop that are aimed at, at most, then the same without kernels.
    """

    kind: str
    n_samples: int
    n_steps: int
    n_channels: int
    hidden: int
    batch: int
    epochs: int = 1
    out_of: int = 0
    of_series: bool = False
    targets: tuple[float, ...] = ()

    @property
    def network(self) -> str:
        return f"{'LSTM' if self.kind == 'tokens' else self.kind.upper()}({self.hidden})"

    def __str__(self) -> str:
        size = "tokens" if self.kind == "tokens" else f"x {self.n_channels}"
        run = f" ({self.n_samples:,} run)" if self.out_of else ""
        total = self.out_of or self.n_samples
        return f"{total:,} x {self.n_steps} {size}{run}, {self.network}, batch {self.batch}"

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Return X of shape (n_samples, n_steps, n_channels) and y of shape (n_samples,)."""
        rng = np.random.default_rng(0)
        if self.kind == "tokens":
            tokens = rng.integers(1, self.n_channels, size=(self.n_samples, self.n_steps))
            return tokens, (tokens[:, -1] % 2).astype(np.float32)
        if self.of_series:
            rows = self.series(self.n_samples + self.n_steps - 1)
            X = np.lib.stride_tricks.sliding_window_view(rows, self.n_steps, axis=0)
            X = X.transpose(0, 2, 1)
        else:
            shape = (self.n_samples, self.n_steps, self.n_channels)
            X = rng.standard_normal(shape, dtype=np.float32)
        noise = 0.1 * rng.standard_normal(self.n_samples)
        y = 0.5 * X[:, -1, 0] + np.tanh(X[:, -2:, 1].sum(1)) + noise
        return X, y.astype(np.float32)

    def series(self, n_rows: int) -> np.ndarray:
        return np.random.default_rng(1).standard_normal((n_rows, self.n_channels), np.float32)

    def estimator(self) -> BaseEstimator:
        """Return our estimator, with as little besides training as the bare loop has."""
        size: dict[str, Any] = {"hidden_size": self.hidden}
        if self.kind == "tcn":
            size = {"num_channels": self.hidden, "num_levels": TCN_LEVELS}
            size |= {"kernel_size": TCN_KERNEL}
        elif self.kind == "tokens":
            size |= {"vocabulary_size": self.n_channels, "embedding_dim": EMBEDDING}
        training = {"batch_size": self.batch, "max_epochs": self.epochs, "early_stopping": False}
        plain = {"alpha": 0.0, "standardize": False, "dtype": "float32", "device": "cpu"}
        return ESTIMATORS[self.kind](**size, **training, **plain, random_state=0)


LONG = {"n_steps": 120, "n_channels": 14, "hidden": 32, "batch": 128, "out_of": 64_000}
TCN = {"n_steps": 64, "n_channels": 8, "hidden": 32, "batch": 128}
TEXT = {"n_steps": 500, "n_channels": 10_000, "hidden": 32, "batch": 300}
WORKLOADS = {
    "W1": Workload("rnn", 4281, 5, 3, 12, 64, epochs=4, targets=(0.2, 0.4, 0.6, 0.4)),
    "W2": Workload("lstm", 4281, 5, 3, 32, 64, epochs=4, targets=(0.2, 0.4, 0.6, 0.4)),
    "W3": Workload("lstm", 10_000, 24, 7, 64, 128, out_of=20_000, targets=(0.45, 0.5, 0.9, 1.0)),
    "W4": Workload("gru", 3200, **LONG, targets=(0.2, 0.2, 0.7, 1.0)),
    "W4 windows of a series": Workload("gru", 3200, **LONG, of_series=True),
    "W5": Workload("tcn", 4000, **TCN, out_of=20_000, targets=(0.55, 1.0, 0.55, 1.0)),
    "W5 windows of a series": Workload("tcn", 20_000, **TCN, of_series=True, targets=(0.125, 0.05)),
    "W6": Workload("tokens", 900, **TEXT, out_of=2500, targets=(0.3, 1.0, 0.92, 1.0)),
    "IMDB": Workload("tokens", 2400, **TEXT, out_of=25_000),
    "1M": Workload("rnn", 1_000_000, 5, 3, 12, 512),
}
