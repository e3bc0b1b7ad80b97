"""Calls of the compiled kernels on several threads, and how many of these each may use."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise

import torch
from torch import Tensor

from sklearn_rnn._modules.kernels.loader import CHUNK, GROUPS

WORTH_THREADS = 4_000_000
"""Multiplications of a call below which handing a part to a second thread costs more."""

ACTIVATION = 10
"""Multiplications that take as long as one activation of a gate."""


class _Allowed(threading.local):
    """The number of threads that kernels may use, if it is not that of torch, or a function."""

    threads: int | Callable[[], int] | None = None


_allowed = _Allowed()
_pool: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_pool.clear)  # threads do not survive a fork


def n_threads() -> int:
    """Return how many threads a kernel may use."""
    allowed = _allowed.threads
    return allowed() if callable(allowed) else allowed or torch.get_num_threads()


@contextmanager
def threads_for_kernels() -> Iterator[None]:
    """Let only the kernels use several threads in the block, torch one.

    After a parallel operation the threads of OpenMP wait actively, for longer than a step of a
    small network takes, and so occupy the cores that the kernels could use.
    """
    of_torch, before = torch.get_num_threads(), _allowed.threads
    try:  # a Ctrl-C between the next two lines, too, restores both
        _allowed.threads = before or of_torch
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(of_torch)
        _allowed.threads = before


def n_groups(batch: int, chunk: int = CHUNK) -> int:
    """Return how many groups of chunks a batch has, each with partial gradients of its own."""
    return min(-(-batch // chunk), GROUPS)


def parts_of(batch: int, work: int, chunk: int = CHUNK) -> list[tuple[int, int]]:
    """Divide the chunks of a batch among threads, if there is enough work.

    Returns the first chunk of each part, and the end.

    Parameters
    ----------
    batch : int
        Rows.
    work : int
        Multiplications.
    chunk : int
        Rows of a chunk.
    """
    chunks, groups = -(-batch // chunk), n_groups(batch, chunk)
    threads = min(n_threads(), groups) if work > WORTH_THREADS else 1
    return list(pairwise(groups * i // threads * chunks // groups for i in range(threads + 1)))


def addresses(*tensors: Tensor | None) -> list[int]:
    """Return the memory addresses of tensors, 0 for None."""
    return [0 if t is None else t.data_ptr() for t in tensors]


def run_together(function: Callable[[bytes], int], calls: list[bytes]) -> None:
    """Run the first call here and the others in threads; the library releases Python's lock.

    Parameters
    ----------
    function : callable
        A function of the library, which returns 0 on success.
    calls : list of bytes
        Its arguments, one for each call.
    """
    if len(calls) > 1 and not _pool:
        _pool.append(ThreadPoolExecutor(os.cpu_count(), "sklearn_rnn"))
    others = [_pool[0].submit(function, call) for call in calls[1:]]
    try:
        failed = [function(calls[0])]
    finally:
        _wait(others)
    if any(failed + [other.result() for other in others]):
        raise MemoryError("no memory for a layer")


def _wait(others: list[Future[int]]) -> None:
    """Wait for all calls, even after a Ctrl-C: they write to memory that the caller would free."""
    interrupt = None
    while not all(other.done() for other in others):
        try:
            wait(others)
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


torch.get_num_threads()  # or this thread would later have the number that another one sets last

OPERATIONS_WORTH_THREADS = 20_000_000
"""Multiplications in one training step below which a second thread makes it slower."""


def in_worker() -> bool:
    """Return whether this is a worker, as of joblib or dask: a child process or thread."""
    in_process = multiprocessing.parent_process() is not None
    return in_process or threading.current_thread() is not threading.main_thread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with one torch thread, then restore their number."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(operations: int, *, in_kernels: bool = False) -> AbstractContextManager[None]:
    """Return a context, to be entered at once, with as many threads as make its block faster.

    Parameters
    ----------
    operations : int
        Multiplications in one step of the block.
    in_kernels : bool, default=False
        Whether most of them are done in the compiled kernels; then only these use the threads.

    Notes
    -----
    Two processes with two threads each on two cores made the training of a small net 470
    times slower than one thread each. The number that the user has set is never exceeded.
    """
    if torch.get_num_threads() == 1:
        return nullcontext()
    if operations < OPERATIONS_WORTH_THREADS or in_worker():
        return one_thread()
    return threads_for_kernels() if in_kernels else nullcontext()


def run_side_by_side(tasks: Sequence[Generator[None]]) -> None:
    """Run tasks to their ends in as many threads as torch may use, each by one thread of torch.

    A task may be continued by another thread at each of its steps, so that all threads have work
    until the end. Kernels of the last tasks use the threads that others no longer need. If a task
    raises an error, or after Ctrl-C, the others are closed after their step and it is raised.

    Parameters
    ----------
    tasks : sequence of generator
        The tasks; what they compute must not depend on the number of threads.
    """
    n_allowed = 1 if in_worker() else n_threads()
    waiting, ended = deque(tasks), deque[None]()
    failed: deque[BaseException] = deque()

    def share() -> int:
        return max(1, n_allowed // max(1, len(tasks) - len(ended)))

    def work() -> None:
        _allowed.threads = share
        with one_thread():
            while waiting and not failed:
                try:
                    task = waiting.popleft()
                except IndexError:  # another thread took it
                    return
                try:
                    next(task)
                    waiting.append(task)
                except StopIteration:
                    ended.append(None)
                except BaseException as error:  # Ctrl-C too; it is raised again
                    failed.append(error)

    before = _allowed.threads
    with one_thread(), ThreadPoolExecutor(n_allowed, "sklearn_rnn") as pool:
        others = [pool.submit(work) for _ in range(min(n_allowed, len(tasks)) - 1)]
        try:
            work()
            wait(others)
        except BaseException as error:  # Ctrl-C between two steps
            failed.append(error)
    _allowed.threads = before
    for task in tasks:
        task.close()
    if failed:
        raise failed[0]
