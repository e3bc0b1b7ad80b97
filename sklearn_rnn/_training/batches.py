"""Batches of sequences, targets and weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._training.tensors import (
    RaggedTensor,
    by_length,
    consecutive,
    contiguous_blocks,
    longest,
    series_of,
    shares_rows,
    to_device,
)

MAX_VALUES_GATHERED = 2**18
"""Number of input values to gather in one call, before they are split into batches."""

MIN_RECEPTIVE_FIELD_FOR_BLOCKS = 8
"""Smallest receptive field with which training uses contiguous blocks of windows."""


class Batch(NamedTuple):
    """A batch: x (batch, n_steps, n_channels), y, weights or None, lengths or None.

    Overlapping windows may come in contiguous blocks, as (n_blocks, n_windows, n_steps,
    n_channels). If a block contains windows that are not used for training, `kept` has the
    positions of the others, which alone have targets.

    With a target for each step, y and the weights have one row per valid step, in order.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None = None
    lengths: Tensor | None = None
    kept: Tensor | None = None


@dataclass(frozen=True)
class Examples:
    """Sequences, targets and weights as tensors, and which of the sequences to use.

    Parameters
    ----------
    x : Tensor of shape (n, n_steps, n_channels) or RaggedTensor
        Sequences, of any strides.
    y : Tensor of shape (n, n_outputs) or (n,), or (n_terms, n_outputs) or (n_terms,)
        Targets or class indices, one per sequence or per valid step.
    weight : Tensor of shape (n,) or (n_terms,), or None
        Weights with mean one over those of `index`.
    index : Tensor of shape (n_examples,)
        Indices of the sequences to use, int64, on the device of x, or on the CPU for a
        RaggedTensor.
    first : Tensor of shape (n,) or None
        Position in y of the first step of each sequence, if each step has a target.

    Attributes
    ----------
    is_fixed, has_fixed_length : bool
        Whether all sequences have the same number of steps, and also one target each.
    values_per_sequence : int
        Number of values of the longest sequence.
    """

    x: Tensor | RaggedTensor
    y: Tensor
    weight: Tensor | None
    index: Tensor
    first: Tensor | None = None
    is_fixed: bool = field(init=False)
    has_fixed_length: bool = field(init=False)
    values_per_sequence: int = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.x, Tensor):
            is_fixed, n_values = True, self.x.shape[1:].numel()
        else:
            is_fixed, n_values = self.x.is_fixed, longest(self.x) * self.x.rows.shape[-1]
        object.__setattr__(self, "is_fixed", is_fixed)
        object.__setattr__(self, "has_fixed_length", is_fixed and self.first is None)
        object.__setattr__(self, "values_per_sequence", n_values)

    @classmethod
    def of(
        cls,
        x: Tensor | RaggedTensor,
        y: Tensor,
        weight: NDArray[np.float64],
        rows: NDArray[np.intp],
        lengths: NDArray[np.intp] | None = None,
        factor: NDArray[np.float64] | None = None,
    ) -> Examples:
        """Return the examples of the sequences `rows`, with weights scaled to mean one.

        With `lengths` each step has its own target and weight. A `factor` by which the loss of each
        target is multiplied is not scaled.
        """
        index, first, terms = torch.as_tensor(rows), None, rows
        if isinstance(x, Tensor):
            index = index.to(x.device)
        if lengths is not None:
            starts = np.cumsum(lengths) - lengths
            terms = np.flatnonzero(np.repeat(np.isin(np.arange(len(lengths)), rows), lengths))
            first = torch.as_tensor(starts, device=x.device)
        if factor is None and (weight[terms] == weight[terms[0]]).all():
            return cls(x, y, None, index, first)
        dtype = x.dtype if x.dtype.is_floating_point else torch.float64
        scaled = weight / weight[terms].mean()
        scaled = scaled if factor is None else scaled * factor
        return cls(x, y, torch.as_tensor(scaled, dtype=dtype, device=x.device), index, first)

    def __len__(self) -> int:
        return len(self.index)

    def parts(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """Yield these examples themselves: they have one part, unlike `PiecedExamples`."""
        yield self

    @property
    def n_terms(self) -> int:
        """Return the number of targets, of sequences or of steps."""
        if self.first is None:
            return len(self.index)
        if isinstance(self.x, RaggedTensor):
            return int(self.x.lengths[self.index].sum())
        return len(self.index) * self.x.shape[1]

    def targets(self) -> tuple[Tensor, Tensor | None]:
        """Return the targets and weights of the sequences in use, or of all their steps."""
        terms = self.index.to(self.y.device)
        if self.first is not None:
            if isinstance(self.x, RaggedTensor):
                lengths = self.x.lengths[self.index].to(terms.device)
            else:
                lengths = torch.full_like(terms, self.x.shape[1])
            starts = self.first.to(terms.device)[terms] - lengths.cumsum(0) + lengths
            terms = torch.arange(self.n_terms, device=terms.device) + starts.repeat_interleave(
                lengths
            )
        return self.y[terms], None if self.weight is None else self.weight[terms]

    def batches(
        self,
        size: int,
        generator: torch.Generator | None = None,
        *,
        receptive_field: int | None = None,
    ) -> Iterator[Batch]:
        """Yield batches of `size` sequences, in random order if a generator is given.

        With the `receptive_field` of the network, overlapping windows come in contiguous blocks,
        in random order; see `_contiguous_blocks`.
        """
        if self.is_contiguous() and (generator is None or size >= len(self)):
            yield from self._slices(size)
            return
        shuffled = generator if size < len(self) else None
        if (
            shuffled
            and receptive_field is not None
            and receptive_field >= MIN_RECEPTIVE_FIELD_FOR_BLOCKS
            and self.shares(receptive_field)
        ):
            yield from self._contiguous_blocks(size, shuffled, receptive_field)
            return
        if self.has_fixed_length:
            for block in self.blocks(size, shuffled):
                x, y, weight, *_ = block
                for start in range(0, len(y), size):
                    part = slice(start, start + size)
                    yield Batch(x[part], y[part], None if weight is None else weight[part])
            return
        order = self._order(shuffled)
        parts = (
            by_length(order, self.x.lengths, size, generator)
            if isinstance(self.x, RaggedTensor)
            else torch.split(order, size)
        )
        for rows in parts:
            yield self._at(rows, *self._gather(rows))

    def blocks(self, size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Yield many batches at once, in the order of `batches`; needs sequences of one length."""
        shuffled = generator if size < len(self) else None
        if shuffled is None and self.is_contiguous():
            yield self._slice(int(self.index[0]), int(self.index[-1]) + 1)
            return
        chunk_size = max(1, MAX_VALUES_GATHERED // (size * self.values_per_sequence))
        order, n = self._order(shuffled), size * chunk_size
        for rows in (order[start : start + n] for start in range(0, len(self), n)):
            yield self._at(rows, *self._gather(rows))

    def _order(self, generator: torch.Generator | None) -> Tensor:
        """Return the indices of the sequences, in random order if a generator is given."""
        if generator is None:
            return self.index
        order = torch.randperm(len(self), generator=generator)
        return self.index[order if self.index.is_cpu else to_device(order, self.index.device)]

    def shares(self, receptive_field: int | None) -> bool:
        """Return whether windows in a batch can share the rows of their last steps.

        At least half of the windows from the first to the last must be used.
        """
        if self.first is not None or not len(self) or not shares_rows(self.x, receptive_field):
            return False
        return 2 * len(self) >= int(self.index[-1] - self.index[0]) + 1

    def is_contiguous(self) -> bool:
        """Return whether the sequences are consecutive, of one length, with one target each."""
        if isinstance(self.x, RaggedTensor) and not self.x.is_series:
            return False
        if self.first is not None or not len(self):
            return False
        return int(self.index[-1] - self.index[0]) == len(self) - 1

    def _slices(self, size: int) -> Iterator[Batch]:
        """Yield batches in order, as views where possible."""
        begin, end = int(self.index[0]), int(self.index[-1]) + 1
        for start in range(begin, end, size):
            yield self._slice(start, min(start + size, end))

    def _slice(self, start: int, stop: int) -> Batch:
        """Return consecutive sequences as a batch."""
        part = slice(start, stop)
        weight = None if self.weight is None else self.weight[part]
        return Batch(consecutive(self.x, part), self.y[part], weight)

    def _contiguous_blocks(
        self, size: int, generator: torch.Generator, receptive_field: int
    ) -> Iterator[Batch]:
        """Yield batches of overlapping windows, in shuffled contiguous blocks.

        A block has about as many windows as the receptive field has rows; longer blocks would make
        a batch less diverse. Blocks start at a random offset; one may be shorter, and is a batch of
        its own.
        """
        field = (receptive_field - 1) * series_of(self.x).per_step + 1
        together = max(1, round(size / field))
        length = size // together
        count, rest = divmod(int(self.index[-1] - self.index[0]) + 1, length)
        starts = int(self.index[0]) + length * torch.arange(count)
        gap = int(torch.randint(count + 1, (), generator=generator))
        starts[gap:] += rest
        order = starts[torch.randperm(count, generator=generator)]
        in_training_mask = None
        if not self.is_contiguous():
            in_training_mask = torch.zeros(len(self.x), dtype=torch.bool)
            in_training_mask[self.index.cpu()] = True
        parts = [(part, length) for part in torch.split(order, together)]
        if rest:
            parts.insert(0, (self.index[:1].cpu() + gap * length, rest))
        for part in parts:
            batch = self._gather_blocks(*part, in_training_mask)
            if len(batch.y):
                yield batch

    def _gather_blocks(self, starts: Tensor, length: int, in_training_mask: Tensor | None) -> Batch:
        """Return blocks of windows, with targets for those in `in_training_mask` only."""
        rows = (starts[:, None] + torch.arange(length)).view(-1)
        x, kept = contiguous_blocks(self.x, starts, length), None
        if in_training_mask is not None:
            kept = in_training_mask[rows].nonzero()[:, 0]
            rows, kept = rows[kept], to_device(kept, self.y.device)
        return self._at(rows, x, None)._replace(kept=kept)

    def _gather(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return some of the sequences and their lengths, None if there is no padding."""
        if isinstance(self.x, RaggedTensor):
            return self.x.gather(rows)
        return self.x.index_select(0, rows), None

    def _at(self, rows: Tensor, x: Tensor, lengths: Tensor | None) -> Batch:
        """Return a batch of sequences x, with the targets and weights of `rows`."""
        if rows.device != self.y.device:
            rows = to_device(rows, self.y.device)
        if self.first is not None:
            rows = positions_of_steps(self.first[rows], x.shape[1], lengths)
        weight = None if self.weight is None else self.weight.index_select(0, rows)
        return Batch(x, self.y.index_select(0, rows), weight, lengths)


def positions_of_steps(first: Tensor, n_steps: int, lengths: Tensor | None) -> Tensor:
    """Return the positions of all valid steps, from that of the first of each sequence."""
    steps = torch.arange(n_steps, device=first.device)
    positions = first[:, None] + steps
    return positions.view(-1) if lengths is None else positions[steps < lengths[:, None]]


def at_valid_steps(output: Tensor, lengths: Tensor | None) -> Tensor:
    """Return outputs (batch, n_steps, n_outputs) at the valid steps, one row per step.

    Outputs of shape (batch, n_outputs) are returned unchanged.
    """
    if output.dim() == 2:
        return output
    if lengths is None:
        return output.flatten(0, 1)
    steps = torch.arange(output.shape[1], device=output.device)
    return output[steps < lengths[:, None]]
