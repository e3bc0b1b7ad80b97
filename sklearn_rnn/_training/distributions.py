r"""Losses that are the negative log-likelihood of a distribution of the target.

Raw outputs of zero are a standard distribution: targets are standardised, so that it is that of all
targets. The raw outputs are a block for the location, and one for each further parameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_rnn._training.links import offset_for, positive
from sklearn_rnn._training.losses import Loss

LEAST = 1e-4
"""The smallest scale, in standard deviations of the target."""

LEAST_DISPERSION = 1e-6
"""The smallest dispersion of counts: a mean of 100 has the variance 100.01, of Poisson's 100."""

DF = 10.0
"""Degrees of freedom at a raw output of zero."""

DF_RANGE = (math.log(1e-4), math.log(1e6))
"""Range of the logarithm of the degrees of freedom above two."""


class Distribution(Loss):
    """The negative log-likelihood, with a dispersion that is a constant or an output.

    Subclasses define `parameters_of` and `log_density`. Its minimum does not depend on the units of
    the target, so that windows of any scale count the same.

    Parameters
    ----------
    dispersion : {"constant", "varying"}
        Whether the dispersion is the same for all inputs.

    References
    ----------
    Nix and Weigend (1994). Estimating the mean and variance of the target probability distribution.
    ICNN.
    """

    kernel = None
    degree = 0
    n_parameters = 2

    def __init__(self, dispersion: str) -> None:
        super().__init__()
        self.n_constants = int(dispersion == "constant")

    def log_density(self, target: Tensor, *parameters: Tensor) -> Tensor:
        """Return the logarithm of the density, or of the probability of a count."""
        raise NotImplementedError

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the negative logarithm of the density."""
        return -self.log_density(target, *self.parameters_of(output))


class Normal(Distribution):
    """The normal distribution; its parameters are the mean and the standard deviation."""

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, ...]:
        """Return the mean and the standard deviation."""
        mean, scale = raw.chunk(2, dim=-1)
        return mean, _scale(scale)

    def log_density(self, target: Tensor, *parameters: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        mean, scale = parameters
        squares = ((target - mean) / scale).square()
        return -0.5 * (squares + math.log(2 * math.pi)) - scale.log()


class StudentT(Distribution):
    """Student's t distribution: location, scale, and degrees of freedom above two.

    The degrees of freedom are a constant in any case: tails are seldom known better.
    """

    n_parameters = 3

    def __init__(self, dispersion: str) -> None:
        super().__init__(dispersion)
        self.n_constants += 1

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, ...]:
        """Return the location, the scale and the degrees of freedom."""
        location, scale, df = raw.chunk(3, dim=-1)
        return location, _scale(scale), 2 + (df + math.log(DF - 2)).clamp(*DF_RANGE).exp()

    def log_density(self, target: Tensor, *parameters: Tensor) -> Tensor:
        """Return the logarithm of the density, in double precision."""
        location, scale, df = (parameter.double() for parameter in parameters)
        squares = ((target - location) / scale).square()
        constant = torch.lgamma((df + 1) / 2) - torch.lgamma(df / 2)
        tail = (df + 1) / 2 * torch.log1p(squares / df)
        return constant - 0.5 * torch.log(math.pi * df) - scale.log() - tail


class NegativeBinomial(Distribution):
    r"""The negative binomial distribution of counts with mean m and variance :math:`m + a m^2`.

    This is NB2 (Cameron and Trivedi, 1986): the raw outputs are the logarithm of the mean, in units
    of the mean of all targets, and the dispersion a, which is one at zero.

    Parameters
    ----------
    dispersion : {"constant", "varying"}
        Whether the dispersion is the same for all inputs.
    unit : sequence of float
        The mean of each target, by which the targets are divided.
    """

    log_link = True
    counts = True

    def __init__(self, dispersion: str, unit: Sequence[float] = (1.0,)) -> None:
        super().__init__(dispersion)
        self.unit = tuple(unit)

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, ...]:
        """Return the mean, in units, and the dispersion."""
        mean, dispersion = raw.double().chunk(2, dim=-1)
        return mean.exp(), LEAST_DISPERSION + positive(dispersion, offset_for(1.0))

    def log_density(self, target: Tensor, *parameters: Tensor) -> Tensor:
        """Return the logarithm of the probability of the counts, in double precision."""
        mean, dispersion = parameters
        unit = torch.tensor(self.unit, dtype=mean.dtype, device=mean.device)
        count, ratio, size = target.double() * unit, dispersion * mean * unit, 1 / dispersion
        ways = torch.lgamma(count + size) - torch.lgamma(size) - torch.lgamma(count + 1)
        return ways + count * ratio.log() - (count + size) * torch.log1p(ratio)


def _scale(raw: Tensor) -> Tensor:
    """Return the scale, which is one at zero."""
    return LEAST + positive(raw, offset_for(1 - LEAST))
