"""Nested least-squares models from one triangular factor of the largest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq, solve_triangular

from sklearn_rnn.linear._design import FloatArray

N_EPS = 10
"""Rounding errors for each column up to which the difference of two numbers counts as zero."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit.

    Attributes
    ----------
    coef : ndarray of shape (n_columns, n_outputs)
        Coefficients; the first row is the intercept.
    residual : ndarray of shape (n_outputs, n_outputs)
        Sums of squares and products of the residuals.
    rank : int
        Number of independent columns.
    """

    coef: FloatArray
    residual: FloatArray
    rank: int


@dataclass(frozen=True, eq=False)
class Factor:
    r"""The triangular factor R of a design matrix and its targets: ``[X y] = Q R``.

    The first k columns of X are the design of a smaller model, whose coefficients and sums of
    squares are in R as well: R is computed once for models of all sizes.

    Attributes
    ----------
    r : ndarray of shape (at most n_columns + n_outputs, n_columns + n_outputs)
        The factor. The first column of X is the intercept.
    n_columns : int
        Number of columns of X.
    n_samples : int
        Number of samples.
    """

    r: FloatArray
    n_columns: int
    n_samples: int

    @classmethod
    def of(cls, blocks: Iterable[FloatArray], n_outputs: int) -> Factor:
        """Compute the factor, a block of samples at a time.

        Parameters
        ----------
        blocks : iterable of ndarray of shape (n, n_columns + n_outputs)
            Samples: ones, the other columns of X, and the targets, all times the roots of the
            sample weights.
        n_outputs : int
            Number of targets.
        """
        r, n_samples = None, 0
        for block in blocks:
            n_samples += len(block)
            rows = block if r is None else np.concatenate([r, block])
            r = np.asarray(np.linalg.qr(rows, mode="r"))
        assert r is not None, "there is a sample"
        return cls(r, r.shape[1] - n_outputs, n_samples)

    def solve(self, n_columns: int) -> Fit:
        """Fit the first columns; where they are collinear, by coefficients of least norm.

        Parameters
        ----------
        n_columns : int
            Number of columns, the intercept included, whose coefficient does not count in the norm.
        """
        right = self.r[:, self.n_columns :]
        if self.is_independent(n_columns):
            coef = solve_triangular(self.r[:n_columns, :n_columns], right[:n_columns])
            rest, rank = right[n_columns:], n_columns
        else:
            slopes = self.r[1:, 1:n_columns].copy()
            tolerance = self._tolerance(n_columns)
            size = np.linalg.norm(self.r[:, 1:n_columns], axis=0)
            slopes[:, np.linalg.norm(slopes, axis=0) <= tolerance * size] = 0.0  # constant columns
            least, _, rank, _ = lstsq(slopes, right[1:], cond=tolerance)
            rest, rank = right[1:] - slopes @ least, rank + 1
            first = (right[:1] - self.r[:1, 1:n_columns] @ least) / self.r[0, 0]
            coef = np.concatenate([first, least])
        residual = rest.T @ rest
        noise = self._tolerance(self.n_columns) * np.linalg.norm(right, axis=0)
        exact = residual.diagonal() <= noise**2
        residual[exact] = residual[:, exact] = 0.0
        return Fit(coef, residual, int(rank))

    def is_independent(self, n_columns: int) -> bool:
        """Return whether the first columns are not collinear to working precision."""
        if len(self.r) < n_columns:
            return False
        leading = self.r[:n_columns, :n_columns]
        least = self._tolerance(n_columns) * np.linalg.norm(leading, axis=0)
        return bool((np.abs(leading.diagonal()) > least).all())

    def inverse_root(self, n_columns: int) -> FloatArray:
        """Return A of the first columns, ``A A' = inv(X' X)``; NaN if these are collinear."""
        if not self.is_independent(n_columns):
            return np.full((n_columns, n_columns), np.nan)
        leading = self.r[:n_columns, :n_columns]
        return np.asarray(solve_triangular(leading, np.eye(n_columns)))

    @staticmethod
    def _tolerance(n_columns: int) -> float:
        """Return the relative size up to which a difference may be rounding error."""
        return float(N_EPS * n_columns * np.finfo(np.float64).eps)


def log_likelihood(residual: FloatArray, n_samples: int, log_weight: float) -> float:
    r"""Return the Gaussian log-likelihood of a fit at its own covariance of the residuals.

    With n samples, m targets and S the matrix `residual` it is

    .. math:: -\frac n2 \left(m \log 2 \pi + \log \det(S / n) + m\right)
        + \frac m2 \sum_i \log w_i

    where the weights :math:`w_i` are inverse variances up to a common factor.

    Parameters
    ----------
    residual : ndarray of shape (n_outputs, n_outputs)
        Weighted sums of squares and products of the residuals.
    n_samples : int
        Number of samples.
    log_weight : float
        Sum of the logarithms of the weights.
    """
    n_outputs = len(residual)
    log_det = np.linalg.slogdet(residual / n_samples)[1]
    per_sample = n_outputs * (np.log(2 * np.pi) + 1) + log_det
    return float((n_outputs * log_weight - n_samples * per_sample) / 2)
