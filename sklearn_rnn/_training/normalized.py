"""Windows that are normalised by their own values when a batch is gathered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import Scale, bound, scaled_rows
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.streaming import StreamedRows, extents
from sklearn_rnn._training.tensors import RaggedTensor, Rows, must_stream, to_device


@dataclass(frozen=True, kw_only=True)
class NormalizedTensor(RaggedTensor):
    """Sequences over rows in double precision, where NaN is a missing value; see `RaggedTensor`.

    Windows that share rows are normalised each by itself, so that none of them is a view, and no
    network shares what it computes of them.

    Attributes
    ----------
    level, scale : Tensor of shape (n, n_channels)
        What is subtracted from a sequence, and by what it is then divided.
    indicated : Tensor of int64
        Channels that have a missing-value indicator.
    network_dtype : torch.dtype
        Dtype of the network.
    """

    level: Tensor
    scale: Tensor
    indicated: Tensor
    network_dtype: torch.dtype

    @property
    def dtype(self) -> torch.dtype:
        """Return the dtype of gathered sequences."""
        return self.network_dtype

    def gather(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return normalised sequences, and their lengths; missing values are zero."""
        x, lengths = super().gather(index)
        index = to_device(index, self.device)
        x = x.sub_(self.level[index, None]).div_(self.scale[index, None])
        missing = x.isnan()
        limit = bound(str(self.dtype).removeprefix("torch."))
        x = x.nan_to_num_(0.0).clamp_(-limit, limit).to(self.dtype)
        if len(self.indicated):
            x = torch.cat([x, missing[..., self.indicated].to(self.dtype)], dim=-1)
        return x, lengths


def normalized(
    sequences: Windows | Ragged,
    channels: Scale,
    windows: WindowScale,
    indicated: NDArray[np.intp],
    dtype: str,
    device: str | torch.device,
) -> NormalizedTensor:
    """Return sequences that are normalised window by window on access.

    Parameters
    ----------
    sequences : Windows or Ragged
        The sequences; rows that are on disk, or too large for the device, stay where they are.
    channels : Scale
        Means and scales of the channels.
    windows : WindowScale
        Levels and scales of the windows, in units of the standardised channels.
    indicated : ndarray of int
        Channels that have a missing-value indicator.
    dtype, device : str
        Dtype and device of the network.
    """
    rows: Rows
    if must_stream(sequences.rows, device):
        rows = StreamedRows(sequences.rows, channels, None, torch.float64, torch.device(device))
    else:
        scaled = scaled_rows(sequences.rows, channels, np.float64, None)
        rows = torch.from_numpy(scaled).to(device)
    return NormalizedTensor(
        rows,
        *extents(sequences),
        sequences.step_stride,
        is_fixed=isinstance(sequences, Windows),
        level=torch.from_numpy(windows.level).to(device),
        scale=torch.from_numpy(windows.scale).to(device),
        indicated=torch.from_numpy(indicated).to(device),
        network_dtype=getattr(torch, dtype),
    )
