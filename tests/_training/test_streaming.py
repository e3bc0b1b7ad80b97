"""Rows on disk: the same results as from memory, in less memory than the rows take."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer, LSTMClassifier, TCNRegressor, make_lagged
from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.storage import are_nan, has_inf, has_nan, is_finite, on_disk
from sklearn_rnn._sequences.windows import window_rows
from sklearn_rnn._training.streaming import StreamedRows, stream
from sklearn_rnn._training.tensors import RaggedTensor, must_stream

FIT = {"max_epochs": 2, "lr_schedule": "cosine", "random_state": 0, "dtype": "float64"}
FIT["early_stopping"] = False


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(300, 3), scale=[1, 10, 100]).cumsum(axis=0)


@pytest.fixture
def _any_size(monkeypatch):
    monkeypatch.setattr("sklearn_rnn._sequences.storage.LARGE_FILE", 0)


@pytest.fixture
def file(rows, tmp_path, _any_size):
    np.save(tmp_path / "rows.npy", rows)
    return np.load(tmp_path / "rows.npy", mmap_mode="r")


def test_what_is_on_disk(file, rows):
    assert on_disk(file)
    assert on_disk(np.asarray(file)[5:, 1:])
    assert on_disk(window_rows(LagTransformer(4).fit_transform(file)).rows)
    assert not on_disk(rows)
    assert not on_disk(np.array(file))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_are_looked_at_in_pieces(rows, bad, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._sequences.storage.CHUNK_VALUES", 21)
    assert is_finite(rows)
    assert not has_nan(rows) | has_inf(rows)
    rows[250, 1] = bad
    assert (is_finite(rows), has_nan(rows)) == (False, bool(np.isnan(bad)))
    assert has_inf(rows) == np.isinf(bad)
    assert not are_nan(rows).any()
    rows[[3, 299]] = np.nan
    assert_array_equal(np.flatnonzero(are_nan(rows)), [3, 299])


def test_sums_that_overflow_are_no_infinite_values():
    rows = np.full((600, 2), np.finfo(np.float32).max)  # more than are looked at one by one
    assert not is_finite(rows)
    assert not has_inf(rows)
    assert not has_nan(rows)


def test_lags_of_a_file_are_views_of_a_file(file, rows):
    lags = LagTransformer(5, delay=2, step=3).fit(file)
    from_disk, expected = (
        lags.transform(file),
        LagTransformer(5, delay=2, step=3).fit_transform(rows),
    )
    assert on_disk(from_disk)
    assert_array_equal(from_disk, expected)


def test_small_files_are_copied_into_memory(file, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._sequences.storage.LARGE_FILE", file.nbytes + 1)
    assert not on_disk(LagTransformer(5).fit_transform(file))
    assert not must_stream(file, "cpu")


@pytest.mark.usefixtures("_any_size")
@pytest.mark.parametrize("missing", [False, True])
def test_a_pipeline_on_a_file_fits_as_on_an_array(tmp_path, rows, missing):
    if missing:
        rows[40:60, 1] = np.nan
    np.save(tmp_path / "rows.npy", rows)
    file = np.load(tmp_path / "rows.npy", mmap_mode="r")
    y = np.nan_to_num(rows[:, 1])
    models = [make_pipeline(LagTransformer(6), GRURegressor(**FIT)).fit(X, y) for X in (rows, file)]
    assert_allclose(models[1].predict(file), models[0].predict(rows), rtol=1e-6)
    assert_allclose(models[1][-1].loss_curve_, models[0][-1].loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("more", [{"linear_skip": True}, {"early_stopping": True}])
def test_windows_of_a_file_without_a_pipeline(file, rows, more):
    settings = {**FIT, **more, "num_channels": 4}
    nets = []
    for given in (rows, file):
        X, y = make_lagged(given, rows[:, 0], 6)
        nets.append((TCNRegressor(shuffle=False, **settings).fit(X, y), X))
    assert_allclose(nets[1][0].predict(nets[1][1]), nets[0][0].predict(nets[0][1]), rtol=1e-6)


def test_classes_of_windows_of_a_file(file, rows):
    X, y = make_lagged(file, rows[:, 0], 6)
    labels = np.where(y > np.median(y), "high", "low")
    on_file = LSTMClassifier(**FIT).fit(X, labels)
    in_memory = LSTMClassifier(**FIT).fit(np.array(X), labels)
    assert_allclose(on_file.predict_proba(X), in_memory.predict_proba(X), rtol=1e-6)


def test_streamed_rows_are_those_of_the_file(file, rows):
    windows = window_rows(make_lagged(file, rows[:, 0], 6)[0])
    assert must_stream(windows.rows, "cpu")
    scale = Scale(np.array([1.0, 2, 3]), np.array([2.0, 1, 4]))
    x = stream(windows, scale, np.arange(0), "float32", "cpu")
    assert isinstance(x, RaggedTensor)
    assert isinstance(x.rows, StreamedRows)
    index = np.array([5, 100, 7])
    gathered, lengths = x.gather(x.starts.new_tensor(index))
    assert lengths is None, "they are equally long"
    expected = (windows.array()[index] - scale.mean) / scale.scale
    assert_allclose(gathered, expected, rtol=1e-6)


LARGER_THAN_MEMORY = """
import resource, sys, warnings
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn_rnn import LagTransformer, RNNRegressor

