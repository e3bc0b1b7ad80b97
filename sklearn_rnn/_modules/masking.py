"""Sequences of different length in one batch: valid steps first, padding after them."""

import torch
from torch import Tensor


def valid_steps(lengths: Tensor, n_steps: int) -> Tensor:
    """Return which steps are valid: bool of shape (batch, n_steps, 1)."""
    return (torch.arange(n_steps, device=lengths.device) < lengths[:, None])[:, :, None]


def zero_padding(x: Tensor, lengths: Tensor) -> Tensor:
    """Replace the padded steps of x (batch, n_steps, n_channels) by zeros.

    After this nothing that the padding holds, not even infinity, can influence an output or a
    gradient.
    """
    return torch.where(valid_steps(lengths, x.shape[1]), x, 0.0)


def last_valid(x: Tensor, lengths: Tensor) -> Tensor:
    """Select the last valid step of x (batch, n_steps, n_features): (batch, n_features).

    The result is zero for a row without valid steps.
    """
    rows = torch.arange(x.shape[0], device=x.device)
    last = x[rows, (lengths - 1).clamp(min=0)]  # (batch, n_features)
    return torch.where((lengths > 0)[:, None], last, 0.0)


def reverse_valid(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse the valid steps of x (batch, n_steps, n_channels); the padding stays after them."""
    if lengths is None:
        return x.flip(1)
    steps = torch.arange(x.shape[1], device=x.device)  # (n_steps,)
    mirrored = lengths[:, None] - 1 - steps  # (batch, n_steps), negative in the padding
    source = torch.where(mirrored >= 0, mirrored, steps)
    return x.gather(1, source[:, :, None].expand_as(x))


def align_end(x: Tensor, lengths: Tensor) -> Tensor:
    """Move the valid steps of x (batch, n_steps, n_channels) to the end, zeros before them."""
    n_steps = x.shape[1]
    source = torch.arange(n_steps, device=x.device) - (n_steps - lengths)[:, None]
    moved = x.gather(1, source.clamp(min=0)[:, :, None].expand_as(x))
    return torch.where((source >= 0)[:, :, None], moved, 0.0)
