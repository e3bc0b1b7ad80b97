"""The states of the networks of a fit: in files, where it may be killed, or until it goes on."""

from __future__ import annotations

import math
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
import torch.utils.serialization  # by the first fit that saves, else

from sklearn_rnn._sklearn.safe_files import read, remove, write
from sklearn_rnn._training.state import TrainingState

SHARE_OF_TIME = 0.05
"""The share of the time of a fit in which files are written, at most: epochs between are not."""


class Checkpoint:
    """The files of a fit, one for the network of each seed, whose paths begin alike."""

    until = math.inf  # it ends no run

    def __init__(self, path: Path) -> None:
        self.path = path
        self._due: dict[int, float] = {}

    def resume(self, seed: int, history: list[dict[str, Any]], state: TrainingState) -> bool:
        """Go to the state that was saved last, and add its epochs to the history, if there is one.

        The history is that of the epochs before this run. Returns whether there was one.
        """
        content = read(self._file(seed))
        if content is None:
            return False
        _restore(content, history, state)
        return True

    def save(self, seed: int, history: list[dict[str, Any]], state: TrainingState) -> None:
        """Save the state after an epoch, unless too much time would go into files."""
        began = time.perf_counter()
        if began < self._due.get(seed, began):
            return
        write(self._file(seed), _stored(history, state))
        ended = time.perf_counter()
        self._due[seed] = ended + (ended - began) / SHARE_OF_TIME

    def remove(self) -> None:
        """Remove all files of the fit."""
        for file in self.path.parent.glob(f"{self.path.name}-*"):
            remove(file)

    def _file(self, seed: int) -> Path:
        return self.path.with_name(f"{self.path.name}-{seed}")


class Pause:
    """The end of a run before its last epoch, and the states from which another goes on.

    The network predicts as after a fit of `until` epochs; the schedule of the learning rate is that
    of all `max_epochs`. The next run, of the same data and configuration, learns the same, bit for
    bit, as if there had been no pause.

    Parameters
    ----------
    until : int
        The epoch after which the run ends.
    states : dict of int to bytes
        What the pause before has kept, by the seed of each network; empty at the first.
    """

    def __init__(self, until: int, states: dict[int, bytes]) -> None:
        self.until = until
        self.states = dict(states)

    def resume(self, seed: int, history: list[dict[str, Any]], state: TrainingState) -> bool:
        """Go to the state that was kept, as `Checkpoint.resume` does."""
        if seed not in self.states:
            return False
        _restore(self.states[seed], history, state)
        return True

    def save(self, seed: int, history: list[dict[str, Any]], state: TrainingState) -> None:
        """Keep the state after the last epoch of the run."""
        if state.stopped or state.epoch == self.until:
            self.states[seed] = _stored(history, state)


def _stored(history: list[dict[str, Any]], state: TrainingState) -> bytes:
    """Return a state, and the epochs of its run."""
    file = BytesIO()
    epochs = [dict(epoch) for epoch in list(history)[-state.epoch :]]
    torch.save({"state": state.state_dict(), "history": epochs}, file)
    return file.getvalue()


def _restore(content: bytes, history: list[dict[str, Any]], state: TrainingState) -> None:
    """Go to a state that was stored, and add its epochs to the history."""
    saved = torch.load(BytesIO(content), weights_only=True)
    state.load_state_dict(saved["state"])
    history.extend(saved["history"])
