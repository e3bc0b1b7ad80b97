"""The choice of a penalty by the squared errors of cross-validation."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._folds import Fold, FoldMoments
from sklearn_rnn.linear._least_squares import LeastSquaresModel, standardize_param
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._path_model import PathModel
from sklearn_rnn.linear._selection import Losses, averages_samples, errors_by_moments, mean_losses
from sklearn_rnn.linear._system import System
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class LeastSquaresCV(LeastSquaresModel, PathModel):
    """Base class of the models that choose `alpha` by squared errors."""

    standardize: bool | str = standardize_param(default=True)

    _learned: ClassVar[dict[str, str]] = {
        "mse_path_ : ndarray of shape (n_alphas, n_folds)": "Mean squared error of each fold.",
        "mse_mean_ : ndarray of shape (n_alphas,)": (
            "Mean over the folds, weighted by their test samples; with fewer than three test "
            "samples per fold, the mean over samples, as in glmnet."
        ),
        "mse_error_ : ndarray of shape (n_alphas,)": "Standard error of this mean.",
        "coefs_ : ndarray of shape (n_alphas, n_columns) or (n_alphas, n_outputs, n_columns)": (
            "Coefficients of each penalty, fitted to all samples."
        ),
    }

    @abstractmethod
    def _first_alpha(self, system: System, data: TrainingSet) -> float:
        """Return the first penalty of the grid."""

    @abstractmethod
    def _path(self, system: System, alphas: FloatArray, data: TrainingSet) -> FloatArray:
        """Return coefficients of shape (n_alphas, n_columns, n_outputs)."""

    @abstractmethod
    def _curvature(self, system: System, alpha: float, data: TrainingSet) -> FloatArray:
        """Return the penalties of squares, as `is_well_conditioned` takes them."""

    def _fit(self, data: TrainingSet, folds: list[Fold]) -> None:
        moments = FoldMoments(data, folds)
        self.alphas_ = self._penalties(lambda: self._first_alpha(self._system(moments.total), data))
        losses = self._losses(data, folds, moments)
        system = self._system(moments.total)  # anew: it is as large as the moments
        chosen = losses.choose(self.rule)
        self.alpha_ = float(self.alphas_[chosen])
        path = self._path(system, self.alphas_, data)
        curvature = self._curvature(system, self.alpha_, data)
        if np.isfinite(curvature).all():
            path[chosen] = self._solve_ridge(data, moments.total, system, curvature)
        else:
            self._warn_if_ill_conditioned(system, curvature)
        path = self._unscaled(path, system)
        self._set_coefficients(path[chosen], moments.total)
        coefs = self._in_order_of_columns(path.transpose(0, 2, 1))
        self.coefs_ = coefs.reshape(len(path), *self.coef_.shape)
        self.scale_ = self._in_order_of_columns(system.scale)
        self.mse_path_ = losses.by_fold
        self.mse_mean_, self.mse_error_ = losses.mean, losses.error

    def _losses(self, data: TrainingSet, folds: list[Fold], moments: FoldMoments) -> Losses:
        """Return the errors of the path of each fold on the samples to predict."""
        by_sample = averages_samples(folds)
        found: dict[int, tuple[FloatArray, FloatArray]] = {}
        for fold, own in moments.of_folds():
            path = self._fit_path(own, data)
            errors = None
            if moments.shares and not by_sample:
                errors = errors_by_moments(moments.of_test(fold), *self._of_moments(path, own))
            if errors is None:
                test, at_origin = data.take(folds[fold][1]), self._at_origin(path, own)
                errors = mean_losses(test, path, at_origin, own.origin, by_sample=by_sample)
            found[fold] = errors
        return Losses.of([found[fold] for fold in range(len(folds))])

    def _fit_path(self, moments: Moments, data: TrainingSet) -> FloatArray:
        """Return the coefficients of X for a training set."""
        system = self._system(moments)
        return self._unscaled(self._path(system, self.alphas_, data), system)