def model():
    fit = {"max_epochs": 1, "lr_schedule": "cosine", "batch_size": 2048, "random_state": 0}
    return make_pipeline(LagTransformer(2), RNNRegressor(hidden_size=2, **fit))

rows = np.load(sys.argv[1], mmap_mode="r")
if sys.argv[2] == "copied":
    warm, X = np.array(rows[:20_000]), lambda: np.array(rows)
else:
    warm, X = rows[:20_000], lambda: rows
model().fit(warm, warm[:, 0]).predict(warm)
used = next(int(line.split()[1]) for line in open("/proc/self/status") if "VmData" in line)
limit = used * 1024 + 100 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
y = np.array(rows[:, 0])
print(model().fit(X(), y).predict(X()).shape)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux limits private memory")
@pytest.mark.parametrize("how", ["on disk", "copied"])
def test_rows_that_are_larger_than_memory(tmp_path, how):
    path, n_rows = tmp_path / "rows.npy", 200_000
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, 384))  # 307 MB
    for start in range(0, n_rows, 50_000):
        rows[start : start + 50_000] = np.random.default_rng(start).normal(size=(50_000, 1))
    del rows
    command = [sys.executable, "-c", LARGER_THAN_MEMORY, str(path), how]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=alone, check=False)
    path.unlink()
    if how == "on disk":
        assert run.stdout == f"({n_rows},)\n", run.stderr
    else:
        assert "MemoryError" in run.stderr


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_tcn_trains_on_a_file_as_on_an_array(file, rows, early_stopping):
    settings = {**FIT, "num_channels": 4, "early_stopping": early_stopping}
    nets = [
        make_pipeline(LagTransformer(13), TCNRegressor(**settings)).fit(X, rows[:, 0])
        for X in (rows, file)
    ]
    assert nets[0][-1].loss_curve_ == nets[1][-1].loss_curve_
    assert_array_equal(nets[0].predict(rows), nets[1].predict(file))


def test_each_row_is_read_about_once_to_predict(file, rows, monkeypatch):
    X = LagTransformer(13).fit_transform(file)
    net = TCNRegressor(num_channels=4, **FIT).fit(X, rows[:, 0])
    read, select = [], StreamedRows.index_select

    def counted(self, dim, index):
        read.append(len(index))
        return select(self, dim, index)

    monkeypatch.setattr(StreamedRows, "index_select", counted)
    net.predict(X)
    assert sum(read) == len(X) + 12


def test_no_room_for_the_padded_copy_is_an_error_that_says_so(file, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match=r"its padded copy needs .* no space in .* TMPDIR"):
        LagTransformer(5).fit_transform(file)
