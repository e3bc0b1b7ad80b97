"""Which net forecasts the next chord of a Bach chorale best?

At each step of a chorale, a quarter note, the keys of the next step are forecast from all steps so
far: 88 labels a step, `return_sequences=True`. What counts is the negative log-likelihood of a
frame, the sum over the 88 keys and the mean over all frames of the test pieces, the measure of
Bai, Kolter and Koltun (2018), whose figures are given; less is better. Parts for training,
validation and the test are the published ones. On the validation pieces the epoch is chosen that
the nets go back to, and on them their sizes, rates and dropout were set before the test pieces were
looked at. The simple models see one step alone: a logistic regression for each key, or nothing but
how often the key sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression

from benchmarks._cache import CACHE, Cache
from benchmarks._fits import Parts, fit_all
from benchmarks._plots import draw_scores, panel
from benchmarks._report import (
    best,
    folder,
    mean_score,
    nets_of,
    published,
    score,
    simple_of,
    table,
    write_answer,
)
from benchmarks._runner import Model, Result
from sklearn_rnn import GRUClassifier, LSTMClassifier, RNNClassifier, TCNClassifier
from sklearn_rnn.datasets import fetch_polymusic

NAME = "JSB chorales"
TARGET = 8.5
PUBLISHED = {"RNN": 8.91, "LSTM": 8.45, "GRU": 8.43, "TCN": 8.10}
MEASURE = "NLL"


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 3
    n_pieces: int | None = None  # of each part
    max_epochs: int = 60


PLANS = {
    "quick": Plan(n_seeds=1, n_pieces=8, max_epochs=2),
    "usual": Plan(),
    "full": Plan(n_seeds=10),
}


def main(size: str) -> None:
    """Fit all models, and write table and picture."""
    plan = PLANS[size]
    try:
        parts = load(plan, download=size != "quick")
    except FileNotFoundError:
        print("Nothing was run: there is no file of the JSB chorales.")
        return
    cache = Cache(None if size == "quick" else CACHE / "chorales.jsonl")
    results = fit_all(parts, competitors(plan), likelihood, seeds=range(plan.n_seeds), cache=cache)
    write(folder(size), results)


def load(plan: Plan, *, download: bool) -> Parts:
    """Return the chorales."""
    data = {}
    for subset in ("train", "validation", "test"):
        X, y = fetch_polymusic(subset=subset, return_X_y=True, download_if_missing=download)
        data[subset] = X[: plan.n_pieces], y[: plan.n_pieces]
    X_val, y_val = data["validation"]
    return Parts(NAME, *data["train"], *data["test"], {"X_val": X_val, "y_val": y_val})


def competitors(plan: Plan) -> list[Model]:
    """Return the simple models, and the nets."""
    training: dict[str, Any] = {
        "return_sequences": True,
        "standardize": False,
        "max_epochs": plan.max_epochs,
        "batch_size": 8,
        "lr_schedule": "onecycle",
        "max_grad_norm": 1.0,
        "alpha": 0.0,
    }
    reader: dict[str, Any] = {**training, "hidden_size": 200, "dropout": 0.6}
    levels: dict[str, Any] = {"num_channels": 150, "num_levels": 2, "dropout": 0.5}
    nets: dict[str, Any] = {
        "RNN": RNNClassifier(learning_rate=0.005, **reader),
        "LSTM": LSTMClassifier(learning_rate=0.02, **reader),
        "GRU": GRUClassifier(learning_rate=0.02, **reader),
        "TCN": TCNClassifier(learning_rate=0.01, **levels, **training),
    }
    return [
        Model("share of each key", Frames()),
        Model("logistic regression", Frames(LogisticRegression(max_iter=1000))),
        *(Model(name, net, seeded=True) for name, net in nets.items()),
    ]


class Frames(ClassifierMixin, BaseEstimator):
    """Forecasts each key from the step before alone.

    Parameters
    ----------
    model : classifier or None
        What is fitted to each key that sounds; None, and any other key, takes the share of the
        steps in which the key sounds, with one step more in which it does and one in which not.
    """

    def __init__(self, model: Any = None) -> None:
        self.model = model

    def fit(self, X: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> Frames:
        """Fit a model to each key."""
        frames, keys = np.concatenate(X), np.concatenate(y)
        self.shares_ = (keys.sum(axis=0) + 1) / (len(keys) + 2)
        sounding = np.flatnonzero(np.ptp(keys, axis=0))
        fitted = sounding if self.model is not None else sounding[:0]
        self.models_ = {key: clone(self.model).fit(frames, keys[:, key]) for key in fitted}
        self.n_parameters_ = sum(m.coef_.size + 1 for m in self.models_.values()) or keys.shape[1]
        return self

    def predict_proba(self, X: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the probability of each key at each step, piece by piece."""
        frames = np.concatenate(X)
        probabilities = np.tile(self.shares_, (len(frames), 1))
        for key, model in self.models_.items():
            probabilities[:, key] = model.predict_proba(frames)[:, 1]
        return np.split(probabilities, np.cumsum([len(piece) for piece in X])[:-1])


def likelihood(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the negative log-likelihood of a frame, and the share of keys that are right."""
    probabilities = np.concatenate([*fitted.predict_proba(X)])
    keys = np.concatenate(y).astype(bool)
    given = np.where(keys, probabilities, 1 - probabilities)
    least = np.finfo(np.float32).tiny  # a net in single precision may be sure, and wrong
    nll = -np.log(np.maximum(given, least)).sum(axis=1).mean()
    return {MEASURE: float(nll)}


def write(to: Path, results: Sequence[Result]) -> None:
    """Write conclusion, table, picture, and a line for each fit."""
    floor, *shown = results
    conclusion = verdict(results)
    draw_scores(
        to / "chorales.png",
        conclusion,
        "negative log-likelihood of a frame of the test pieces; less is better\n"
        f"(not shown: {floor.model}, {floor.scores[MEASURE]:.2f})",
        {NAME: panel(shown, NAME, target=TARGET, published=PUBLISHED)},
        rows=["target", *dict.fromkeys(r.model for r in shown)],
        line="target",
    )
    write_answer(
        to,
        "chorales",
        __doc__ or "",
        conclusion,
        results,
        "![Negative log-likelihood by model](chorales.png)",
        table(
            results,
            NAME,
            {MEASURE: score(MEASURE, ".3f"), "published": published(PUBLISHED, ".2f")},
        ),
    )


def verdict(results: Sequence[Result]) -> str:
    """Say which net is best, and whether it reaches the target."""
    net, simple = (
        best(results, NAME, names, less=True) for names in (nets_of(results), simple_of(results))
    )
    reached = mean_score(results, NAME, net)
    return (
        f"The best net on the test pieces, {net}, has {reached:.2f} a frame, the {simple} "
        f"{mean_score(results, NAME, simple):.2f}; the target of {TARGET} is "
        f"{'met' if reached <= TARGET else 'missed'}."
    )
