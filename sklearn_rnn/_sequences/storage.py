"""Tables of rows that may be larger than memory: looked at a piece at a time, kept on disk."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

PIECE = 2**20
"""Values that are worked on at once where a temporary copy is needed."""


LARGE = 2**28
"""Bytes of a file from which on its rows are not copied into memory."""


def pieces(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut rows into pieces."""
    size = max(1, PIECE // n_columns)
    return (slice(start, start + size) for start in range(0, n_rows, size))


def is_finite(rows: NDArray[Any]) -> bool:
    """Tell, in one pass without a copy, that all is finite; finite sums that overflow are not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.sum(rows)))


def has_nan(rows: NDArray[Any]) -> bool:
    """Tell whether some value is NaN."""
    return not is_finite(rows) and any(np.isnan(rows[p]).any() for p in pieces(*rows.shape))


def has_inf(rows: NDArray[Any]) -> bool:
    """Tell whether some value is infinite."""
    return not is_finite(rows) and any(np.isinf(rows[p]).any() for p in pieces(*rows.shape))


def are_nan(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which rows are NaN in every column."""
    found = np.zeros(len(rows), dtype=bool)
    if not is_finite(rows):
        for p in pieces(*rows.shape):
            found[p] = np.isnan(rows[p]).all(axis=1)
    return found


def stays_on_disk(rows: NDArray[Any]) -> bool:
    """Tell whether rows are not to be copied: they are many, and those of a file.

    Few of them are not worth it: joblib hands arrays of a megabyte to its workers in files.
    """
    return rows.nbytes >= LARGE and on_disk(rows)


def on_disk(rows: NDArray[Any]) -> bool:
    """Tell whether the memory of an array, or of what it is a view of, is that of a file."""
    owner: Any = rows
    while owner is not None and not isinstance(owner, mmap.mmap):
        owner = getattr(owner, "base", None)
    return owner is not None


def empty_beside(rows: NDArray[Any], shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return a new array, in a temporary file if `rows` stay on disk.

    The file is in the folder for temporary files and ends with the array.
    """
    if not stays_on_disk(rows):
        return np.empty(shape, dtype)
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    with tempfile.TemporaryFile(prefix="sklearn_rnn") as file:
        try:
            _reserve(file.fileno(), n_bytes)
        except OSError as error:
            raise OSError(
                error.errno,
                f"X stays on disk, but there is no room for its padded copy of {n_bytes:,} bytes "
                f"in {tempfile.gettempdir()}; set the environment variable TMPDIR to a folder "
                "that has it",
            ) from error
        return np.memmap(file, dtype, "w+", shape=shape)


def _reserve(file: int, n_bytes: int) -> None:
    """Take room on disk at once: a mapped file that finds none later ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, n_bytes)
