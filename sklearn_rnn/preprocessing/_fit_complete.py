"""The fit of a pipeline whose last step sees complete rows only."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype
from sklearn.base import is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array, indexable
from sklearn.utils.metadata_routing import MetadataRequest, MetadataRouter, get_routing_for_object

from sklearn_rnn._sequences.categories import learn_labels
from sklearn_rnn._sequences.target_leaks import column_texts, warn_of_target
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import check_method_params, num_samples, safe_indexing
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn._sklearn.validation import missing_rows, prefix_errors
from sklearn_rnn.preprocessing._columns import find_columns
from sklearn_rnn.preprocessing._incomplete_rows import find_lags, incomplete_in_fit, plain_columns

_MISSING_TARGETS = (
    "Leave rows at the end out of X and y; give others the sample_weight zero and any number as "
    "y, or leave their windows out by make_lagged."
)
_TEXT = ("string", "categorical", "mixed")


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
    if isinstance(pipelines[0].steps[0][1], ColumnTransformer) and not hasattr(X, "columns"):
        checks = {"accept_sparse": True, "ensure_all_finite": False, "input_name": "X"}
        with prefix_errors("X"):
            X = check_array(X, dtype=None, **checks)
    _check_passed_columns(pipelines[0].steps[0][1], X, final)
    last_step = _LastStep(final, pipelines, X, excluded, omits=omits)
    innermost.steps = [*innermost.steps[:-1], (name, last_step)]
    pipelines[0].fit(X, y, **params)
    innermost.steps = [*innermost.steps[:-1], (name, final)]
    return last_step.n_omitted


def _check_passed_columns(step: Any, X: Any, final: Any) -> None:
    """Check that X has the columns that a ColumnTransformer lists and passes on, as of `make_ar`.

    Those that least squares reads must be numbers. Errors name the transformer, which has the name
    of the parameter: ``exogenous``.
    """
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if not isinstance(step, ColumnTransformer) or len(shape) != 2:
        return
    for name, transformer, columns in step.transformers:
        is_passed = isinstance(transformer, str) and transformer == "passthrough"
        if not is_passed or not isinstance(columns, list):
            continue
        if not any(isinstance(column, bool | np.bool_) for column in columns):  # not a mask
            places = find_columns([_from_start(c, shape[1]) for c in columns], X, shape[1], name)
            if isinstance(final, LinearRegression):
                passed = safe_indexing(X, places, axis=1)
                if labels := learn_labels(passed, flatten=False):
                    found = [passed.columns[i] for i in labels]
                    raise ValueError(_advise_encoding(final, found))


def _advise_encoding(estimator: Any, columns: list[Any]) -> str:
    """Return the error about columns that an estimator cannot read, and what to do."""
    return (
        f"{type(estimator).__name__} does not read text or categories, as in the columns {columns} "
        "of X: turn them into numbers, such as by pd.get_dummies(X, columns=[...], dtype=float), "
        "or take a network, which reads categories."
    )


def _from_start(column: Any, n_columns: int) -> Any:
    """Return a column, a position from the end as that from the start."""
    is_from_end = isinstance(column, Integral) and -n_columns <= int(column) < 0
    return column + n_columns if is_from_end else column


def _warn_of_passed_target(step: Any, X: Any, y: Any) -> None:
    """Warn if y is a column that a fitted ColumnTransformer passes on beside its windows."""
    if y is None or not isinstance(step, ColumnTransformer) or isinstance(X, WindowArray):
        return
    if not find_lags(step):  # the windows are made of what it passes on
        return
    X = X if hasattr(X, "shape") else np.asarray(X)
    names = list(X.columns) if hasattr(X, "columns") else None
    # Names, slices, masks and positions select from a row of positions as they do from X.
    positions = np.arange(X.shape[1])[np.newaxis]
    row = positions if names is None else pd.DataFrame(positions, columns=names)
    passed = {}
    for _, transformer, columns in step.transformers_:
        if not isinstance(transformer, FunctionTransformer) or transformer.func is not None:
            continue
        for place in np.ravel(safe_indexing(row, plain_columns(columns), axis=1)).tolist():
            values = np.asarray(safe_indexing(X, place, axis=1))
            if values.ndim == 1 and values.dtype.kind in "biufO":  # a sparse column is of none
                passed[place] = values
    warn_of_target(lambda part, c: _numbers(passed[c][part]), y, column_texts(passed, names))


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as numbers: NaN for objects that are none."""
    if values.dtype.kind != "O":
        return values
    return pd.Series(pd.to_numeric(values, errors="coerce")).to_numpy(np.float64, na_value=np.nan)


