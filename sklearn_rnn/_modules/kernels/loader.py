"""Load the compiled kernels at import, or record why they are unavailable."""

from __future__ import annotations

import ctypes
import os
import warnings
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INSTRUCTION_SETS = ("avx512", "avx2", "plain")
CELLS = ("rnn", "lstm", "gru")
CALLS = ("sizes", "forward", "backward", "sum")
TRAINING_CALLS = ("train_sizes", "train", "train_part", "train_sum")
CHUNK = 16
"""Rows that are processed together: CHUNK in layer.h."""

MOST_BYTES = 64 * 2**20
"""Bytes in each thread of arrays that grow with the steps, or more for one row; see segments.h."""

GROUPS = 8
"""The most groups of chunks, each of which has its own partial gradients: GROUPS in layer.h."""


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
    if not (FOLDER / "kernels.c.so").exists():
        report = FOLDER / "kernels.txt"
        raise _Unavailable(report.read_text().strip() if report.exists() else "not compiled")
    try:
        library = ctypes.CDLL(str(FOLDER / "kernels.c.so"))
    except OSError as error:
        raise _Unavailable(str(error)) from error
    if sources() not in ("", _read_string(library, "sklearn_rnn_sources")):
        raise _Unavailable("the sources have changed since they were compiled: run make native")
    best = INSTRUCTION_SETS.index(_read_string(library, "sklearn_rnn_instructions"))
    limit = INSTRUCTION_SETS.index(wanted) if wanted in INSTRUCTION_SETS else 0
    return library, INSTRUCTION_SETS[max(best, limit)]


def _functions(library: ctypes.CDLL, instructions: str) -> dict[tuple[str, int], Any]:
    """Return all functions of the library, by name and by the bits of an element."""
    packed, result = ctypes.c_char_p, ctypes.c_void_p
    names = [f"{cell}_{what}" for cell in CELLS for what in CALLS + TRAINING_CALLS]
    names += [f"dense_{what}" for what in ("forward", *TRAINING_CALLS)]
    names += [f"conv_{what}" for what in CALLS]
    functions = {}
    for name, bits in product(["step", *names], (32, 64)):
        try:
            function = library[f"{name}_f{bits}_{instructions}"]
        except AttributeError as error:
            raise _Unavailable(str(error)) from error
        n_results = 2 * name.endswith("_sizes")
        function.argtypes = [packed, *[result] * n_results]
        function.restype = None if n_results else ctypes.c_int
        functions[name, bits] = function
    return functions


LIBRARY: ctypes.CDLL | None = None
INSTRUCTIONS = ""
FUNCTIONS: dict[tuple[str, int], Any] = {}
"""The functions of the library for elements of 32 or 64 bits; they take bytes of `arguments`."""

try:
    _library, STATUS = _load(os.environ.get("SKLEARN_RNN_NATIVE", ""))
    FUNCTIONS = _functions(_library, STATUS)
    LIBRARY, INSTRUCTIONS = _library, STATUS
except _Unavailable as _reason:
    STATUS = f"none ({_reason})"


def lanes(bits: int) -> int:
    """Return the number of elements of 32 or 64 bits in a vector of the library."""
    return {"avx512": 512, "avx2": 256, "plain": 128}[INSTRUCTIONS] // bits
