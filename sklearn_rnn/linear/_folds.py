"""Moments of the training sets of a cross-validation, from sums over their common parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit, check_cv

from sklearn_rnn._sequences.storage import has_nan
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn.linear._moments import Moments, channel_means
from sklearn_rnn.linear._training_set import TrainingSet

Index = NDArray[np.intp]
Fold = tuple[Index, Index]
"""Samples to train on, and samples to predict."""

DEFAULT_FOLDS = 5

MAX_SEGMENTS_PER_FOLD = 4
"""Parts per fold up to which training sets share their moments."""

KEPT_BYTES = 2**26
"""Size of all Gram matrices of parts up to which they are kept, so that one pass is enough."""


def make_folds(
    cv: Any, X: Any, data: TrainingSet, params: Mapping[str, Any] = MappingProxyType({})
) -> list[Fold]:
    """Split the samples of a training set.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable or None
        The parameter of the estimator.
    X : array-like
        The argument of `fit`, in which splitters may look for an index.
    data : TrainingSet
        The samples that are used. An integer makes folds of these; other splits refer to all
        samples of X.
    params : mapping of str to array-like, default={}
        Metadata of the samples for the splitter, such as groups.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Positions in the training set.
    """
    if cv is None or isinstance(cv, int | np.integer):
        return _split_times(X, data, DEFAULT_FOLDS if cv is None else int(cv))
    position = np.full(data.n_given, -1)
    position[data.samples] = np.arange(len(data.samples))
    folds = []
    y = data.y_given[:, 0] if data.y_given.shape[1] == 1 else data.y_given
    for number, parts in enumerate(check_folds(check_cv(cv).split(X, y, **params), data.n_given)):
        train, test = (_find(part, position) for part in parts)
        if not (len(train) and len(test)):
            raise ValueError(
                f"Fold {number} of cv has {len(train)} samples to train on and {len(test)} to "
                f"predict; each fold needs one of both.{_left_out(X, data)}"
            )
        folds.append((train, test))
    return folds


def _split_times(X: Any, data: TrainingSet, n_splits: int) -> list[Fold]:
    """Return folds in the order of time: of the times of windows, or else of the samples."""
    times = X.times if isinstance(X, WindowArray) else None
    n_samples, name = len(data.samples), "samples"
    number = np.arange(n_samples)
    if times is not None:
        number, distinct = times[data.samples].factorize(sort=True)
        n_samples, name = len(distinct), "times"
    if n_samples <= n_splits:
        raise ValueError(
            f"cv makes {n_splits} folds in the order of time, which need {n_splits + 1} {name} at "
            f"least; got n_{name}={n_samples}.{_left_out(X, data)}"
        )
    folds = TimeSeriesSplit(n_splits).split(np.empty(n_samples))
    if times is None:
        return list(folds)
    return [
        (np.flatnonzero(np.isin(number, train)), np.flatnonzero(np.isin(number, test)))
        for train, test in folds
    ]


def _left_out(X: Any, data: TrainingSet) -> str:
    """Return a sentence on the samples of X that are not fitted, if there are any."""
    n_left = data.n_given - len(data.samples)
    n_lacking = len(X) - int(X.is_complete.sum()) if isinstance(X, WindowArray) else 0
    reasons = {
        f"{n_lacking} lack some of their lags": n_lacking,
        f"{n_left - n_lacking} have weight 0": n_left - n_lacking,
    }
    reason = " and ".join(text for text, number in reasons.items() if number)
    return f" Of {data.n_given} samples {reason}." if reason else ""


def _find(part: Any, position: Index) -> Index:
    """Return the positions of samples of a split, without those that are not used."""
    found = position[np.asarray(part, dtype=None if len(part) else np.intp)]
    return found[found >= 0]


class FoldMoments:
    """Moments of the training sets of all folds, and of all samples.

    Samples that are in the same sets to train on and to predict are a part, whose moments are
    computed once. Where values are missing, each training set has a mean of its own to impute, and
    its own pass.

    Attributes
    ----------
    total : Moments
        Moments of all samples.
    shares : bool
        Whether folds share the moments of parts.
    """

    def __init__(self, data: TrainingSet, folds: list[Fold]) -> None:
        self._data, self._trains = data, [train for train, _ in folds]
        self._parts, sets = find_parts(len(data.samples), [*zip(*folds, strict=True)])
        self._sets, self._tests = sets
        self.shares = not has_nan(data.design.rows) and (
            len(self._parts) <= MAX_SEGMENTS_PER_FOLD * (len(folds) + 1)
        )
        self._center = channel_means(data.design, data.weight)
        size = 8 * data.design.n_columns**2
        self._kept: dict[int, Moments] = {}
        if self.shares and len(self._parts) * size <= KEPT_BYTES:
            self._kept = {part: self._moments_of(part) for part in range(len(self._parts))}
            first, *others = self._kept.values()
            self.total = first.copy()
            for other in others:
                self.total += other
        else:
            self.total = data.moments(self._center)

    def of_test(self, fold: int) -> list[Moments]:
        """Return the moments of the parts of the samples to predict, if folds share moments."""
        return [self._kept.get(part) or self._moments_of(part) for part in self._tests[fold]]

    def of_folds(self) -> Iterator[tuple[int, Moments]]:
        """Yield the number of each fold, in any order, and the moments of its training set.

        The next step changes the moments in place.
        """
        if not self.shares:
            for fold, train in enumerate(self._trains):
                yield fold, self._data.take(train).moments()
            return
        order = sorted(range(len(self._sets)), key=lambda fold: len(self._sets[fold]))
        added = self._plan(order)
        n_uses = Counter(part for parts in added for part in parts)
        total: Moments | None = None
        for fold, parts in zip(order, added, strict=True):
            if len(parts) == len(self._sets[fold]):
                total = None
            for part in parts:
                n_uses[part] -= 1
                moments = self._kept.get(part) or self._moments_of(part)
                if n_uses[part]:
                    self._kept[part] = moments
                if total is None:
                    total = moments.copy() if part in self._kept else moments
                else:
                    total += moments
            assert total is not None, "each training set has a part"
            yield fold, total

    def _plan(self, order: list[int]) -> list[list[int]]:
        """Return the parts to add for each fold: to the fold before, if that lies within it."""
        added, before = [], frozenset[int]()
        for fold in order:
            own = self._sets[fold]
            added.append(sorted(own - before if before <= own else own))
            before = own
        return added

    def _moments_of(self, part: int) -> Moments:
        return self._data.take(self._parts[part]).moments(self._center)


def find_parts(
    n_samples: int, collections: Sequence[Sequence[Index]]
) -> tuple[list[Index], list[list[frozenset[int]]]]:
    """Split samples by the sets that they are in.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    collections : sequence of sequence of ndarray of int
        Sets of samples, those to train on and those to predict of each fold.

    Returns
    -------
    parts : list of ndarray of int
        Samples that are in the same sets.
    members : list of list of frozenset of int
        The parts of which each set consists.
    """
    n_folds = len(collections[0])
    is_in = np.zeros((n_samples, len(collections) * n_folds), dtype=bool)
    for number, own in enumerate(index for sets in collections for index in sets):
        if np.bincount(own).max() > 1:
            raise ValueError(
                f"Fold {number % n_folds} of cv has a sample several times; give it a weight by "
                "sample_weight instead."
            )
        is_in[own, number] = True
    changes = np.flatnonzero((is_in[1:] != is_in[:-1]).any(axis=1)) + 1
    runs = np.split(np.arange(n_samples), changes)
    codes = np.packbits(is_in[[run[0] for run in runs]], axis=1)
    _, part_of = np.unique(codes, axis=0, return_inverse=True)
    part_of = part_of.ravel()
    by_part: list[list[Index]] = [[] for _ in range(part_of.max() + 1)]
    for part, run in zip(part_of.tolist(), runs, strict=True):
        by_part[part].append(run)
    parts = [np.concatenate(own) for own in by_part]
    member = is_in[[part[0] for part in parts]].T.reshape(len(collections), n_folds, -1)
    return parts, [
        [frozenset(np.flatnonzero(of_set).tolist()) for of_set in sets] for sets in member
    ]
