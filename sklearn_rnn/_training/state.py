"""The state of a training run: all that it needs to go on, besides its configuration and data."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._training.schedules import PLANNED

WAIT_WHILE_FLAT = 3
"""Times `patience` that early stopping waits while nothing is learned, as gated networks begin."""


@dataclass
class TrainingState:
    """What an epoch begins with and leaves behind.

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
        Holds the vector of all parameters, and what it remembers of the steps before.
    order, noise : torch.Generator
        The sources of the order of the batches, and of dropout and augmentation.
    n_epochs_before : int
        Epochs of earlier runs of the same network.
    epoch : int
        Epochs of this run so far: the position in the schedule of the learning rate.
    lowest : dict of str to float
        The lowest training and validation loss so far.
    improved : dict of str to bool
        Which losses are the lowest since the last epoch.
    watched_loss : float
        The loss of the last epoch that ends the training when it does not fall.
    plateau_loss, n_misses : float, int
        The lowest loss that was watched, and the epochs since it fell by ``tol``.
    n_flat : int
        Of the epochs since then, those whose training loss was hardly below a constant's, which
        are not among `n_misses`.
    best : Tensor or None
        The parameters of the best epoch, with early stopping.
    stopped : bool
        Whether the loss has not fallen for ``patience`` epochs.
    rate_reducer : ReduceLROnPlateau or None
        The learning rate of ``lr_schedule="plateau"``.
    proximal : ProximalLBFGS or None
        The solver, for L-BFGS with a penalty that makes weights zero.
    vector : Tensor
        All parameters of the network, as one leaf tensor.
    """

    optimizer: torch.optim.Optimizer
    order: torch.Generator
    noise: torch.Generator
    n_epochs_before: int = 0
    epoch: int = 0
    lowest: dict[str, float] = field(default_factory=dict)
    improved: dict[str, bool] = field(default_factory=dict)
    watched_loss: float = math.inf
    plateau_loss: float = math.inf
    n_misses: int = 0
    n_flat: int = 0
    best: Tensor | None = None
    stopped: bool = False
    rate_reducer: ReduceLROnPlateau | None = None
    proximal: ProximalLBFGS | None = None
    vector: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.vector = self.optimizer.param_groups[0]["params"][0]

    @classmethod
    def begin(
        cls,
        optimizer: torch.optim.Optimizer,
        config: TrainingConfig,
        seed: int,
        n_epochs_before: int = 0,
    ) -> TrainingState:
        """Return the state in which a run begins.

        Parameters
        ----------
        optimizer : torch.optim.Optimizer
            Holds one parameter: the vector that the parameters of the module are views of.
        config : TrainingConfig
            The configuration of the run.
        seed : int
            The source of the order of the batches and of dropout.
        n_epochs_before : int, default=0
            Epochs that the network was trained for before; the run draws other numbers than these.
        """
        device = optimizer.param_groups[0]["params"][0].device
        order = torch.Generator().manual_seed(seed + n_epochs_before)
        noise = torch.Generator(device).manual_seed(seed + n_epochs_before + 1)
        if config.optimizer != "lbfgs":  # an earlier run may have left another rate
            optimizer.param_groups[0]["lr"] = config.learning_rate
        reducer = None
        if config.lr_schedule == "plateau":
            patience, tol = config.patience // 2, config.tol
            reducer = ReduceLROnPlateau(
                optimizer, patience=patience, threshold=tol, threshold_mode="abs"
            )
        return cls(optimizer, order, noise, n_epochs_before, rate_reducer=reducer)

    @property
    def n_epochs(self) -> int:
        """Epochs of this run and of earlier ones."""
        return self.n_epochs_before + self.epoch

    def reduce_rate(self) -> None:
        """Divide the learning rate by ten if the schedule asks for it after the last epoch."""
        if self.rate_reducer is not None and self.epoch:
            self.rate_reducer.step(self.watched_loss)

    def record(
        self,
        losses: dict[str, float],
        config: TrainingConfig,
        *,
        is_flat: bool = False,
        is_settled: bool = True,
    ) -> None:
        """Note the losses of an epoch, and whether the run stops.

        It does after `patience` epochs without a fall of the watched loss by more than `tol` below
        the lowest so far. Epochs in which the network fits its training data hardly better than a
        constant (`is_flat`) are counted apart, up to `WAIT_WHILE_FLAT` times `patience`.

        Epochs whose weights are on their way to zero (not `is_settled`) are never the best, however
        low their validation loss is by chance. The training loss is watched until one is settled.
        """
        early = config.early_stopping and (is_settled or self.best is not None)
        self.watched_loss = loss = losses["valid_loss" if early else "train_loss"]
        if early and self.best is None:
            self.plateau_loss = math.inf  # of another loss so far
        self.improved = dict.fromkeys(losses, False)
        if not is_settled:
            losses = {"train_loss": losses["train_loss"]}
        if early and is_settled and loss < self.lowest.get("valid_loss", math.inf):
            self.best = self.vector.detach().clone()
        for name, value in losses.items():
            self.improved[name] = value < self.lowest.get(name, math.inf)
            self.lowest[name] = min(value, self.lowest.get(name, math.inf))
        if loss < self.plateau_loss - config.tol:
            self.n_misses = self.n_flat = 0
        else:
            self.n_misses += not is_flat
            self.n_flat += is_flat
        self.plateau_loss = min(self.plateau_loss, loss)
        at_plateau = (
            self.n_misses >= config.patience or self.n_flat >= WAIT_WHILE_FLAT * config.patience
        )
        self.stopped = at_plateau and (config.early_stopping or config.lr_schedule not in PLANNED)

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything, in values that ``torch.save`` takes."""
        own = {name: deepcopy(getattr(self, name)) for name in PLAIN}
        return {
            **own,
            "vector": self.vector.detach().clone(),
            "optimizer": deepcopy(self.optimizer.state_dict()),
            "order": self.order.get_state(),
            "noise": self.noise.get_state(),
            "rate_reducer": self.rate_reducer and self.rate_reducer.state_dict(),
            "proximal": self.proximal and (self.proximal.last, self.proximal.size),
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go to a state that `state_dict` has returned, of a run of the same configuration."""
        for name in PLAIN:
            setattr(self, name, deepcopy(saved[name]))
        self.vector.data.copy_(saved["vector"])
        self.optimizer.load_state_dict(deepcopy(saved["optimizer"]))
        self.order.set_state(saved["order"])
        self.noise.set_state(saved["noise"])
        if self.rate_reducer is not None:
            self.rate_reducer.load_state_dict(saved["rate_reducer"])
        if self.proximal is not None:
            old, memory = self.proximal, self.optimizer.state[self.vector]
            self.proximal = ProximalLBFGS(old.vector, old.n_weights, old.penalty, memory)
            self.proximal.last, self.proximal.size = saved["proximal"]


def still_improving(losses: list[float], patience: int, tol: float) -> bool:
    """Return whether the loss still fell by more than `tol` per epoch at the end of training.

    The end is the last `patience` epochs, or the second half if there are fewer than twice as many.
    """
    n_last = min(patience, len(losses) // 2)
    if not n_last:
        return False
    return min(losses[:-n_last]) - min(losses[-n_last:]) > tol * n_last


PLAIN = (
    *("n_epochs_before", "epoch", "lowest", "improved", "watched_loss", "plateau_loss"),
    *("n_misses", "n_flat", "best", "stopped"),
)
"""The attributes of a state that are copied as they are."""
