"""The states of the networks of a fit in files, from which a fit that was killed goes on."""

from __future__ import annotations

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
        saved = torch.load(BytesIO(content), weights_only=True)
        state.load_state_dict(saved["state"])
        history.extend(saved["history"])
        return True

    def save(self, seed: int, history: list[dict[str, Any]], state: TrainingState) -> None:
        """Save the state after an epoch, unless too much time would go into files."""
        began = time.perf_counter()
        if began < self._due.get(seed, began):
            return
        file = BytesIO()
        epochs = [dict(epoch) for epoch in list(history)[-state.epoch :]]
        torch.save({"state": state.state_dict(), "history": epochs}, file)
        write(self._file(seed), file.getvalue())
        ended = time.perf_counter()
        self._due[seed] = ended + (ended - began) / SHARE_OF_TIME

    def remove(self) -> None:
        """Remove all files of the fit."""
        for file in self.path.parent.glob(f"{self.path.name}-*"):
            remove(file)

    def _file(self, seed: int) -> Path:
        return self.path.with_name(f"{self.path.name}-{seed}")
