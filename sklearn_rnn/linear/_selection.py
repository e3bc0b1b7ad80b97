"""The choice of a penalty by the losses of a cross-validation, as in glmnet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._folds import Fold
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._training_set import TrainingSet

LEAST_SHARE = 1e-5
"""Share of the variance from which on squared errors are computed from the samples."""


@dataclass(frozen=True, eq=False)
class Losses:
    """Losses of a path on the samples of all folds.

    Attributes
    ----------
    by_fold : ndarray of shape (n_alphas, n_folds)
        Weighted mean of each fold.
    mean, error : ndarray of shape (n_alphas,)
        Mean over folds (or samples), and its standard error.
    """

    by_fold: FloatArray
    mean: FloatArray
    error: FloatArray

    @classmethod
    def of(cls, found: list[tuple[FloatArray, FloatArray]]) -> Losses:
        """Summarise errors.

        Parameters
        ----------
        found : list of (ndarray of shape (n_alphas, n), ndarray of shape (n,))
            Squared errors of the n samples of each fold, or their weighted mean, and weights.
        """
        errors, weights = zip(*found, strict=True)
        folds = [
            error @ weight / weight.sum() for error, weight in zip(errors, weights, strict=True)
        ]
        values, weight = np.concatenate(errors, axis=1), np.concatenate(weights)
        mean = values @ weight / weight.sum()
        squares = (values - mean[:, np.newaxis]) ** 2 @ weight / weight.sum()
        return cls(np.column_stack(folds), mean, np.sqrt(squares / max(1, len(weight) - 1)))

    def choose(self, rule: str) -> int:
        """Return the position of the chosen penalty, of decreasing ones."""
        best = int(np.argmin(self.mean))
        bound = self.mean[best] + (self.error[best] if rule == "1se" else 0.0)
        return int(np.argmax(self.mean <= bound))


def averages_samples(folds: list[Fold]) -> bool:
    """Return whether there are too few samples per fold to average errors over folds."""
    return sum(len(test) for _, test in folds) < 3 * len(folds)


def errors_by_moments(
    tests: list[Moments], path: FloatArray, at_center: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Return the squared errors of the models of a path by the moments of the samples to predict.

    Parameters
    ----------
    tests : list of Moments
        Parts of the samples.
    path : ndarray of shape (n_alphas, n_columns, n_outputs)
        Coefficients.
    at_center : ndarray of shape (n_alphas, n_outputs)
        Intercepts for the centred design.

    Returns
    -------
    (errors, weights) or None
        As `mean_losses` gives them. None if a model is so good that its errors have few
        digits as a difference of moments.
    """
    errors, variance, total = np.zeros(len(path)), 0.0, 0.0
    used = np.flatnonzero((path != 0).any(axis=(0, 2)))
    coef = path[:, used]
    for part in tests:
        xx = part.xx[np.ix_(used, used)]
        fitted = np.einsum("ajk,jk->ak", coef, part.xy[used])
        squares = np.einsum("ajk,ajk->ak", coef, xx @ coef)
        offset = part.y_mean - at_center - part.x_mean[used] @ coef
        errors += (part.yy - 2 * fitted + squares + part.weight * offset**2).mean(axis=1)
        variance += float(part.yy.mean())
        total += part.weight
    if errors.min() <= LEAST_SHARE * variance:
        return None
    return errors[:, np.newaxis] / total, np.array([total])


def squared(y: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return squared errors."""
    return (predicted - y) ** 2


def mean_losses(
    data: TrainingSet,
    path: FloatArray,
    at_center: FloatArray,
    center: FloatArray,
    loss: Callable[[FloatArray, FloatArray], FloatArray] = squared,
    *,
    by_sample: bool,
) -> tuple[FloatArray, FloatArray]:
    """Return the losses of the models of a path, and the weights of their columns.

    Parameters
    ----------
    data : TrainingSet
        Samples to predict.
    path : ndarray of shape (n_alphas, n_columns, n_outputs)
        Coefficients.
    at_center : ndarray of shape (n_alphas, n_outputs)
        Intercepts for the centred design.
    center : ndarray of shape (n_channels,)
        The centre.
    loss : callable, default=squared
        Loss by targets and products of windows and coefficients, with intercepts.
    by_sample : bool
        Whether to return the loss of each sample, or one weighted mean.

    Returns
    -------
    errors : ndarray of shape (n_alphas, n_samples or 1)
        Losses, the mean over the targets.
    weights : ndarray of shape (n_samples or 1,)
        Their weights.
    """
    n_alphas, n_columns, n_outputs = path.shape
    coef = path.transpose(1, 0, 2).reshape(n_columns, n_alphas * n_outputs)
    samples, sums = [], np.zeros((n_alphas, 1))
    for part, values in data.design.blocks(center, n_alphas * n_outputs):
        predicted = (values @ coef).reshape(-1, n_alphas, n_outputs) + at_center
        error = loss(data.y[part, np.newaxis], predicted).mean(axis=2)
        if by_sample:
            samples.append(error.T)
        else:
            sums[:, 0] += data.weight[part] @ error
    if by_sample:
        return np.concatenate(samples, axis=1), data.weight
    total = data.weight.sum(keepdims=True)
    return sums / total, total
