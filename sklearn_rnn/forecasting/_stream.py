"""Predictions row by row, of many series at the same time: `stream`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import HasMethods, StrOptions, validate_params
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.forecasting._stream_steps import (
    CarrySteps,
    LagWindow,
    RowBlocks,
    Steps,
    WindowSteps,
    as_table,
    predict_ar,
    predict_windows,
)
from sklearn_rnn.linear._base import WindowModel
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._lookback import lookback


class Stream:
    """Series that a fitted model predicts row by row, see `stream`.

    It can be pickled and copied at any time, with the state of its series.
    """

    def __init__(
        self, before: Pipeline | None, steps: Steps, n_columns: int, names: Any = None
    ) -> None:
        self._before = before
        self._steps = steps
        self._n_columns, self._names = n_columns, names
        self._n_series: int | None = None
        self._state: Any = None

    def predict(self, rows: ArrayLike, *, keep: bool = True) -> NDArray[Any]:
        """Predict the next row of each series.

        Parameters
        ----------
        rows : array-like of shape (n_series, n_columns)
            The next row of each series, always in the same order; NaN is a missing value.
        keep : bool, default=True
            Whether the rows become the past of those of later calls. False is for a row ahead whose
            values are not all known yet: with a ``delay``, they are not read.

        Returns
        -------
        ndarray of shape (n_series,) or (n_series, n_outputs)
            Predictions, or labels.

        Raises
        ------
        ValueError
            If rows have another shape than those before, or are infinite; they are not kept then.
        """
        values = self._read(rows)
        if self._before is not None:
            values = np.asarray(self._before.transform(as_table(values, self._before)))
        predictions, state = self._steps.step(values, self._state)
        if keep:
            self._state, self._n_series = state, len(values)
        return predictions

    def _read(self, rows: Any) -> NDArray[np.float64]:
        """Return checked rows, a copy of them."""
        given = getattr(rows, "columns", None)
        if given is not None and self._names is not None and list(given) != list(self._names):
            raise ValueError(
                f"rows must have the columns of X in fit, {[*self._names]}; got {[*given]}."
            )
        if issparse(rows):
            raise TypeError("rows must be dense; got a sparse matrix: give rows.toarray().")
        check_numbers(rows, "rows")
        values = np.atleast_1d(np.array(rows, dtype=np.float64))
        n_series = "n_series" if self._n_series is None else self._n_series
        expected = (self._n_series or max(1, len(values)), self._n_columns)
        if values.shape != expected:
            raise ValueError(
                f"rows must have the shape ({n_series}, {self._n_columns}), a row for each series "
                f"of the stream; got {values.shape}. Give other series a stream of their own."
            )
        if not np.isfinite(values).all() and np.isinf(values).any():
            raise ValueError("rows contain infinity; give finite values, or NaN where missing.")
        return values


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"])],
        "mode": [StrOptions({"window", "carry"})],
    },
    prefer_skip_nested_validation=False,
)
def stream(estimator: Any, mode: str = "window") -> Stream:
    """Predict series row by row, many series at the same time, as rows arrive.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline with a `LagTransformer`, or a search for one; an autoregression; or a
        network or linear model that was fitted on windows of shape (n_samples, n_steps,
        n_channels), whose steps are then the rows.
    mode : {'window', 'carry'}, default='window'
        'window': the prediction of a row is that of ``predict`` for the last window. 'carry': it is
        that of the network for all rows so far as one sequence, whose states are kept from row to
        row; see Notes.

    Returns
    -------
    Stream
        Its method ``predict(rows)`` takes the next row of each series, of shape (n_series,
        n_columns), and returns their predictions. ``predict(rows, keep=False)`` predicts rows ahead
        that are not known yet, and does not count them as part of the series.

    Raises
    ------
    ValueError
        If the model cannot be run row by row in this mode; the error names what prevents it.

    See Also
    --------
    Forecaster : Forecasts of several steps.

    Notes
    -----
    **The predictions of a series** are the rows of ``estimator.predict(series)`` in mode 'window',
    up to rounding, each as soon as its row is given. A series starts with its first row, also if
    the estimator remembers rows of `fit`, and lags before it are filled. Windows without a
    LagTransformer start with missing values (NaN). With a delay d the prediction of row t reads
    rows up to t - d, and columns known ahead up to t.

    **Carried states** are those of recurrent layers and of mean and max pooling, and the steps that
    convolutions of a TCN or CNN still read. With a LagTransformer, the sequence for row t ends with
    row t minus the delay, whatever ``n_lags`` is; the first ``delay`` rows have no sequence yet,
    and the prediction of a sequence without steps. Bidirectional networks, attention, CNN-LSTMs and
    ``standardize="window"`` or ``"last"`` need all steps again, so that 'carry' is an error. Models
    of a fixed number of lags have no state: 'carry' is 'window'.

    **Memory** does not grow with the number of rows. The estimator must not be fitted again while a
    stream of it is used. In mode 'window' a pipeline with lags inside
    of a FeatureUnion, ColumnTransformer or meta-estimator is given the last rows of all series as
    one table; until there are enough of them, each series is a table of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_ar, stream
    >>> series = 0.5 ** np.arange(8)
    >>> model = make_ar(1).fit(series[:, None], series)
    >>> ahead = stream(model)
    >>> for rows in ([[1.0], [8.0]], [[0.5], [4.0]]):  # two series
    ...     predictions = ahead.predict(rows)
    >>> predictions.round(6)  # of the second rows, by the first ones
    array([0.5, 4. ])
    >>> ahead.predict([[np.nan], [np.nan]], keep=False).round(6)  # of rows that are not known yet
    array([0.25, 2.  ])
    """
    check_is_fitted(estimator)
    inside = open_search(estimator)
    if getattr(inside, "return_sequences", False) and mode == "window":
        raise ValueError(
            "return_sequences=True predicts every step of a window; set "
            'mode="carry" to predict the newest step.'
        )
    if any(getattr(inside, name, None) for name in ("vocabulary_size", "embedding_dim")):
        raise ValueError("stream reads rows of numbers; tokens are none. Call predict instead.")
    if not find_lags(inside):
        return _stream_of_windows(inside, mode)
    for lags in find_lags(inside):
        if lags.time is not None or lags.series is not None:
            raise ValueError(
                "The rows of a stream are in order, one for each series, without columns of times "
                f"and series; got time={lags.time!r} and series={lags.series!r}."
            )
        if categories := getattr(lags, "_categories", None):
            raise ValueError(
                f"The rows of a stream are numbers, but columns {[*categories]} of X are "
                "categories; encode them in front of the LagTransformer, or call predict instead."
            )
    before, steps = _steps_of_rows(inside, mode)
    names = getattr(inside, "feature_names_in_", None)
    return Stream(before, steps, inside.n_features_in_, names)


def _stream_of_windows(model: Any, mode: str) -> Stream:
    """Return the stream of a model that was fitted on windows."""
    if mode == "carry" and hasattr(model, "_carried"):
        network = model._carried()
        steps: Steps = CarrySteps(network, 0, np.arange(0))
        return Stream(None, steps, network.n_channels)
    if isinstance(model, WindowModel):
        n_steps, n_channels = model._form.n_steps, model._form.n_channels
    elif hasattr(model, "n_channels_"):
        n_steps, n_channels = model.n_steps_, model.n_channels_
    else:
        raise ValueError(
            f"estimator {type(model).__name__} has no LagTransformer inside, and is no network or "
            "linear model of windows; put it behind a LagTransformer in a pipeline."
        )
    steps = WindowSteps(predict_windows(model), n_steps - 1, np.full(n_channels, np.nan))
    return Stream(None, steps, n_channels)


def _steps_of_rows(model: Any, mode: str) -> tuple[Pipeline | None, Steps]:
    """Return the transformers before the lags, and how a model reads their output."""
    if isinstance(model, ARRegressor):
        return None, _window_steps(model.past_, LagWindow(model.past_, predict_ar(model)))
    parts = _split(model)
    carries = mode == "carry" and _contains_network(model)
    if parts is None:
        if carries:
            raise ValueError(
                'mode="carry" needs a network behind one LagTransformer, both steps of a pipeline; '
                f'got {type(model).__name__} with other estimators around them. Set mode="window".'
            )
        n_past = lookback(model)
        return None, WindowSteps(RowBlocks(model, n_past + 1), n_past, None)
    before, lags, after = parts
    first = make_pipeline(*before) if before else None
    if carries:
        _check_carries(lags, after)
        return first, CarrySteps(after[0]._carried(), lags.delay, lags._known)
    if len(after) == 1:
        return first, _window_steps(lags, LagWindow(lags, predict_windows(after[0])))
    return first, _window_steps(lags, LagWindow(lags, make_pipeline(*after).predict))


def _window_steps(lags: LagTransformer, predict: LagWindow) -> WindowSteps:
    return WindowSteps(predict, lags._window().lookback, lags.fill_values_)


def _split(model: Any) -> tuple[list[Any], LagTransformer, list[Any]] | None:
    """Return the steps before the only LagTransformer, it, and those behind; None if elsewhere."""
    steps = []
    while isinstance(model, Pipeline):
        steps += [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
        model = open_search(model.steps[-1][1])
    steps.append(model)
    found = [i for i, step in enumerate(steps) if find_lags(step)]
    if len(found) != 1 or not isinstance(steps[found[0]], LagTransformer):
        return None
    before, lags, after = steps[: found[0]], steps[found[0]], steps[found[0] + 1 :]
    if not after or any(hasattr(step, "feature_names_in_") for step in after):
        return None  # it reads tables with names of columns
    return before, lags, after


def _contains_network(model: Any) -> bool:
    return any(hasattr(part, "_carried") for part in model.get_params().values())


def _check_carries(lags: LagTransformer, after: list[Any]) -> None:
    """Check that a network reads the rows themselves as its steps."""
    names = [type(step).__name__ for step in after]
    if len(after) > 1 or not hasattr(after[0], "_carried"):
        raise ValueError(
            'mode="carry" needs the network directly behind the LagTransformer; got '
            f'{names} there. Set mode="window".'
        )
    for name, needed in (("step", 1), ("flatten", False)):
        if getattr(lags, name) != needed:
            raise ValueError(
                f'mode="carry" reads every row as a step of the sequence, which needs '
                f"{name}={needed} of LagTransformer; got {name}={getattr(lags, name)}."
            )
