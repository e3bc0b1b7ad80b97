"""A basis of the natural cubic splines on an interval, as a transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.linalg import null_space
from sklearn.base import BaseEstimator, TransformerMixin

CUBIC = 3


class NaturalSplines(TransformerMixin, BaseEstimator):
    """Natural cubic splines of one column, with inner knots at its quantiles.

    They are twice differentiable, cubic between two knots and straight at both ends. The basis is
    made as in R's ``ns``: of the B-splines those combinations, an orthonormal basis of them, whose
    second derivative is zero at both ends.

    Parameters
    ----------
    d : int, default=8
        Number of basis functions, which is the number of knots, the ends included; at least 2.
    low, high : float, default=-5.0, 5.0
        The interval.
    """

    def __init__(self, d: int = 8, low: float = -5.0, high: float = 5.0) -> None:
        self.d = d
        self.low = low
        self.high = high

    def fit(self, X: Any, y: Any = None) -> NaturalSplines:
        """Place the knots."""
        if self.d < 2:
            raise ValueError(f"d must be at least 2; got {self.d}.")
        x = np.asarray(X, dtype=float)[:, 0]
        inner = np.quantile(x, np.linspace(0, 1, self.d)[1:-1])
        low, high = ([end] * (CUBIC + 1) for end in (self.low, self.high))
        knots = np.concatenate([low, inner, high])
        n_splines = len(knots) - CUBIC - 1
        second = BSpline(knots, np.eye(n_splines), CUBIC).derivative(2)
        straight: NDArray[np.float64] = null_space(second([self.low, self.high]))
        self.splines_ = BSpline(knots, straight, CUBIC)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the values of the basis functions."""
        values: NDArray[np.float64] = self.splines_(np.asarray(X, dtype=float)[:, 0])
        return values
