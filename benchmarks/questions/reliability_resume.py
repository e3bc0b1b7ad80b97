"""Whether fits and comparisons that are killed and started again give the same bits."""

import math
import os
import random
import signal
import time
import warnings
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.question import Measurement, sizes
from sklearn_rnn.model_selection import compare_models

PLANS = sizes(
    n_first=(1, None, None),  # of the fits, and of the comparisons
    share=(0.02, 0.5, 1.0),  # of their epochs
    n_kills=(1, 4, 20),  # of each, and of each comparison, at any time
    n_in_writes=(1, 6, 40),  # in a write of a large file
)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(1000, 12, 3))
Y = X[:, -1, 0] * X[:, -2, 1] + X[:, 0, 2] + 0.1 * RNG.normal(size=1000)
PROCESSES = get_context("forkserver")  # new processes in which nothing has run
PROCESSES.set_forkserver_preload(["sklearn_rnn.model_selection"])

FITS: dict[str, tuple[type, dict[str, Any]]] = {
    "GRU, adam, early stopping": (rnn.GRURegressor, {"max_epochs": 150, "early_stopping": True}),
    "LSTM, adamw, one cycle": (
        rnn.LSTMRegressor,
        {"optimizer": "adamw", "lr_schedule": "onecycle", "max_epochs": 60, "dropout": 0.1},
    ),
    "RNN, rmsprop, plateau, early stopping": (
        rnn.RNNRegressor,
        {
            **{"optimizer": "rmsprop", "lr_schedule": "plateau"},
            **{"max_epochs": 200, "early_stopping": True},
        },
    ),
    "TCN, sgd, cosine": (
        rnn.TCNRegressor,
        {"optimizer": "sgd", "lr_schedule": "cosine", "max_epochs": 15, "learning_rate": 0.01},
    ),
    "CNN, adagrad, plateau": (
        rnn.CNNRegressor,
        {"optimizer": "adagrad", "lr_schedule": "plateau", "max_epochs": 60},
    ),
    "CNN-LSTM, adadelta, augmentation": (
        rnn.CNNLSTMRegressor,
        {"optimizer": "adadelta", "max_epochs": 15, "augmentation": {"jitter": 0.1}},
    ),
    "MLP, L-BFGS with lasso": (
        rnn.DenseRegressor,
        {"optimizer": "lbfgs", "max_epochs": 300, "l1_ratio": 0.5},
    ),
    "MLP, three members, linear skip": (
        rnn.DenseRegressor,
        {"n_members": 3, "linear_skip": True, "max_epochs": 150},
    ),
}
LARGE: dict[str, tuple[type, dict[str, Any]]] = {
    "LSTM of 512 units": (rnn.LSTMRegressor, {"hidden_size": 512, "max_epochs": 20}),
}
COLUMNS = ["what", "at (s)", "of (s)", "in a write", "saved before", "same bits", "folder empty"]
COMPARISONS = {  # with the number of workers
    "compare_models: MLP, GRU and mean, 4 folds": None,
    "the same with n_jobs=2": 2,
    "the same, its workers not killed": 2,
}
ORPHANING = [*COMPARISONS][-1]


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    plan, rng, rows = PLANS[size], random.Random(0), []
    run = [*FITS][: plan.n_first] + [*COMPARISONS][: plan.n_first]
    kills = [(what, False) for what in run for _ in range(plan.n_kills)]
    kills += [(*LARGE, True)] * plan.n_in_writes
    whole = {what: finish(what, plan.share, None) for what in dict(kills)}
    for what, in_write in tqdm(kills, unit="kill", delay=2):
        expected, seconds = whole[what]
        with TemporaryDirectory() as name:
            folder = Path(name)
            killed, when = kill(what, plan.share, folder, seconds * rng.random(), in_write=in_write)
            left = {path.suffix for path in folder.iterdir()}
            found, _ = finish(what, plan.share, folder)
            row = [what, when, seconds, ".part" in left, "" in left, found == expected]
            rows.append([*row, not any(folder.iterdir())])
            end_group(killed)
    return pd.DataFrame(rows, columns=COLUMNS), {}


