"""The memory that this process may still have, asked before large arrays are allocated.

Linux grants more than there is, and ends the process that uses it; so an allocation that would
not fit is refused here. Elsewhere what is available is not known, and the allocation itself fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

LARGE = 2**28
"""Bytes below which what is available is not asked for: that takes longer than a small fit."""

MEMORY = Path("/proc/meminfo")
GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
"""The control groups of this process, and the folder of their files."""


def available() -> float:
    """Return the bytes that this process may still allocate, infinite where that is not known."""
    with suppress(OSError, ValueError, IndexError):
        fields = dict(line.split(":") for line in MEMORY.read_text().splitlines())
        of_machine = int(fields["MemAvailable"].split()[0]) * 1024
        return min([of_machine, *_left_in_groups()])
    return math.inf


def _left_in_groups() -> Iterator[int]:
    """Yield what each control group of this process, and those that it is in, have left."""
    known, root = GROUPS
    names = ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for line in known.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        folder = root / "memory" if controllers else root
        inner = folder / path.strip("/")
        for group in (inner, *inner.parents):
            if not group.is_relative_to(folder):
                break
            with suppress(OSError, ValueError, IndexError):  # "max", or the files of another group
                limit, used = (int((group / name).read_text()) for name in names[bool(controllers)])
                statistics = dict(
                    line.split() for line in (group / "memory.stat").read_text().splitlines()
                )
                yield limit - used + int(statistics.get("inactive_file", 0))


def check_memory(n_bytes: int, what: str) -> None:
    """Raise a MemoryError if a large allocation would not fit.

    Parameters
    ----------
    n_bytes : int
        The bytes that are to be allocated.
    what : str
        What for.
    """
    if n_bytes > LARGE and n_bytes > (left := available()):
        raise MemoryError(
            f"cannot allocate {n_bytes} bytes for {what}, as {int(left)} are available"
        )


class CheckedParameters(TorchFunctionMode):
    """Refuse the parameters of a network for whose training there is not enough memory.

    Parameters
    ----------
    n_bytes : int
        The bytes in training for each entry of a parameter: itself, its gradient, what the
        optimizer keeps.
    """

    def __init__(self, n_bytes: int) -> None:
        super().__init__()
        self.n_bytes, self.total = n_bytes, 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Check what ``torch.empty`` is called with, together with what it was before."""
        kwargs = kwargs or {}
        if func is torch.empty and str(kwargs.get("device")) != "meta":
            shape = args[0] if len(args) == 1 and not isinstance(args[0], int) else args
            self.total += self.n_bytes * math.prod(shape)
            check_memory(self.total, "weights, their gradients and the state of the optimizer")
        return func(*args, **kwargs)
