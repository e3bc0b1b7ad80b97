"""Which rows have an incomplete window, by the LagTransformers inside an estimator."""

from __future__ import annotations

from collections import UserList
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import lag_windows
from sklearn_rnn._sklearn.compat import num_samples, safe_indexing
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import without_warnings

_FITTED_INSIDE = ("regressor_", "estimator_", "estimators_")
"""Learned attributes of meta-estimators with fitted estimators that read the same X."""


def find_lags(estimator: Any) -> list[LagTransformer]:
    """Return all LagTransformers inside an estimator, and inside the results of searches.

    An estimator that itself looks back at rows of X declares it by a method ``_own_lags``.
    """
    estimator = open_search(estimator)
    if not hasattr(estimator, "get_params"):
        return []
    parts = {id(part): part for part in (estimator, *estimator.get_params().values())}
    found = [part for part in parts.values() if isinstance(part, LagTransformer)]
    found += [lags for part in parts.values() for lags in getattr(part, "_own_lags", list)()]
    searches = [part for part in parts.values() if hasattr(part, "best_estimator_")]
    return sum(map(find_lags, searches), found)


def incomplete_in_fit(steps: Sequence[Any], X: Any) -> NDArray[np.bool_]:
    """Return which training rows have an incomplete window.

    Parameters
    ----------
    steps : sequence of estimators
        Fitted transformers, applied one after the other. The LagTransformers among them may be
        inside a Pipeline, a FeatureUnion or a ColumnTransformer.
    X : array-like
        The rows that they have been fitted on.

    Returns
    -------
    ndarray of shape (n_rows,)
        A missing value does not make a row incomplete. A window of windows is incomplete if any
        of these is.

    Raises
    ------
    ValueError
        If a LagTransformer is inside another kind of estimator.
    """
    return _Visit(in_fit=True).through(steps, X, np.zeros(num_samples(X), dtype=bool))


def incomplete_rows(estimator: Any, X: Any) -> NDArray[np.bool_]:
    """Return for which rows a fitted model reads a window with filled lags.

    Parameters
    ----------
    estimator : estimator
        A fitted model: a pipeline, a search, a transformed target or an ensemble of them.
    X : array-like
        Rows that it may predict.

    Returns
    -------
    ndarray of shape (n_rows,)
        Rows remembered from `fit` count as present.

    Raises
    ------
    ValueError
        If a LagTransformer is inside an unknown kind of estimator.
    """
    with without_warnings():  # which the prediction gives
        incomplete = np.zeros(num_samples(X), dtype=bool)
        if isinstance(X, WindowArray):
            incomplete = ~X.is_complete
        return _Visit(in_fit=False).of(estimator, X, incomplete)


class _Visit:
    """A walk through fitted transformers, each with its input and the incomplete rows of that."""

    def __init__(self, in_fit: bool) -> None:
        self.in_fit = in_fit

    def of(self, part: Any, X: Any, incomplete: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the incomplete rows of the output of a transformer or model."""
        part = open_search(part)
        if not find_lags(part):
            return incomplete
        if isinstance(part, LagTransformer) and not hasattr(part, "incomplete_rows_"):
            return incomplete  # a ColumnTransformer does not fit it to no columns
        if isinstance(part, LagTransformer):
            return self._of_lags(part, X, incomplete)
        if isinstance(part, Pipeline):
            return self.through([step for _, step in part.steps], X, incomplete)
        if isinstance(part, ColumnTransformer):
            inside = [
                self.of(transformer, safe_indexing(X, plain_columns(columns), axis=1), incomplete)
                for _, transformer, columns in part.transformers_
                if find_lags(transformer)
            ]
        else:
            inside = [self.of(member, X, incomplete) for member in self._members(part)]
        return np.logical_or.reduce([incomplete, *inside])

    def through(
        self, steps: Sequence[Any], X: Any, incomplete: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return the incomplete rows of the output of steps, applied one after the other."""
        with_lags = [i for i, step in enumerate(steps) if find_lags(step)]
        needs_rows = not self.in_fit or len(with_lags) > 1 or incomplete.any()
        for i in range(with_lags[-1] + 1 if with_lags else 0):
            incomplete = self.of(steps[i], X, incomplete)
            if needs_rows and i < with_lags[-1] and hasattr(steps[i], "transform"):
                with without_warnings():
                    X = steps[i].transform(X)
        return incomplete

    def _of_lags(
        self, lags: LagTransformer, X: Any, incomplete: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        if self.in_fit and not incomplete.any():
            found = incomplete.copy()
            found[lags.incomplete_rows_] = True
            return found
        timeline = lags._read_timeline(X, len(incomplete), lags._history.kind)
        layout = lags._history.place(timeline, lags._window()).layout
        reads_ahead = len(lags._known) > 0
        found = ~layout.is_complete(reads_ahead)
        if incomplete.any():
            places = np.zeros(layout.n_places, dtype=bool)
            places[layout.places] = incomplete
            if reads_ahead and lags.delay:
                places[: -lags.delay] |= places[lags.delay :].copy()
            windows = lag_windows(places[:, np.newaxis], lags.n_lags, step=lags.step)
            found |= windows[np.asarray(layout.starts())].any(axis=(1, 2))
        return found

    def _members(self, part: Any) -> Iterator[Any]:
        """Yield the fitted estimators inside of a meta-estimator that read the same X."""
        if isinstance(part, FeatureUnion):
            yield from (transformer for _, transformer in part.transformer_list)
            return
        names = [] if self.in_fit else [name for name in _FITTED_INSIDE if hasattr(part, name)]
        past = [] if self.in_fit or not hasattr(part, "past_") else [part.past_]
        if not names and not past:
            raise ValueError(
                f"{type(part).__name__} contains a LagTransformer, but is of an unknown kind, so "
                "rows with incomplete windows cannot be found; put LagTransformer into the steps "
                "of a Pipeline, a FeatureUnion or a ColumnTransformer."
            )
        if names:
            inside = getattr(part, names[0])
            yield from inside if names[0] == "estimators_" else [inside]
        yield from past


def plain_columns(columns: Any) -> Any:
    """Return the columns of a remainder as a list, which scikit-learn 1.6 wraps."""
    return columns.data if isinstance(columns, UserList) else columns
