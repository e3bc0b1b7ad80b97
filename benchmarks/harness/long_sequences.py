"""Tasks of long memory, images, music and text: their data, simple models and measures."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import accuracy_score, mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from benchmarks.harness import made_up
from benchmarks.harness.characters import Grams, bits, windows
from benchmarks.harness.music import Frames, frame_cost
from benchmarks.harness.runner import Metrics, Model, Task
from sklearn_rnn.datasets import fetch_mnist, fetch_polymusic, fetch_ptb

SCORE = "score"  # one name for all measures, so that one file holds all fits


def adding(n_samples: int, n_steps: int = 600) -> Task:
    data = made_up.parts(made_up.adding, n_samples, n_steps)
    ridge = make_pipeline(FunctionTransformer(as_rows), RidgeCV(np.logspace(0, 6, 7)))
    models = [Model("training mean", DummyRegressor()), Model("ridge", ridge)]
    return Task(
        f"adding over {n_steps} steps", *data, models, score=Metrics({SCORE: mean_squared_error})
    )


def copying(n_samples: int, n_waiting: int) -> Task:
    X, y, X_test, y_test = made_up.parts(made_up.copying, n_samples, n_waiting)
    data = [made_up.indicators(X), y, made_up.indicators(X_test), y_test]
    rows = FunctionTransformer(as_rows)
    linear = make_pipeline(rows, VarianceThreshold(), LogisticRegression(C=100))
    models = [Model("share of each label", Steps()), Model("logistic regression", Steps(linear))]
    return Task(f"copying after {n_waiting} steps", *data, models, score=cross_entropy)


def digits(n_samples: int, *, permuted: bool, **way: Any) -> Task:
    """Return the handwritten digits as sequences of pixels, as they are or in a random order."""
    order = np.random.default_rng(0).permutation(784) if permuted else np.arange(784)
    data: list[Any] = []
    for subset in ("train", "test"):
        X, y = fetch_mnist(subset=subset, return_X_y=True, **way)
        data += [X[:n_samples, order].astype(np.float32), y[:n_samples]]
    logistic = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=100, C=0.1))
    models = [Model("majority class", DummyClassifier()), Model("logistic regression", logistic)]
    name = "permuted MNIST" if permuted else "sequential MNIST"
    return Task(name, *data, models, score=Metrics({SCORE: accuracy_score}))


def music(name: str, n_pieces: int | None, **way: Any) -> Task:
    """Return a collection of pieces, of which the keys of the next step are forecast."""
    data = {}
    for subset in ("train", "validation", "test"):
        X, y = fetch_polymusic(name, subset=subset, return_X_y=True, **way)
        data[subset] = X[:n_pieces], y[:n_pieces]
    validation = dict(zip(("X_val", "y_val"), data["validation"], strict=True))
    logistic = Frames(LogisticRegression(max_iter=1000))
    models = [Model("share of each key", Frames()), Model("logistic regression", logistic)]
    how: dict[str, Any] = {"score": frame_likelihood, "validation": validation}
    return Task(name.replace("_", " "), *data["train"], *data["test"], models, **how)


def characters(n_characters: int | None, **way: Any) -> Task:
    """Return the characters of Penn Treebank, of which the next is forecast."""
    data: list[Any] = []
    for subset in ("train", "test"):
        X, y = fetch_ptb(subset=subset, level="characters", return_X_y=True, **way)
        data += [windows(X[:n_characters]), windows(y[:n_characters])]
    X, y, X_test, y_test = data
    known = np.isin(y_test, y).all(axis=1)  # a part of the text may lack some characters
    models = [Model("share of each character", Grams(1)), Model("6-grams", Grams(6))]
    return Task("PTB characters", X, y, X_test[known], y_test[known], models, score=character_bits)


class Steps(ClassifierMixin, BaseEstimator):
    """Labels each step by a model of the whole sequence as one row, or by the share of labels.

    `model` is fitted to each step whose label varies; None takes the share of each label there,
    with one sequence more of each.
    """

    def __init__(self, model: Any = None) -> None:
        self.model = model

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Steps":
        self.classes_ = np.unique(y)
        counts = (y[..., None] == self.classes_).sum(axis=0)
        varies = counts.max(axis=1) < len(y)
        smoothed = (counts + 1) / (len(y) + len(self.classes_))
        self.shares_ = np.where(varies[:, None], smoothed, counts / len(y))
        fitted = np.flatnonzero(varies) if self.model is not None else []
        self.models_ = {step: clone(self.model).fit(X, y[:, step]) for step in fitted}
        sizes = [m[-1].coef_.size + m[-1].intercept_.size for m in self.models_.values()]
        self.n_parameters_ = sum(sizes) or int(varies.sum()) * len(self.classes_)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        probabilities = np.tile(self.shares_, (len(X), 1, 1))
        for step, model in self.models_.items():
            known = np.isin(self.classes_, model.classes_)
            probabilities[:, step] = 0
            probabilities[:, step, known] = model.predict_proba(X)
        return probabilities


def as_rows(X: np.ndarray) -> np.ndarray:
    return X.reshape(len(X), -1)


def cross_entropy(fitted: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    given = _given(fitted, X, y)
    return {SCORE: float(-np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean())}


def character_bits(fitted: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    return {SCORE: bits(_given(fitted, X, y))}


def frame_likelihood(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    return {SCORE: frame_cost(fitted.predict_proba(X), y)}


def _given(fitted: Any, X: Any, y: np.ndarray) -> np.ndarray:
    """Return the probability that each true label was given; all must be of the training."""
    unseen = np.setdiff1d(y, fitted.classes_)
    if len(unseen):
        were_not = f"{unseen.tolist()} were not. Leave out the sequences with them."
        raise ValueError(f"y must hold labels that were seen in training; {were_not}")
    places = np.searchsorted(fitted.classes_, y)
    probabilities = np.asarray(fitted.predict_proba(X))
    return np.take_along_axis(probabilities, places[..., None], axis=2)[..., 0]
