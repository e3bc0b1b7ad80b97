"""Vectors of words by name."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, GRUClassifier, HierarchicalAttentionClassifier
from sklearn_rnn.inspection import word_vectors
from sklearn_rnn.preprocessing import TextSequencer

TEXTS, Y = ["a fine film", "a dull film", "fine fine plot", "dull"] * 5, [1, 0, 1, 0] * 5
SHORT = {"max_epochs": 2, "lr_schedule": "cosine", "random_state": 0}


def test_the_network_reads_the_vectors_of_the_words():
    model = make_pipeline(TextSequencer(), GRUClassifier(embedding_dim=3, **SHORT)).fit(TEXTS, Y)
    vectors = word_vectors(model)
    assert list(vectors.index) == ["<unk>", "dull", "film", "fine", "plot"]
    assert vectors.index.name == "word"
    table = model[-1].net_.module_.embedding.weight.detach().numpy()
    np.testing.assert_array_equal(vectors.to_numpy(), table[1:])
    search = GridSearchCV(model, {"gruclassifier__max_epochs": [2]}, cv=2).fit(TEXTS, Y)
    assert word_vectors(search).equals(vectors)
    words = ["", "<unk>", *model[0].vocabulary_]
    assert word_vectors(model[-1], words).equals(vectors)


def test_words_that_are_not_known_have_the_vector_of_the_unknown():
    sequencer = TextSequencer().fit([*TEXTS, "great zest"])  # dull, film, fine, great, plot, zest
    model = make_pipeline(sequencer, GRUClassifier(embedding_dim=3, **SHORT))
    model[-1].fit(sequencer.transform(TEXTS), Y)
    vectors = word_vectors(model)
    for word in ("great", "zest"):  # one is below the largest token, and one above
        np.testing.assert_array_equal(vectors.loc[word], vectors.loc["<unk>"])
        np.testing.assert_array_equal(model.predict_proba([word]), model.predict_proba(["other"]))
    assert not vectors.loc["plot"].equals(vectors.loc["<unk>"])


def test_documents_have_vectors_too():
    net = HierarchicalAttentionClassifier(embedding_dim=3, **SHORT)
    model = make_pipeline(TextSequencer(sentence_end=r"\."), net).fit(TEXTS, Y)
    assert word_vectors(model).shape == (5, 3)


def test_what_is_missing_is_named():
    net = GRUClassifier(embedding_dim=3, **SHORT).fit([[2, 3], [4]] * 5, [0, 1] * 5)
    with pytest.raises(ValueError, match=r"needs a pipeline with a TextSequencer, or words=.*GRU"):
        word_vectors(net)
    with pytest.raises(ValueError, match=r"entry for each of 5 tokens; got 2\.$"):
        word_vectors(net, ["<pad>", "<unk>"])
    numbers = GRUClassifier(**SHORT).fit(np.ones((6, 2, 1)), [0, 1] * 3)
    with pytest.raises(AttributeError, match=r"^GRUClassifier has no embedding_: it has read no"):
        word_vectors(numbers, ["<pad>", "<unk>"])
    assert not hasattr(numbers, "embedding_")
    assert not hasattr(GRUClassifier(embedding_dim=3), "embedding_")
    with pytest.raises(AttributeError):
        word_vectors(DenseRegressor(**SHORT).fit(np.eye(6), range(6)), ["<pad>"])
