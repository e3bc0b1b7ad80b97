"""Ridge regression on windows with cross-validation: `LagRidgeCV`."""

from __future__ import annotations

import numpy as np

from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._least_squares_cv import LeastSquaresCV
from sklearn_rnn.linear._path_model import eps_param
from sklearn_rnn.linear._penalty import LEAST_L1_RATIO
from sklearn_rnn.linear._ridge_path import ridge_path
from sklearn_rnn.linear._system import System
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class LagRidgeCV(LeastSquaresCV):
    """Ridge regression on windows, with `alpha` chosen by cross-validation.

    All penalties of a fold are solved from one eigendecomposition, and one pass over the rows
    serves all folds whose training sets share blocks of samples.

    {parameters}

    {attributes}

    See Also
    --------
    LagRidge : The model for one `alpha`, and the meaning of its parameters.
    LagElasticNetCV : The same for the lasso and the elastic net.

    Notes
    -----
    As in ``GridSearchCV(Ridge(), ...)`` each fold has the same `alpha`, which penalises small
    training sets more than large ones: its counterpart in glmnet is `alpha` over their number of
    samples.

    `coef_` is refined as in `LagRidge` where the columns are ill-conditioned; the other models of
    `coefs_` are not: predictions hardly differ, but coefficients lose digits above a condition
    number of 1e4.

    Missing values (NaN) are replaced by the mean of their channel over the training windows, in
    each fold over its own; incomplete windows are predicted but not fitted, as in `LagRidge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagRidgeCV, make_lagged
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(200, 2))
    >>> windows, targets = make_lagged(rows, np.roll(rows[:, 1], 2) + rng.normal(size=200), 3)
    >>> model = LagRidgeCV(alphas=[100.0, 10.0, 1.0]).fit(windows, targets)
    >>> model.mse_mean_.round(2)
    array([1.16, 1.07, 1.14])
    >>> model.alpha_
    10.0
    """

    eps: float = eps_param(default=1e-6)

    def _first_alpha(self, system: System, data: TrainingSet) -> float:
        factor = self._penalty_factor(data.design)
        slopes = np.abs(system.xy).max(axis=1)[factor > 0] / factor[factor > 0]
        return float(slopes.max(initial=0.0)) / LEAST_L1_RATIO

    def _curvature(self, system: System, alpha: float, data: TrainingSet) -> FloatArray:
        return alpha * self._penalty_factor(data.design)

    def _path(self, system: System, alphas: FloatArray, data: TrainingSet) -> FloatArray:
        return ridge_path(system, alphas, self._penalty_factor(data.design))
