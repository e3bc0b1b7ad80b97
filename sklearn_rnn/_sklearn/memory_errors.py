"""Errors of memory that name the parameters which ask for it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_NO_MEMORY = re.compile(r"allocate|out of memory|Storage size calculation overflowed")
_BYTES_ASKED = re.compile(r"llocate (\d[\d.]* \w+(?: for .+?(?=, as ))?)")
_SIZES = (
    *("hidden_size", "num_layers", "hidden_layer_sizes", "num_channels", "num_levels"),
    *("kernel_size", "vocabulary_size", "embedding_dim", "batch_size"),
)


def _can_be_lowered(size: Any) -> bool:
    return size is not None and np.size(size) > 0 and not np.array_equal(size, 1)


def name_sizes(thing: Any, error: BaseException) -> None:
    """Raise a MemoryError that names the sizes of an estimator, if the error is of memory."""
    sizes = {name: getattr(thing, name, None) for name in _SIZES}
    sizes = {name: n for name, n in sizes.items() if _can_be_lowered(n)}
    is_of_memory = isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error))
    )
    if not (sizes and is_of_memory):
        return
    found = _BYTES_ASKED.search(str(error))
    asked = found[1] if found else "more memory"
    raise MemoryError(
        f"{type(thing).__name__} asks for {asked}, which this machine cannot give; lower one of "
        f"{', '.join(f'{name}={value!r}' for name, value in sizes.items())}."
    ) from error
