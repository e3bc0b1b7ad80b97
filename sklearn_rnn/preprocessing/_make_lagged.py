"""Windows of lags and their targets, outside a pipeline: `make_lagged`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_rnn._sequences.categories import as_numbers, learn_labels
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import flatten_windows, lag_windows
from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.validation import (
    as_table,
    check_targets,
    prefix_errors,
)
from sklearn_rnn.preprocessing._columns import (
    advance_columns,
    drop_columns,
    find_columns,
    named_columns,
)
from sklearn_rnn.preprocessing._following_targets import following_values
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._lag_transformer import X_CHECKS, LagTransformer
from sklearn_rnn.preprocessing._layout import Layout, Window
from sklearn_rnn.preprocessing._timeline import read_timeline
from sklearn_rnn.preprocessing._window_places import windows_at

_CONSTRAINTS = {
    name: LagTransformer._parameter_constraints[name]
    for name in (
        "n_lags",
        "delay",
        "step",
        "known_ahead",
        "flatten",
        "max_gap",
        "lag_unit",
        "time",
        "series",
    )
} | {"horizon": [Interval(Integral, 1, None, closed="left")]}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def make_lagged(
    X: ArrayLike,
    y: ArrayLike,
    n_lags: int,
    *,
    delay: int = 1,
    step: int = 1,
    known_ahead: Sequence[str] | Sequence[int] | None = None,
    flatten: bool = False,
    horizon: int = 1,
    max_gap: float | str | timedelta | np.timedelta64 | None = None,
    lag_unit: str = "auto",
    time: str | None = None,
    series: str | None = None,
) -> tuple[WindowArray | NDArray[Any], NDArray[Any]]:
    r"""Return complete windows of lags and the targets that follow them.

    For every row t whose window and target are complete, the window contains the rows

    .. math:: x_{t - d - (L - 1) s}, \; \ldots, \; x_{t - d - s}, \; x_{t - d}

    of X, oldest first, with L = ``n_lags``, d = ``delay`` and s = ``step``, and the target
    contains :math:`y_t, \ldots, y_{t + h - 1}` with h = ``horizon``.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_channels)
        Rows in temporal order; a Series with a name, of pandas or polars, is one column.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets of the same rows. Rows whose target is missing (NaN, None) are left out.
    n_lags : int
        Number of lags: the steps of a window.
    delay : int, default=1
        Distance in rows from the newest step of a window to the row of the first target. With 0
        the window includes row t itself; use this only if the target is not a column of X.
    step : int, default=1
        Spacing between consecutive steps of a window, in rows (dilation).
    known_ahead : sequence of str or int, default=None
        Known future covariates: columns whose value at row t is known in advance. They are read
        ``delay`` rows later than the others. Positions count all columns of X, `time` and `series`
        too.
    flatten : bool, default=False
        Whether to return a table of ``n_lags`` blocks of columns, oldest first.
    horizon : int, default=1
        Number of consecutive rows in a target, for direct multi-step forecasts.
    max_gap : number, timedelta or str, default=None
        Largest step of the index between adjacent rows, as in `LagTransformer`.
    lag_unit : {'auto', 'rows', 'time'}, default='auto'
        Unit of the lags and the horizon where rows are missing, as in `LagTransformer`.
    time, series : str, default=None
        Columns of X, or levels of its index, that hold the times and the series of the rows. They
        are not channels.

    Returns
    -------
    windows : WindowArray of shape (n_windows, n_lags, n_channels)
        The windows, in the read-only array that `LagTransformer` returns, or with ``flatten=True``
        an ndarray of shape (n_windows, n_lags * n_channels). They share the memory of X, unless X
        has gaps, several series or a dtype other than float, or ``known_ahead`` or ``flatten`` is
        set. Windows and targets do not cross series or contain missing rows;
        a missing value of X stays in its window.
    targets : ndarray of shape (n_windows,), (n_windows, n_outputs)
        The targets, in the order of X; with ``horizon > 1`` the second axis is the horizon:
        (n_windows, horizon) or (n_windows, horizon, n_outputs).

    See Also
    --------
    LagTransformer : The same windows in a pipeline; explains which rows are adjacent.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_lagged
    >>> series = np.arange(6.0)
    >>> windows, targets = make_lagged(series[:, None], series, 3, horizon=2)
    >>> windows[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.]])
    >>> targets
    array([[3., 4.],
           [4., 5.]])
    """
    X = as_table(X)
    named = named_columns(X, time, series)
    features = drop_columns(X, named)
    categories = learn_labels(features, flatten=flatten)
    features = as_numbers(features, categories)
    with prefix_errors("X"):
        rows = check_array(features, estimator="make_lagged", input_name="X", **X_CHECKS)
    known = find_columns(known_ahead, X, rows.shape[1], named=named)
    if y is None:
        raise ValueError("y must hold a target for each row of X; got None.")
    check_targets(y, X)
    values = check_array(
        y, dtype=None, ensure_2d=False, ensure_all_finite="allow-nan", input_name="y"
    )
    window = Window(n_lags, delay, step)
    timeline = read_timeline(X, len(rows), time=time, series=series)
    placement = History(LagCount(lag_unit, max_gap)).place(timeline, window)
    layout = placement.layout
    complete = layout.is_complete(len(known) > 0, horizon)
    _check_any(complete, layout, horizon)
    missing = pd.isna(values).reshape(len(values), -1).any(axis=1)
    chosen = np.flatnonzero(complete)
    if missing.any():
        chosen = _before_targets(chosen, layout, missing, horizon)
    place: dict[str, Any] = {"channels": _names(features), "known_ahead": known, "chosen": chosen}
    place["categories"] = categories
    is_view = layout.is_contiguous and not len(known)  # rows are not copied
    if is_view:
        place["n_before"] = window.lookback
    else:
        rows = layout.fill(rows, None, np.zeros(rows.shape[1]))
        advance_columns(rows, known, delay)
    if is_view and not missing.any():
        targets = _cut_targets(values[window.lookback :], horizon)[: len(chosen)]
    else:
        targets = following_values(layout, values, chosen, horizon)
        targets = targets if horizon > 1 else targets[:, 0]
    windows = windows_at(rows, timeline, placement, **place)
    return (flatten_windows(windows) if flatten else windows), targets


def _check_any(complete: NDArray[np.bool_], layout: Layout, horizon: int) -> None:
    """Check that some row has a complete window and target."""
    if not complete.any():
        window = layout.window
        raise ValueError(
            f"X is too short: its longest block without a gap has {layout.longest_block()} rows, "
            f"but n_lags={window.n_lags}, delay={window.delay}, step={window.step}, "
            f"horizon={horizon} need {window.lookback + horizon}; take fewer lags."
        )


def _before_targets(
    chosen: NDArray[np.intp], layout: Layout, missing: NDArray[np.bool_], horizon: int
) -> NDArray[np.intp]:
    """Return the windows that no missing target follows."""
    without = following_values(layout, missing, chosen, horizon).any(axis=1)
    if without.all():
        raise ValueError(
            f"y is missing in {int(missing.sum())} of its {len(missing)} rows, and no complete "
            "window is followed by a target; give y where windows are complete, or fill it."
        )
    return chosen[~without]


def _names(X: Any) -> list[str] | None:
    """Return the names of the columns of a table, if all are strings."""
    names = list(getattr(X, "columns", ()))
    return names if names and all(isinstance(name, str) for name in names) else None


def _cut_targets(values: NDArray[Any], horizon: int) -> NDArray[Any]:
    """Return each value and the ``horizon - 1`` following ones, as a view."""
    if horizon == 1:
        return values
    if values.ndim == 1:
        return lag_windows(values[:, np.newaxis], horizon)[..., 0]
    return lag_windows(values, horizon)
