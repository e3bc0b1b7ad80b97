"""Rows that stay on disk or in host memory until a batch needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import Scale, scaled_rows
from sklearn_rnn._sequences.step_targets import valid_lengths
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.tensors import RaggedTensor, to_device


@dataclass(frozen=True)
class StreamedRows:
    """Rows that are scaled and moved to the device on access.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_channels)
        The rows, unscaled.
    scale : Scale
        Means and scales of the channels.
    indicated : ndarray of int or None
        Channels that have a missing-value indicator, or None to leave NaN; see `scaled_rows`.
    dtype : torch.dtype
        Dtype of the rows on access.
    device : torch.device
        Device of the network.
    """

    rows: NDArray[Any]
    scale: Scale
    indicated: NDArray[np.intp] | None
    dtype: torch.dtype
    device: torch.device

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> torch.Size:
        """Return the numbers of rows and of channels, indicators included."""
        n_indicators = 0 if self.indicated is None else len(self.indicated)
        return torch.Size([len(self), self.rows.shape[1] + n_indicators])

    def is_floating_point(self) -> bool:
        """Return True, as `torch.Tensor.is_floating_point` would."""
        return True

    def index_select(self, _: int, index: Tensor) -> Tensor:
        """Return the rows at the indices, as `torch.Tensor.index_select` does."""
        chosen = self.rows[index.numpy()]
        dtype = np.dtype(str(self.dtype).removeprefix("torch."))
        ready = scaled_rows(chosen, self.scale, dtype, self.indicated)
        return to_device(torch.from_numpy(ready), self.device)


def stream(
    sequences: Windows | Ragged,
    scale: Scale,
    indicated: NDArray[np.intp],
    dtype: str,
    device: str | torch.device,
) -> RaggedTensor:
    """Return sequences over rows that are read and scaled on access."""
    target = torch.device(device)
    rows = StreamedRows(sequences.rows, scale, indicated, getattr(torch, dtype), target)
    is_series = isinstance(sequences, Windows) and sequences.window_stride == 1
    return RaggedTensor(rows, *extents(sequences), sequences.step_stride, is_series)


def extents(sequences: Windows | Ragged) -> tuple[Tensor, Tensor]:
    """Return the first row and the number of steps of each sequence."""
    starts = sequences.starts if isinstance(sequences, Ragged) else sequences.first_rows()
    return torch.from_numpy(starts), torch.from_numpy(valid_lengths(sequences))
