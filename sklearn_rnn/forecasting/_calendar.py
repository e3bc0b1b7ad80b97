"""The calendar of an index: the times that follow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

N_SAMPLES, SAMPLE_SIZE = 20, 10
"""Number and size of the parts of an index from which frequencies are inferred."""

MIN_COVERAGE = 0.5
"""Smallest share of the times of a calendar that the index must contain."""

TOLERANCE = 1e-6
"""Relative rounding errors of decimal numbers, such as 0.30000000000000004."""


def find_frequency(index: Any) -> Any:
    """Return the frequency of an index, which may lack some of its times.

    Parameters
    ----------
    index : Index
        Sorted numbers, times, periods or durations without duplicates.

    Returns
    -------
    offset, timedelta, number or None
        The step from one time to the next; None if no calendar is found: all times must be on it,
        and at least half of its times in the index.

    Raises
    ------
    ValueError
        If there are fewer than two rows.
    """
    freq = getattr(index, "freq", None)
    if freq is not None:
        return freq
    if len(index) < 2:
        raise ValueError(
            f"X must have at least two rows to determine the step of its index; got {len(index)}."
        )
    if isinstance(index, pd.DatetimeIndex):
        return _find_offset(index)
    steps = pd.Series(index[1:] - index[:-1])
    step = steps.median() if steps.dtype.kind == "f" else steps.mode()[0]
    multiples = np.asarray(steps / step, dtype=float)
    is_regular = np.abs(multiples - multiples.round()).max() < TOLERANCE * len(index)
    return step if is_regular and multiples.mean() * MIN_COVERAGE <= 1 else None


def continue_index(index: Any, freq: Any, n_times: int) -> pd.Index[Any]:
    """Return the next times of a calendar after the end of an index."""
    last: Any = index[-1]
    if isinstance(index, pd.DatetimeIndex):  # days of a time zone may have 23 or 25 hours
        following = pd.date_range(last, periods=n_times + 1, freq=freq)
        following = following[following > last][:n_times]
    else:
        following = pd.Index([last + k * freq for k in range(1, n_times + 1)])
    return following.rename(index.name)


def _find_offset(index: pd.DatetimeIndex) -> Any:
    """Return the candidate whose calendar has the fewest times that are not in the index."""
    best, offset = 0.0, None
    for candidate in _candidates(index):
        coverage = _coverage(index, candidate)
        if coverage == 1.0:
            return candidate
        if coverage >= MIN_COVERAGE and coverage > best:
            best, offset = coverage, candidate
    return offset


def _candidates(index: pd.DatetimeIndex) -> Iterator[Any]:
    """Yield frequencies of parts of an index, and months, quarters and years from any day."""
    starts = np.linspace(0, max(len(index) - SAMPLE_SIZE, 0), N_SAMPLES, dtype=int)
    parts = [index, *(index[start : start + SAMPLE_SIZE] for start in np.unique(starts))]
    parts += [part[SAMPLE_SIZE // 2 :] for part in parts[1:]]
    inferred = (pd.DatetimeIndex(part, freq="infer").freq for part in parts if len(part) > 2)
    yield from dict.fromkeys(freq for freq in inferred if freq is not None)
    yield from (pd.DateOffset(months=months) for months in (1, 3, 12))
    yield pd.Series(index[1:] - index[:-1]).mode()[0]


def _coverage(index: pd.DatetimeIndex, freq: Any) -> float:
    """Return the share of the times of a calendar that an index contains; 0 if one is not on it."""
    calendar = pd.date_range(index[0], index[-1], freq=freq)
    return len(index) / len(calendar) if index.isin(calendar).all() else 0.0
