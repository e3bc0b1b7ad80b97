"""Products with the input weights of a layer that are the same at many steps, computed once."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from sklearn_rnn._modules.kernels.loader import GROUPS, lanes
from sklearn_rnn._modules.masking import reverse_valid
from sklearn_rnn._modules.overlapping_windows import SharedRows, as_windows

FEWEST_STEPS = 512
"""Steps below which to find the distinct tokens takes longer than what it saves."""
PER_STEP, PER_ROW = 14, 150
"""Channels whose products take as long as to look up a projected row, and to prepare it."""
MOST_BYTES_OF_GRADIENTS = 2**28
"""Bytes of the gradients of projected rows, at most."""


class Lookup(NamedTuple):
    """Sequences whose steps are rows of a matrix, many of them the same.

    Attributes
    ----------
    tokens : Tensor of shape (batch, n_steps)
        The row at each step, int64.
    vectors : Tensor of shape (n_rows, n_channels)
        The rows.
    """

    tokens: Tensor
    vectors: Tensor

    def reverse_valid(self, lengths: Tensor | None) -> Lookup:
        """Reverse the valid steps; the padding stays after them."""
        return self._replace(tokens=reverse_valid(self.tokens[:, :, None], lengths)[:, :, 0])


def is_faster(n_steps: int, n_rows: int, n_channels: int) -> bool:
    """Return whether to project rows and look them up is faster than to project each step."""
    return n_steps * (n_channels - PER_STEP) >= n_rows * (n_channels + PER_ROW)


def distinct_tokens(tokens: Tensor, vectors: Tensor, n_units: int) -> tuple[Tensor, Tensor] | None:
    """Find the distinct tokens, where to project their vectors alone is faster.

    Parameters
    ----------
    tokens : Tensor of shape (batch, n_steps)
        Tokens from 0 to n - 1, int64.
    vectors : Tensor of shape (n, n_channels)
        The vectors of all tokens.
    n_units : int
        The units that they are projected to, gate by gate; 0 if they cannot be.

    Returns
    -------
    rows : Tensor of shape (n_rows,)
        The distinct tokens in order, or all n where that is faster too.
    numbers : Tensor of shape (batch, n_steps)
        The place of each token among them.

    Raises
    ------
    IndexError
        If a token is out of range.
    """
    n_steps, (n, n_channels) = tokens.numel(), vectors.shape
    if n_units == 0 or n_steps < FEWEST_STEPS:
        return None
    most = MOST_BYTES_OF_GRADIENTS // (GROUPS * n_units * vectors.element_size())
    least, largest = map(int, tokens.aminmax())
    if least < 0 or largest >= n:
        raise IndexError(f"tokens must be from 0 to {n - 1}; got {least} to {largest}.")
    if n <= most and is_faster(n_steps, n, n_channels):
        return torch.arange(n), tokens
    found = torch.zeros(n, dtype=torch.bool).index_fill_(0, tokens.flatten(), 1)
    rows = found.nonzero()[:, 0]
    if len(rows) > most or not is_faster(n_steps, len(rows), n_channels):
        return None
    return rows, (found.cumsum(0) - 1)[tokens]


def project(rows: Tensor, weights: tuple[Tensor, ...], *, apart: bool) -> Tensor:
    """Multiply rows by the input weights of a layer.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, n_channels)
        The rows.
    weights : tuple of Tensor
        weight_ih, weight_hh, bias_ih, bias_hh of a layer.
    apart : bool
        Whether the bias of the state is left out of the last gate, as in a GRU.

    Returns
    -------
    Tensor of shape (n_rows, n_gates * width)
        The affine maps of the gates, each padded to whole vectors of the kernels.
    """
    w_in, w_state, b_in, b_state = weights
    hidden = w_state.shape[1]
    n_lanes = lanes(8 * w_in.element_size())
    n_padding = -hidden % n_lanes
    bias = (b_in + b_state).view(-1, hidden)
    if apart:
        bias[-1] = b_in[-hidden:]
    by_gate = w_in.view(len(bias), hidden, -1)
    padded = F.pad(by_gate, (0, 0, 0, n_padding)).flatten(0, 1)
    return torch.addmm(F.pad(bias, (0, n_padding)).view(-1), rows, padded.T)


def projected(shared: SharedRows, weights: tuple[Tensor, ...], *, apart: bool) -> Tensor:
    """Project the rows of one block that windows share, and return windows over them.

    The result has shape (n_windows, n_steps, n_gates * width), see `project`.
    """
    rows = project(shared.rows[0], weights, apart=apart)
    return as_windows(rows[None], *shared[1:])[0]
