"""The series and the order in time of the rows that a model reads."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import without_warnings


class RowOrder(NamedTuple):
    """Which series each row belongs to, and its place in time.

    Attributes
    ----------
    series : ndarray of int, of shape (n_rows,)
        Number of the series.
    time : ndarray of int, of shape (n_rows,)
        Numbers that increase with time within each series.
    labels : list of hashable
        Names of the series; None for a single series without a name.
    """

    series: NDArray[np.intp]
    time: NDArray[np.intp]
    labels: list[Hashable]

    def rows(self) -> list[tuple[Hashable, NDArray[np.intp]]]:
        """Return the name of each series and its rows in the order of time."""
        order = np.lexsort((self.time, self.series))
        ends = np.searchsorted(self.series[order], np.arange(1, len(self.labels)))
        return list(zip(self.labels, np.split(order, ends), strict=True))


def row_order(X: Any, estimator: Any) -> RowOrder:
    """Return the order of the rows of X, as a model that reads them counts them.

    Windows know their rows. The index of a table, or the columns that a LagTransformer of the
    model names, tells series and times. Arrays are one series in the order of their rows.
    """
    if isinstance(X, WindowArray):
        return RowOrder(X.series, np.asarray(X.starts), list(X.origin.series))
    n_rows = num_samples(X)
    lags = next(iter(find_lags(estimator)), None) or LagTransformer()
    with without_warnings():
        timeline = lags._read_timeline(X, n_rows)
    untimed = n_rows - int(timeline.starts[-1])
    sizes = [*np.diff(timeline.starts), *[untimed] * (untimed > 0)]
    labels = [*timeline.labels, *[None] * (untimed > 0)]
    series = timeline.unsort(np.repeat(np.arange(len(sizes)), sizes))
    return RowOrder(series, timeline.unsort(np.arange(n_rows)), labels)
