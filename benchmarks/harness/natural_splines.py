"""Natural cubic splines of one column."""

from typing import Any

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import null_space
from sklearn.base import BaseEstimator, TransformerMixin

CUBIC = 3  # the degree


class NaturalSplines(TransformerMixin, BaseEstimator):
    """Natural cubic splines of one column, with inner knots at its quantiles.

    They are twice differentiable, cubic between two knots and straight at both ends. The basis is
    made as in R's ``ns``: of the B-splines those combinations, an orthonormal basis of them, whose
    second derivative is zero at both ends, `low` and `high`. There are as many basis functions as
    knots, the ends included: `d`, at least 2.
    """

    def __init__(self, d: int = 8, low: float = -5.0, high: float = 5.0) -> None:
        self.d = d
        self.low = low
        self.high = high

    def fit(self, X: Any, y: Any = None) -> "NaturalSplines":
        if self.d < 2:
            raise ValueError(f"d must be at least 2; got {self.d}.")
        x = np.asarray(X, dtype=float)[:, 0]
        inner = np.quantile(x, np.linspace(0, 1, self.d)[1:-1])
        ends = self.low, self.high
        knots = np.concatenate([[self.low] * (CUBIC + 1), inner, [self.high] * (CUBIC + 1)])
        second = BSpline(knots, np.eye(len(knots) - CUBIC - 1), CUBIC).derivative(2)
        self.splines_ = BSpline(knots, null_space(second(ends)), CUBIC)
        return self

    def transform(self, X: Any) -> np.ndarray:
        return np.asarray(self.splines_(np.asarray(X, dtype=float)[:, 0]))
