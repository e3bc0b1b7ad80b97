"""Peers of the speed benchmark, each in a process of its own: backends and imports do not mix.

A process waits at a pipe for the next thing to do, so that peers and the bare loop take turns. It
is no worker of multiprocessing: in one of those sklearn_rnn would keep to one thread.
"""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from benchmarks._workloads import Workload


@dataclass(frozen=True)
class Kind:
    """A peer: the class of its net, the packages that it needs, and the workloads that it runs."""

    module: str
    net: str
    packages: tuple[str, ...]
    workloads: Collection[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def versions(self) -> str:
        """Return its packages with their versions; empty if one of them is not installed."""
        try:
            return ", ".join(f"{name} {version(name)}" for name in self.packages)
        except PackageNotFoundError:
            return ""


RECURRENT = ("W1", "W2", "W3", "W4")
SHORT = (*RECURRENT, "W5")
# Left out: on tokens, Keras on torch runs LSTM step by step in Python, in 70 times the seconds of
# the bare loop, and the two libraries of forecasts read no tokens. On the million all three take
# minutes a round: sample by sample, or, neuralforecast, all windows looked at in every step.
# Windows of a series nobody convolves once, so that they would be W5 again.
PEERS = {
    "Keras on JAX": Kind(
        "benchmarks._peers_keras",
        "Keras",
        ("keras", "jax"),
        (*SHORT, "W6", "IMDB", "1M"),
        {"KERAS_BACKEND": "jax"},
    ),
    "Keras on torch": Kind(
        "benchmarks._peers_keras", "Keras", ("keras",), SHORT, {"KERAS_BACKEND": "torch"}
    ),
    "neuralforecast": Kind(
        "benchmarks._peers_neuralforecast", "Forecaster", ("neuralforecast",), SHORT
    ),
    "darts": Kind("benchmarks._peers_darts", "Forecaster", ("darts",), SHORT),
}
WITHOUT_KERNELS = Kind(
    "benchmarks._peers_torch",
    "Estimator",
    ("torch",),
    (*SHORT, "W6", "IMDB", "1M"),
    {"SKLEARN_RNN_NATIVE": "0"},
)
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}
"""Arguments of Lightning's trainer: a net as it comes, but for what it shows and writes."""


class Peer:
    """A net in another process, which trains and predicts when it is told to.

    Parameters
    ----------
    kind : Kind
        Says which net.
    """

    def __init__(self, kind: Kind) -> None:
        self.pipe, theirs = Pipe()
        number = theirs.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(number)],
            pass_fds=[number],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **kind.environment},
        )
        theirs.close()
        self.pipe.send((kind.module, kind.net))

    def prepare(self, workload: Workload) -> None:
        """Make data and net of a workload."""
        self.tell(workload)

    def train(self) -> None:
        """Train for the epochs of the workload."""
        self.tell("train")

    def predict(self) -> None:
        """Predict all rows."""
        self.tell("predict")

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.terminate()
        self.process.wait()

    def tell(self, what: Workload | str) -> None:
        """Have a net of a workload made, or one of its methods called."""
        self.pipe.send(what)
        error = self.pipe.recv()
        if error:
            raise RuntimeError(error)


def serve(pipe: Connection) -> None:
    """Do what the pipe says, and answer with what went wrong, or nothing, until it is closed."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    module, name = pipe.recv()
    net = None
    while True:
        try:
            what = pipe.recv()
        except EOFError:
            return
        try:
            if isinstance(what, Workload):
                net = getattr(importlib.import_module(module), name)(what)
            else:
                getattr(net, what)()
            pipe.send("")
        except Exception:  # whatever a peer raises, the parent raises with its traceback
            pipe.send(traceback.format_exc())


@contextmanager
def running(kinds: Mapping[str, Kind]) -> Iterator[dict[str, Peer]]:
    """Start the peers whose packages are installed, and stop them at the end."""
    peers = {name: Peer(kind) for name, kind in kinds.items() if kind.versions()}
    try:
        yield peers
    finally:
        for peer in peers.values():
            peer.stop()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
