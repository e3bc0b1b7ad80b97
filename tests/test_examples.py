"""Every example runs, on small stand-ins of its data; the network is never touched."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from sklearn_rnn import datasets
from sklearn_rnn.datasets import _download as _fetching
from sklearn_rnn.datasets import _imdb as imdb
from sklearn_rnn.datasets import _ucr as ucr
from tests.standins import put_pieces, put_reviews, put_waves

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*/*.py"))
YEARS = slice("1978", "1981")  # of the data that come with the package


@pytest.fixture
def _small_data(tmp_path, monkeypatch):
    """Let fetchers find stand-ins, which are not the original files, and nothing else."""
    put_waves(tmp_path, ["JapaneseVowels", "BasicMotions", "ItalyPowerDemand", "GunPoint"])
    put_pieces(tmp_path)
    put_reviews(tmp_path)
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path))
    verify = _fetching._verify
    monkeypatch.setattr(
        _fetching, "_verify", lambda path, form, *how: verify(path, replace(form, sha256=()), *how)
    )
    monkeypatch.setattr(imdb, "_verify_labels", lambda labels, expected: None)
    monkeypatch.setattr(ucr, "_KNOWN", {})

    def no_network(*_, **__):
        raise OSError("a test does not download")

    monkeypatch.setattr(_fetching, "urlopen", no_network)
    X, y = datasets.load_nyse(return_X_y=True, as_frame=True)
    monkeypatch.setattr(datasets, "load_nyse", lambda **_: (X.loc[YEARS], y.loc[YEARS]))


def test_there_are_examples_for_the_gallery():
    executed = [path for path in EXAMPLES if path.parent.name != "downloaded"]
    assert len(executed) >= 15


# Of the small data some have nothing that can be learned.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.NothingLearnedWarning")
@pytest.mark.usefixtures("_small_data")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, capsys, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    runpy.run_path(str(path))
    text = capsys.readouterr().out
    assert text or pyplot.get_fignums(), "it shows nothing"
    pyplot.close("all")
    assert not re.search(r"\bnan\b|failed", text)  # `compare_models` tells of errors


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_asks_a_question_and_is_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[1].endswith("?")
    assert sum(not line.startswith("# sphinx_gallery_") for line in lines) <= 55


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_picture_has_a_text_in_its_place(path):
    """See docs/_extensions/gallery_alt.py, which reads it, and refuses a picture without."""
    text = path.read_text(encoding="utf-8")
    draws = re.search(r"^(plt\.show|\w+\.plot)\(\)$", text, re.MULTILINE)
    described = re.findall(r'^# sphinx_gallery_alt = "(.+)"$', text, re.MULTILINE)
    assert bool(draws) == bool(described)
    assert not described or len(" ".join(described)) > 60