def select_rows(
    chosen: NDArray[np.bool_], X: Any, y: Any, params: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Return some rows of X and y, and of the parameters with one entry per row."""
    kept = np.flatnonzero(chosen)
    params = dict(check_method_params(X, params, kept))
    X, y = (None if data is None else take_rows(data, kept) for data in indexable(X, y))
    return X, y, params


def as_complete(X: Any) -> Any:
    """Return windows as if all were complete, anything else as it is."""
    if not isinstance(X, WindowArray):
        return X
    return WindowArray(X.rows, X.starts, X.n_steps, X.step, X.origin, times=X.times)


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
        *,
        omits: bool,
    ) -> None:
        self.estimator, self.pipelines = estimator, pipelines
        self.rows, self.excluded, self.omits = rows, excluded, omits
        self.n_omitted = 0

    def fit(self, X: Any, y: Any = None, **params: Any) -> _LastStep:
        _warn_of_passed_target(self.pipelines[0].steps[0][1], self.rows, y)
        if not self.omits:
            X = as_complete(X)
        omitted, targets = self._find_omitted(num_samples(X)), y
        self.n_omitted = int(omitted.sum())
        if self.n_omitted:
            X, y, params = select_rows(~omitted, X, y, params)
        try:
            self.estimator.fit(X, y, **params)
        except ValueError as error:
            reason = str(error).partition("\n")[0]
            if reason.startswith("Input X contains NaN") and hasattr(X, "shape"):
                raise ValueError(_name_imputer(reason, self.estimator)) from error
            if reason.startswith("could not convert string to float"):
                raise ValueError(f"{reason}{self._name_text()}") from error
            if reason.startswith("Input y contains NaN"):
                missing = missing_rows(targets, ~omitted)
                raise ValueError(f"{missing}. {_MISSING_TARGETS}") from error
            raise
        return self

    def _find_omitted(self, n_rows: int) -> NDArray[np.bool_]:
        """Return which rows are left out of the fit of the last step."""
        excluded = np.zeros(n_rows, dtype=bool) if self.excluded is None else self.excluded
        if not self.omits:
            return excluded
        steps = [step for pipeline in self.pipelines for _, step in pipeline.steps[:-1]]
        omitted = incomplete_in_fit(steps, self.rows) | excluded
        if omitted.any():
            _check_any_complete(omitted, steps)
        return omitted

    def _name_text(self) -> str:
        """Return which columns are text, and what to do; nothing if X is no table of pandas."""
        if not isinstance(self.rows, pd.DataFrame):
            return ""
        named = [n for lags in find_lags(self.pipelines[0]) for n in (lags.time, lags.series)]
        others = self.rows[[c for c in self.rows if c not in named]]
        text = [c for c in others if infer_dtype(others[c], skipna=True) in _TEXT]
        return f". {_advise_encoding(self.estimator, text)}"

    def get_metadata_routing(self) -> MetadataRequest | MetadataRouter:
        return get_routing_for_object(self.estimator)


def _name_imputer(reason: str, estimator: Any) -> str:
    name = type(estimator).__name__
    others = "a network, which reads"
    if is_regressor(estimator):
        others = "LagRidge(alpha=0) (least squares), make_lasso or a network, which read"
    return (
        f"{reason} The windows hold missing values of X or filled lags, which {name} does not "
        f"read: take {others} missing values, or put an imputer before it, "
        f"make_pipeline(LagTransformer(..., flatten=True), SimpleImputer(), {name}())."
    )


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
