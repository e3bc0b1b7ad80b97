"""Data augmentation: random changes to training sequences that keep their meaning."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from sklearn_rnn._training.batches import Batch

KINDS = {"jitter": math.inf, "scaling": math.inf, "slicing": 1.0, "mixup": 1.0}
"""Names of the augmentations, in the order of application, and upper bounds of their strengths."""

OF_WHOLE_SEQUENCES = {"slicing", "mixup"}
"""Augmentations that move steps or mix targets; not for targets of steps."""


def check_augmentation(augmentation: dict[str, Any] | None, *, per_step: bool) -> None:
    """Check the names and strengths of the augmentations.

    Parameters
    ----------
    augmentation : dict or None
        Strengths by name.
    per_step : bool
        Whether each step has a target.
    """
    for name, strength in (augmentation or {}).items():
        if name not in KINDS:
            raise ValueError(f"augmentation has the key {name!r}; its keys are {list(KINDS)}.")
        upper = KINDS[name]
        is_number = isinstance(strength, Real) and not isinstance(strength, bool)
        if not is_number or not 0 < float(strength) <= upper or math.isinf(strength):
            rule = "above 0" if math.isinf(upper) else f"above 0 and at most {upper:g}"
            raise ValueError(f"augmentation[{name!r}] must be a number {rule}; got {strength!r}.")
        if per_step and name in OF_WHOLE_SEQUENCES:
            raise ValueError(
                f"augmentation[{name!r}] moves steps or targets of whole sequences; with "
                "return_sequences=True only jitter and scaling are available."
            )


class Augmentation:
    """The augmentations of one training run.

    Parameters
    ----------
    strengths : dict
        Strengths by name.
    n_channels : int
        Number of channels, without the missing-value indicators that follow them.
    n_outputs : int
        Number of outputs of the network.
    generator : torch.Generator
        Source of all random numbers.
    """

    def __init__(
        self,
        strengths: dict[str, float],
        n_channels: int,
        n_outputs: int,
        generator: torch.Generator,
    ) -> None:
        self.strengths = strengths
        self.n_channels = n_channels
        self.n_outputs = n_outputs
        self.generator = generator

    def __call__(self, batch: Batch) -> Batch:
        """Return an augmented copy of a batch."""
        for name in KINDS:
            if name in self.strengths:
                batch = getattr(self, f"_{name}")(batch, self.strengths[name])
        return batch

    def _jitter(self, batch: Batch, scale: float) -> Batch:
        """Add normal noise to every value."""
        values = batch.x[:, :, : self.n_channels]
        return self._with_values(batch, values + scale * self._normal(values))

    def _scaling(self, batch: Batch, scale: float) -> Batch:
        """Multiply each channel of each sequence by one plus normal noise."""
        values = batch.x[:, :, : self.n_channels]
        return self._with_values(batch, values * (1 + scale * self._normal(values[:, :1])))

    def _slicing(self, batch: Batch, fraction: float) -> Batch:
        """Resample a random slice of each sequence to its full length, by linear interpolation."""
        x, n_steps = batch.x, batch.x.shape[1]
        if batch.lengths is None:
            last = x.new_full((len(x),), n_steps - 1)
        else:
            last = (batch.lengths - 1).clamp(min=0).to(x.dtype)
        first = (1 - fraction) * last * self._uniform(last)
        steps = torch.arange(n_steps, dtype=x.dtype, device=x.device)
        positions = (first[:, None] + fraction * steps).clamp(max=n_steps - 1)  # (batch, n_steps)
        low = positions.floor().long()
        high = (low + 1).clamp(max=n_steps - 1)
        part = (positions - low)[:, :, None]
        below, above = (x.gather(1, i[:, :, None].expand_as(x)) for i in (low, high))
        return batch._replace(x=torch.lerp(below, above, part))

    def _mixup(self, batch: Batch, concentration: float) -> Batch:
        """Average each sequence and its target with another one (Zhang et al., 2018)."""
        x, y, weight, lengths, _ = batch
        own = self._beta(x[:, 0, 0], concentration)
        own = torch.maximum(own, 1 - own)  # the result takes the length of this part
        device = self.generator.device
        other = torch.randperm(len(x), generator=self.generator, device=device)
        if lengths is not None:
            steps = torch.arange(x.shape[1], device=x.device)
            x = torch.where((steps < lengths[:, None])[:, :, None], x, 0.0)
        if not y.is_floating_point():
            y = functional.one_hot(y, self.n_outputs).to(x.dtype)
        if weight is not None:
            weight = torch.lerp(weight[other], weight, own.to(weight))
        x = torch.lerp(x[other], x, own[:, None, None])
        return Batch(x, torch.lerp(y[other], y, own[:, None].to(y)), weight, lengths)

    def _beta(self, like: Tensor, a: float) -> Tensor:
        """Draw from the Beta(a, a) distribution by Johnk's rejection method."""
        drawn, pending = torch.zeros_like(like), torch.ones_like(like, dtype=torch.bool)
        while pending.any():
            u, v = (self._uniform(like) ** (1 / a) for _ in range(2))
            accepted = pending & (u + v <= 1) & (u + v > 0)
            drawn = torch.where(accepted, u / (u + v), drawn)
            pending &= ~accepted
        return drawn

    def _with_values(self, batch: Batch, values: Tensor) -> Batch:
        indicators = batch.x[:, :, self.n_channels :]
        return batch._replace(x=torch.cat([values, indicators], 2))

    def _normal(self, like: Tensor) -> Tensor:
        return torch.randn(
            like.shape, dtype=like.dtype, device=like.device, generator=self.generator
        )

    def _uniform(self, like: Tensor) -> Tensor:
        return torch.rand(
            like.shape, dtype=like.dtype, device=like.device, generator=self.generator
        )
