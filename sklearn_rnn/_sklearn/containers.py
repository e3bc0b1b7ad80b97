"""Containers of other packages: read, or refused with the call that gives one that is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn import get_config


def check_is_read(values: Any, name: str = "X") -> None:
    """Check that an argument holds its values in memory, in a form that is read.

    Parameters
    ----------
    values : object
        A table, an array or a list; of polars, arrow, dask, xarray, Spark or torch, too.
    name : str, default="X"
        Name of the argument.

    Raises
    ------
    TypeError
        If it is a table whose values are still to be read or computed, a container whose rows are
        not found by position, or a tensor of which numpy has no view. The message has the call
        that gives what is read.
    """
    call = _call_to_make(values)
    if call is not None:
        raise TypeError(
            f"{name} must hold its values; got a {_type_name(values)}: give {name}.{call}."
        )


def check_keeps_labels(values: Any, name: str = "X") -> None:
    """Check that rows of channels are no DataArray, whose times and names would be lost.

    Raises
    ------
    TypeError
        If a DataArray of xarray has one dimension or two and any coordinates, or holds times along
        the last of three dimensions, which is that of the channels.
    """
    dims = getattr(values, "dims", None)
    if not (isinstance(dims, tuple) and dims and hasattr(values, "coords")):
        return
    if len(dims) <= 2 and len(values.coords):
        call = "to_pandas()" if len(dims) == 2 else "to_series().to_frame()"
        raise TypeError(
            f"{name} is a DataArray with the coordinates {list(values.coords)}, which an array has "
            f"not; give {name}.{call}."
        )
    if len(dims) == 3 and _holds_times(values.coords.get(dims[2])):
        raise TypeError(
            f"The last dimension of {name} holds channels, but {dims[2]!r}, the last of the "
            f"DataArray, has times; give {name}.transpose({dims[0]!r}, {dims[2]!r}, {dims[1]!r})."
        )


def as_numpy(values: Any, name: str = "X") -> Any:
    """Return an array of another library as one of numpy, and anything else that is read as it is.

    Without scikit-learn's `array_api_dispatch` it would be converted by its checks; with it these
    would go on in that library.
    """
    check_is_read(values, name)
    if not get_config()["array_api_dispatch"] or isinstance(values, np.ndarray):
        return values
    is_array = hasattr(values, "__array_namespace__") or isinstance(values, torch.Tensor)
    return np.asarray(values) if is_array and not hasattr(values, "columns") else values


def _call_to_make(values: Any) -> str | None:
    """Return the method that gives a container that is read, if this one is not."""
    if isinstance(values, torch.Tensor):
        steps = {"detach()": values.requires_grad, "cpu()": values.device.type != "cpu"}
        return ".".join(step for step, is_needed in steps.items() if is_needed) or None
    if _package(values) == "dask":
        sizes = getattr(values, "shape", None)  # of an array alone they are numbers, if known
        is_sized = isinstance(sizes, tuple) and all(isinstance(size, int) for size in sizes)
        return None if is_sized else "compute()"
    calls = {
        "data_vars": "to_dataframe()",  # Dataset of xarray
        "toPandas": "toPandas()",  # DataFrame of Spark
        "collect": "collect()",  # LazyFrame of polars
    }
    if hasattr(values, "column_names") and hasattr(values, "to_pandas"):  # Table of arrow
        return "to_pandas()"
    return next((call for name, call in calls.items() if hasattr(values, name)), None)


def _type_name(values: Any) -> str:
    """Return the name of a type, after that of its package if it would be taken for another's."""
    package, name = _package(values), type(values).__name__
    return f"{package} {name}" if package in ("dask", "pyarrow", "torch") else name


def _package(values: Any) -> str:
    return type(values).__module__.partition(".")[0]


def _holds_times(coordinate: Any) -> bool:
    return coordinate is not None and coordinate.dtype.kind in "mM"
