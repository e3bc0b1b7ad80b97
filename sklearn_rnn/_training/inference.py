"""Outputs of a network for all sequences, in chunks and with a suitable number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.layer import count_weights, is_mostly_native
from sklearn_rnn._modules.kernels.loader import CHUNK
from sklearn_rnn._modules.kernels.threads import threads_for
from sklearn_rnn._training.batches import (
    Batch,
    Examples,
    at_valid_steps,
    positions_of_steps,
)
from sklearn_rnn._training.tensors import (
    RaggedTensor,
    consecutive,
    longest,
    n_steps_run,
    shares_rows,
    to_device,
)

OVERLAPPING_WINDOWS_PER_CHUNK = 2048
"""Number of overlapping windows that are predicted at once."""

STEPS_PER_CHUNK = 2**18
"""Steps of all sequences that are predicted at once by kernels, as layers pass on all states."""


def autocast(device: torch.device, *, mixed: bool) -> AbstractContextManager[None]:
    """Return a context in which torch computes products in bfloat16, if `mixed`."""
    return torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()


def chunk_size(x: Tensor | RaggedTensor, *, shared: bool, in_kernels: bool) -> int:
    """Return how many sequences to predict at once, so that the work fits into the cache."""
    if shared:
        return OVERLAPPING_WINDOWS_PER_CHUNK
    fitting = 8192 // longest(x)
    if in_kernels:  # which work on few rows at a time; a call of them costs as much as 5 rows
        if longest(x) > STEPS_PER_CHUNK // 256:
            return max(CHUNK, STEPS_PER_CHUNK // longest(x) // CHUNK * CHUNK)
        return max(256, -(-4 * fitting // 64) * 64)
    return max(64, fitting)


def in_chunks(examples: Examples, module: SequenceModule) -> Iterator[Batch]:
    """Yield all examples, in order, in batches that a module evaluates fast."""
    in_kernels = is_mostly_native(module)
    for part in examples.parts():
        shared = part.is_contiguous() and part.shares(module.receptive_field)
        yield from part.batches(chunk_size(part.x, shared=shared, in_kernels=in_kernels))
        del part  # before the next one is read


@torch.inference_mode()
def raw_outputs(module: SequenceModule, x: Tensor | RaggedTensor, *, mixed: bool = False) -> Tensor:
    """Return the outputs of a module for all of `x`, in evaluation mode, on the CPU.

    Their shape is (n, n_outputs), or (n_valid_steps, n_outputs) if the module has an output at
    each step. With `mixed` torch computes products in bfloat16.
    """
    if _is_training(module):
        module.eval()
    shared, (n_weights, in_kernels) = shares_rows(x, module.receptive_field), _weights_of(module)
    n, size = len(x), chunk_size(x, shared=shared, in_kernels=in_kernels)
    operations = min(n, size) * n_steps_run(x, shared=shared) * n_weights
    of_threads = threads_for(operations, in_kernels=in_kernels)
    with autocast(x.device, mixed=mixed), of_threads:
        if not (isinstance(x, Tensor) or x.is_series):
            return _ragged_outputs(module, x, size)
        if n <= size:
            return _one_row_per_step(module(consecutive(x, slice(0, n)))).cpu()
        parts = [slice(start, min(start + size, n)) for start in range(0, n, size)]
        return torch.cat([_one_row_per_step(module(consecutive(x, part))) for part in parts]).cpu()


def _is_training(module: nn.Module) -> bool:
    """Return whether a part of a module is in training mode."""
    parts: list[Any] = [module]  # `modules()` takes long beside one prediction
    for part in parts:
        if part is not None:
            if part.training:
                return True
            parts += part._modules.values()
    return False


def _weights_of(module: nn.Module) -> tuple[int, bool]:
    """Return what `count_weights` does of a module, at once from the second time on."""
    found = _counted.get(module)
    if found is None:
        found = _counted[module] = count_weights(module.modules())
    return found


_counted: WeakKeyDictionary[nn.Module, tuple[int, bool]] = WeakKeyDictionary()


def _one_row_per_step(output: Tensor) -> Tensor:
    """Return outputs without padding, one row per sequence or step."""
    return output if output.dim() == 2 else output.flatten(0, 1)


def _ragged_outputs(module: SequenceModule, x: RaggedTensor, size: int) -> Tensor:
    """Return the outputs for sequences of different length, computed in order of length.

    Each batch is written to its place at once: small outputs that stay between the large tensors of
    the batches would keep the memory of these from being given back.
    """
    order = torch.sort(x.lengths, stable=True).indices
    first, result = torch.cumsum(x.lengths, 0) - x.lengths, torch.empty(0)
    for rows in torch.split(order, size):
        batch, lengths = x.gather(rows)
        raw = module(batch, lengths)
        output, n_terms = at_valid_steps(raw, lengths), len(x)
        if raw.dim() == 3:
            padded = None if lengths is None else x.lengths[rows]
            rows = positions_of_steps(first[rows], batch.shape[1], padded)
            n_terms = int(x.lengths.sum())
        if not len(result):
            result = output.new_empty(n_terms, *output.shape[1:])
        result.index_copy_(0, to_device(rows, result.device), output)
    return result.cpu()  # in one copy, which waits for the device
