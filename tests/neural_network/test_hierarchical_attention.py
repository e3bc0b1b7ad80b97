"""Laws of documents: padding at both levels, unknown tokens, attention, and what is refused."""

import pickle
from itertools import chain

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklearn_rnn import HierarchicalAttentionClassifier, TextSequencer
from sklearn_rnn._sequences.documents import read_documents
from tests.nets import few_epochs

pytestmark = few_epochs

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


def padded(documents, n_sentences=6, n_words=9, above=0, before=0):
    array = np.zeros((len(documents), above + n_sentences, before + n_words), dtype=int)
    for i, document in enumerate(documents):
        for j, sentence in enumerate(document):
            array[i, above + j, before : before + len(sentence)] = sentence
    return array


def as_objects(documents):
    array = np.empty(len(documents), dtype=object)
    array[:] = documents
    return array


PADDED = [
    padded(DOCUMENTS),
    padded(DOCUMENTS, above=2),
    padded(DOCUMENTS, before=3),
    padded(DOCUMENTS, above=1, before=1).astype(float),
    as_objects(DOCUMENTS),
    [[[], *([0, *sentence, 0, 0] for sentence in d), [0]] for d in DOCUMENTS],
    [[part for sentence in d for part in ([0], sentence, [])] for d in DOCUMENTS],
    [[np.insert(sentence, 1, 0) for sentence in d] for d in DOCUMENTS],
]


@pytest.mark.parametrize("X", PADDED)
def test_padding_changes_nothing(X):
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    other = make().fit(X, HAS_SEVEN)
    assert other.loss_curve_ == net.loss_curve_
    expected = net.predict_proba(DOCUMENTS)
    assert_array_equal(other.predict_proba(X), expected)
    assert_array_equal(net.predict_proba(X), expected)
    assert_allclose(net.predict_proba(X[:1]), expected[:1], rtol=1e-8)
    assert_allclose(net.predict_proba(DOCUMENTS[::-1]), expected[::-1], rtol=1e-8)


def test_a_long_sentence_and_a_long_document_cost_their_words():
    documents = [*DOCUMENTS, [[2] * 3000], [[3]] * 300]
    sequences = read_documents(documents).sequences()
    n_words = sum(len(sentence) for document in documents for sentence in document)
    assert sequences.rows.size == n_words + sum(map(len, documents))
    arrays = (sequences.rows, sequences.starts, sequences.lengths, sequences.leads)
    assert all(len(array) in (sequences.rows.size, len(documents)) for array in arrays)


def states(layers, x):
    """The states of a bidirectional GRU over x (steps, channels), in numpy, both directions."""

    def run(layer, x):
        w_x, w_h, b_x, b_h = (p.detach().double().numpy() for p in layer.parameters())
        h, found = np.zeros(w_h.shape[1]), []
        for step in x:
            (r_x, z_x, n_x), (r_h, z_h, n_h) = (
                np.split(v, 3) for v in (w_x @ step + b_x, w_h @ h + b_h)
            )
            r, z = 1 / (1 + np.exp(-r_x - r_h)), 1 / (1 + np.exp(-z_x - z_h))
            h = (1 - z) * np.tanh(n_x + r * n_h) + z * h
            found.append(h)
        return np.array(found)

    backward = run(layers.reverse_layers[0], x[::-1])[::-1]
    return np.hstack([run(layers.layers[0], x), backward])


def attended(layers, x):
    """Weights of the steps of x, and the mean of the states that they make."""
    h = states(layers, x)
    w, b, v = (p.detach().double().numpy() for p in layers.pooling.parameters())
    scores = np.exp(np.tanh(h @ w.T + b) @ v[0])
    return scores / scores.sum(), scores @ h / scores.sum()


def test_weights_of_words_and_sentences_are_those_worked_out_by_hand():
    net = make(max_epochs=20, learning_rate=0.02).fit(DOCUMENTS, HAS_SEVEN)
    module, X = net.net_.module_, DOCUMENTS[:9]
    vectors = module.words.embedding.weight.detach().double().numpy()
    of_words, of_sentences = net.word_attention_weights(X), net.attention_weights(X)
    for document, words, sentences in zip(X, of_words, of_sentences, strict=True):
        by_hand = [attended(module.words.net, vectors[sentence]) for sentence in document]
        for found, (expected, _) in zip(words, by_hand, strict=True):
            assert_allclose(found, expected, rtol=1e-6)
        read = np.array([vector for _, vector in by_hand])
        assert_allclose(sentences, attended(module.sentences, read)[0], rtol=1e-6)
    assert max(np.ptp(words) for words in chain(*of_words)) > 0.1


