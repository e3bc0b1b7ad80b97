"""The fit of a pipeline whose last step sees complete rows only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import MetadataRequest, MetadataRouter, get_routing_for_object

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import check_method_params, num_samples
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.preprocessing._incomplete_rows import find_lags, incomplete_in_fit


def nested_pipelines(estimator: Any) -> list[Pipeline]:
    """Return the pipeline, the pipeline that is its last step, and so on."""
    pipelines = []
    while isinstance(estimator, Pipeline):
        pipelines.append(estimator)
        estimator = estimator.steps[-1][1]
    return pipelines


def fit_complete(
    pipelines: list[Pipeline],
    X: Any,
    y: Any,
    params: dict[str, Any],
    *,
    omits: bool,
    excluded: NDArray[np.bool_] | None = None,
) -> int:
    """Fit a pipeline, the last step to complete rows only, and return how many are left out.

    Parameters
    ----------
    pipelines : list of Pipeline
        A pipeline, and those inside of it as `nested_pipelines` returns them.
    X : array-like
        All training rows.
    y : array-like or None
        Their targets.
    params : dict of str to object
        Parameters of ``Pipeline.fit``. Values with one entry per row are selected with the rows.
    omits : bool
        Whether rows with incomplete windows are left out. False marks all windows as complete for
        networks, which otherwise leave out the others themselves.
    excluded : ndarray of bool, of shape (n_rows,), or None
        Further rows that the last step does not see.

    Returns
    -------
    int
        Number of rows left out of the fit of the last step.

    Raises
    ------
    ValueError
        If no row is complete.
    """
    innermost = pipelines[-1]
    name, final = innermost.steps[-1]
    if final is None or final == "passthrough":
        pipelines[0].fit(X, y, **params)
        return 0
    last_step = _LastStep(final, pipelines, X if omits else None, excluded)
    innermost.steps = [*innermost.steps[:-1], (name, last_step)]
    pipelines[0].fit(X, y, **params)
    innermost.steps = [*innermost.steps[:-1], (name, final)]
    return last_step.n_omitted


def select_rows(
    chosen: NDArray[np.bool_], X: Any, y: Any, params: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Return some rows of X and y, and of the parameters with one entry per row."""
    kept = np.flatnonzero(chosen)
    params = dict(check_method_params(X, params, kept))
    X, y = (None if data is None else take_rows(data, kept) for data in indexable(X, y))
    return X, y, params


class _LastStep:
    """Stands for the last step of a pipeline while that is fitted, and selects its rows.

    So all that a pipeline does in `fit`, caching and metadata routing included, stays its own.
    """

    def __init__(
        self,
        estimator: Any,
        pipelines: list[Pipeline],
        rows: Any,
        excluded: NDArray[np.bool_] | None,
    ) -> None:
        self.estimator, self.pipelines = estimator, pipelines
        self.rows, self.excluded = rows, excluded
        self.n_omitted = 0

    def fit(self, X: Any, y: Any = None, **params: Any) -> _LastStep:
        if self.rows is None and isinstance(X, WindowArray):
            X = WindowArray(X.rows, X.starts, X.n_steps, X.step, X.origin, times=X.times)
        omitted = self._find_omitted(num_samples(X))
        self.n_omitted = int(omitted.sum())
        if self.n_omitted:
            X, y, params = select_rows(~omitted, X, y, params)
        self.estimator.fit(X, y, **params)
        return self

    def _find_omitted(self, n_rows: int) -> NDArray[np.bool_]:
        """Return which rows are left out of the fit of the last step."""
        excluded = np.zeros(n_rows, dtype=bool) if self.excluded is None else self.excluded
        if self.rows is None:
            return excluded
        steps = [step for pipeline in self.pipelines for _, step in pipeline.steps[:-1]]
        omitted = incomplete_in_fit(steps, self.rows) | excluded
        if omitted.any():
            _check_any_complete(omitted, steps)
        return omitted

    def get_metadata_routing(self) -> MetadataRequest | MetadataRouter:
        return get_routing_for_object(self.estimator)


def _check_any_complete(incomplete: NDArray[np.bool_], steps: list[Any]) -> None:
    if not incomplete.all():
        return
    inside = [lags for step in steps for lags in find_lags(step)]
    lags = max(inside, key=lambda one: one._window().lookback)
    raise ValueError(
        f"None of the {num_samples(incomplete)} rows of X has a complete window: with "
        f"n_lags={lags.n_lags}, delay={lags.delay}, step={lags.step} a row needs "
        f"{lags._window().lookback} rows of its series before it, without a gap; take fewer lags, "
        "give longer series, or set incomplete='fit' to fit rows with filled lags."
    )
