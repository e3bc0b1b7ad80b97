"""The configuration of a training run: every setting resolved, none of them changed later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from itertools import chain
from math import prod
from typing import Any

import torch

from sklearn_rnn._modules.memory import LARGE, CheckedParameters

DEFAULT_ALPHA = 0.001
"""The strength of the penalty by default."""

MAX_VALUES_IN_DOUBLE = 10_000
"""Values of X up to which ``dtype="auto"`` is double precision."""

MIN_SAMPLES_TO_HOLD_OUT = {"regression": 500, "classification": 100}
"""Samples from which ``early_stopping="auto"`` holds some of them out, by task.

Probabilities of a network that is trained to the end on few samples are far too sure.
"""

N_AVERAGES = {"adam": 2, "adamw": 2, "adadelta": 2, "rmsprop": 1, "adagrad": 1, "sgd": 1}
"""Numbers that an optimizer keeps of each parameter."""


@dataclass(frozen=True)
class TrainingConfig:
    """The parameters of a training run, by the names that they have in the estimators.

    `TrainingConfig.resolve` makes one: no setting is ``"auto"``, and `dtype` is that of the
    weights. A run with other settings has a configuration of its own, by ``dataclasses.replace``.

    Attributes
    ----------
    mixed : bool
        Whether torch computes products in bfloat16.
    n_channels, n_outputs : int
        Channels of X, without the indicators of missing values, and outputs of the network.
    """

    optimizer: str
    learning_rate: float
    lr_schedule: str
    max_epochs: int
    batch_size: int
    alpha: float
    l1_ratio: float
    penalty: str
    linear_skip: bool
    max_grad_norm: float | None
    early_stopping: bool
    patience: int
    tol: float
    shuffle: bool
    augmentation: dict[str, float] | None
    n_members: int
    callbacks: list[Any] | Callable[[], list[Any]]
    verbose: int
    dtype: str
    device: str
    mixed: bool
    n_channels: int
    n_outputs: int

    @classmethod
    def resolve(
        cls,
        parameters: Mapping[str, Any],
        *,
        n_samples: int,
        n_values: int,
        n_channels: int,
        n_outputs: int,
        dtype: str | None = None,
    ) -> TrainingConfig:
        """Return the configuration for the parameters of an estimator and the sizes of its data.

        Parameters
        ----------
        parameters : mapping of str to object
            The parameters by name; others than those of training are left out.
            ``early_stopping`` is resolved by `stops_early`, as the data depend on it.
        n_samples : int
            Sequences that the network is trained on.
        n_values : int
            Numbers that the network reads of the longest sequence.
        n_channels, n_outputs : int
            See the attributes.
        dtype : str, optional
            The precision of the network that is trained further.
        """
        names = {field.name for field in fields(cls)}
        given = {name: value for name, value in parameters.items() if name in names}
        precision = resolve_dtype(given["dtype"], n_samples * n_values, dtype)
        by_line_search = given["optimizer"] == "lbfgs"  # on all samples at once, at its own rate
        return cls(
            **{
                **given,
                "lr_schedule": "constant" if by_line_search else given["lr_schedule"],
                "batch_size": n_samples
                if by_line_search
                else resolve_batch_size(given["batch_size"], n_samples),
                "callbacks": given["callbacks"] or [],
                "device": resolve_device(given["device"]),
                "dtype": precision,
                "mixed": given["dtype"] == "bfloat16",
                "n_channels": n_channels,
                "n_outputs": n_outputs,
            }
        )

    def memory_check(self, sizes: Iterable[Any]) -> AbstractContextManager[Any]:
        """Return a context that refuses parameters of a network for which there is no memory.

        It counts what training keeps of each: itself, its gradient, averages of the optimizer.

        Parameters
        ----------
        sizes : iterable of object
            Arguments of the network; those that are integers determine how many there are.
        """
        n_bytes = (2 + N_AVERAGES.get(self.optimizer, 0)) * (8 if self.dtype == "float64" else 4)
        if self.device != "cpu":
            n_bytes = 4  # of the CPU, which draws them in single precision
        if n_bytes * prod(chain(*map(_integers, sizes))) ** 2 <= LARGE:
            return nullcontext()
        return CheckedParameters(n_bytes)


def _integers(sizes: Any) -> list[int]:
    """Return the integers in an argument of a network, or in what it holds, that are above 1."""
    if isinstance(sizes, dict | list | tuple):
        inner = sizes.values() if isinstance(sizes, dict) else sizes
        return [size for part in inner for size in _integers(part)]
    return [sizes] if isinstance(sizes, int) and sizes > 1 else []


def resolve_dtype(dtype: str, n_values: int, fitted: str | None = None) -> str:
    """Return the precision of the weights, for `n_values` of X in all."""
    if dtype == "bfloat16":
        return "float32"
    if fitted is not None:
        return fitted
    if dtype == "auto":
        return "float64" if n_values <= MAX_VALUES_IN_DOUBLE else "float32"
    return dtype


def resolve_batch_size(batch_size: int | str, n_samples: int) -> int:
    """Return the sequences of a batch."""
    if isinstance(batch_size, int):
        return batch_size
    return n_samples if n_samples <= 64 else min(max(32, n_samples // 64), 512)


def stops_early(
    early_stopping: bool | str, n_samples: int, *, task: str, has_validation: bool
) -> bool:
    """Return whether the validation loss ends the training, of `n_samples` with a weight."""
    if early_stopping == "auto":
        return has_validation or n_samples >= MIN_SAMPLES_TO_HOLD_OUT[task]
    return bool(early_stopping)


def resolve_device(device: str) -> str:
    """Return the name of the torch device, or raise if torch cannot use it."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}") from error
    return device
