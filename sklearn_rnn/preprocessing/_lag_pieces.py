"""The fit of a `LagTransformer` to pieces of a panel, each of which holds whole series."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_rnn._sequences.categories import joined_labels
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.preprocessing._history import History
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import without_warnings


@dataclass
class LagPieces:
    """Collects what a `LagTransformer` learns of one piece after the other.

    Attributes
    ----------
    transformer : LagTransformer
        Its parameters.
    fitted : list of LagTransformer
        One for each piece.
    counts : list of ndarray of shape (n_channels,)
        How many values of each column were not missing, in each piece.
    n_rows : list of int
        Rows of each piece.
    labels : set
        Names of the series of all pieces.
    """

    transformer: LagTransformer
    fitted: list[LagTransformer] = field(default_factory=list)
    counts: list[NDArray[np.intp]] = field(default_factory=list)
    n_rows: list[int] = field(default_factory=list)
    labels: set[Hashable] = field(default_factory=set)

    def add(self, X: Any, y: Any) -> WindowArray | NDArray[Any]:
        """Fit to a piece, and return its windows, which no other piece has a part in."""
        lags = clone(self.transformer)
        lags._validate_params()
        rows, timeline, placement = lags._fit(X, y)
        lags._warn_of_target(rows, y)
        if self.fitted:
            _check_columns(lags, self.fitted[0])
            self._check_series(lags._history)
        self.labels |= lags._history.series.keys()
        self.fitted.append(lags)
        self.counts.append((~np.isnan(rows)).sum(axis=0))
        self.n_rows.append(len(rows))
        return lags._lay_windows(rows, timeline, placement)

    def windows(self, X: Any) -> WindowArray | NDArray[Any]:
        """Return the windows of a piece again, without the warnings that `add` has given."""
        with without_warnings():
            return clone(self.transformer).fit_transform(X)

    @cached_property
    def joined(self) -> LagTransformer:
        """A transformer that is fitted to all pieces."""
        lags = self.fitted[0]
        if len(self.fitted) == 1:
            return lags
        counts = np.array(self.counts)
        if lags.fill_value == "mean":
            values = [np.nan_to_num(each.fill_values_) for each in self.fitted]
            with np.errstate(invalid="ignore"):
                lags.fill_values_ = (np.array(values) * counts).sum(axis=0) / counts.sum(axis=0)
        lags._categories = reduce(joined_labels, (each._categories for each in self.fitted))
        lags.fill_values_[list(lags._categories)] = 0
        firsts = np.cumsum(self.n_rows) - self.n_rows
        lags.incomplete_rows_ = np.concatenate(
            [at + each.incomplete_rows_ for at, each in zip(firsts, self.fitted, strict=True)]
        )
        lags._history = History.joined([each._history for each in self.fitted])
        lags.max_gap_ = lags._history.max_gap
        return lags

    def _check_series(self, history: History) -> None:
        """Check that a piece has times as those before, and other series."""
        kind = self.fitted[0]._history.kind
        if history.kind != kind:
            raise ValueError(
                f"The index of X holds {history.kind}, but that of earlier pieces {kind}; give all "
                "of them the same kind of index."
            )
        if twice := [label for label in history.series if label in self.labels]:
            name = "" if twice[0] is None else f" {twice[0]!r}"
            raise ValueError(
                f"The series{name} of X has rows in an earlier piece, too, but no window crosses "
                "pieces: give all rows of a series in one, and name different series by a "
                "MultiIndex of series and time, or by LagTransformer(series=...)."
            )


def _check_columns(lags: LagTransformer, first: LagTransformer) -> None:
    """Check that a piece has the columns of the first one."""
    found, before = (
        list(getattr(each, "feature_names_in_", range(each.n_features_in_)))
        for each in (lags, first)
    )
    if found != before:
        raise ValueError(
            f"X has the columns {found}, but the first piece {before}; give all pieces the same "
            "columns, in the same order."
        )
