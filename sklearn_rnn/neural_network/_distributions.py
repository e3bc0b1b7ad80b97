"""The distribution of the target that a network predicts, in the units of y."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp, ndtri
from torch import Tensor

from sklearn_rnn._training.distributions import NegativeBinomial, Normal, StudentT
from sklearn_rnn._training.losses import Loss, Poisson
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder

FloatArray = NDArray[np.float64]

LARGE_MEAN = 1e10
"""Mean from which on a Poisson distribution is taken as normal."""

HALVINGS = 100
"""Steps of the bisection for a quantile: more than the bits of a number."""


@dataclass(frozen=True)
class Mixture:
    """The equal mixture of the distributions of all members.

    Attributes
    ----------
    components : frozen distribution of SciPy
        With parameters of shape (n_members, n_samples, n_targets).
    mean : ndarray of shape (n_samples, n_targets)
        Its mean.
    """

    components: Any
    mean: FloatArray

    @property
    def is_discrete(self) -> bool:
        """Whether the values are counts."""
        return isinstance(self.components.dist, stats.rv_discrete)

    def std(self) -> FloatArray:
        """Return the standard deviation, from the variances and the variance of the means."""
        means = self.components.mean()
        if len(means) == 1:
            return np.asarray(self.components.std()[0])
        return np.asarray(np.sqrt(self.components.var().mean(0) + means.var(0)))

    def log_density(self, target: FloatArray) -> FloatArray:
        """Return the logarithm of the density, or of the probability of counts, at the target."""
        log = self.components.logpmf if self.is_discrete else self.components.logpdf
        each = log(target)
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Return the quantiles (n_levels, n_samples, n_targets): the least y with F(y) >= level."""
        return np.stack([self._quantile(level) for level in levels])

    def _quantile_of_each(self, level: float) -> FloatArray:
        """Return a quantile of each member.

        SciPy finds none, or in older versions wrong ones, of Poisson distributions whose mean is
        above about 1e10, far outside of any data. They are normal, to all digits of the quantile.
        """
        values, mean, std = (
            self.components.ppf(level),
            self.components.mean(),
            self.components.std(),
        )
        unknown = np.isnan(values)
        if isinstance(self.components.dist, type(stats.poisson)):
            unknown |= mean > LARGE_MEAN
        if not unknown.any():
            return np.asarray(values)
        normal = np.ceil(mean + np.where(np.isinf(mean), 0, std) * ndtri(level))
        return np.where(unknown, normal, values)

    def _quantile(self, level: float) -> FloatArray:
        """Return a quantile, by bisection between those of the members."""
        of_each = self._quantile_of_each(level)
        low, high = of_each.min(0), of_each.max(0)
        if len(of_each) == 1:
            return np.asarray(high)
        low = low - self.is_discrete  # where F is below the level
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            middle = np.floor(middle) if self.is_discrete else middle
            if ((middle <= low) | (middle >= high)).all():
                break
            enough = self.components.cdf(middle).mean(0) >= level
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return np.asarray(high)


def _normal(encoder: RegressionEncoder, mean: FloatArray, scale: FloatArray) -> Any:
    return stats.norm(encoder.in_units_of_y(mean), encoder.size_in_units_of_y(scale))


def _student_t(
    encoder: RegressionEncoder, location: FloatArray, scale: FloatArray, df: FloatArray
) -> Any:
    return stats.t(df, encoder.in_units_of_y(location), encoder.size_in_units_of_y(scale))


def _poisson(encoder: RegressionEncoder, mean: FloatArray) -> Any:
    return stats.poisson(encoder.size_in_units_of_y(mean))


def _negative_binomial(encoder: RegressionEncoder, mean: FloatArray, dispersion: FloatArray) -> Any:
    ratio = dispersion * encoder.size_in_units_of_y(mean)
    return stats.nbinom(1 / dispersion, 1 / (1 + ratio))


FAMILIES: dict[type[Loss], Callable[..., Any]] = {
    Normal: _normal,
    StudentT: _student_t,
    Poisson: _poisson,
    NegativeBinomial: _negative_binomial,
}
"""By loss, a function from the encoder and the parameters to distributions in the units of y."""


def check_distribution(encoder: RegressionEncoder, what: str) -> None:
    """Check that a network predicts a distribution.

    Parameters
    ----------
    encoder : RegressionEncoder
        The encoder of its targets.
    what : str
        What needs one, for the error.

    Raises
    ------
    ValueError
        If it does not.
    """
    if type(encoder.loss) not in FAMILIES:
        other = ', or with loss="quantile" at these levels' if what == "quantiles" else ""
        raise ValueError(
            f"{what} needs a network that predicts a distribution, and this one was fitted with "
            f'loss="{encoder.loss_name}"; fit it with loss="normal", "student_t", "poisson" or '
            f'"negative_binomial"{other}.'
        )
    if encoder.loss.log_link and not encoder.is_whole:
        raise ValueError(
            f'{what} needs a network that predicts a distribution; with loss="'
            f'{encoder.loss_name}" it is one of counts, and y had values that are not whole '
            "numbers, for which only the mean is predicted."
        )


def distribution_of(encoder: RegressionEncoder, raw_outputs: Tensor) -> Mixture:
    """Return the distributions for raw outputs of shape (n_members, n_samples, n_outputs)."""
    parameters = [values.numpy() for values in encoder.loss.parameters_of(raw_outputs)]
    mean = encoder.decode(encoder.averaged(raw_outputs)).reshape(raw_outputs.shape[1], -1)
    return Mixture(FAMILIES[type(encoder.loss)](encoder, *parameters), mean)


def decode_distribution(
    encoder: RegressionEncoder, raw_outputs: Tensor, *, levels: Sequence[float]
) -> FloatArray:
    """Return quantiles of shape (n_samples, k) or (n_samples, n_targets, k), in the units of y."""
    return encoder.last_axis(distribution_of(encoder, raw_outputs).quantiles(levels))


def decode_moments(encoder: RegressionEncoder, raw_outputs: Tensor) -> FloatArray:
    """Return means and standard deviations, along a last axis."""
    distribution = distribution_of(encoder, raw_outputs)
    return encoder.last_axis(np.stack([distribution.mean, distribution.std()]))


def mean_log_density(
    y: Any, distribution: Mixture, *, encoder: RegressionEncoder, sample_weight: Any
) -> float:
    """Return the mean logarithm of the density at y, over samples and targets."""
    values = distribution.log_density(encoder.encode(y, counts=encoder.loss.log_link))
    return float(np.average(values.mean(axis=1), weights=sample_weight))
