"""The linear autoregression, fitted by least squares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


def make_ar(
    n_lags: int = 5,
    *,
    delay: int = 1,
    step: int = 1,
    seasonal_lags: Sequence[int] = (),
    exogenous: Sequence[str] | Sequence[int] = (),
    known_ahead: Sequence[str] | Sequence[int] | None = None,
    fill_value: str | float = "mean",
    history: str = "auto",
    max_gap: float | str | timedelta | np.timedelta64 | None = None,
) -> Pipeline:
    r"""Make a linear autoregression, fitted by least squares.

    With L = ``n_lags``, d = ``delay`` and s = ``step`` the forecast is

    .. math:: \hat y_t = c + \sum_{j = 0}^{L - 1} w_j^\top x_{t - d - j s}
        + \sum_{k \in S} v_k^\top x_{t - k} + u^\top z_t

    with one coefficient for every lag of every column of X; y may be a column of X. The last
    two sums are there if asked for: S is ``seasonal_lags``, and z are the columns
    ``exogenous``, which are not lagged.

    Parameters
    ----------
    n_lags : int, default=5
        Number of lags.
    delay : int, default=1
        Rows from the newest lag to the present.
    step : int, default=1
        Rows from a lag to the next.
    seasonal_lags : sequence of int, default=()
        Further lags, such as ``(7, 14)`` for days with a pattern of weeks.
    exogenous : sequence of str or int, default=()
        Columns of which only the value at row t enters. It must be known beforehand.
    known_ahead : sequence of str or int, default=None
        Columns whose value at row t is known beforehand, read ``delay`` rows later, and whose
        lags enter too. Positions are counted without the columns ``exogenous``.
    fill_value : {'mean', 'nan'} or float, default='mean'
        What stands for a past that does not exist.
    history : {'auto', 'never'}, default='auto'
        Whether training rows can be the past of later rows.
    max_gap : number, timedelta or str, default=None
        The largest step of the index between adjoining rows.

    Returns
    -------
    sklearn.pipeline.Pipeline
        `LagTransformer` with ``flatten=True`` and ``LinearRegression``, with the steps
        ``lagtransformer`` and ``linearregression``. With seasonal lags the first step is a
        ``FeatureUnion`` that begins with those lags, ``lags``, and with exogenous columns a
        ``ColumnTransformer`` whose ``remainder`` is what it would be without.

    See Also
    --------
    LagTransformer : What the parameters mean.

    Notes
    -----
    The first rows, whose past is filled, take part in the fit. To leave them out, give them
    no weight: ``fit(X, y, linearregression__sample_weight=np.arange(len(X)) >= n_lags)``.
    The coefficients then are those of ``AutoReg`` in statsmodels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_ar
    >>> series = 0.5 ** np.arange(8)
    >>> ar = make_ar(1, fill_value=2).fit(series[:, None], series)
    >>> ar[-1].coef_.round(6)
    array([0.5])
    """
    reading: dict[str, Any] = {"flatten": True, "fill_value": fill_value}
    reading |= {"history": history, "max_gap": max_gap}
    first = LagTransformer(n_lags, delay=delay, step=step, known_ahead=known_ahead, **reading)
    for name, given in (("seasonal_lags", seasonal_lags), ("exogenous", exogenous)):
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f"{name} must be a sequence, such as [{given!r}]; got {given!r}.")
    regular = range(delay, delay + n_lags * step, step)
    if wrong := [lag for lag in seasonal_lags if lag < delay or lag in regular]:
        raise ValueError(
            f"seasonal_lags must be at least delay={delay} and none of the lags "
            f"{list(regular)}, which are there already; got {wrong}."
        )
    if seasonal_lags:
        more = [(f"lag{lag}", LagTransformer(1, delay=lag, **reading)) for lag in seasonal_lags]
        first = FeatureUnion([("lags", first), *more], verbose_feature_names_out=False)
    if len(exogenous):
        kept = [("exogenous", "passthrough", list(exogenous))]
        first = ColumnTransformer(kept, remainder=first, verbose_feature_names_out=False)
    return make_pipeline(first, LinearRegression())
