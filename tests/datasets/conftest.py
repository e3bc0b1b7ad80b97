"""The folder in which the fetchers look for files."""

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder that the environment variable names; it does not exist yet."""
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path / "home"))
    return tmp_path / "home"
