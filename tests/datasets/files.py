"""Files, original or made up, for the tests of this folder."""

import io
import os
import zipfile

import pytest

from sklearn_rnn import datasets


def pack_zip(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def real(name, *args, **kwargs):
    """Return what a fetcher makes of the original file, or skip the test."""
    if not os.environ.get("SKLEARN_RNN_DATA"):
        pytest.skip("SKLEARN_RNN_DATA does not name a folder with the original files")
    try:
        return getattr(datasets, name)(*args, **kwargs, download_if_missing=False)
    except FileNotFoundError as reason:
        pytest.skip(str(reason))
