"""IMDB film reviews with positive or negative sentiment, as text or as tokens."""

from __future__ import annotations

import json
import tarfile
from hashlib import md5
from io import BytesIO
from numbers import Integral
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import Interval, StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_ARCHIVE = PublicFile(
    "aclImdb_v1.tar.gz",
    "imdb",
    ("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
    ("c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",),
)
# The same reviews without the unlabelled ones.
_LABELLED = PublicFile(
    "aclImdb_v1_labeled.tar.xz",
    "imdb",
    sha256=("51a60cabf872683289dd34bee00962c94a7332072b125f9e931d98914e105423",),
)
# The arrays are unpickled, so only two known files are accepted: that of Keras, and a copy.
_TOKENS = PublicFile(
    "imdb.npz",
    "imdb",
    (f"{_KERAS}imdb.npz",),
    (
        "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
        "69b5c08ea49bf7ceab86e8c890a2c36bb91d414e51af20a2fc3f7041302156f7",
    ),
)
_WORDS = PublicFile(
    "imdb_word_index.json",
    "imdb",
    (f"{_KERAS}imdb_word_index.json",),
    ("027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",),
)
# MD5 sums of the labels in the order of Keras, as float32 in the .npy format, published with the
# labs of "An Introduction to Statistical Learning".
_LABEL_SUMS = {
    "train": "66bbcf3b4d43d2ddbafc03c2c5fbaab5",
    "test": "bedbed694970384ebf48088dfee80d51",
}
_SEED = 113
_SPECIAL = ("<pad>", "<start>", "<unknown>", "<unused>")
_START, _UNKNOWN, _OFFSET = 1, 2, 3
_DESCRIPTION = """\
Large Movie Review Dataset 1.0: 25000 film reviews for training and 25000 for testing, half of each
positive (7 to 10 of 10 stars) and half negative (1 to 4).

Maas, Daly, Pham, Huang, Ng and Potts (2011), "Learning word vectors for sentiment analysis", ACL.
https://ai.stanford.edu/~amaas/data/sentiment/, free for research; cite the paper.
The tokens are those of Keras, keras.datasets.imdb: words in lower case without punctuation,
numbered by decreasing frequency.
"""


@validate_params(
    {
        **PARAMETERS,
        "kind": [StrOptions({"text", "tokens"})],
        "subset": [StrOptions({"train", "test", "all"})],
        "num_words": [Interval(Integral, len(_SPECIAL), None, closed="neither"), None],
    },
    prefer_skip_nested_validation=True,
)
def fetch_imdb(
    kind: str = "text",
    *,
    subset: str = "train",
    num_words: int | None = None,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load film reviews with positive or negative sentiment (downloaded if missing).

    Text and tokens have the same reviews in the same rows: the (random) order of Keras.

    ================= =====================================================
    Reviews           25000 for training, 25000 for testing
    Classes           0 (negative) and 1 (positive), half of each
    Vocabulary        88584 words; 238 per training review on average
    Download          84 MB as text, 19 MB as tokens
    Licence           free for research; cite Maas et al. (2011)
    ================= =====================================================

    Parameters
    ----------
    kind : {"text", "tokens"}, default="text"
        Whether X contains the reviews as text (with ``<br />`` tags) or as tokens.
    subset : {"train", "test", "all"}, default="train"
        Which reviews; with "all" those for training come first.
    num_words : int, default=None
        With ``kind="tokens"``: tokens from this number up become 2, the unknown word. None keeps
        all words.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``imdb``. None uses the
        environment variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download missing files; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : list of str, or list of ndarray of shape (n_words_i,)
            X. Token 1 starts a review, 2 is an unknown word, and k + 3 the k-th most frequent word.
        target : ndarray of shape (n_reviews,)
            y, 0 or 1.
        target_names : list of str
            negative, positive.
        stars : ndarray of shape (n_reviews,)
            With ``kind="text"``: 1 to 10 stars.
        words : ndarray of shape (n_tokens,)
            With ``kind="tokens"``: the word of each token, so that ``words[data[0]]`` is a review.
        sha256 : dict
            Checksum of each file.
        DESCR : str
            Description and source.

    Raises
    ------
    FileNotFoundError
        If a file is missing and not to be downloaded; the error says where to get it.
    OSError
        If the download fails, or a file is damaged or not the original.
    ValueError
        If an argument is invalid.
    """
    if kind == "text" and num_words is not None:
        raise ValueError(
            f"num_words={num_words} requires kind='tokens'; kind='text' returns all words."
        )
    options = {"data_home": data_home, "download_if_missing": download_if_missing}
    if kind == "text":
        archive = fetch(_ARCHIVE, _LABELLED, **options)
        parts = read_reviews(archive.path)
        sums, more = archive.checksums, {}
    else:
        tokens, index = fetch(_TOKENS, **options), fetch(_WORDS, **options)
        parts = read_tokens(tokens.path)
        sums, more = (
            {**tokens.checksums, **index.checksums},
            {"words": read_words(index.path)[:num_words]},
        )
    _shuffle_like_keras(parts)
    for name, part in parts.items():
        _verify_labels(part["target"], _LABEL_SUMS[name])
    chosen = [*parts.values()] if subset == "all" else [parts[subset]]
    columns = {name: np.concatenate([part[name] for part in chosen]) for name in chosen[0]}
    data = columns.pop("data").tolist()
    if kind == "tokens":
        data = [encode(ranks, num_words) for ranks in data]
    bunch = Bunch(
        data=data,
        **columns,
        target_names=["negative", "positive"],
        **more,
        sha256=sums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y)


def read_reviews(path: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Read an archive with the members ``aclImdb/{train,test}/{pos,neg}/ID_STARS.txt``.

    Parameters
    ----------
    path : Path
        A tar archive, with any compression.

    Returns
    -------
    dict
        For train and test the columns data, target and stars: positive reviews first, each class
        sorted by file name as text.
    """
    found: dict[str, list[tuple[bool, str, str]]] = {"train": [], "test": []}
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            part, folder = (("", "", *name.parts)[-3:])[:2]
            if part in found and folder in ("neg", "pos") and name.suffix == ".txt":
                file = archive.extractfile(member)
                assert file is not None
                found[part].append((folder == "neg", name.name, file.read().decode("utf-8")))
    return {part: _as_columns(sorted(reviews)) for part, reviews in found.items()}


def _as_columns(reviews: list[tuple[bool, str, str]]) -> dict[str, NDArray[Any]]:
    names = [PurePosixPath(name).stem for _, name, _ in reviews]
    return {
        "data": _as_objects([text for _, _, text in reviews]),
        "target": np.array([not is_negative for is_negative, _, _ in reviews], dtype=np.int64),
        "stars": np.array([int(name.rpartition("_")[2]) for name in names], dtype=np.int64),
    }


def _as_objects(values: list[Any]) -> NDArray[Any]:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def read_tokens(path: Path) -> dict[str, dict[str, NDArray[Any]]]:
    """Read the file of Keras: word ranks, without start token and offset.

    Parameters
    ----------
    path : Path
        A trusted file: it is unpickled.

    Returns
    -------
    dict
        For train and test the columns data and target.
    """
    with np.load(path, allow_pickle=True) as arrays:
        return {
            part: {"data": arrays[f"x_{part}"], "target": arrays[f"y_{part}"].astype(np.int64)}
            for part in ("train", "test")
        }


def read_words(path: Path) -> NDArray[Any]:
    """Read the word of each token from the word index of Keras.

    Parameters
    ----------
    path : Path
        A JSON file that maps words to ranks from 1.

    Returns
    -------
    ndarray of shape (n_tokens,)
        The words, after four special tokens.
    """
    ranks = json.loads(path.read_text(encoding="utf-8"))
    return np.array([*_SPECIAL, *sorted(ranks, key=ranks.__getitem__)], dtype=object)


def encode(ranks: Any, num_words: int | None) -> NDArray[np.int64]:
    """Return the tokens of one review, as Keras does.

    Parameters
    ----------
    ranks : sequence of int
        Ranks of its words, from 1.
    num_words : int or None
        Tokens from this number up become the unknown word.

    Returns
    -------
    ndarray of shape (n_words + 1,)
        Start token, then ranks + 3. (With None, Keras also makes its rarest word unknown.)
    """
    tokens = np.append(_START, np.asarray(ranks, dtype=np.int64) + _OFFSET)
    return tokens if num_words is None else np.where(tokens < num_words, tokens, _UNKNOWN)


def _shuffle_like_keras(parts: dict[str, dict[str, NDArray[Any]]]) -> None:
    """Shuffle the rows as Keras does, the training part first."""
    random = np.random.RandomState(_SEED)
    for part in parts.values():
        order = np.arange(len(part["target"]))
        random.shuffle(order)
        for name in part:
            part[name] = part[name][order]


def _verify_labels(labels: NDArray[Any], expected: str) -> None:
    file = BytesIO()
    np.save(file, labels.astype(np.float32))
    got = md5(file.getvalue(), usedforsecurity=False).hexdigest()
    if got != expected:
        raise OSError(f"The labels of IMDB have the md5 sum {got}, expected was {expected}.")
