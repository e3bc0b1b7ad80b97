"""Searches and comparisons on a cluster of dask: two processes of this machine."""

import dask
import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from dask.distributed import Client, LocalCluster
from sklearn.linear_model import Ridge

from sklearn_rnn import make_ar
from sklearn_rnn.model_selection import compare_models
from tests.interop.models import FRAME, SCORES, TARGET, DiesOnce, search
from tests.nets import few_epochs


@pytest.fixture(scope="module")
def client():
    """Workers of one thread each, as docs/clusters.md starts them."""
    dask.config.set({"distributed.scheduler.active-memory-manager.start": False})
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def test_workers_have_one_thread(client):
    assert set(client.run(torch.get_num_threads).values()) == {1}


@few_epochs
@pytest.mark.usefixtures("client")
def test_a_search_has_the_bits_of_one_process():
    expected = search().fit(FRAME, TARGET)
    with joblib.parallel_config("dask"):
        found = search(n_jobs=-1).fit(FRAME, TARGET)
    for name in SCORES:
        assert np.array_equal(found.cv_results_[name], expected.cv_results_[name])
    assert np.array_equal(found.predict(FRAME), expected.predict(FRAME))


@few_epochs
@pytest.mark.usefixtures("client")
def test_a_comparison_has_the_bits_of_one_process():
    models = {"AR": make_ar(2), "GRU": search().estimator}
    expected = compare_models(models, FRAME, TARGET, cv=3, seeds=2)
    with joblib.parallel_config("dask"):
        found = compare_models(models, FRAME, TARGET, cv=3, seeds=2, n_jobs=-1)
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)


@pytest.mark.usefixtures("client")
def test_a_comparison_ends_with_the_right_table_although_a_worker_was_killed(tmp_path):
    note = tmp_path / "killed"
    models = {"ridge": Ridge(), "other": DiesOnce(note=str(note))}
    with joblib.parallel_config("dask", scatter=[FRAME, TARGET]):
        found = compare_models(models, FRAME, TARGET, cv=3, n_jobs=-1)
    assert note.exists()  # so that it does not happen again
    expected = compare_models(models, FRAME, TARGET, cv=3)
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)


def test_loky_names_the_cause_of_a_killed_worker(tmp_path):
    models = {"ridge": Ridge(), "other": DiesOnce(note=str(tmp_path / "killed"))}
    with pytest.raises(RuntimeError, match=r"A worker process .* unexpectedly terminated"):
        compare_models(models, FRAME, TARGET, cv=3, n_jobs=2)
