"""Sequences of words against CountVectorizer, which decides what a word is."""

import io
import pickle
import re
from copy import deepcopy
from itertools import chain

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from sklearn_rnn import GRUClassifier, HierarchicalAttentionClassifier
from sklearn_rnn.preprocessing._text_sequencer import TextSequencer
from tests.nets import few_epochs

TEXTS = ["The cat sat.", "A dog, a DOG!", "", "the cat saw the dog; the dog sat"]
NEW = ["a new dog sat", "nothing known", ""]
SETTINGS = [
    {},
    {"min_df": 2},
    {"min_df": 0.4, "max_df": 3},
    {"max_features": 2},
    {"stop_words": ["the"], "lowercase": False},
    {"analyzer": "char", "max_features": 5},
    {"analyzer": str.split},
    {"vocabulary": ["dog", "cat", "unicorn"]},
    {"vocabulary": {"dog": 1, "cat": 0}},
    {"token_pattern": r"(?u)\b\w+\b", "strip_accents": "ascii"},
    {"tokenizer": str.split, "token_pattern": None},
    {"preprocessor": str.upper, "max_df": 1},
]
documents = st.lists(
    st.lists(st.sampled_from(["aa", "bb", "Bb", "cc", "dd", "e", "ée"]), max_size=8).map(" ".join),
    min_size=1,
    max_size=8,
)


def sequences_by_hand(train, texts, max_steps, keep, unknown, **parameters):
    """Return what the class returns, text by text and word by word."""
    counter = CountVectorizer(**parameters).fit(train)
    words = counter.get_feature_names_out().tolist()
    rows = []
    for text in texts:
        row = [words.index(w) + 2 if w in words else 1 for w in counter.build_analyzer()(text)]
        row = [number for number in row if unknown == "token" or number != 1]
        start = max(0, len(row) - max_steps) if keep == "last" else 0
        rows.append(row[start : start + max_steps])
    n_steps = max(1, *map(len, rows))
    return np.array([row + [0] * (n_steps - len(row)) for row in rows])


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
@pytest.mark.parametrize("unknown", ["token", "drop"])
@pytest.mark.parametrize(("max_steps", "keep"), [(None, "last"), (2, "last"), (2, "first")])
def test_sequences_equal_those_made_by_hand(parameters, unknown, max_steps, keep):
    own = {"max_steps": max_steps, "keep": keep, "unknown": unknown}
    sequencer = TextSequencer(**own, **parameters)
    own["max_steps"] = max_steps or 1000
    for texts, found in [
        (TEXTS, sequencer.fit_transform(TEXTS)),
        (TEXTS, sequencer.transform(TEXTS)),
        (TEXTS, sequencer.fit(TEXTS).transform(TEXTS)),
        (NEW, sequencer.transform(NEW)),
    ]:
        assert found.dtype == np.int64
        np.testing.assert_array_equal(
            found, sequences_by_hand(TEXTS, texts, **own, **parameters), strict=True
        )


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_integers_are_as_frequent_as_countvectorizer_counts(parameters):
    counter = CountVectorizer(**parameters).fit(TEXTS)
    sequencer = TextSequencer(**parameters).fit(TEXTS)
    names = counter.get_feature_names_out()
    np.testing.assert_array_equal(sequencer.get_feature_names_out(), names)
    assert sequencer.vocabulary_ == {name: i + 2 for i, name in enumerate(names)}
    assert sequencer.vocabulary_size_ == len(names) + 2
    for texts in (TEXTS, NEW):
        rows, expected = sequencer.transform(texts), counter.transform(texts).toarray()
        counts = [np.bincount(row, minlength=sequencer.vocabulary_size_)[2:] for row in rows]
        np.testing.assert_array_equal(counts, expected)


