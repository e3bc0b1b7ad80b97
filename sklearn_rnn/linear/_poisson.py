"""Poisson regression on windows: `LagPoisson` and `LagPoissonCV`."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.metrics import d2_tweedie_score
from sklearn.utils import Tags, column_or_1d

from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn._sklearn.validation import check_target
from sklearn_rnn.linear._base import WindowRegressor, coefficient_docs
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._families import Family, Poisson
from sklearn_rnn.linear._generalized import GeneralizedModel, GeneralizedModelCV


@parametrized
class CountRegressor(WindowRegressor):
    """Base class of regressors of counts, by the logarithm of their rate."""

    _family: ClassVar[Family] = Poisson()
    _learned: ClassVar[dict[str, str]] = {
        **coefficient_docs("", of=", for the logarithm of the rate"),
        "intercept_ : float": "Intercept.",
    }

    def _mean(self, linear_predictor: FloatArray) -> FloatArray:
        return self._family.mean(linear_predictor)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of the deviance that is explained.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        float
            D2, which is 1 for a perfect model, and 0 for the mean of y, or if all y are equal.
        """
        predicted = self.predict(X)
        try:
            return float(d2_tweedie_score(y, predicted, sample_weight=sample_weight, power=1))
        except ZeroDivisionError:  # by the deviance of the mean
            return 0.0

    def _read_target(self, y: Any) -> FloatArray:
        target = check_target(column_or_1d(y, warn=True))
        if len(target) and target.min() < 0:
            raise ValueError(
                f"y must be 0 or positive; got {target.min():g}. Leave these rows out, or take "
                "LagRidge or LagElasticNet."
            )
        return target

    def _fault(self, y: FloatArray) -> str | None:
        if y.max() > 0:
            return None
        return f"y must have a positive value among those that are fitted; all {len(y)} are 0."

    def __sklearn_tags__(self) -> Tags:
        """Declare that targets are not negative."""
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


@parametrized
class LagPoisson(CountRegressor, GeneralizedModel):
    r"""Poisson regression on windows, without storing the flattened windows.

    The logarithm of the expected count is linear. The coefficients minimise half the mean deviance
    and an elastic-net penalty,

    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \left( e^{\eta_i} - y_i \eta_i \right)
        + \alpha \sum_j v_j \left( \rho |b_j| + \frac{1 - \rho}{2} b_j^2 \right),
        \qquad \eta_i = b_0 + b^\top x_i,

    with :math:`\rho` = `l1_ratio`, weights w (`sample_weight`) and factors v (`penalty_factor`).
    Groups are penalised as in `LagElasticNet`.

    {parameters}

    {attributes}

    See Also
    --------
    LagPoissonCV : The same with `alpha` chosen by cross-validation.
    LagLogistic : Classification.

    Notes
    -----
    ``alpha`` is that of scikit-learn's ``PoissonRegressor`` for ``l1_ratio=0``, and `lambda` of
    glmnet's ``family="poisson"`` with ``standardize=True``, for every `l1_ratio`. For rates per
    exposure give the rate as y and the exposure as `sample_weight`.

    Cost and incomplete windows are as in `LagLogistic`.
    Missing values (NaN) are replaced by the mean of their channel over the training windows, as in
    `LagRidge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagPoisson, make_lagged
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(200, 2))
    >>> windows, counts = make_lagged(rows, rng.poisson(np.exp(np.roll(rows[:, 1], 2))), 3)
    >>> LagPoisson(0.3).fit(windows, counts).lag_coef_ != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """


@parametrized
class LagPoissonCV(CountRegressor, GeneralizedModelCV):
    """Poisson regression on windows, with `alpha` chosen by the deviance of cross-validation.

    {parameters}

    {attributes}

    See Also
    --------
    LagPoisson : The model for one `alpha`, and the meaning of its parameters.
    LagElasticNetCV : The same for squared errors.

    Notes
    -----
    The rules to choose are those of ``cv.glmnet``. The first penalty is the smallest at which all
    penalised coefficients are zero; all folds have the penalties of the fit to all samples.

    Missing values (NaN) are replaced by the mean of their channel over the training windows, in
    each fold over its own; incomplete windows are predicted but not fitted, as in `LagRidge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagPoissonCV, make_lagged
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(200, 2))
    >>> windows, counts = make_lagged(rows, rng.poisson(np.exp(np.roll(rows[:, 1], 2))), 3)
    >>> LagPoissonCV(rule="1se").fit(windows, counts).lag_coef_ != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """
