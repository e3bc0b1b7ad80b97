"""Dropout that draws from a generator of its own."""

from typing import Any

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    r"""Set entries to zero at random while training, and scale up the others.

    .. math:: y_j = x_j m_j / (1 - p), \qquad m_j \sim \mathrm{Bernoulli}(1 - p)

    so that :math:`E[y_j] = x_j`. The identity in evaluation mode and at ``p=0``.

    `torch.nn.Dropout` can draw from the global generator only; here the training loop sets
    `generator`, and the global state stays as it was.

    Parameters
    ----------
    p : float in [0, 1)
        Probability of a zero.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of the masks, on the device of the input. None takes torch's global generator. It is
        not part of the module's state: copies and pickles leave it out.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014). Dropout: a simple way to
    prevent neural networks from overfitting. JMLR 15.
    """

    generator: torch.Generator | None

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator = None

    def forward(self, x: Tensor) -> Tensor:
        """Drop entries of x, of any shape."""
        mask = self.mask(x)
        return x if mask is None else x * mask

    def mask(self, x: Tensor) -> Tensor | None:
        """Draw what x is multiplied by, of its shape; None for ones."""
        if not self.training or self.p == 0:
            return None
        kept = 1 - self.p
        return torch.empty_like(x).bernoulli_(kept, generator=self.generator).div_(kept)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the generator out: it belongs to the training loop and cannot always be copied."""
        return {**self.__dict__, "generator": None}

    def extra_repr(self) -> str:
        """Show p in ``repr``."""
        return f"p={self.p}"
