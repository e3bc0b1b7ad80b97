"""Paths of the lasso and the elastic net on the normal equations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.linear._active_set import lasso_path
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._group_lasso import group_lasso_path
from sklearn_rnn.linear._ridge_path import ridge_path
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

    def of(self, coef: FloatArray) -> float:
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


def first_alpha(system: System, penalty: Penalty) -> float:
    """Return the smallest alpha at which all penalised coefficients are zero."""
    projection = Projection.of(system, penalty.factor == 0)
    slope, factor = projection.rest.xy / system.weight, penalty.factor[~projection.is_free]
    if penalty.groups is None:
        size = np.abs(slope).max(axis=1) / factor
    else:
        groups = penalty.groups[~projection.is_free]
        counts = np.bincount(groups)
        squares = np.bincount(groups, weights=(slope**2).sum(axis=1))
        size = (np.sqrt(squares / np.maximum(counts, 1)))[groups] / factor
    return float(size.max(initial=0.0)) / max(penalty.l1_ratio, LEAST_L1_RATIO)


def elastic_net_path(
    system: System, alphas: FloatArray, penalty: Penalty, start: FloatArray | None = None
) -> tuple[FloatArray, int]:
    """Return the coefficients of elastic nets at decreasing penalties, with warm starts.

    Parameters
    ----------
    system : System
        Normal equations.
    alphas : ndarray of shape (n_alphas,)
        Decreasing penalties, in the units of scikit-learn's ``ElasticNet``.
    penalty : Penalty
        The rest of the penalty.
    start : ndarray of shape (n_columns, n_outputs), default=None
        Coefficients to begin with, unless they are selected in groups.

    Returns
    -------
    path : ndarray of shape (n_alphas, n_columns, n_outputs)
        Coefficients on the scale of the system.
    n_iter : int
        Number of sweeps at the last alpha.
    """
    n_ridge = len(alphas) if penalty.l1_ratio == 0 else int((alphas == 0).sum())
    ridge, alphas = alphas[len(alphas) - n_ridge :], alphas[: len(alphas) - n_ridge]
    parts, n_iter = [], 1  # the objective of ElasticNet, a mean over samples, as a sum over them
    if len(alphas):
        projection = Projection.of(system, penalty.factor == 0)
        kept = ~projection.is_free
        groups = None if penalty.groups is None else penalty.groups[kept]
        rest = replace(penalty, factor=penalty.factor[kept], groups=groups)
        sums = system.weight * alphas
        if groups is None:
            start = None if start is None else start[kept]
            path, n_iter = _lasso_path(projection.rest, sums, rest, start)
        else:
            path, n_iter = _group_path(projection.rest, sums, rest)
        parts.append(projection.complete(path))
    if n_ridge:  # without an L1 part
        shares = ridge * (1 - penalty.l1_ratio) * system.weight
        parts.append(ridge_path(system, shares, penalty.factor))
    return np.concatenate(parts), n_iter


def _group_path(system: System, alphas: FloatArray, penalty: Penalty) -> tuple[FloatArray, int]:
    assert penalty.groups is not None
    return group_lasso_path(
        system.xx,
        system.xy,
        system.yy,
        alphas,
        penalty.l1_ratio,
        (penalty.groups, penalty.factor),
        tol=penalty.tol,
        max_iter=penalty.max_iter,
    )


def _lasso_path(
    system: System, alphas: FloatArray, penalty: Penalty, start: FloatArray | None
) -> tuple[FloatArray, int]:
    """Return the path of each target: columns are divided by their factors, which leaves one."""
    n_columns, n_outputs = system.xy.shape
    path, n_iter = np.zeros((len(alphas), n_columns, n_outputs)), 1
    if not n_columns:
        return path, n_iter
    factor = penalty.factor
    scaled = system if (factor == 1).all() else system.divided_by(factor)
    ridge = None if penalty.l1_ratio == 1 else (1 - penalty.l1_ratio) / penalty.l1_ratio / factor
    for k in np.flatnonzero(system.yy).tolist():  # a constant target has no coefficients
        coefs, last = lasso_path(
            scaled.xx,
            scaled.xy[:, k],
            float(system.yy[k]),
            penalty.l1_ratio * alphas,
            ridge,
            tol=penalty.tol,
            max_iter=penalty.max_iter,
            start=None if start is None else start[:, k] * factor,
        )
        path[:, :, k] = coefs / factor
        n_iter = max(n_iter, last)
    return path, n_iter
