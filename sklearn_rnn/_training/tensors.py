"""Sequences as tensors: strided windows, or positions of sequences in rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._modules.overlapping_windows import as_windows, shared_rows
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.storage import stays_on_disk
from sklearn_rnn._sequences.windows import Windows

MAX_MEMORY_FRACTION = 0.5
"""Fraction of the free memory of a device that the rows may use."""


BATCHES_SORTED_TOGETHER = 32
"""Number of batches whose sequences are sorted by length together, to save padding."""


class Rows(Protocol):
    """Rows from which batches are gathered: a tensor, or an object with its interface."""

    @property
    def device(self) -> torch.device:
        """Device of the gathered rows."""

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the gathered rows."""

    @property
    def shape(self) -> torch.Size:
        """Number of rows and of channels."""

    def __len__(self) -> int: ...

    def is_floating_point(self) -> bool:
        """Return whether the rows are numbers, not tokens."""

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Return the rows at the indices."""


@dataclass(frozen=True)
class RaggedTensor:
    """Sequences of different length over the rows of a tensor; see `Ragged`.

    Starts and lengths stay on the CPU, so that the shape of a batch never waits for the device. If
    `is_fixed`, all lengths are equal; if `is_series`, sequence i starts at row i as well.
    """

    rows: Rows
    starts: Tensor
    lengths: Tensor
    step_stride: int
    is_series: bool = False
    is_fixed: bool = False

    @property
    def device(self) -> torch.device:
        """Return the device of the rows."""
        return self.rows.device

    @property
    def dtype(self) -> torch.dtype:
        """Return the dtype of gathered sequences."""
        return self.rows.dtype

    def __len__(self) -> int:
        return len(self.starts)

    def gather(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return sequences, padded at the end to the longest of them, and their lengths.

        The lengths are None if there is no padding.
        """
        lengths = self.lengths[index]
        shortest, longest = (int(length) for length in lengths.aminmax())
        positions = self.starts[index, None] + torch.arange(max(1, longest)) * self.step_stride
        x = rows_at(self.rows, positions.clamp_(max=len(self.rows) - 1))
        return x, None if shortest == longest > 0 else to_device(lengths, self.device)


def to_device(t: Tensor, device: torch.device) -> Tensor:
    """Copy a CPU tensor to a device, asynchronously on CUDA."""
    return t.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else t.to(device)


def rows_at(rows: Rows, positions: Tensor) -> Tensor:
    """Return the rows at positions (n, n_steps), a tensor on the CPU."""
    flat = positions.view(-1)  # rows that are not a tensor take indices on the CPU
    flat = to_device(flat, rows.device) if isinstance(rows, Tensor) else flat
    return rows.index_select(0, flat).view(*positions.shape, -1)


def must_stream(rows: NDArray[Any], device: str | torch.device) -> bool:
    """Return whether the rows are on disk, or too large for the memory of the device."""
    if stays_on_disk(rows):
        return True
    if device == "cpu" or torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return rows.nbytes > MAX_MEMORY_FRACTION * free


def as_tensor(sequences: Windows | Ragged, device: str | torch.device) -> Tensor | RaggedTensor:
    """Return sequences over contiguous rows as a strided or ragged tensor on the device."""
    rows = torch.from_numpy(sequences.rows)
    rows = rows if device == "cpu" else rows.to(device)
    if isinstance(sequences, Ragged):
        starts, lengths = torch.from_numpy(sequences.starts), torch.from_numpy(sequences.lengths)
        return RaggedTensor(rows, starts, lengths, sequences.step_stride)
    if sequences.starts is not None:
        starts = torch.from_numpy(sequences.starts)
        lengths = torch.tensor(sequences.n_steps).expand(len(starts))
        return RaggedTensor(rows, starts, lengths, sequences.step_stride, is_fixed=True)
    n_channels = rows.shape[1]
    return rows.as_strided(
        (sequences.n_windows, sequences.n_steps, n_channels),
        (sequences.window_stride * n_channels, sequences.step_stride * n_channels, 1),
    )


class Series(NamedTuple):
    """The rows that windows share whose starts are one row apart."""

    rows: Rows
    n_steps: int
    per_step: int


def series_of(x: Tensor | RaggedTensor) -> Series:
    """Return the series that the windows of x share."""
    if isinstance(x, RaggedTensor):
        return Series(x.rows, longest(x), x.step_stride)
    shared = shared_rows(x)
    assert shared is not None, "callers check shares_rows first"
    return Series(shared.rows[0], shared.n_steps, shared.per_step)


def contiguous_blocks(x: Tensor | RaggedTensor, starts: Tensor, length: int) -> Tensor:
    """Gather contiguous blocks of `length` windows of a series, as views of the gathered rows."""
    rows, n_steps, per_step = series_of(x)
    positions = starts[:, None] + torch.arange(length + (n_steps - 1) * per_step)
    return as_windows(rows_at(rows, positions), length, n_steps, per_step)


def consecutive(x: Tensor | RaggedTensor, part: slice) -> Tensor:
    """Return consecutive sequences of one length, as a view where possible."""
    if isinstance(x, Tensor):
        return x[part]
    return contiguous_blocks(x, torch.tensor([part.start]), part.stop - part.start)[0]


def longest(x: Tensor | RaggedTensor) -> int:
    """Return the number of steps of the longest sequence, at least 1."""
    return max(1, int(x.lengths.max())) if isinstance(x, RaggedTensor) else x.shape[1]


def shares_rows(x: Tensor | RaggedTensor, receptive_field: int | None) -> bool:
    """Return whether x has windows that share the rows of their last `receptive_field` steps."""
    if receptive_field is None or receptive_field > longest(x):
        return False
    return x.is_series if isinstance(x, RaggedTensor) else shared_rows(x) is not None


def n_steps_run(x: Tensor | RaggedTensor, *, shared: bool) -> int:
    """Return how many steps a network computes for each sequence, at most.

    For overlapping windows that share rows it is about two: the newest, and one of the steps before
    a contiguous block.
    """
    return 2 if shared else longest(x)


def by_length(
    order: Tensor, lengths: Tensor, size: int, generator: torch.Generator | None
) -> Iterator[Tensor]:
    """Yield indices of batches of similar length; the batches are shuffled by the generator.

    Sequences of equal length give the same batches as an array does.
    """
    shortest, longest = lengths[order].aminmax()
    if shortest == longest:
        yield from torch.split(order, size)
        return
    together = len(order) if generator is None else size * BATCHES_SORTED_TOGETHER
    for rows in torch.split(order, max(1, together)):
        rows = rows[torch.sort(lengths[rows], stable=True).indices]
        batches = torch.split(rows, size)
        if generator is None:
            yield from batches
        else:
            for i in torch.randperm(len(batches), generator=generator).tolist():
                yield batches[i]
