"""Does a net that reads film reviews word by word beat a lasso that only knows which words occur?

IMDB from the raw text, 25,000 reviews for training and 25,000 for the test: whether a review is
positive or negative. The nets read the last 200 words of a review (400 with `--full`), of the
10,000 most frequent ones, in their order: `TextSequencer` and a net with `embedding_dim`. The lasso
is a logistic regression of which words, or of how often (tf-idf), occur in the whole review; its
penalty is chosen by cross-validation on the training reviews. A tenth of the training reviews
chooses the epoch of the nets; their rates and numbers of epochs were set on the first 10,000 of the
training reviews, before the test reviews were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from benchmarks import _fits_report, _report
from benchmarks._cache import CACHE, Cache
from benchmarks._fits import Parts, fit_all
from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import draw_scores
from benchmarks._report import folder, mean_score
from benchmarks._runner import Model, Result
from benchmarks.worth_it import LASSO
from sklearn_rnn import (
    CNNClassifier,
    CNNLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    TextSequencer,
)
from sklearn_rnn.datasets import fetch_imdb

NAME = "IMDB reviews"
N_WORDS = 10_000


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 3
    n_reviews: int = 25_000  # of each part
    max_steps: int = 200
    max_epochs: int = 3


PLANS = {
    "quick": Plan(n_seeds=1, n_reviews=200, max_steps=20, max_epochs=1),
    "usual": Plan(),
    "full": Plan(n_seeds=10, max_steps=400),
}


def main(size: str) -> None:
    """Fit all models, and write table and picture."""
    plan = PLANS[size]
    try:
        parts = load(plan, download=size != "quick")
    except FileNotFoundError:
        print("Nothing was run: there is no file of the IMDB reviews.")
        return
    cache = Cache(None if size == "quick" else CACHE / "reviews.jsonl")
    results = fit_all(parts, competitors(plan), accuracy, seeds=range(plan.n_seeds), cache=cache)
    write(folder(size), results, len(parts.y_test))


def load(plan: Plan, *, download: bool) -> Parts:
    """Return the first reviews of both parts."""
    X, y = fetch_imdb(subset="all", return_X_y=True, download_if_missing=download)
    half, n = len(y) // 2, plan.n_reviews
    return Parts(NAME, X[:n], y[:n], X[half : half + n], y[half : half + n])


def competitors(plan: Plan) -> list[Model]:
    """Return the models of which words there are, and the nets, which read them in order."""
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    bags = {
        "lasso on which words": (CountVectorizer(binary=True), [0.03, 0.1, 0.3, 1.0]),
        "lasso on tf-idf": (TfidfVectorizer(sublinear_tf=True), [1.0, 3.0, 10.0, 30.0]),
    }
    training: dict[str, Any] = {
        "embedding_dim": 32,
        "max_epochs": plan.max_epochs,
        "batch_size": 32,
        "dropout": 0.5,
        "lr_schedule": "onecycle",
        "alpha": 0.0,
    }
    nets: dict[str, Any] = {
        "LSTM": LSTMClassifier(learning_rate=0.01, pooling="mean", **training),
        "GRU": GRUClassifier(learning_rate=0.01, pooling="mean", **training),
        "CNN": CNNClassifier(learning_rate=0.005, pooling="max", **training),
        "CNN-LSTM": CNNLSTMClassifier(learning_rate=0.01, pooling="mean", pool_size=4, **training),
    }
    words = TextSequencer(max_features=N_WORDS, max_steps=plan.max_steps)
    return [
        Model("majority class", make_pipeline(CountVectorizer(), DummyClassifier())),
        *(
            Model(name, make_pipeline(bag, GridSearchCV(logistic, {"C": strengths}, cv=3)))
            for name, (bag, strengths) in bags.items()
        ),
        *(Model(name, make_pipeline(words, net), seeded=True) for name, net in nets.items()),
    ]


def accuracy(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the share of reviews that get their label."""
    return {"accuracy": fitted.score(X, y)}


def write(to: Path, results: Sequence[Result], n_reviews: int) -> None:
    """Write conclusion, table, picture, and a line for each fit."""
    floor, shown = results[0], results[1:]
    conclusion = verdict(results, n_reviews)
    draw_scores(
        to / "reviews.png",
        conclusion,
        "accuracy on the test reviews (line: the best lasso)\n"
        f"(not shown: {floor.model}, {mean_score(results, NAME, floor.model):.3f})",
        {NAME: _fits_report.panel(shown, NAME)},
        rows=[*dict.fromkeys(r.model for r in shown)],
        line=best_of(shown, simple_of(shown)),
    )
    _report.write_csv(to / "reviews.csv", results)
    title, _, text = (__doc__ or "").partition("\n\n")
    _report.write(
        to / "reviews.md",
        f"# {title}",
        text.strip(),
        f"**Conclusion.** {conclusion}",
        "![Accuracy by model](reviews.png)",
        _fits_report.table(results, NAME),
        _fits_report.last_line(results),
    )


def verdict(results: Sequence[Result], n_reviews: int) -> str:
    """Say what the best net gains on the best bag of words, and how sure that is."""
    net, bag = (best_of(results, names) for names in (nets_of(results), simple_of(results)))
    right = np.array([mean_score(results, NAME, name) for name in (net, bag)])
    gain = right[0] - right[1]
    error = np.sqrt(np.sum(right * (1 - right)) / n_reviews)
    return (
        f"The best net, {net}, labels {right[0]:.3f} of the reviews right, the {bag} "
        f"{right[1]:.3f}:\na gain of {gain:+.3f}, with a standard error of {error:.3f} if each had "
        f"{n_reviews} reviews of its own."
    )


def best_of(results: Sequence[Result], names: Sequence[str]) -> str:
    """Return which of some models has the best mean accuracy on the test reviews."""
    return max(names, key=lambda name: mean_score(results, NAME, name))
