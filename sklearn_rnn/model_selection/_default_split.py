"""The folds of a comparison: split by time if X has times, all series of a panel at once."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import check_cv

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.model_selection._panel_split import PanelTimeSeriesSplit
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._timeline import time_level
from sklearn_rnn.preprocessing._times import missing_times, read_times

_TIMES = (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex)


def make_splitter(
    cv: Any, X: Any, y: Any, times: pd.Index[Any] | None, *, is_panel: bool, is_classifier: bool
) -> Any:
    """Return the splitter; a number of folds splits by time if the times are known.

    Parameters
    ----------
    cv : object
        The splitter, or number of folds, that the user has given; None is five folds.
    X, y : object
        The data.
    times : Index or None
        The time of each row, by `times_of`.
    is_panel : bool
        Whether the rows belong to several series, and need not be in the order of their times.
    is_classifier : bool
        Whether the models are classifiers.
    """
    if (cv is None or isinstance(cv, Integral)) and times is not None:
        is_missing = missing_times(read_times(times)[1]).any()
        if is_missing or not (is_panel or times.is_monotonic_increasing):
            raise ValueError(
                f"cv={cv} splits by time, but the time index of X is not in ascending order; sort "
                f"X and y by time, or give a splitter, such as cv=KFold({cv or 5})."
            )
        cv = list(PanelTimeSeriesSplit(5 if cv is None else int(cv)).split(X, groups=times))
    with np.errstate(invalid="ignore"):  # of labels that are not finite, which models refuse
        return check_cv(cv, y, classifier=is_classifier)


def times_of(X: Any, models: Iterable[Any]) -> tuple[pd.Index[Any] | None, bool]:
    """Return the time of each row, if X has times, and whether X is a panel.

    A panel has a MultiIndex with a level of times, or columns that a `LagTransformer` inside of a
    model names as times and series, or is windows of several series.
    """
    if isinstance(X, WindowArray):
        times = X.times if isinstance(X.times, _TIMES) else None
        return times, times is not None and len(X.origin.series) > 1
    columns = list(getattr(X, "columns", ()))
    for owner in (found for model in models for found in [model, *find_lags(model)]):
        time = getattr(owner, "time", None)  # of a forecaster, or a LagTransformer inside
        if time in columns and time is not None:
            return pd.Index(X[time]), owner.series is not None
    index = getattr(X, "index", None) if isinstance(X, pd.DataFrame | pd.Series) else None
    if isinstance(index, pd.MultiIndex):
        level = index.get_level_values(time_level(index))
        return (level, True) if isinstance(level, _TIMES) else (None, False)
    return (index, False) if isinstance(index, _TIMES) else (None, False)