@settings(max_examples=50)
@given(documents, documents, st.sampled_from([1, 2]), st.sampled_from([None, 2]))
def test_counts_of_any_texts_are_those_of_countvectorizer(train, test, min_df, max_features):
    parameters = {"min_df": min_df, "max_features": max_features}
    counter, sequencer = CountVectorizer(**parameters), TextSequencer(**parameters)
    try:
        expected = counter.fit_transform(train).toarray()
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
            sequencer.fit_transform(train)
        return
    for rows, counts in [
        (sequencer.fit_transform(train), expected),
        (sequencer.transform(test), counter.transform(test).toarray()),
    ]:
        size = sequencer.vocabulary_size_
        found = [np.bincount(row, minlength=size)[2:] for row in rows]
        np.testing.assert_array_equal(found, counts)


def test_words_come_back():
    sequencer = TextSequencer(token_pattern=r"(?u)\b\w+\b").fit(TEXTS)
    analyze = CountVectorizer(token_pattern=r"(?u)\b\w+\b").build_analyzer()
    rows = sequencer.transform(TEXTS)
    assert [list(words) for words in sequencer.inverse_transform(rows)] == [*map(analyze, TEXTS)]
    found = sequencer.inverse_transform(sequencer.transform(NEW))
    assert [*map(list, found)] == [["a", "<unk>", "dog", "sat"], ["<unk>", "<unk>"], []]
    ragged = sequencer.inverse_transform([[2, 0], [], np.array([3], dtype=np.int8)])
    assert [*map(list, ragged)] == [["a"], [], ["cat"]]


def test_each_text_is_analysed_once_and_nothing_is_learned_from_new_texts():
    seen = []

    def split(text):
        seen.append(text)
        return iter(text.split())

    sequencer = TextSequencer(analyzer=split)
    sequencer.fit_transform(text for text in TEXTS)
    assert seen == TEXTS
    known = dict(sequencer.vocabulary_)
    sequencer.transform(NEW)
    assert seen == TEXTS + NEW
    assert sequencer.vocabulary_ == known


def test_a_text_without_words_is_padding_and_has_a_step():
    sequencer = TextSequencer(vocabulary=["cat"]).fit([""])
    np.testing.assert_array_equal(sequencer.transform(["", "?"]), [[0], [0]], strict=True)
    assert sequencer.fit_transform([""]).shape == (1, 1)
    assert sequencer.transform([]).shape == (0, 1)


def test_texts_may_be_bytes_files_or_a_series(tmp_path):
    expected = TextSequencer().fit_transform(TEXTS)
    raw = [text.encode("utf-16") for text in TEXTS]
    paths = [tmp_path / str(i) for i in range(len(TEXTS))]
    for path, text in zip(paths, raw, strict=True):
        path.write_bytes(text)
    as_bytes = TextSequencer(encoding="utf-16")
    by_name = TextSequencer(encoding="utf-16", input="filename")
    by_file = TextSequencer(encoding="utf-16", input="file")
    for found in (
        TextSequencer().fit_transform(pd.Series(TEXTS, index=[3, 1, 4, 0])),
        TextSequencer().fit_transform(np.array(TEXTS)),
        as_bytes.fit_transform(raw),
        by_name.fit_transform(paths),
        by_file.fit_transform(map(io.BytesIO, raw)),
        by_file.transform(map(io.BytesIO, raw)),
    ):
        np.testing.assert_array_equal(found, expected)


def test_it_is_cloned_pickled_and_stands_in_a_pipeline():
    sequencer = TextSequencer(stop_words="english", strip_accents="unicode", max_steps=4)
    assert clone(sequencer).get_params() == sequencer.get_params()
    sequencer.fit(TEXTS)
    again = pickle.loads(pickle.dumps(sequencer))
    np.testing.assert_array_equal(again.transform(NEW), sequencer.transform(NEW))
    texts, y = ["good film", "bad film"] * 10, [1, 0] * 10
    onehot = OneHotEncoder(handle_unknown="ignore")
    pipe = make_pipeline(TextSequencer(), onehot, LogisticRegression())
    assert cross_val_score(pipe, texts, y).min() == 1.0


def dumped(fitted, path):
    joblib.dump(fitted, path / "fitted")
    return joblib.load(path / "fitted")


