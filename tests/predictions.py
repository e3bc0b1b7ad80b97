"""Predictions of models of every kind, fitted to small data, by the name of the model.

``python -m tests.predictions FILE BACKEND`` writes those of a fresh process, fitted by two workers
of a backend of joblib, to a file of numpy.
"""

import sys
import warnings

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import sklearn_rnn as sr

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6, 3))
Y = X[:, -1, 0] - X[:, 2, 1] + RNG.normal(size=120)
LONG = RNG.normal(size=(120, 24, 8))
ROWS = pd.DataFrame(RNG.normal(size=(200, 2)).cumsum(axis=0), columns=["a", "b"])
DOUBLE = {"max_epochs": 3, "random_state": 0}
SINGLE = {**DOUBLE, "dtype": "float32"}

# Networks by all ways of training: in the kernels as a whole, layer by layer, in torch.
NETS = {
    "GRU": sr.GRURegressor(**SINGLE),
    "GRU, double": sr.GRURegressor(dtype="float64", **DOUBLE),
    "GRU, classes": sr.GRUClassifier(**SINGLE),
    "RNN, L-BFGS": sr.RNNRegressor(optimizer="lbfgs", early_stopping=False, **SINGLE),
    "LSTM, dropout": sr.LSTMRegressor(dropout=0.3, recurrent_dropout=0.2, **SINGLE),
    "LSTM, two layers": sr.LSTMRegressor(num_layers=2, bidirectional=True, **SINGLE),
    "LSTM, in threads": sr.LSTMRegressor(hidden_size=64, **{**SINGLE, "max_epochs": 1}),
    "TCN": sr.TCNRegressor(dropout=0.1, **SINGLE),
    "CNN": sr.CNNRegressor(**SINGLE),
    "CNN-LSTM": sr.CNNLSTMRegressor(**SINGLE),
    "dense": sr.DenseRegressor(**SINGLE),
    "dense, double": sr.DenseRegressor(dtype="float64", **DOUBLE),
    "dense, lasso": sr.DenseRegressor(l1_ratio=0.9, penalty="group", alpha=0.1, **SINGLE),
    "members": sr.GRURegressor(n_members=2, **SINGLE),
    "intervals": sr.IntervalRegressor(sr.DenseRegressor(dropout=0.1, **SINGLE)),
}
MODELS = {
    **NETS,
    "lasso": sr.LagElasticNet(alpha=0.01),
    "ridge": sr.LagRidgeCV(),
    "logistic": sr.LagLogistic(),
    "autoregression": sr.make_ar(5),
    "forecaster": sr.Forecaster(sr.make_ar(3), 4, target="a"),
}


def fitted(name):
    """Return a fitted model, and what it is to predict."""
    model = clone(MODELS[name])
    if name == "forecaster":
        return model.fit(ROWS), 4
    if name == "autoregression":
        return model.fit(ROWS, ROWS["a"]), ROWS
    windows = LONG if name == "LSTM, in threads" else X
    return model.fit(windows, Y > 0 if hasattr(model, "predict_proba") else Y), windows


def predict(model, given):
    """Return probabilities of classes, or predictions, as an array."""
    return np.asarray(getattr(model, "predict_proba", model.predict)(given))


def fit_and_predict(name):
    """Return the predictions of a model that is fitted here."""
    return predict(*fitted(name))


def main(path, backend):
    """Write the predictions of all models that workers have fitted."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # of few epochs
    found = Parallel(2, backend=backend)(delayed(fit_and_predict)(name) for name in MODELS)
    np.savez(path, **dict(zip(MODELS, found, strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
