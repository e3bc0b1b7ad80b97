"""Memory of linear models on windows of rows on disk: no copy of the rows."""

import tracemalloc

import numpy as np
import pytest

from sklearn_rnn import LagElasticNet, LagElasticNetCV, LagRidge, LagRidgeCV
from sklearn_rnn._sequences.windows import lag_windows


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    values = np.random.default_rng(0).normal(size=(30_000, 128)).astype(np.float32)
    np.save(path, values.cumsum(axis=0))
    return np.load(path, mmap_mode="r")


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "model",
    [
        LagRidge(1e-9, standardize="last", target_channel=0),
        LagRidgeCV(alphas=3, cv=2, standardize="last", target_channel=0),
        LagElasticNet(0.1),
        LagElasticNetCV(alphas=3, cv=2, standardize="last", target_channel=0),
    ],
    ids=repr,
)
def test_rows_on_disk_are_streamed(rows, model):
    windows = lag_windows(rows, 2)
    y = np.asarray(windows[:, -1, 0], dtype=float)
    y += np.random.default_rng(0).normal(size=len(y))
    peak = peak_of(lambda: model.fit(windows, y).predict(windows))
    assert peak < rows.size * 8 / 2  # of a copy in double precision
