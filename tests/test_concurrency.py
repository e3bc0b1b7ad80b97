"""Fits of different estimators in eight threads, while code of the user draws random numbers.

``python -m tests.test_concurrency 60`` goes on for a minute.
"""

import random
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn.linear._active_set import _too_few_sweeps_ignored
from tests.nets import few_epochs
from tests.predictions import MODELS, fit_and_predict

N_THREADS = 8


def draws(n):
    """Return the values that the global generators give after they are seeded."""
    seeded()
    return [drawn() for _ in range(n)]


def seeded():
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global generators are the subject
    torch.manual_seed(0)


def drawn():
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002 - as above


def threads_of_torch():
    """Return how many threads torch has here, and in a thread that begins."""
    with ThreadPoolExecutor(1) as pool:
        return torch.get_num_threads(), pool.submit(torch.get_num_threads).result()


def fit_together(seconds):
    """Fit in eight threads until the time is over, all models once at least; return their number.

    Each fit must predict as it does alone, and nothing of the process may change.
    """
    alone = {name: fit_and_predict(name) for name in MODELS}
    before = [*warnings.filters], threads_of_torch(), warnings.showwarning
    end, is_over, names, found = time.monotonic() + seconds, threading.Event(), list(MODELS), []

    def fit(first):
        n_fits = 0
        while n_fits * N_THREADS < len(names) or time.monotonic() < end:
            name = names[(first + n_fits * N_THREADS) % len(names)]
            np.testing.assert_array_equal(fit_and_predict(name), alone[name], err_msg=name)
            n_fits += 1
        return n_fits

    def draw():
        seeded()
        while not is_over.wait(0.001):
            found.append(drawn())

    user = threading.Thread(target=draw)
    user.start()
    try:
        with ThreadPoolExecutor(N_THREADS) as pool:
            n_fits = sum(pool.map(fit, range(N_THREADS)))
    finally:
        is_over.set()
        user.join()
    assert found == draws(len(found))
    assert ([*warnings.filters], threads_of_torch(), warnings.showwarning) == before
    assert torch.is_grad_enabled()
    return n_fits


@few_epochs
def test_fits_in_eight_threads_have_the_bits_of_fits_alone_and_change_nothing():
    assert fit_together(seconds=0) >= len(MODELS)


def test_a_filter_of_another_thread_is_kept_while_a_lasso_is_swept():
    before = [*warnings.filters]
    sweep = _too_few_sweeps_ignored()
    sweep.__enter__()
    with ThreadPoolExecutor(1) as pool:  # a second fit begins later, and ends later
        other = _too_few_sweeps_ignored()
        pool.submit(other.__enter__).result()
        sweep.__exit__(None, None, None)
        with pytest.warns(ConvergenceWarning, match="of the user"):  # as it is not of that file
            warnings.warn("of the user", ConvergenceWarning, stacklevel=1)
        pool.submit(other.__exit__, None, None, None).result()
    assert warnings.filters == before


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)  # of few epochs
    print(fit_together(float(sys.argv[1])), "fits in eight threads, as alone; nothing changed")
