"""One warning of all forecasts of a call whose lags are filled, since rows are missing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sklearn_rnn.exceptions import IncompleteWindowsWarning

N_NAMED = 3
"""How many of the rows are named."""

_OPEN: ContextVar[tuple[dict[Any, None], set[Any]] | None] = ContextVar("_OPEN", default=None)
# The first rows ahead that have incomplete windows, and all, of the outermost block.


@contextmanager
def gaps_in_one_warning(stacklevel: int = 4) -> Iterator[None]:
    """Warn once after this block of what `note_gaps` is told in it, also by blocks inside."""
    if _OPEN.get() is not None:
        yield
        return
    gaps: tuple[dict[Any, None], set[Any]] = {}, set()
    token = _OPEN.set(gaps)
    try:
        yield
    finally:
        _OPEN.reset(token)
    incomplete, every = list(gaps[0]), gaps[1]
    if incomplete:
        more = len(incomplete) - N_NAMED
        rows = ", ".join(map(str, incomplete[:N_NAMED])) + f" and {more} more" * (more > 0)
        warnings.warn(
            f"Lags are filled in the forecasts from {len(incomplete)} of {len(every)} ends of "
            f"series, since rows are missing before {rows}; give the missing rows, with NaN for "
            "what is not known, as table.asfreq(...) or, of a panel, "
            "table.groupby(...).resample(...).asfreq() does, or set lag_unit='rows' so that lags "
            "count existing rows.",
            IncompleteWindowsWarning,
            stacklevel=stacklevel,
        )


def note_gaps(incomplete: Iterable[Any], every: Iterable[Any]) -> None:
    """Note the first rows ahead whose windows are incomplete, and all, by series and time."""
    gaps = _OPEN.get()
    assert gaps is not None, "forecasts are made in a block of gaps_in_one_warning"
    gaps[0].update(dict.fromkeys(incomplete))
    gaps[1].update(every)
