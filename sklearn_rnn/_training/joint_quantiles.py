"""The loss of several quantiles that one network predicts, and that never cross."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist

import torch
from torch import Tensor

from sklearn_rnn._training.links import offset_for, positive
from sklearn_rnn._training.losses import Loss, pinball


class JointQuantiles(Loss):
    r"""The mean pinball loss of several quantiles.

    The raw outputs are a block for the median, then one for each level above it, nearest first, and
    one for each level below it. They are the median and, through `positive`, the gaps between
    neighbours:

    .. math:: q_{0.5} = r_0, \quad q_{j+1} = q_j + g_j, \quad q_{-j-1} = q_{-j} - g_{-j},
        \quad g > 0

    so that no two quantiles cross, whatever the input. At raw outputs of zero they are the
    quantiles of the standard normal distribution.

    Parameters
    ----------
    levels : sequence of float
        Quantile levels, increasing, with 0.5.

    References
    ----------
    Park, Maddix, Aubet, Kan, Gasthaus and Wang (2022). Learning quantile functions without quantile
    crossing for distribution-free time series forecasting. AISTATS.
    """

    kernel = None
    degree = 1

    def __init__(self, levels: Sequence[float]) -> None:
        super().__init__()
        self.levels = tuple(levels)
        self.n_parameters = len(self.levels)
        of_normal = [NormalDist().inv_cdf(level) for level in self.levels]
        self._offsets = [offset_for(high - low) for low, high in pairwise(of_normal)]

    def quantiles(self, raw: Tensor) -> Tensor:
        """Return the quantiles (n_levels, ..., n_targets) of raw outputs (..., n_outputs)."""
        n, middle = len(self.levels), self.levels.index(0.5)
        blocks = raw.unflatten(-1, (n, -1)).movedim(-2, 0)  # (n_levels, ..., n_targets)
        median, up, down = blocks.split([1, n - 1 - middle, middle])
        offsets = torch.tensor(self._offsets, dtype=raw.dtype, device=raw.device)
        offsets = offsets.view(-1, *[1] * raw.dim())
        above = positive(up, offsets[middle:]).cumsum(0)
        below = positive(down, offsets[:middle].flip(0)).cumsum(0).flip(0)
        return torch.cat([median - below, median, median + above])

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean of the pinball losses of all quantiles."""
        level = torch.tensor(self.levels, dtype=output.dtype, device=output.device)
        return pinball(target - self.quantiles(output), level[:, None, None]).mean(0)

    def rescaled(self, output: Tensor, target: Tensor, factor: Tensor) -> Tensor:
        """Return the loss of quantiles and targets that are multiplied by factors."""
        return factor * self.pointwise(output, target)
