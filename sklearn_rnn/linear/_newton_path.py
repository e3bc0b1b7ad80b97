"""Penalised generalised linear models on windows, by Newton's method with a Gram matrix that lags.

A step minimises a quadratic model of the loss plus the penalty, which is an elastic net on normal
equations. Its Gram matrix has the weights of an earlier step, or of an earlier penalty: the fixed
point is the same, and a step costs two passes over the windows. Where steps are slow, it is
computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_rnn.linear._design import CenteredDesign, FloatArray
from sklearn_rnn.linear._elastic_net_path import elastic_net_path
from sklearn_rnn.linear._families import Family
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._penalty import LEAST_L1_RATIO, Penalty
from sklearn_rnn.linear._system import System, column_scales, least_norm_solve
from sklearn_rnn.linear._training_set import TrainingSet

SLOW = 0.1
"""The Gram matrix is computed anew if a step promises more than this share of the decrease that the
step before promised."""

LEAST_CURVATURE = 1e-6
"""Share of the mean curvature that each sample has at least in the quadratic model."""

SUFFICIENT = 1e-4
"""Share of the predicted decrease that a step must have (Armijo's rule)."""

LEAST_STEP = 1e-8
"""Step below which a decrease is no more than rounding."""

INNER_SHARE = 0.1
"""Tolerance of the quadratic model relative to that of the fit."""

LEAST_TOL = 1e-14
"""Tolerance of the quadratic model below which there is rounding alone."""

INNER_SWEEPS = 10_000
"""Largest number of sweeps over the coefficients of the quadratic model."""

NULL_PENALTY = 1e6
"""Penalty, relative to the first one, at which unpenalised columns are fitted alone."""


@dataclass(frozen=True)
class Problem:
    """What is fitted to a training set.

    Attributes
    ----------
    family : Family
        Distribution of the targets.
    penalty : Penalty
        The penalty; its tolerance is that of the decrease of a step, relative to the deviance of
        the model without coefficients.
    fit_intercept, standardize : bool
        As in `System.of`.
    max_iter : int
        Largest number of steps for each penalty.
    """

    family: Family
    penalty: Penalty
    fit_intercept: bool
    standardize: bool
    max_iter: int


class NewtonPath:
    """A model that is fitted at one penalty after the other, from its last coefficients.

    Attributes
    ----------
    scale : ndarray of shape (n_columns,)
        Divisors of the columns.
    center : ndarray of shape (n_channels,)
        The row in whose window the intercept is.
    n_iter : int
        Number of steps at the last penalty.
    converged : bool
        Whether every fit has converged.
    """

    def __init__(self, data: TrainingSet, problem: Problem) -> None:
        moments = data.moments()
        self._data, self._problem, self._y = data, problem, data.y[:, 0]
        self._weight = float(data.weight.sum())
        self.center, self.n_iter, self.converged = moments.origin, 0, True
        self._design = CenteredDesign(data.design, self.center, keep=True)
        self.scale = column_scales(moments) if problem.standardize else np.ones(len(moments.xx))
        null = problem.family.link(float(moments.y_mean[0])) if problem.fit_intercept else 0.0
        self._coef, self._at_center = np.zeros(len(moments.xx)), null
        self._move_to(np.full(len(self._y), null))
        mean = problem.family.mean(self._eta[:1])
        curvature = float(problem.family.curvature(mean)[0])
        self._set_model(moments, curvature)
        self._tol = problem.penalty.tol * self._loss

    def first_alpha(self) -> float:
        """Return the smallest alpha at which all penalised coefficients are zero."""
        penalty = self._problem.penalty
        score, _ = self._score()
        if (penalty.factor == 0).any():
            kept = penalty.factor[penalty.factor > 0]
            slope = np.abs(score).max() / self._weight / kept.min(initial=1.0)
            self.fit(NULL_PENALTY * float(slope) / max(penalty.l1_ratio, LEAST_L1_RATIO))
            score, _ = self._score()
            score[penalty.factor == 0] = 0.0
        null = replace(self._model, xy=score[:, np.newaxis], weight=self._weight)
        return penalty.first_alpha(null)

    def path(self, alphas: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the coefficients of decreasing penalties, and the intercepts at the centre.

        Their shapes are (n_alphas, n_columns, 1) and (n_alphas, 1).
        """
        coefs, at_center = np.empty((len(alphas), len(self._coef), 1)), np.empty((len(alphas), 1))
        for k, alpha in enumerate(alphas.tolist()):
            self.fit(alpha)
            coefs[k, :, 0], at_center[k] = self._coef / self.scale, self._at_center
        return coefs, at_center

    def fit(self, alpha: float) -> None:
        """Fit the coefficients at a penalty."""
        before = np.inf
        for n_iter in range(1, self._problem.max_iter + 1):
            self.n_iter = n_iter
            score, total = self._score()
            coef = self._minimize(score, alpha)
            change, penalty = coef - self._coef, self._penalty(self._coef, alpha)
            predicted = float(score @ change) + penalty - self._penalty(coef, alpha)
            intercept = float(self._x_mean @ (change / self.scale))
            if self._problem.fit_intercept:
                predicted += total**2 / self._model.weight
                intercept = total / self._model.weight - intercept
            if predicted <= self._tol:
                return
            if not self._step(change, intercept, alpha, self._loss + penalty, predicted):
                return
            if predicted > SLOW * before:
                self._renew()
                before = np.inf
            else:
                before = predicted
        self.converged = False

    def _score(self) -> tuple[FloatArray, float]:
        """Return the products of columns and residuals, about the means of the model; their sum."""
        residual = self._residual
        total = float(residual.sum())
        origin = -self._x_mean if self._problem.fit_intercept else self._x_mean
        self._size = float(residual**2 @ (1 / self._curvature))
        return (self._products + origin * total) / self.scale, total

    def _move_to(self, eta: FloatArray) -> None:
        """Take the linear predictor, its loss, and products of columns and residuals."""
        self._eta, self._loss = eta, self._loss_at(eta)
        self._residual = self._data.weight * (self._y - self._problem.family.mean(eta))
        self._products = self._design.transposed_dot(self._residual)

    def _minimize(self, score: FloatArray, alpha: float) -> FloatArray:
        """Return the coefficients at which the quadratic model and the penalty are least."""
        penalty, model = self._problem.penalty, self._model
        xy = model.xx @ self._coef + score
        if penalty.l1_ratio == 0 or alpha == 0:
            ridge = self._weight * alpha * penalty.factor
            return least_norm_solve(model.xx + np.diag(ridge), xy[:, np.newaxis])[:, 0]
        yy = float(self._coef @ (xy + score)) + self._size  # squares of the working targets
        system = replace(model, xy=xy[:, np.newaxis], yy=np.array([yy]), weight=self._weight)
        tol = max(LEAST_TOL, INNER_SHARE * self._tol / yy) if yy > 0 else 1.0
        inner = replace(penalty, tol=tol, max_iter=INNER_SWEEPS)
        start = self._coef[:, np.newaxis]
        (coef,), _ = elastic_net_path(system, np.array([alpha]), inner, start)
        return np.asarray(coef[:, 0])

    def _step(
        self, change: FloatArray, intercept: float, alpha: float, now: float, predicted: float
    ) -> bool:
        """Step as far as the objective decreases from its value now; return whether it does."""
        eta = self._design.dot(change / self.scale) + intercept
        step = 1.0
        while step > LEAST_STEP:
            coef, moved = self._coef + step * change, self._eta + step * eta
            value = self._loss_at(moved) + self._penalty(coef, alpha)
            if now - value >= SUFFICIENT * step * predicted:
                self._coef = coef
                self._at_center += step * intercept
                self._move_to(moved)
                return True
            step /= 2
        return False

    def _loss_at(self, eta: FloatArray) -> float:
        return float(self._data.weight @ self._problem.family.loss(self._y, eta))

    def _penalty(self, coef: FloatArray, alpha: float) -> float:
        return self._weight * alpha * self._problem.penalty.value(coef[:, np.newaxis])

    def _renew(self) -> None:
        """Compute the Gram matrix with the weights of the present model."""
        mean = self._problem.family.mean(self._eta)
        curvature = self._problem.family.curvature(mean)
        curvature = np.maximum(curvature, LEAST_CURVATURE * curvature.mean())
        weight = self._data.weight * curvature
        moments = Moments.of(self._data.design, self._data.y, weight, self.center)
        self._set_model(moments, 1.0)
        self._curvature = weight

    def _set_model(self, moments: Moments, curvature: float) -> None:
        """Take the Gram matrix of moments times a curvature."""
        system = System.of(
            moments, fit_intercept=self._problem.fit_intercept, standardize=False
        ).divided_by(self.scale)
        self._model = replace(system, xx=system.xx * curvature, weight=system.weight * curvature)
        self._x_mean = moments.x_mean if self._problem.fit_intercept else moments.center
        self._curvature = self._data.weight * curvature
