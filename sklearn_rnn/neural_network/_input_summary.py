"""What a network learns of its inputs before it is trained, as it is merged over pieces of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sequences.scaling import Moments


@dataclass(frozen=True)
class InputSummary:
    """What is learned of sequences of positive weight; see `InputReader`.

    Attributes
    ----------
    missing : ndarray of bool, of shape (n_channels,)
        Channels with missing values that have an indicator.
    moments : Moments or None
        Those of the channels, if they are standardised.
    codes : mapping of int to ndarray
        The codes that occur, by the channels that hold categories.
    tokens : ndarray of bool, of shape (vocabulary_size,)
        Which tokens occur; empty if X holds numbers.
    """

    missing: NDArray[np.bool_] = field(default_factory=partial(np.array, [], np.bool_))
    moments: Moments | None = None
    codes: Mapping[int, NDArray[np.floating]] = field(default_factory=dict)
    tokens: NDArray[np.bool_] = field(default_factory=partial(np.array, [], np.bool_))

    def merged(self, other: InputSummary) -> InputSummary:
        """Return the summary of both."""
        tokens = np.zeros(max(len(self.tokens), len(other.tokens)), dtype=bool)
        for part in (self.tokens, other.tokens):
            tokens[: len(part)] |= part
        moments = self.moments
        if moments is not None and other.moments is not None:
            moments = moments.merged(other.moments)
        codes = {c: np.union1d(self.codes[c], other.codes[c]) for c in self.codes}
        return InputSummary(self.missing | other.missing, moments, codes, tokens)
