"""Film reviews as tokens and as text: nets that read them in order, lassos on their words."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_rnn as rnn
from benchmarks.harness.runner import Model, Task
from benchmarks.harness.words import lasso, last_words
from benchmarks.question import Question, sizes
from benchmarks.report.effects import wrong
from benchmarks.report.pictures import draw_scores, panel
from benchmarks.report.study import Study
from sklearn_rnn.datasets import fetch_imdb

N_TOKENS = 10_000
FORMS: dict[str, Any] = {"tokens": {"kind": "tokens", "num_words": N_TOKENS}, "text": {}}
WHICH, OFTEN = "lasso on which words", "lasso on tf-idf"
OF_SHARES = [1.0, 3.0, 10.0, 30.0]  # the strengths of the lasso on tf-idf
LOSS = "validation loss"
TARGETS = {"LSTM(32)": 0.87, "best net": 0.89}
LAB = {"IMDB, tokens": {WHICH: 0.88, "dense 16-16": 0.845, "LSTM(32)": 0.840}}
TEXT = {"IMDB, tokens": {"LSTM(32)": 0.87}}
VECTORS: dict[str, Any] = {"embedding_dim": 32, "dropout": 0.5}
PLANS = sizes(
    n_seeds=(1, 3, 10),
    n_reviews=(100, 25_000, 25_000),  # of each part
    n_words=(30, 500, 500),  # the last ones of each review
    max_epochs=(1, None, None),  # in place of those of the nets
)


def training(plan: Any, learning_rate: float, max_epochs: int) -> dict[str, Any]:
    cycle = {"learning_rate": learning_rate, "lr_schedule": "onecycle"}
    epochs = plan.max_epochs or max_epochs
    return {**cycle, "max_epochs": epochs, "batch_size": 32, "alpha": 0.0}


def tasks(plan: Any, download: bool) -> dict[str, Callable[[], Task]]:
    forms = {"tokens": of_tokens, "text": of_text}
    return {f"IMDB, {form}": partial(load, form, of, plan, download) for form, of in forms.items()}


def load(form: str, models: Callable[[Any], list[Model]], plan: Any, download: bool) -> Task:
    """Return the first reviews of both parts."""
    X, y = fetch_imdb(subset="all", return_X_y=True, download_if_missing=download, **FORMS[form])
    half, n = len(y) // 2, plan.n_reviews
    test = X[half : half + n], y[half : half + n]
    how: dict[str, Any] = {"score": accuracy, "losses": wrong}
    return Task(f"IMDB, {form}", X[:n], y[:n], *test, models(plan), **how)


def of_tokens(plan: Any) -> list[Model]:
    """Return the models of which words there are, and the nets, which read them in order."""
    bag = CountVectorizer(analyzer=list, binary=True, dtype=np.float32)
    often = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    units: dict[str, Any] = {"hidden_layer_sizes": (16, 16), "standardize": False}
    dense = rnn.DenseClassifier(**units, **training(plan, 0.001, 4))
    short, long = training(plan, 0.005, 2), training(plan, 0.01, 3)
    both: dict[str, Any] = {"bidirectional": True, "pooling": "max"}
    nets = {
        "LSTM(32)": rnn.LSTMClassifier(pooling="max", **VECTORS, **long),
        "bidirectional GRU": rnn.GRUClassifier(**both, **VECTORS, **long),
        "CNN": rnn.CNNClassifier(pooling="max", **VECTORS, **short),
        "GRU, attention pooling": rnn.GRUClassifier(pooling="attention", **VECTORS, **long),
    }
    words = FunctionTransformer(last_words, kw_args={"n_words": plan.n_words})
    pieces = FunctionTransformer(sentences, kw_args={"n_words": plan.n_words})
    hierarchical = rnn.HierarchicalAttentionClassifier(**VECTORS, **long)
    return [
        Model("majority class", make_pipeline(bag, DummyClassifier())),
        Model(WHICH, lasso(bag, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0])),
        Model(OFTEN, lasso(often, OF_SHARES)),
        Model("dense 16-16", make_pipeline(bag, FunctionTransformer(as_array), dense), seeded=True),
        *(Model(name, make_pipeline(words, net), seeded=True) for name, net in nets.items()),
        Model("hierarchical attention", make_pipeline(pieces, hierarchical), seeded=True),
    ]


def of_text(plan: Any) -> list[Model]:
    short, long = training(plan, 0.005, 3), training(plan, 0.01, 3)
    nets = {
        "LSTM": rnn.LSTMClassifier(pooling="mean", **VECTORS, **long),
        "GRU": rnn.GRUClassifier(pooling="mean", **VECTORS, **long),
        "CNN": rnn.CNNClassifier(pooling="max", **VECTORS, **short),
        "CNN-LSTM": rnn.CNNLSTMClassifier(pooling="mean", pool_size=4, **VECTORS, **long),
    }
    words = rnn.TextSequencer(max_features=N_TOKENS, max_steps=plan.n_words)
    often = TfidfVectorizer(sublinear_tf=True)
    return [
        Model("majority class", make_pipeline(CountVectorizer(), DummyClassifier())),
        Model(WHICH, lasso(CountVectorizer(binary=True), [0.03, 0.1, 0.3, 1.0])),
        Model(OFTEN, lasso(often, OF_SHARES)),
        *(Model(name, make_pipeline(words, net), seeded=True) for name, net in nets.items()),
    ]


def accuracy(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the share of reviews that get their label, and the least validation loss of a net."""
    history = getattr(getattr(fitted[-1], "net_", None), "history", [])
    losses = [epoch["valid_loss"] for epoch in history if "valid_loss" in epoch]
    return {"accuracy": fitted.score(X, y)} | ({LOSS: min(losses)} if losses else {})


def as_array(words: Any) -> np.ndarray:
    return np.asarray(words.toarray())


def sentences(reviews: Sequence[np.ndarray], n_words: int) -> list[list[np.ndarray]]:
    """Return the last words of each review in pieces of 25."""
    ends = last_words(reviews, n_words)
    return [[end[i : i + 25] for i in range(0, len(end), 25)] for end in ends]


def reference(study: Study, task: str) -> str:
    """Return the last of the simple models, which the nets are held against."""
    return study.simple(task)[-1]


def count(study: Study, task: str, verdict: str) -> int:
    """Return of how many nets it is shown that they are better, or worse, than the reference."""
    on = reference(study, task)
    return sum(study.gain(task, net, on).verdict == verdict for net in study.nets(task))


def draw(to: Path, study: Study) -> None:
    lasso = reference(study, study.tasks[0])
    n_better = sum(count(study, task, "helps") for task in study.tasks)
    n_all = sum(len(study.nets(task)) for task in study.tasks)
    title = f"Film reviews: {n_better} of {n_all} nets are shown to be better than a lasso"
    label = f"share of the test reviews with the right label (line: {lasso})"
    panels = {task: panel(study, task, LAB.get(task, {})) for task in study.tasks}
    draw_scores(to / "imdb.png", title, label, panels, line=lasso)


QUESTION = Question(PLANS, tasks, draw=draw, on=lambda study, task: [reference(study, task)])
