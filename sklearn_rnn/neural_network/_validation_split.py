"""The split for early stopping: which samples are held out for validation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from sklearn_rnn._sequences.hold_out import last_of_each
from sklearn_rnn._sequences.training_data import Data

Split = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Samples to train on, and samples for validation."""

N_DRAWS = 50
"""Random orders of the groups from which those to hold out are chosen, of many groups fewer."""


def hold_out_last(
    rows: NDArray[np.intp], data: Data, fraction: float, *, keep_classes: bool = False
) -> Split:
    """Hold out the last samples for validation, of each series if there are several.

    Parameters
    ----------
    rows : ndarray of int
        Samples with a positive weight, in time order unless the data have an order of their own.
    data : Data
        What they are samples of.
    fraction : float
        The share to set aside.
    keep_classes : bool, default=False
        Whether samples of a class are kept for training that would lose all of them. If none is
        left to hold out, the last samples of each class are.

    Returns
    -------
    Split
        Samples to train on, and samples for validation.
    """
    series = np.zeros(len(rows), dtype=np.intp) if data.series is None else data.series[rows]
    time = np.arange(len(rows)) if data.order is None else data.order[rows]
    held = last_of_each(series, time, fraction)
    if keep_classes:
        codes = data.target[rows].ravel()
        held &= np.isin(codes, codes[~held])
        if not held.any() and len(np.unique(codes)) > 1:  # the last rows of each class
            series = np.zeros(data.sequences.n_windows, dtype=np.intp)
            series[rows] = np.unique(codes, return_inverse=True)[1]
            return hold_out_last(rows, replace(data, series=series), fraction)
    if not held.any():
        raise ValueError(
            f"early_stopping=True needs at least two samples; got {len(rows)} with "
            f"validation_fraction={fraction}."
        )
    return rows[~held], rows[held]


def hold_out_random(
    rows: NDArray[np.intp],
    data: Data,
    fraction: float,
    rng: np.random.RandomState,
    *,
    stratified: bool,
) -> Split:
    """Hold out random samples for validation, with the same share of each class if possible.

    Classes with a single member are kept for training. With more classes than samples in a part
    the classes are not balanced.

    Parameters
    ----------
    rows : ndarray of int
        Samples with a positive weight.
    data : Data
        What they are samples of.
    fraction : float
        The share to set aside.
    rng : RandomState
        Source of the samples.
    stratified : bool
        Whether each sample has one class, by which to balance.

    Returns
    -------
    Split
        Samples to train on, and samples for validation.
    """
    singles, strata, n_classes = rows[:0], None, 1
    if stratified:
        _, codes, counts = np.unique(data.target[rows], return_inverse=True, return_counts=True)
        single = counts[codes.ravel()] == 1
        singles, rows = rows[single], rows[~single]
        n_classes = int((counts > 1).sum())
    n_held = int(np.ceil(fraction * len(rows)))
    if not 0 < n_held < len(rows):
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction} of "
            f"{len(rows)} samples (classes with a single member are not counted); pass X_val "
            "and y_val to fit, or set early_stopping=False."
        )
    if stratified and min(n_held, len(rows) - n_held) >= n_classes:
        strata = data.target[rows]
    kept, held = train_test_split(rows, test_size=n_held, random_state=rng, stratify=strata)
    return np.sort(np.concatenate([singles, kept])), np.sort(held)


def hold_out_groups(
    rows: NDArray[np.intp],
    data: Data,
    fraction: float,
    rng: np.random.RandomState,
    *,
    stratified: bool,
) -> Split:
    """Hold out random groups for validation, with about the same share of each class.

    In each of `N_DRAWS` random orders the first groups with the share of the samples are candidates
    (``GroupShuffleSplit`` counts groups, whose sizes may differ), of which those are held out that
    are nearest to the share of each class. A class keeps a group for training.

    Parameters
    ----------
    rows : ndarray of int
        Samples with a positive weight.
    data : Data
        What they are samples of, with groups.
    fraction : float
        The share to set aside.
    rng : RandomState
        Source of the orders.
    stratified : bool
        Whether each sample has one class, by which to balance.

    Returns
    -------
    Split
        Samples to train on, and samples for validation.

    Raises
    ------
    ValueError
        If no group can be held out, or a group divides a series of windows.
    """
    assert data.groups is not None
    _check_series_are_whole(data, rows)
    groups = np.unique(data.groups[rows], return_inverse=True)[1]
    codes = data.target[rows].ravel() if stratified else np.zeros(len(rows))
    classes = np.unique(codes, return_inverse=True)[1]
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1)
    needed = (counts == counts.sum(axis=0)).any(axis=1)  # groups with all samples of a class
    if needed.all():
        what = "two groups" if len(counts) < 2 else "a class in each group that others have, too"
        raise ValueError(
            f"early_stopping holds out whole groups, which needs at least {what}; groups has "
            f"{len(counts)}. Give more groups, X_val and y_val, or set early_stopping=False."
        )
    n_held, wanted = np.ceil(fraction * len(rows)), fraction * counts.sum(axis=0)

    def draw() -> NDArray[np.intp]:
        order = rng.permutation(len(counts))
        order = order[np.argsort(needed[order], kind="stable")]
        remaining = counts.sum(axis=0) - counts[order].cumsum(axis=0)
        order = order[~((counts[order] > 0) & (remaining == 0)).any(axis=1)]  # not the last of any
        sizes = counts[order].sum(axis=1).cumsum()
        return order[: np.searchsorted(sizes, n_held) + 1]

    draws = [draw() for _ in range(max(1, min(N_DRAWS, 100_000 // counts.size)))]
    held = min(draws, key=lambda some: float(np.abs(counts[some].sum(axis=0) - wanted).sum()))
    is_held = np.isin(groups, held)
    return rows[~is_held], rows[is_held]


def _check_series_are_whole(data: Data, rows: NDArray[np.intp]) -> None:
    """Check that windows of a series, which share its rows, are in one group."""
    if data.order is None or data.groups is None:
        return
    series = np.zeros(len(rows), dtype=np.intp) if data.series is None else data.series[rows]
    pairs = np.unique(np.column_stack([series, data.groups[rows]]), axis=0)
    n_series = len(np.unique(series))
    if len(pairs) > n_series:
        raise ValueError(
            f"groups must not divide a series: its windows overlap, and would be on both sides of "
            f"the split for early stopping. X has {n_series} series, and {len(pairs)} parts by "
            "groups. Leave groups out (with metadata routing, set_fit_request(groups=False)): the "
            "last windows of each series are then held out."
        )
