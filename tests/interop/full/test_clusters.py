"""Searches and comparisons through Ray: two processes of this machine."""

import joblib
import numpy as np
import pandas as pd
import pytest
import ray
from ray.util.joblib import register_ray
from sklearn.linear_model import Ridge

from sklearn_rnn import make_ar
from sklearn_rnn.model_selection import compare_models
from tests.interop.models import FRAME, SCORES, TARGET, DiesOnce, search
from tests.nets import few_epochs

pytestmark = [few_epochs, pytest.mark.filterwarnings("default")]  # of Ray


@pytest.fixture(scope="module", autouse=True)
def _workers():
    """Two workers, of one thread each."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    yield
    ray.shutdown()


def test_a_search_has_the_bits_of_one_process():
    expected = search().fit(FRAME, TARGET)
    with joblib.parallel_config("ray"):
        found = search(n_jobs=2).fit(FRAME, TARGET)
    for name in SCORES:
        assert np.array_equal(found.cv_results_[name], expected.cv_results_[name])


def test_a_comparison_has_the_bits_of_one_process():
    models = {"AR": make_ar(2), "GRU": search().estimator}
    expected = compare_models(models, FRAME, TARGET, cv=3)
    with joblib.parallel_config("ray"):
        found = compare_models(models, FRAME, TARGET, cv=3, n_jobs=2)
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)


def test_a_killed_worker_is_an_error_that_names_the_cause(tmp_path):
    models = {"ridge": Ridge(), "other": DiesOnce(note=str(tmp_path / "killed"))}
    with (
        joblib.parallel_config("ray"),
        pytest.raises(ray.exceptions.RayError, match="died unexpectedly"),
    ):
        compare_models(models, FRAME, TARGET, cv=3, n_jobs=2)
