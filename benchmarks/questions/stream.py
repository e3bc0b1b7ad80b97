"""What a prediction costs where rows arrive one at a time, and whether memory grows with them."""

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import threadpool_limits

from benchmarks.question import Measurement, sizes
from benchmarks.questions.memory import in_use_mb
from benchmarks.speed.timing import in_turn
from sklearn_rnn import GRURegressor, TCNRegressor, make_ar, stream

PLANS = sizes(n_rows=(20, 1000, 2000), rounds=(1, 9, 15), n_long=(200, 1_000_000, 1_000_000))
N_CHANNELS, N_STEPS, HIDDEN, N_SERIES = 3, 24, 32, 1000
TORCH = "GRU cell of torch"
TARGETS = {"GRU, carry": 50.0, "AR(5)": 20.0}
"""Microseconds that a row of one series should take at most."""
MOST = 20.0
"""How many times as long as one series 1,000 should take at most."""
COLUMNS = ["model, mode", "one series (us)", "target (us)", "ratio to the cell", "least", "most"]
COLUMNS += ["1,000 series / one", "pickle (kB)", "error"]
Make = Callable[[], Any]
Truth = Callable[[np.ndarray], np.ndarray]


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return what a row costs by each model, and the growth of memory over many rows."""
    torch.set_num_threads(1)
    threadpool_limits(1)
    plan = PLANS[size]
    rows = np.random.default_rng(0).normal(size=(600, N_CHANNELS)).cumsum(axis=0) / 20
    models, n_many = models_of(rows), plan.n_rows // 20
    one = {name: loop(make().predict, rows[:1], plan.n_rows) for name, (make, _) in models.items()}
    one[TORCH] = loop(cell(), rows[:1], plan.n_rows)
    wide = np.tile(rows[:1], (N_SERIES, 1))
    many = {name: loop(make().predict, wide, n_many) for name, (make, _) in models.items()}
    taken, of_many = in_turn(one, plan.rounds), in_turn(many, plan.rounds)
    table = []
    for name, (make, truth) in models.items():
        ratio = np.divide(taken[name][1:], taken[TORCH][1:])
        us = float(np.median(taken[name][1:])) / plan.n_rows * 1e6
        us_many = float(np.median(of_many[name][1:])) / n_many * 1e6
        of_one = make()
        found = np.concatenate([of_one.predict(row[np.newaxis]) for row in rows])
        error = np.abs(found - truth(rows))[N_STEPS:].max() / found.std()
        kb = len(pickle.dumps(of_one)) / 1e3
        spread = [np.median(ratio), ratio.min(), ratio.max()]
        table.append([name, us, TARGETS.get(name), *spread, us_many / us, kb, error])
    grew = {name: growth(models[name][0]().predict, rows[:1], plan.n_long) for name in TARGETS}
    us_torch = float(np.median(taken[TORCH][1:])) / plan.n_rows * 1e6
    facts = {"us_torch": us_torch, "n_long": plan.n_long, "grew": grew}
    return pd.DataFrame(table, columns=COLUMNS), facts


def models_of(rows: np.ndarray) -> dict[str, tuple[Make, Truth]]:
    """Return what begins a stream of each fitted model, and its predictions for all rows."""
    windows = sliding_window_view(rows, N_STEPS, axis=0)[:-1].swapaxes(1, 2)
    y, training = rows[N_STEPS:, 0], {"max_epochs": 5, "early_stopping": False, "random_state": 0}
    gru = GRURegressor(hidden_size=HIDDEN, **training).fit(windows, y)
    tcn = TCNRegressor(**training).fit(windows, y)
    ar = make_ar(5).fit(rows, rows[:, 0])

    def of_history(model: Any, rows: np.ndarray) -> np.ndarray:
        return model.predict([rows[: end + 1] for end in range(len(rows))])

    def of_window(model: Any, rows: np.ndarray) -> np.ndarray:
        return model.predict([rows[max(0, end - N_STEPS) : end] for end in range(1, len(rows) + 1)])

    return {
        "GRU, carry": (partial(stream, gru, "carry"), partial(of_history, gru)),
        "GRU, window": (partial(stream, gru), partial(of_window, gru)),
        "TCN, carry": (partial(stream, tcn, "carry"), partial(of_history, tcn)),
        "AR(5)": (partial(stream, ar), ar.predict),
    }


def cell() -> Callable[[np.ndarray], object]:
    """Return what a loop of torch's own cell and a linear layer does at each row."""
    gru, head = torch.nn.GRUCell(N_CHANNELS, HIDDEN), torch.nn.Linear(HIDDEN, 1)
    state = torch.zeros(1, HIDDEN)

    @torch.inference_mode()
    def step(rows: np.ndarray) -> np.ndarray:
        nonlocal state
        state = gru(torch.from_numpy(rows.astype(np.float32)), state)
        return head(state).numpy()

    return step


def loop(step: Callable[[np.ndarray], object], rows: np.ndarray, n: int) -> Callable[[], None]:
    """Return a task that gives `n` times the next rows."""

    def run() -> None:
        for _ in range(n):
            step(rows)

    return run


def growth(step: Callable[[np.ndarray], object], rows: np.ndarray, n: int) -> float:
    """Return by how many MB the memory in use has grown after many rows."""
    loop(step, rows, 100)()
    before = in_use_mb()
    loop(step, rows, n)()
    return in_use_mb() - before


def facts_of(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return the targets that are missed."""
    missed = table[(table["one series (us)"] > table["target (us)"])]["model, mode"]
    slow = table[table["1,000 series / one"] > MOST]["model, mode"]
    return {"missed": [*missed, *(f"1,000 series by {name}" for name in slow)], "most": MOST}


QUESTION = Measurement(measure, facts_of)
