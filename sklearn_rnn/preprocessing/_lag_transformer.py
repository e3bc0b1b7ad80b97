"""Windows of lags as features, in a pipeline: `LagTransformer`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.categories import as_numbers, learn_labels
from sklearn_rnn._sequences.target_leaks import column_texts, warn_of_target
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import flatten_windows
from sklearn_rnn._sklearn.availability import available_if
from sklearn_rnn._sklearn.compat import check_feature_names_in, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn._sklearn.validation import (
    as_table,
    check_labels,
    prefix_errors,
)
from sklearn_rnn.preprocessing._columns import (
    advance_columns,
    column_means,
    drop_columns,
    find_columns,
    lag_names,
    named_columns,
)
from sklearn_rnn.preprocessing._history import History, Placement
from sklearn_rnn.preprocessing._lag_count import LagCount
from sklearn_rnn.preprocessing._lag_parameters import LagParameters
from sklearn_rnn.preprocessing._layout import Window
from sklearn_rnn.preprocessing._timeline import Timeline, read_timeline
from sklearn_rnn.preprocessing._times import TimeKind
from sklearn_rnn.preprocessing._window_places import windows_at
from sklearn_rnn.preprocessing._window_warnings import warn_of_doubtful, warn_of_incomplete

X_CHECKS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": "allow-nan",
}


def _is_flat(transformer: LagTransformer) -> None:
    if not transformer.flatten:
        raise AttributeError(
            "LagTransformer gives an array of three dimensions, whose columns have no names; set "
            "flatten=True."
        )


@parametrized
class LagTransformer(LagParameters, TransformerMixin, Estimator):
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
    **Windows.** The output is a read-only array, which any function accepts, over one padded copy
    of X for any ``n_lags``. Its attributes ``delay``, ``step``, ``lags``, ``channels``, ``series``,
    ``times`` and ``is_complete`` describe the origin of the windows. Selected windows keep them,
    and the networks read them: `fit` leaves incomplete windows out, and early stopping holds out
    the last windows of each series. ``np.asarray(windows)`` is an ordinary array: a view if X is
    one series without gaps, otherwise a copy, as with ``flatten=True``.

    **Memory.** If X is a ``np.memmap`` of at least 256 MB, in single or double precision, the
    padded copy is a temporary file (in ``TMPDIR``), which the networks read batch by batch.

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

    **Categories.** Columns of text and of a categorical dtype are categories. Windows hold their
    codes, which the networks replace by vectors; a label that `fit` has not seen is as a missing
    one, and 1 for "1" an error. Turn the columns into numbers first for any other estimator.

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

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": """
            Names of the columns of X, if all are strings.""",
        "fill_values_ : ndarray of shape (n_features_in_,)": """
            Values of missing lags; without the columns `time` and `series`. Of categories, 0.""",
        "max_gap_ : number, timedelta64 or None": """
            Largest step of the index between adjacent rows of X; None without an index.""",
        "incomplete_rows_ : ndarray of int": """
            Rows of X in `fit` that have lags before the start of their series or in a gap.""",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> LagTransformer:
        """Learn fill values and calendars, and store the last rows before each gap.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows, in temporal order unless an index or column has the times; a Series with a name,
            of pandas or polars, is one column.
        y : array-like of shape (n_rows,), default=None
            Not used, except to warn if it is a column of flattened windows at lag 0.

        Returns
        -------
        LagTransformer
            The estimator itself.
        """
        self._warn_of_target(self._fit(X, y)[0], y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: ArrayLike, y: Any = None) -> WindowArray | NDArray[Any]:
        """Fit, and return the window of every row: ``fit(X).transform(X)``, at half the cost.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows, in temporal order unless an index or column has the times.
        y : array-like of shape (n_rows,), default=None
            Not used, except to warn if it is a column of flattened windows at lag 0.

        Returns
        -------
        WindowArray of shape (n_rows, n_lags, n_channels)
            The windows, of the dtype of X if that is float32, otherwise float64; with
            ``flatten=True`` an ndarray of shape (n_rows, n_lags * n_channels).
        """
        rows, timeline, placement = self._fit(X, y)
        self._warn_of_target(rows, y)
        return self._lay_windows(rows, timeline, placement)

    def transform(self, X: ArrayLike) -> WindowArray | NDArray[Any]:
        """Return the window of every row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_channels)
            Rows, in temporal order unless an index or column has the times.

        Returns
        -------
        WindowArray of shape (n_rows, n_lags, n_channels)
            The windows, of the dtype of X if that is float32, otherwise float64; with
            ``flatten=True`` an ndarray of shape (n_rows, n_lags * n_channels).
        """
        check_is_fitted(self)
        X = as_table(X)
        features = drop_columns(X, self._named if hasattr(X, "columns") else ())
        with prefix_errors("X"):
            rows = self._validate(X, features)
        timeline = self._read_timeline(X, len(rows), self._history.kind)
        return self._lay_windows(rows, timeline, self._history.place(timeline, self._window()))

    def _fit(self, X: Any, y: Any) -> tuple[NDArray[Any], Timeline, Placement]:
        """Fit, and return the rows of X with their times and places."""
        X = as_table(X)
        named = named_columns(X, self.time, self.series)
        features = drop_columns(X, named)
        categories = learn_labels(features, flatten=self.flatten)
        features = as_numbers(features, categories)
        check_labels(y, X)
        with prefix_errors("X"):
            rows = check_array(features, estimator=self, input_name="X", **X_CHECKS)
        window = self._window()
        window.check_length(len(rows))
        known = find_columns(self.known_ahead, X, rows.shape[1], named=named)
        timeline = self._read_timeline(X, len(rows))
        kept = window.lookback if self.history == "auto" else 0
        history = History.learn(timeline, rows, kept, LagCount(self.lag_unit, self.max_gap))
        placement = history.place(timeline, window, in_fit=True)
        validate_data(self, X=X, skip_check_array=True)  # learns names; nothing below fails
        warn_of_doubtful(history, timeline, window.lookback, X if kept else None)
        self.fill_values_ = (
            column_means(rows)
            if self.fill_value == "mean"
            else np.full(rows.shape[1], float(self.fill_value))
        )
        self.fill_values_[list(categories)] = 0  # the code of a missing category
        self.max_gap_ = history.max_gap
        self.incomplete_rows_ = np.flatnonzero(~placement.layout.is_complete(len(known) > 0))
        self._known = known
        self._named = named
        self._categories = categories
        self._history = history
        return rows, timeline, placement

    def _warn_of_target(self, rows: NDArray[Any], y: Any) -> None:
        """Warn if y is a column of flat windows at lag 0; other windows carry their delay along."""
        if not self.flatten or y is None or isinstance(y, str):
            return
        found = self._known if self.delay else range(rows.shape[1])
        warn_of_target(lambda part, c: rows[part, c], y, column_texts(found, self._channels()))

    def _lay_windows(
        self, rows: NDArray[Any], timeline: Timeline, placement: Placement
    ) -> WindowArray | NDArray[Any]:
        """Return the windows of rows whose places are known."""
        layout = placement.layout
        complete = layout.is_complete(len(self._known) > 0)
        warn_of_incomplete(self._history, timeline, placement, complete)
        padded = layout.fill(rows, self._history.rows, self.fill_values_)
        advance_columns(padded, self._known, self.delay)
        windows = windows_at(
            padded,
            timeline,
            placement,
            channels=self._channels(),
            known_ahead=self._known,
            categories=self._categories,
            complete=complete,
        )
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
        return lag_names(names, self._known, self._window())

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: missing values are allowed, and float32 is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _window(self) -> Window:
        return Window(int(self.n_lags), int(self.delay), int(self.step))

    def _channels(self) -> list[str] | None:
        """Return the names of the columns of X that are channels, if they have names."""
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [name for name in names if name not in self._named]

    def _read_timeline(self, X: Any, n_rows: int, like: TimeKind | None = None) -> Timeline:
        return read_timeline(X, n_rows, time=self.time, series=self.series, like=like)

    def _validate(self, X: Any, features: Any) -> NDArray[Any]:
        """Return the rows of X, checked to have the columns of `fit`."""
        if not (self._named or self._categories):
            as_numbers(features, {})
            return np.asarray(validate_data(self, X=X, reset=False, **X_CHECKS))
        validate_data(self, X=X, reset=False, skip_check_array=True)
        features = as_numbers(features, self._categories)
        return np.asarray(check_array(features, estimator=self, input_name="X", **X_CHECKS))
