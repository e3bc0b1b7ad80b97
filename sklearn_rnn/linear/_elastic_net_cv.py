"""Lasso, elastic net and group lasso on windows with cross-validation: `LagElasticNetCV`."""

from __future__ import annotations

from typing import ClassVar

from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._elastic_net_path import elastic_net_path
from sklearn_rnn.linear._least_squares_cv import LeastSquaresCV
from sklearn_rnn.linear._parameters import ElasticNetParameters
from sklearn_rnn.linear._system import System
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class LagElasticNetCV(LeastSquaresCV, ElasticNetParameters):
    """Lasso, elastic net and group lasso on windows, with `alpha` chosen by cross-validation.

    The path of each fold is that of scikit-learn's ``LassoCV`` on flattened windows, and the rules
    to choose are glmnet's. One pass over the rows serves all folds whose training sets share blocks
    of samples.

    {parameters}

    {attributes}

    See Also
    --------
    LagElasticNet : The model for one `alpha`, and the meaning of its parameters.
    LagRidgeCV : The same for ridge regression.

    Notes
    -----
    The first penalty is the smallest at which all penalised coefficients are zero. All folds have
    the penalties of the fit to all samples.

    Missing values (NaN) are replaced by the mean of their channel over the training windows, in
    each fold over its own; incomplete windows are predicted but not fitted, as in `LagRidge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagElasticNetCV, make_lagged
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(200, 2))
    >>> windows, targets = make_lagged(rows, np.roll(rows[:, 1], 2) + rng.normal(size=200), 3)
    >>> model = LagElasticNetCV(rule="1se").fit(windows, targets)
    >>> model.lag_coef_ != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """

    _learned: ClassVar[dict[str, str]] = {
        "n_iter_ : int": "Number of sweeps at the last penalty of the fit to all samples."
    }

    def _first_alpha(self, system: System, data: TrainingSet) -> float:
        return self._penalty(data.design).first_alpha(system)

    def _curvature(self, system: System, alpha: float, data: TrainingSet) -> FloatArray:
        return system.weight * self._penalty(data.design).curvature(alpha)

    def _path(self, system: System, alphas: FloatArray, data: TrainingSet) -> FloatArray:
        path, self.n_iter_ = elastic_net_path(system, alphas, self._penalty(data.design))
        return path
