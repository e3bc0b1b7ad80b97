"""Paths of the lasso and the elastic net on the normal equations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import enet_path

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._group_lasso import group_lasso_path
from sklearn_rnn.linear._ridge_path import ridge_path
from sklearn_rnn.linear._system import Projection, System


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


def first_alpha(system: System, penalty: Penalty) -> float:
    """Return the smallest alpha of the lasso at which all penalised coefficients are zero."""
    projection = Projection.of(system, penalty.factor == 0)
    slope, factor = projection.rest.xy / system.weight, penalty.factor[~projection.is_free]
    if penalty.groups is None:
        size = np.abs(slope).max(axis=1) / factor
    else:
        groups = penalty.groups[~projection.is_free]
        counts = np.bincount(groups)
        squares = np.bincount(groups, weights=(slope**2).sum(axis=1))
        size = (np.sqrt(squares / np.maximum(counts, 1)))[groups] / factor
    return float(size.max(initial=0.0))


def elastic_net_path(
    system: System, alphas: FloatArray, penalty: Penalty
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
        solve = _lasso_path if groups is None else _group_path
        path, n_iter = solve(projection.rest, system.weight * alphas, rest)
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


def _lasso_path(system: System, alphas: FloatArray, penalty: Penalty) -> tuple[FloatArray, int]:
    """Return the path of each target, by scikit-learn's coordinate descent on the Gram matrix."""
    n_columns, n_outputs = system.xy.shape
    path, n_iter = np.zeros((len(alphas), n_columns, n_outputs)), 1
    if not n_columns:
        return path, n_iter
    factor = penalty.factor
    for k in np.flatnonzero(system.yy).tolist():  # a constant target has no coefficients
        if (factor == factor[0]).all():
            path[:, :, k], last = _descend(system, k, alphas * factor[0], penalty.l1_ratio, penalty)
        elif penalty.l1_ratio == 1:  # columns divided by their factors have the factor one
            scaled, last = _descend(system.divided_by(factor), k, alphas, 1.0, penalty)
            path[:, :, k] = scaled / factor
        else:
            path[:, :, k], last = _factored(system, k, alphas, penalty)
        n_iter = max(n_iter, last)
    return path, n_iter


def _factored(
    system: System, k: int, alphas: FloatArray, penalty: Penalty
) -> tuple[FloatArray, int]:
    """Return the path of one target whose columns have different factors, with a ridge part.

    Columns are divided by their factors. Of the ridge part this leaves different penalties, which
    are added to the Gram matrix.
    """
    factor, l2_ratio = penalty.factor, 1 - penalty.l1_ratio
    scaled = system.divided_by(factor)
    coefs, start, n_iter = [], np.zeros(len(factor)), 1
    for alpha in alphas.tolist():
        damped = replace(scaled, xx=scaled.xx + np.diag(alpha * l2_ratio / factor))
        share = np.array([alpha * penalty.l1_ratio])
        (start,), n_iter = _descend(damped, k, share, 1.0, penalty, start)
        coefs.append(start / factor)
    return np.array(coefs), n_iter


def _descend(
    system: System,
    k: int,
    alphas: FloatArray,
    l1_ratio: float,
    penalty: Penalty,
    start: FloatArray | None = None,
) -> tuple[FloatArray, int]:
    """Return coefficients of shape (n_alphas, n_columns), and the number of sweeps at the last.

    `enet_path` reads the size of X, and the norm of y for the duality gap, and nothing else of
    them where it has the Gram matrix: one row and its norm stand for all samples, so that penalties
    are those of a sum over samples.
    """
    _, coefs, _, n_iters = enet_path(
        np.zeros((1, len(system.xx)), order="F"),
        np.sqrt(system.yy[k : k + 1]),
        l1_ratio=l1_ratio,
        alphas=alphas,
        precompute=np.ascontiguousarray(system.xx),
        Xy=np.ascontiguousarray(system.xy[:, k]),
        coef_init=start,
        tol=penalty.tol,
        max_iter=penalty.max_iter,
        check_input=False,
        return_n_iter=True,
    )
    return coefs.T, int(n_iters[-1])
