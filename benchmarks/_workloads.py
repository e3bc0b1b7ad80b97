"""The workloads of the speed benchmark: data, our estimator, and the same net in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetRegressor
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from sklearn_rnn import GRURegressor, LSTMRegressor, RNNRegressor, TCNRegressor

CELLS = {
    "rnn": (nn.RNN, RNNRegressor),
    "lstm": (nn.LSTM, LSTMRegressor),
    "gru": (nn.GRU, GRURegressor),
}
TCN_LEVELS, TCN_KERNEL = 4, 3
EMBEDDING = 32


@dataclass(frozen=True)
class Workload:
    """A data set's size, a net and a batch size; `used` of the rows are run.

    With ``kind="tokens"`` `n_channels` is the size of the vocabulary; an LSTM reads the vectors.
    With `of_series` the sequences are all windows of one series, and X is a view of its rows.
    `target` is what the ratios of training and prediction to the bare loop should be at most,
    `plain_target` what they should be without native kernels.
    """

    kind: str
    n_samples: int
    n_steps: int
    n_channels: int
    hidden: int
    batch: int
    used: int
    epochs: int = 1
    of_series: bool = False
    target: tuple[float, float] | None = None
    plain_target: tuple[float, float] | None = None

    def __str__(self) -> str:
        is_text = self.kind == "tokens"
        size = f"{self.n_samples:,} x {self.n_steps}"
        size += " tokens" if is_text else f" x {self.n_channels}"
        run = "" if self.used == self.n_samples else f" ({self.used:,} run)"
        net = f"{'LSTM' if is_text else self.kind.upper()}({self.hidden})"
        return f"{size}{run}, {net}, batch {self.batch}"

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sequences of shape (used, n_steps, n_channels) and targets of shape (used,)."""
        rng = np.random.default_rng(0)
        if self.kind == "tokens":
            tokens = rng.integers(1, self.n_channels, size=(self.used, self.n_steps))
            return tokens, (tokens[:, -1] % 2).astype(np.float32)
        if self.of_series:
            rows = self.series(self.used + self.n_steps - 1)
            X = np.lib.stride_tricks.sliding_window_view(rows, self.n_steps, axis=0)
            X = X.transpose(0, 2, 1)
        else:
            X = rng.standard_normal((self.used, self.n_steps, self.n_channels), dtype=np.float32)
        noise = 0.1 * rng.standard_normal(self.used)
        y = 0.5 * X[:, -1, 0] + np.tanh(X[:, -2:, 1].sum(1)) + noise
        return X, y.astype(np.float32)

    def series(self, n_rows: int) -> np.ndarray:
        """Return a series of shape (n_rows, n_channels)."""
        return np.random.default_rng(1).standard_normal((n_rows, self.n_channels), np.float32)

    def estimator(self, **parameters: Any) -> Any:
        """Return our estimator, with as little besides the training as the bare loop has."""
        plain = {"alpha": 0.0, "early_stopping": False, "standardize": False, "random_state": 0}
        plain |= {
            "batch_size": self.batch,
            "max_epochs": self.epochs,
            "dtype": "float32",
            "device": "cpu",
        }
        if self.kind == "tcn":
            size = {
                "num_channels": self.hidden,
                "num_levels": TCN_LEVELS,
                "kernel_size": TCN_KERNEL,
            }
            return TCNRegressor(**(plain | size | parameters))
        size = {"hidden_size": self.hidden}
        if self.kind == "tokens":
            size |= {"vocabulary_size": self.n_channels, "embedding_dim": EMBEDDING}
            return LSTMRegressor(**(plain | size | parameters))
        return CELLS[self.kind][1](**(plain | size | parameters))

    def module(self) -> nn.Module:
        """Return the same net as a bare torch module."""
        if self.kind == "tcn":
            return BareTCN(self.n_channels, self.hidden)
        if self.kind == "tokens":
            return BareTokens(self.n_channels, self.hidden)
        return BareRecurrent(CELLS[self.kind][0], self.n_channels, self.hidden)

    def of_skorch(self) -> NeuralNetRegressor:
        """Return skorch's estimator as it comes, but for its validation split."""
        return NeuralNetRegressor(
            self.module,
            optimizer=torch.optim.Adam,
            lr=1e-3,
            batch_size=self.batch,
            max_epochs=self.epochs,
            iterator_train__shuffle=True,
            train_split=None,
            verbose=0,
        )


