"""Every damaged file is refused by name with the way out, of every fetcher, and leaves nothing."""

import gzip
import hashlib
import io
import lzma
import tarfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sklearn_rnn import datasets
from sklearn_rnn.datasets import _download
from sklearn_rnn.datasets._download import PublicFile, fetch
from tests.datasets.files import pack_zip
from tests.standins import CONTENT, pack_tar, put

TEXT = "".join(f"{i},{i * i}\n" for i in range(2000)).encode()


def flipped(content):
    """Return content with other bytes in the middle."""
    middle = len(content) // 2
    return (
        content[:middle]
        + bytes(b ^ 0xFF for b in content[middle : middle + 50])
        + content[middle + 50 :]
    )


def linked():
    """Return a tar archive whose entry is a link out of the folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.csv")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../outside"
        archive.addfile(entry)
    return file.getvalue()


def read_text(path):
    """Read a file without a checksum, as the fetchers of files that grow do."""
    content = path.read_bytes().decode("utf-8")
    if content.count(",") != 2000 or "\0" in content:
        raise ValueError("rows are missing")


FILES = {
    "cut": TEXT[:-100],
    "empty": b"",
    "a page": b"<html>404</html>",
    "flipped": flipped(TEXT),
    "of another encoding": TEXT.decode().encode("utf-16"),
    "of bytes that are no text": TEXT + b"\xff\xfe",
}
ARCHIVES = {
    "a page": b"<html>404</html>",
    "empty": b"",
    "a cut tar": pack_tar({"a.csv": TEXT})[:-500],
    "a cut zip": pack_zip({"a.csv": TEXT})[:-10],
    "a broken tar.gz": flipped(pack_tar({"a.csv": TEXT})),
    "a broken tar.xz": flipped(pack_tar({"a.csv": TEXT}, "w:xz")),
    "a broken tar.bz2": flipped(pack_tar({"a.csv": TEXT}, "w:bz2")),
    "a broken zip": flipped(pack_zip({"a.csv": TEXT})),
    "a zip that leaves the folder": pack_zip({"../../a.csv": TEXT}),
    "a tar that leaves the folder": pack_tar({"../../a.csv": TEXT}),
    "an absolute path": pack_tar({"/a.csv": TEXT}),
    "a link": linked(),
    "without the file": pack_tar({"b.csv": TEXT}),
    "of a damaged file": pack_tar({"a.csv": TEXT[:100]}),
}


class Server(ThreadingHTTPServer):
    """A server of this machine: `bodies` by path, and paths whose connection breaks half-way."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies, self.breaks = {}, set()

    def address(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.bodies.get(self.path, self.server.bodies.get("*"))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path in self.server.breaks else body)

    def log_message(self, *_):
        """Write nothing to the standard error."""


@pytest.fixture
def server(monkeypatch):
    """Return a server that is asked in place of all others."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def ask(request, timeout):
            local = urllib.request.Request(server.address(urlsplit(request.full_url).path))
            return urllib.request.urlopen(local, timeout=timeout)

        monkeypatch.setattr(_download, "urlopen", ask)
        yield server
        server.shutdown()
        thread.join()


def files_in(folder):
    return sorted(path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("has_sum", [True, False], ids=["checksum", "no checksum"])
@pytest.mark.parametrize(
    ("member", "damage"),
    [*(("", body) for body in FILES.values()), *(("a.csv", body) for body in ARCHIVES.values())],
    ids=[*FILES, *(f"archive: {name}" for name in ARCHIVES)],
)
def test_a_damaged_download_leaves_nothing_and_the_next_address_is_tried(
    server, home, tmp_path, member, damage, has_sum
):
    server.bodies |= {"/bad": damage, "/half": TEXT * 9, "/good": pack_tar({"a.csv": TEXT})}
    server.bodies["/good"] = server.bodies["/good"] if member else TEXT
    server.breaks.add("/half")
    sums = (hashlib.sha256(TEXT).hexdigest(),) if has_sum else ()

    def public(*paths):
        return PublicFile("a.csv", "sub", tuple(map(server.address, paths)), sums, member)

    with pytest.raises(OSError, match=r"^a\.csv could not be downloaded into .*sub \(") as error:
        fetch(public("/bad", "/half"), read=read_text)
    assert f"Get a.csv from {server.address('/bad')}" in str(error.value)
    assert f"and put it into {home / 'sub'}; or give the folder that" in str(error.value)
    assert str(error.value).count(server.address("/half")) == 1  # both are named
    assert files_in(tmp_path) == []
    assert fetch(public("/bad", "/half", "/good"), read=read_text).path.read_bytes() == TEXT
    assert files_in(tmp_path) == [Path("home/sub/a.csv")]


FETCHERS = {
    "fetch_climate": {},
    "fetch_debilt": {},
    "fetch_ett": {},
    "fetch_imdb": {"kind": "text"},
    "fetch_imdb, tokens": {"kind": "tokens"},
    "fetch_mnist": {},
    "fetch_polymusic": {},
    "fetch_ptb": {},
    "fetch_ucr": {"name": "GunPoint"},
    "fetch_ucr, any": {"name": "Any"},
}
LOCAL = {
    "fetch_climate": "oxforddata.txt",
    "fetch_debilt": "etmgeg_260.txt",
    "fetch_ett": "ETTh1.csv",
    "fetch_imdb": "aclImdb_v1.tar.gz",
    "fetch_imdb, tokens": "imdb.npz",
    "fetch_mnist": "train-images-idx3-ubyte.gz",
    "fetch_polymusic": "JSB_Chorales.mat",
    "fetch_ptb": "ptb.train.txt",
    "fetch_ucr": "GunPoint_TRAIN.ts",
    "fetch_ucr, any": "Any_TRAIN.ts",
}
BODIES = {
    **FILES,
    "compressed": gzip.compress(CONTENT),
    "broken gzip": flipped(gzip.compress(TEXT)),
    "broken xz": flipped(lzma.compress(TEXT)),
    "tar that leaves the folder": pack_tar({f"../../{name}": CONTENT for name in LOCAL.values()}),
    "zip that leaves the folder": pack_zip({f"../../{name}": CONTENT for name in LOCAL.values()}),
    "zip of damaged files": pack_zip(dict.fromkeys(LOCAL.values(), b"\xff\xfe")),
}


def call(fetcher):
    return getattr(datasets, fetcher.partition(",")[0])(**FETCHERS[fetcher])


def test_all_fetchers_are_tried():
    named = {name.partition(",")[0] for name in FETCHERS}
    assert named == {name for name in datasets.__all__ if name.startswith("fetch_")}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("fetcher", FETCHERS)
def test_no_fetcher_accepts_or_keeps_a_damaged_download(server, home, tmp_path, fetcher, body):
    server.bodies["*"] = body
    with pytest.raises(OSError, match="could not be downloaded into") as error:
        call(fetcher)
    assert str(error.value).startswith(LOCAL[fetcher])
    assert f"Get {LOCAL[fetcher]} from " in str(error.value)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("fetcher", FETCHERS)
def test_a_damaged_file_of_the_user_is_refused_and_left(home, tmp_path, fetcher, body):
    path = put(home / LOCAL[fetcher], body)
    with pytest.raises(OSError, match=r"Remove it to download it again\.$") as error:
        call(fetcher)
    assert str(error.value).startswith(str(path))
    assert files_in(tmp_path) == [path.relative_to(tmp_path)]
    assert path.read_bytes() == body
