"""Records of this package as plain values, which take little space and which any format holds.

A record is an instance of a dataclass or named tuple of this package. Plain values are numbers,
strings, arrays, None, and lists, tuples and dictionaries of these whose keys are strings. Records,
tables and Series of pandas become plain; what else there is, such as estimators, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from sklearn_rnn._sklearn.plain_frames import (
    SERIES,
    TABLE,
    frame_from_plain,
    frame_to_plain,
    series_from_plain,
    series_to_plain,
)

OF_PACKAGE = "sklearn_rnn."
EXACT = (int, str, type(None), np.integer)
"""Types of equal values that have the same bits, which the two zeros of floats have not."""


def to_plain(value: Any) -> Any:
    """Return records, also inside lists, tuples and dictionaries, as plain values."""
    if _is_record(type(value)):
        return {"class": _name(type(value)), "fields": _plain_dict(_fields(value))}
    if type(value) is dict:
        if all(type(key) is str and not _is_record(type(v)) for key, v in value.items()):
            return _plain_dict(value)
        return {"keys": to_column(list(value)), "values": to_column(list(value.values()))}
    if type(value) is pd.DataFrame and (plain := frame_to_plain(value)) is not None:
        return plain
    if type(value) is pd.Series and (plain := series_to_plain(value)) is not None:
        return plain
    return type(value)(map(to_plain, value)) if type(value) in (list, tuple) else value


def from_plain(value: Any) -> Any:
    """Return what `to_plain` was given."""
    if type(value) is dict:
        if value.keys() == {"class", "fields"}:
            return _record(_class(value["class"]), _dict(value["fields"]))
        if value.keys() == {"keys", "values"}:
            return dict(zip(*map(from_column, value.values()), strict=True))
        if value.keys() == SERIES:
            return series_from_plain(value)
        return frame_from_plain(value) if value.keys() == TABLE else _dict(value)
    return type(value)(map(from_plain, value)) if type(value) in (list, tuple) else value


def to_column(values: list[Any]) -> dict[str, Any]:
    """Return a list as few arrays: one for each field of its records.

    Equal values are stored once, and values of several types by themselves.
    """
    kinds = list(dict.fromkeys(map(type, values)))
    if len(kinds) > 1:
        parts = [to_column([v for v in values if type(v) is kind]) for kind in kinds]
        return {"part": to_column([kinds.index(type(v)) for v in values]), "parts": parts}
    if not values:
        return {"values": []}
    kind, first = kinds[0], values[0]
    if _all_equal(values):
        return {"same": to_plain(first), "size": len(values)}
    if _is_record(kind):
        columns = {name: [getattr(v, name) for v in values] for name in _fields(first)}
        return {"class": _name(kind), "columns": _columns(columns)}
    if kind is slice:
        columns = {name: [getattr(v, name) for v in values] for name in ("start", "stop", "step")}
        return {"slices": _columns(columns)}
    if kind is np.ndarray and all(_is_row(v, first.dtype) for v in values):
        sizes = to_column([len(v) for v in values])
        return {"arrays": _small(np.concatenate(values)), "type": str(first.dtype), "sizes": sizes}
    if kind is int and all(-(2**63) <= v < 2**63 for v in values):
        return {"integers": _small(np.array(values, dtype=np.int64))}
    if kind is float:
        return {"floats": np.array(values)}
    if issubclass(kind, np.number):
        return {"numbers": np.array(values)}
    return {"values": [to_plain(v) for v in values]}


def from_column(column: Mapping[str, Any]) -> list[Any]:
    """Return what `to_column` was given."""
    match column:
        case {"part": part, "parts": parts}:
            each = [iter(from_column(values)) for values in parts]
            return [next(each[i]) for i in from_column(part)]
        case {"same": value, "size": size}:
            return [from_plain(value)] * size
        case {"class": name, "columns": columns}:
            cls = _class(name)
            return [_record(cls, row) for row in _rows(columns)]
        case {"slices": columns}:
            return [slice(*row.values()) for row in _rows(columns)]
        case {"arrays": array, "type": dtype, "sizes": sizes}:
            return np.split(array.astype(dtype), np.cumsum(from_column(sizes))[:-1])
        case {"integers": array} | {"floats": array}:
            return list(array.tolist())
        case {"numbers": array}:
            return list(array)
        case _:
            return [from_plain(value) for value in column["values"]]


def _is_record(kind: type) -> bool:
    is_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    is_own = kind.__module__.startswith(OF_PACKAGE) and not issubclass(kind, BaseEstimator)
    return is_own and (is_dataclass(kind) or is_tuple)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str) -> type:
    """Return a class of records by its name; no name gives anything else."""
    module, _, attribute = name.partition(":")
    kind = getattr(import_module(module), attribute) if module.startswith(OF_PACKAGE) else None
    if not isinstance(kind, type) or not _is_record(kind):
        raise ValueError(f"{name!r} is no record of sklearn_rnn; the file was not made by it.")
    return kind


def _fields(record: Any) -> dict[str, Any]:
    if isinstance(record, tuple):
        names: Sequence[str] = record._fields  # type: ignore[attr-defined]  # of a named tuple
    else:
        names = [field.name for field in fields(record)]
    return {name: getattr(record, name) for name in names}


def _record(kind: type, values: Mapping[str, Any]) -> Any:
    """Return a record with these fields, without what its constructor would do."""
    if issubclass(kind, tuple):
        return kind(**values)
    record = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(record, name, value)
    return record


def _plain_dict(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_plain(value) for name, value in values.items()}


def _dict(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: from_plain(value) for name, value in values.items()}


def _columns(columns: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {name: to_column(values) for name, values in columns.items()}


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    lists = [from_column(column) for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _is_row(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    return array.ndim == 1 and array.dtype == dtype and dtype.kind != "O"


def _small(array: NDArray[Any]) -> NDArray[Any]:
    """Return integers of eight bytes in four, if they have as many."""
    small = array.astype(np.int32) if array.dtype == np.int64 else array
    return small if np.array_equal(small, array) else array


def _all_equal(values: list[Any]) -> bool:
    """Return whether all values, of one type, are one object, or have the same bits."""
    first = values[0]
    if isinstance(first, np.ndarray):
        alike = (first.shape, first.dtype, first.tobytes())
        return all((v.shape, v.dtype, v.tobytes()) == alike for v in values)
    if isinstance(first, EXACT):
        return all(value == first for value in values)
    return all(value is first for value in values)
