"""The group lasso on the normal equations, by block coordinate descent."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.optimize import brentq
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._penalty import Penalty
from sklearn_rnn.linear._system import System

EPS = float(np.finfo(np.float64).eps)

N_EPS = 10
"""Rounding errors by which a group that is at the bound of its penalty may exceed it."""


@dataclass(frozen=True, eq=False)
class Group:
    """A group of columns: where they stand, their penalty, and the eigenvectors of their Gram.

    Attributes
    ----------
    columns : ndarray of int
        Positions of the columns.
    factor : float
        Factor of the penalty, times the root of the number of columns for the norm.
    values, vectors : ndarray
        Eigendecomposition of the Gram matrix of the columns.
    """

    columns: NDArray[np.intp]
    factor: float
    values: FloatArray
    vectors: FloatArray

    @property
    def root(self) -> float:
        """The root of the number of columns."""
        return float(np.sqrt(len(self.columns)))

    def minimum(self, right: FloatArray, l1: float, l2: float) -> FloatArray:
        r"""Return the coefficients b that minimise the objective for given other groups.

        With A the Gram matrix of the group and r = `right`,

        .. math:: \tfrac12 \mathrm{tr}(b^\top A b) - \mathrm{tr}(b^\top r)
            + l_1 \lVert b \rVert + \tfrac{l_2}{2} \lVert b \rVert^2.

        It is :math:`(A + l_2 + l_1 / t)^{-1} r`, where t is its norm: the root of an equation in
        one unknown, in the eigenvectors of A.
        """
        rotated, values = self.vectors.T @ right, np.maximum(self.values, 0.0) + l2
        rotated[values <= len(values) * EPS * values.max()] = 0.0  # rounding, no slope
        squares = (rotated**2).sum(axis=1)
        above = np.sqrt(squares.sum()) - l1 * (1 + N_EPS * EPS)
        if above <= 0:
            return np.zeros_like(right)

        def excess(t: float) -> float:
            return float((squares / (values * t + l1) ** 2).sum()) - 1.0

        norm = high = above / values.max() * (1 - 1e-9)  # at most the norm
        while excess(high) > 0:
            high *= 2
        if high > norm:
            norm = brentq(excess, norm, high, xtol=1e-300, rtol=1e-15)
        return np.asarray(self.vectors @ (rotated / (values + l1 / norm)[:, np.newaxis]))


def group_lasso_path(
    system: System, alphas: FloatArray, penalty: Penalty
) -> tuple[FloatArray, int]:
    """Return the coefficients of group lassos at decreasing penalties, with warm starts.

    Each group of p columns has the penalty ``sqrt(p) * l1_ratio * norm(b) + (1 - l1_ratio) / 2 *
    norm(b)**2`` times its factor and alpha, where b are its coefficients for all targets.

    Parameters
    ----------
    system : System
        Normal equations.
    alphas : ndarray of shape (n_alphas,)
        Decreasing penalties of the sum over samples.
    penalty : Penalty
        The rest of the penalty: with groups, and no factor of zero.

    Returns
    -------
    path : ndarray of shape (n_alphas, n_columns, n_outputs)
        Coefficients.
    n_iter : int
        Number of sweeps at the last alpha.
    """
    xx, xy, l1_ratio, max_iter = system.xx, system.xy, penalty.l1_ratio, penalty.max_iter
    groups = _groups(xx, penalty)
    coef, gradient = np.zeros_like(xy), xy.copy()  # gradient: xy - xx @ coef
    path, n_iter, scale = [], 1, float(system.yy.sum())
    tol = penalty.tol * scale
    for alpha in alphas.tolist():
        penalties = [
            (alpha * l1_ratio * group.factor * group.root, alpha * (1 - l1_ratio) * group.factor)
            for group in groups
        ]
        gap, n_iter = np.inf, 0
        while gap > tol and n_iter < max_iter:
            _sweep(groups, penalties, xx, coef, gradient)
            gap = _duality_gap(groups, penalties, xy, scale, coef, gradient)
            n_iter += 1
        if gap > tol:
            warnings.warn(
                f"The group lasso did not converge within max_iter={max_iter} sweeps at alpha="
                f"{alpha:.3g}: its duality gap is {gap:.2g}, the tolerance {tol:.2g}. "
                "Increase max_iter, tol or alpha.",
                ConvergenceWarning,
                stacklevel=2,
            )
        path.append(coef.copy())
    return np.array(path).reshape(len(alphas), *xy.shape), n_iter


def _groups(xx: FloatArray, penalty: Penalty) -> list[Group]:
    assert penalty.groups is not None, "elastic_net_path asks for them"
    groups = []
    for number in np.unique(penalty.groups):
        columns = np.flatnonzero(penalty.groups == number)
        values, vectors = eigh(xx[np.ix_(columns, columns)])
        groups.append(Group(columns, float(penalty.factor[columns[0]]), values, vectors))
    return groups


def _sweep(
    groups: list[Group],
    penalties: list[tuple[float, float]],
    xx: FloatArray,
    coef: FloatArray,
    gradient: FloatArray,
) -> None:
    """Minimise over each group in turn, and keep the gradient."""
    for group, (l1, l2) in zip(groups, penalties, strict=True):
        columns = group.columns
        before = coef[columns]
        product = group.vectors @ (group.values[:, np.newaxis] * (group.vectors.T @ before))
        now = group.minimum(gradient[columns] + product, l1, l2)
        if (change := now - before).any():
            coef[columns] = now
            gradient -= xx[:, columns] @ change


def _duality_gap(
    groups: list[Group],
    penalties: list[tuple[float, float]],
    xy: FloatArray,
    yy: float,
    coef: FloatArray,
    gradient: FloatArray,
) -> float:
    """Return the gap between the objective and that of the dual, for the scaled residuals.

    The ridge part counts as additional samples with targets of zero.
    """
    fit = float((coef * xy).sum())
    residual = yy - fit - float((coef * gradient).sum())  # squares of y - X b
    norms, excess = 0.0, 1.0
    for group, (l1, l2) in zip(groups, penalties, strict=True):
        own = coef[group.columns]
        residual += l2 * float((own**2).sum())
        norms += l1 * float(np.sqrt((own**2).sum()))
        slope = gradient[group.columns] - l2 * own
        excess = max(excess, float(np.sqrt((slope**2).sum())) / l1)
    dual = 1.0 / excess
    return 0.5 * residual * (1 + dual**2) + norms - dual * (yy - fit)
