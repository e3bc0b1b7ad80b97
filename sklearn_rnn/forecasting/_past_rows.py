"""The last rows of each series, which a model with lags needs as the past of new rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.forecasting._row_order import row_order
from sklearn_rnn.preprocessing._columns import named_columns
from sklearn_rnn.preprocessing._incomplete_rows import find_lags, incomplete_rows
from sklearn_rnn.preprocessing._lookback import lookback
from sklearn_rnn.preprocessing._window_warnings import without_warnings


@dataclass(frozen=True)
class PastRows:
    """The last rows of each series that have been seen.

    A pipeline remembers only the last rows of its own `fit`, and knows new rows that follow later
    ones by those. Arrays, and tables of polars without a column of times, have no index, so they
    are never the past of other rows.

    Attributes
    ----------
    size : int
        How many rows of a series are kept: as many as a prediction reads.
    rows : DataFrame of pandas or polars, or None
        The rows that are kept.
    """

    size: int
    rows: Any = None

    @classmethod
    def of(cls, estimator: Any) -> PastRows:
        """Return the past of an estimator before it has seen any rows."""
        return cls(lookback(estimator))

    def then(self, X: Any, estimator: Any) -> PastRows:
        """Return what is kept after the rows of X."""
        if not self.size or _keys(X, estimator) is None:
            return self
        table = X if self.rows is None else self._joined(self.rows, X, estimator)
        last = [rows[-self.size :] for _, rows in row_order(table, estimator).rows()]
        return replace(self, rows=take_rows(table, np.sort(np.concatenate(last))))

    def before(self, X: Any, estimator: Any) -> tuple[Any, NDArray[np.bool_]]:
        """Return X with the rows that precede it in its series, and which rows of X have any."""
        past, n_rows = self.rows, num_samples(X)
        if past is None or _keys(X, estimator) is None or _header(X) != _header(past):
            return X, np.zeros(n_rows, dtype=bool)
        table = self._joined(past, X, estimator)
        n_past = len(table) - n_rows
        series, time, labels = row_order(table, estimator)
        first = np.full(len(labels), len(table))
        np.minimum.at(first, series[n_past:], time[n_past:])
        precedes = time[:n_past] < first[series[:n_past]]
        precedes &= np.isin(series[:n_past], series[n_past:])
        kept = np.append(np.flatnonzero(precedes), np.arange(n_past, len(table)))
        return take_rows(table, kept), np.isin(series[n_past:], series[:n_past][precedes])

    def _joined(self, past: Any, X: Any, estimator: Any) -> Any:
        is_new = ~_keys(past, estimator).isin(_keys(X, estimator))
        past = take_rows(past, np.flatnonzero(is_new))
        return pd.concat([past, X]) if isinstance(X, pd.DataFrame) else past.vstack(X)

    def predict(self, predict: Callable[..., Any], X: Any, estimator: Any, **params: Any) -> Any:
        """Return predictions of the rows of X, given with their past.

        Parameters
        ----------
        predict : callable
            The method ``predict`` of a fitted estimator.
        X : array-like
            Rows.
        estimator : estimator
            It, or one of equal LagTransformers.
        **params : dict of str to object
            Parameters of ``predict``.
        """
        table, continues = self.before(X, estimator)
        if not continues.any():
            return predict(X, **params)
        n_past = len(table) - len(X)
        with without_warnings():  # of the rows before X, which are only its past
            predictions = predict(table, **params)
        if n_incomplete := int(incomplete_rows(estimator, table)[n_past:][continues].sum()):
            warnings.warn(
                f"Lags are filled in {n_incomplete} of {len(X)} windows: rows of X do not directly "
                "follow those of fit, update or X itself. Give them together with the "
                f"{self.size} rows before.",
                IncompleteWindowsWarning,
                stacklevel=5,
            )
        if isinstance(predictions, tuple):
            return tuple(np.asarray(part)[n_past:] for part in predictions)
        return np.asarray(predictions)[n_past:]


def _keys(X: Any, estimator: Any) -> Any:
    """Return what identifies each row, its series and time, as an index; None if there is none."""
    lags = find_lags(estimator)[0]
    columns = named_columns(X, lags.series, lags.time)
    if isinstance(X, pd.DataFrame) and not columns:
        return X.index
    is_timed = isinstance(X, pd.DataFrame) or (hasattr(X, "vstack") and lags.time in columns)
    return pd.MultiIndex.from_arrays([X[name] for name in columns]) if is_timed else None


def _header(X: Any) -> Any:
    """Return the names of columns, of polars with their types, which must agree to be joined."""
    return X.schema if hasattr(X, "schema") else list(X)
