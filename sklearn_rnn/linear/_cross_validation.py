"""What linear models on windows that choose their penalty by cross-validation share."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.linear._base import LinearWindowModel, TrainingSet, intercepts
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._folds import Fold, FoldMoments, make_folds
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._parameters import standardize_param
from sklearn_rnn.linear._selection import ROWS_PER_FOLD, Losses, errors_by_moments, squared_errors
from sklearn_rnn.linear._system import System


@parametrized
class CrossValidated(LinearWindowModel):
    """Base class of the models that choose `alpha` on a path."""

    alphas: int | ArrayLike = param(
        [Interval(Integral, 1, None, closed="left"), "array-like"],
        """Penalties in any order, or their number: they then decrease on a logarithmic grid, as in
        glmnet, by the factor `eps` in total.""",
        default=100,
    )
    cv: Any = param(
        ["cv_object"],
        """Splitter, or iterable of splits. An integer is a number of folds in time order, as in
        ``TimeSeriesSplit(cv)``: of the times if `X` is windows of `LagTransformer` or `make_lagged`
        with times, all series at once, otherwise of the samples. None is 5.""",
        default=None,
    )
    rule: str = param(
        [StrOptions({"min", "1se"})],
        """Which penalty to choose: that of the smallest mean squared error, or the largest within
        one standard error of it (``lambda.1se`` of glmnet).""",
        default="min",
    )
    standardize: bool | str = standardize_param(default=True)

    _learned: ClassVar[dict[str, str]] = {
        "alpha_ : float": "The chosen penalty.",
        "alphas_ : ndarray of shape (n_alphas,)": "All penalties, decreasing.",
        "mse_path_ : ndarray of shape (n_alphas, n_folds)": "Mean squared error of each fold.",
        "mse_mean_ : ndarray of shape (n_alphas,)": (
            "Mean over the folds, weighted by their test samples; with fewer than three test "
            "samples per fold, the mean over samples, as in glmnet."
        ),
        "mse_error_ : ndarray of shape (n_alphas,)": "Standard error of this mean.",
        "coefs_ : ndarray of shape (n_alphas, n_columns) or (n_alphas, n_outputs, n_columns)": (
            "Coefficients of each penalty, fitted to all samples."
        ),
        "scale_ : ndarray of shape (n_columns,)": (
            "Standard deviations by which columns are divided; one without `standardize`."
        ),
    }

    @abstractmethod
    def _grid(self, system: System, data: TrainingSet) -> tuple[float, float]:
        """Return the first penalty, and the ratio of the last to it."""

    @abstractmethod
    def _path(self, system: System, alphas: FloatArray, data: TrainingSet) -> FloatArray:
        """Return coefficients of shape (n_alphas, n_columns, n_outputs)."""

    def _fit(self, X: Any, data: TrainingSet) -> None:
        folds = make_folds(self.cv, X, data)
        moments = FoldMoments(data, folds)
        self.alphas_ = self._alphas(self._system(moments.total), data)
        losses = self._losses(data, folds, moments)
        system = self._system(moments.total)  # anew: it is as large as the moments
        chosen = losses.choose(self.rule)
        path = self._unscaled(self._path(system, self.alphas_, data), system)
        self._set_coefficients(path[chosen], moments.total)
        coefs = self._in_order_of_columns(path.transpose(0, 2, 1))
        self.coefs_ = coefs.reshape(len(path), *self.coef_.shape)
        self.alpha_ = float(self.alphas_[chosen])
        self.scale_ = self._in_order_of_columns(system.scale)
        self.mse_path_ = losses.by_fold
        self.mse_mean_, self.mse_error_ = losses.mean, losses.error

    def _alphas(self, system: System, data: TrainingSet) -> FloatArray:
        """Return the penalties, decreasing."""
        if isinstance(self.alphas, Integral):
            first, ratio = self._grid(system, data)
            if not first:  # y is constant: every penalty gives the same
                first = np.finfo(np.float64).resolution
            return np.asarray(first * np.geomspace(1.0, ratio, int(self.alphas)))
        check_numbers(self.alphas, "alphas")
        alphas = np.sort(np.asarray(self.alphas, dtype=np.float64).ravel())[::-1]
        if not (len(alphas) and np.isfinite(alphas).all() and alphas[-1] >= 0):
            raise ValueError(
                f"alphas must be one or more finite numbers from 0 up; got {self.alphas!r}."
            )
        return alphas

    def _losses(self, data: TrainingSet, folds: list[Fold], moments: FoldMoments) -> Losses:
        """Return the errors of the path of each fold on the samples to predict."""
        by_sample = sum(len(test) for _, test in folds) < ROWS_PER_FOLD * len(folds)
        found: dict[int, tuple[FloatArray, FloatArray]] = {}
        for fold, own in moments.of_folds():
            path, at_center = self._fit_path(own, data)
            errors = None
            if moments.shares and not by_sample:
                errors = errors_by_moments(moments.of_test(fold), path, at_center)
            if errors is None:
                test, center = data.take(folds[fold][1]), own.center[: data.design.n_channels]
                errors = squared_errors(test, path, at_center, center, by_sample=by_sample)
            found[fold] = errors
        return Losses.of([found[fold] for fold in range(len(folds))])

    def _fit_path(self, moments: Moments, data: TrainingSet) -> tuple[FloatArray, FloatArray]:
        """Return the coefficients of a training set, and intercepts at its centre."""
        system = self._system(moments)
        path = self._unscaled(self._path(system, self.alphas_, data), system)
        return path, intercepts(path, moments, self.fit_intercept)[1]
