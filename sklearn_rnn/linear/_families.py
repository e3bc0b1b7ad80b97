"""Distributions of targets with their canonical links: the logistic and the Poisson model."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import expit, xlogy

from sklearn_rnn.linear._design import FloatArray

LARGEST_EXPONENT = 700.0
"""Linear predictor beyond which the mean would overflow."""


class Family(ABC):
    """A distribution of the targets, by its mean as a function of the linear predictor."""

    @abstractmethod
    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the means."""

    @abstractmethod
    def link(self, mean: float) -> float:
        """Return the linear predictor of a mean."""

    @abstractmethod
    def curvature(self, mean: FloatArray) -> FloatArray:
        """Return the second derivatives of the loss by the linear predictor: the variance."""

    @abstractmethod
    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return half the deviance of each sample."""


class Binomial(Family):
    """Targets 0 and 1, whose log odds are linear."""

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the probabilities."""
        return np.asarray(expit(eta))

    def link(self, mean: float) -> float:
        """Return the log odds."""
        return float(np.log(mean) - np.log1p(-mean))

    def curvature(self, mean: FloatArray) -> FloatArray:
        """Return the variances."""
        return mean * (1 - mean)

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return the log losses."""
        return np.asarray(np.logaddexp(0.0, eta) - y * eta)


class Poisson(Family):
    """Targets that are counts or rates, whose logarithm is linear."""

    def mean(self, eta: FloatArray) -> FloatArray:
        """Return the rates."""
        return np.exp(np.minimum(eta, LARGEST_EXPONENT))

    def link(self, mean: float) -> float:
        """Return the logarithm."""
        return float(np.log(mean))

    def curvature(self, mean: FloatArray) -> FloatArray:
        """Return the variances, which are the means."""
        return mean

    def loss(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        """Return ``y log(y / mean) - y + mean``."""
        return np.asarray(xlogy(y, y) - y - y * eta + self.mean(eta))
