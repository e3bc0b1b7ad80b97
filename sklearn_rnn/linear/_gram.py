"""The Gram matrix of the lags of a series, without its windows.

Of a run of evenly spaced windows all lags but those at the ends of the run stand in several
columns. With x(i, a) lag a of window i, and u windows as far apart as v lags,

    x(i, a + v) = x(i + u, a),

so the block (a + v, b + v) of the Gram matrix has the terms of block (a, b) without those of the
first u windows, and u further ones. The terms that all blocks of a diagonal share are summed once,
for the first v rows of blocks; the terms of the ends are added along the diagonals. There is no
subtraction: a large value at one end loses no digits of columns that do not contain it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.validation import check_memory
from sklearn_rnn.linear._design import Design, FloatArray, centered

CHUNK_VALUES = 2**15
"""Values of the rows that are centred at a time: they stay in the cache."""


@dataclass(frozen=True)
class Shift:
    """How many windows are as far apart as how many lags."""

    windows: int
    lags: int

    @classmethod
    def of(cls, spacing: int, step: int) -> Shift:
        """Return the smallest shift, by the spacing of windows and of lags in rows."""
        common = gcd(spacing, step)
        return cls(step // common, spacing // common)

    def is_worthwhile(self, n_windows: int, n_lags: int) -> bool:
        """Say whether a run is long enough: its ends cost as much as `n_ends` windows."""
        n_ends = 2 * self.windows * -(-n_lags // self.lags)
        return self.lags < n_lags and n_windows >= n_ends


def find_runs(first: NDArray[np.intp], spacing: int) -> list[slice]:
    """Return the runs of evenly spaced windows, whose first rows are sorted."""
    breaks = np.flatnonzero(np.diff(first) != spacing) + 1
    edges = [0, *breaks.tolist(), len(first)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def usual_spacing(first: NDArray[np.intp]) -> int:
    """Return the most frequent distance between consecutive windows, at least 1."""
    counts = np.bincount(np.diff(first)) if len(first) > 1 else np.zeros(2)
    counts[0] = 0
    return max(1, int(np.argmax(counts)))


def gram_and_products(
    design: Design, target: FloatArray, weight: FloatArray | None, center: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the Gram matrix of the centred design, and its products with targets.

    Parameters
    ----------
    design : Design
        Windows in any order.
    target : ndarray of shape (n_windows, k)
        Right-hand sides.
    weight : ndarray of shape (n_windows,) or None
        Weights of the windows; None means one each.
    center : ndarray of shape (n_channels,)
        Subtracted from each row, before any product.

    Returns
    -------
    gram : ndarray of shape (n_columns, n_columns)
        The sum of the products of columns.
    products : ndarray of shape (n_columns, k)
        The sum of the products of columns and targets.
    """
    size = design.n_columns
    check_memory(
        8 * size**2, f"the Gram matrix of {size} columns (lags times channels; give fewer)"
    )
    gram, products = np.zeros((size, size)), np.zeros((size, target.shape[1]))
    if (np.diff(design.first) < 0).any():
        order = np.argsort(design.first, kind="stable")
        design, target = design.take(order), target[order]
        weight = None if weight is None else weight[order]
    rest = np.ones(len(design), dtype=bool)
    if weight is None:
        spacing = usual_spacing(design.first)
        shift = Shift.of(spacing, design.step)
        blocks = gram.reshape(design.n_lags, design.n_channels, design.n_lags, design.n_channels)
        for run in find_runs(design.first, spacing):
            if shift.is_worthwhile(run.stop - run.start, design.n_lags):
                _add_run(design.take(run), target[run], shift, center, blocks, products)
                rest[run] = False
        for a in range(design.n_lags):
            blocks[a + 1 :, :, a] = blocks[a, :, a + 1 :].transpose(1, 2, 0)
    design, target = design.take(rest), target[rest]
    for part, block in design.blocks(center):
        weighted = block if weight is None else block * np.sqrt(weight[part, np.newaxis])
        gram += weighted.T @ weighted
        scaled = target[part] if weight is None else target[part] * weight[part, np.newaxis]
        products += block.T @ scaled
    return gram, products


