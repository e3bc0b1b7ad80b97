"""The elastic-net penalty of linear models on windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._system import Projection, System

LEAST_L1_RATIO = 1e-3
"""L1 share that grids assume at least, as in glmnet; a ridge penalty has none."""


@dataclass(frozen=True, eq=False)
class Penalty:
    """An elastic-net penalty.

    Attributes
    ----------
    l1_ratio : float
        L1 share of the penalty.
    factor : ndarray of shape (n_columns,)
        Factors of the penalty.
    groups : ndarray of int, of shape (n_columns,), or None
        The group of each column, whose coefficients of all targets are selected together.
    tol : float
        Duality gap at which to stop, relative to the variance of the targets.
    max_iter : int
        Largest number of sweeps over the coefficients.
    """

    l1_ratio: float
    factor: FloatArray
    groups: NDArray[np.intp] | None
    tol: float
    max_iter: int

    def take(self, columns: NDArray[np.bool_]) -> Penalty:
        """Return the penalty of some columns."""
        groups = None if self.groups is None else self.groups[columns]
        return replace(self, factor=self.factor[columns], groups=groups)

    def value(self, coef: FloatArray) -> float:
        """Return the penalty of coefficients of shape (n_columns, n_outputs) at alpha one."""
        squares = (coef**2).sum(axis=1)
        if self.groups is None:
            norms = self.factor @ np.abs(coef).sum(axis=1)
        else:
            sums = np.bincount(self.groups, weights=self.factor**2 * squares)
            norms = (np.sqrt(sums * np.bincount(self.groups))).sum()
        return float(self.l1_ratio * norms + (1 - self.l1_ratio) / 2 * (self.factor @ squares))

    def curvature(self, alpha: float) -> FloatArray:
        """Return the penalties of squares, for each sample: infinity where there is an L1 part."""
        has_l1 = alpha * self.l1_ratio * self.factor > 0
        return np.where(has_l1, np.inf, alpha * (1 - self.l1_ratio) * self.factor)

    def first_alpha(self, system: System) -> float:
        """Return the smallest alpha at which all penalised coefficients are zero."""
        projection = Projection.of(system, self.factor == 0)
        slope, rest = projection.rest.xy / system.weight, self.take(~projection.is_free)
        if rest.groups is None:
            size = np.abs(slope).max(axis=1)
        else:
            squares = np.bincount(rest.groups, weights=(slope**2).sum(axis=1))
            counts = np.bincount(rest.groups)
            size = np.sqrt(squares / np.maximum(counts, 1))[rest.groups]
        return float((size / rest.factor).max(initial=0.0)) / max(self.l1_ratio, LEAST_L1_RATIO)
