"""The normal equations of a penalised fit, on the scale on which it is penalised."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._moments import Moments

N_EPS_CONSTANT = 10
"""Roundings to which the variance of a column may be owed, for each sample."""


@dataclass(frozen=True, eq=False)
class System:
    """Least squares by its normal equations: minimise ``yy - 2 tr(b' xy) + tr(b' xx b)``.

    Attributes
    ----------
    xx : ndarray of shape (n_columns, n_columns)
        Products of the columns.
    xy : ndarray of shape (n_columns, n_outputs)
        Products of columns and targets.
    yy : ndarray of shape (n_outputs,)
        Squares of the targets.
    weight : float
        Sum of the sample weights.
    scale : ndarray of shape (n_columns,)
        Divisors of the columns: coefficients on the original scale are ``b / scale``.
    """

    xx: FloatArray
    xy: FloatArray
    yy: FloatArray
    weight: float
    scale: FloatArray

    @classmethod
    def of(
        cls,
        moments: Moments,
        *,
        fit_intercept: bool,
        standardize: bool,
        level: FloatArray | None = None,
    ) -> System:
        """Return the normal equations of a training set.

        Parameters
        ----------
        moments : Moments
            The training set.
        fit_intercept : bool
            Whether columns and targets are centred at their means, or at zero.
        standardize : bool
            Whether the columns are divided by their standard deviations.
        level : ndarray of shape (n_columns,), default=None
            Size of the numbers that were rounded; None is the mean of each column.
        """
        xx, xy, yy = moments.xx, moments.xy, moments.yy
        constant = is_constant(moments, level)
        if constant.any():  # their products are rounding errors
            varies = ~constant
            xx, xy = xx * varies, xy * varies[:, np.newaxis]
            xx *= varies[:, np.newaxis]
        if not fit_intercept:
            x_mean = moments.center + moments.x_mean
            xx = xx + moments.weight * np.outer(x_mean, x_mean)
            xy = xy + moments.weight * np.outer(x_mean, moments.y_mean)
            yy = yy + moments.weight * moments.y_mean**2
        system = cls(xx, xy, yy, moments.weight, np.ones(len(xx)))
        return system.divided_by(column_scales(moments, level)) if standardize else system

    def divided_by(self, factor: FloatArray) -> System:
        """Return the equations of the coefficients times `factor`, for columns divided by it."""
        xx = self.xx / factor
        xx /= factor[:, np.newaxis]
        xy = self.xy / factor[:, np.newaxis]
        return replace(self, xx=xx, xy=xy, scale=self.scale * factor)


@dataclass(frozen=True, eq=False)
class Projection:
    """The unpenalised columns of a system, projected out of the others.

    Attributes
    ----------
    rest : System
        Normal equations of the penalised columns, less what the others explain.
    is_free : ndarray of bool, of shape (n_columns,)
        Which columns are not penalised.
    of_targets : ndarray of shape (n_free, n_outputs)
        Coefficients of the targets on the unpenalised columns alone.
    of_columns : ndarray of shape (n_free, n_penalised)
        Coefficients of the penalised columns on the unpenalised ones.
    """

    rest: System
    is_free: NDArray[np.bool_]
    of_targets: FloatArray
    of_columns: FloatArray

    @classmethod
    def of(cls, system: System, is_free: NDArray[np.bool_]) -> Projection:
        """Project the columns `is_free` out of a system."""
        if not is_free.any():
            n_columns, n_outputs = system.xy.shape
            return cls(system, is_free, np.zeros((0, n_outputs)), np.zeros((0, n_columns)))
        kept = ~is_free
        across, own = system.xx[np.ix_(is_free, kept)], system.xx[np.ix_(is_free, is_free)]
        both = least_norm_solve(own, np.hstack([system.xy[is_free], across]))
        n_outputs = system.xy.shape[1]
        of_targets, of_columns = both[:, :n_outputs], both[:, n_outputs:]
        xx = system.xx[np.ix_(kept, kept)] - across.T @ of_columns
        rest = System(
            xx=(xx + xx.T) / 2,
            xy=system.xy[kept] - across.T @ of_targets,
            yy=system.yy - np.einsum("ij,ij->j", system.xy[is_free], of_targets),
            weight=system.weight,
            scale=system.scale[kept],
        )
        return cls(rest, is_free, of_targets, of_columns)

    def complete(self, path: FloatArray) -> FloatArray:
        """Add the unpenalised coefficients to those of shape (n_alphas, n_penalised, k)."""
        if not self.is_free.any():
            return path
        n_alphas, _, n_outputs = path.shape
        whole = np.empty((n_alphas, len(self.is_free), n_outputs))
        whole[:, ~self.is_free] = path
        whole[:, self.is_free] = self.of_targets - self.of_columns @ path
        return whole


def column_scales(moments: Moments, level: FloatArray | None = None) -> FloatArray:
    """Return the standard deviation of each column, one for columns that are constant."""
    return np.where(is_constant(moments, level), 1.0, _deviations(moments))


def is_constant(moments: Moments, level: FloatArray | None = None) -> NDArray[np.bool_]:
    """Return which columns differ from their mean by no more than the rounding of their level."""
    level = np.abs(moments.center + moments.x_mean) if level is None else level
    return _deviations(moments) <= N_EPS_CONSTANT * np.finfo(np.float64).eps * level


def _deviations(moments: Moments) -> FloatArray:
    return np.sqrt(np.maximum(moments.xx.diagonal(), 0.0) / moments.weight)


def least_norm_solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve a positive semi-definite system; of many solutions take that of least norm."""
    used = matrix.diagonal() > 0
    if not used.all():  # columns of zeros get the coefficient zero
        solution = np.zeros(right.shape)
        if used.any():
            solution[used] = least_norm_solve(matrix[np.ix_(used, used)], right[used])
        return solution
    try:
        factor = cho_factor(matrix)
        pivots = np.abs(factor[0].diagonal())
        if pivots.min() > pivots.max() * np.sqrt(len(matrix) * np.finfo(np.float64).eps):
            return np.asarray(cho_solve(factor, right))
    except LinAlgError:
        pass
    values, vectors = eigh(matrix)
    positive = values > values[-1] * len(matrix) * np.finfo(np.float64).eps
    basis = vectors[:, positive]
    return np.asarray(basis @ ((basis.T @ right) / values[positive, np.newaxis]))
