"""skorch callbacks: a progress bar, and checks that the training loop supports the others."""

from __future__ import annotations

from typing import Any

from skorch import callbacks as of_skorch
from skorch.callbacks import Callback, Checkpoint, ParamMapper
from skorch.callbacks.scoring import ScoringBase
from tqdm import tqdm

REFUSED: dict[type[Callback], str] = {
    ScoringBase: "needs skorch's own training loop; pass X_val and y_val to fit, and read "
    "validation_loss_curve_",
    ParamMapper: "selects parameters of the network, but they are trained as one vector",
    of_skorch.ProgressBar: "needs skorch's own training loop; set verbose=2",
}
"""Callbacks that this training loop does not support, and why."""

WITH_FILES = (Checkpoint, of_skorch.TrainEndCheckpoint, of_skorch.LoadInitState)
"""Callbacks that write the weights of a net to files, or read them there."""


class ProgressBar(Callback):
    """Progress bar over the epochs, with the losses and the time left."""

    bar_: tqdm[Any] | None = None

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.config.max_epochs, unit="epoch")

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


def check_callbacks(callbacks: list[Any] | None, *, several: bool = False) -> None:
    """Check that the training loop supports all of the callbacks, for `several` nets or for one."""
    for callback in _without_names(callbacks):
        kind = callback if isinstance(callback, type) else type(callback)
        if not issubclass(kind, Callback):
            raise ValueError(f"callbacks must be skorch callbacks; got {callback!r}.")
        for refused, why in REFUSED.items():
            if issubclass(kind, refused):
                raise ValueError(f"callbacks has a {kind.__name__}, which {why}.")
        if several and issubclass(kind, WITH_FILES):
            raise ValueError(
                f"callbacks has a {kind.__name__}, whose files all members would share; set "
                "n_members=1."
            )


def check_monitored(callbacks: list[Any] | None, *, validated: bool) -> None:
    """Check that there is a validation loss if a callback monitors it."""
    for callback in _without_names(callbacks):
        watched = str(getattr(callback, "monitor", None) or "")
        if watched.startswith("valid_loss") and not validated:
            raise ValueError(
                f"callbacks has a {type(callback).__name__}, which monitors {watched}, but there "
                "is no validation data; set early_stopping=True, pass X_val and y_val to fit, or "
                "let it monitor train_loss."
            )


def uses_batches(callback: Callback) -> bool:
    """Return whether a callback has batch hooks, or reads what batches record in the history."""
    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return isinstance(callback, Checkpoint) or any(
        getattr(type(callback), hook) is not getattr(Callback, hook) for hook in hooks
    )


def _without_names(callbacks: list[Any] | None) -> list[Any]:
    """Return the callbacks without their names."""
    return [item[-1] if isinstance(item, tuple) else item for item in callbacks or []]
