"""Times of rows as sorted numbers, read from an index or a column of any common type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype, is_any_real_numeric_dtype

_ISO_DATE = r"\d{4}-\d{2}"


@dataclass(frozen=True)
class TimeKind:
    """What times are measured in; numbers of one kind can be compared.

    Attributes
    ----------
    name : {'none', 'numbers', 'times', 'durations', 'periods'}
        'none' if the index has no times.
    unit : str
        Resolution of times and durations, and frequency of periods.
    zone : tzinfo or None
        Zone of times; their numbers are those of UTC.
    """

    name: str = "none"
    unit: str = ""
    zone: Any = None

    def __str__(self) -> str:
        """Describe the kind in a message."""
        if self.name == "none":
            return "no times"
        if self.name == "periods":
            return f"periods of frequency {self.unit}"
        return f"times in {self.zone}" if self.zone is not None else self.name

    def to_index(self, values: NDArray[Any]) -> Any:
        """Return numbers of this kind as an index of pandas."""
        if self.name == "periods":
            periods: Any = pd.PeriodIndex
            return periods.from_ordinals(values, freq=self.unit)
        if self.name == "durations":
            return pd.TimedeltaIndex(values.view(f"m8[{self.unit}]"), copy=False)
        if self.name == "times":
            times = pd.DatetimeIndex(values.view(f"M8[{self.unit}]"), copy=False)
            return times if self.zone is None else times.tz_localize("UTC").tz_convert(self.zone)
        return pd.Index(values)

    def to_gap(self, gap: Any) -> Any:
        """Return a difference of times as users know it; None for zero."""
        if gap <= 0:
            return None
        if self.name in ("times", "durations"):
            return np.asarray(int(gap)).astype(f"m8[{self.unit}]")[()]
        return gap


def read_times(index: Any, like: TimeKind | None = None) -> tuple[TimeKind, NDArray[Any]]:
    """Read times as numbers.

    Parameters
    ----------
    index : Index
        Numbers, times, periods, durations, dates, or strings that are ISO dates.
    like : TimeKind, default=None
        The kind to convert to where the times are the same in another form: with or without a
        zone, periods or their beginnings.

    Returns
    -------
    kind : TimeKind
        The kind of the numbers.
    values : ndarray of shape (n_rows,)
        Integers or floats; see `missing_times` for rows without a time.
    """
    index = _parse_dates(index)
    if like is not None:
        index = _convert(index, like)
    if isinstance(index, pd.PeriodIndex):
        return TimeKind("periods", index.freqstr), index.asi8
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        given = like.unit if like and like.name in ("times", "durations") else index.unit
        unit: Literal["ns", "us"] = "ns" if given == "ns" else "us"
        name = "times" if isinstance(index, pd.DatetimeIndex) else "durations"
        kind = TimeKind(name, unit, getattr(index, "tz", None))
        return kind, index.as_unit(unit).asi8
    if is_any_real_numeric_dtype(index.dtype):
        return TimeKind("numbers"), _read_numbers(index)
    return TimeKind(), np.zeros(0)


def check_kind(kind: TimeKind, like: TimeKind | None, index: Any, name: str) -> None:
    """Check that times are known, and of the kind of those in fit."""
    if kind.name == "none" or kind != (like or kind):
        wanted = f"{like}, as in fit" if like is not None else "numbers, times or periods"
        is_text = isinstance(index[0], str)
        fix = " Convert text by pd.to_datetime(text, format=...) or pd.PeriodIndex." * is_text
        raise ValueError(
            f"{name} must have {wanted}, in its index or in a column named by time=; got {kind}, "
            f"such as {index[:1].tolist()}.{fix}"
        )


def missing_times(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows have no time: NaN, NaT, or infinite."""
    if values.dtype.kind == "f":
        return ~np.isfinite(values)
    return values == np.iinfo(values.dtype).min


def _read_numbers(index: Any) -> NDArray[Any]:
    if not index.hasnans and np.dtype(getattr(index.dtype, "numpy_dtype", index.dtype)).kind != "f":
        return index.to_numpy(dtype=np.int64)
    values = index.to_numpy(dtype=np.float64, na_value=np.nan)
    is_whole = np.isfinite(values).all() and (np.abs(values) < 2**53).all()
    whole = values.astype(np.int64) if is_whole else None
    return whole if whole is not None and (whole == values).all() else values


def _parse_dates(index: Any) -> Any:
    """Return dates, arrow timestamps, and strings that are ISO dates, as an index of times."""
    if isinstance(index, pd.MultiIndex):
        index = index.get_level_values(0)
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex):
        return index
    if isinstance(index, pd.CategoricalIndex):  # those of numbers may name series
        is_number = is_any_real_numeric_dtype(index.categories.dtype)
        return index if is_number else _parse_dates(pd.Index(np.asarray(index)))
    letter = getattr(index.dtype, "kind", "O")  # of arrow, since those of pandas were returned
    if letter == "m":
        return pd.TimedeltaIndex(index)
    kind = "datetime" if letter == "M" else _infer_kind(index)
    if not kind:
        return index
    if kind == "period":
        return pd.PeriodIndex(index)
    try:
        times = pd.to_datetime(index.astype(object), format="ISO8601" if kind == "string" else None)
    except (TypeError, ValueError):
        return index
    return times if isinstance(times, pd.DatetimeIndex) else index


def _infer_kind(index: Any) -> str:
    """Return what the objects of an index are, if they may be dates."""
    if is_any_real_numeric_dtype(index.dtype):
        return ""
    kind = infer_dtype(index, skipna=True)
    if kind == "string":
        is_date = index.astype(object).str.match(_ISO_DATE)
        return kind if np.asarray(is_date, dtype=bool).all() else ""
    return kind if kind in ("date", "datetime", "datetime64", "period") else ""


def _convert(index: Any, like: TimeKind) -> Any:
    """Return the same times in another form, or the index itself if it cannot be that."""
    is_times = isinstance(index, pd.DatetimeIndex)
    if like.name == "times" and isinstance(index, pd.PeriodIndex):
        index, is_times = index.to_timestamp(), True
    if like.name == "periods" and is_times:
        return index.tz_localize(None).to_period(like.unit)
    if like.name == "periods" and isinstance(index, pd.PeriodIndex):
        return index.asfreq(like.unit) if index.freqstr != like.unit else index
    if like.name == "times" and is_times:
        if like.zone is None:
            return index.tz_localize(None)
        if index.tz is None:
            return index.tz_localize(like.zone, ambiguous="NaT", nonexistent="shift_forward")
        return index.tz_convert(like.zone)
    return index
