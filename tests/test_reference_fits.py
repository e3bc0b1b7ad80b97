"""Fits of every estimator give the values that were recorded.

``python tests/test_reference_fits.py`` records them anew; with SKLEARN_RNN_SAME_BITS=1 the test
asks for the same bits, which holds on the machine that recorded them.
"""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import sklearn_rnn as rnn

RECORD = Path(__file__).parent / "data" / "reference_fits.json"
RECURRENT = ["RNN", "LSTM", "GRU"]
BY_STEP = [*RECURRENT, "TCN", "CNN", "CNNLSTM"]
SHORT = {"max_epochs": 3, "random_state": 0}


def _data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 8, 2))
    y = X[:, -1, 0] + 0.5 * X[:, -3, 1] + 0.1 * rng.normal(size=90)
    return X, y


def _cases():
    """Return name: (estimator, X, y) of each recorded fit."""
    X, y = _data()
    labels = np.array(["a", "b", "c"])[np.digitize(y, [-0.5, 0.5])]
    lists = [x[: 3 + i % 6] for i, x in enumerate(X)]
    tokens = np.random.default_rng(1).integers(1, 20, size=(90, 8))
    rows = np.random.default_rng(2).normal(size=(200, 2)).cumsum(axis=0)
    windows = rnn.LagTransformer(8).fit_transform(rows)
    missing = X.copy()
    missing[::7, 3, 1] = np.nan
    cases = {}
    for name in [*BY_STEP, "Dense"]:
        regressor = getattr(rnn, f"{name}Regressor")
        classifier = getattr(rnn, f"{name}Classifier")
        cases[f"{name} regression"] = regressor(**SHORT), X, y
        cases[f"{name} two outputs"] = regressor(**SHORT), X, np.column_stack([y, -2 * y])
        cases[f"{name} classification"] = classifier(**SHORT), X, labels
        cases[f"{name} two classes"] = classifier(**SHORT, class_weight="balanced"), X, y > 0
        cases[f"{name} single precision"] = regressor(**SHORT, dtype="float32"), X, y
        cases[f"{name} dropout"] = regressor(**SHORT, dropout=0.2), X, y
        cases[f"{name} lasso"] = regressor(**SHORT, alpha=0.01, l1_ratio=1.0), X, y
        cases[f"{name} linear skip"] = regressor(**SHORT, linear_skip=True), X, y
        cases[f"{name} lbfgs"] = regressor(**SHORT, optimizer="lbfgs"), X, y
        cases[f"{name} early stopping"] = regressor(**SHORT, early_stopping=True), X, y
        cases[f"{name} windows"] = regressor(**SHORT, early_stopping=True), windows, rows[:, 0]
        cases[f"{name} missing values"] = regressor(**SHORT), missing, y
    for name in BY_STEP:
        regressor = getattr(rnn, f"{name}Regressor")
        classifier = getattr(rnn, f"{name}Classifier")
        cases[f"{name} lists"] = regressor(**SHORT), lists, y
        cases[f"{name} tokens"] = classifier(**SHORT, embedding_dim=4), tokens, labels
        cases[f"{name} pooling"] = classifier(**SHORT, pooling="attention"), lists, labels
    for name in [*RECURRENT, "TCN"]:
        regressor = getattr(rnn, f"{name}Regressor")
        cases[f"{name} steps"] = regressor(**SHORT, return_sequences=True), X, X[:, :, 0]
    for name in RECURRENT:
        regressor = getattr(rnn, f"{name}Regressor")
        deep = {"num_layers": 2, "bidirectional": True, "recurrent_dropout": 0.1}
        cases[f"{name} deep"] = regressor(**SHORT, **deep), X, y
    documents = tokens.reshape(45, 2, 8)
    cases["HierarchicalAttention"] = (
        rnn.HierarchicalAttentionClassifier(**SHORT),
        documents,
        labels[:45],
    )
    return cases


def _outputs(estimator, X, y):
    """Fit, and return what is predicted for the first five samples, or probabilities."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X, y)
    predict = getattr(estimator, "predict_proba", estimator.predict)
    return np.asarray(predict(X[:5])).ravel().tolist()


@pytest.mark.parametrize("name", sorted(_cases()))
def test_a_fit_gives_the_recorded_values(name):
    found, recorded = _outputs(*_cases()[name]), json.loads(RECORD.read_text())[name]
    rtol, atol = (0.0, 0.0) if os.environ.get("SKLEARN_RNN_SAME_BITS") else (2e-5, 1e-6)
    np.testing.assert_allclose(found, recorded, rtol=rtol, atol=atol)


def test_every_case_is_recorded():
    assert json.loads(RECORD.read_text()).keys() == _cases().keys()


if __name__ == "__main__":
    record = {name: _outputs(*case) for name, case in _cases().items()}
    RECORD.write_text(json.dumps(record, indent=0) + "\n")
