"""Searches and comparisons on a cluster of dask: two processes of this machine."""

import os
import signal
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from dask.distributed import Client, LocalCluster
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer, make_ar
from sklearn_rnn.model_selection import compare_models
from tests.nets import few_epochs

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    RNG.normal(size=(120, 2)), pd.date_range("2026-01-01", periods=120), ["a", "b"]
)
SCORES = [f"split{fold}_test_score" for fold in range(3)]


@pytest.fixture(scope="module")
def client():
    """Workers of one thread each, as docs/clusters.md starts them."""
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


class DiesOnce(Ridge):
    """A model whose first fit to the larger fold kills the process of the worker."""

    def __init__(self, alpha=1.0, *, note=""):
        self.note = note
        super().__init__(alpha)

    def fit(self, X, y):
        note = Path(self.note)
        if len(y) > 80 and not note.exists():
            note.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


def search(**parameters):
    net = GRURegressor(max_epochs=2, early_stopping=False, random_state=0)
    model = make_pipeline(LagTransformer(3), net)
    grid = {"gruregressor__hidden_size": [4, 8]}
    return GridSearchCV(model, grid, cv=TimeSeriesSplit(3), **parameters)


def test_workers_have_one_thread(client):
    assert set(client.run(torch.get_num_threads).values()) == {1}


@few_epochs
def test_a_search_has_the_bits_of_one_process(client):
    expected = search().fit(FRAME, FRAME["a"])
    with joblib.parallel_config("dask"):
        found = search(n_jobs=-1).fit(FRAME, FRAME["a"])
    for name in SCORES:
        assert np.array_equal(found.cv_results_[name], expected.cv_results_[name])
    assert np.array_equal(found.predict(FRAME), expected.predict(FRAME))


@few_epochs
def test_a_comparison_has_the_bits_of_one_process(client):
    net = make_pipeline(LagTransformer(3), search().estimator[-1])
    models = {"AR": make_ar(2), "GRU": net}
    expected = compare_models(models, FRAME, FRAME["a"], cv=3, seeds=2)
    with joblib.parallel_config("dask"):
        found = compare_models(models, FRAME, FRAME["a"], cv=3, seeds=2, n_jobs=-1)
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)


def test_a_comparison_ends_with_the_right_table_although_a_worker_was_killed(client, tmp_path):
    note = tmp_path / "killed"
    alive, dying = ({"ridge": Ridge(), "other": DiesOnce(note=str(path))} for path in ("", note))
    expected = compare_models(alive, FRAME, FRAME["a"], cv=3)
    assert not note.exists()
    target = FRAME["a"]
    with joblib.parallel_config("dask", scatter=[FRAME, target]):
        found = compare_models(dying, FRAME, target, cv=3, n_jobs=-1)
    assert note.exists()
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)


def test_loky_names_the_cause_of_a_killed_worker(tmp_path):
    models = {"ridge": Ridge(), "other": DiesOnce(note=str(tmp_path / "killed"))}
    with pytest.raises(RuntimeError, match=r"A worker process .* unexpectedly terminated"):
        compare_models(models, FRAME, FRAME["a"], cv=3, n_jobs=2)
