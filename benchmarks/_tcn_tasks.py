"""The tasks of the benchmark `tcn`: their data, simple models and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from benchmarks import _made_up
from benchmarks._characters import BITS, Grams, bits, windows
from benchmarks._fits import Parts, Score
from benchmarks._music import Frames, frame_cost
from benchmarks._runner import Model
from sklearn_rnn.datasets import fetch_mnist, fetch_polymusic, fetch_ptb

SCORE = "score"  # one name for all measures, so that one file holds all fits


@dataclass(frozen=True)
class Problem:
    """A task without its nets.

    Attributes
    ----------
    parts : Parts
        The data.
    measure : str
        What the score is.
    score : callable
        Returns it.
    simple : sequence of Model
        The floor, and a classical model.
    targets : dict
        Parameters of the nets that say what they predict.
    published : mapping of str to float
        The scores of Bai, Kolter and Koltun by net.
    more_is_better : bool
        Whether a high score is good.
    is_regression : bool
        Whether the nets are regressors.
    """

    parts: Parts
    measure: str
    score: Score
    simple: Sequence[Model]
    targets: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)
    more_is_better: bool = False
    is_regression: bool = False


def adding(n_samples: int, n_steps: int = 600) -> Problem:
    """Return the adding problem."""
    data = _made_up.parts(_made_up.adding, n_samples, n_steps)
    rows = FunctionTransformer(as_rows)
    return Problem(
        Parts(f"adding over {n_steps} steps", *data),
        "mean squared error",
        squared_error,
        [
            Model("training mean", DummyRegressor()),
            Model("ridge", make_pipeline(rows, RidgeCV(np.logspace(0, 6, 7)))),
        ],
        {"standardize": False},
        {"RNN": 0.177, "LSTM": 0.164, "GRU": 5.3e-5, "TCN": 5.8e-5},
        is_regression=True,
    )


def copying(n_samples: int, n_waiting: int) -> Problem:
    """Return the copy memory."""
    X, y, X_test, y_test = _made_up.parts(_made_up.copying, n_samples, n_waiting)
    data = [_made_up.indicators(X), y, _made_up.indicators(X_test), y_test]
    rows = FunctionTransformer(as_rows)
    linear = make_pipeline(rows, VarianceThreshold(), LogisticRegression(C=100))
    reported = {"RNN": 0.0202, "LSTM": 0.0204, "GRU": 0.0197, "TCN": 3.5e-5}
    return Problem(
        Parts(f"copying after {n_waiting} steps", *data),
        "cross-entropy",
        cross_entropy,
        [Model("share of each label", Steps()), Model("logistic regression", Steps(linear))],
        {"return_sequences": True, "standardize": False},
        reported if n_waiting == 1000 else {},
    )


def digits(n_samples: int, *, permuted: bool, **way: Any) -> Problem:
    """Return the handwritten digits as sequences of pixels, as they are or in a random order."""
    order = np.random.default_rng(0).permutation(784) if permuted else np.arange(784)
    data: list[Any] = []
    for subset in ("train", "test"):
        X, y = fetch_mnist(subset=subset, return_X_y=True, **way)
        data += [X[:n_samples, order].astype(np.float32), y[:n_samples]]
    logistic = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=100, C=0.1))
    reported = (25.3, 85.7, 87.3, 97.2) if permuted else (21.5, 87.2, 96.2, 99.0)
    return Problem(
        Parts("permuted MNIST" if permuted else "sequential MNIST", *data),
        "accuracy",
        accuracy,
        [Model("majority class", DummyClassifier()), Model("logistic regression", logistic)],
        published={
            net: share / 100
            for net, share in zip(("RNN", "LSTM", "GRU", "TCN"), reported, strict=True)
        },
        more_is_better=True,
    )


def music(name: str, n_pieces: int | None, published: Mapping[str, float], **way: Any) -> Problem:
    """Return a collection of pieces, of which the keys of the next step are forecast."""
    data = {}
    for subset in ("train", "validation", "test"):
        X, y = fetch_polymusic(name, subset=subset, return_X_y=True, **way)
        data[subset] = X[:n_pieces], y[:n_pieces]
    validation = dict(zip(("X_val", "y_val"), data["validation"], strict=True))
    return Problem(
        Parts(name.replace("_", " "), *data["train"], *data["test"], validation),
        "NLL of a frame",
        frame_likelihood,
        [
            Model("share of each key", Frames()),
            Model("logistic regression", Frames(LogisticRegression(max_iter=1000))),
        ],
        {"return_sequences": True, "standardize": False},
        published,
    )


def characters(n_characters: int | None, **way: Any) -> Problem:
    """Return the characters of Penn Treebank, of which the next is forecast."""
    data: list[Any] = []
    for subset in ("train", "test"):
        X, y = fetch_ptb(subset=subset, level="characters", return_X_y=True, **way)
        data += [windows(X[:n_characters]), windows(y[:n_characters])]
    X, y, X_test, y_test = data
    known = np.isin(y_test, y).all(axis=1)  # a part of the text may lack some characters
    return Problem(
        Parts("PTB characters", X, y, X_test[known], y_test[known]),
        BITS,
        character_bits,
        [Model("share of each character", Grams(1)), Model("6-grams", Grams(6))],
        {"return_sequences": True, "embedding_dim": 32},
        {"RNN": 1.48, "LSTM": 1.36, "GRU": 1.37, "TCN": 1.31},
    )


class Steps(ClassifierMixin, BaseEstimator):
    """Labels each step by a model of the whole sequence as one row, or by the share of labels.

    Parameters
    ----------
    model : classifier or None
        What is fitted to each step whose label varies; None takes the share of each label there,
        with one sequence more of each.
    """

    def __init__(self, model: Any = None) -> None:
        self.model = model

    def fit(self, X: np.ndarray, y: np.ndarray) -> Steps:
        """Fit a model to each step."""
        self.classes_ = np.unique(y)
        counts = (y[..., None] == self.classes_).sum(axis=0)
        varies = counts.max(axis=1) < len(y)
        smoothed = (counts + 1) / (len(y) + len(self.classes_))
        self.shares_ = np.where(varies[:, None], smoothed, counts / len(y))
        fitted = np.flatnonzero(varies) if self.model is not None else []
        self.models_ = {step: clone(self.model).fit(X, y[:, step]) for step in fitted}
        sizes = [
            model[-1].coef_.size + model[-1].intercept_.size for model in self.models_.values()
        ]
        self.n_parameters_ = sum(sizes) or int(varies.sum()) * len(self.classes_)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each label at each step."""
        probabilities = np.tile(self.shares_, (len(X), 1, 1))
        for step, model in self.models_.items():
            known = np.isin(self.classes_, model.classes_)
            probabilities[:, step] = 0
            probabilities[:, step, known] = model.predict_proba(X)
        return probabilities


