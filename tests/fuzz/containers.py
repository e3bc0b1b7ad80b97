"""The containers that X comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from sklearn_rnn import make_lagged
from tests.fuzz.values import COLUMNS, OF_TEXTS, Values

Rng = np.random.Generator


def _frame(v: Values, index: Any = None) -> pd.DataFrame:
    return pd.DataFrame(v.rows, columns=COLUMNS[: v.rows.shape[1]], index=index)


def _dated(v: Values, rng: Rng) -> pd.DataFrame:
    n = len(v.rows)
    frequencies = ["D", "h", "B", "2B", "W", "MS", "QS", "7s", "C"]
    index = pd.date_range("2024-01-01", periods=n, freq=str(rng.choice(frequencies)))
    frame = _frame(v, index)
    change = rng.integers(6) if v.kinds else 0
    if change == 1:
        frame = frame.set_axis(index.tz_localize("Europe/Berlin", nonexistent="NaT"))
    elif change == 2:
        frame = frame[rng.random(n) < 0.9]
    elif change == 3:
        frame = frame.iloc[rng.permutation(n)]
    elif change == 4 and n:
        frame = frame.set_axis(index.insert(0, index[0])[:n])
    return frame


def _periods(v: Values, rng: Rng) -> pd.DataFrame:
    frequency = str(rng.choice(["D", "M", "Q", "Y", "h"]))
    return _frame(v, pd.period_range("2024-01", periods=len(v.rows), freq=frequency))


def _labelled(v: Values, rng: Rng) -> pd.DataFrame:
    quarters = pd.period_range("2000Q1", periods=len(v.rows), freq="Q").astype(str)
    index = [
        quarters,
        pd.CategoricalIndex(quarters, categories=quarters, ordered=True),
        pd.date_range("2024-01-01", periods=len(v.rows)).astype(str),
        pd.Index([f"day {i}" for i in range(len(v.rows))]),
        pd.Index(np.arange(len(v.rows)) * 2.5),
    ]
    if v.kinds:
        index.append(pd.Index([None, *range(1, len(v.rows))], dtype=object)[: len(v.rows)])
    return _frame(v, index[int(rng.integers(len(index)))])


def _panel(v: Values, rng: Rng) -> pd.DataFrame:
    half = len(v.rows) // 2
    days = pd.date_range("2024-01-01", periods=len(v.rows) - half)
    levels = [np.repeat(["s", "t"], [half, len(v.rows) - half]), [*days[:half], *days]]
    return _frame(v, pd.MultiIndex.from_arrays(levels, names=["series", "time"]))


def _windows(v: Values, rng: Rng) -> Any:
    return make_lagged(v.rows, np.zeros(len(v.rows)), 3)[0]


def _lag_columns(v: Values, rng: Rng) -> pd.DataFrame:
    n, steps, channels = v.sequences.shape
    names = [f"{c}_lag{k}" for k in range(steps, 0, -1) for c in COLUMNS[:channels]]
    return pd.DataFrame(v.sequences.reshape(n, -1), columns=names)


def _padded(v: Values, rng: Rng) -> Any:
    if not _is_real(v.sequences):
        raise TypeError("absent steps are numbers")
    padded = v.sequences.astype(float)
    for sequence in padded:
        sequence[int(rng.integers(1, len(sequence) + 1)) :] = np.nan
    return padded


def _ragged(v: Values, rng: Rng) -> list[Any]:
    as_lists, least = rng.random() < 0.3, 0 if v.kinds and rng.random() < 0.3 else 1
    cut = [s[: rng.integers(least, len(s) + 1)] for s in v.sequences]
    return [s.tolist() for s in cut] if as_lists else cut


def _documents(v: Values, rng: Rng) -> list[Any]:
    return [[rng.integers(1, 5, rng.integers(1, 4)).tolist() for _ in "ab"] for _ in v.rows]


def _texts(v: Values, rng: Rng) -> Any:
    words = np.array(["a cat", "The dog sat.", "", "dogs, and cats. Sit!", "été", "7 cats"])
    texts = words[rng.integers(0, len(words), len(v.rows))].tolist()
    if texts and "texts" in v.kinds:
        texts[0] = OF_TEXTS[v.kinds["texts"]]
    form = rng.integers(5)
    if form == 4:
        return pl.Series(texts, strict=False) if all(isinstance(t, str) for t in texts) else texts
    return [list, tuple, pd.Series, lambda t: pd.Series(t).to_numpy()][form](texts)


def _nullable(v: Values, rng: Rng) -> pd.DataFrame:
    frame = _frame(v).convert_dtypes()
    if len(frame) and v.kinds and rng.random() < 0.5:
        frame.iloc[0, 0:1] = pd.NA
    return frame


def _polars(v: Values, rng: Rng) -> pl.DataFrame:
    if v.rows.dtype.kind in "cM":
        return pl.DataFrame({c: v.rows[:, i].tolist() for i, c in enumerate(_frame(v).columns)})
    return pl.DataFrame({c: v.rows[:, i] for i, c in enumerate(_frame(v).columns)})


def _sparse(v: Values, rng: Rng) -> Any:
    numbers = v.rows if v.rows.dtype.kind in "biufc" else v.rows.astype(str) == "up"
    numbers = numbers.astype(float) if numbers.dtype == np.float16 else numbers
    return [sparse.csr_array, sparse.csc_matrix][int(rng.integers(2))](numbers)


CONTAINERS: dict[str, Callable[[Values, Rng], Any]] = {
    "array": lambda v, rng: v.rows,
    "strided array": lambda v, rng: np.asfortranarray(np.repeat(v.rows, 2, axis=0))[::2],
    "float32 array": lambda v, rng: v.rows.astype(np.float32) if _is_real(v.rows) else v.rows,
    "lists": lambda v, rng: v.rows.tolist(),
    "object array": lambda v, rng: v.rows.astype(object),
    "sparse array": _sparse,
    "DataFrame": lambda v, rng: _frame(v),
    "nullable DataFrame": _nullable,
    "index of times": _dated,
    "index of periods": _periods,
    "index of labels": _labelled,
    "panel": _panel,
    "long DataFrame": lambda v, rng: _panel(v, rng).reset_index(),
    "Series": lambda v, rng: pd.Series(v.rows[:, 0] if v.rows.size else [], name="a"),
    "polars DataFrame": _polars,
    "polars LazyFrame": lambda v, rng: _polars(v, rng).lazy(),
    "3-D array": lambda v, rng: v.sequences,
    "windows": _windows,
    "columns of lags": _lag_columns,
    "padded array": _padded,
    "ragged lists": _ragged,
    "documents": _documents,
    "texts": _texts,
}


OF_SEQUENCES = ("3-D array", "windows", "columns of lags", "padded array", "ragged lists")
UNREAD = ("sparse array", "polars LazyFrame", "documents", "texts")
"""Neither rows nor sequences of numbers that every model reads."""
UNNAMED = (
    "array",
    "strided array",
    "float32 array",
    "lists",
    "object array",
    *OF_SEQUENCES,
    *UNREAD,
)
"""Without names of columns."""


def put_in(values: Values, container: str, rng: Rng) -> tuple[Any, Any, int | None]:
    """Return X in a container, y in one that goes with it, and the number of samples of X."""
    with np.errstate(all="ignore"):
        X = CONTAINERS[container](values, rng)
    n = X.shape[0] if hasattr(X, "shape") else len(X) if hasattr(X, "__len__") else None
    return X, _targets(values.y, X, n, rng), n


def _targets(y: Any, X: Any, n: int | None, rng: Rng) -> Any:
    """Return targets in the form of X, or as an array; of windows, the last ones."""
    if not isinstance(y, np.ndarray):
        return y
    if type(X).__name__ == "WindowArray" or (isinstance(X, pd.DataFrame) and n != len(y)):
        y = y[-n:] if n else y[:0]
    form = rng.integers(3)
    if form == 1 and y.ndim == 1 and isinstance(X, pd.DataFrame | pd.Series) and len(X) == len(y):
        return pd.Series(y, index=X.index, name="y")
    if form == 1 and y.ndim == 1 and isinstance(X, pl.DataFrame) and y.dtype.kind in "bif":
        return pl.Series("y", y)
    return y.tolist() if form == 2 else y


def _is_real(values: Any) -> bool:
    return values.dtype.kind in "biuf"
