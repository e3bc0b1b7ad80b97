"""Tokens: non-negative integers, one at each step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.windows import Windows


def as_tokens(sequences: Windows | Ragged) -> Windows | Ragged:
    """Return the same sequences over rows of integers."""
    rows = sequences.rows
    if rows.shape[1] != 1:
        raise ValueError(f"X must hold one token at each step; got {rows.shape[1]} channels.")
    tokens = rows if rows.dtype.kind == "i" else np.nan_to_num(rows, nan=-1)
    tokens = tokens.astype(np.int64, copy=False)
    if tokens.min(initial=0) < 0 or (tokens is not rows and (tokens != rows).any()):
        raise ValueError(
            "X must hold tokens, which are non-negative integers; got other numbers. Unset "
            "vocabulary_size and embedding_dim if they are measurements."
        )
    return replace(sequences, rows=tokens)