@few_epochs
@pytest.mark.parametrize("parameters", [{}, {"analyzer": "char"}, {"sentence_end": r"[.!]\s"}])
def test_it_is_copied_after_fit_transform_and_in_a_pipeline(parameters, tmp_path):
    alone = TextSequencer(**parameters)
    alone.fit_transform(TEXTS)
    net = HierarchicalAttentionClassifier if "sentence_end" in parameters else GRUClassifier
    pipe = make_pipeline(TextSequencer(**parameters), net(embedding_dim=2, max_epochs=1))
    pipe.fit(["a cat. Sat", "dog"] * 5, [0, 1] * 5)
    for copy in (lambda f: pickle.loads(pickle.dumps(f)), deepcopy, lambda f: dumped(f, tmp_path)):
        assert str(copy(alone).transform(NEW)) == str(alone.transform(NEW))
        found = copy(pipe).predict_proba(["a cat", "dog"])
        np.testing.assert_array_equal(found, pipe.predict_proba(["a cat", "dog"]))


def test_parameters_changed_after_fit_do_not_change_what_a_word_is():
    sequencer = TextSequencer().fit(TEXTS)
    expected = sequencer.transform(NEW)
    sequencer.set_params(analyzer="char", lowercase=False)
    np.testing.assert_array_equal(sequencer.transform(NEW), expected)


REVIEWS = ["Good! The cat sat. The dog", "... ", "", "No end", "A dog? Yes."]


def by_sentence(sequencer, texts, split):
    """Return the words of each sentence of each text, one sentence at a time."""
    analyze = CountVectorizer(lowercase=sequencer.lowercase).build_analyzer()
    documents = [[analyze(part) for part in re.split(split, text)] for text in texts]
    return [[words for words in document if words] for document in documents]


def test_sentences_are_those_between_their_ends():
    sequencer = TextSequencer(sentence_end=r"[.!?]+\s")
    expected = by_sentence(sequencer, REVIEWS, r"[.!?]+\s")
    for found in (sequencer.fit_transform(REVIEWS), sequencer.transform(REVIEWS)):
        assert [len(document) for document in found] == [3, 0, 0, 1, 2]
        words = sequencer.inverse_transform(found)
        assert [[list(sentence) for sentence in document] for document in words] == expected
    grouped = TextSequencer(sentence_end=r"([.!?])+(\s)").fit(REVIEWS)
    assert str(grouped.transform(REVIEWS)) == str(sequencer.transform(REVIEWS))


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
@pytest.mark.parametrize("unknown", ["token", "drop"])
@pytest.mark.parametrize(("max_steps", "keep"), [(None, "last"), (3, "last"), (3, "first")])
def test_sentences_are_the_text_and_learn_its_vocabulary(parameters, unknown, max_steps, keep):
    own = {"max_steps": max_steps, "keep": keep, "unknown": unknown, **parameters}
    whole = TextSequencer(**own).fit(REVIEWS)
    parts = TextSequencer(sentence_end=r"[.!]+\s", **own)
    documents = parts.fit_transform(REVIEWS)
    assert parts.vocabulary_ == whole.vocabulary_
    np.testing.assert_array_equal(parts.get_feature_names_out(), whole.get_feature_names_out())
    for text, document in zip(whole.transform(REVIEWS), documents, strict=True):
        assert all(len(sentence) for sentence in document)
        assert list(chain(*document)) == list(text[text != 0])


def test_words_that_span_the_end_of_a_sentence_are_known_but_not_seen():
    sequencer = TextSequencer(sentence_end=r"\.", token_pattern=r"[\w.]+")
    found = sequencer.fit_transform(["3.5 stars"])
    assert list(sequencer.get_feature_names_out()) == ["3.5", "stars"]
    assert [[ids.tolist() for ids in document] for document in found] == [[[1], [1, 3]]]


