"""Splits are pairs of rows of X, whatever takes them."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from sklearn_rnn import LagRidgeCV
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn.model_selection import check_leakage, compare_models

X = np.random.default_rng(0).normal(size=(20, 2))
WRONG = [[3], [([0, 1], [20])], [([0, 1], [-1])], [([], [1])], [([0], [1.0])], [([0], [1], [2])]]


def test_the_splits_of_scikit_learn_are_returned():
    for found, given in zip(check_folds(KFold(3).split(X), 20), KFold(3).split(X), strict=True):
        np.testing.assert_array_equal(found[0], given[0])
        np.testing.assert_array_equal(found[1], given[1])


@pytest.mark.parametrize("cv", WRONG)
def test_other_splits_are_named(cv):
    for call in (
        lambda: check_folds(cv, 20),
        lambda: LagRidgeCV(cv=cv).fit(X, X[:, 0]),
        lambda: compare_models({"ridge": Ridge()}, X, X[:, 0], cv=cv),
        lambda: check_leakage(Ridge(), X, X[:, 0], cv=cv),
    ):
        with pytest.raises(ValueError, match=r"^cv must be pairs of training and test rows"):
            call()


def test_no_split_is_an_error():
    with pytest.raises(ValueError, match=r"^cv must have at least one pair"):
        check_folds([], 20)
