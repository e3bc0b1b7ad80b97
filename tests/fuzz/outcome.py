"""What a call may end in: finite results of the right shape, or an error that names an argument."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn

import sklearn_rnn
from tests.fuzz.unchanged import Surprise

PACKAGES = tuple(str(Path(package.__file__).parent) for package in (sklearn_rnn, sklearn))
FUZZ = str(Path(__file__).parent)
OF_PIPELINE = {"steps", "memory"}

# Messages of scikit-learn that name no argument, each with what they are about.
OF_SKLEARN = {
    "Found input variables with inconsistent numbers of samples": "X, y and sample_weight",
    r"Found array with (0|\d+) (sample|feature)": "X or y",
    "Found array with dim [34]": "X or y",
    "Expected [12]D array, got": "X or y",
    "could not convert string to float": "a word in X or y",
    r"float\(\) argument must be a string or a real number": "an object in X or y",
    "Complex data not supported": "X or y",
    "setting an array element with a sequence": "X or y, of unequal rows",
    "Input should have at least 1 dimension": "a number as y",
    r"^Input contains (NaN|infinity)": "targets, or predictions, of a metric",
    "Cannot have number of (folds=|splits)": "n_splits or cv",
    "dtype='numeric' is not compatible with arrays of bytes/strings": "words in X or y",
    "Unknown label type": "y",
    "Sample weights must contain": "sample_weight",
    "is not fitted yet": "the estimator, by its class",
}


class Told(Exception):
    """An error of a named call, and the names of the arguments that its message may give."""

    def __init__(self, error: Exception, names: set[str]) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error, self.names = error, names


def named(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what the package offers; errors from elsewhere, as of the fuzzer, are not caught."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        files = _files(error)
        if isinstance(error, Surprise) or files[-1].startswith(FUZZ) or not _is_own(files):
            raise
        raise Told(error, _names(function, [*args, *kwargs.values()])) from error


def check_finite(name: str, result: Any, n: int | None, *, missing: bool = False) -> None:
    """Check that a result has a value for each of n samples, and that its numbers are finite."""
    is_list = isinstance(result, list | tuple)
    values = [np.asarray(leaf) for leaf in (_leaves(result) if is_list else [result])]
    size = len(result) if is_list or np.ndim(result) else None
    if n is not None and size != n:
        raise Surprise(f"{name} has {size} rows for {n} samples")
    for part in values:
        if part.dtype.kind in "fc" and not (np.isfinite(part) | (missing & np.isnan(part))).all():
            raise Surprise(f"{name} is not finite: {part.ravel()[:4]}")
        if part.dtype.kind == "O" and len(part) and pd.isna(part.ravel()[0]) is True:
            raise Surprise(f"{name} is missing")


def _leaves(parts: Any) -> Iterable[Any]:
    """Yield what is in lists of lists."""
    for part in parts:
        yield from _leaves(part) if isinstance(part, list | tuple) else [part]


def check_error(error: Exception, names: Iterable[str], *, extreme: bool) -> None:
    """Check that an error is a ValueError or TypeError that names an argument."""
    of_overflow = "overflow|array must not contain infs or NaNs"  # the latter of scipy
    if extreme and (isinstance(error, OverflowError) or re.search(of_overflow, str(error))):
        return
    if not isinstance(error, ValueError | TypeError):
        raise Surprise(f"{type(error).__name__}: {error}") from error
    words = "|".join(map(re.escape, names))
    if not (re.search(rf"(?<![a-zA-Z_])({words})(?![a-zA-Z_])", str(error)) or _is_known(error)):
        raise Surprise(f"{type(error).__name__} names no argument: {error}") from error


def _is_known(error: BaseException) -> bool:
    """Return whether scikit-learn raised an error of a form that is listed above."""
    below = ("/numpy/", "/pandas/", "/scipy/", "<")
    own = [file for file in _files(error) if not any(folder in file for folder in below)]
    from_sklearn = bool(own) and own[-1].startswith(PACKAGES[1])
    return from_sklearn and any(re.search(pattern, str(error)) for pattern in OF_SKLEARN)


def _files(error: BaseException) -> list[str]:
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def _is_own(files: list[str]) -> bool:
    return any(file.startswith(PACKAGES) for file in files)


def _names(function: Callable[..., Any], arguments: list[Any]) -> set[str]:
    """Return the parameters of a function, and those of what it is given or is a method of."""
    given = inspect.signature(function).parameters
    names = {"X", "y", *(name for name, p in given.items() if p.kind < p.VAR_POSITIONAL)}
    names |= {name for name, p in given.items() if p.kind is p.KEYWORD_ONLY}
    for thing in (function, getattr(function, "__self__", None), *arguments):
        for part in thing.values() if isinstance(thing, dict) else [thing]:
            if hasattr(part, "get_params") and not inspect.isclass(part):
                names |= {name.split("__")[-1] for name in part.get_params()} - OF_PIPELINE
            elif type(part).__module__.startswith("sklearn_rnn"):
                names |= vars(part).keys()
    return names
