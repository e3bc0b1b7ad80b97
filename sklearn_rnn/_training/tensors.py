"""Sequences as tensors: windows in strides, or places of sequences in rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._modules.overlapping_windows import as_windows, shared_rows
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.storage import stays_on_disk
from sklearn_rnn._sequences.windows import Windows

SHARE_OF_DEVICE = 0.5
"""The share of the free memory of a device that the rows may take."""


class Rows(Protocol):
    """Rows that batches are gathered from: a tensor, or what stands for one."""

    @property
    def device(self) -> torch.device:
        """Where the rows go."""

    @property
    def dtype(self) -> torch.dtype:
        """What they are when they come."""

    @property
    def shape(self) -> torch.Size:
        """How many they are, and the channels of each."""

    def __len__(self) -> int: ...

    def is_floating_point(self) -> bool:
        """Return whether they are numbers, not tokens."""

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Return some rows."""


@dataclass(frozen=True)
class RaggedTensor:
    """Sequences of different length over the rows of a tensor; see `Ragged`.

    Starts and lengths stay on the CPU: how long a batch is never waits for another device. Of a
    series, sequence i starts at row i, and all are as long as one another.
    """

    rows: Rows
    starts: Tensor
    lengths: Tensor
    step_stride: int
    is_series: bool = False

    @property
    def device(self) -> torch.device:
        """Return where the rows lie."""
        return self.rows.device

    def __len__(self) -> int:
        return len(self.starts)

    def gather(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return some sequences, padded behind to the longest of them, and their lengths.

        The lengths are None where nothing is padded.
        """
        lengths = self.lengths[index]
        shortest, longest = (int(length) for length in lengths.aminmax())
        places = self.starts[index, None] + torch.arange(max(1, longest)) * self.step_stride
        x = selected(self.rows, places.clamp_(max=len(self.rows) - 1))
        return x, None if shortest == longest > 0 else to_device(lengths, self.device)


def to_device(t: Tensor, device: torch.device) -> Tensor:
    """Send a tensor of the CPU to a device, without waiting for what the device is at."""
    return t.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else t.to(device)


def selected(rows: Rows, places: Tensor) -> Tensor:
    """Return the rows at places (n, n_steps), which lie on the CPU."""
    flat = places.view(-1)  # rows that do not lie on the device take it where it is
    flat = to_device(flat, rows.device) if isinstance(rows, Tensor) else flat
    return rows.index_select(0, flat).view(*places.shape, -1)


def must_stream(rows: NDArray[Any], device: str | torch.device) -> bool:
    """Tell whether rows stay on disk, or take too much of the memory of the device."""
    if stays_on_disk(rows):
        return True
    if torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return rows.nbytes > SHARE_OF_DEVICE * free


def as_tensor(sequences: Windows | Ragged, device: str | torch.device) -> Tensor | RaggedTensor:
    """Return sequences over contiguous rows as strided or ragged tensor; only rows are moved."""
    rows = torch.from_numpy(sequences.rows).to(device)
    if isinstance(sequences, Ragged):
        starts, lengths = torch.from_numpy(sequences.starts), torch.from_numpy(sequences.lengths)
        return RaggedTensor(rows, starts, lengths, sequences.step_stride)
    n_channels = rows.shape[1]
    return rows.as_strided(
        (sequences.n_windows, sequences.n_steps, n_channels),
        (sequences.window_stride * n_channels, sequences.step_stride * n_channels, 1),
    )


class Series(NamedTuple):
    """The rows under windows that start one row after another."""

    rows: Rows
    n_steps: int
    per_step: int


def series_of(x: Tensor | RaggedTensor) -> Series:
    """Return what such windows share."""
    if isinstance(x, RaggedTensor):
        return Series(x.rows, longest(x), x.step_stride)
    shared = shared_rows(x)
    assert shared is not None, "it was asked before"
    return Series(shared.rows[0], shared.n_steps, shared.per_step)


def contiguous_blocks(x: Tensor | RaggedTensor, starts: Tensor, length: int) -> Tensor:
    """Gather the rows of some stretches of windows of a series, and lay the windows over them."""
    rows, n_steps, per_step = series_of(x)
    places = starts[:, None] + torch.arange(length + (n_steps - 1) * per_step)
    return as_windows(selected(rows, places), length, n_steps, per_step)


def run(x: Tensor | RaggedTensor, part: slice) -> Tensor:
    """Return successive sequences of one length, as a view where that can be."""
    if isinstance(x, Tensor):
        return x[part]
    return contiguous_blocks(x, torch.tensor([part.start]), part.stop - part.start)[0]


def longest(x: Tensor | RaggedTensor) -> int:
    """Return the steps of the longest sequence, at least 1."""
    return max(1, int(x.lengths.max())) if isinstance(x, RaggedTensor) else x.shape[1]


def shares_rows(x: Tensor | RaggedTensor, receptive_field: int | None) -> bool:
    """Tell whether x holds windows that share the rows of their last `receptive_field` steps."""
    if receptive_field is None or receptive_field > longest(x):
        return False
    return x.is_series if isinstance(x, RaggedTensor) else shared_rows(x) is not None
