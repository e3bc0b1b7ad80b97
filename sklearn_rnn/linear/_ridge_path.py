"""Ridge regression on the normal equations, for one penalty or a path."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh
from scipy.linalg.lapack import dpocon

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._system import Projection, System, least_norm_solve

Gradient = Callable[[FloatArray], FloatArray]
"""Maps coefficients to the products of columns and residuals, computed from the windows."""

GOOD_RCOND = 1e-8
"""Reciprocal condition of the normal equations down to which they are solved as they are: that of
the columns is the root of it."""

WORST_RCOND = 1e-14
"""Reciprocal condition down to which refinement converges."""

N_REFINEMENTS = 3


def ridge_path(system: System, alphas: FloatArray, factor: FloatArray) -> FloatArray:
    """Return the coefficients of ridge regressions, all from one eigendecomposition.

    Parameters
    ----------
    system : System
        Normal equations.
    alphas : ndarray of shape (n_alphas,)
        Penalties on the sum of squares. At zero the solution of least norm is taken.
    factor : ndarray of shape (n_columns,)
        Factors of the penalty.

    Returns
    -------
    ndarray of shape (n_alphas, n_columns, n_outputs)
        Coefficients on the scale of the system.
    """
    projection = Projection.of(system, factor == 0)
    root = np.sqrt(factor[factor > 0])
    rest = projection.rest.divided_by(root)
    values, vectors = eigh(rest.xx) if len(root) else (root, np.zeros((0, 0)))
    rotated = vectors.T @ rest.xy
    least = values.max(initial=0.0) * len(values) * np.finfo(np.float64).eps
    damped = values + alphas[:, np.newaxis]
    inverse = np.where(damped > least, 1.0, 0.0) / np.where(damped > least, damped, 1.0)
    path = vectors @ (inverse[:, :, np.newaxis] * rotated)
    return projection.complete(path / root[:, np.newaxis])


def solve_ridge(system: System, penalty: FloatArray, gradient: Gradient) -> tuple[FloatArray, bool]:
    """Return the coefficients of one ridge regression, refined where it is ill-conditioned.

    The normal equations square the condition number of the columns. Where that exceeds 1e4, the
    solution is improved by the gradient of the windows themselves, whose rounding errors do not
    grow with the square (the corrected seminormal equations of Björck).

    Parameters
    ----------
    system : System
        Normal equations.
    penalty : ndarray of shape (n_columns,)
        Penalties on squares.
    gradient : callable
        Products of columns and residuals by coefficients, on the scale of the system.

    Returns
    -------
    coef : ndarray of shape (n_columns, n_outputs)
        Coefficients on the scale of the system.
    is_accurate : bool
        Whether the columns are not collinear to working precision.
    """
    matrix = system.xx + np.diag(penalty)
    is_zero = matrix.diagonal() == 0
    matrix[is_zero, is_zero] = 1.0  # columns of zeros get the coefficient zero
    size = np.sqrt(matrix.diagonal())
    matrix /= size
    matrix /= size[:, np.newaxis]
    root, rcond = _factorize(matrix)
    size = size[:, np.newaxis]
    if rcond < WORST_RCOND:
        return least_norm_solve(matrix, system.xy / size) / size, False
    coef = cho_solve((root, False), system.xy / size) / size
    for _ in range(N_REFINEMENTS if rcond < GOOD_RCOND else 0):
        residual = gradient(coef) - penalty[:, np.newaxis] * coef
        coef += cho_solve((root, False), residual / size) / size
    return coef, True


def is_well_conditioned(system: System, curvature: FloatArray) -> bool:
    """Return whether the normal equations alone give the coefficients without an L1 penalty.

    Parameters
    ----------
    system : System
        Normal equations.
    curvature : ndarray of shape (n_columns,)
        Penalties on squares; infinity for columns with an L1 penalty, which are left out.
    """
    solved = np.isfinite(curvature)
    matrix = system.xx[np.ix_(solved, solved)]
    matrix[np.diag_indices_from(matrix)] += curvature[solved]
    used = matrix.diagonal() > 0
    if not used.any():
        return True
    matrix = matrix[np.ix_(used, used)]
    size = np.sqrt(matrix.diagonal())
    return _factorize(matrix / size / size[:, np.newaxis])[1] >= GOOD_RCOND


def _factorize(matrix: FloatArray) -> tuple[FloatArray, float]:
    """Return the upper Cholesky factor of a matrix with unit diagonal, and its condition.

    The reciprocal condition is zero if there is no factor.
    """
    norm = np.abs(matrix).sum(axis=0).max()
    try:
        factor, _ = cho_factor(matrix, lower=False)
    except LinAlgError:
        return matrix, 0.0
    return factor, float(dpocon(factor, norm, uplo="U")[0])
