"""Ridge regression on windows: `LagRidge`."""

from __future__ import annotations

from numbers import Real

from sklearn_rnn._sklearn.compat import Interval
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.linear._base import FixedPenaltyModel
from sklearn_rnn.linear._least_squares import LeastSquaresModel
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class LagRidge(LeastSquaresModel, FixedPenaltyModel):
    r"""Ridge regression on windows, without storing the flattened windows.

    The coefficients are those of scikit-learn's ``Ridge`` on the flattened windows: they minimise

    .. math:: \sum_i w_i (y_i - b_0 - b^\top x_i)^2 + \alpha \sum_j v_j b_j^2

    with weights w (`sample_weight`) and factors v (`penalty_factor`). With ``alpha=0`` they are
    those of least squares.

    {parameters}

    {attributes}

    See Also
    --------
    LagRidgeCV : The same with `alpha` chosen by cross-validation.
    LagElasticNet : Lasso, elastic net and group lasso.

    Notes
    -----
    The products of the columns are sums over the rows of the series, of which windows share all but
    the first and last: memory grows with the rows and the square of the columns, and the cost with
    rows times lags. With sample weights that differ, each window is read once, in blocks.

    Rows are centred before any product. If the condition number of the columns is above 1e4, the
    solution is refined with the windows themselves; above 1e7 a ``LinAlgWarning`` is raised.
    Missing values (NaN) are replaced by the mean of their channel over the training windows.

    Incomplete windows of `LagTransformer` (with lags before the start of the series or in a gap)
    are predicted but not fitted; in ordinary arrays, ``np.asarray(windows)``, they are fitted with
    their filled values.

    glmnet with ``alpha=0`` minimises the mean of squares over two, and scales y: for y of standard
    deviation s (of n, not n - 1) and n rows, its ``lambda`` is ``alpha * s / n``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagRidge, make_lagged
    >>> series = 0.5 ** np.arange(8)
    >>> windows, targets = make_lagged(series[:, None], series, 1)
    >>> LagRidge(alpha=0).fit(windows, targets).coef_.round(6)
    array([0.5])
    """

    alpha: float = param(
        [Interval(Real, 0, None, closed="left")],
        "Strength of the penalty, as of scikit-learn's ``Ridge``.",
        default=1.0,
        kw_only=False,
    )

    def _fit(self, data: TrainingSet) -> None:
        factor = self._penalty_factor(data.design)
        moments = data.moments()
        system = self._system(moments)
        coef = self._solve_ridge(data, moments, system, self.alpha * factor)
        self._set_coefficients(self._unscaled(coef, system), moments)
