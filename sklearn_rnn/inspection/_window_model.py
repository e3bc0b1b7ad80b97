"""The estimator at the end of a pipeline, and the windows that it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

AT_ONCE = 2**20
"""Values of windows that are copied at once."""


@dataclass(frozen=True)
class WindowModel:
    """A fitted estimator of windows, with windows.

    Attributes
    ----------
    estimator : estimator
        What predicts; nothing stands before it.
    windows : ndarray of shape (n_windows, n_steps, n_channels)
        A view where the estimator was given one.
    lags : ndarray of shape (n_steps,)
        Rows from each step to the present.
    channels : list of str
        Names of the channels.
    as_input : callable
        Brings a batch of windows into the form that the estimator takes.
    """

    estimator: Any
    windows: NDArray[Any]
    lags: NDArray[np.intp]
    channels: list[str]
    as_input: Callable[[NDArray[Any]], Any]

    def batches(self) -> list[slice]:
        """Return parts of the windows that are small enough to copy."""
        n_windows, n_steps, n_channels = self.windows.shape
        size = max(1, AT_ONCE // (n_steps * n_channels))
        return [slice(i, min(i + size, n_windows)) for i in range(0, n_windows, size)]


def find_windows(estimator: Any, X: Any) -> WindowModel:
    """Apply what stands before the last estimator, and read the result as windows.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of windows; or a pipeline with a `LagTransformer`, or a search for
        either.
    X : array-like
        What it predicts for.
    """
    layout = None
    inside = open_search(estimator)
    while isinstance(inside, Pipeline):
        layout = _layout(inside, X) or layout
        X = inside[:-1].transform(X) if len(inside) > 1 else X
        inside = open_search(inside[-1])
    data = X if hasattr(X, "ndim") else np.asarray(X)
    as_input: Callable[[NDArray[Any]], Any]
    if data.ndim == 3:
        windows = np.asarray(data)
        as_input = _itself if get_tags(inside).input_tags.three_d_array else _flat
    else:
        n_channels = len(layout[1]) if layout else getattr(inside, "n_channels", None)
        if n_channels is None:
            raise ValueError(
                f"What are lags and channels in the columns that {type(inside).__name__} sees "
                "cannot be told; give a pipeline with one LagTransformer in it, or windows of "
                "shape (n_samples, n_steps, n_channels)."
            )
        windows = _unflattened(np.asarray(data), n_channels)
        as_input = _Named(list(data.columns)) if isinstance(data, pd.DataFrame) else _flat
    n_steps, n_channels = windows.shape[1:]
    if layout is None:
        layout = np.arange(n_steps, 0, -1), [f"x{i}" for i in range(n_channels)]
    lags, channels = layout
    if (len(lags), len(channels)) != (n_steps, n_channels):
        raise ValueError(
            f"{type(inside).__name__} sees windows of {n_steps} steps of {n_channels} channels, "
            f"but LagTransformer made {len(lags)} steps of {len(channels)} channels; the steps "
            "between them must keep its columns."
        )
    return WindowModel(inside, windows, lags, channels, as_input)


def _layout(pipeline: Pipeline, X: Any) -> tuple[NDArray[np.intp], list[str]] | None:
    """Return lags and channels by the last `LagTransformer` of a pipeline, if it has one."""
    steps = [step for _, step in pipeline.steps[:-1]]
    positions = [i for i, step in enumerate(steps) if isinstance(step, LagTransformer)]
    if not positions:
        return None
    i = positions[-1]
    lagging = steps[i]
    names = getattr(lagging, "feature_names_in_", None)
    if names is None:
        names = _names_before(pipeline[:i] if i else None, X, lagging.n_features_in_)
    if lagging.flatten and i + 1 < len(steps):
        _check_columns_are_kept(pipeline[i + 1 : -1], lagging.get_feature_names_out(names))
    backs = lagging.delay + lagging.step * np.arange(lagging.n_lags - 1, -1, -1)
    return backs, [str(name) for name in names]


def _names_before(before: Pipeline | None, X: Any, n_columns: int) -> list[str]:
    """Return the names of the columns that reach a step, or x0, x1, ..."""
    try:
        names = list(X.columns) if before is None else list(before.get_feature_names_out())
    except (AttributeError, ValueError):
        names = []
    return names if len(names) == n_columns else [f"x{i}" for i in range(n_columns)]


def _check_columns_are_kept(steps: Pipeline, names: NDArray[Any]) -> None:
    """Check that the steps behind a `LagTransformer` do not mix or choose its columns."""
    try:
        kept = list(steps.get_feature_names_out(names)) == list(names)
    except (AttributeError, ValueError):
        kept = False
    if not kept:
        raise ValueError(
            "The steps behind LagTransformer must keep its columns, as StandardScaler does; "
            f"{[type(step).__name__ for _, step in steps.steps]} do not, or do not say so."
        )


def _unflattened(table: NDArray[Any], n_channels: int) -> NDArray[Any]:
    """Read the columns of a table as blocks of channels, the oldest first."""
    n_rows, n_columns = table.shape
    if n_columns % n_channels:
        raise ValueError(
            f"The last estimator sees {n_columns} columns, which is not a multiple of the "
            f"{n_channels} channels."
        )
    return table.reshape(n_rows, n_columns // n_channels, n_channels)


def _itself(windows: NDArray[Any]) -> NDArray[Any]:
    return windows


def _flat(windows: NDArray[Any]) -> NDArray[Any]:
    return windows.reshape(len(windows), -1)


@dataclass(frozen=True)
class _Named:
    """Makes a table with the names that an estimator was fitted on."""

    columns: list[Any]

    def __call__(self, windows: NDArray[Any]) -> pd.DataFrame:
        return pd.DataFrame(_flat(windows), columns=self.columns)
