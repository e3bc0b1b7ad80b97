"""Warnings about how a training run ended: a network that is no better than a constant."""

import warnings

import numpy as np
import pytest

from sklearn_rnn import DenseClassifier, DenseRegressor, GRURegressor
from sklearn_rnn.exceptions import NothingLearnedWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 5, 1))
Y = X[:, 0, 0]
STRONG = {"alpha": 10.0, "random_state": 0, "hidden_layer_sizes": (16, 16)}
SLOW = {"alpha": 0.0, "learning_rate": 1e-7}


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({}, r"the penalty may be too strong; lower alpha=10,"),
        (
            {**SLOW, "max_epochs": 25, "tol": 0.0, "lr_schedule": "cosine"},
            r"there may be too few epochs; raise max_epochs=25,",
        ),
        (SLOW, r"raise patience=20,"),
    ],
)
def test_a_network_that_learns_nothing_says_so_and_names_a_cause(settings, cause):
    net = DenseRegressor(**{**STRONG, **settings})
    with pytest.warns(NothingLearnedWarning, match=cause) as caught:
        net.fit(X, Y)
    assert caught[0].filename == __file__
    assert "no better than that of a constant" in str(caught[0].message)


def test_a_classifier_and_members_say_so():
    with pytest.warns(NothingLearnedWarning, match=r"DenseClassifier \(2 of 2 members\)"):
        DenseClassifier(**STRONG, n_members=2).fit(X, np.median(Y) < Y)


@pytest.mark.parametrize(
    ("net", "y"),
    [
        (GRURegressor(random_state=0), Y),
        (DenseRegressor(random_state=0), RNG.normal(size=len(X))),  # noise that is fitted
        (DenseRegressor(**STRONG, early_stopping=False), Y),  # few samples are not judged
        (DenseRegressor(**STRONG, l1_ratio=1.0), Y),  # as asked for, on a path of penalties
    ],
)
def test_others_do_not(net, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error", NothingLearnedWarning)
        net.fit(X, y)
