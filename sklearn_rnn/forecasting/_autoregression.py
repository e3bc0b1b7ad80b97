"""Linear autoregression: `make_ar`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


@validate_params(
    LagTransformer._parameter_constraints,
    prefer_skip_nested_validation=True,
)
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
    lag_unit: str = "auto",
    time: str | None = None,
    series: str | None = None,
) -> CompleteRows:
    r"""Make a linear autoregression, fitted by least squares.

    With L = ``n_lags``, d = ``delay`` and s = ``step`` the forecast is

    .. math:: \hat y_t = c + \sum_{j = 0}^{L - 1} w_j^\top x_{t - d - j s}
        + \sum_{k \in S} v_k^\top x_{t - k} + u^\top z_t

    with one coefficient for every lag of every column of X, of which y may be one. S is
    ``seasonal_lags``, and z are the columns ``exogenous``, which are not lagged; both are optional.
    Rows whose lags lie before the start of their series, or in a gap, are predicted but not fitted.

    Parameters
    ----------
    n_lags : int, default=5
        Number of lags.
    delay : int, default=1
        Distance in rows from the newest lag to the row of the target. With 0 the lags include row
        t itself; use this only if the target is not a column of X.
    step : int, default=1
        Spacing between consecutive lags, in rows (dilation).
    seasonal_lags : sequence of int, default=()
        Additional lags, such as ``(7, 14)`` for daily data with a weekly pattern.
    exogenous : sequence of str or int, default=()
        Columns that enter with their value at row t only, which must be known in advance.
    known_ahead : sequence of str or int, default=None
        Known future covariates: columns whose value at row t is known in advance. Their lags enter
        too, ``delay`` rows later than those of other columns. Positions count the columns
        of X without ``exogenous``, but with `time` and `series`.
    fill_value : {'mean', 'nan'} or float, default='mean'
        Value of lags before the start of the series, in predictions.
    history : {'auto', 'never'}, default='auto'
        Whether the last rows seen in `fit` supply the lags of rows that follow them.
    max_gap : number, timedelta or str, default=None
        Largest step of the index between consecutive rows.
    lag_unit : {'auto', 'rows', 'time'}, default='auto'
        What lags count where rows are missing, as in `LagTransformer`.
    time, series : str, default=None
        Columns of X that hold the times and the series of the rows, as in `LagTransformer`. All
        series share the coefficients.

    Returns
    -------
    CompleteRows
        A pipeline of `LagTransformer` with ``flatten=True`` and ``LinearRegression``, in the steps
        ``lagtransformer`` and ``linearregression``, fitted to complete rows. With seasonal lags
        the first step is a ``FeatureUnion`` whose first transformer is ``lags``; with exogenous
        columns it is a ``ColumnTransformer`` whose ``remainder`` transforms all other columns.

    See Also
    --------
    LagTransformer : Lags, and the meaning of the parameters.

    Notes
    -----
    The coefficients are those of ``AutoReg`` in statsmodels. With
    ``set_params(incomplete="fit")`` rows with filled lags are fitted, too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_ar
    >>> series = 0.5 ** np.arange(8)
    >>> ar = make_ar(1).fit(series[:, None], series)
    >>> ar[-1].coef_.round(6), ar.n_rows_omitted_
    (array([0.5]), 1)
    """
    reading: dict[str, Any] = {"flatten": True, "fill_value": fill_value}
    reading |= {"history": history, "max_gap": max_gap, "lag_unit": lag_unit}
    reading |= {"time": time, "series": series}
    first = LagTransformer(n_lags, delay=delay, step=step, known_ahead=known_ahead, **reading)
    for name, given in (("seasonal_lags", seasonal_lags), ("exogenous", exogenous)):
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise TypeError(f"{name} must be a sequence, such as [{given!r}]; got {given!r}.")
    regular = range(delay, delay + n_lags * step, step)
    if wrong := [
        lag
        for lag in seasonal_lags
        if not isinstance(lag, int | np.integer) or lag < delay or lag in regular
    ]:
        raise ValueError(
            f"seasonal_lags must be integers of at least delay={delay} and not among the regular "
            f"lags {list(regular)}; got {wrong}."
        )
    if seasonal_lags:
        more = [(f"lag{lag}", LagTransformer(1, delay=lag, **reading)) for lag in seasonal_lags]
        first = FeatureUnion([("lags", first), *more], verbose_feature_names_out=False)
    if len(exogenous):
        kept = [("exogenous", "passthrough", list(exogenous))]
        first = ColumnTransformer(kept, remainder=first, verbose_feature_names_out=False)
    return CompleteRows(make_pipeline(first, LinearRegression()))
