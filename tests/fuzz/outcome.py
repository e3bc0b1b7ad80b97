"""What a call may end in: finite results of the right shape, or an error that names an argument."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from tests.fuzz.unchanged import Surprise


def check_finite(name: str, result: Any, n: int | None, *, missing: bool = False) -> None:
    """Check that a result has a value for each of n samples, and that its numbers are finite."""
    if isinstance(result, list | tuple):
        values = [np.asarray(part) for part in result]
    else:
        values = [np.asarray(result)]
    size = len(result) if np.ndim(result) or isinstance(result, list | tuple) else None
    if n is not None and size != n:
        raise Surprise(f"{name} has {size} rows for {n} samples")
    for part in values:
        if part.dtype.kind in "fc" and not (np.isfinite(part) | (missing & np.isnan(part))).all():
            raise Surprise(f"{name} is not finite: {part.ravel()[:4]}")
        if part.dtype.kind == "O" and len(part) and pd.isna(part.ravel()[0]) is True:
            raise Surprise(f"{name} is missing")


def check_error(error: Exception, names: Iterable[str], *, extreme: bool) -> None:
    """Check that an error is a ValueError or TypeError that names an argument."""
    if extreme and (isinstance(error, OverflowError) or "overflow" in str(error)):
        return
    if not isinstance(error, ValueError | TypeError):
        raise Surprise(f"{type(error).__name__}: {error}") from error
    if not _is_named(error, names):
        raise Surprise(f"{type(error).__name__} names no argument: {error}") from error


def _is_named(error: Exception, names: Iterable[str]) -> bool:
    if any(map(_is_of_sklearn, (error, error.__cause__))):
        return True
    words = "|".join(re.escape(name).replace("_", "[_ -]") for name in names)
    return bool(re.search(rf"(?<![a-zA-Z])({words}|columns?|samples)(?![a-zA-Z])", str(error)))


def _is_of_sklearn(error: BaseException | None) -> bool:
    """Return whether scikit-learn raised an error, whose messages name X, y or a parameter."""
    files = [frame.filename for frame in traceback.extract_tb(error and error.__traceback__)]
    below = ("/numpy/", "/pandas/", "/scipy/", "/polars/", "<")
    own = [file for file in files if not any(folder in file for folder in below)]
    return bool(own) and "/sklearn/" in own[-1]
