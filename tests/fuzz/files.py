"""Small files in the form of the public ones that the fetchers read."""

from __future__ import annotations

import atexit
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pandas as pd

from sklearn_rnn import datasets
from tests.standins import put, put_pieces, put_reviews, put_waves


@contextmanager
def any_checksum() -> Iterator[None]:
    """Read files whose checksums are not those of the public ones."""

    def read(path, form, read, fix):
        return datasets._download.LocalFile(path, "0" * 64, read and read(path))

    with (
        patch.object(datasets._download, "_verify", read),
        patch.object(datasets._imdb, "_verify_labels", lambda labels, expected: None),
    ):
        yield


@cache
def folder() -> Path:
    """Return a folder for files of this process, which goes with it."""
    made = TemporaryDirectory()
    atexit.register(made.cleanup)
    return Path(made.name)


@cache
def home() -> Path:
    """Return a folder with a file of each fetcher."""
    path = folder()
    put_waves(path, ["Small"])
    put_pieces(path)
    for name in ("Nottingham", "MuseData", "Piano_midi"):
        put(path / f"{name}.mat", (path / "JSB_Chorales.mat").read_bytes())
    put_reviews(path)
    rows = np.empty(4, dtype=object)
    rows[:] = [[1, 2], [3], [1], [2, 2]]
    y = np.array([0, 1, 0, 1])
    np.savez(path / "imdb.npz", x_train=rows, y_train=y, x_test=rows, y_test=y)
    put(path / "imdb_word_index.json", json.dumps({"a": 1, "fine": 2, "film": 3}).encode())
    for part in ("train", "valid", "test"):
        put(path / f"ptb.{part}.txt", b" no it was n't \n yes \n")
    for prefix, n in (("train", 3), ("t10k", 2)):
        images = b"\0\0\x08\x03" + bytes([0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2, *range(4 * n)])
        labels = b"\0\0\x08\x01" + bytes([0, 0, 0, n, *range(n)])
        put(path / f"{prefix}-images-idx3-ubyte.gz", gzip.compress(images))
        put(path / f"{prefix}-labels-idx1-ubyte.gz", gzip.compress(labels))
    hours = pd.date_range("2016-07-01", periods=14401, freq="h", name="date")
    ett = pd.DataFrame({"HUFL": np.arange(14401.0), "OT": 1.0}, hours).to_csv().encode()
    for name in ("ETTh1", "ETTh2"):
        put(path / f"{name}.csv", ett)
    lines = io.StringIO()
    lines.write("STN,YYYYMMDD,   TG,   TN,   TX,   SQ,   RH,   UG\n")
    for day in pd.date_range("2000-01-01", "2000-03-31"):
        lines.write(f"  260,{day:%Y%m%d},   50,   10,   90,   12,   10,   80\n")
    put(path / "etmgeg_260.txt", lines.getvalue().encode())
    months = "".join(f"   1853  {m:2}    8.4     2.7       4    62.8    10.0\n" for m in (11, 12))
    head = "   yyyy  mm   tmax    tmin      af    rain     sun\n              degC    degC\n"
    put(path / "oxforddata.txt", f"Oxford\n{head}{months}".encode())
    return path