@pytest.mark.parametrize("X", PADDED)
def test_weights_come_in_the_form_of_the_documents(X):
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    plain = net.attention_weights(DOCUMENTS), net.word_attention_weights(DOCUMENTS)
    of_sentences, of_words = net.attention_weights(X), net.word_attention_weights(X)
    assert type(of_sentences) is type(of_words) is type(of_words[0]) is list
    for i, document in enumerate(X):
        assert of_sentences[i].shape == (len(document),)
        assert [w.shape for w in of_words[i]] == [(len(sentence),) for sentence in document]
        some = [np.any(sentence) for sentence in document]
        assert_array_equal(of_sentences[i][some], plain[0][i])
        assert not of_sentences[i][~np.array(some)].any()
        tokens, weights = np.concatenate(document), np.concatenate(of_words[i])
        assert_array_equal(weights[tokens != 0], np.concatenate(plain[1][i]))
        assert not weights[tokens == 0].any()


def test_raw_reviews_are_read_in_a_pipeline():
    reviews = ["A fine film. I liked it!", "Dull. Too long... I left", "Fine", "Dull plot? No."]
    pipe = make_pipeline(TextSequencer(sentence_end=r"[.!?]+\s"), make(max_epochs=40))
    pipe.set_params(hierarchicalattentionclassifier__learning_rate=0.02)
    likes = np.array([1, 0, 1, 0] * 10)
    assert pipe.fit(reviews * 10, likes).score(reviews * 10, likes) == 1.0
    sizes = [len(w) for w in pipe[-1].attention_weights(pipe[:-1].transform([*reviews, ""]))]
    assert sizes == [2, 3, 1, 2, 0]
    assert pipe.predict_proba([""]).shape == (1, 2)


def test_it_finds_a_word_and_the_sentence_that_holds_it():
    net = make(max_epochs=80, learning_rate=0.02, early_stopping=False).fit(DOCUMENTS, HAS_SEVEN)
    assert net.score(DOCUMENTS, HAS_SEVEN) > 0.95
    weights = net.attention_weights([[[2, 3], [3, 7], [4]], [[5]]])
    assert_allclose([w.sum() for w in weights], 1)
    assert weights[0].argmax() == 1
    assert [w.argmax() for w in net.word_attention_weights([[[2, 3], [3, 7]]])[0]][1] == 1


def test_tokens_that_training_did_not_show_are_the_unknown_token():
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    assert_array_equal(net.predict_proba([[[2, 99]]]), net.predict_proba([[[2, 1]]]))
    capped = make(vocabulary_size=5).fit(DOCUMENTS, HAS_SEVEN)
    assert_array_equal(capped.predict_proba([[[2, 7]]]), capped.predict_proba([[[2, 1]]]))


def test_documents_without_words_are_an_empty_past():
    net = make().fit([*DOCUMENTS[:-1], []], HAS_SEVEN)
    assert np.isfinite(net.predict_proba([[], [[2]]])).all()
    assert_allclose(net.predict_proba([[]]), net.predict_proba([[[], []], [[3]]])[:1])
    assert [w.size for w in net.attention_weights([[], [[], [0]]])] == [0, 2]
    assert [len(words) for words in net.word_attention_weights([[], [[]]])] == [0, 1]


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
        ([[[1]]], "^y has 2 samples, but X has 1; "),
        ([["a good film", "yes"], ["bad"]], r"got the text 'a good film'. TextSequencer\(sentence"),
        (
            [[["a"], ["b"]], [["c"]]],
            "^X must hold documents.*; got \\['a', 'b'",
        ),
        ([np.array(3), [[2]]], "^X must hold documents"),
        ([[np.array(3)], [[2]]], "^X must hold documents"),
        ([[[[1], [2]]], [[3]]], "^X must hold documents"),
        ([[[None]], [[1]]], "^X must hold documents"),
        ([[[np.nan]], [[1]]], "^X must hold tokens, which are non-negative integers; got nan"),
        ([[[np.inf]], [[1]]], "^X must hold tokens"),
        (np.zeros((0, 2, 2)), "^X must hold documents"),
        ([[[10**9]], [[1]]], "^X holds the token 1000000000; .*vocabulary_size"),
    ],
)
def test_what_is_no_document_is_refused(X, text):
    net = make()
    with pytest.raises(ValueError, match=text):
        net.fit(X, [0, 1])
    assert vars(net) == net.get_params()


@pytest.mark.parametrize(
    "parameter",
    [
        {"vocabulary_size": 1},
        {"n_channels": 2},
        {"linear_skip": True},
        {"augmentation": {"jitter": 0.1}},
        {"penalty": "group"},
    ],
)
def test_what_does_not_suit_documents_is_refused_by_name(parameter):
    name = f"The '{next(iter(parameter))}' parameter of HierarchicalAttentionClassifier must be"
    with pytest.raises(ValueError, match=f"^{name}"):
        make(**parameter).fit(DOCUMENTS, HAS_SEVEN)


def test_what_is_learned_is_what_the_documentation_says():
    net = make().fit(DOCUMENTS, HAS_SEVEN)
    assert net.n_features_in_ == net.n_channels_ == 1
    assert net.n_steps_ == max(sum(len(sentence) + 1 for sentence in d) for d in DOCUMENTS)
    assert len(net.missing_channels_) == 0
    assert not hasattr(net, "selected_channels_")
    assert not hasattr(net, "linear_share_")
    net.summary()
