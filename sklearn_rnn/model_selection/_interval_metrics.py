"""How good intervals are: the share of targets inside, and the interval score."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sklearn.compat import Interval, check_sample_weight, validate_params
from sklearn_rnn._sklearn.validation import check_numbers, check_target, prefix_errors

_WEIGHT = {"sample_weight": ["array-like", None]}


@validate_params(_WEIGHT, prefer_skip_nested_validation=True)
def interval_coverage(
    y_true: ArrayLike, intervals: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of targets that are inside of their intervals, ends included.

    It is to be close to the level of the intervals, not as high as possible.

    Parameters
    ----------
    y_true : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets.
    intervals : array-like of shape (n_rows, 2) or (n_rows, n_outputs, 2)
        Lower and upper ends.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the rows.

    Returns
    -------
    float
        A number from 0 to 1, the mean over outputs.

    Raises
    ------
    ValueError
        If the shapes do not match, or a lower end is above its upper end.

    See Also
    --------
    interval_score : A loss, which also measures the width.

    Examples
    --------
    >>> from sklearn_rnn.model_selection import interval_coverage
    >>> interval_coverage([1.0, 5.0], [[0.0, 2.0], [0.0, 2.0]])
    0.5
    """
    target, lower, upper = _check(y_true, intervals)
    return _mean((lower <= target) & (target <= upper), sample_weight)


@validate_params(
    {"level": [Interval(Real, 0, 1, closed="neither")]} | _WEIGHT,
    prefer_skip_nested_validation=True,
)
def interval_score(
    y_true: ArrayLike,
    intervals: ArrayLike,
    *,
    level: float = 0.9,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Return the mean interval score of Winkler (1972), a loss in the units of y.

    It is the width, plus :math:`2 / (1 - level)` times the distance of targets that are outside,
    and is minimised by the true quantiles (Gneiting and Raftery, 2007).

    Parameters
    ----------
    y_true : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets.
    intervals : array-like of shape (n_rows, 2) or (n_rows, n_outputs, 2)
        Lower and upper ends.
    level : float, default=0.9
        Level of the intervals, between 0 and 1.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the rows.

    Returns
    -------
    float
        Lower is better; infinity if an interval is infinite.

    Raises
    ------
    ValueError
        If the shapes do not match, a lower end is above its upper end, or `level` is not between 0
        and 1.

    See Also
    --------
    interval_coverage : The share of targets inside of the intervals.

    Examples
    --------
    >>> from sklearn_rnn.model_selection import interval_score
    >>> interval_score([1.0, 5.0], [[0.0, 2.0], [0.0, 2.0]], level=0.5)
    8.0
    """
    target, lower, upper = _check(y_true, intervals)
    outside = np.maximum(0.0, np.maximum(lower - target, target - upper))
    return _mean(upper - lower + 2 / (1 - level) * outside, sample_weight)


def _check(y_true: ArrayLike, intervals: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return targets, lower and upper ends of shape (n_rows, ...)."""
    target = check_target(y_true, "y_true")
    check_numbers(intervals, "intervals")
    with prefix_errors("intervals"):
        ends = np.asarray(intervals, dtype=np.float64)
    if ends.shape != (*target.shape, 2):
        raise ValueError(
            f"intervals must have the shape of y_true and two ends, {(*target.shape, 2)}; got "
            f"{ends.shape}."
        )
    lower, upper = ends[..., 0], ends[..., 1]
    if not (lower <= upper).all():
        row = int(np.argwhere(~(lower <= upper))[0][0])
        raise ValueError(f"intervals must have ascending ends; got {ends[row]} in row {row}.")
    return target, lower, upper


def _mean(values: NDArray[np.float64 | np.bool_], sample_weight: ArrayLike | None) -> float:
    of_rows = values.reshape(len(values), -1).mean(axis=1)
    weights = check_sample_weight(sample_weight, of_rows, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("sample_weight must not be zero for all rows.")
    return float(np.average(of_rows, weights=weights))
