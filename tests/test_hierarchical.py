"""Laws of documents: padding at both levels, unknown tokens, attention, and what is refused."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_predict

from sklearn_rnn import HierarchicalAttentionClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
N = 60
DOCUMENTS = [
    [RNG.integers(1, 9, size=RNG.integers(1, 6)).tolist() for _ in range(RNG.integers(1, 5))]
    for _ in range(N)
]
HAS_SEVEN = np.array([any(7 in sentence for sentence in document) for document in DOCUMENTS])


def make(**parameters):
    settings = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 3, "batch_size": 16}
    settings |= {"random_state": 0, "device": "cpu"}
    return HierarchicalAttentionClassifier(**{**settings, **parameters})


def padded(documents, n_sentences=6, n_words=9, above=0):
    array = np.zeros((len(documents), above + n_sentences, n_words), dtype=int)
    for i, document in enumerate(documents):
        for j, sentence in enumerate(document):
            array[i, above + j, : len(sentence)] = sentence
    return array


@pytest.mark.parametrize("above", [0, 2])
def test_padding_changes_nothing(above):
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    X = padded(DOCUMENTS, above=above)
    other = make().fit(X, HAS_SEVEN)
    assert_allclose(other.loss_curve_, net.loss_curve_, rtol=1e-10)
    expected = net.predict_proba(DOCUMENTS)
    assert_allclose(other.predict_proba(X), expected, rtol=1e-8)
    assert_allclose(net.predict_proba(X[:1]), expected[:1], rtol=1e-8)
    assert_allclose(net.predict_proba(DOCUMENTS[::-1]), expected[::-1], rtol=1e-8)


def test_it_finds_a_word_and_the_sentence_that_holds_it():
    net = make(max_epochs=80, learning_rate=0.02, early_stopping=False).fit(DOCUMENTS, HAS_SEVEN)
    assert net.score(DOCUMENTS, HAS_SEVEN) > 0.95
    weights = net.attention_weights([[[2, 3], [3, 7], [4]], [[5]]])
    assert_allclose([w.sum() for w in weights], 1)
    assert weights[0].argmax() == 1
    spread = net.attention_weights(padded([[[2, 3], [3, 7], [4]]], above=1))
    assert_allclose(spread[0], [0, *weights[0], 0, 0, 0], atol=1e-8)


def test_tokens_that_training_did_not_show_are_the_unknown_token():
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    assert_array_equal(net.predict_proba([[[2, 99]]]), net.predict_proba([[[2, 1]]]))
    capped = make(vocabulary_size=5).fit(DOCUMENTS, HAS_SEVEN)
    assert_array_equal(capped.predict_proba([[[2, 7]]]), capped.predict_proba([[[2, 1]]]))


def test_documents_without_words_are_an_empty_past():
    net = make().fit([*DOCUMENTS[:-1], []], HAS_SEVEN)
    assert np.isfinite(net.predict_proba([[], [[2]]])).all()
    assert_allclose(net.predict_proba([[]]), net.predict_proba([[[], []], [[3]]])[:1])


def test_it_goes_through_cross_validation_clones_and_pickles():
    net = make()
    predicted = cross_val_predict(net, DOCUMENTS, HAS_SEVEN, cv=KFold(3))
    assert predicted.shape == (N,)
    fitted = clone(net).fit(DOCUMENTS, HAS_SEVEN)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(DOCUMENTS), fitted.predict_proba(DOCUMENTS))
    assert net.get_params() == clone(net).get_params()


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (["a text", "another"], "^X must hold documents"),
        ([1, 2], "^X must hold documents"),
        ([[1, 2], [3]], "^X must hold documents"),
        ([[[0.5]], [[1]]], "^X must hold tokens"),
        ([[[-1]], [[1]]], "^X must hold tokens"),
        ([], "^X must hold documents"),
        ([[[]], [[]]], "^X has no step"),
        ([[[1]]], "inconsistent numbers of samples"),
    ],
)
def test_what_is_no_document_is_refused(X, text):
    net = make()
    with pytest.raises(ValueError, match=text):
        net.fit(X, [0, 1])
    assert vars(net) == net.get_params()
