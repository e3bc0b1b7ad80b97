"""Sequences, targets and weights as tensors, cut into batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._ragged import Ragged
from sklearn_rnn._windows import Windows

GATHERED_AT_ONCE = 2**20
"""Values of x that are gathered in one call and then cut into batches."""

SORTED_TOGETHER = 32
"""Batches whose sequences are sorted by length among themselves, so that few steps are padded."""


class Batch(NamedTuple):
    """Some examples: x (batch, n_steps, n_channels), y, weights or None, lengths or None.

    With a target for each step, y and the weights hold one row for each valid step, in order.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None = None
    lengths: Tensor | None = None


@dataclass(frozen=True)
class RaggedTensor:
    """Sequences of different length over the rows of a tensor; see `Ragged`."""

    rows: Tensor
    starts: Tensor
    lengths: Tensor
    step_stride: int

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
        steps = torch.arange(max(1, longest), device=index.device)
        places = self.starts[index, None] + steps * self.step_stride
        flat = places.clamp_(max=len(self.rows) - 1).view(-1)
        x = self.rows.index_select(0, flat).view(*places.shape, -1)
        return x, None if shortest == longest > 0 else lengths


def as_tensor(sequences: Windows | Ragged, device: str | torch.device) -> Tensor | RaggedTensor:
    """Return sequences over contiguous rows as strided or ragged tensor; only rows are moved."""
    rows = torch.from_numpy(sequences.rows).to(device)
    if isinstance(sequences, Ragged):
        starts, lengths = (
            torch.from_numpy(a).to(device) for a in (sequences.starts, sequences.lengths)
        )
        return RaggedTensor(rows, starts, lengths, sequences.step_stride)
    n_channels = rows.shape[1]
    return rows.as_strided(
        (sequences.n_windows, sequences.n_steps, n_channels),
        (sequences.window_stride * n_channels, sequences.step_stride * n_channels, 1),
    )


@dataclass(frozen=True)
class Examples:
    """Sequences, targets and weights as tensors, and which of the sequences take part.

    Parameters
    ----------
    x : Tensor of shape (n, n_steps, n_channels) or RaggedTensor
        Sequences, of any strides.
    y : Tensor of shape (n, n_outputs) or (n,), or (n_terms, n_outputs) or (n_terms,)
        Targets, or indices of classes; of each sequence, or of each valid step of each.
    weight : Tensor of shape (n,) or (n_terms,), or None
        Weights with mean one over those of `index`.
    index : Tensor of shape (n_examples,)
        The sequences that take part, of dtype int64.
    first : Tensor of shape (n,) or None
        The place in y of the first step of each sequence, if it has a target for each.
    """

    x: Tensor | RaggedTensor
    y: Tensor
    weight: Tensor | None
    index: Tensor
    first: Tensor | None = None

    @classmethod
    def of(
        cls,
        x: Tensor | RaggedTensor,
        y: Tensor,
        weight: NDArray[np.float64],
        rows: NDArray[np.intp],
        lengths: NDArray[np.intp] | None = None,
    ) -> Examples:
        """Let `rows` of the sequences take part, with weights that are scaled to mean one.

        With `lengths` each step has a target and a weight of its own.
        """
        index, first, terms = torch.as_tensor(rows, device=x.device), None, rows
        if lengths is not None:
            starts = np.cumsum(lengths) - lengths
            terms = np.flatnonzero(np.repeat(np.isin(np.arange(len(lengths)), rows), lengths))
            first = torch.as_tensor(starts, device=x.device)
        if (weight[terms] == weight[terms[0]]).all():
            return cls(x, y, None, index, first)
        rows_of = x.rows if isinstance(x, RaggedTensor) else x
        dtype = rows_of.dtype if rows_of.is_floating_point() else torch.float64
        scaled = torch.as_tensor(weight / weight[terms].mean(), dtype=dtype, device=x.device)
        return cls(x, y, scaled, index, first)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def n_steps(self) -> int:
        """Return the steps of the longest sequence."""
        if isinstance(self.x, RaggedTensor):
            return max(1, int(self.x.lengths.max()))
        return self.x.shape[1]

    @property
    def n_terms(self) -> int:
        """Return how many targets there are, of sequences or of steps."""
        if self.first is None:
            return len(self.index)
        if isinstance(self.x, RaggedTensor):
            return int(self.x.lengths[self.index].sum())
        return len(self.index) * self.x.shape[1]

    def batches(self, size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Cut batches of `size` sequences, in random order if a generator is given."""
        order = self.index
        if generator is not None and size < len(self):
            order = order[torch.randperm(len(self), generator=generator).to(order.device)]
        if isinstance(self.x, RaggedTensor):
            for rows in _by_length(order, self.x.lengths, size, generator):
                yield self._at(rows, *self.x.gather(rows))
        elif size >= len(self) == len(self.x):
            yield Batch(self.x, self.y, self.weight)
        elif self.first is not None:
            for rows in torch.split(order, size):
                yield self._at(rows, self.x.index_select(0, rows), None)
        else:
            yield from self._cut(self.x, order, size)

    def _cut(self, whole: Tensor, order: Tensor, size: int) -> Iterator[Batch]:
        """Gather many batches at once, where each sequence has as many steps and one target."""
        at_once = max(1, GATHERED_AT_ONCE // (size * whole[0].numel()))
        for rows in torch.split(order, size * at_once):
            x, y = whole.index_select(0, rows), self.y.index_select(0, rows)
            weight = None if self.weight is None else self.weight.index_select(0, rows)
            for start in range(0, len(rows), size):
                part = slice(start, start + size)
                yield Batch(x[part], y[part], None if weight is None else weight[part])

    def _at(self, rows: Tensor, x: Tensor, lengths: Tensor | None) -> Batch:
        """Complete some sequences by their targets and weights."""
        if self.first is not None:
            rows = places_of_steps(self.first[rows], x.shape[1], lengths)
        weight = None if self.weight is None else self.weight.index_select(0, rows)
        return Batch(x, self.y.index_select(0, rows), weight, lengths)


def places_of_steps(first: Tensor, n_steps: int, lengths: Tensor | None) -> Tensor:
    """Return the places of all valid steps, given that of the first of each sequence."""
    steps = torch.arange(n_steps, device=first.device)
    places = first[:, None] + steps
    return places.view(-1) if lengths is None else places[steps < lengths[:, None]]


def at_valid_steps(output: Tensor, lengths: Tensor | None) -> Tensor:
    """Return outputs (batch, n_steps, n_outputs) at the valid steps, in one column of rows.

    Outputs of shape (batch, n_outputs) are what they are.
    """
    if output.dim() == 2:
        return output
    if lengths is None:
        return output.flatten(0, 1)
    steps = torch.arange(output.shape[1], device=output.device)
    return output[steps < lengths[:, None]]


def _by_length(
    order: Tensor, lengths: Tensor, size: int, generator: torch.Generator | None
) -> Iterator[Tensor]:
    """Cut batches of sequences of similar length, themselves in the order of the generator.

    Sequences of one length are cut as they would be if they came without padding.
    """
    shortest, longest = lengths[order].aminmax()
    if shortest == longest:
        yield from torch.split(order, size)
        return
    together = len(order) if generator is None else size * SORTED_TOGETHER
    for rows in torch.split(order, max(1, together)):
        rows = rows[torch.sort(lengths[rows], stable=True).indices]
        batches = torch.split(rows, size)
        if generator is None:
            yield from batches
        else:
            for i in torch.randperm(len(batches), generator=generator).tolist():
                yield batches[i]
