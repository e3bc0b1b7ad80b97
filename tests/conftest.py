"""What every test module needs before anything else is imported, and what several share."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")  # a slow machine is no failure

# scikit-learn runs its array API check only with this; scipy reads it when it is imported.
os.environ["SCIPY_ARRAY_API"] = "1"

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Keep the files of quick benchmarks, and find that none of real runs were touched."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path / "nothing"))
    before = {path: path.stat().st_mtime_ns for path in RESULTS.glob("*")}
    yield tmp_path
    assert {path: path.stat().st_mtime_ns for path in RESULTS.glob("*")} == before


@pytest.fixture
def close_figures():
    """Close all figures of matplotlib after the test."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture
def two_threads():
    """Let torch use two threads in the test, whatever the machine has."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