def as_rows(X: np.ndarray) -> np.ndarray:
    """Return each sequence as a row."""
    return X.reshape(len(X), -1)


def squared_error(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the mean squared error."""
    return {SCORE: mean_squared_error(y, fitted.predict(X))}


def accuracy(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the share of sequences that get their label."""
    return {SCORE: fitted.score(X, y)}


def cross_entropy(fitted: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    """Return the mean cross-entropy of the steps."""
    given = _given(fitted, X, y)
    return {SCORE: float(-np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean())}


def character_bits(fitted: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    """Return the bits of a character."""
    return {SCORE: bits(_given(fitted, X, y))}


def frame_likelihood(fitted: Any, X: Any, y: Any) -> dict[str, float]:
    """Return the negative log-likelihood of a frame."""
    return {SCORE: frame_cost(fitted.predict_proba(X), y)}


def _given(fitted: Any, X: Any, y: np.ndarray) -> np.ndarray:
    """Return the probability that each true label was given.

    Raises
    ------
    ValueError
        If a label was not seen in training; none was given a probability.
    """
    unseen = np.setdiff1d(y, fitted.classes_)
    if len(unseen):
        raise ValueError(
            f"y must hold labels that were seen in training; {unseen.tolist()} were not. Leave out "
            "the sequences with them."
        )
    places = np.searchsorted(fitted.classes_, y)
    probabilities = np.asarray(fitted.predict_proba(X))
    return np.take_along_axis(probabilities, places[..., None], axis=2)[..., 0]
