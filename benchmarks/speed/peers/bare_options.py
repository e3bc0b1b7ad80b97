"""The networks of `options.py` in plain PyTorch, and the loss of a batch."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils.rnn import pack_padded_sequence

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}
KERNEL, POOL = 5, 2


class Attention(nn.Module):
    """The mean of all states, weighted by a softmax of scores with a hidden layer."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.hidden, self.query = nn.Linear(n_features, n_features), nn.Linear(n_features, 1)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        weights = self.query(torch.tanh(self.hidden(states))).softmax(1)
        return (weights * states).sum(1)


class BareNetwork(nn.Module):
    """A network of a kind for sequences of shape (n_steps, n_channels), and an affine head."""

    def __init__(
        self,
        kind: str,
        shape: Sequence[int],
        hidden: int,
        *,
        n_outputs: int = 1,
        num_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.kind, self.pooling = kind, pooling
        n_steps, n_channels = shape
        n_features = hidden * (2 if bidirectional else 1)
        self.attention = Attention(n_features) if pooling == "attention" else None
        if kind == "dense":
            layers = nn.Linear(n_steps * n_channels, hidden), nn.ReLU()
            self.body: nn.Module = nn.Sequential(nn.Flatten(), *layers)
        elif kind == "cnn":
            first = nn.Conv1d(n_channels, hidden, KERNEL, padding=KERNEL // 2)
            second = nn.Conv1d(hidden, hidden, KERNEL, padding=KERNEL // 2)
            self.body = nn.Sequential(first, nn.ReLU(), nn.MaxPool1d(POOL), second, nn.ReLU())
        else:
            deep = {"num_layers": num_layers, "bidirectional": bidirectional}
            self.body = CELLS[kind](n_channels, hidden, batch_first=True, **deep)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(n_features, n_outputs))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if self.kind == "dense":
            return self.head(self.body(x))
        if self.kind == "cnn":
            return self.head(self.body(x.transpose(1, 2)).amax(2))
        if lengths is not None:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return self.head(self.body(packed)[1][-1])
        states, _ = self.body(x)
        if self.attention is not None:
            return self.head(self.attention(states))
        of = {"last": lambda: states[:, -1], "mean": lambda: states.mean(1)}
        return self.head(of.get(self.pooling, lambda: states)())


def loss_of(
    network: BareNetwork,
    x: torch.Tensor,
    y: torch.Tensor,
    weight: torch.Tensor | None,
    lengths: torch.Tensor | None,
) -> torch.Tensor:
    """Return the loss of a batch: cross-entropy for classes, else the mean squared error."""
    outputs = network(x, lengths)
    if not y.is_floating_point():
        return cross_entropy(outputs, y)
    outputs = outputs if y.shape == outputs.shape else outputs.squeeze(-1)
    if weight is None:
        return mse_loss(outputs, y)
    return (weight * (outputs - y) ** 2).sum() / weight.sum()
