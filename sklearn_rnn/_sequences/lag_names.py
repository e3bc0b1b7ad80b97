"""Column names with channel and lag, as `LagTransformer` and other packages give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAG_NAME = re.compile(r"(?:(?P<channel>.+)_)?lag_?(?P<lag>\d+)", re.IGNORECASE)
"""``volume_lag3``, ``volume_lag_3``, and without the name of a channel ``lag_3`` and ``lag3``."""

Lags = Mapping[str, Mapping[int, int]]
"""The position of the column of each lag, by channel."""


@dataclass(frozen=True, eq=False)
class LagColumns:
    """Channels and lags from the names of columns.

    Attributes
    ----------
    channels : tuple of str
        Names of the channels, in the order in which they first appear; "" for ``lag_1``.
    order : ndarray of int, of shape (n_columns,)
        Positions of the columns as a network reads them: one block of channels for each step,
        oldest first.
    lags : ndarray of int, of shape (n_steps, n_channels)
        The lag of each channel at each step.
    """

    channels: tuple[str, ...]
    order: NDArray[np.intp]
    lags: NDArray[np.intp]

    @property
    def is_ordered(self) -> bool:
        """Whether the columns already stand in this order."""
        return bool((self.order == np.arange(len(self.order))).all())


def read_lag_names(names: Sequence[Any] | None, n_channels: int | None = None) -> LagColumns | None:
    """Return the channels and the order of columns that are named by their lags.

    The lags of a channel may be any, such as 1, 2, 7; those of the other channels are the same, or
    all shifted by the same number, as those of known future covariates are.

    Parameters
    ----------
    names : sequence, or None
        Names of the columns of a table; None if it has none.
    n_channels : int or None
        The number of channels that was declared, if one was.

    Returns
    -------
    LagColumns or None
        None if no column is named by a lag.

    Raises
    ------
    ValueError
        If only some columns are named by lags, if channels have different lags, or if the names
        tell another number of channels than `n_channels`. The message names columns and remedy.

    Examples
    --------
    >>> from sklearn_rnn._sequences.lag_names import read_lag_names
    >>> read_lag_names(["lag_1", "lag_2", "lag_3"]).order
    array([2, 1, 0])
    >>> read_lag_names(["a_lag2", "day_lag1", "a_lag1", "day_lag0"]).channels
    ('a', 'day')
    """
    names = [] if names is None else list(names)
    lags, others = columns_by_lag(names)
    if not lags:
        return None
    if others:
        unnamed = [names[position] for position in others]
        first = next(name for position, name in enumerate(names) if position not in others)
        raise ValueError(
            f"X has columns named by lags, such as {first!r}, and others: {_listed(unnamed)}. "
            f"Leave the others out, give the same lags of each ({unnamed[0]}_lag1, ...), or pass X "
            "without names and set n_channels."
        )
    _check_alike(lags)
    if n_channels not in (None, len(lags)):
        raise ValueError(
            f"n_channels={n_channels}, but the columns of X are lags of {_number(lags)}: "
            f"{_listed([name or 'lag' for name in lags])}. Leave n_channels at None, or pass X "
            "without names."
        )
    by_step = np.array([sorted(of_lag, reverse=True) for of_lag in lags.values()]).T
    order = [
        of_lag[lag] for step in by_step for of_lag, lag in zip(lags.values(), step, strict=True)
    ]
    return LagColumns(tuple(lags), np.array(order, dtype=np.intp), by_step)


def columns_by_lag(names: Sequence[Any]) -> tuple[Lags, list[int]]:
    """Return the positions of columns by channel and lag, and of those not named by a lag."""
    lags: dict[str, dict[int, int]] = {}
    others = []
    for position, name in enumerate(names):
        match = LAG_NAME.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            others.append(position)
            continue
        channel = lags.setdefault(match["channel"] or "", {})
        if int(match["lag"]) in channel:
            raise ValueError(f"X has several columns for the lag of {name!r}; keep one.")
        channel[int(match["lag"])] = position
    return lags, others


def has_lag_names(names: Iterable[Any]) -> bool:
    """Return whether all columns of a table are named by lags."""
    return all(isinstance(n, str) and LAG_NAME.fullmatch(n) for n in names)


def have_equal_lags(lags: Lags) -> bool:
    """Return whether all channels have the same lags, up to a shift."""
    return _differing(lags) is None


def _differing(lags: Lags) -> tuple[str, str] | None:
    """Return the first channel and one that has other lags, also if they are shifted."""
    first, *others = lags
    for name in others:
        shift = min(lags[first]) - min(lags[name])
        if {lag + shift for lag in lags[name]} != set(lags[first]):
            return first, name
    return None


def _check_alike(lags: Lags) -> None:
    """Check that all channels have the same lags, up to a shift."""
    if (differing := _differing(lags)) is not None:
        first, name = differing
        raise ValueError(
            f"X has the lags {_listed(sorted(lags[first]))} of {first or 'lag'!r}, but "
            f"{_listed(sorted(lags[name]))} of {name or 'lag'!r}. Give the same lags of each "
            "channel, or pass X without names and set n_channels."
        )


def _number(lags: Lags) -> str:
    return "1 channel" if len(lags) == 1 else f"{len(lags)} channels"


def _listed(items: Sequence[Any], most: int = 5) -> str:
    """Return the first items in words."""
    text = ", ".join(repr(item) for item in items[:most])
    return f"{text}, ..." if len(items) > most else text


def channel_names(names: Iterable[Any] | None, n_channels: int) -> list[str]:
    """Return names of channels as text; x0, x1, ... if there are none, or not one for each."""
    texts = [] if names is None else [str(name) for name in names]
    return texts if len(texts) == n_channels else [f"x{i}" for i in range(n_channels)]
