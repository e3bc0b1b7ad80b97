"""Parameters that linear models on windows share, and what they mean for the columns."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.linear._design import Design, FloatArray
from sklearn_rnn.linear._penalty import Penalty


@parametrized
class ColumnParameters(Estimator):
    """Parameters of all linear models on windows."""

    fit_intercept: bool = param(["boolean"], "Whether to fit an intercept.", default=True)
    penalty_factor: ArrayLike | None = param(
        [Interval(Real, 0, None, closed="left"), "array-like", None],
        """Factors of the penalty that broadcast to (n_lags, n_channels), oldest lag first: a factor
        for each channel has the shape (n_channels,), for each lag (n_lags, 1), for all of them it
        is a number. Columns of factor 0 are not penalised. None is 1. Unlike glmnet's
        ``penalty.factor`` they are not rescaled to the mean 1.""",
        default=None,
    )
    n_channels: int | None = param(
        [Interval(Integral, 1, None, closed="left"), None],
        """Number of channels of a 2-D X, whose columns are blocks of channels, oldest lag first.
        None reads channels and lags from names such as ``price_lag3``, in any order; without such
        names each column is a channel of one lag.""",
        default=None,
    )

    def _penalty_factor(self, design: Design) -> FloatArray:
        """Return the factor of the penalty of each column."""
        if self.penalty_factor is None:
            return np.ones(design.n_columns)
        check_numbers(self.penalty_factor, "penalty_factor")
        given = np.asarray(self.penalty_factor, dtype=np.float64)
        shape = design.n_lags, design.n_channels
        try:
            factor = np.broadcast_to(given, shape).ravel()
        except ValueError as error:
            raise ValueError(
                f"penalty_factor has the shape {given.shape}, which does not broadcast to (n_lags, "
                f"n_channels) = {shape}; give one factor for each channel, or the shape "
                "(n_lags, 1) for lags."
            ) from error
        if not (np.isfinite(factor).all() and factor.min() >= 0):
            raise ValueError(
                "penalty_factor must be finite and not negative; got "
                f"{factor[~(np.isfinite(factor) & (factor >= 0))][0]}."
            )
        return factor


@parametrized
class ElasticNetParameters(ColumnParameters):
    """Parameters of the elastic nets."""

    l1_ratio: float = param(
        [Interval(Real, 0, 1, closed="both")],
        "The L1 share of the penalty: 1 is the lasso, 0 a ridge penalty.",
        default=1.0,
    )
    groups: str | None = param(
        [StrOptions({"channel", "lag", "column"}), None],
        """Which coefficients are selected together (group lasso): those of a channel, of a lag, or
        the coefficients of all targets on one column, as in ``MultiTaskLasso``. A group of p
        columns has the penalty ``sqrt(p)`` times the norm of all its coefficients. None selects
        each coefficient by itself.""",
        default=None,
    )
    tol: float = param(
        [Interval(Real, 0, None, closed="left")],
        """Duality gap at which the coordinate descent stops, relative to the variance of y, as in
        scikit-learn's ``Lasso``.""",
        default=1e-4,
    )
    max_iter: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Largest number of sweeps over the coefficients for each `alpha`.",
        default=10_000,
    )

    def _penalty(self, design: Design) -> Penalty:
        """Return the penalty of the columns."""
        factor, groups = self._penalty_factor(design), self._groups(design)
        if groups is not None:
            for group in np.unique(groups):
                own = factor[groups == group]
                if own.min() != own.max():
                    raise ValueError(
                        f"penalty_factor must be the same in each group of groups={self.groups!r}; "
                        f"got {own.min():g} and {own.max():g} in the same {self.groups}."
                    )
        return Penalty(self.l1_ratio, factor, groups, self.tol, self.max_iter)

    def _groups(self, design: Design) -> NDArray[np.intp] | None:
        if self.groups is None:
            return None
        column = np.arange(design.n_columns)
        lag, channel = divmod(column, design.n_channels)
        return {"column": column, "channel": channel, "lag": lag}[self.groups]
