"""Which textbook tasks each family learns at its defaults."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

import sklearn_rnn as rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.harness.made_up import adding
from benchmarks.question import Measurement
from benchmarks.report.tables import markdown

FAMILIES = ("RNN", "LSTM", "GRU", "TCN", "CNN", "Dense")
N_SAMPLES = {"quick": 100, "usual": 1000, "full": 1000}
SEEDS = {"quick": range(10, 11), "usual": range(10, 15), "full": range(10, 20)}
"""Others than `CHOSEN_BY`."""
CHOSEN_BY = range(5)
"""The seeds on which defaults were chosen."""
ENOUGH = 0.95
Data = tuple[Any, np.ndarray]
"""Sequences, and the target of each."""


def steps(n_steps: int, target: Callable[[np.ndarray], Any], n: int, seed: int) -> Data:
    """Return standard normal values, and the target of each sequence."""
    X = np.random.default_rng(seed).normal(size=(n, n_steps, 1))
    return X, np.asarray(target(X[..., 0]))


def ragged(target: Callable[[np.ndarray], float], n: int, seed: int) -> Data:
    """Return sequences of 5 to 30 standard normal values, and a number for each."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(length, 1)) for length in rng.integers(5, 31, n)]
    return X, np.array([target(x[:, 0]) for x in X])


def parity(n: int, seed: int) -> Data:
    """Return five bits, and whether the number of ones is odd."""
    bits = np.random.default_rng(seed).integers(0, 2, size=(n, 5, 1))
    return bits.astype(float), bits.sum((1, 2)) % 2


def tokens(n_steps: int, n: int, seed: int) -> Data:
    """Return tokens from 1 to 10, of which 1 and 2 occur once; the target is the earlier one."""
    rng = np.random.default_rng(seed)
    X = rng.integers(3, 11, size=(n, n_steps))
    where = rng.permuted(np.tile(np.arange(n_steps), (n, 1)), axis=1)[:, :2]
    np.put_along_axis(X, where, np.array([1, 2]), axis=1)
    return X, 1 + (where[:, 0] > where[:, 1])


TASKS: dict[str, Callable[[int, int], Data]] = {
    "last of 50": partial(steps, 50, lambda x: x[:, -1]),
    "first of 30": partial(steps, 30, lambda x: x[:, 0]),
    "first of 100": partial(steps, 100, lambda x: x[:, 0]),
    "product of lags 2 and 5": partial(steps, 10, lambda x: x[:, -2] * x[:, -5]),
    "ragged: mean": partial(ragged, np.mean),
    "ragged: maximum": partial(ragged, np.max),
    "ragged: length": partial(ragged, len),
    "ragged: first": partial(ragged, lambda x: x[0]),
    "parity of 5 bits": parity,
    "earlier token of 20": partial(tokens, 20),
    "earlier token of 60": partial(tokens, 60),
    "adding over 50": lambda n, seed: adding(n, 50, seed),
}


CANNOT = {
    ("TCN", "first of 30"): "its default receptive field is 29 steps (`num_levels=4` has 61)",
    ("Dense", "adding over 50"): "it shares no weights among steps: 50 products of 1000 samples",
    ("CNN", "product of lags 2 and 5"): "it hardly sees positions",
    ("CNN", "ragged: length"): "it pools the maximum",
    ("CNN", "earlier token of 60"): "it sees 13 steps at a time",
}
"""Pairs of a family and a task that the family cannot learn in principle, and why."""


def net_of(family: str, task: str, **settings: Any) -> Any:
    """Return the network of a family for a task, or None where it cannot read the sequences."""
    has_tokens = "token" in task
    if family == "Dense" and (has_tokens or "ragged" in task):
        return None
    kind = "Classifier" if has_tokens or "parity" in task else "Regressor"
    reading = {"embedding_dim": 16} if has_tokens else {}
    return getattr(rnn, family + kind)(**reading, **settings)


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score every family on every task: R2 or accuracy on 1000 other sequences, by seed."""
    quick, n_samples = size == "quick", N_SAMPLES[size]
    cache = Cache(None if quick else CACHE / "learnability.jsonl")
    reduced = {"max_epochs": 2} if quick else {}
    rows = []
    for seed, task, family in tqdm(list(product(SEEDS[size], TASKS, FAMILIES))):
        net = net_of(family, task, random_state=seed, **reduced)
        if net is None:
            continue
        key = f"{task}, {family}, {seed}"
        if key not in cache:
            net.fit(*TASKS[task](n_samples, seed))
            cache[key] = float(net.score(*TASKS[task](1000, 1000 + seed)))
        rows.append([task, family, seed, cache[key]])
    counts = {"n_samples": n_samples, "n_seeds": len(SEEDS[size])}
    return pd.DataFrame(rows, columns=["task", "family", "seed", "score"]), counts


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    """Return median and worst score of each pair, and the pairs that fail in two seeds or more."""
    scores = table.groupby(["task", "family"])["score"]
    median, worst = scores.median(), scores.min()
    learned = scores.agg(lambda of: (of >= ENOUGH).mean())
    rows = [
        [task, *(f"{median[p]:.2f} / {worst[p]:.2f}" if p in median else "" for p in pairs)]
        for task in TASKS
        if (pairs := [(task, family) for family in FAMILIES])
    ]
    missed = [(family, task) for task, family in learned.index[learned < 0.8]]
    net = rnn.GRURegressor()
    seen = table["family"][table["seed"].isin(CHOSEN_BY)].unique()
    fresh = table["seed"][~table["seed"].isin(CHOSEN_BY)]
    return {
        "seen": [family for family in FAMILIES if family in seen],
        "fresh": f"{fresh.min():g} to {fresh.max():g}",
        "rows": markdown(["task", *FAMILIES], rows),
        "n_pairs": len(learned),
        "n_learned": int((learned >= 0.8).sum()),
        "unable": [f"{f} on {t!r}: {CANNOT[f, t]}" for f, t in missed if (f, t) in CANNOT],
        "missed": [
            f"{f} on {t!r} ({learned[t, f]:.0%} of the seeds)"
            for f, t in missed
            if (f, t) not in CANNOT
        ],
        "of_defaults": f"`alpha={net.alpha:g}`, `learning_rate={net.learning_rate:g}`, "
        f"`patience={net.patience}`, `max_epochs={net.max_epochs}`",
    }


QUESTION = Measurement(measure, facts)