def kill(
    what: str, share: float, folder: Path, seconds: float, *, in_write: bool
) -> tuple[int, float]:
    """Kill a process and its workers after some seconds, or in the first write after them.

    Returns the number of its group, in which workers may be left, and when it was killed.
    """
    while True:
        process, receiver = begin(what, share, folder)
        begun = time.perf_counter()
        while not receiver.poll():  # which has something at the end
            due = time.perf_counter() - begun >= seconds
            if due and (not in_write or any(folder.glob("*.part"))):
                process.kill() if what == ORPHANING else end_group(process.pid)
                ended = time.perf_counter() - begun
                process.join()
                return process.pid, ended
            time.sleep(0 if due else 0.001)
        end_group(process.pid)
        process.join()
        seconds *= 0.9  # it was faster than the one that was not killed


def end_group(number: int) -> None:
    """Kill what there is of a group of processes."""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


def finish(what: str, share: float, folder: Path | None) -> tuple[str, float]:
    """Run in a new process, and return a hash of what was learned and the seconds."""
    process, receiver = begin(what, share, folder)
    begun = time.perf_counter()
    found, seconds = receiver.recv(), time.perf_counter() - begun
    process.join()
    return found, seconds


def begin(what: str, share: float, folder: Path | None) -> tuple[Any, Any]:
    """Return a process that begins to learn, and from where its result is received."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=learn, args=(what, share, folder, sender))
    process.start()
    receiver.recv()
    return process, receiver


def learn(what: str, share: float, folder: Path | None, sender: Any) -> None:
    """Fit or compare, and send a hash of all that was learned but the times."""
    os.setpgrp()  # a group of the process and its workers
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    if (n_jobs := COMPARISONS.get(what)) is not None:  # workers that have imported all
        joblib.Parallel(n_jobs)(joblib.delayed(clone)(rnn.GRURegressor()) for _ in range(n_jobs))
    sender.send("begun")
    of_models = what in COMPARISONS
    found = compared(share, n_jobs, folder) if of_models else fitted(what, share, folder)
    sender.send(joblib.hash(found))
    if n_jobs is not None:
        get_reusable_executor().shutdown()  # which would wait for other work, and this for it


def fitted(what: str, share: float, folder: Path | None) -> Any:
    """Return weights, losses and predictions of a network."""
    cls, parameters = {**FITS, **LARGE}[what]
    n_epochs, n_rows = math.ceil(share * parameters["max_epochs"]), 100 if what in LARGE else None
    parameters = {"early_stopping": False, "tol": 0.0, **parameters, "max_epochs": n_epochs}
    net = cls(**parameters, random_state=0, device="cpu", checkpoint=folder)
    net.fit(X[:n_rows], Y[:n_rows])
    members = [member.net_.module_ for member in getattr(net, "members_", [net])]
    weights = [p.detach().numpy() for module in members for p in module.parameters()]
    return weights, net.loss_curve_, net.validation_loss_curve_, net.predict(X)


def compared(share: float, n_jobs: int | None, folder: Path | None) -> Any:
    """Return scores and losses of models."""
    n_epochs = math.ceil(share * 40)
    nets = {
        cls.__name__: cls(max_epochs=n_epochs) for cls in (rnn.DenseRegressor, rnn.GRURegressor)
    }
    models = {**nets, "mean": DummyRegressor()}
    result = compare_models(models, X, Y, cv=4, n_jobs=n_jobs, verbose=0, checkpoint=folder)
    runs = result.runs.drop(columns=["fit_seconds", "predict_seconds"])
    return runs.to_csv(), result.losses.to_csv()


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return the numbers of kills, and a line for each fit."""
    by = table.groupby("what", sort=False)
    counts = by[["in a write", "saved before", "same bits", "folder empty"]].sum().astype(int)
    lines = pd.concat([by.size().rename("kills"), by["of (s)"].first().round(1), counts], axis=1)
    same = int((table["same bits"] & table["folder empty"]).sum())
    return {"n": len(table), "same": same, "lines": lines.reset_index().astype(str)}


QUESTION = Measurement(measure, facts)
