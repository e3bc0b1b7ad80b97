"""Rows of any container."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import safe_indexing


def take_rows(data: Any, rows: NDArray[np.intp]) -> Any:
    """Return rows of any container; contiguous ones by a slice, so that windows stay views."""
    contiguous = len(rows) > 0 and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows)))
    # polars returns no rows for a slice of numpy's integers
    part = slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows
    return safe_indexing(data, part)
