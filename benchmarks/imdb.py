"""Does a net that reads film reviews in order beat a lasso on which words they hold? (Keras form)

IMDB as Keras encodes it: the 10,000 most frequent tokens, 25,000 reviews for training and 25,000
for the test; whether a review is positive or negative. The lasso and the dense net with two layers
of 16 units read which words occur in the whole review, the other nets its last 500 words in their
order. The encoding has no full stops: the sentences of hierarchical attention are pieces of 25
words, and it reads the last 200 words alone, for want of time. The penalty of the lasso is chosen
by cross-validation on the training reviews. A tenth of the training reviews chooses the epoch of
the nets; their settings were chosen on the first 10,000 training reviews, before the test reviews
were looked at. Published are the accuracies of the lab of "An Introduction to Statistical
Learning".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks import _fits_report
from benchmarks._answers import write_answer
from benchmarks._cache import CACHE, Cache
from benchmarks._fits import Parts, fit_all
from benchmarks._fits_report import nets_of, simple_of
from benchmarks._plots import draw_scores
from benchmarks._report import folder, mean_score
from benchmarks._runner import Model, Result
from benchmarks.reviews import NAME, accuracy, best_of, verdict
from benchmarks.worth_it import LASSO
from sklearn_rnn import (
    CNNClassifier,
    DenseClassifier,
    GRUClassifier,
    HierarchicalAttentionClassifier,
    LSTMClassifier,
)
from sklearn_rnn.datasets import fetch_imdb

N_TOKENS = 10_000
TARGETS = {"LSTM(32)": 0.87, "best net": 0.89}
PUBLISHED = {"lasso on which words": 0.88, "dense 16-16": 0.845, "LSTM(32)": 0.840}


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_seeds: int = 3
    n_reviews: int = 25_000  # of each part
    n_words: int = 500  # the last ones of each review
    n_words_in_pieces: int = 200  # the same for hierarchical attention, which is slow
    strengths: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # of the lasso
    max_epochs: int | None = None  # in place of those of the nets


PLANS = {
    "quick": Plan(
        n_seeds=1,
        n_reviews=100,
        n_words=30,
        n_words_in_pieces=30,
        strengths=(0.1, 1.0),
        max_epochs=1,
    ),
    "usual": Plan(),
    "full": Plan(n_seeds=10, n_words_in_pieces=500),
}


def main(size: str) -> None:
    """Fit all models, and write table and picture."""
    plan = PLANS[size]
    try:
        parts = load(plan, download=size != "quick")
    except FileNotFoundError:
        print("Nothing was run: there is no file of the IMDB reviews.")
        return
    cache = Cache(None if size == "quick" else CACHE / "imdb.jsonl")
    results = fit_all(parts, competitors(plan), accuracy, seeds=range(plan.n_seeds), cache=cache)
    write(folder(size), results, len(parts.y_test))


def load(plan: Plan, *, download: bool) -> Parts:
    """Return the first reviews of both parts."""
    kind = {"kind": "tokens", "num_words": N_TOKENS}
    X, y = fetch_imdb(subset="all", return_X_y=True, download_if_missing=download, **kind)
    half, n = len(y) // 2, plan.n_reviews
    return Parts(NAME, X[:n], y[:n], X[half : half + n], y[half : half + n])


def competitors(plan: Plan) -> list[Model]:
    """Return the models of which words there are, and the nets, which read them in order."""
    bag = CountVectorizer(analyzer=list, binary=True, dtype=np.float32)
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    lasso = GridSearchCV(logistic, {"C": plan.strengths}, cv=3)
    dense = DenseClassifier(
        hidden_layer_sizes=(16, 16), standardize=False, **training(plan, 0.001, 4)
    )
    return [
        Model("majority class", make_pipeline(bag, DummyClassifier())),
        Model("lasso on which words", make_pipeline(bag, lasso)),
        Model("dense 16-16", make_pipeline(bag, FunctionTransformer(as_array), dense), seeded=True),
        *(Model(name, net, seeded=True) for name, net in readers(plan).items()),
    ]


def readers(plan: Plan) -> dict[str, Pipeline]:
    """Return the nets that read words in order."""
    vectors: dict[str, Any] = {"embedding_dim": 32, "dropout": 0.5}
    short, long = training(plan, 0.005, 2), training(plan, 0.01, 3)
    nets = {
        "LSTM(32)": LSTMClassifier(pooling="max", **vectors, **long),
        "bidirectional GRU": GRUClassifier(bidirectional=True, pooling="max", **vectors, **long),
        "CNN": CNNClassifier(pooling="max", **vectors, **short),
        "GRU, attention pooling": GRUClassifier(pooling="attention", **vectors, **long),
    }
    words = FunctionTransformer(last_words, kw_args={"n_words": plan.n_words})
    pieces = FunctionTransformer(sentences, kw_args={"n_words": plan.n_words_in_pieces})
    hierarchical = HierarchicalAttentionClassifier(**vectors, **long)
    return {
        **{name: make_pipeline(words, net) for name, net in nets.items()},
        "hierarchical attention": make_pipeline(pieces, hierarchical),
    }


def training(plan: Plan, learning_rate: float, max_epochs: int) -> dict[str, Any]:
    """Return the training of a net."""
    cycle = {"learning_rate": learning_rate, "lr_schedule": "onecycle"}
    return {**cycle, "max_epochs": plan.max_epochs or max_epochs, "batch_size": 32, "alpha": 0.0}


def as_array(words: Any) -> np.ndarray:
    """Return a sparse table as an array."""
    return np.asarray(words.toarray())


def last_words(reviews: Sequence[np.ndarray], n_words: int) -> list[np.ndarray]:
    """Return the last words of each review."""
    return [review[-n_words:] for review in reviews]


def sentences(
    reviews: Sequence[np.ndarray], n_words: int, length: int = 25
) -> list[list[np.ndarray]]:
    """Return the last words of each review in pieces of a fixed length."""
    return [
        [review[i : i + length] for i in range(0, len(review), length)]
        for review in last_words(reviews, n_words)
    ]


def write(to: Path, results: Sequence[Result], n_reviews: int) -> None:
    """Write conclusion, table, picture, and a line for each fit."""
    floor, shown = results[0], results[1:]
    conclusion = f"{verdict(results, n_reviews)} {against_targets(results)}"
    draw_scores(
        to / "imdb.png",
        verdict(results, n_reviews),
        "accuracy on the test reviews (line: the lasso)\n"
        f"(not shown: {floor.model}, {mean_score(results, NAME, floor.model):.3f})",
        {NAME: _fits_report.panel(shown, NAME, published=PUBLISHED)},
        rows=[*dict.fromkeys(r.model for r in shown)],
        line=best_of(shown, simple_of(shown)),
    )
    write_answer(
        to,
        "imdb",
        __doc__ or "",
        conclusion,
        results,
        "![Accuracy by model](imdb.png)",
        _fits_report.table(results, NAME, PUBLISHED),
    )


def against_targets(results: Sequence[Result]) -> str:
    """Say which of the targets are met."""
    texts = []
    for name, target in TARGETS.items():
        net = best_of(results, nets_of(results)) if name == "best net" else name
        score = mean_score(results, NAME, net)
        met = "met" if score >= target else "missed"
        texts.append(f"The target of {target} for the {name} is {met} ({score:.3f}).")
    return " ".join(texts)