WORKLOADS = {
    "W1": Workload(
        *("rnn", 4281, 5, 3, 12, 64, 4281), epochs=4, target=(0.2, 0.4), plain_target=(0.6, 0.4)
    ),
    "W2": Workload(
        *("lstm", 4281, 5, 3, 32, 64, 4281), epochs=4, target=(0.2, 0.4), plain_target=(0.6, 0.4)
    ),
    "W3": Workload(
        *("lstm", 20_000, 24, 7, 64, 128, 10_000), target=(0.45, 0.5), plain_target=(0.9, 1.0)
    ),
    "W4": Workload(
        *("gru", 64_000, 120, 14, 32, 128, 3200), target=(0.2, 0.2), plain_target=(0.7, 1.0)
    ),
    "W4 windows of a series": Workload("gru", 64_000, 120, 14, 32, 128, 3200, of_series=True),
    "W5": Workload(
        *("tcn", 20_000, 64, 8, 32, 128, 4000), target=(0.55, 1.0), plain_target=(0.55, 1.0)
    ),
    "W5 windows of a series": Workload(
        *("tcn", 20_000, 64, 8, 32, 128, 20_000), of_series=True, target=(0.125, 0.05)
    ),
    "W6": Workload(
        *("tokens", 2500, 500, 10_000, 32, 300, 900), target=(0.3, 1.0), plain_target=(0.92, 1.0)
    ),
    "IMDB": Workload("tokens", 25_000, 500, 10_000, 32, 300, 2400),
    "1M": Workload("rnn", 1_000_000, 5, 3, 12, 512, 1_000_000),
}


class BareRecurrent(nn.Module):
    """One recurrent layer and an affine readout of the last step, as anyone writes it."""

    def __init__(self, cell: type[nn.RNNBase], n_channels: int, hidden: int) -> None:
        super().__init__()
        self.rnn = cell(n_channels, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.rnn(x)
        return self.out(states[:, -1])


class BareTokens(nn.Module):
    """Vectors of tokens, one LSTM and an affine readout of the last step."""

    def __init__(self, vocabulary_size: int, hidden: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocabulary_size, EMBEDDING, padding_idx=0)
        self.net = BareRecurrent(nn.LSTM, EMBEDDING, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(self.vectors(x))


class BareBlock(nn.Module):
    """A residual block of the TCN with padding on both sides that is cut off, as in the paper."""

    def __init__(self, n_in: int, n_out: int, dilation: int) -> None:
        super().__init__()
        self.excess = (TCN_KERNEL - 1) * dilation
        options = {"dilation": dilation, "padding": self.excess}
        self.first = weight_norm(nn.Conv1d(n_in, n_out, TCN_KERNEL, **options))
        self.second = weight_norm(nn.Conv1d(n_out, n_out, TCN_KERNEL, **options))
        self.skip = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(x)[..., : -self.excess])
        y = torch.relu(self.second(y)[..., : -self.excess])
        return torch.relu(y + self.skip(x))


class BareTCN(nn.Module):
    """The TCN of Bai, Kolter and Koltun with an affine readout of the last step."""

    def __init__(self, n_channels: int, hidden: int) -> None:
        super().__init__()
        sizes = [n_channels] + [hidden] * TCN_LEVELS
        self.blocks = nn.Sequential(*(BareBlock(sizes[i], hidden, 2**i) for i in range(TCN_LEVELS)))
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.blocks(x.transpose(1, 2))[..., -1])


class BareLoop:
    """The loop everything is measured by: batches sliced by a permuted index, default Adam.

    Parameters
    ----------
    workload : Workload
        Says which net, and how it is trained.
    data : tuple of (ndarray, ndarray), default=None
        Sequences and targets, if not those of the workload.
    learning_rate : float, default=1e-3
        The rate of Adam.
    """

    def __init__(
        self,
        workload: Workload,
        data: tuple[np.ndarray, np.ndarray] | None = None,
        learning_rate: float = 1e-3,
    ) -> None:
        self.workload = workload
        X, y = data or workload.data()
        self.x, self.y = torch.from_numpy(np.ascontiguousarray(X)), torch.from_numpy(y)
        self.net = workload.module()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=learning_rate)

    def train(self) -> None:
        """Train for the epochs of the workload."""
        self.net.train()
        for _ in range(self.workload.epochs):
            for rows in torch.randperm(len(self.x)).split(self.workload.batch):
                self.optimizer.zero_grad()
                output = self.net(self.x[rows]).squeeze(1)
                functional.mse_loss(output, self.y[rows]).backward()
                self.optimizer.step()

    def predict(self, X: np.ndarray | None = None) -> np.ndarray:
        """Predict all rows, or others, in batches of the training size."""
        self.net.eval()
        x = self.x if X is None else torch.from_numpy(X)
        with torch.inference_mode():
            parts = [self.net(part) for part in x.split(self.workload.batch)]
        return torch.cat(parts).squeeze(1).numpy()
