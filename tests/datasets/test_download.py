"""Files are found, downloaded, verified and read; the network is never touched.

Tests on the original files run where the environment variable SKLEARN_RNN_DATA names a folder that
has them, and otherwise are skipped.
"""

import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import LagTransformer, _fetching, datasets
from sklearn_rnn.datasets import _climate as climate
from sklearn_rnn.datasets import _debilt as debilt
from sklearn_rnn.datasets import _imdb as imdb
from sklearn_rnn.datasets import _mnist as mnist
from sklearn_rnn.datasets import _ucr as ucr
from sklearn_rnn.datasets._download import PublicFile, fetch
from tests.standins import CONTENT, pack_tar, put

FETCHERS = [name for name in datasets.__all__ if name.startswith("fetch_")]
SUM = hashlib.sha256(CONTENT).hexdigest()
WRONG = "0" * 64


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder that the environment variable names; it does not exist yet."""
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


def public(*urls, sha256=(SUM,), **kwargs):
    return PublicFile("a.csv", "sub", urls, sha256, **kwargs)


# Found


@pytest.mark.parametrize("place", ["sub/a.csv", "a.csv"])
def test_a_file_is_found_with_or_without_its_folder(home, place):
    path = put(home / place)
    found = fetch(public())
    assert (found.path, found.sums) == (path, {"a.csv": SUM})


def test_data_home_goes_before_the_variable(home, tmp_path):
    put(home / "a.csv")
    path = put(tmp_path / "other" / "a.csv")
    assert fetch(public(), data_home=str(tmp_path / "other")).path == path


@pytest.mark.parametrize("variable", [None, ""])
def test_without_the_variable_it_is_a_folder_of_the_user(tmp_path, monkeypatch, variable):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("SKLEARN_RNN_DATA", raising=False)
    if variable is not None:
        monkeypatch.setenv("SKLEARN_RNN_DATA", variable)
    path = put(tmp_path / "sklearn_rnn_data" / "sub" / "a.csv")
    assert fetch(public()).path == path


def test_a_tilde_in_data_home_is_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = put(tmp_path / "mine" / "a.csv")
    assert fetch(public(), data_home="~/mine").path == path


def test_another_form_is_taken_where_the_first_is_not_there(home):
    other = PublicFile("b.csv", "sub", sha256=(SUM,))
    path = put(home / "b.csv")
    assert fetch(public(), other).path == path
    path = put(home / "a.csv")
    assert fetch(public(), other).path == path


@pytest.mark.parametrize("place", ["sub/a.csv", "a.csv"])
def test_a_file_with_another_checksum_is_refused_and_left(home, place):
    path = put(home / place)
    with pytest.raises(OSError, match="is not the original") as error:
        fetch(public(sha256=(WRONG, "1" * 64)))
    assert str(error.value) == (
        f"{path} is not the original a.csv: its sha256 is {SUM}, expected was "
        f"{WRONG} or {'1' * 64}. Remove it, and it is downloaded anew."
    )
    assert path.read_bytes() == CONTENT


def test_any_of_several_checksums_will_do(home):
    put(home / "a.csv")
    assert fetch(public(sha256=(WRONG, SUM))).sha256 == SUM


def test_a_file_that_grows_is_not_compared_but_its_checksum_is_told(home):
    put(home / "a.csv")
    assert fetch(public(sha256=())).sha256 == SUM


# Missing


def test_missing_without_a_download(home):
    with pytest.raises(FileNotFoundError) as error:
        fetch(public("https://example.org/a.csv"), download_if_missing=False)
    assert str(error.value) == (
        f"a.csv is neither in {home / 'sub'} nor in {home}, and download_if_missing=False. "
        f"Get a.csv from https://example.org/a.csv and put it into {home / 'sub'}; or name the "
        "folder that has it by data_home or by the environment variable SKLEARN_RNN_DATA."
    )
    assert not home.exists()


def test_missing_member_of_an_archive_without_a_download(home):
    with pytest.raises(FileNotFoundError) as error:
        fetch(
            public("https://example.org/a.zip", member="data/a.csv"),
            PublicFile("b.csv", "sub"),
            download_if_missing=False,
        )
    assert str(error.value).startswith(f"a.csv or b.csv is neither in {home / 'sub'} nor in {home}")
    assert "from https://example.org/a.zip, an archive that holds it as data/a.csv, and" in str(
        error.value
    )


def test_failed_download_says_how_to_get_the_file(home, tmp_path):
    url = (tmp_path / "nowhere").as_uri()
    with pytest.raises(OSError, match=r"a\.csv could not be downloaded into ") as error:
        fetch(public(url))
    assert f"{url}: " in str(error.value)
    assert f"Get a.csv from {url} and put it into {home / 'sub'}; or name" in str(error.value)
    assert os.listdir(home / "sub") == []


def test_a_folder_that_cannot_be_made_says_how_to_get_the_file(home, tmp_path):
    put(home, b"a file, not a folder")
    with pytest.raises(OSError, match=r"could not be downloaded .*name the folder that has it"):
        fetch(public(put(tmp_path / "source.csv").as_uri()))


@pytest.mark.parametrize("name", FETCHERS)
def test_each_fetcher_says_where_its_file_is_to_be_had(home, name):
    with pytest.raises(FileNotFoundError, match=r"Get \S+ from https?://\S+ .*SKLEARN_RNN_DATA"):
        getattr(datasets, name)(download_if_missing=False)
    assert not home.exists()


# Downloaded


def test_download_goes_to_the_folder_and_is_found_again(home, tmp_path):
    source = put(tmp_path / "source.csv")
    file = public(source.as_uri())
    found = fetch(file)
    assert (found.path, found.sha256) == (home / "sub" / "a.csv", SUM)
    assert found.path.read_bytes() == CONTENT
    assert os.listdir(home / "sub") == ["a.csv"]
    source.unlink()
    assert fetch(file) == found


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_downloaded_file_has_the_permissions_of_any_file(home, tmp_path):
    source = put(tmp_path / "source.csv")
    path = fetch(public(source.as_uri())).path
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(source.stat().st_mode)


def test_the_next_address_is_tried(home, tmp_path):
    wrong, right = put(tmp_path / "wrong", b"<html>"), put(tmp_path / "right")
    file = public((tmp_path / "nowhere").as_uri(), wrong.as_uri(), right.as_uri())
    assert fetch(file).path.read_bytes() == CONTENT


def test_a_download_with_another_checksum_is_refused(home, tmp_path):
    wrong = put(tmp_path / "wrong", b"<html>")
    with pytest.raises(OSError, match="could not be downloaded") as error:
        fetch(public(wrong.as_uri()))
    assert hashlib.sha256(b"<html>").hexdigest() in str(error.value)
    assert SUM in str(error.value)
    assert os.listdir(home / "sub") == []


def pack_zip(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_one_member_of_an_archive_is_kept(home, tmp_path, pack):
    members = {"top/xdata/a.csv": b"no", "top/data/a.csv": CONTENT, "top/data/b.csv": b"no"}
    archive = put(tmp_path / "archive", pack(members))
    path = fetch(public(archive.as_uri(), member="data/a.csv")).path
    assert path.read_bytes() == CONTENT
    assert os.listdir(home / "sub") == ["a.csv"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pack_zip({"b.csv": b""}), "the archive does not hold a.csv"),
        (pack_tar({"b.csv": b""}), "the archive does not hold a.csv"),
        (b"<html>", "could not be opened"),
        (pack_tar({"a.csv": np.random.default_rng(0).bytes(10000)})[:5000], "ended before"),
    ],
    ids=["zip", "tar", "page", "truncated"],
)
def test_an_archive_without_the_member_is_refused(home, tmp_path, content, reason):
    archive = put(tmp_path / "archive", content)
    with pytest.raises(OSError, match=reason):
        fetch(public(archive.as_uri(), member="a.csv"))
    assert os.listdir(home / "sub") == []


class Answer(io.BytesIO):
    """Answer of a server, whose connection breaks after one block."""

    def __init__(self, error):
        super().__init__(CONTENT)
        self.error = error
        self.headers = {"Content-Length": str(2 * len(CONTENT))}

    def read(self, size=-1):
        block = super().read(size)
        if not block and self.error:
            raise self.error
        return block


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (None, OSError, "the connection ended after 12 of 24 bytes"),
        (TimeoutError(), OSError, "TimeoutError"),
        (KeyboardInterrupt("by hand"), KeyboardInterrupt, "by hand"),
    ],
)
def test_a_broken_download_leaves_nothing(home, monkeypatch, error, expected, message):
    monkeypatch.setattr(_fetching, "urlopen", lambda *_, **__: Answer(error))
    with pytest.raises(expected, match=message):
        fetch(public("https://example.org/a.csv", sha256=()))
    assert os.listdir(home / "sub") == []


def test_the_final_name_appears_only_with_the_whole_file(home, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(_fetching, "_verify", lambda *_: seen.append((home / "sub/a.csv").exists()))
    fetch(public(put(tmp_path / "source.csv").as_uri()))
    assert seen == [False]
    assert (home / "sub/a.csv").exists()


# Climate

STATION = """\
Oxford
Location: 450900E 207200N, Lat 51.761 Lon -1.262, 63 metres amsl
Estimated data is marked with a * after the value.
   yyyy  mm   tmax    tmin      af    rain     sun
              degC    degC    days      mm   hours
   1853  11    8.4     2.7       4    62.8     ---
   1853  12    3.2*   -1.8      19*   29.3    10.0#
   1854   2    3.2    -0.1       0     0.0
   1854   3    7.0     1.0       2     1.0    99.4#  Provisional
   1854   4    9.0     ---       2     1.0    99.4*# || Change to Monckton Ave
