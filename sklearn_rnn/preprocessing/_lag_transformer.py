"""Windows of the past as features, in a pipeline: `LagTransformer`."""

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

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.windows import flatten_windows, lag_windows, pad_segments
from sklearn_rnn._sklearn.compat import Interval, StrOptions, check_feature_names_in, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers, prefix_errors
from sklearn_rnn.preprocessing._columns import advance_columns, find_columns
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._timeline import read_timeline

X_CHECKS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": "allow-nan",
}


def _is_flat(transformer: LagTransformer) -> bool:
    if not transformer.flatten:
        raise AttributeError(
            "LagTransformer gives an array of three dimensions, whose columns have no names; "
            "set flatten=True."
        )
    return True


@parametrized
class LagTransformer(TransformerMixin, BaseEstimator):
    r"""Replace every row by the window of rows before it.

    Row t of the output holds the ``n_lags`` rows

    .. math:: x_{t - d - (L - 1) s}, \; \ldots, \; x_{t - d - s}, \; x_{t - d}

    of X, oldest first, with L = ``n_lags``, d = ``delay`` and s = ``step``. The number of
    rows is kept, so that y stays aligned in a pipeline; a past that does not exist is
    filled. With ``delay`` of 1 or more no row sees the present or the future.

    {parameters}

    {attributes}

    See Also
    --------
    make_lagged : The same windows outside a pipeline, without incomplete ones.
    make_ar : A linear autoregression: flat windows and least squares.

    Notes
    -----
    **Memory.** The windows are a read-only view, in strides, of one padded copy of X: memory
    grows with the number of rows and channels, whatever ``n_lags``. X of several segments
    (see below) cannot be one such view, and flat windows are an ordinary table: both are
    copied out. If X is a ``np.memmap`` of 256 MB or more, in single or double precision, so is
    the padded copy, of a file in the folder for temporary files (``TMPDIR``) that ends with
    it; the nets read it batch by batch. A scaler before it would put a copy of X into memory:
    let the nets standardise. Other dtypes are copied into memory as double precision.

    **History.** The index of a DataFrame tells which rows adjoin: those whose index grows
    by more than zero and at most ``max_gap``. A segment is a run of adjoining rows of one
    series, and windows stay inside it. `transform` takes the rows remembered from `fit` as
    the past of a segment exactly when the index of its first row adjoins the last of them:
    test rows that follow the training rows see their true past, test rows after a gap do
    not, and training rows are transformed as they were in `fit_transform`. In a MultiIndex
    the last level is the time and the others name the series; rows of several series may be
    interleaved, and those of one must come in the order of time. Arrays, and indexes that
    are neither numbers nor times, are one segment without history.

    **Containers.** `set_output` and ``get_feature_names_out`` need ``flatten=True``; windows
    of three dimensions are returned as an array whatever container is set.

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

    The rows after the training rows see their true past where an index proves it:

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
        "Number of steps of a window.",
        default=5,
        kw_only=False,
    )
    delay: int = param(
        [Interval(Integral, 0, None, closed="left")],
        """
        Rows from the newest step of a window to the present: how far ahead the forecast is.
        With 0 the window ends with the present row, for a target that X does not hold.
        """,
        default=1,
    )
    step: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Rows from a step of a window to the next.",
        default=1,
    )
    known_ahead: Sequence[str] | Sequence[int] | None = param(
        ["array-like", None],
        """
        Names or positions of the columns whose value at row t is known beforehand, such as
        the day of the week or a price set in advance. They are read ``delay`` rows later
        than the others: the newest step carries their value at t itself.
        """,
        default=None,
    )
    flatten: bool = param(
        ["boolean"],
        """
        Whether to give a table of ``n_lags`` blocks of columns, oldest first, for any
        estimator of scikit-learn, in place of an array of three dimensions.
        """,
        default=False,
    )
    fill_value: str | float = param(
        [StrOptions({"mean", "nan"}), Interval(Real, None, None, closed="neither")],
        """
        What stands for a past that does not exist: the mean of the training rows, NaN (to
        the sequence estimators an absent step), or a number.
        """,
        default="mean",
    )
    history: str = param(
        [StrOptions({"auto", "never"})],
        """
        Whether rows remembered from `fit` are the past of rows that, by the index, directly
        follow them ('auto'), or the past always begins with X ('never').
        """,
        default="auto",
    )
    max_gap: float | str | timedelta | np.timedelta64 | None = param(
        [None, str, timedelta, np.timedelta64, Interval(Real, 0, None, closed="neither")],
        """
        The largest step of the index between adjoining rows: a number for an index of
        numbers, a timedelta or a string such as '7D' for one of times. None means the usual
        step (the median) for numbers. For times it means five usual steps, but little more
        than the largest step of X in `fit` (times 1.2): rows after a weekend or a holiday
        adjoin if X has such, and where all steps are alike, a missing one is a break. Without
        an index it has no effect.
        """,
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": """
            Names of the columns of X, if all are strings.""",
        "fill_values_ : ndarray of shape (n_features_in_,)": """
            What stands for a past that does not exist.""",
        "max_gap_ : number, timedelta64 or None": """
            The largest step of the index between adjoining rows; None if it is unknown.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> LagTransformer:
        """Learn the fill values, and remember the last rows of every segment.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows in the order of time.
        y : object, default=None
            Ignored.

        Returns
        -------
        LagTransformer
            The estimator itself.
        """
        check_numbers(X)
        with prefix_errors("X"):
            rows = check_array(X, estimator=self, input_name="X", **X_CHECKS)
        self._check_length(len(rows))
        known = find_columns(self.known_ahead, X, rows.shape[1])
        timeline = read_timeline(X, len(rows))
        max_gap = timeline.find_max_gap(self.max_gap)
        history = History(timeline.kind, max_gap)
        if self.history == "auto":
            history = History.of(timeline, max_gap, timeline.sort(rows), self._lookback())
        validate_data(self, X=X, skip_check_array=True)  # learns names; nothing below fails
        self.fill_values_ = self._learn_fill_values(rows)
        self.max_gap_ = max_gap
        self._known = known
        self._history = history
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the window of every row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows in the order of time.

        Returns
        -------
        ndarray of shape (n_rows, n_lags, n_channels) or (n_rows, n_lags * n_channels)
            The windows, of the dtype of X if that is float32, otherwise float64.
        """
        check_is_fitted(self)
        check_numbers(X)
        with prefix_errors("X"):
            rows = validate_data(self, X=X, reset=False, **X_CHECKS)
        timeline = read_timeline(X, len(rows))
        max_gap = self._history.max_gap if timeline.kind == self._history.kind else None
        if max_gap is None:
            max_gap = timeline.find_max_gap(self.max_gap)
        starts, lookback = timeline.find_starts(max_gap), self._lookback()
        pasts = self._history.lookup(timeline, starts)
        padded = pad_segments(timeline.sort(rows), starts, pasts, self.fill_values_, lookback)
        advance_columns(padded, self._known, self.delay)
        windows = lag_windows(padded, self.n_lags, step=self.step)[: len(padded) - lookback]
        if len(starts) > 1:
            segment = np.searchsorted(starts, np.arange(len(rows)), side="right") - 1
            windows = windows[timeline.unsort(np.arange(len(rows)) + lookback * segment)]
        return flatten_windows(windows) if self.flatten else windows

    def set_output(self, *, transform: str | None = None) -> LagTransformer:
        """Set the container of flat windows.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            The container; None leaves it as it is. It has no effect while
            ``flatten=False``.

        Returns
        -------
        LagTransformer
            The estimator itself.
        """
        # Not the method of scikit-learn, which a pipeline would miss while flatten=False.
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    @available_if(_is_flat)
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the columns of flat windows, such as ``volume_lag3``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X, for an estimator fitted on an array.

        Returns
        -------
        ndarray of shape (n_lags * n_channels,)
            Name of the column and number of rows back, oldest first.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        ahead = np.isin(np.arange(len(names)), self._known) * self.delay
        backs = self.delay + self.step * np.arange(self.n_lags - 1, -1, -1)
        return np.array(
            [
                f"{name}_lag{back - sooner}"
                for back in backs
                for name, sooner in zip(names, ahead, strict=True)
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Tags:
        """Say that missing values are allowed and float32 is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _lookback(self) -> int:
        """Return the number of rows from the oldest step of a window to the present."""
        return self.delay + (self.n_lags - 1) * self.step

    def _check_length(self, n_rows: int) -> None:
        """Check that there is a row to learn from: one whose past could be there as a whole."""
        needed = self._lookback() + 1
        if n_rows < needed:
            raise ValueError(
                f"X has n_samples={n_rows}, too few for n_lags={self.n_lags}: with "
                f"delay={self.delay} and step={self.step} it needs {needed} at least, or every "
                "window has filled steps; give a longer series or fewer lags."
            )

    def _learn_fill_values(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        if self.fill_value != "mean":
            return np.full(rows.shape[1], float(self.fill_value))
        total, count = np.zeros(rows.shape[1]), np.zeros(rows.shape[1], dtype=np.intp)
        for piece in row_chunks(*rows.shape):
            observed = ~np.isnan(rows[piece])
            total += np.sum(rows[piece], axis=0, where=observed, dtype=np.float64)
            count += observed.sum(axis=0)
        with np.errstate(invalid="ignore"):  # a column without a value is filled with NaN
            return np.asarray(total / count)
