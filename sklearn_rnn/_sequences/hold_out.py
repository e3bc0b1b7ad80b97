"""The last samples of each series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def last_of_each(
    series: NDArray[np.intp], time: NDArray[np.intp], fraction: float
) -> NDArray[np.bool_]:
    """Return which samples are the last of their series in time.

    Parameters
    ----------
    series : ndarray of int, of shape (n_samples,)
        The series of each sample.
    time : ndarray of int, of shape (n_samples,)
        Numbers that increase with time within each series.
    fraction : float
        The share of the samples of each series. The total is rounded up, not that of each series,
        and at least one sample is not among the last.

    Returns
    -------
    ndarray of bool, of shape (n_samples,)
        True for the last samples.
    """
    _, codes, sizes = np.unique(series, return_inverse=True, return_counts=True)
    ends = np.ceil(fraction * np.cumsum(sizes)).astype(np.intp)
    n_last = np.diff(np.minimum(ends, len(series) - 1), prepend=0)
    still_to_come = np.empty(len(series), dtype=np.intp)
    order = np.lexsort((time, codes))
    still_to_come[order] = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(series))
    return np.asarray(still_to_come <= n_last[codes])
