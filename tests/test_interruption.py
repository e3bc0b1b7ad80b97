"""Ctrl-C at any moment, also in the first fit of a process: later fits are right.

``python -m tests.test_interruption FILE SEED N`` interrupts N fits of each model.
"""

import random
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from tests.nets import few_epochs
from tests.predictions import NETS, X, Y, fit_and_predict

NAMES = ["GRU", "GRU, classes", "LSTM, dropout", "TCN", "dense", "members"]
LONGEST = 0.3  # seconds until a fit is interrupted


def interrupt(*_):
    raise KeyboardInterrupt


def main(path, seed, n):
    """Interrupt fits of all models, and write what they predict after later fits."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # of few epochs
    signal.signal(signal.SIGALRM, interrupt)
    rng, n_interrupted, names = random.Random(int(seed)), 0, NAMES[:]
    n_threads = torch.get_num_threads()
    rng.shuffle(names)
    for name in names * int(n):
        endless = {"max_epochs": 10**6, "patience": 10**6, "early_stopping": False, "tol": 0.0}
        model = clone(NETS[name]).set_params(**endless)
        before = dict(vars(model))
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, LONGEST))
        try:
            model.fit(X, Y > 0 if hasattr(model, "predict_proba") else Y)
        except KeyboardInterrupt:
            n_interrupted += 1
        assert vars(model) == before, name
        assert torch.is_grad_enabled(), name
        assert torch.get_num_threads() == n_threads, name
    assert n_interrupted == len(NAMES) * int(n)
    np.savez(path, **{name: fit_and_predict(name) for name in NAMES})


def interrupt_in_new_process(path, seed, n):
    """Run `main` in a process of its own, whose first fit is interrupted."""
    command = [sys.executable, "-m", "tests.test_interruption", str(path), str(seed), str(n)]
    subprocess.run(command, check=True, timeout=300 + n)


@few_epochs
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timers of signals")
@pytest.mark.parametrize("seed", [0, 1])
def test_fits_after_interrupted_ones_have_the_bits_of_a_process_without(tmp_path, seed):
    path = tmp_path / "found.npz"
    interrupt_in_new_process(path, seed, 3)
    with np.load(path) as found:
        for name in NAMES:
            np.testing.assert_array_equal(found[name], fit_and_predict(name), err_msg=name)


if __name__ == "__main__":
    main(*sys.argv[1:])