def test_files_are_read_once_and_cut_into_sentences(tmp_path):
    (tmp_path / "0").write_bytes(b"A cat. A dog")
    expected = str(TextSequencer(sentence_end=r"\.").fit_transform(["A cat. A dog"]))
    by_name = TextSequencer(sentence_end=r"\.", input="filename")
    assert str(by_name.fit_transform([tmp_path / "0"])) == expected
    by_file = TextSequencer(sentence_end=r"\.", input="file")
    assert str(by_file.fit_transform([io.BytesIO(b"A cat. A dog")])) == expected
    assert str(by_file.transform([io.BytesIO(b"A cat. A dog")])) == expected


@pytest.mark.parametrize("as_words", [list, tuple, np.array, pd.Series])
@pytest.mark.parametrize("parameters", [{}, {"min_df": 2}, {"max_features": 2, "max_steps": 3}])
def test_lists_of_words_are_the_texts_that_they_were_made_of(as_words, parameters):
    analyze = CountVectorizer().build_analyzer()
    sequencer = TextSequencer(**parameters)
    expected = sequencer.fit_transform(TEXTS)
    words = [as_words(analyze(text)) for text in TEXTS]
    of_words = TextSequencer(lowercase=False, stop_words=["the"], **parameters)
    np.testing.assert_array_equal(of_words.fit_transform(words), expected)
    np.testing.assert_array_equal(of_words.fit(words).transform(words), expected)
    assert of_words.vocabulary_ == sequencer.vocabulary_
    known = sequencer.fit(TEXTS).transform(NEW)  # some of whose words are unknown
    np.testing.assert_array_equal(sequencer.transform(sequencer.inverse_transform(known)), known)


def test_lists_of_sentences_are_the_documents_that_they_were_made_of():
    end = r"[.!?]+\s"
    sequencer = TextSequencer(sentence_end=end)
    expected = str(sequencer.fit_transform(REVIEWS))
    documents = by_sentence(sequencer, REVIEWS, end)
    assert str(sequencer.transform(documents)) == expected
    assert str(TextSequencer(sentence_end=end).fit_transform(documents)) == expected


def test_lists_of_another_depth_are_refused():
    flat = "X must hold texts, or lists of words; lists of sentences need sentence_end; got ['a'"
    with pytest.raises(ValueError, match=f"^{re.escape(flat)}"):
        TextSequencer().fit(["a cat", [["a", "dog"]]])
    deep = "or lists of sentences, each a list of words; got 'a'."
    with pytest.raises(ValueError, match=f"{re.escape(deep)}$"):
        TextSequencer(sentence_end=r"\.").fit([["a", "dog"]])


def test_a_vocabulary_that_is_given_needs_no_fit():
    words = ["dog", "cat"]
    fitted = TextSequencer(vocabulary=words).fit(TEXTS)
    for call in (
        lambda s: s.transform(TEXTS),
        lambda s: s.get_feature_names_out(),
        lambda s: s.inverse_transform([[3, 1]])[0],
    ):
        np.testing.assert_array_equal(call(TextSequencer(vocabulary=words)), call(fitted))


def test_its_tags_are_those_of_countvectorizer():
    assert get_tags(TextSequencer()).input_tags == get_tags(CountVectorizer()).input_tags
    assert get_tags(TextSequencer()).requires_fit
    with pytest.warns(match="Can't test estimator TextSequencer which requires input"):
        check_estimator(TextSequencer(), on_skip=None)


def test_errors_and_warnings_are_those_of_countvectorizer():
    with pytest.raises(ValueError, match="string object received") as expected:
        CountVectorizer().fit("a text")
    for method in ("fit", "fit_transform", "transform"):
        with pytest.raises(ValueError, match=f"^{re.escape(str(expected.value))}$"):
            getattr(TextSequencer().fit(TEXTS), method)("a text")
    with pytest.raises(ValueError, match="empty vocabulary; perhaps"):
        TextSequencer().fit([""])
    with pytest.raises(ValueError, match="max_df corresponds to < documents than min_df"):
        TextSequencer(max_df=1, min_df=3).fit_transform(TEXTS)
    with pytest.warns(UserWarning, match="'token_pattern' will not be used"):
        TextSequencer(tokenizer=str.split).fit(TEXTS)


