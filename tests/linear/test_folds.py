"""Moments of the training sets of folds against those of each by itself."""

import numpy as np
import pytest
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit

from sklearn_rnn._sequences.windows import lag_windows, window_rows
from sklearn_rnn.linear import _folds
from sklearn_rnn.linear._design import Design
from sklearn_rnn.linear._folds import FoldMoments, find_parts
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._training_set import TrainingSet

SPLITTERS = [
    TimeSeriesSplit(5),
    TimeSeriesSplit(4, max_train_size=50),
    KFold(5),
    ShuffleSplit(3, random_state=0),
    ShuffleSplit(12, random_state=0),
]


def training_set(missing=False):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2)).cumsum(axis=0) + 1e5
    if missing:
        rows[rng.random(rows.shape) < 0.1] = np.nan
    design = Design.of(window_rows(lag_windows(rows, 4, step=2)))
    n = len(design)
    y = rng.normal(size=(n, 2))
    return TrainingSet(design, y, np.ones(n), np.arange(n), y)


def assert_equal(ours, theirs):
    np.testing.assert_allclose(ours.center + ours.x_mean, theirs.center + theirs.x_mean)
    np.testing.assert_allclose(ours.xx, theirs.xx, rtol=1e-9)
    np.testing.assert_allclose(ours.xy, theirs.xy, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.yy, theirs.yy)
    assert ours.weight == theirs.weight


@pytest.mark.parametrize("cv", SPLITTERS, ids=str)
@pytest.mark.parametrize("kept_bytes", [0, 2**26])
@pytest.mark.parametrize("missing", [False, True])
def test_moments_of_folds_are_those_of_each_training_set(cv, kept_bytes, missing, monkeypatch):
    monkeypatch.setattr(_folds, "KEPT_BYTES", kept_bytes)
    data = training_set(missing)
    folds = list(cv.split(data.y))
    moments, seen = FoldMoments(data, folds), []
    for fold, own in moments.of_folds():
        assert_equal(own, data.take(folds[fold][0]).moments())
        seen.append(fold)
    assert sorted(seen) == list(range(len(folds)))
    assert_equal(moments.total, data.moments())


@pytest.mark.parametrize("cv", [TimeSeriesSplit(5), KFold(5)], ids=str)
def test_all_folds_take_one_pass_over_the_samples(cv, monkeypatch):
    n_read, of = [], Moments.of
    monkeypatch.setattr(Moments, "of", lambda *a: n_read.append(len(a[0])) or of(*a))
    data = training_set()
    moments = FoldMoments(data, list(cv.split(data.y)))
    assert len(list(moments.of_folds())) == 5
    assert sum(n_read) == len(data.samples)


def test_parts_are_the_samples_of_the_same_sets():
    trains, tests = [np.array([0, 1, 2]), np.array([2, 3])], [np.array([3, 4]), np.array([0])]
    parts, (train_parts, test_parts) = find_parts(6, [trains, tests])
    assert sorted(part.tolist() for part in parts) == [[0], [1], [2], [3], [4], [5]]
    for given, found in ((trains, train_parts), (tests, test_parts)):
        for samples, own in zip(given, found, strict=True):
            assert sorted(np.concatenate([parts[part] for part in own])) == samples.tolist()


def test_parts_of_blocks_are_few():
    folds = list(TimeSeriesSplit(5).split(np.empty(100)))
    parts, _ = find_parts(100, [*zip(*folds, strict=True)])
    assert len(parts) == 6


@pytest.mark.parametrize("cv", SPLITTERS, ids=str)
def test_moments_of_tests_are_those_of_the_samples_to_predict(cv):
    data = training_set()
    folds = list(cv.split(data.y))
    moments = FoldMoments(data, folds)
    for fold, (_, test) in enumerate(folds):
        own, *others = moments.of_test(fold)
        own = own.copy()
        for other in others:
            own += other
        assert_equal(own, data.take(test).moments())
