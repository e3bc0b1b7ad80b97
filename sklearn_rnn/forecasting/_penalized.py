"""Penalised linear autoregressions: `make_lasso` and `make_linear`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.linear._elastic_net_cv import LagElasticNetCV
from sklearn_rnn.linear._ridge_cv import LagRidgeCV
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


@validate_params(
    LagTransformer._parameter_constraints | LagElasticNetCV._parameter_constraints,
    prefer_skip_nested_validation=True,
)
def make_lasso(
    n_lags: int = 5,
    *,
    delay: int = 1,
    step: int = 1,
    known_ahead: Sequence[str] | Sequence[int] | None = None,
    fill_value: str | float = "mean",
    history: str = "auto",
    max_gap: float | str | timedelta | np.timedelta64 | None = None,
    lag_unit: str = "auto",
    time: str | None = None,
    series: str | None = None,
    l1_ratio: float = 1.0,
    groups: str | None = None,
    rule: str = "min",
    cv: Any = None,
) -> CompleteRows:
    """Make a lasso on the lags of all columns, with its penalty chosen by cross-validation.

    Parameters
    ----------
    n_lags : int, default=5
        Number of lags.
    delay, step, known_ahead, fill_value, history, max_gap, lag_unit, time, series : object
        Lags, as in `LagTransformer`.
    l1_ratio : float, default=1.0
        L1 share of the penalty: below 1 an elastic net.
    groups : {'channel', 'lag', 'column'}, default=None
        What is selected together, as in `LagElasticNetCV`.
    rule : {'min', '1se'}, default='min'
        Which penalty to choose: that of the smallest error, or the largest within one standard
        error of it.
    cv : int, cross-validation generator or iterable, default=None
        Splits. None is five folds in the order of time.

    Returns
    -------
    CompleteRows
        A pipeline of `LagTransformer` and `LagElasticNetCV`, in the steps ``lagtransformer`` and
        ``lagelasticnetcv``, fitted to complete rows.

    See Also
    --------
    make_linear : Ridge regression on windows minus their last value.
    make_ar : Least squares.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_lasso
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> y = np.append([0.0, 0.0], rows[:-2, 1])  # two rows before
    >>> make_lasso(3).fit(rows, y)[-1].lag_coef_ != 0
    array([[False, False],
           [False,  True],
           [False, False]])
    """
    lags = LagTransformer(
        n_lags,
        delay=delay,
        step=step,
        known_ahead=known_ahead,
        fill_value=fill_value,
        history=history,
        max_gap=max_gap,
        lag_unit=lag_unit,
        time=time,
        series=series,
    )
    lasso = LagElasticNetCV(l1_ratio=l1_ratio, groups=groups, rule=rule, cv=cv)
    return CompleteRows(make_pipeline(lags, lasso))


@validate_params(
    LagTransformer._parameter_constraints
    | LagRidgeCV._parameter_constraints
    | {"horizon": CompleteRows._parameter_constraints["horizon"]},
    prefer_skip_nested_validation=True,
)
def make_linear(
    n_lags: int = 5,
    horizon: int = 1,
    *,
    delay: int = 1,
    step: int = 1,
    known_ahead: Sequence[str] | Sequence[int] | None = None,
    fill_value: str | float = "mean",
    history: str = "auto",
    max_gap: float | str | timedelta | np.timedelta64 | None = None,
    lag_unit: str = "auto",
    time: str | None = None,
    series: str | None = None,
    standardize: bool | str = "last",
    target_channel: int | str | None = None,
    rule: str = "min",
    cv: Any = None,
) -> CompleteRows:
    """Make a ridge regression on windows minus their last value (NLinear).

    The last value of the window is subtracted from its lags and from y, and added to the
    prediction: with a strong penalty the forecast is the last value, with a weak one that of an
    autoregression. Several steps have coefficients of their own (a direct forecast), the same
    penalty, and share one set of sums over the rows.

    Parameters
    ----------
    n_lags : int, default=5
        Number of lags.
    horizon : int, default=1
        Number of steps that are predicted at once, as in `CompleteRows`: with more than 1 the
        prediction for row t has a column for each of the rows t, ..., t + horizon - 1.
    delay, step, known_ahead, fill_value, history, max_gap, lag_unit, time, series : object
        Lags, as in `LagTransformer`. `delay` is the number of rows from the newest lag to the
        first step.
    standardize : {'last', True, False}, default='last'
        Whether to subtract the last value, as in `LagRidgeCV`.
    target_channel : int or str, default=None
        The column of X that holds past values of y. None is the only one, or the one that equals
        y, as the target of a `Forecaster` does; name it if y is transformed.
    rule : {'min', '1se'}, default='min'
        Which penalty to choose: that of the smallest error, or the largest within one standard
        error of it.
    cv : int, cross-validation generator or iterable, default=None
        Splits. None is five folds in the order of time.

    Returns
    -------
    CompleteRows
        A pipeline of `LagTransformer` and `LagRidgeCV`, in the steps ``lagtransformer`` and
        ``lagridgecv``, fitted to complete rows.

    See Also
    --------
    make_lasso : Selection of lags.
    make_ar : Least squares, without a penalty.
    PersistenceRegressor : The last value itself.

    Notes
    -----
    With several steps the last targets of the rows to train on are those of the first rows to
    predict, in the folds that choose the penalty; ``cv=TimeSeriesSplit(5, gap=horizon - 1)`` keeps
    them apart. Folds around the model, as those of `cross_val_score`, are apart.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_linear
    >>> walk = np.random.default_rng(0).normal(size=200).cumsum()
    >>> model = make_linear(3).fit(walk[:, np.newaxis], walk)
    >>> round(float(model[-1].lag_coef_.sum()), 6)  # a prediction moves with its window
    1.0
    >>> far = 1000 + walk[-3:]  # outside of the range of the training rows
    >>> bool(abs(model.predict(np.append(far, np.nan)[:, np.newaxis])[-1] - far[-1]) < 1)
    True
    """
    lags = LagTransformer(
        n_lags,
        delay=delay,
        step=step,
        known_ahead=known_ahead,
        fill_value=fill_value,
        history=history,
        max_gap=max_gap,
        lag_unit=lag_unit,
        time=time,
        series=series,
    )
    ridge = LagRidgeCV(standardize=standardize, target_channel=target_channel, rule=rule, cv=cv)
    return CompleteRows(make_pipeline(lags, ridge), horizon=horizon)