def test_errors_name_argument_rule_and_value():
    with pytest.raises(NotFittedError):
        TextSequencer().transform(TEXTS)
    sequencer = TextSequencer().fit(TEXTS)  # cat, dog, sat, saw, the
    before = dict(vars(sequencer))
    table = "X must be one list of texts; got 2 dimensions. Give a column, as X['text']."
    for method in ("fit", "fit_transform", "transform"):
        with pytest.raises(ValueError, match=f"^{re.escape(table)}$"):
            getattr(sequencer, method)(pd.DataFrame({"text": TEXTS}))
    for ids in ([7], [-1], [2.0]):
        text = f"X must hold integers from 0 to vocabulary_size_ - 1 = 6; got {ids}."
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            sequencer.inverse_transform([ids])
    assert vars(sequencer) == before
    with pytest.raises(ValueError, match=r"^sentence_end must be a regular expression; got '\('"):
        TextSequencer(sentence_end="(").fit(TEXTS)
    for pattern in ("(", None):
        with pytest.raises(ValueError, match=r"^token_pattern must be a regular expression; got"):
            TextSequencer(token_pattern=pattern).fit(TEXTS)


@pytest.mark.parametrize("value", [None, 3.5, np.nan, pd.NA])
@pytest.mark.parametrize("parameters", [{}, {"lowercase": False}, {"sentence_end": "[.]"}])
def test_anything_but_texts_is_refused_unless_a_function_reads_it(value, parameters):
    for method in ("fit", "fit_transform", "transform"):
        with pytest.raises(
            TypeError, match=f"^X must hold texts, or .* got {re.escape(repr(value))}"
        ):
            getattr(TextSequencer(**parameters).fit(TEXTS), method)(["a cat", value])


@pytest.mark.parametrize("missing", [np.nan, float("nan"), pd.NA])
@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform"])
def test_a_missing_text_is_refused_with_its_position(missing, method):
    text = f"X must hold texts, or lists of words; got {missing!r} at position 1. Fill missing "
    with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
        getattr(TextSequencer().fit(TEXTS), method)(iter(["a cat", missing]))


def test_what_is_no_list_or_in_another_encoding_is_refused():
    with pytest.raises(TypeError, match=r"^X must be a list of texts; got 3\.$"):
        TextSequencer().fit(3)
    with pytest.raises(
        ValueError, match=r"^X must hold texts in the encoding 'utf-8'; got b'\\xff'"
    ):
        TextSequencer().fit([b"\xff"])
    assert TextSequencer(encoding="latin-1", min_df=1).fit([b"caf\xe9"]).vocabulary_ == {"café": 2}


def test_what_is_no_path_is_refused():
    with pytest.raises(TypeError, match=r"^X must hold paths of files, .*'filename'; got \[1\.0\]"):
        TextSequencer(input="filename").fit([[1.0]])


def test_a_function_reads_what_is_no_text():
    assert TextSequencer(analyzer=list).fit_transform([["a", "b"], ["b"]]).tolist() == [
        [2, 3],
        [3, 0],
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_steps", 0), ("keep", "middle"), ("unknown", "error"), ("analyzer", "char_wb")],
)
def test_invalid_parameters_are_refused(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TextSequencer must be"):
        TextSequencer(**{name: value}).fit(TEXTS)


def test_bytes_of_another_encoding_are_refused_by_name():
    latin = "café".encode("latin-1")
    with pytest.raises(
        ValueError, match=r"^X must hold texts in the encoding 'utf-8'; .* Give encod"
    ):
        TextSequencer().fit(["tea", latin])
    found = TextSequencer(encoding="latin-1").fit(["tea", latin])
    assert found.transform(["café"]).tolist() == found.transform([latin]).tolist()


def test_what_is_no_open_file_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^X must hold open files.*input='file'; got 'a text'"):
        TextSequencer(input="file").fit(["a text"])


def test_a_full_stop_that_is_no_pattern_is_refused():
    with pytest.raises(
        ValueError, match=r"^sentence_end must .*'\.' matches every letter.*r'\\\.'"
    ):
        TextSequencer(sentence_end=".").fit(["A cat. A dog."])
