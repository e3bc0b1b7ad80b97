"""Reviews of films as text and as tokens, which are those of Keras."""

import json

import numpy as np
import pytest

from sklearn_rnn import datasets
from sklearn_rnn.datasets import _imdb as imdb
from sklearn_rnn.datasets._download import PublicFile
from tests.datasets.files import real
from tests.standins import pack_tar, put

REVIEWS = {
    "aclImdb/README": b"no",
    "aclImdb/train/urls_pos.txt": b"no",
    "aclImdb/train/unsup/0_0.txt": b"no",
    "aclImdb/train/neg/0_2.txt": b"bad",
    "aclImdb/train/pos/9_7.txt": b"nice",
    "aclImdb/train/pos/10_10.txt": "très\nbon".encode(),
    "aclImdb/test/neg/3_1.txt": b"worst",
    "aclImdb/test/pos/4_8.txt": b"fine",
}


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_reviews_are_read_in_the_order_of_keras(tmp_path, mode):
    path = put(tmp_path / "reviews.tar", pack_tar(REVIEWS, mode))
    parts = imdb.read_reviews(path)
    assert {name: column.tolist() for name, column in parts["train"].items()} == {
        "data": ["très\nbon", "nice", "bad"],
        "target": [1, 1, 0],
        "stars": [10, 7, 2],
    }
    assert parts["test"]["data"].tolist() == ["fine", "worst"]


def encode_like_keras(xs, num_words):
    """Return what keras.datasets.imdb.load_data makes of ranks, written as loops."""
    xs = [[1] + [w + 3 for w in x] for x in xs]
    return [[w if w < num_words else 2 for w in x] for x in xs]


@pytest.mark.parametrize("num_words", [5, 6, 100])
def test_tokens_are_those_of_keras(num_words):
    ranks = [[1, 2, 3], [], [7, 1, 90, 99]]
    tokens = [imdb.encode(x, num_words).tolist() for x in ranks]
    assert tokens == encode_like_keras(ranks, num_words)


def test_without_a_limit_all_words_are_kept():
    assert imdb.encode([1, 90], None).tolist() == [1, 4, 93]


@pytest.fixture
def small_imdb(home, monkeypatch):
    """Put files like those of IMDB into a folder, with ranks that are stars; return it."""
    parts = imdb.read_reviews(put(home / "imdb" / "aclImdb_v1.tar.gz", pack_tar(REVIEWS)))
    arrays = {}
    for name, part in parts.items():
        arrays[f"x_{name}"] = np.empty(len(part["stars"]), dtype=object)
        arrays[f"x_{name}"][:] = [[stars] for stars in part["stars"].tolist()]
        arrays[f"y_{name}"] = part["target"]
    np.savez(home / "imdb" / "imdb.npz", **arrays)
    words = {f"word{rank}": rank for rank in reversed(range(1, 11))}
    put(home / "imdb" / "imdb_word_index.json", json.dumps(words).encode())
    for form in ("_ARCHIVE", "_TOKENS", "_WORDS"):
        monkeypatch.setattr(imdb, form, PublicFile(getattr(imdb, form).name, "imdb"))
    monkeypatch.setattr(imdb, "_verify_labels", lambda labels, expected: None)
    return home


@pytest.mark.parametrize(("subset", "size"), [("train", 3), ("test", 2), ("all", 5)])
def test_text_and_tokens_are_the_same_reviews(small_imdb, subset, size):
    text = datasets.fetch_imdb(subset=subset)
    tokens = datasets.fetch_imdb("tokens", subset=subset)
    assert len(text.data) == len(tokens.data) == size
    np.testing.assert_array_equal(text.target, tokens.target)
    np.testing.assert_array_equal(text.stars, [token - 3 for _, token in tokens.data])
    np.testing.assert_array_equal(text.target, text.stars > 5)
    words = [tokens.words[review].tolist() for review in tokens.data]
    assert words == [["<start>", f"word{stars}"] for stars in text.stars]
    assert [*text.sha256] == ["aclImdb_v1.tar.gz"]
    assert [*tokens.sha256] == ["imdb.npz", "imdb_word_index.json"]
    X, y = datasets.fetch_imdb(subset=subset, return_X_y=True)
    assert text.data == X
    np.testing.assert_array_equal(y, text.target)


def test_all_is_training_then_testing(small_imdb):
    parts = [datasets.fetch_imdb(subset=subset).data for subset in ("train", "test", "all")]
    assert parts[0] + parts[1] == parts[2]


def test_rare_words_are_unknown(small_imdb):
    tokens = datasets.fetch_imdb("tokens", num_words=10)
    assert tokens.words.tolist() == [
        *("<pad>", "<start>", "<unknown>", "<unused>"),
        *(f"word{rank}" for rank in range(1, 7)),
    ]
    stars = datasets.fetch_imdb().stars
    expected = [[1, s + 3 if s + 3 < 10 else 2] for s in stars.tolist()]
    assert [review.tolist() for review in tokens.data] == expected


def test_an_unknown_file_of_tokens_is_not_unpickled(home):
    put(home / "imdb.npz", b"not the original")
    with pytest.raises(OSError, match=r"imdb\.npz is not the original imdb\.npz: its sha256"):
        datasets.fetch_imdb("tokens", download_if_missing=False)


def test_labels_with_another_checksum_are_refused():
    with pytest.raises(OSError, match=r"labels of IMDB have the md5 sum [0-9a-f]{32}, expected"):
        imdb._verify_labels(np.array([0, 1]), imdb._LABEL_SUMS["train"])


def test_num_words_is_for_tokens(home):
    with pytest.raises(ValueError, match="num_words=100 requires kind='tokens'"):
        datasets.fetch_imdb("text", num_words=100)
    with pytest.raises(ValueError, match="The 'num_words' parameter of fetch_imdb must be"):
        datasets.fetch_imdb("tokens", num_words=4)


def test_real_imdb():
    tokens = real("fetch_imdb", "tokens", subset="all")
    assert len(tokens.data) == 50000
    assert tokens.target[:25000].sum() == tokens.target[25000:].sum() == 12500
    first = [1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65, 458, 4468]
    assert tokens.data[0][:12].tolist() == first
    lengths = np.array([len(review) for review in tokens.data])
    assert lengths[0] == 218
    assert lengths[:25000].mean() == 238.71364
    assert round(lengths[25000:].mean(), 5) == 230.80420
    assert len(tokens.words) == 88584 + 4
    text = real("fetch_imdb", subset="all")
    np.testing.assert_array_equal(text.target, tokens.target)
    np.testing.assert_array_equal(text.target, text.stars > 5)
    # Each row is the same review: encoded by the rule of Keras, the text gives the tokens.
    between = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))
    lower = str.maketrans({chr(k): chr(k + 32) for k in range(ord("A"), ord("Z") + 1)})
    number = {word: token for token, word in enumerate(tokens.words) if token > 3}
    for review, expected in zip(text.data[::10], tokens.data[::10], strict=True):
        words = review.translate(lower).translate(between).split(" ")
        assert [1, *(number[w] for w in words if w in number)] == expected.tolist()
