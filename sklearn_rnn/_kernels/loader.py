"""The compiled kernels: found when this is imported, or not, with the reason."""

from __future__ import annotations

import ctypes
import os
import struct
import warnings
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
BEST_FIRST = ("avx512", "avx2", "plain")
CHUNK = 16
"""Rows that are worked together: CHUNK in layer.h."""

GROUPS = 8
"""Groups of chunks whose gradients are summed apart, at most: GROUPS in layer.h."""

CALL = struct.Struct("@33q")
"""The arguments of an entry, as in ``struct call`` of layer.h: integers and addresses."""

ADAM = struct.Struct("@6q4d")
"""The arguments of the entry adam, as in ``struct adam`` of adam.h."""

TRAINING = struct.Struct("@46q2d6q4d")
"""The arguments of the entries for training, as in ``struct training`` of training.h."""


class _Unavailable(Exception):
    """Why there are no kernels."""


def sources() -> str:
    """Return a hash of the sources beside this file, empty if there are none."""
    files = sorted(FOLDER.glob("*.[ch]"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest() if files else ""


def _text(library: ctypes.CDLL, name: str) -> str:
    """Return what the library says of itself, empty if it says nothing."""
    if not hasattr(library, name):
        return ""
    function = library[name]
    function.restype = ctypes.c_char_p
    text: bytes = function()
    return text.decode()


def _load(wanted: str) -> tuple[ctypes.CDLL, str]:
    """Return the library and its instruction set, the best one that is at most the wanted one."""
    if wanted == "0":
        raise _Unavailable("SKLEARN_RNN_NATIVE=0")
    if wanted not in ("", *BEST_FIRST):
        warnings.warn(
            f"SKLEARN_RNN_NATIVE must be 0, {', '.join(BEST_FIRST)} or unset; got {wanted!r}, "
            "which is ignored.",
            stacklevel=2,
        )
    if not (FOLDER / "kernels.so").exists():
        report = FOLDER / "kernels.txt"
        raise _Unavailable(report.read_text().strip() if report.exists() else "not compiled")
    try:
        library = ctypes.CDLL(str(FOLDER / "kernels.so"))
    except OSError as error:
        raise _Unavailable(str(error)) from error
    if sources() not in ("", _text(library, "sklearn_rnn_sources")):
        raise _Unavailable("the sources have changed since they were compiled: run make native")
    best = BEST_FIRST.index(_text(library, "sklearn_rnn_instructions"))
    limit = BEST_FIRST.index(wanted) if wanted in BEST_FIRST else 0
    return library, BEST_FIRST[max(best, limit)]


LIBRARY: ctypes.CDLL | None = None
INSTRUCTIONS = ""
try:
    LIBRARY, INSTRUCTIONS = _load(os.environ.get("SKLEARN_RNN_NATIVE", ""))
    STATUS = INSTRUCTIONS
except _Unavailable as _reason:
    STATUS = f"none ({_reason})"


@lru_cache
def entry(name: str, bits: int) -> Any:
    """Return a function of the library for numbers of so many bits; it takes packed arguments."""
    assert LIBRARY is not None, STATUS
    function = LIBRARY[f"{name}_f{bits}_{INSTRUCTIONS}"]
    function.argtypes = [ctypes.c_char_p]
    function.restype = ctypes.c_int
    return function


def lanes(bits: int) -> int:
    """Return how many numbers of so many bits a vector of the library holds."""
    return {"avx512": 512, "avx2": 256, "plain": 128}[INSTRUCTIONS] // bits


@lru_cache(maxsize=1024)
def sizes(
    cell: str, bits: int, option: int, shape: tuple[int, int, int, int], masked: bool
) -> tuple[int, int]:
    """Return how many numbers a training call keeps, and how many its gradients take.

    Parameters
    ----------
    cell : {"elman", "lstm", "gru"}
        The cell.
    bits : {32, 64}
        Size of a number.
    option : int
        1 for relu or for coupled gates.
    shape : tuple of int
        batch, steps, inputs, hidden.
    masked : bool
        Whether there is a mask of recurrent dropout.
    """
    assert LIBRARY is not None, STATUS
    function = LIBRARY[f"{cell}_sizes_f{bits}_{INSTRUCTIONS}"]
    function.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
    function.restype = None
    saved, partial = ctypes.c_int64(), ctypes.c_int64()
    call = [*shape, option, *[0] * 28]
    call[16] = int(masked)
    function(CALL.pack(*call), ctypes.byref(saved), ctypes.byref(partial))
    return saved.value, partial.value