Site Closed
"""


def test_station_is_read(tmp_path):
    path = put(tmp_path / "s.txt", STATION.encode())
    data, estimated, provisional = climate.read_station(path)
    nan = np.nan
    assert data.to_dict("list") == {
        "tmax": pytest.approx([8.4, 3.2, nan, 3.2, 7.0, 9.0], nan_ok=True),
        "tmin": pytest.approx([2.7, -1.8, nan, -0.1, 1.0, nan], nan_ok=True),
        "af": pytest.approx([4, 19, nan, 0, 2, 2], nan_ok=True),
        "rain": pytest.approx([62.8, 29.3, nan, 0, 1, 1], nan_ok=True),
        "sun": pytest.approx([nan, 10, nan, nan, 99.4, 99.4], nan_ok=True),
    }
    assert [str(month.date()) for month in data.index[[0, 2, -1]]] == [
        "1853-11-01",
        "1854-01-01",
        "1854-04-01",
    ]
    assert np.argwhere(estimated.to_numpy()).tolist() == [[1, 0], [1, 2], [5, 4]]
    assert provisional.tolist() == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("yyyy  mm", "year  mm", r"no line of column names that begins with yyyy mm"),
        (
            "    62.8     ---",
            "    6x.8     ---",
            r"line 6: '1853 11 .* 6x\.8 ---' are not \['tmax'",
        ),
        ("     ---\n", "     ---  1.0\n", "line 6: "),
        ("   1854   2", "   1853  12", "duplicate"),
    ],
)
def test_a_garbled_station_is_refused(tmp_path, old, new, message):
    path = put(tmp_path / "s.txt", STATION.replace(old, new, 1).encode())
    with pytest.raises(ValueError, match=message):
        climate.read_station(path)


def test_a_station_without_months_is_refused(tmp_path):
    path = put(tmp_path / "s.txt", "".join(STATION.splitlines(True)[:5]).encode())
    with pytest.raises(ValueError, match="holds no months"):
        climate.read_station(path)


def test_fetch_climate(home):
    put(home / "oxforddata.txt", STATION.encode())
    framed, arrays = datasets.fetch_climate(as_frame=True), datasets.fetch_climate()
    assert framed.frame.shape == arrays.data.shape == (6, 5)
    assert arrays.frame is None
    for name in ("data", "target", "estimated", "provisional"):
        assert isinstance(arrays[name], np.ndarray)
        np.testing.assert_array_equal(arrays[name], framed[name])
    assert (arrays.date == framed.data.index).all()
    X, y = datasets.fetch_climate(return_X_y=True)
    np.testing.assert_array_equal(X, arrays.data)
    np.testing.assert_array_equal(y, arrays.target)
    assert arrays.feature_names == list(framed.data.columns)
    assert arrays.sha256 == {"oxforddata.txt": hashlib.sha256(STATION.encode()).hexdigest()}


def test_months_adjoin_for_windows(home):
    put(home / "oxforddata.txt", STATION.encode())
    rain = datasets.fetch_climate(as_frame=True).data[["rain"]]
    lags = LagTransformer(1, fill_value=-1).fit(rain[:2])
    np.testing.assert_array_equal(lags.transform(rain[2:])[:2, 0, 0], [29.3, np.nan])


@pytest.mark.parametrize("station", ["../oxford", "Oxford", "", "ox/ford"])
def test_a_station_that_is_no_name_is_refused(station):
    with pytest.raises(ValueError, match="station must be the name"):
        datasets.fetch_climate(station)


# De Bilt

NAMES = "STN,YYYYMMDD,   TG,   TN,   TX,   SQ,   RH,   UG"


def days_of(first, last, **changes):
    """Return lines of the KNMI for days from first to last."""
    lines = []
    for k, day in enumerate(pd.date_range(first, last)):
        row = {"TG": 50 + k, "TN": -k, "TX": 100 + k, "SQ": -1, "RH": 10, "UG": 80}
        row |= changes.get(f"d{day:%Y%m%d}", {})
        values = ",".join(f"{value:>5}" for value in row.values())
        lines.append(f"  260,{day:%Y%m%d},{values}\n")
    return "".join(lines)


@pytest.mark.parametrize("before", ["", "# SOURCE: KNMI\n# YYYYMMDD = Date;\n\n"])
@pytest.mark.parametrize("mark", ["# ", ""])
def test_days_of_de_bilt_are_read(tmp_path, before, mark):
    text = f"{before}{mark}{NAMES}\n\n" + days_of(
        "2000-01-01", "2000-01-02", d20000102={"RH": -1, "SQ": 25, "UG": ""}
    )
    path = put(tmp_path / "d.txt", text.encode())
    days = debilt.read_days(path)
    assert days.to_dict("list") == {
        "temperature_mean": [5.0, 5.1],
        "temperature_min": [0.0, -0.1],
        "temperature_max": [10.0, 10.1],
        "precipitation": [1.0, 0.0],
        "humidity": pytest.approx([80.0, np.nan], nan_ok=True),
        "sunshine": [0.0, 2.5],
    }
    packed = put(tmp_path / "d.txt.xz", lzma.compress(text.encode()))
    pd.testing.assert_frame_equal(debilt.read_days(packed), days)


def test_days_without_column_names_are_refused(tmp_path):
    path = put(tmp_path / "d.txt", days_of("2000-01-01", "2000-01-02").encode())
    with pytest.raises(ValueError, match="no line of column names with YYYYMMDD"):
        debilt.read_days(path)


def test_months_of_de_bilt_are_whole(tmp_path):
    text = f"# {NAMES}\n" + days_of("1999-12-31", "2000-03-30", d20000215={"UG": ""})
    months = debilt.sum_up_months(debilt.read_days(put(tmp_path / "d.txt", text.encode())))
    assert [str(month.date()) for month in months.index] == ["2000-01-01", "2000-02-01"]
    january = months.iloc[0]
    assert january["temperature_mean"] == pytest.approx((51 + 81) / 20)
    assert january["temperature_min"] == -3.1
    assert january["temperature_max"] == 13.1
    assert january["precipitation"] == pytest.approx(31.0)
    assert january["humidity"] == 80
    assert january["sunshine"] == 0
    assert np.isnan(months.loc["2000-02-01", "humidity"])
    assert months.loc["2000-02-01", "temperature_min"] == -6.0


def test_fetch_debilt_from_the_archive_of_the_source(home, tmp_path, monkeypatch):
    text = f"# {NAMES}\n" + days_of("2000-01-01", "2000-02-29")
    archive = put(tmp_path / "d.zip", pack_zip({"etmgeg_260.txt": text.encode()}))
    whole = PublicFile("etmgeg_260.txt", "climate", (archive.as_uri(),), member="etmgeg_260.txt")
    monkeypatch.setattr(debilt, "_WHOLE", whole)
    assert datasets.fetch_debilt().data.shape == (2, 6)
    assert (home / "climate" / "etmgeg_260.txt").exists()
    days = datasets.fetch_debilt(monthly=False, as_frame=True)
    assert days.frame.shape == (60, 6)
    assert days.frame.index.name == "date"


# IMDB

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
    with pytest.raises(ValueError, match="num_words=100 is for kind='tokens'"):
        datasets.fetch_imdb("text", num_words=100)
    with pytest.raises(ValueError, match="The 'num_words' parameter of fetch_imdb must be"):
        datasets.fetch_imdb("tokens", num_words=4)


# UCR

SERIES = """\
#Made up,
# by hand
@problemName Small
@timeStamps false
@univariate false
@classLabel true walk run
@data
1,2,3:-1,?,1e-1:walk
4,5,6:7,8,9:run
"""


def test_series_are_read(tmp_path):
    path = put(tmp_path / "s.ts", SERIES.encode())
    samples, labels, classes, description = ucr.read_ts(path)
    np.testing.assert_array_equal(samples[0], [[1, -1], [2, np.nan], [3, 0.1]])
    np.testing.assert_array_equal(samples[1], [[4, 7], [5, 8], [6, 9]])
    assert (labels, classes, description) == (
        ["walk", "run"],
        ["walk", "run"],
        "Made up,\nby hand",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@classLabel true walk run", "@targetLabel true", "must have classes and no time stamps"),
        ("@timeStamps false", "@timeStamps true", "must have classes and no time stamps"),
        (":run", ":jump", "line 9: expected 2 channels and a class of .* got 2 and 'jump'"),
        ("4,5,6:", "", "line 9: expected 2 channels .* got 1 and 'run'"),
        ("4,5,6:", "4,5:", "line 9: .*inhomogeneous"),
        ("4,5,6:", "4,five,6:", "line 9: could not convert string to float: 'five'"),
        ("@data", "@date", "holds no series after @data"),
    ],
)
def test_garbled_series_are_refused(tmp_path, old, new, message):
    path = put(tmp_path / "s.ts", SERIES.replace(old, new).encode())
    with pytest.raises(ValueError, match=message):
        ucr.read_ts(path)


def test_fetch_ucr_of_any_name(home):
    put(home / "ucr" / "Small_TRAIN.ts", SERIES.encode())
    put(home / "Small_TEST.ts", SERIES.encode())
    small = datasets.fetch_ucr("Small")
    assert small.data.shape == (2, 3, 2)
    assert small.target.tolist() == ["walk", "run"]
    assert small.DESCR.startswith("Small: ")
    assert "Made up,\nby hand" in small.DESCR
    X, y = datasets.fetch_ucr("Small", subset="all", return_X_y=True)
    assert X.shape == (4, 3, 2)
    assert y.tolist() == ["walk", "run"] * 2


def test_series_of_different_lengths_are_a_list(home):
    put(home / "Small_TEST.ts", SERIES.replace("4,5,6:7,8,9", "4,5:7,8").encode())
    data = datasets.fetch_ucr("Small", subset="test").data
    assert [sample.shape for sample in data] == [(3, 2), (2, 2)]


def test_a_known_name_with_other_content_is_refused(home):
    path = put(home / "GunPoint_TEST.ts", SERIES.encode())
    with pytest.raises(OSError, match="is not the original") as error:
        datasets.fetch_ucr("GunPoint", subset="test")
    assert str(error.value) == (
        f"{path} is not the original: expected {{'samples of each class': (76, 74), 'channels': 1, "
        "'steps': 150}, got {'samples of each class': (1, 1), 'channels': 2, 'steps': 3}."
    )


@pytest.mark.parametrize("name", ["../GunPoint", "", "Gun Point", "a/b"])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="name must be that of a data set"):
        datasets.fetch_ucr(name)


# The rest


def test_idx_is_read(tmp_path):
    content = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes(range(6))
    path = put(tmp_path / "a.gz", gzip.compress(content))
    np.testing.assert_array_equal(mnist.read_idx(path), [[0, 1, 2], [3, 4, 5]])
    put(path, gzip.compress(content[:-1]))
    with pytest.raises(ValueError, match="no idx file of bytes in the shape that it states"):
        mnist.read_idx(path)


def test_a_wrong_name_is_refused_by_scikit_learn():
    with pytest.raises(ValueError, match="The 'name' parameter of fetch_ett must be a str among"):
        datasets.fetch_ett("ETTm1")


def test_all_functions_are_public():
    functions = {name for name in vars(datasets) if name.startswith(("load_", "fetch_"))}
    assert functions == set(datasets.__all__)


# The original files


def real(name, *args, **kwargs):
    """Return what a fetcher makes of the original file, or skip the test."""
    if not os.environ.get("SKLEARN_RNN_DATA"):
        pytest.skip("SKLEARN_RNN_DATA does not name a folder with the original files")
    try:
        return getattr(datasets, name)(*args, **kwargs, download_if_missing=False)
    except FileNotFoundError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", ["ETTh1", "ETTh2"])
def test_real_ett(name):
    ett = real("fetch_ett", name, as_frame=True)
    assert ett.frame.shape == (17420, 8)
    assert not ett.frame.isna().any(axis=None)
    hours = pd.date_range("2016-07-01 00:00", "2018-06-26 19:00", freq="h")
    assert (ett.data.index == hours).all()
    assert ett.target.equals(ett.data["OT"])
    sizes = ett.part.value_counts().to_dict()
    assert sizes == {"train": 8640, "validation": 2880, "test": 2880, "rest": 3020}
    X, y = real("fetch_ett", name, return_X_y=True)
    np.testing.assert_array_equal(X, ett.data)
    np.testing.assert_array_equal(y, ett.target)


@pytest.mark.parametrize(
    ("station", "first", "last", "n_months", "n_complete"),
    [
        ("oxford", "1853-01", "2026-02", 2078, 1166),
        ("lerwick", "1930-12", "2026-02", 1143, 1143),
        ("durham", "1880-01", "2026-02", 1754, 1317),
        ("armagh", "1853-01", "2026-02", 2078, 1150),
        ("sheffield", "1883-01", "2026-02", 1718, 1165),
        ("heathrow", "1948-01", "2026-02", 938, 830),
        ("stornoway", "1873-07", "2021-10", 1780, 1112),
        ("southampton", "1855-01", "2000-03", 1743, 1135),
    ],
)
def test_real_climate(station, first, last, n_months, n_complete):
    # The files grow: what is said of them is so up to the months given.
    data = real("fetch_climate", station, as_frame=True).data.loc[:last]
    assert (data.index == pd.date_range(first, last, freq="MS")).all()
    assert len(data) == n_months
    assert data.notna().all(axis=1).sum() == n_complete
    assert list(data.columns) == ["tmax", "tmin", "af", "rain", "sun"]
    assert (data["tmax"] >= data["tmin"])[data["tmin"].notna() & data["tmax"].notna()].all()
    if station == "oxford":
        assert data.loc["1929-01":].notna().all(axis=None)


def test_real_debilt():
    months = real("fetch_debilt", as_frame=True).data.loc["2000":"2022-02"]
    assert months.shape == (266, 6)
    assert not months.isna().any(axis=None)
    days = real("fetch_debilt", monthly=False, as_frame=True).data.loc["2000":"2022-03-21"]
    assert days.shape == (8116, 6)
    assert not days.isna().any(axis=None)
    assert days.iloc[0].tolist() == [6.1, 3.5, 8.1, 1.0, 97.0, 0.0]
    july = days.loc["2019-07"]
    assert months.loc["2019-07-01"].tolist() == pytest.approx(
        [
            july["temperature_mean"].mean(),
            july["temperature_min"].min(),
            july["temperature_max"].max(),
            july["precipitation"].sum(),
            july["humidity"].mean(),
            july["sunshine"].sum(),
        ]
    )


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


@pytest.mark.parametrize("name", ucr._KNOWN)
def test_real_ucr(name):
    *counts, n_steps, n_channels = ucr._KNOWN[name]
    for subset, of_class in zip(("train", "test"), counts, strict=True):
        series = real("fetch_ucr", name, subset=subset)
        assert isinstance(series.data, np.ndarray) == (n_steps is not None)
        assert len(series.data) == len(series.target) == sum(of_class)
        assert {sample.shape[1] for sample in series.data} == {n_channels}
        assert not any(np.isnan(sample).any() for sample in series.data)
        lengths = {len(sample) for sample in series.data}
        longest = {"train": 26, "test": 29}[subset]
        assert lengths == {n_steps} or (min(lengths), max(lengths)) == (7, longest)


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("JSB_Chorales", (229, 76, 77)),
        ("Nottingham", (694, 173, 170)),
        ("MuseData", (524, 135, 124)),
        ("Piano_midi", (87, 12, 25)),
    ],
)
def test_real_polymusic(name, pieces):
    for subset, size in zip(("train", "validation", "test"), pieces, strict=True):
        X, y = real("fetch_polymusic", name, subset=subset, return_X_y=True)
        assert len(X) == len(y) == size
        for piece, following in zip(X, y, strict=True):
            assert piece.shape == following.shape
            assert piece.shape[1] == 88
            np.testing.assert_array_equal(piece[1:], following[:-1])
            assert set(np.unique(piece)) <= {0, 1}


def test_real_mnist():
    digits = real("fetch_mnist", subset="all")
    assert digits.data.shape == (70000, 784)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(digits.target[:60000]).tolist() == counts
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(digits.target[60000:]).tolist() == counts


@pytest.mark.parametrize(
    ("subset", "n_tokens"), [("train", 929589), ("validation", 73760), ("test", 82430)]
)
def test_real_ptb(subset, n_tokens):
    text = real("fetch_ptb", subset=subset)
    assert len(text.data) == n_tokens - 1
    np.testing.assert_array_equal(text.data[1:], text.target[:-1])
    assert len(text.words) == 10001
    assert text.data.min() >= 1
    letters = real("fetch_ptb", subset=subset, level="characters")
    line = " ".join(text.words[text.data[:200]]).split(" <eos>")[0]
    assert "".join(letters.words[letters.data[: len(line) + 1]]) == f"{line}\n"
