"""skorch callbacks: a progress bar, and checks that the training loop supports the others."""

from __future__ import annotations

import re
import sys
from typing import Any

from sklearn.base import clone
from skorch import callbacks as of_skorch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
    TrainEndCheckpoint,
    WandbLogger,
)
from skorch.callbacks.scoring import ScoringBase

from sklearn_rnn._sklearn.progress import Bar
from sklearn_rnn._training.config import TrainingConfig

REFUSED: dict[type[Callback], str] = {
    ScoringBase: "needs skorch's own training loop; pass X_val and y_val to fit, and read "
    "validation_loss_curve_",
    ParamMapper: "selects parameters of the network, but they are trained as one vector",
    of_skorch.ProgressBar: "needs skorch's own training loop; set verbose=2",
    InputShapeSetter: "sets a size that the estimator takes from X; leave it out",
}
"""Callbacks that this training loop does not support, and why."""

WITH_FILES = (Checkpoint, TrainEndCheckpoint, LoadInitState)
"""Callbacks that write the weights of a net to files, or read them there."""

OF_BATCHES = (Checkpoint, TrainEndCheckpoint, PassthroughScoring)
"""Callbacks without batch hooks that read what batches record in the history."""


COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What changes the colour of text in a terminal."""


def print_line(text: str) -> None:
    """Print a line of skorch's log, in colours only in a terminal."""
    print(text if sys.stdout.isatty() else COLOUR.sub("", text))


class ProgressBar(Callback):
    """Progress bar over the epochs, with the losses and the time left."""

    bar_: Bar | None = None

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Open the bar."""
        self.bar_ = Bar(total=net.config.max_epochs, unit="epoch")

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Advance the bar."""
        assert self.bar_ is not None, "training has begun"
        row = net.history[-1]
        shown = {k: f"{row[k]:.4g}" for k in ("train_loss", "valid_loss") if k in row}
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, **_: Any) -> None:
        """Close the bar, if it was opened."""
        if self.bar_ is not None:
            self.bar_.close()
        self.bar_ = None


def shown(verbose: int) -> list[tuple[str, Callback]]:
    """Return the callback that shows a run: by a line an epoch, or by a bar."""
    kinds = {
        1: [("print_log", PrintLog("penalty", sink=print_line))],
        2: [("progress_bar", ProgressBar())],
    }
    return kinds[verbose]


def callbacks_of(config: TrainingConfig) -> list[Any]:
    """Return the callbacks of a net: those given, new ones from a function, or a member's copies.

    Raises
    ------
    ValueError
        If the training loop does not support one of them, or members cannot have copies of it.
    """
    given = config.callbacks
    callbacks = given() if callable(given) else given
    if not isinstance(callbacks, list):
        raise ValueError(
            "callbacks must be a list, or a function without arguments that returns one; it "
            f"returned {callbacks!r}."
        )
    for item in callbacks:
        _check(item[-1] if isinstance(item, tuple) else item, config)
    return copied(callbacks) if config.n_members > 1 and callbacks is given else callbacks


def _check(callback: Any, config: TrainingConfig) -> None:
    """Check that the training loop supports a callback, or the class of one."""
    kind = callback if isinstance(callback, type) else type(callback)
    name = kind.__name__
    if not issubclass(kind, Callback):
        raise ValueError(f"callbacks must be skorch callbacks; got {callback!r}.")
    for refused, why in REFUSED.items():
        if issubclass(kind, refused):
            raise ValueError(f"callbacks has a {name}, which {why}.")
    if config.n_members > 1 and issubclass(kind, WITH_FILES) and not callable(config.callbacks):
        raise ValueError(
            f"callbacks has a {name}, whose files all members would share; set n_members=1, or "
            "give a function that returns callbacks with other files at each call."
        )


def copied(callbacks: list[Any]) -> list[Any]:
    """Return clones of callbacks; if one cannot be cloned, the error has the fix."""
    copies = []
    for item in callbacks:
        try:
            copies.append(clone(item, safe=False))
        except Exception as error:  # of any kind, by what the callback holds
            name = type(item[-1] if isinstance(item, tuple) else item).__name__
            raise ValueError(
                f"callbacks has a {name} that cannot be cloned, which searches and n_members > 1 "
                "need. Give a function that makes a new one at each call, "
                f"callbacks=lambda: [{name}(...)]. ({error})"
            ) from error
    return copies


def check_run(
    callbacks: list[tuple[str, Callback]], config: TrainingConfig, *, validated: bool
) -> None:
    """Check that callbacks suit a run: the schedule of its learning rate, and its losses."""
    for _, callback in callbacks:
        name, instead = type(callback).__name__, "let it monitor train_loss"
        watched = str(getattr(callback, "monitor", None) or "")
        if isinstance(callback, LRScheduler) and config.lr_schedule != "constant":
            raise ValueError(
                f"callbacks has a {name}, and lr_schedule={config.lr_schedule!r} sets the "
                'learning rate too; set lr_schedule="constant", or leave the callback out.'
            )
        if isinstance(callback, WandbLogger) and callback.save_model:
            watched, instead = "valid_loss_best", "set its save_model=False"
        if watched.startswith("valid_loss") and not validated:
            raise ValueError(
                f"callbacks has a {name}, which monitors {watched}, but there is no validation "
                f"data; set early_stopping=True, pass X_val and y_val to fit, or {instead}."
            )


def uses_batches(callback: Callback) -> bool:
    """Return whether a callback has batch hooks, or reads what batches record in the history."""
    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return isinstance(callback, OF_BATCHES) or any(
        getattr(type(callback), hook) is not getattr(Callback, hook) for hook in hooks
    )
