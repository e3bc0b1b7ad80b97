"""Load the compiled kernels at import, or record why they are unavailable."""

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
INSTRUCTION_SETS = ("avx512", "avx2", "plain")
CHUNK = 16
"""Rows that are processed together: CHUNK in layer.h."""

GROUPS = 8
"""The most groups of chunks, each of which has its own partial gradients: GROUPS in layer.h."""

CALL = struct.Struct("@33q")
"""The arguments of a function, as in ``struct call`` of layer.h: integers and addresses."""

ADAM = struct.Struct("@6q4d")
"""The arguments of the function adam, as in ``struct adam`` of adam.h."""

TRAINING = struct.Struct("@46q2d6q4d")
"""The arguments of the training functions, as in ``struct training`` of fused_training.h."""


class _Unavailable(Exception):
    """The kernels cannot be used; the message says why."""


def sources() -> str:
    """Return a hash of the C sources in this folder, empty if there are none."""
    files = sorted(FOLDER.glob("*.[ch]"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest() if files else ""


def _read_string(library: ctypes.CDLL, name: str) -> str:
    """Call a function of the library that returns text; empty if there is no such function."""
    if not hasattr(library, name):
        return ""
    function = library[name]
    function.restype = ctypes.c_char_p
    text: bytes = function()
    return text.decode()


def _load(wanted: str) -> tuple[ctypes.CDLL, str]:
    """Return the library and the best supported instruction set, at most the wanted one."""
    if wanted == "0":
        raise _Unavailable("SKLEARN_RNN_NATIVE=0")
    if wanted not in ("", *INSTRUCTION_SETS):
        warnings.warn(
            f"SKLEARN_RNN_NATIVE must be 0, {', '.join(INSTRUCTION_SETS)} or unset; got "
            f"{wanted!r}, which is ignored.",
            stacklevel=2,
        )
    if not (FOLDER / "kernels.so").exists():
        report = FOLDER / "kernels.txt"
        raise _Unavailable(report.read_text().strip() if report.exists() else "not compiled")
    try:
        library = ctypes.CDLL(str(FOLDER / "kernels.so"))
    except OSError as error:
        raise _Unavailable(str(error)) from error
    if sources() not in ("", _read_string(library, "sklearn_rnn_sources")):
        raise _Unavailable("the sources have changed since they were compiled: run make native")
    best = INSTRUCTION_SETS.index(_read_string(library, "sklearn_rnn_instructions"))
    limit = INSTRUCTION_SETS.index(wanted) if wanted in INSTRUCTION_SETS else 0
    return library, INSTRUCTION_SETS[max(best, limit)]


LIBRARY: ctypes.CDLL | None = None
INSTRUCTIONS = ""
try:
    LIBRARY, INSTRUCTIONS = _load(os.environ.get("SKLEARN_RNN_NATIVE", ""))
    STATUS = INSTRUCTIONS
except _Unavailable as _reason:
    STATUS = f"none ({_reason})"


@lru_cache
def entry(name: str, bits: int) -> Any:
    """Return a function of the library for elements of 32 or 64 bits; it takes packed arguments."""
    assert LIBRARY is not None, STATUS
    function = LIBRARY[f"{name}_f{bits}_{INSTRUCTIONS}"]
    function.argtypes = [ctypes.c_char_p]
    function.restype = ctypes.c_int
    return function


def lanes(bits: int) -> int:
    """Return the number of elements of 32 or 64 bits in a vector of the library."""
    return {"avx512": 512, "avx2": 256, "plain": 128}[INSTRUCTIONS] // bits


@lru_cache(maxsize=1024)
def sizes(
    cell: str, bits: int, option: int, shape: tuple[int, int, int, int], masked: bool
) -> tuple[int, int]:
    """Return the numbers of elements that a training call saves, and that its gradients take.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
        The cell.
    bits : {32, 64}
        Size of an element.
    option : int
        1 for relu, or for the coupled gates of an LSTM.
    shape : tuple of int
        batch, steps, inputs, hidden.
    masked : bool
        Whether there is a mask of recurrent dropout.

    Returns
    -------
    saved, partial : int
        Sizes of ``saved`` and ``partial`` of ``struct call``.
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
