"""The parameters of `LagTransformer`: which rows are lags of a row, and how others are filled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from numbers import Integral, Real

import numpy as np

from sklearn_rnn._sklearn.compat import Hidden, Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized


@parametrized
class CalendarParameters:
    """The parameters that determine times, series and gaps, and so which rows are lags."""

    max_gap: float | str | timedelta | np.timedelta64 | None = param(
        [None, str, timedelta, np.timedelta64, Interval(Real, 0, None, closed="neither")],
        """
        Largest step of the index between adjacent rows: a number for an index of numbers, a
        timedelta or a string such as '7D' for times. No window crosses a longer step. None infers
        gaps from the rows, see `lag_unit`.
        """,
        default=None,
    )
    lag_unit: str = param(
        [StrOptions({"auto", "rows", "time"})],
        """
        What lags count where rows are missing: existing rows ('rows'), so that gaps are skipped, or
        steps of the calendar ('time'), so that lags in a gap are missing. 'auto' counts time for
        periods and equal steps; open days or hours without holidays for business days and trading
        hours; and rows for irregular times.
        """,
        default="auto",
    )
    time: str | None = param(
        [str, None],
        "Column of X, or level of its index, with the times. None uses the index.",
        default=None,
    )
    series: str | None = param(
        [str, None],
        """
        Column of X, or level of its index, with the name of each row's series. None uses the levels
        of a MultiIndex other than the time; without a MultiIndex, X is one series.
        """,
        default=None,
    )


@parametrized
class WindowParameters(CalendarParameters):
    """The parameters that say which rows before a row are read, and what stands for others."""

    delay: int = param(
        [Interval(Integral, 0, None, closed="left")],
        """
        Distance in rows from the newest step of a window to the row of the target. With 0 the
        window includes row t itself; use this only if the target is not a column of X.
        """,
        default=1,
    )
    step: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Spacing between consecutive steps of a window, in rows (dilation).",
        default=1,
    )
    known_ahead: Sequence[str] | Sequence[int] | None = param(
        ["array-like", None, Hidden(str)],  # a name alone is refused by an error with the fix
        """
        Known future covariates: names or positions of columns whose value at row t is known in
        advance, such as the day of the week. They are read ``delay`` rows later than the others:
        the newest lag has their value at t itself. Positions count all columns of X, `time` and
        `series` too.
        """,
        default=None,
    )
    fill_value: str | float = param(
        [StrOptions({"mean", "nan"}), Interval(Real, None, None, closed="neither")],
        """
        The value of missing lags: the mean of the training rows, NaN, or a number.
        """,
        default="mean",
    )
    history: str = param(
        [StrOptions({"auto", "never"})],
        """
        'auto': the last rows seen in `fit` supply the lags of rows that follow them; 'never': lags
        come only from the X passed to `transform`.
        """,
        default="auto",
    )


@parametrized
class LagParameters(WindowParameters):
    """The parameters of `LagTransformer`."""

    n_lags: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Number of lags, which are the steps of a window.",
        default=5,
        kw_only=False,
    )
    flatten: bool = param(
        ["boolean"],
        """
        Whether to return a table of ``n_lags`` blocks of columns, oldest first, for any
        scikit-learn estimator, instead of a three-dimensional array, which ``set_output`` leaves as
        it is.
        """,
        default=False,
    )
