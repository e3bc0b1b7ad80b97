"""Tables with a row for each step, as lists of sequences, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_rnn._sklearn.containers import check_is_read
from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.preprocessing._columns import named_columns
from sklearn_rnn.preprocessing._timeline import split_index
from sklearn_rnn.preprocessing._times import missing_times, read_times


def sequences_from_frame(frame: Any, *, by: Any = None, time: Any = None) -> list[NDArray[Any]]:
    """Return the sequences of a table in long form, which has a row for each step.

    Networks read the rows of a table as sequences, and a list of arrays as what it is.

    Parameters
    ----------
    frame : DataFrame or Series
        The steps of all sequences, in any order of the rows. The columns of a DataFrame, of pandas
        or polars, are channels, and hold numbers; a Series of pandas may hold targets of any kind.
    by : str, default=None
        The column, or level of the index, that names the sequence of each row. None: all levels of
        a MultiIndex but that of the times.
    time : str, default=None
        The column, or level of the index, by which the steps of a sequence are sorted. None: the
        last level of times, or else of numbers, of a MultiIndex, or another index of times or
        numbers; with other labels the steps are those of the rows in their order.

    Returns
    -------
    list of ndarray of shape (n_steps_i, n_channels), or (n_steps_i,) for a Series
        The sequences, in the order of their names, as of ``groupby``.

    Raises
    ------
    TypeError
        If `frame` is no table.
    ValueError
        If there are no rows or no names of sequences, a column that is no number, or a time that
        is missing or repeated within a sequence.

    See Also
    --------
    frame_from_sequences : The way back, for predictions of each step.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn import sequences_from_frame
    >>> frame = pd.DataFrame({"patient": ["b", "a", "b"], "day": [2, 1, 1], "pulse": [64, 80, 60]})
    >>> [sequence.tolist() for sequence in sequences_from_frame(frame, by="patient", time="day")]
    [[[80.0]], [[60.0], [64.0]]]
    """
    frame = _as_pandas(frame)
    order, lengths = _read_order(frame, by, time)
    if isinstance(frame, pd.Series):
        values: NDArray[Any] = frame.to_numpy()
    else:
        channels = frame.drop(columns=named_columns(frame, by, time))
        check_numbers(channels, "frame")
        values = channels.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.split(values[order], np.cumsum(lengths)[:-1])


def frame_from_sequences(
    sequences: Sequence[ArrayLike],
    frame: Any,
    *,
    by: Any = None,
    time: Any = None,
    columns: Sequence[Any] | None = None,
) -> Any:
    """Return values of each step of the sequences of a table, as rows of that table.

    Parameters
    ----------
    sequences : sequence of array-like of shape (n_steps_i,) or (n_steps_i, n_columns)
        Values such as those that ``predict`` and ``predict_proba`` of a network with
        ``return_sequences=True`` return for ``sequences_from_frame(frame, by=by, time=time)``.
    frame : DataFrame or Series
        The table that the sequences were made of.
    by, time : str, default=None
        As for `sequences_from_frame`.
    columns : sequence of str, default=None
        Names of the columns of values in two dimensions.

    Returns
    -------
    Series or DataFrame
        The values, of pandas, with the index of `frame` in pandas, in the order of its rows.

    Raises
    ------
    ValueError
        If the sequences have other lengths than those of `frame`.

    See Also
    --------
    sequences_from_frame : The sequences of a table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn import frame_from_sequences
    >>> index = pd.MultiIndex.from_tuples([("b", 2), ("a", 1), ("b", 1)], names=["patient", "day"])
    >>> frame = pd.DataFrame({"pulse": [64, 80, 60]}, index=index)
    >>> frame_from_sequences([["low"], ["low", "high"]], frame).tolist()
    ['high', 'low', 'low']
    """
    frame = _as_pandas(frame)
    order, lengths = _read_order(frame, by, time)
    arrays = [np.asarray(sequence) for sequence in sequences]
    found = [len(array) for array in arrays]
    if found != lengths.tolist():
        raise ValueError(
            f"sequences has {len(found)} sequences of {sum(found)} steps, but frame has "
            f"{len(lengths)} of {len(order)}, or of other lengths; give one value for each row of "
            "frame, in the order of sequences_from_frame."
        )
    rows = np.concatenate(arrays)
    values = np.empty_like(rows)
    values[order] = rows
    if values.ndim == 1:
        return pd.Series(values, index=frame.index)
    names = range(values.shape[1]) if columns is None else list(columns)
    return pd.DataFrame(values, index=frame.index, columns=names)


def _as_pandas(frame: Any) -> Any:
    """Return a table of pandas, also of one of polars."""
    if isinstance(frame, pd.DataFrame | pd.Series):
        return frame
    check_is_read(frame, "frame")
    if not hasattr(frame, "schema") or not hasattr(frame, "columns"):
        raise TypeError(
            "frame must be a DataFrame of pandas or polars, or a Series of pandas; got "
            f"{type(frame).__name__}."
        )
    return pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})


def _names(frame: Any) -> list[Any]:
    """Return the names of the columns, and of the levels of the index that have some."""
    return [*getattr(frame, "columns", ()), *(n for n in frame.index.names if n is not None)]


def _read_order(frame: Any, by: Any, time: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of a table by sequence and time, and the number of rows of each sequence."""
    if by is None and not isinstance(frame.index, pd.MultiIndex):
        raise ValueError(
            "by must name the column of the sequences if frame has no MultiIndex of sequence and "
            "time."
        )
    if not len(frame):
        raise ValueError("frame has no rows; give at least one sequence.")
    for parameter, name in (("by", by), ("time", time)):
        if name is not None and name not in (known := _names(frame)):
            raise ValueError(
                f"{parameter}={name!r} is no column of frame, nor a level of its index; these are "
                f"{known}."
            )
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    if by is not None and list(table.index.names) == [by]:
        table = table.reset_index()
    index, codes, labels = split_index(table, len(table), time, by)
    kind, times = read_times(index)
    if kind.name == "none":
        if time is not None:
            raise ValueError(f"time={time!r} must hold times or numbers; got {index.dtype}.")
        times = np.arange(len(table))
    if (missing := missing_times(times)).any():
        raise ValueError(f"Row {int(missing.argmax())} of frame has no time; leave it out.")
    order = np.lexsort((times, codes))
    lengths = np.bincount(codes)
    repeated = (np.diff(times[order]) == 0) & (np.diff(codes[order]) == 0)
    if repeated.any():
        row = order[int(repeated.argmax())]
        raise ValueError(
            f"The sequence {labels[codes[row]]!r} has the time {index[row]!r} twice; leave one of "
            "the rows out, or name another column of times, time=."
        )
    return order, lengths
