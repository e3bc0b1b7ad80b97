"""Windows of the past and their targets, outside a pipeline: `make_lagged`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_rnn._sequences.windows import flatten_windows, lag_windows
from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.validation import check_numbers, check_targets, prefix_errors
from sklearn_rnn.preprocessing._columns import advance_columns, find_columns
from sklearn_rnn.preprocessing._lag_transformer import X_CHECKS, LagTransformer
from sklearn_rnn.preprocessing._timeline import read_timeline

_CONSTRAINTS = {
    name: LagTransformer._parameter_constraints[name]
    for name in ("n_lags", "delay", "step", "known_ahead", "flatten", "max_gap")
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
) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Cut rows into windows of the past and the targets that follow them.

    For every row t whose window and target are complete, the window holds the rows

    .. math:: x_{t - d - (L - 1) s}, \; \ldots, \; x_{t - d - s}, \; x_{t - d}

    of X, oldest first, with L = ``n_lags``, d = ``delay`` and s = ``step``, and the target
    holds :math:`y_t, \ldots, y_{t + h - 1}` with h = ``horizon``.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_channels)
        Rows in the order of time.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets of the same rows.
    n_lags : int
        Number of steps of a window.
    delay : int, default=1
        Rows from the newest step of a window to the first target. With 0 the window holds
        the row of the first target itself.
    step : int, default=1
        Rows from a step of a window to the next.
    known_ahead : sequence of str or int, default=None
        Columns whose value at row t is known beforehand, read ``delay`` rows later.
    flatten : bool, default=False
        Whether to give a table of ``n_lags`` blocks of columns, oldest first.
    horizon : int, default=1
        Number of rows to forecast, for a direct forecast of several steps.
    max_gap : number, timedelta or str, default=None
        The largest step of the index between adjoining rows, as in `LagTransformer`.

    Returns
    -------
    windows : ndarray of shape (n_windows, n_lags, n_channels)
        The windows, or (n_windows, n_lags * n_channels) with ``flatten=True``. A read-only
        view of X unless X has several segments, ``known_ahead`` or ``flatten`` are set or
        X is not of floats; windows and targets stay within a segment.
    targets : ndarray of shape (n_windows,), (n_windows, n_outputs)
        The targets, in the same order; with ``horizon > 1`` the second axis is that of the
        horizon: (n_windows, horizon) or (n_windows, horizon, n_outputs).

    See Also
    --------
    LagTransformer : The same windows in a pipeline, and what a segment is.

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
    check_numbers(X)
    with prefix_errors("X"):
        rows = check_array(X, estimator="make_lagged", input_name="X", **X_CHECKS)
    known = find_columns(known_ahead, X, rows.shape[1])
    values = check_array(
        y, dtype=None, ensure_2d=False, ensure_all_finite="allow-nan", input_name="y"
    )
    check_targets(values, rows)
    timeline = read_timeline(X, len(rows))
    starts = timeline.find_starts(timeline.find_max_gap(max_gap))
    rows, values = timeline.sort(rows), timeline.sort(values)
    if delay and len(known):
        rows = rows.copy()
        advance_columns(rows, known, delay)
    lookback = delay + (n_lags - 1) * step
    lengths = np.diff(np.append(starts, len(rows)))
    if lengths.max() < lookback + horizon:
        raise ValueError(
            f"X is too short: its longest run of adjoining rows has {lengths.max()}, and "
            f"n_lags={n_lags}, delay={delay}, step={step}, horizon={horizon} need "
            f"{lookback + horizon}; take fewer lags."
        )
    place = _place_windows(starts, lengths - lookback - horizon + 1)
    if timeline.order is not None:
        place = place[np.argsort(timeline.order[place + lookback])]  # the order of X
    chosen = place if len(starts) > 1 else slice(len(place))  # a slice copies nothing
    windows = lag_windows(rows, n_lags, step=step)[chosen]
    targets = _cut_targets(values[lookback:], horizon)[chosen]
    return (flatten_windows(windows) if flatten else windows), targets


def _place_windows(starts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the first rows of so many windows from the start of each segment."""
    counts = np.maximum(counts, 0)
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(starts - before, counts)


def _cut_targets(values: NDArray[Any], horizon: int) -> NDArray[Any]:
    """Return for every row its value and the ``horizon - 1`` that follow, as a view."""
    if horizon == 1:
        return values
    if values.ndim == 1:
        return lag_windows(values[:, np.newaxis], horizon)[..., 0]
    return lag_windows(values, horizon)
