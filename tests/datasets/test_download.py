"""Files are found, downloaded and verified; the network is never touched."""

import hashlib
import io
import os
import stat

import numpy as np
import pytest

from sklearn_rnn.datasets import _download
from sklearn_rnn.datasets._download import PublicFile, fetch
from tests.datasets.files import pack_zip
from tests.standins import CONTENT, pack_tar, put

SUM = hashlib.sha256(CONTENT).hexdigest()
WRONG = "0" * 64


def public(*urls, sha256=(SUM,), **kwargs):
    return PublicFile("a.csv", "sub", urls, sha256, **kwargs)


@pytest.mark.parametrize("place", ["sub/a.csv", "a.csv"])
def test_a_file_is_found_with_or_without_its_folder(home, place):
    path = put(home / place)
    found = fetch(public())
    assert (found.path, found.checksums) == (path, {"a.csv": SUM})


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
        f"{WRONG} or {'1' * 64}. Remove it to download it again."
    )
    assert path.read_bytes() == CONTENT


def test_any_of_several_checksums_will_do(home):
    put(home / "a.csv")
    assert fetch(public(sha256=(WRONG, SUM))).sha256 == SUM


def test_a_file_that_grows_is_not_compared_but_its_checksum_is_told(home):
    put(home / "a.csv")
    assert fetch(public(sha256=())).sha256 == SUM


def test_missing_without_a_download(home):
    with pytest.raises(FileNotFoundError) as error:
        fetch(public("https://example.org/a.csv"), download_if_missing=False)
    assert str(error.value) == (
        f"a.csv is neither in {home / 'sub'} nor in {home}, and download_if_missing=False. "
        f"Get a.csv from https://example.org/a.csv and put it into {home / 'sub'}; or give the "
        "folder that contains it by data_home or by the environment variable SKLEARN_RNN_DATA."
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
    assert "from https://example.org/a.zip, an archive that contains it as data/a.csv, and" in str(
        error.value
    )


def test_failed_download_says_how_to_get_the_file(home, tmp_path):
    url = (tmp_path / "nowhere").as_uri()
    with pytest.raises(OSError, match=r"a\.csv could not be downloaded into ") as error:
        fetch(public(url))
    assert f"{url}: " in str(error.value)
    assert f"Get a.csv from {url} and put it into {home / 'sub'}; or give" in str(error.value)
    assert os.listdir(home / "sub") == []


def test_a_folder_that_cannot_be_made_says_how_to_get_the_file(home, tmp_path):
    put(home, b"a file, not a folder")
    with pytest.raises(
        OSError, match=r"could not be downloaded .*give the folder that contains it"
    ):
        fetch(public(put(tmp_path / "source.csv").as_uri()))


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
        (pack_zip({"b.csv": b""}), "the archive does not contain a.csv"),
        (pack_tar({"b.csv": b""}), "the archive does not contain a.csv"),
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
    monkeypatch.setattr(_download, "urlopen", lambda *_, **__: Answer(error))
    with pytest.raises(expected, match=message):
        fetch(public("https://example.org/a.csv", sha256=()))
    assert os.listdir(home / "sub") == []


def test_the_final_name_appears_only_with_the_whole_file(home, tmp_path):
    seen = []

    def read(path):
        seen.append((home / "sub/a.csv").exists())

    fetch(public(put(tmp_path / "source.csv").as_uri()), read=read)
    assert seen == [False]
    assert (home / "sub/a.csv").exists()
