"""Changes to training sequences, drawn anew for each batch, that leave what they mean."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from sklearn_rnn._training.batches import Batch

KINDS = {"jitter": math.inf, "scaling": math.inf, "slicing": 1.0, "mixup": 1.0}
"""The changes by name, in the order in which they are made, and the upper bound of each."""

OF_WHOLE_SEQUENCES = {"slicing", "mixup"}
"""Changes that move steps, or targets of sequences."""


def check_augmentation(augmentation: dict[str, Any] | None, *, per_step: bool) -> None:
    """Check the names and the strengths of the changes.

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
        most = KINDS[name]
        is_number = isinstance(strength, Real) and not isinstance(strength, bool)
        if not is_number or not 0 < float(strength) <= most or math.isinf(strength):
            rule = "above 0" if math.isinf(most) else f"above 0 and at most {most:g}"
            raise ValueError(f"augmentation[{name!r}] must be a number {rule}; got {strength!r}.")
        if per_step and name in OF_WHOLE_SEQUENCES:
            raise ValueError(
                f"augmentation[{name!r}] moves steps or targets of whole sequences; with "
                "return_sequences=True there is jitter and scaling."
            )


class Augmentation:
    """The changes of one training run.

    Parameters
    ----------
    strengths : dict
        Strengths by name.
    n_channels : int
        Channels that are measurements; indicators of missing values follow them.
    n_outputs : int
        Outputs of the net.
    generator : torch.Generator
        The source of all draws.
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
        """Return a changed copy of a batch."""
        for name in KINDS:
            if name in self.strengths:
                batch = getattr(self, f"_{name}")(batch, self.strengths[name])
        return batch

    def _jitter(self, batch: Batch, deviation: float) -> Batch:
        """Add noise to every value."""
        values = batch.x[:, :, : self.n_channels]
        return self._with_values(batch, values + deviation * self._normal(values))

    def _scaling(self, batch: Batch, deviation: float) -> Batch:
        """Multiply each channel of each sequence by a number around one."""
        values = batch.x[:, :, : self.n_channels]
        return self._with_values(batch, values * (1 + deviation * self._normal(values[:, :1])))

    def _slicing(self, batch: Batch, share: float) -> Batch:
        """Stretch a random part of each sequence to its whole length, by linear interpolation."""
        x, n_steps = batch.x, batch.x.shape[1]
        if batch.lengths is None:
            last = x.new_full((len(x),), n_steps - 1)
        else:
            last = (batch.lengths - 1).clamp(min=0).to(x.dtype)
        first = (1 - share) * last * self._uniform(last)
        steps = torch.arange(n_steps, dtype=x.dtype, device=x.device)
        places = (first[:, None] + share * steps).clamp(max=n_steps - 1)  # (batch, n_steps)
        low = places.floor().long()
        high = (low + 1).clamp(max=n_steps - 1)
        part = (places - low)[:, :, None]
        below, above = (x.gather(1, i[:, :, None].expand_as(x)) for i in (low, high))
        return batch._replace(x=torch.lerp(below, above, part))

    def _mixup(self, batch: Batch, concentration: float) -> Batch:
        """Mix each sequence, and its target, with another (Zhang et al., 2018)."""
        x, y, weight, lengths, _ = batch
        own = self._beta(x[:, 0, 0], concentration)
        own = torch.maximum(own, 1 - own)  # the mix has the length of the larger share
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
        """Draw from the beta distribution with both parameters at a, by Johnk's rejections."""
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
