"""Paths of the lasso and the elastic net on the normal equations."""

from __future__ import annotations

import numpy as np

from sklearn_rnn.linear._active_set import lasso_path
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._group_lasso import group_lasso_path
from sklearn_rnn.linear._penalty import Penalty
from sklearn_rnn.linear._ridge_path import ridge_path
from sklearn_rnn.linear._system import Projection, System


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
    sums = system.weight * alphas  # the objective of ElasticNet, a mean over samples, as a sum
    ridge, lasso = sums[len(alphas) - n_ridge :], sums[: len(alphas) - n_ridge]
    parts, n_iter = [], 1
    if len(lasso):
        projection = Projection.of(system, penalty.factor == 0)
        kept = ~projection.is_free
        rest = penalty.take(kept)
        if rest.groups is None:
            start = None if start is None else start[kept]
            path, n_iter = _path_of_targets(projection.rest, lasso, rest, start)
        else:
            path, n_iter = group_lasso_path(projection.rest, lasso, rest)
        parts.append(projection.complete(path))
    if n_ridge:  # without an L1 part
        parts.append(ridge_path(system, ridge * (1 - penalty.l1_ratio), penalty.factor))
    return np.concatenate(parts), n_iter


def _path_of_targets(
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
