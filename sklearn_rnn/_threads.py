"""How many threads torch may use: one for small steps and in workers of joblib."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

torch.get_num_threads()  # or this thread would later have the number that another one sets last

OPERATIONS_WORTH_THREADS = 20_000_000
"""Multiplications in one training step below which a second thread costs more than it gains."""


def in_worker() -> bool:
    """Return whether this is a worker of joblib, dask or the like: a child process or thread."""
    in_process = multiprocessing.parent_process() is not None
    return in_process or threading.current_thread() is not threading.main_thread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with one torch thread, then restore their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(operations: int) -> AbstractContextManager[None]:
    """Return a context with as many torch threads as its block deserves.

    Parameters
    ----------
    operations : int
        Multiplications in one step of the block.

    Notes
    -----
    Two processes with two threads each on two cores made the training of a small net 470
    times slower than one thread each. The number that the user has set is never exceeded.
    """
    single = in_worker() or operations < OPERATIONS_WORTH_THREADS
    return one_thread() if single else nullcontext()
