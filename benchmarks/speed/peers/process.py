"""Peers in processes of their own, since backends, environments and imports do not mix.

A process waits at a pipe for what to do next, so that all competitors take turns. It is not a
worker of multiprocessing, in which sklearn_rnn would keep to one thread.
"""

import logging
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from operator import attrgetter
from pkgutil import resolve_name

from benchmarks.speed.peers import Peer
from benchmarks.speed.workloads import Workload


class PeerProcess:
    """A peer in a process of its own."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.pipe, theirs = Pipe()
        number = theirs.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(number), f"{__package__}.{peer.factory}"],
            pass_fds=[number],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **peer.environment},
        )
        theirs.close()

    def call(self, request: Workload | str) -> None:
        """Make data and network of a workload, or call the method of this name."""
        self.pipe.send(request)
        if error := self.pipe.recv():
            raise RuntimeError(error)

    def stop(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.wait()


@contextmanager
def running(peers: Mapping[str, Peer]) -> Iterator[dict[str, PeerProcess]]:
    """Start the peers whose packages are installed, and stop them at the end."""
    processes = {name: PeerProcess(peer) for name, peer in peers.items() if peer.versions()}
    try:
        yield processes
    finally:
        for process in processes.values():
            process.stop()


def serve(pipe: Connection, factory: str) -> None:
    """Answer requests, with a traceback where one fails, until the pipe is closed."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    peer = None
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        try:
            if isinstance(request, Workload):
                peer = resolve_name(factory)(request)
            else:
                attrgetter(request)(peer)()
            pipe.send("")
        except Exception:  # of any kind: it is raised again in the parent
            pipe.send(traceback.format_exc())


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2])
