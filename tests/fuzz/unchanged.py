"""Whether a call changed what it was given, or what belongs to the whole process."""

from __future__ import annotations

import os
import pickle
import random
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import sklearn
import torch
from scipy import sparse
from sklearn.base import BaseEstimator


class Surprise(AssertionError):
    """What the fuzzer looks for."""


@contextmanager
def unchanged(things: dict[str, Any]) -> Iterator[None]:
    """Raise a Surprise if the block changes things, or the state of the process."""
    before, state = {name: frozen(thing) for name, thing in things.items()}, process_state()
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
    after, now = {name: frozen(thing) for name, thing in things.items()}, process_state()
    changed = [name for name in before if before[name] != after[name]]
    changed += [name for name in state if state[name] != now[name]]
    if changed:
        raise Surprise(f"changed: {', '.join(changed)}") from error
    if error is not None:
        raise error


def process_state() -> dict[str, Any]:
    """Return what a call must leave alone, in a form that can be compared."""
    return {
        "generator of random": random.getstate(),
        "generator of numpy": pickle.dumps(np.random.mtrand._rand.get_state()),
        "generator of torch": torch.get_rng_state().numpy().tobytes(),
        "warning filters": list(warnings.filters),
        "threads of torch": (torch.get_num_threads(), threads_of_a_new_thread()),
        "running threads": threading.active_count(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "dtype of torch": torch.get_default_dtype(),
        "determinism of torch": torch.are_deterministic_algorithms_enabled(),
        "error state of numpy": np.geterr(),
        "configuration of scikit-learn": sklearn.get_config(),
        "environment": dict(os.environ),
        "working folder": os.getcwd(),
    }


def threads_of_a_new_thread() -> int:
    """Return the number of threads that torch uses in a thread that starts now."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def frozen(thing: Any) -> Any:
    """Return the content of an argument or of an estimator's parameters, to compare later."""
    if isinstance(thing, BaseEstimator):
        values = {name: frozen(value) for name, value in thing.get_params(deep=False).items()}
        return type(thing), {name: id(value) for name, value in thing.get_params().items()}, values
    if isinstance(thing, np.random.RandomState):
        return id(thing)  # it is there to be drawn from
    if isinstance(thing, pd.Series):
        return thing.name, frozen(thing.to_frame("values"))
    if isinstance(thing, pd.DataFrame):
        values = thing.to_numpy(dtype=object)
        return [*thing.columns], [*thing.dtypes], _pickled(values), _pickled(thing.index.tolist())
    if isinstance(thing, pl.LazyFrame):
        return frozen(thing.collect())
    if isinstance(thing, pl.DataFrame):
        return thing.schema, _pickled(thing.to_dict(as_series=False))
    if isinstance(thing, pl.Series):
        return thing.dtype, _pickled(thing.to_list())
    if sparse.issparse(thing):
        return type(thing), [_pickled(part) for part in (thing.data, thing.indices, thing.indptr)]
    if isinstance(thing, np.ndarray):
        return thing.dtype, thing.shape, thing.strides, _pickled(np.array(thing, subok=False))
    if isinstance(thing, dict):
        return {name: frozen(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [frozen(value) for value in thing]
    return _pickled(thing)


def _pickled(thing: Any) -> Any:
    try:
        return pickle.dumps(thing)
    except (pickle.PicklingError, AttributeError, TypeError):
        return id(thing)
