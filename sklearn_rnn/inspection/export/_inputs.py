"""Raw sequences as the input of a network, in torch: what `InputReader` computes in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_rnn._modules.masking import valid_steps
from sklearn_rnn._sequences.scaling import bound
from sklearn_rnn._sequences.window_scaling import FLOOR, ROUNDING, WindowScaling
from sklearn_rnn.neural_network._input_reader import InputReader
from sklearn_rnn.neural_network._tokens import UNKNOWN

Levels = tuple[Tensor, Tensor]
"""Levels and scales of windows in the units of X, each of shape (batch, n_channels)."""


class Numbers(nn.Module):
    """Scales channels, normalises windows, and marks missing values, for a network of a dtype."""

    mean: Tensor
    scale: Tensor

    def __init__(self, reader: InputReader, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.limit = bound(str(dtype).removeprefix("torch."))
        register(self, mean=reader.scale.mean, scale=reader.scale.scale)
        self.indicated = reader.missing_channels.tolist()
        self.windows = None if reader.scaling is None else WindowLevels(reader.scaling)

    def forward(self, X: Tensor, lengths: Tensor | None) -> tuple[Tensor, Levels | None]:
        """Map X (batch, n_steps, n_channels) to the input of the network, and windows' levels."""
        values = (X.double() - self.mean) / self.scale
        missing, levels = values.isnan(), None
        if self.windows is not None:
            (level, scale), (before, unit) = self.windows(values, lengths)
            values = (values - before[:, None]) / unit[:, None]
            levels = self.mean + self.scale * level, self.scale * scale
        x = torch.where(missing, 0.0, values).clamp(-self.limit, self.limit).to(self.dtype)
        if self.indicated:
            x = torch.cat([x, missing[..., self.indicated].to(self.dtype)], -1)
        return x, levels


class WindowLevels(nn.Module):
    """Levels and scales of windows, see `WindowScaling`."""

    known_ahead: Tensor
    zero: Tensor
    offset: Tensor
    unit: Tensor

    def __init__(self, scaling: WindowScaling) -> None:
        super().__init__()
        self.kind = scaling.kind
        known = [c in scaling.known_ahead for c in range(len(scaling.channels.mean))]
        register(
            self,
            zero=scaling.channels.mean / scaling.channels.scale,
            offset=scaling.remainder.mean,
            unit=scaling.remainder.scale,
            known_ahead=np.array(known),
        )

    def forward(self, values: Tensor, lengths: Tensor | None) -> tuple[Levels, Levels]:
        """Map standardised values to levels, and to those from which the remainder is standard."""
        present = ~values.isnan()
        if lengths is not None:
            present = present & valid_steps(lengths, values.shape[1])
        values = torch.where(present, values, 0.0)
        level, scale = (self._last if self.kind == "last" else self._moments)(values, present)
        level = torch.where(self.known_ahead, 0.0, level)
        scale = torch.where(self.known_ahead, 1.0, scale)
        return (level, scale), (level + scale * self.offset, scale * self.unit)

    def _last(self, values: Tensor, present: Tensor) -> Levels:
        """Return the last values that are present, and scales of one."""
        steps = torch.arange(1, values.shape[1] + 1, device=values.device)[:, None]
        newest = torch.where(present, steps, 0).amax(1)  # (batch, n_channels), from 1
        level = torch.where(steps == newest[:, None], values, 0.0).sum(1)
        return level, torch.ones_like(level)

    def _moments(self, values: Tensor, present: Tensor) -> Levels:
        """Return the means and deviations of the values that are present."""
        count = present.sum(1)
        level = values.sum(1) / count.clamp(min=1)
        deviations = torch.where(present, values - level[:, None], 0.0)
        scale = (deviations.square().sum(1) / count.clamp(min=1)).sqrt()
        size = torch.where(present, values + self.zero, 0.0).abs().amax(1)
        unit = torch.where(size <= ROUNDING * self.zero.abs(), 1.0, size.clamp(max=1.0))
        return level, torch.where(count > 0, torch.maximum(scale, FLOOR * unit), 1.0)


class Tokens(nn.Module):
    """Replaces tokens that the training data do not contain by that of unknown ones."""

    known: Tensor

    def __init__(self, reader: InputReader) -> None:
        super().__init__()
        register(self, known=reader.known_tokens)

    def forward(self, X: Tensor, lengths: Tensor | None) -> tuple[Tensor, None]:
        """Map tokens X (batch, n_steps), or with a last axis of one channel, to known ones."""
        within = X.clamp(max=len(self.known) - 1)
        return torch.where((within == X) & self.known[within], X, UNKNOWN), None


def register(module: nn.Module, **arrays: NDArray[Any]) -> None:
    """Register copies of arrays as buffers of a module."""
    for name, array in arrays.items():
        module.register_buffer(name, torch.tensor(array))
