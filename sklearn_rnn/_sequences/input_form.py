"""How an estimator reads X, and what X was in `fit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sklearn_rnn._sequences.categories import Labels
from sklearn_rnn._sequences.lag_names import LagColumns


@dataclass(frozen=True)
class Reading:
    """How an estimator reads X.

    Attributes
    ----------
    n_channels : int or None
        Channels of each step of a 2-D X; None to take them from names of columns such as
        ``price_lag3``, and without such names as `is_table` says.
    missing : {"refused", "values", "steps"}
        What NaN is: an error; a missing value; or a missing value, and an absent step (padding)
        where all channels of steps at an end of a sequence are NaN.
    tokens : bool
        Whether X holds tokens: non-negative integers, of which 0 is padding.
    why : str
        Why a network needs sequences of one length that otherwise does not: the start of a clause
        of error messages, with a space at its end.
    all_missing : {"absent", "value", "auto"}
        With ``missing="steps"``, what a step at an end of a sequence is where all channels are NaN:
        absent, or a step at its place whose values are missing. "auto" keeps such steps in windows
        that share rows, as those of a series do, or have columns named by lags: the lags of the
        other steps would be shifted otherwise.
    is_table : bool
        Whether all columns of a 2-D X are channels of one step, and not steps of one channel, if
        neither `n_channels` nor names tell: so networks read it whose inputs all have weights of
        their own.
    reads_names : bool
        Whether names of columns are read.
    needs_numbers : str or None
        What cannot read categories, for the error about them, empty for the estimator; None if it
        reads them.
    """

    n_channels: int | None = None
    missing: str = "refused"
    tokens: bool = False
    why: str = ""
    all_missing: str = "absent"
    is_table: bool = False
    reads_names: bool = True
    needs_numbers: str | None = ""


@dataclass(frozen=True)
class InputForm:
    """What X was in `fit`, and what it has to be from then on.

    Attributes
    ----------
    n_features : int
        Columns of a 2-D X, channels of any other.
    n_channels : int
        Channels of each step.
    n_steps : int
        Steps of the longest sequence, without padding.
    is_list : bool
        Whether X was a list of sequences.
    keeps_missing_steps : bool
        Whether steps with all channels NaN are missing values, and not absent.
    columns : LagColumns or None
        Channels, lags and order of the columns of a 2-D X, if their names give them.
    channels : tuple of str or None
        Names of the channels of windows that know them.
    categories : Labels
        Labels of the channels of windows that hold categories.
    lags : tuple of tuple of int, or None
        The lags of the channels, for each step of windows that know them.
    """

    n_features: int
    n_channels: int
    n_steps: int
    is_list: bool
    keeps_missing_steps: bool = False
    columns: LagColumns | None = None
    channels: tuple[str, ...] | None = None
    categories: Labels = field(default_factory=dict)
    lags: tuple[tuple[int, ...], ...] | None = None


def channel_lags(windows: Any) -> tuple[tuple[int, ...], ...]:
    """Return the lag of each channel at each step of a `WindowArray`, oldest first."""
    ahead = [windows.delay * (c in windows.origin.known_ahead) for c in range(windows.shape[2])]
    return tuple(tuple(lag - early for early in ahead) for lag in windows.lags.tolist())