def _add_run(
    run: Design,
    target: FloatArray,
    shift: Shift,
    center: FloatArray,
    blocks: FloatArray,
    products: FloatArray,
) -> None:
    """Add the blocks (a, b) with b >= a of a run of windows, and its products with targets."""
    shared = _shared_terms(run, target, shift, center, products)
    for a in range(run.n_lags):
        base = a % shift.lags
        blocks[a, :, a:] += shared[base, :, base : run.n_lags - (a - base)]
    _add_ends(run, shift, center, blocks)


def _shared_terms(
    run: Design, target: FloatArray, shift: Shift, center: FloatArray, products: FloatArray
) -> FloatArray:
    """Sum the terms that all blocks of a diagonal share, for its first block.

    Adds the products of lags and targets in the same pass over the rows.
    """
    n_lags, n_channels = run.n_lags, run.n_channels
    by_lag = products.reshape(n_lags, n_channels, -1)
    shared = np.zeros((shift.lags, n_channels, n_lags, n_channels))
    spacing = int(run.first[1] - run.first[0])
    starts = [shift.windows * ((n_lags - 1 - b) // shift.lags) for b in range(n_lags)]
    size = max(CHUNK_VALUES // n_channels, run.span) // spacing + 1
    for begin in range(0, len(run), size):
        end = min(begin + size, len(run))
        rows = run.read(slice(run.first[begin], run.first[end - 1] + run.span + 1))
        rows = centered(rows, center)
        stop = spacing * (end - 1 - begin) + 1
        lags = [rows[b * run.step : b * run.step + stop : spacing] for b in range(n_lags)]
        first = np.hstack([*lags[: shift.lags], target[begin:end]])
        for b, lag in enumerate(lags):
            skipped = min(max(0, starts[b] - begin), len(lag))
            sums = first[skipped:].T @ lag[skipped:]
            for a in range(min(shift.lags, b + 1)):
                shared[a, :, b] += sums[a * n_channels : (a + 1) * n_channels]
            by_lag[b] += sums[shift.lags * n_channels :].T
            if skipped:
                by_lag[b] += lag[:skipped].T @ target[begin : begin + skipped]
    return shared


def _add_ends(run: Design, shift: Shift, center: FloatArray, blocks: FloatArray) -> None:
    """Add the terms of the first and the last windows of a run, along the diagonals."""
    n_lags, n_channels, v = run.n_lags, run.n_channels, shift.lags
    ends = slice(0, shift.windows), slice(len(run) - shift.windows, len(run))
    head, tail = (run.block(end, center).reshape(-1, n_lags, n_channels) for end in ends)
    sums = np.zeros((v, n_channels, n_lags, n_channels))
    for a in range(n_lags - 1 - v, -1, -1):  # the sum over a, a + v, a + 2 v, ...
        ahead = sums[a % v, :, a + v :].copy()
        sums[a % v, :, a : n_lags - v] = ahead + _outer(head[:, a], head[:, a : n_lags - v])
        sums[a % v, :, n_lags - v :] = 0.0
        blocks[a, :, a : n_lags - v] += sums[a % v, :, a : n_lags - v]
    sums[:] = 0.0
    for a in range(v, n_lags):  # the sum over a, a - v, a - 2 v, ...
        behind = sums[a % v, :, a - v : n_lags - v].copy()
        sums[a % v, :, a:] = behind + _outer(tail[:, a], tail[:, a:])
        blocks[a, :, a:] += sums[a % v, :, a:]


def _outer(one: FloatArray, several: FloatArray) -> FloatArray:
    """Sum the outer products of a lag and several: (n, p) and (n, m, p) give (p, m, p)."""
    n, m, p = several.shape
    return (one.T @ several.reshape(n, m * p)).reshape(p, m, p)
