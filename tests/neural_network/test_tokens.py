"""Vectors of tokens that are given."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import (
    CNNClassifier,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LSTMClassifier,
    TCNClassifier,
)

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(9, 4))
TABLE[0], TABLE[1] = 0, np.nan
X = [RNG.integers(2, 7, size=n) for n in RNG.integers(1, 6, size=40)]  # no 7, no 8
Y = np.array([2 in x for x in X])
SHORT = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0}
every_net = pytest.mark.parametrize(
    "cls", [GRUClassifier, LSTMClassifier, TCNClassifier, CNNClassifier], ids=lambda c: c.__name__
)


@every_net
@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_frozen_vectors_are_those_that_were_given(cls, pooling):
    given = {"embedding_init": TABLE, "pooling": pooling, **SHORT}
    net = cls(embedding_trainable=False, **given).fit(X, Y)
    np.testing.assert_array_equal(net.embedding_[2:], TABLE[2:].astype(np.float32))
    assert not net.embedding_[0].any()
    trained = cls(**given).fit(X, Y)
    moved = np.abs(trained.embedding_ - net.embedding_).max(axis=1)
    assert (moved[2:7] > 0).all()
    assert not moved[7:].any()
    assert trained.n_parameters_ - net.n_parameters_ == TABLE.size


@every_net
def test_a_net_on_frozen_vectors_is_the_net_that_reads_them_as_numbers(cls):
    of_tokens = cls(embedding_init=TABLE, embedding_trainable=False, **SHORT).fit(X, Y)
    of_numbers = cls(standardize=False, **SHORT).fit([TABLE[x] for x in X], Y)
    other, own = of_numbers.net_.module_.state_dict(), of_tokens.net_.module_.net.state_dict()
    of_numbers.net_.module_.load_state_dict(own)
    assert other.keys() == own.keys()
    expected = of_numbers.predict_proba([TABLE[x] for x in X])
    np.testing.assert_allclose(of_tokens.predict_proba(X), expected, rtol=1e-4)


def test_rows_of_nan_are_drawn_as_without_any():
    nothing = np.full(TABLE.shape, np.nan)
    drawn = GRUClassifier(embedding_init=nothing, **SHORT).fit(X, Y)
    without = GRUClassifier(vocabulary_size=9, embedding_dim=4, **SHORT).fit(X, Y)
    np.testing.assert_array_equal(drawn.predict_proba(X), without.predict_proba(X))


def test_tokens_with_a_vector_are_known_without_training_data():
    net = GRUClassifier(embedding_init=TABLE, **SHORT).fit(X, Y)
    assert not np.allclose(net.predict_proba([[7]]), net.predict_proba([[8]]))
    np.testing.assert_array_equal(net.predict_proba([[9]]), net.predict_proba([[1]]))
    drawn = TABLE.copy()
    drawn[8] = np.nan
    net = GRUClassifier(embedding_init=drawn, **SHORT).fit(X, Y)
    np.testing.assert_array_equal(net.predict_proba([[8]]), net.predict_proba([[1]]))


@pytest.mark.parametrize("form", [list, pd.DataFrame, np.float32], ids=lambda form: form.__name__)
def test_any_table_may_be_given(form):
    expected = GRUClassifier(embedding_init=TABLE, **SHORT).fit(X, Y).predict_proba(X)
    given = GRUClassifier(embedding_init=form(TABLE), **SHORT)
    np.testing.assert_array_equal(given.fit(X, Y).predict_proba(X), expected)


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("n_members", [1, 2])
def test_it_is_pickled_and_trained_further(trainable, n_members):
    how = {"embedding_init": TABLE, "embedding_trainable": trainable, "n_members": n_members}
    net = GRUClassifier(**how, **SHORT).fit(X, Y)
    stored = pickle.dumps(net)
    copied = pickle.loads(stored)
    np.testing.assert_array_equal(copied.predict_proba(X), net.predict_proba(X))
    np.testing.assert_array_equal(copied.embedding_, net.embedding_)
    assert stored.count(TABLE.tobytes()) == 1  # of the parameter
    net.set_params(warm_start=True).fit(X, Y)
    assert trainable or (net.embedding_ == copied.embedding_).all()


def test_documents_begin_with_vectors_too():
    documents = [[x, x] for x in X]
    how = {"embedding_init": TABLE, "embedding_dim": 4, "embedding_trainable": False}
    net = HierarchicalAttentionClassifier(**how, **SHORT).fit(documents, Y)
    np.testing.assert_array_equal(net.embedding_[2:], TABLE[2:].astype(np.float32))
    text = "embedding_init has 4 columns, but embedding_dim=32; leave embedding_dim at its default"
    with pytest.raises(ValueError, match=f"^{text}, or set it to 4\\.$"):
        HierarchicalAttentionClassifier(embedding_init=TABLE, **SHORT).fit(documents, Y)


HALF, SHIFTED = TABLE.copy(), TABLE[2:]
HALF[5, 1] = np.nan


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"embedding_init": HALF}, "Row 5 of embedding_init has some NaN; rows of NaN alone are"),
        ({"embedding_init": SHIFTED}, "Row 0 of embedding_init must be NaN or zeros, as the token"),
        ({"embedding_init": TABLE, "vocabulary_size": 8}, "embedding_init has 9 rows, but vocabul"),
        ({"embedding_init": TABLE, "embedding_dim": 8}, "embedding_init has 4 columns, but embedd"),
        ({"embedding_init": TABLE[0]}, "embedding_init must be an array of shape"),
        ({"embedding_init": TABLE + np.inf}, "Input embedding_init contains infinity"),
        ({"embedding_trainable": False}, "embedding_init and embedding_trainable are for tokens, "),
    ],
)
def test_contradictions_are_refused(parameters, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        GRURegressor(**parameters, **SHORT).fit(X, Y)


@pytest.mark.parametrize("given", [np.zeros(3), {"cat": [0.1, 0.2]}])
def test_vectors_in_another_form_are_refused_by_name(given):
    with pytest.raises(
        ValueError, match=r"^embedding_init must be an array of shape \(vocabulary_s"
    ):
        GRUClassifier(embedding_init=given).fit([[2, 3], [3, 2]], [0, 1])
