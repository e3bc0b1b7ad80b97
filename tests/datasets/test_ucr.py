"""Series of the UCR archive in the format .ts."""

import numpy as np
import pytest

from sklearn_rnn import datasets
from sklearn_rnn.datasets import _ucr as ucr
from tests.datasets.files import real
from tests.standins import put

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
        ("@data", "@date", "contains no series after @data"),
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
    with pytest.raises(OSError, match="is damaged or not the original") as error:
        datasets.fetch_ucr("GunPoint", subset="test")
    assert str(error.value) == (
        f"{path} is damaged or not the original: expected {{'samples of each class': (76, 74), "
        "'channels': 1, 'steps': 150}, got {'samples of each class': (1, 1), 'channels': 2, "
        "'steps': 3}. Remove it to download it again."
    )


@pytest.mark.parametrize("name", ["../GunPoint", "", "Gun Point", "a/b"])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="name must be the name of a data set"):
        datasets.fetch_ucr(name)


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
