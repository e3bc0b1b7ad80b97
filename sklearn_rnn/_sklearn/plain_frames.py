"""Tables and Series of pandas as arrays and lists, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

TABLE = {"table", "columns", "index"}
"""The names of what a table consists of."""

SERIES = {"series_table", "series_name"}
"""The names of what a Series consists of: the table of its values, and its name."""


def frame_to_plain(frame: pd.DataFrame) -> dict[str, Any] | None:
    """Return a table as arrays and lists, or None if that would not give it back as it is."""
    try:
        columns = [_index_to_plain(pd.Index(frame.iloc[:, i])) for i in range(frame.shape[1])]
        labels = _index_to_plain(frame.columns)
        plain = {"table": columns, "columns": labels, "index": _index_to_plain(frame.index)}
        assert_frame_equal(frame_from_plain(plain), frame, check_exact=True, check_column_type=True)
    except (AssertionError, TypeError, ValueError, NotImplementedError):
        return None
    return None if frame.attrs else plain


def frame_from_plain(plain: Mapping[str, Any]) -> pd.DataFrame:
    """Return what `frame_to_plain` was given."""
    columns = {i: _index_from_plain(column) for i, column in enumerate(plain["table"])}
    frame = pd.DataFrame(columns, index=_index_from_plain(plain["index"]))
    return frame.set_axis(_index_from_plain(plain["columns"]), axis=1)


def series_to_plain(values: pd.Series[Any]) -> dict[str, Any] | None:
    """Return a Series as arrays and lists, or None if that would not give it back as it is."""
    table = None if values.attrs else frame_to_plain(values.to_frame(0))
    return None if table is None else {"series_table": table, "series_name": values.name}


def series_from_plain(plain: Mapping[str, Any]) -> pd.Series[Any]:
    """Return what `series_to_plain` was given."""
    return frame_from_plain(plain["series_table"])[0].rename(plain["series_name"])


def _index_to_plain(index: pd.Index) -> dict[str, Any]:
    """Return an index as arrays and lists; a TypeError if it is of another kind."""
    if isinstance(index, pd.MultiIndex):
        levels = [_index_to_plain(level) for level in index.levels]
        codes = [np.asarray(code) for code in index.codes]
        return {"levels": levels, "codes": codes, "names": list(index.names)}
    name, kind = {"name": index.name}, str(index.dtype)
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], **name}
    if isinstance(index, pd.PeriodIndex):
        return {"periods": index.asi8, "freq": index.freqstr, **name}
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        zone = getattr(index, "tz", None)
        freq = None if index.freq is None else index.freq.freqstr
        letter = "M" if isinstance(index, pd.DatetimeIndex) else "m"
        dtype = f"{letter}8[{index.unit}]"
        return {"times": index.asi8, "dtype": dtype, "zone": zone, "freq": freq, **name}
    if kind in ("object", "str", "string"):
        return {"objects": index.tolist(), "dtype": kind, **name}
    if not isinstance(index.dtype, np.dtype):
        raise TypeError(f"an index of {kind} is not plain")
    return {"array": index.to_numpy(), **name}


def _index_from_plain(plain: Mapping[str, Any]) -> Any:
    """Return what `_index_to_plain` was given."""
    match plain:
        case {"levels": levels, "codes": codes, "names": names}:
            return pd.MultiIndex([_index_from_plain(level) for level in levels], codes, names=names)
        case {"range": [start, stop, step]}:
            return pd.RangeIndex(start, stop, step, name=plain["name"])
        case {"periods": ordinals, "freq": freq}:
            periods: Any = pd.PeriodIndex
            return periods.from_ordinals(ordinals, freq=freq, name=plain["name"])
        case {"times": numbers, "dtype": dtype, "zone": zone, "freq": freq}:
            index: Any = pd.Index(numbers.view(dtype), name=plain["name"])
            if zone is not None:
                index = index.tz_localize("UTC").tz_convert(zone)
            if freq is not None:
                index.freq = freq
            return index
        case {"objects": values, "dtype": dtype}:
            return pd.Index(values, dtype=dtype, name=plain["name"])
        case _:
            return pd.Index(plain["array"], name=plain["name"])
