"""The loop that everything is compared with: the same networks in plain PyTorch."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from benchmarks.speed.workloads import EMBEDDING, TCN_KERNEL, TCN_LEVELS, Workload

Data = tuple[np.ndarray, np.ndarray]
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(nn.Module):
    """One recurrent layer, and an affine layer on its last step."""

    def __init__(self, cell: type[nn.RNNBase], n_channels: int, hidden: int) -> None:
        super().__init__()
        self.rnn = cell(n_channels, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.rnn(x)
        return self.out(states[:, -1])


class Block(nn.Module):
    """A residual block of the TCN, padded at both ends and cut as in the paper."""

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


class TCN(nn.Module):
    """The TCN of Bai, Kolter and Koltun, and an affine layer on its last step."""

    def __init__(self, n_channels: int, hidden: int) -> None:
        super().__init__()
        sizes = [n_channels] + [hidden] * TCN_LEVELS
        self.blocks = nn.Sequential(*(Block(sizes[i], hidden, 2**i) for i in range(TCN_LEVELS)))
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.blocks(x.transpose(1, 2))[..., -1])


def network(workload: Workload) -> nn.Module:
    if workload.kind == "tcn":
        return TCN(workload.n_channels, workload.hidden)
    if workload.kind == "tokens":
        embedding = nn.Embedding(workload.n_channels, EMBEDDING, padding_idx=0)
        return nn.Sequential(embedding, Recurrent(nn.LSTM, EMBEDDING, workload.hidden))
    return Recurrent(CELLS[workload.kind], workload.n_channels, workload.hidden)


class BareLoop:
    """Batches of shuffled rows, the mean squared error, and Adam as it comes.

    `data` are X and y, if not those of the workload.
    """

    def __init__(self, workload: Workload, data: Data | None = None, rate: float = 1e-3) -> None:
        self.workload = workload
        X, y = data or workload.data()
        self.x, self.y = torch.from_numpy(np.ascontiguousarray(X)), torch.from_numpy(y)
        self.network = network(workload)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=rate)

    def train(self) -> None:
        self.network.train()
        for _ in range(self.workload.epochs):
            for rows in torch.randperm(len(self.x)).split(self.workload.batch):
                self.optimizer.zero_grad()
                output = self.network(self.x[rows]).squeeze(1)
                functional.mse_loss(output, self.y[rows]).backward()
                self.optimizer.step()

    def predict(self, X: np.ndarray | None = None) -> np.ndarray:
        """Predict all rows, or those of X, in batches of the training size."""
        self.network.eval()
        x = self.x if X is None else torch.from_numpy(X)
        with torch.inference_mode():
            parts = [self.network(part) for part in x.split(self.workload.batch)]
        return torch.cat(parts).squeeze(1).numpy()
