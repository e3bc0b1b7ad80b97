"""Three ways to forecast several steps: direct, recursive, and several outputs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_rnn._sklearn.compat import safe_indexing
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.exceptions import UnreadColumnsWarning
from sklearn_rnn.forecasting._delays import delay_by, named_parts
from sklearn_rnn.forecasting._rows_ahead import RowsAhead
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._following_targets import following_targets
from sklearn_rnn.preprocessing._gap_warnings import note_gaps
from sklearn_rnn.preprocessing._incomplete_rows import find_lags, incomplete_rows
from sklearn_rnn.preprocessing._lookback import lookback
from sklearn_rnn.preprocessing._omit_incomplete import omit_incomplete
from sklearn_rnn.preprocessing._window_warnings import without_warnings

FloatArray = NDArray[np.float64]


def unfitted_models(strategy: str, estimator: Any, horizon: int) -> list[Any]:
    """Return the models of a strategy: one for each step if direct, otherwise one.

    Raises
    ------
    ValueError
        If the estimator has no LagTransformer, or the strategy does not suit it.
    """
    if not find_lags(estimator):
        raise ValueError(f"estimator must contain a LagTransformer; got {estimator!r}.")
    model = clone(omit_incomplete(estimator))
    complete = {n: part for n, part in named_parts(model).items() if isinstance(part, CompleteRows)}
    if strategy == "multi_output":
        if not complete:
            raise ValueError(
                "strategy='multi_output' needs a pipeline with a LagTransformer before its last "
                f"step, which predicts several outputs; got {model!r}. Set strategy='direct'."
            )
        return [model.set_params(**{f"{name}horizon": horizon for name in complete})]
    if (given := max((part.horizon for part in complete.values()), default=1)) > 1:
        raise ValueError(
            f"estimator must forecast one step with strategy={strategy!r}; got horizon={given}. "
            "Set horizon=1 in it, or strategy='multi_output'."
        )
    if strategy == "recursive":
        return [model]
    return [delay_by(model, step) for step in range(horizon)]


def fit_model(model: Any, X: pd.DataFrame, y: Any) -> Any:
    """Fit a model; rows whose target is missing are left out of the fit of its last step."""
    missing: Any = y.isna().to_numpy().reshape(len(y), -1).any(axis=1)
    if not missing.any():
        return model.fit(X, y)
    if not isinstance(model, CompleteRows):
        columns = list(y.columns) if isinstance(y, pd.DataFrame) else y.name
        raise ValueError(
            f"X lacks the target {columns!r} in {int(missing.sum())} of {len(X)} rows, such as "
            f"{X.index[missing][0]}, which {type(model).__name__} cannot leave out of its fit: "
            "impute them, or give a pipeline that reads missing lags, such as make_lasso(); a "
            "search belongs around the forecaster, a transformed target at the end of the pipeline."
        )
    if model.horizon > 1:
        missing = following_targets(X, missing, model.horizon, find_lags(model))[0].any(axis=1)
    return model._fit_rows(X, y.fillna(y.mean()), {}, missing)


def past_needed(models: list[Any]) -> int:
    """Return how many rows before the first row ahead the models read; that of step h is h-th."""
    return max(1, *(lookback(model) - step for step, model in enumerate(models)))


def forecast(strategy: str, models: list[Any], ahead: RowsAhead, targets: list[Any]) -> FloatArray:
    """Return forecasts of all rows ahead, of shape (n_ahead, n_targets), in their order."""
    n_past = past_needed(models)
    if strategy == "multi_output":
        return _forecast_at_once(models[0], ahead, n_past)
    rows, places = ahead.rows.copy(), ahead.rows.columns.get_indexer(pd.Index(targets))
    values = np.full((len(rows), len(targets)), np.nan)
    for step in range(1, int(ahead.step.max()) + 1):
        is_recursive = strategy == "recursive"
        model = models[0 if is_recursive else step - 1]
        part, chosen = ahead.within(step - n_past if is_recursive else 1 - n_past, step)
        predicted = predict_rows(model, rows.iloc[part], chosen)
        values[part[chosen]] = predicted.reshape(len(chosen), -1)
        if is_recursive:
            rows.iloc[part[chosen], places] = values[part[chosen]]
    return values[ahead.is_ahead]


def _forecast_at_once(model: Any, ahead: RowsAhead, n_past: int) -> FloatArray:
    """Return the forecasts of a model of several outputs, which are the steps."""
    part, chosen = ahead.within(1 - n_past, 1)
    predicted = predict_rows(model, ahead.rows.iloc[part], chosen).reshape(len(chosen), -1)
    series = np.searchsorted(ahead.series[part[chosen]], ahead.series[ahead.is_ahead])
    return np.asarray(predicted[series, ahead.step[ahead.is_ahead] - 1][:, np.newaxis])


def predict_rows(model: Any, rows: pd.DataFrame, chosen: NDArray[np.intp]) -> FloatArray:
    """Return the predictions of some rows of a table; the others are only their past."""
    with without_warnings():
        final, inputs = _inputs(model, rows, chosen)
        predicted = np.asarray(final.predict(inputs), dtype=np.float64)
    return predicted[chosen] if inputs is rows else predicted


def check_reads_no_future(
    model: Any, rows: pd.DataFrame, unknown: list[Any], is_ahead: NDArray[np.bool_]
) -> None:
    """Check that the forecast of the last row does not depend on what is unknown of the last rows.

    Parameters
    ----------
    model : estimator
        A fitted model.
    rows : DataFrame
        The last rows of a series.
    unknown : list
        Columns whose values ahead are unknown when the forecast is made.
    is_ahead : ndarray of bool, of shape (n_rows,)
        Which rows are ahead then.

    Raises
    ------
    ValueError
        If it does.
    """
    numbers = [column for column in unknown if is_numeric_dtype(rows[column])]
    known = rows.astype(dict.fromkeys(numbers, float)).fillna(dict.fromkeys(numbers, 0.0))
    before = _read_by(model, known)
    for column in unknown:
        other = _other_values(known[column])
        changed = known.copy()
        changed[column] = known[column].where(~is_ahead, other)
        if not before.equals(_read_by(model, changed)):
            raise ValueError(
                f"estimator reads {column!r} in rows that it forecasts, {is_ahead.sum()} after the "
                "end of the series; set delay=1 or more in its LagTransformer and leave the column "
                "out of its known_ahead and exogenous, or, if it is known in advance and no "
                "target, name it in known_ahead of the forecaster."
            )


def _other_values(values: pd.Series[Any]) -> Any:
    """Return values of a column that differ from its own, of the same kind."""
    if is_numeric_dtype(values):
        return values + 1.0 + values.abs()
    codes, kinds = values.factorize()
    return values if not len(kinds) else kinds.take((codes + 1) % len(kinds))


def warn_of_unread(
    model: Any, rows: pd.DataFrame, known: list[Any], n_ahead: int, horizon: int
) -> None:
    """Warn of known columns that the forecast of the last row does not read in all rows ahead.

    The model is that of the last step, or of several steps, its horizon, of which it reads one row
    ahead. `known` are the columns that the forecaster itself names in ``known_ahead``; `n_ahead`
    of the rows, which are those of a series, are ahead.
    """
    named = [c for lags in find_lags(model) for c in lags.known_ahead or ()]
    unread = [c for c in known if c not in named and not _reads_ahead(model, rows, c, n_ahead)]
    if unread:
        _warn_of_columns(
            f"The model reads nothing of the columns {unread} in the rows ahead. Name them in "
            "known_ahead of the LagTransformer, make_ar, make_lasso or make_linear inside, or in "
            "exogenous of make_ar; or leave them out of known_ahead of the forecaster."
        )
    if (first := [c for c in known if c not in unread]) and horizon > 1:
        _warn_of_columns(
            f"strategy='multi_output' reads the columns {first} up to the first of the {horizon} "
            "rows ahead; their later values change no forecast. Set strategy='direct', which "
            "reads them up to each row; or, if that is what you want, name them in known_ahead of "
            "the LagTransformer alone."
        )


def _reads_ahead(model: Any, rows: pd.DataFrame, column: Any, n_ahead: int) -> bool:
    """Return whether the forecast of the last row depends on a column in the last rows."""
    codes, kinds = rows[column].factorize()
    if len(kinds) < 2:
        return True  # which cannot be told
    n_read = max(lookback(model) + 1, n_ahead)
    numbers = rows.select_dtypes("number").columns
    known = rows[-n_read:].fillna(dict.fromkeys(numbers, 0.0))
    other = kinds.take((codes[-n_read:] + 1) % len(kinds))
    changed = known.copy()
    changed[column] = known[column].where(np.arange(n_read) < n_read - n_ahead, other)
    return not _read_by(model, known).equals(_read_by(model, changed))


def _warn_of_columns(text: str) -> None:
    warnings.warn(text, UnreadColumnsWarning, stacklevel=6)


def find_gaps(model: Any, ahead: RowsAhead, n_past: int) -> None:
    """Note the series whose last rows are not all there, so that lags are filled."""
    part, chosen = ahead.within(1 - n_past, 1)
    try:
        incomplete = incomplete_rows(model, ahead.rows.iloc[part])[chosen]
    except ValueError:  # a LagTransformer inside of an estimator of another package
        return
    first = ahead.rows.index[part[chosen]]
    note_gaps(first[incomplete], first)


def _inputs(model: Any, rows: pd.DataFrame, chosen: NDArray[np.intp]) -> tuple[Any, Any]:
    """Return the model at the end, and its input for some rows where it needs no others."""
    model = open_search(model)
    if isinstance(model, Pipeline) and len(model) > 1 and not find_lags(model[-1]):
        return model[-1], safe_indexing(model[:-1].transform(rows), chosen)
    return model, rows


def _read_by(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the last model reads of the last row, or what it predicts, to compare."""
    chosen = np.array([len(rows) - 1])
    with without_warnings():
        final, inputs = _inputs(model, rows, chosen)
        read: Any = np.asarray(final.predict(rows))[chosen] if inputs is rows else inputs
    array = read.toarray() if issparse(read) else np.asarray(read)
    return pd.DataFrame(array.reshape(len(array), -1))
