"""Tables of rows that may be larger than memory: read in chunks, and left on disk."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

CHUNK_VALUES = 2**18
"""Values of a temporary copy: 2 MB, which a cache holds, and little beside a table."""

SMALL = 2**10
"""Values that are looked at one by one, at once, as the setting of NumPy's errors takes longer."""

LARGE_FILE = 2**28
"""Size in bytes from which on the rows of a file are not copied into memory."""


def row_chunks(n_rows: int, n_columns: int, at_least: int = 1) -> Iterator[slice]:
    """Return slices that cover all rows, about `CHUNK_VALUES` values and some rows at least."""
    size = max(at_least, CHUNK_VALUES // n_columns)
    return (slice(start, start + size) for start in range(0, n_rows, size))


def is_finite(rows: NDArray[Any]) -> bool:
    """Return whether all values are finite; of many rather their sum, without a copy."""
    if rows.size <= SMALL:
        return bool(np.isfinite(rows).all())
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.sum(rows)))


def has_nan(rows: NDArray[Any]) -> bool:
    """Return whether any value is NaN."""
    return not is_finite(rows) and any(
        np.isnan(rows[chunk]).any() for chunk in row_chunks(*rows.shape)
    )


def has_inf(rows: NDArray[Any]) -> bool:
    """Return whether any value is infinite."""
    return not is_finite(rows) and any(
        np.isinf(rows[chunk]).any() for chunk in row_chunks(*rows.shape)
    )


def are_nan(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask of the rows that are NaN in every column."""
    found = np.zeros(len(rows), dtype=bool)
    if not is_finite(rows):
        for chunk in row_chunks(*rows.shape):
            found[chunk] = np.isnan(rows[chunk]).all(axis=1)
    return found


def stays_on_disk(rows: NDArray[Any]) -> bool:
    """Return whether rows are left on disk: they belong to a file, and a large one.

    Small files are read: joblib passes arrays from a megabyte on to its workers as files.
    """
    return rows.nbytes >= LARGE_FILE and on_disk(rows)


def on_disk(rows: NDArray[Any]) -> bool:
    """Return whether an array, or the array that it is a view of, is mapped from a file."""
    owner: Any = rows
    while owner is not None and not isinstance(owner, mmap.mmap):
        owner = getattr(owner, "base", None)
    return owner is not None


def empty_on_same_storage(
    rows: NDArray[Any], shape: tuple[int, ...], dtype: DTypeLike
) -> NDArray[Any]:
    """Return an uninitialised array, in a temporary file if `rows` stay on disk.

    The file lies in the folder for temporary files and is deleted together with the array.
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
                f"X stays on disk, but its padded copy needs {n_bytes:,} bytes, for which there is "
                f"no space in {tempfile.gettempdir()}; set the environment variable TMPDIR to a "
                "folder with more free space",
            ) from error
        return np.memmap(file, dtype, "w+", shape=shape)


def _reserve(file: int, n_bytes: int) -> None:
    """Allocate the disk space of a file now: running out of it later would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, n_bytes)
