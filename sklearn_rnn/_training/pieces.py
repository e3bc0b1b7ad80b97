"""Examples that are read from pieces of the data, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sklearn_rnn._training.batches import Batch, Examples


@dataclass(frozen=True)
class PiecedExamples:
    """Examples in pieces, of which one is in memory; in place of `Examples` where a net is trained.

    Parameters
    ----------
    load : callable
        Reads the pieces of the numbers that it is given, and yields the examples of each.
    numbers : sequence of int
        The pieces to use.
    n_samples, n_terms : int
        Numbers of sequences, and of targets, in all of them.
    is_fixed : bool
        Whether all sequences of each piece have the same number of steps.
    sample : tuple of (Tensor, Tensor or None)
        Some of the targets, and their weights.
    """

    load: Callable[[Sequence[int]], Iterator[Examples]]
    numbers: Sequence[int]
    n_samples: int
    n_terms: int
    is_fixed: bool
    sample: tuple[Tensor, Tensor | None]

    def __len__(self) -> int:
        return self.n_samples

    def parts(self, generator: torch.Generator | None = None) -> Iterator[Examples]:
        """Yield the examples of each piece, in random order if a generator is given."""
        numbers = self.numbers
        if generator is not None and len(numbers) > 1:
            order = torch.randperm(len(numbers), generator=generator).tolist()
            numbers = [numbers[i] for i in order]
        return self.load(numbers)

    def targets(self) -> tuple[Tensor, Tensor | None]:
        """Return targets and weights of a sample: all of them may not fit into memory."""
        return self.sample

    def batches(
        self,
        size: int,
        generator: torch.Generator | None = None,
        *,
        receptive_field: int | None = None,
    ) -> Iterator[Batch]:
        """Yield batches of sequences of one piece, and then those of the next."""
        for part in self.parts(generator):
            yield from part.batches(size, generator, receptive_field=receptive_field)
            del part  # before the next one is read

    def blocks(self, size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Yield many batches of sequences of one piece at once, and then those of the next."""
        for part in self.parts(generator):
            yield from part.blocks(size, generator)
            del part
