"""Data and models that the tests of this folder share."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Lasso, LinearRegression

from sklearn_rnn.model_selection import compare_models

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = X[:, 0] - 0.5 * X[:, 1] + RNG.normal(size=120)
DAYS = pd.date_range("2020-01-01", periods=120)
FRAME = pd.DataFrame(X, index=DAYS, columns=list("abcd"))
LINEAR = {"mean": DummyRegressor(), "lasso": Lasso(0.3), "ols": LinearRegression()}


class Random(RegressorMixin, BaseEstimator):
    """Predicts by its seed alone."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.n_parameters_ = 3
        return self

    def predict(self, X):
        return np.full(len(X), float(self.random_state))


class OfUnknownSize(RegressorMixin, BaseEstimator):
    """Predicts by the first feature, and has nothing that could be counted."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.factor * np.asarray(X)[:, 0]


class FailsOnLargeTraining(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        if len(X) > 50:
            raise RuntimeError("too many rows\nand a second line")
        self.coef_ = np.zeros(1)
        return self

    def predict(self, X):
        return np.zeros(len(X))


def comparison_of(scores, complexity):
    """Return a comparison whose models have these scores in the folds."""

    class Scripted(RegressorMixin, BaseEstimator):
        def __init__(self, name=""):
            self.name = name

        def fit(self, X, y):
            return self

        def predict(self, X):
            return np.zeros(len(X))

    def scorer(estimator, X, y):
        return scores[estimator.name][int(y[0])]

    n_folds = len(next(iter(scores.values())))
    y = np.repeat(np.arange(n_folds), 4)
    models = {name: Scripted(name) for name in scores}
    return compare_models(
        models, np.zeros((len(y), 1)), y, cv=n_folds, scoring=scorer, complexity=complexity
    )
