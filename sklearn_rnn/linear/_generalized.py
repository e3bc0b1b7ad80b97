"""What logistic and Poisson regression on windows share, for one penalty and on a path."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn._sklearn.compat import Interval
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.linear._base import FixedPenaltyModel, WindowModel
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._families import Family
from sklearn_rnn.linear._folds import Fold
from sklearn_rnn.linear._newton_path import NewtonPath, Problem
from sklearn_rnn.linear._parameters import ElasticNetParameters
from sklearn_rnn.linear._path_model import PathModel
from sklearn_rnn.linear._selection import Losses, averages_samples, mean_losses
from sklearn_rnn.linear._training_set import TrainingSet


def standardize_param(*, default: bool) -> Any:
    """Declare ``standardize``, whose default depends on the model."""
    return param(
        ["boolean"],
        """Whether to penalise the coefficients of columns divided by their standard deviation over
        the training windows, as glmnet does. `coef_` is that of X in any case.""",
        default=default,
    )


@parametrized
class GeneralizedLinear(WindowModel, ElasticNetParameters):
    """Base class of generalised linear models on windows."""

    standardize: bool = standardize_param(default=False)
    tol: float = param(
        [Interval(Real, 0, None, closed="left")],
        """Decrease of the objective that a step predicts at which the fit stops, relative to the
        deviance of the model without coefficients, as ``thresh`` of glmnet.""",
        default=1e-7,
    )
    max_iter: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Largest number of steps for each `alpha`.",
        default=100,
    )

    _family: ClassVar[Family]
    _learned: ClassVar[dict[str, str]] = {
        "n_iter_ : int": "Number of steps at the last penalty of the fit to all samples."
    }

    @abstractmethod
    def _fault(self, y: FloatArray) -> str | None:
        """Return why the targets of a training set have no finite mean on the scale of the link."""

    def _read_training_set(self, X: Any, y: Any, sample_weight: Any) -> TrainingSet:
        data = super()._read_training_set(X, y, sample_weight)
        if fault := self._fault(data.y):
            raise ValueError(fault)
        return data

    def _model(self, data: TrainingSet) -> NewtonPath:
        """Return the model of a training set, without coefficients."""
        problem = Problem(
            family=self._family,
            penalty=self._penalty(data.design),
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            max_iter=self.max_iter,
        )
        return NewtonPath(data, problem)

    def _deviance(self, y: FloatArray, eta: FloatArray) -> FloatArray:
        return 2 * self._family.loss(y, eta)

    def _warn_unless(self, converged: bool) -> None:
        if not converged:
            warnings.warn(
                f"A fit has not converged in {self.max_iter} steps: increase max_iter, tol or "
                "alpha. Without a penalty the coefficients of classes that a line separates grow "
                "without bound.",
                ConvergenceWarning,
                stacklevel=5,
            )


@parametrized
class GeneralizedModel(GeneralizedLinear, FixedPenaltyModel):
    """Base class of generalised linear models with one penalty."""

    alpha: float = param(
        [Interval(Real, 0, None, closed="left")],
        "Strength of the penalty.",
        default=0.01,
        kw_only=False,
    )

    def _fit(self, data: TrainingSet) -> None:
        model = self._model(data)
        (coef,), (at_center,) = model.path(np.array([self.alpha], dtype=np.float64))
        self._set_linear(coef, model.center, at_center)
        self.n_iter_ = model.n_iter
        self._warn_unless(model.converged)


@parametrized
class GeneralizedModelCV(GeneralizedLinear, PathModel):
    """Base class of generalised linear models that choose `alpha` by cross-validation."""

    standardize: bool = standardize_param(default=True)

    _learned: ClassVar[dict[str, str]] = {
        "deviance_path_ : ndarray of shape (n_alphas, n_folds)": (
            "Mean deviance of each fold. It is NaN where the training set has one class alone, or "
            "no count but 0: such a fold is left out, since any penalty would be as bad."
        ),
        "deviance_mean_ : ndarray of shape (n_alphas,)": (
            "Mean over the folds, weighted by their test samples; with fewer than three test "
            "samples per fold, the mean over samples, as in glmnet."
        ),
        "deviance_error_ : ndarray of shape (n_alphas,)": "Standard error of this mean.",
        "coefs_ : ndarray of shape (n_alphas, n_columns)": (
            "Coefficients of each penalty, fitted to all samples."
        ),
    }

    def _fit(self, data: TrainingSet, folds: list[Fold]) -> None:
        faults = [self._fault(data.y[train]) for train, _ in folds]
        used = [k for k, fault in enumerate(faults) if fault is None]
        if not used:
            raise ValueError(
                f"No fold of cv can be fitted; take fewer, with more rows each. Fold 0: {faults[0]}"
            )
        model = self._model(data)
        self.alphas_ = self._penalties(model.first_alpha)
        by_sample = averages_samples(folds)
        found, converged = [], True
        for train, test in (folds[k] for k in used):
            own = self._model(data.take(train))
            coefs, at_center = own.path(self.alphas_)
            deviances = mean_losses(
                data.take(test), coefs, at_center, own.center, self._deviance, by_sample=by_sample
            )
            found.append(deviances)
            converged &= own.converged
        losses = Losses.of(found)
        chosen = losses.choose(self.rule)
        path, at_center = model.path(self.alphas_)
        self._set_linear(path[chosen], model.center, at_center[chosen])
        self.n_iter_ = model.n_iter
        self.coefs_ = self._in_order_of_columns(path[:, :, 0])
        self.alpha_ = float(self.alphas_[chosen])
        self.scale_ = self._in_order_of_columns(model.scale)
        self.deviance_path_ = np.full((len(self.alphas_), len(folds)), np.nan)
        self.deviance_path_[:, used] = losses.by_fold
        self.deviance_mean_, self.deviance_error_ = losses.mean, losses.error
        self._warn_unless(converged and model.converged)
