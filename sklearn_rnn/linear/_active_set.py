"""Lasso paths on the normal equations, by the columns that matter at each penalty.

Coordinate descent is scikit-learn's, on the Gram matrix of few columns. It finds the signs of the
coefficients, for which the solution is linear in the penalty: a Cholesky factor ends what would
take many sweeps, and gives the coefficients of the next penalties until a column comes or goes.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn._sklearn.compat import enet_coordinate_descent_gram
from sklearn_rnn.linear._design import FloatArray

FIRST_SIZE = 64
"""Columns to begin with: fewer are not worth a choice."""

GROWTH = 1.2
"""Factor by which the columns grow at least, so that their Gram matrix is seldom copied."""

NEWTON_SIZE = 100
"""Selected columns up to which each penalty begins with the solution for the previous signs."""

LEAST_SWEEPS, SWEEPS_PER_COLUMN = 4, 1 / 8
"""Sweeps that cost about as much as a solution for the selected columns."""

LEAST_SHARE = 1e-10
"""Smallest share of the squares of a column that other selected columns must leave unexplained;
otherwise they are collinear and their system is not solved."""

COPY_COST = 3
"""Cost of a product with rows picked from a matrix, relative to one with adjacent rows."""

STRICTER = 0.9
"""Tolerance of sweeps over some columns relative to that of the fit, to allow for rounding."""

UNUSED = np.random.RandomState(0)
"""Argument of the coordinate descent that only sweeps in random order use."""


@contextmanager
def _too_few_sweeps_ignored() -> Iterator[None]:
    """Ignore the warning of the coordinate descent, of this file alone.

    `warnings.catch_warnings` would mix up the filters of threads that fit at the same time. Here
    each thread adds one of its own, by a comment in the pattern, and removes it from the same list.
    """
    filters = cast("list[Any]", warnings.filters)
    module = f"{re.escape(__name__)}(?#{threading.get_ident()})"
    warnings.filterwarnings("ignore", category=ConvergenceWarning, module=module)
    try:
        yield
    finally:
        with suppress(ValueError):  # another thread has reset all filters
            filters.remove(("ignore", None, ConvergenceWarning, re.compile(module), 0))


class ActiveSet:
    """The columns of a lasso that may have coefficients, and their part of the normal equations.

    Attributes
    ----------
    columns : ndarray of int, of shape (m,)
        The columns, in the order in which they came.
    coef : ndarray of shape (m,)
        Their coefficients.
    """

    def __init__(self, xx: FloatArray, xy: FloatArray, yy: float, tol: float) -> None:
        self._xx, self._xy, self._yy, self._tol = xx, xy, yy, tol
        self._ridge: FloatArray | None = None
        self._norm = np.array([np.sqrt(yy)])
        self._is_out = np.ones(len(xy), dtype=bool)
        self.columns, self.coef, self._slopes = np.zeros(0, dtype=np.intp), np.zeros(0), xy
        self._before, self._alphas = self.coef, (np.inf, np.inf)
        self._selected = self.columns
        self._line: FloatArray | None = None
        self._admit_steepest(min(len(xy), FIRST_SIZE))

    def set_ridge(self, ridge: FloatArray) -> None:
        """Set the penalties of shape (n_columns,) on half the squares of the coefficients."""
        self._ridge = ridge
        diagonal = self._xx.diagonal()[self.columns] + ridge[self.columns]
        self._gram.flat[:: len(self.columns) + 1] = diagonal

    def begin_at(self, coef: FloatArray) -> None:
        """Admit the columns of coefficients of shape (n_columns,), and take these."""
        if (new := self._is_out & (coef != 0)).any():
            self._admit(new)
        self.coef = coef[self.columns]
        self._selected = self.coef.nonzero()[0]

    def move_to(self, alpha: float) -> None:
        """Move the coefficients to the next penalty by their signs, without descent.

        Few coefficients are solved for. More are moved on as they moved last. Those that would
        change their sign become zero.
        """
        before, self._alphas = self._alphas, (alpha, self._alphas[0])
        old, selected = self.coef, self._selected
        line = self._line
        if line is None and 0 < len(selected) <= NEWTON_SIZE:
            signs = np.sign(old[selected])
            right = np.array([self._xy[self.columns[selected]], signs]).T
            line = self._solve(selected, right)
        if line is not None:
            moved = line[:, 0] - alpha * line[:, 1]
            is_kept = moved * old[selected] > 0
            coef = np.zeros(len(old))
            if is_kept.all():
                coef[selected] = moved
            else:
                line = None
                coef[selected[is_kept]] = moved[is_kept]
        else:
            coef = old.copy()
            if before[1] > before[0]:
                coef += (before[0] - alpha) / (before[1] - before[0]) * (old - self._before)
                coef[coef * old <= 0] = 0.0
        self._before, self.coef = old, coef
        self._line = line if self._ridge is None else None

    def is_solved(self) -> bool:
        """Compute the slopes, and say whether the duality gap over all columns is small enough."""
        alpha = self._alphas[0]
        self._selected = selected = self.coef.nonzero()[0]
        coef, columns = self.coef[selected], self.columns[selected]
        if COPY_COST * len(selected) < len(self._xy):
            fitted = coef @ self._xx[columns]
        else:  # zeros cost less than a copy
            whole = np.zeros(len(self._xy))
            whole[columns] = coef
            fitted = whole @ self._xx
        if self._ridge is not None:
            fitted[columns] += self._ridge[columns] * coef
        self._slopes = self._xy - fitted
        explained = float(coef @ self._xy[columns])
        squares = self._yy - 2 * explained + float(coef @ fitted[columns])
        share = alpha / max(float(np.abs(self._slopes).max()), alpha)
        gap = 0.5 * squares * (1 + share**2) + alpha * float(np.abs(coef).sum())
        return gap - share * (self._yy - explained) <= self._tol * self._yy

    def descend(self, max_iter: int) -> tuple[int, bool]:
        """Descend to the duality gap; return the number of sweeps, and whether it was reached."""
        alpha, before = self._alphas
        self._line = None
        if np.isfinite(before):  # the sequential strong rule of Tibshirani et al. (2012)
            self._admit_above(2 * alpha - before)
        n_iter, most = 0, LEAST_SWEEPS + int(SWEEPS_PER_COLUMN * np.count_nonzero(self.coef))
        while n_iter < max_iter:
            n_iter += self._sweep(alpha, min(max_iter - n_iter, most))
            if self.is_solved():
                return n_iter, True
            most *= 2
            self._admit_above(alpha)
            self._step_to_solution()
        return n_iter, False

    def _sweep(self, alpha: float, max_iter: int) -> int:
        """Descend over the columns; return the number of sweeps, which may be too few."""
        with _too_few_sweeps_ignored():
            self.coef, *_, n_sweeps = enet_coordinate_descent_gram(
                self.coef.copy(),
                alpha,
                0.0,
                self._gram,
                self._xy[self.columns],
                self._norm,
                max_iter,
                STRICTER * self._tol,
                UNUSED,
            )
        return max(1, int(n_sweeps))

    def _admit_above(self, slope: float) -> None:
        """Admit the columns of steeper slopes."""
        n_above = int(np.count_nonzero((np.abs(self._slopes) > slope) & self._is_out))
        if n_above:
            self._admit_steepest(max(n_above, int((GROWTH - 1) * len(self.columns))))

    def _admit_steepest(self, n_columns: int) -> None:
        """Admit the columns of the steepest slopes."""
        new = self._is_out.nonzero()[0]
        if n_columns < len(new):
            new = new[np.argpartition(-np.abs(self._slopes[new]), n_columns)[:n_columns]]
        self._admit(new)

    def _admit(self, new: NDArray[Any]) -> None:
        """Admit columns, by positions or a mask."""
        self._is_out[new] = False
        before, self.columns = self.columns, (~self._is_out).nonzero()[0]
        place = np.searchsorted(self.columns, before)
        both = np.zeros((2, len(self.columns)))
        both[:, place] = self.coef, self._before
        (self.coef, self._before), self._selected = both, place[self._selected]
        self._gram = self._xx[self.columns[:, np.newaxis], self.columns]
        if self._ridge is not None:
            self.set_ridge(self._ridge)

    def _solve(self, selected: NDArray[np.intp], right: FloatArray) -> FloatArray | None:
        """Solve the equations of the selected columns, if they are independent."""
        gram = self._gram[selected[:, np.newaxis], selected]
        sizes = gram.diagonal().copy()
        factor, error = dpotrf(gram.T, overwrite_a=1)
        if error or (factor.diagonal() ** 2 <= LEAST_SHARE * sizes).any():
            return None
        return np.asarray(dpotrs(factor, right)[0])

    def _step_to_solution(self) -> None:
        """Step to the solution for the signs of the coefficients, or until one of them is zero."""
        selected = self._selected
        if not len(selected):
            return
        coef = self.coef[selected]
        right = self._xy[self.columns[selected]] - self._alphas[0] * np.sign(coef)
        solution = self._solve(selected, right)
        if solution is None:
            return
        changes = (solution * coef <= 0).nonzero()[0]
        if len(changes):
            steps = coef[changes] / (coef[changes] - solution[changes])
            step = steps.min()
            solution = coef + step * (solution - coef)
            solution[changes[steps == step]] = 0.0
        self.coef[selected] = solution


def lasso_path(
    xx: FloatArray,
    xy: FloatArray,
    yy: float,
    alphas: FloatArray,
    ridge: FloatArray | None,
    *,
    tol: float,
    max_iter: int,
    start: FloatArray | None = None,
) -> tuple[FloatArray, int]:
    """Return lasso coefficients at decreasing penalties.

    They minimise ``(yy - 2 b' xy + b' xx b) / 2 + alpha sum |b|`` to a duality gap of ``tol yy``.

    Parameters
    ----------
    xx : ndarray of shape (n_columns, n_columns)
        Products of the columns.
    xy : ndarray of shape (n_columns,)
        Products of columns and target.
    yy : float
        Squares of the target.
    alphas : ndarray of shape (n_alphas,)
        Decreasing penalties.
    ridge : ndarray of shape (n_columns,) or None
        Factors of a further penalty ``alpha sum ridge b^2 / 2``.
    tol : float
        Duality gap at which to stop.
    max_iter : int
        Largest number of sweeps over the coefficients for each penalty.
    start : ndarray of shape (n_columns,), default=None
        Coefficients to begin with; None is zeros.

    Returns
    -------
    path : ndarray of shape (n_alphas, n_columns)
        Coefficients.
    n_iter : int
        Number of sweeps at the last penalty.
    """
    state, path = ActiveSet(xx, xy, yy, tol), np.zeros((len(alphas), len(xy)))
    n_iter, n_failed = 1, 0
    if start is not None:
        state.begin_at(start)
    for k, alpha in enumerate(alphas.tolist()):
        if ridge is not None:
            state.set_ridge(alpha * ridge)
        state.move_to(alpha)
        n_iter = 1
        if not state.is_solved():
            n_iter, is_solved = state.descend(max_iter)
            n_failed += not is_solved
        path[k, state.columns] = state.coef
    if n_failed:
        warnings.warn(
            f"Coordinate descent did not converge at {n_failed} of {len(alphas)} penalties: "
            "increase max_iter, tol or alpha.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return path, n_iter
