"""Windows of lags as features, in a pipeline: `LagTransformer`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.windows import flatten_windows
from sklearn_rnn._sklearn.compat import Interval, StrOptions, check_feature_names_in, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers, prefix_errors
from sklearn_rnn.preprocessing._columns import (
    advance_columns,
    column_means,
    drop_columns,
    find_columns,
    lag_names,
    named_columns,
)
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._layout import Window
from sklearn_rnn.preprocessing._timeline import Timeline, read_timeline
from sklearn_rnn.preprocessing._times import TimeKind
from sklearn_rnn.preprocessing._window_warnings import warn_of_doubtful, warn_of_incomplete

X_CHECKS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": "allow-nan",
}


def _is_flat(transformer: LagTransformer) -> bool:
    if not transformer.flatten:
        raise AttributeError(
            "LagTransformer gives an array of three dimensions, whose columns have no names; set "
            "flatten=True."
        )
    return True


@parametrized
class LagTransformer(TransformerMixin, BaseEstimator):
    r"""Replace every row by the window of its lags, the rows before it.

    Row t of the output contains the ``n_lags`` rows

    .. math:: x_{t - d - (L - 1) s}, \; \ldots, \; x_{t - d - s}, \; x_{t - d}

    of X, oldest first, with L = ``n_lags``, d = ``delay`` and s = ``step``. The number of
    rows is kept, so that y stays aligned in a pipeline; lags before the start of the series are
    filled. With a ``delay`` of at least 1, no window contains row t or later rows.

    {parameters}

    {attributes}

    See Also
    --------
    make_lagged : The same windows outside a pipeline, without incomplete ones.
    make_ar : Linear autoregression: flattened windows and least squares.

    Notes
    -----
    **Memory.** Windows are a read-only view of one padded copy of X, for any ``n_lags``. They are
    copied if rows are missing, with several series, and with ``flatten=True``. If X is a
    ``np.memmap`` of at least 256 MB, in single or double precision, the padded copy is a temporary
    file (in ``TMPDIR``), which the networks read batch by batch.

    **Time.** The index of a DataFrame, or the columns `time` and `series`, determine which rows
    are adjacent. Each series has its own calendar, learned from its sorted times: equal steps,
    months, the open days or hours of a week, or only an order. Each lag is either the observed
    value or the fill value, regardless of row order. Arrays, and an index without times, are one
    series. In a MultiIndex the time is the last datetime-like level, or the last numeric level if
    there is none.

    **History.** `fit` stores the last rows before each gap, and `transform` uses them as lags of
    the rows that follow: the first test rows have training rows as lags. Training rows passed to
    `transform` together with the rows before them give the same windows as in `fit_transform`;
    without those rows, their lags are filled, which an `IncompleteWindowsWarning` reports.

    **Containers.** `set_output` and ``get_feature_names_out`` need ``flatten=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LagTransformer
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> LagTransformer(2, fill_value=0).fit_transform(X)[:, :, 0]
    array([[0., 0.],
           [0., 1.],
           [1., 2.],
           [2., 3.]])

    Rows that follow the training rows, by their index, have these as lags:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": X[:, 0], "day": [6.0, 7.0, 1.0, 2.0]})
    >>> lags = LagTransformer(2, known_ahead=["day"], flatten=True)
    >>> lags = lags.set_output(transform="pandas").fit(frame[:3])
    >>> lags.transform(frame[3:])
       a_lag2  day_lag1  a_lag1  day_lag0
    3     2.0       1.0     3.0       2.0
    """

    n_lags: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Number of lags: the steps of a window.",
        default=5,
        kw_only=False,
    )
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
        ["array-like", None],
        """
        Known future covariates: names or positions of columns whose value at row t is known in
        advance, such as the day of the week. They are read ``delay`` rows later than the others:
        the newest lag has their value at t itself.
        """,
        default=None,
    )
    flatten: bool = param(
        ["boolean"],
        """
        Whether to return a table of ``n_lags`` blocks of columns, oldest first, for any
        scikit-learn estimator, instead of a three-dimensional array.
        """,
        default=False,
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
        Unit of the lags where rows are missing: rows ('rows'), so that the row after a gap follows
        the one before it, or steps of the calendar ('time'), so that the lag is missing. 'auto'
        counts time for periods and equal steps; open days or hours, without holidays, for working
        days and trading sessions; and rows if times are irregular.
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

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": """
            Names of the columns of X, if all are strings.""",
        "fill_values_ : ndarray of shape (n_features_in_,)": """
            Values of missing lags; without the columns `time` and `series`.""",
        "max_gap_ : number, timedelta64 or None": """
            Largest step of the index between adjacent rows of X; None without an index.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> LagTransformer:
        """Learn fill values and calendars, and store the last rows before each gap.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows, in temporal order unless an index or column has the times.
        y : object, default=None
            Ignored.

        Returns
        -------
        LagTransformer
            The estimator itself.
        """
        named = named_columns(X, self.time, self.series)
        features = drop_columns(X, named)
        check_numbers(features)
        with prefix_errors("X"):
            rows = check_array(features, estimator=self, input_name="X", **X_CHECKS)
        window = Window(self.n_lags, self.delay, self.step)
        window.check_length(len(rows))
        known = find_columns(self.known_ahead, features, rows.shape[1])
        timeline = self._read_timeline(X, len(rows))
        kept = window.lookback if self.history == "auto" else 0
        history = History.learn(timeline, rows, kept, LagCount(self.lag_unit, self.max_gap))
        validate_data(self, X=X, skip_check_array=True)  # learns names; nothing below fails
        warn_of_doubtful(history, timeline, window.lookback)
        self.fill_values_ = (
            column_means(rows)
            if self.fill_value == "mean"
            else np.full(rows.shape[1], float(self.fill_value))
        )
        self.max_gap_ = history.max_gap
        self._known = known
        self._named = named
        self._history = history
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the window of every row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows, in temporal order unless an index or column has the times.

        Returns
        -------
        ndarray of shape (n_rows, n_lags, n_channels) or (n_rows, n_lags * n_channels)
            The windows, of the dtype of X if that is float32, otherwise float64.
        """
        check_is_fitted(self)
        features = drop_columns(X, self._named if hasattr(X, "columns") else ())
        check_numbers(features)
        with prefix_errors("X"):
            rows = self._validate(X, features)
        timeline = self._read_timeline(X, len(rows), self._history.kind)
        placement = self._history.place(timeline, Window(self.n_lags, self.delay, self.step))
        warn_of_incomplete(self._history, timeline, placement, len(self._known) > 0)
        layout = placement.layout
        padded = layout.fill(rows, self._history.rows, self.fill_values_)
        advance_columns(padded, self._known, self.delay)
        windows = layout.windows(padded)
        return flatten_windows(windows) if self.flatten else windows

    def set_output(self, *, transform: str | None = None) -> LagTransformer:
        """Set the container of flattened windows.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            The container; None leaves it unchanged. Has no effect while ``flatten=False``.

        Returns
        -------
        LagTransformer
            The estimator itself.
        """
        # scikit-learn's method is not available while flatten=False, and a pipeline needs it.
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    @available_if(_is_flat)
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the column names of flattened windows, such as ``volume_lag3``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Column names of X, for an estimator fitted on an array.

        Returns
        -------
        ndarray of shape (n_lags * n_channels,)
            Column names with the lag, oldest first.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        names = names[~np.isin(names, self._named)]
        return lag_names(names, self._known, Window(self.n_lags, self.delay, self.step))

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: missing values are allowed, and float32 is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _read_timeline(self, X: Any, n_rows: int, like: TimeKind | None = None) -> Timeline:
        return read_timeline(X, n_rows, time=self.time, series=self.series, like=like)

    def _validate(self, X: Any, features: Any) -> NDArray[Any]:
        """Return the rows of X, checked to have the columns of `fit`."""
        if not self._named:
            return np.asarray(validate_data(self, X=X, reset=False, **X_CHECKS))
        validate_data(self, X=X, reset=False, skip_check_array=True)
        return np.asarray(check_array(features, estimator=self, input_name="X", **X_CHECKS))
