"""Five members in one fit beside a single fit, both on two threads, and what arithmetic allows."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from benchmarks.speed.timing import Row, in_turn, row_of
from benchmarks.speed.workloads import WORKLOADS

N_MEMBERS, N_THREADS = 5, 2
MEMBERS = "five members in one fit, on two threads"
SINGLE, FIVE, BOUND = "a single fit", "five members", "least that arithmetic allows"
TARGETS = {"W1": 1.7, "W2": 2.4, "W3": 3.5}
"""The ratios to the seconds of a single fit that are aimed at, at most."""


def members(rounds: int, *, quick: bool) -> list[Row]:
    """Return ratios to the seconds of a single fit.

    The bound is all training of five members on two cores without a loss, and what else a single
    fit does, once. Training is what a fit of twice the epochs takes longer, on one thread.
    """
    rows: list[Row] = []
    before = torch.get_num_threads()
    for name in TARGETS:
        workload = WORKLOADS[name]
        workload = replace(workload, n_samples=512, epochs=1) if quick else workload
        X, y = workload.data()
        single, twice = (replace(workload, epochs=n * workload.epochs).estimator() for n in (1, 2))
        five = workload.estimator().set_params(n_members=N_MEMBERS)
        fits = {SINGLE: single, FIVE: five, "one thread": single, "twice the epochs": twice}
        threads = {SINGLE: N_THREADS, FIVE: N_THREADS}
        tasks = {
            label: partial(fit_on, threads.get(label, 1), fit, X, y) for label, fit in fits.items()
        }
        taken = in_turn(tasks, rounds)
        of_single = taken[SINGLE][1:]
        training = np.median(taken["twice the epochs"][1:]) - np.median(taken["one thread"][1:])
        besides = np.median(taken["one thread"][1:]) - training
        bound = besides + training * N_MEMBERS / N_THREADS
        times = {SINGLE: of_single, FIVE: taken[FIVE][1:], BOUND: np.full(rounds, bound)}
        rows += [row_of(MEMBERS, name, label, own, of_single) for label, own in times.items()]
    torch.set_num_threads(before)
    return rows


def fit_on(n_threads: int, estimator: object, X: np.ndarray, y: np.ndarray) -> None:
    torch.set_num_threads(n_threads)
    estimator.fit(X, y)
