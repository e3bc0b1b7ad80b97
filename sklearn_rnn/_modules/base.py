"""The interface of the networks, used by training, penalties and inspection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from sklearn_rnn._modules.kernels.arguments import KernelLoss
from sklearn_rnn._modules.kernels.projection import Lookup
from sklearn_rnn._modules.kernels.training import TrainingKernel
from sklearn_rnn._modules.layers import Layer

Pullback = Callable[[Tensor], None]
"""From the gradient of the outputs to those of the parameters, written over their ``grad``."""


class InputGroups(NamedTuple):
    """Weights in groups by the input that they read, for penalties on whole groups.

    Attributes
    ----------
    shape : tuple of int
        ``(n_steps, n_channels)`` if each lag of a channel has weights of its own, otherwise
        ``(n_channels,)``. Groups are numbered along it.
    labels : dict of str to Tensor
        By the name of a parameter, the number of the group of each of its entries, int64. All
        groups have the same size.
    """

    shape: tuple[int, ...]
    labels: dict[str, Tensor]


class SequenceModule(Layer, ABC):
    """Abstract base of the networks: a batch of sequences in, a batch of outputs out.

    A subclass is built as ``Module(n_channels, n_steps, n_outputs, *, <architecture>)`` and defines
    `forward`. It declares other capabilities by overriding the methods of this class, whose
    defaults mean that it has none.

    Attributes
    ----------
    receptive_field : int or None
        The newest steps that the outputs depend on, if windows that share rows are faster.
    """

    receptive_field: int | None = None

    @abstractmethod
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map sequences to outputs.

        Parameters
        ----------
        x : Tensor of shape (batch, n_steps, n_channels)
            The sequences, oldest step first.
        lengths : Tensor of shape (batch,), optional
            Row i is valid in its first ``lengths[i]`` steps, and padded after them.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
            The outputs; of shape (batch, n_steps, n_outputs) if the network returns sequences.
        """

    def input_groups(self) -> InputGroups:
        """Return the weights that read the input, in groups by what they read.

        Raises
        ------
        ValueError
            If the weights of the network cannot be assigned to channels.
        """
        raise ValueError(
            f"{type(self).__name__} does not declare which weights read which channel, so "
            'they cannot be penalised in groups; set penalty="elasticnet".'
        )

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`.

        Raises
        ------
        ValueError
            If the network does not pool its steps by attention.
        """
        raise ValueError(f"{type(self).__name__} has no attention weights.")

    def n_projected(self, lookup: Lookup) -> int:
        """Return how many units project the rows of a `Lookup`, which may take the place of x.

        None do, and all methods need x itself, where this is 0.
        """
        return 0

    def native_training(self, loss: KernelLoss) -> TrainingKernel | None:
        """Return what computes losses and gradients in the compiled kernels, if they can."""
        return None

    def has_vjp(self) -> bool:
        """Return whether `forward_and_vjp` may replace automatic differentiation, as it is faster.

        The cost of torch's automatic differentiation is several times that of the arithmetic of a
        small network.
        """
        return False

    def forward_and_vjp(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Compute the outputs, and a function for the vector-Jacobian product.

        Called with the gradient of the outputs, the function writes those of the parameters over
        their ``grad``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no vector-Jacobian product.")
