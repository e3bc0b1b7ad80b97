"""The state of estimators as text of JSON and named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.estimator import Estimator

Arrays = dict[str, NDArray[Any]]


class Parameters(dict[str, NDArray[Any]]):
    """The parameters of a network by name, which are read again as one vector."""


UNNAMED = {"fields", "weights"}
"""Parts of a state that are no part of the names of arrays."""


def to_json(value: Any, arrays: Arrays, path: str = "") -> Any:
    """Return a value as JSON can hold it, and add its numeric arrays to `arrays`, by their path.

    Raises
    ------
    TypeError
        If it is or holds something else than estimators of this package and plain values.
    """
    match value:
        case None | bool() | str():
            return value
        case np.generic():
            return {"scalar": np.array(value).astype(_storable(value.dtype)).item(), **_type(value)}
        case int() | float():
            return value
        case list():
            return [to_json(v, arrays, f"{path}.{i}") for i, v in enumerate(value)]
        case tuple():
            return {"tuple": to_json(list(value), arrays, path)}
        case slice():
            return {"slice": [value.start, value.stop, value.step]}
        case Parameters():
            return {
                "parameters": {k: to_json(v, arrays, _below(path, k)) for k, v in value.items()}
            }
        case dict():
            return {"dict": {k: to_json(v, arrays, _below(path, k)) for k, v in value.items()}}
        case np.ndarray() if value.dtype.kind not in "OUT":
            arrays[path] = np.ascontiguousarray(value).astype(_storable(value.dtype), copy=False)
            return {"array": path, **_type(value)}
        case np.ndarray() | pd.Index():
            items = [to_json(v, arrays, path) for v in value.ravel().tolist()]
            kind = "index" if isinstance(value, pd.Index) else "objects"
            return {kind: items, "shape": value.shape, **_type(value)}
        case Estimator():
            state = {k: to_json(v, arrays, _below(path, k)) for k, v in _state(value).items()}
            return {"estimator": f"{type(value).__module__}:{type(value).__name__}", "state": state}
    raise TypeError(
        f"A file of safetensors holds estimators of sklearn_rnn; got {path or 'the model'} of type "
        f"{type(value).__name__}. skops stores pipelines, and steps of scikit-learn."
    )


def from_json(plain: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return what `to_json` was given."""
    match plain:
        case list():
            return [from_json(v, arrays) for v in plain]
        case {"scalar": value, "dtype": dtype}:
            return np.array(value).astype(dtype)[()]
        case {"tuple": values}:
            return tuple(from_json(values, arrays))
        case {"slice": ends}:
            return slice(*ends)
        case {"dict": values}:
            return {name: from_json(v, arrays) for name, v in values.items()}
        case {"parameters": values}:
            return np.concatenate([from_json(v, arrays).ravel() for v in values.values()])
        case {"array": name, "dtype": dtype}:
            return arrays[name].astype(dtype, copy=False)
        case {"index": values, "dtype": dtype}:
            return pd.Index(from_json(values, arrays), dtype=dtype)
        case {"objects": values, "dtype": dtype, "shape": shape}:
            objects = np.empty(len(values), dtype=dtype)
            objects[:] = from_json(values, arrays)
            return objects.reshape(shape)
        case {"estimator": name, "state": state}:
            estimator = object.__new__(_class(name))
            estimator.__setstate__({k: from_json(v, arrays) for k, v in state.items()})
            return estimator
    return plain


def _state(estimator: Estimator) -> dict[str, Any]:
    """Return the state of an estimator, in which the parameters of networks have names."""
    state = estimator.__getstate__()
    if "net_" in state:
        state["net_"] = _named(state["net_"], estimator)
    if "members_" in state:
        pairs = zip(state["members_"], estimator.members_, strict=True)
        state["members_"] = [{**m, "net_": _named(m["net_"], member)} for m, member in pairs]
    return state


def _named(stored: dict[str, Any], estimator: Any) -> dict[str, Any]:
    """Return a stored network with its parameters by name, in place of one vector."""
    named = estimator.net_.module_.named_parameters()
    return {**stored, "weights": Parameters((n, p.detach().cpu().numpy()) for n, p in named)}


def _class(name: str) -> type[Estimator]:
    """Return a class of estimators of this package; no name gives anything else."""
    module, _, attribute = name.partition(":")
    kind = None
    if module.startswith("sklearn_rnn."):
        kind = getattr(import_module(module), attribute, None)
    if not (isinstance(kind, type) and issubclass(kind, Estimator)):
        raise ValueError(f"{name!r} is no estimator of sklearn_rnn; the file was not made by it.")
    return kind


def _below(path: str, name: str) -> str:
    """Return the path of a part of a value."""
    return path if name in UNNAMED else f"{path}.{name}".removeprefix(".")


def _storable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a type that a file can hold: integers, for times and their differences."""
    return np.dtype(np.int64) if dtype.kind in "mM" else dtype


def _type(value: Any) -> dict[str, str]:
    return {"dtype": str(value.dtype)}
