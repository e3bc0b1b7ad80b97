"""The determinism contract of docs/reliability.md: what has the same bits, and what has not."""

import os
import random
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import torch

from sklearn_rnn._modules.kernels.loader import INSTRUCTIONS
from tests.nets import few_epochs, needs_library
from tests.predictions import MODELS, NETS, fit_and_predict, fitted, predict

pytestmark = few_epochs
SINGLE, DOUBLE = 1e-5, 1e-12


@cache
def here(name):
    return fit_and_predict(name)


def elsewhere(path, backend, **environment):
    """Return the predictions of models that workers of a fresh process fit."""
    command = [sys.executable, "-m", "tests.predictions", str(path), backend]
    subprocess.run(command, check=True, timeout=600, env={**os.environ, **environment})
    with np.load(path) as found:
        return dict(found)


def error(found, expected):
    """Return the largest difference, relative to the largest value."""
    found, expected = (np.asarray(a, dtype=float) for a in (found, expected))
    return np.abs(found - expected).max() / np.abs(expected).max()


def bound(name):
    return DOUBLE if name.endswith("double") else SINGLE


@pytest.mark.parametrize("name", MODELS)
def test_a_second_fit_has_the_same_bits_whatever_the_global_generators(name):
    expected = here(name)
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global generator is meant
        torch.manual_seed(seed)
        np.testing.assert_array_equal(fit_and_predict(name), expected)


@pytest.mark.parametrize(
    ("backend", "threads"),
    [("sequential", 3), ("threading", 2), ("loky", 2), ("multiprocessing", 2)],
)
def test_another_process_backend_and_number_of_threads_have_the_same_bits(
    tmp_path, backend, threads
):
    found = elsewhere(tmp_path / "found.npz", backend, OMP_NUM_THREADS=str(threads))
    for name in MODELS:
        np.testing.assert_array_equal(found[name], here(name), err_msg=name)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("name", MODELS)
def test_threads_set_in_torch_change_no_bit(name):
    np.testing.assert_array_equal(fit_and_predict(name), here(name))


@pytest.mark.parametrize("name", NETS)
def test_a_batch_of_one_differs_by_rounding(name):
    model, windows = fitted(name)
    alone = np.concatenate([predict(model, windows[i : i + 1]) for i in range(20)])
    assert error(alone, here(name)[:20]) < bound(name)


NEEDS_AVX512 = pytest.mark.skipif(
    INSTRUCTIONS != "avx512", reason="the processor has no instructions beside avx2 and plain"
)


@needs_library
@pytest.mark.parametrize("instructions", ["0", "plain", pytest.param("avx2", marks=NEEDS_AVX512)])
def test_other_instructions_differ_by_rounding(tmp_path, instructions):
    found = elsewhere(tmp_path / "found.npz", "sequential", SKLEARN_RNN_NATIVE=instructions)
    for name in NETS:
        assert error(found[name], here(name)) < bound(name), name
