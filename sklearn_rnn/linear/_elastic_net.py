"""Lasso, elastic net and group lasso on windows: `LagElasticNet`."""

from __future__ import annotations

from numbers import Real
from typing import ClassVar

import numpy as np

from sklearn_rnn._sklearn.compat import Interval
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.linear._base import FixedPenaltyModel
from sklearn_rnn.linear._elastic_net_path import elastic_net_path
from sklearn_rnn.linear._least_squares import LeastSquaresModel
from sklearn_rnn.linear._parameters import ElasticNetParameters
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class LagElasticNet(ElasticNetParameters, LeastSquaresModel, FixedPenaltyModel):
    r"""Lasso, elastic net and group lasso on windows, without storing the flattened windows.

    The coefficients are those of scikit-learn's ``ElasticNet`` on the flattened windows: they
    minimise

    .. math:: \frac{1}{2 \sum_i w_i} \sum_i w_i (y_i - b_0 - b^\top x_i)^2
        + \alpha \sum_j v_j \left( \rho |b_j| + \frac{1 - \rho}{2} b_j^2 \right)

    with :math:`\rho` = `l1_ratio`, weights w (`sample_weight`) and factors v (`penalty_factor`).
    With `groups` the sum is over groups of p columns, and :math:`|b_j|` is replaced by
    :math:`\sqrt p` times the norm of the coefficients of the group, for all targets together.
    Without `groups`, several targets are fitted separately.

    {parameters}

    {attributes}

    See Also
    --------
    LagElasticNetCV : The same with `alpha` chosen by cross-validation.
    LagRidge : Ridge regression and least squares.

    Notes
    -----
    Memory, cost and the treatment of missing values and incomplete windows are as in `LagRidge`;
    the coordinate descent is scikit-learn's, on the products of the active columns, and ends with
    the exact solution for the signs that it finds. Columns of factor 0 are projected out of all
    others; if they have a condition number above 1e4, their coefficients lose digits, and a
    ``LinAlgWarning`` is raised. Without any L1 penalty the solution is that of `LagRidge`.

    Missing values (NaN) are replaced by the mean of their channel over the training windows, as in
    `LagRidge`.

    **Penalties of other packages.** The loss is the same, half the mean of squares, and:

    * *scikit-learn*: ``ElasticNet``, and with ``groups="column"`` ``MultiTaskElasticNet``, have the
      same `alpha` and `l1_ratio`.
    * *glmnet* divides y by its standard deviation s (of n, not n - 1), which its ridge part keeps:
      with ``standardize=True``, its penalty `lambda` and its L1 share a have the coefficients of

      .. math:: \alpha \rho = \lambda a, \qquad \alpha (1 - \rho) = \lambda (1 - a) / s,

      so that ``alpha = lambda`` for the lasso, and for all shares where s is 1. Its factors of the
      penalty are rescaled to the mean 1, and its ``mgaussian`` family is ``groups="column"``.
    * *adelie* multiplies the norm of a group of p columns by :math:`\sqrt p`, as here, and its
      ridge part too; *skglm* and *celer* do not: theirs is ``penalty_factor=1 / np.sqrt(p)``.
    * *Networks* of this package with k outputs have the mean over the outputs as their loss, and
      ``penalty="group"`` counts k weights for each input: the lasso of a linear network, on
      standardised data, has ``groups="column"`` and :math:`k^{1.5}` times its `alpha`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagElasticNet, make_lagged
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> windows, targets = make_lagged(rows, np.roll(rows[:, 1], 2), 3)
    >>> LagElasticNet(0.2).fit(windows, targets).lag_coef_ != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """

    alpha: float = param(
        [Interval(Real, 0, None, closed="left")],
        "Strength of the penalty, as of scikit-learn's ``ElasticNet``.",
        default=1.0,
        kw_only=False,
    )

    _learned: ClassVar[dict[str, str]] = {"n_iter_ : int": "Number of sweeps."}

    def _fit(self, data: TrainingSet) -> None:
        penalty = self._penalty(data.design)
        moments = data.moments()
        system = self._system(moments)
        curvature = system.weight * penalty.curvature(self.alpha)
        if np.isfinite(curvature).all():
            coef, self.n_iter_ = self._solve_ridge(data, moments, system, curvature), 1
        else:
            alphas = np.array([self.alpha], dtype=np.float64)
            (coef,), self.n_iter_ = elastic_net_path(system, alphas, penalty)
            self._warn_if_ill_conditioned(system, curvature)
        self._set_coefficients(self._unscaled(coef, system), moments)
