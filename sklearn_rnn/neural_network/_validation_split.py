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
    series = np.zeros(len(rows), dtype=np.intp) if data.groups is None else data.groups[rows]
    time = np.arange(len(rows)) if data.order is None else data.order[rows]
    held = last_of_each(series, time, fraction)
    if keep_classes:
        codes = data.target[rows].ravel()
        held &= np.isin(codes, codes[~held])
        if not held.any() and len(np.unique(codes)) > 1:  # the last rows of each class
            groups = np.zeros(data.sequences.n_windows, dtype=np.intp)
            groups[rows] = np.unique(codes, return_inverse=True)[1]
            return hold_out_last(rows, replace(data, groups=groups), fraction)
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
