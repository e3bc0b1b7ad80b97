"""Files that a process may be killed over: locked, replaced as a whole, and checked when read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from pickle import PicklingError
from typing import Any

import joblib
from filelock import FileLock

MARK = b"sklearn_rnn 1\n"
"""The first line of each file."""


def open_folder(checkpoint: Any) -> Path:
    """Return the folder that a parameter `checkpoint` names, which is made if there is none."""
    try:
        folder = Path(checkpoint).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError) as error:
        raise ValueError(
            f"checkpoint must be a folder, or one that can be made; got {checkpoint!r}: {error}."
        ) from error
    return folder


def fingerprint(of: Any) -> str:
    """Return a text that is the same in other processes, and different for other values."""
    try:
        return str(joblib.hash(of))
    except (AttributeError, PicklingError, TypeError) as error:
        raise ValueError(
            "checkpoint needs parameters and data that can be pickled, to know them again: define "
            f"functions in a module, not by lambda or in a function. {error}"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Run the block while no other process or thread runs one for this path; they wait.

    The lock ends with the process that holds it, however that ends.
    """
    lock = path.with_name(f"{path.name}.lock")
    with FileLock(lock):
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows removes no open file
                lock.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write a file, which at any moment has its old content or the new one."""
    part = path.with_name(f"{path.name}.part")
    with open(part, "wb") as file:
        file.write(_header(path, content))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def read(path: Path) -> bytes | None:
    """Return the content of a file that `write` wrote, or None if there is no file.

    Raises
    ------
    ValueError
        If it is another file, or not whole.
    """
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    size = len(_header(path, b""))
    if found[:size] != _header(path, content := found[size:]):
        raise ValueError(
            f"checkpoint has the file {path}, which is truncated, damaged or not of this run. It "
            "was left as it is: remove it to begin anew, or give another folder."
        )
    return content


def remove(path: Path) -> None:
    """Remove a file, and what a killed process has left of it."""
    for name in (path.name, f"{path.name}.part"):
        path.with_name(name).unlink(missing_ok=True)


def _header(path: Path, content: bytes) -> bytes:
    """Return the first bytes of a file of this name: a mark, and a checksum of both."""
    return MARK + hashlib.sha256(path.name.encode() + content).digest()
