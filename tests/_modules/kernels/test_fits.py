"""Fits in the kernels are those of autograd."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import is_classifier

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNRegressor,
)
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent
from tests.nets import few_epochs


@few_epochs
@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        (RNNRegressor, {}),
        (LSTMRegressor, {"lr_schedule": "onecycle", "alpha": 0.1, "loss": "quantile"}),
        (GRURegressor, {"batch_size": 7, "optimizer": "rmsprop"}),
        (LSTMRegressor, {"max_grad_norm": 0.1, "l1_ratio": 0.5, "alpha": 0.01}),
        (LSTMClassifier, {"label_smoothing": 0.1}),
        (LSTMClassifier, {"optimizer": "adamw", "alpha": 0.1}),
        (DenseRegressor, {}),
        (DenseRegressor, {"hidden_layer_sizes": (), "lr_schedule": "onecycle", "alpha": 0.1}),
        (DenseRegressor, {"optimizer": "rmsprop", "loss": "quantile"}),
        (DenseRegressor, {"max_grad_norm": 0.1, "l1_ratio": 0.5, "alpha": 0.01}),
        (DenseClassifier, {"activation": "tanh", "optimizer": "adamw", "alpha": 0.1}),
        (DenseClassifier, {"activation": "logistic", "hidden_layer_sizes": (9, 4)}),
    ],
)
def test_fits_are_those_of_autograd(estimator, parameters, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 5, 3))
    model = estimator(max_epochs=3, random_state=0, dtype="float64", tol=0, **parameters)
    y = X[:, -1, 0] + X[:, -2, 1] > 0 if is_classifier(model) else X[:, -1, 0]
    by_kernels = model.fit(X, y).predict(X[:20]), model.loss_curve_
    for module in (Recurrent, Dense):
        monkeypatch.setattr(module, "native_training", lambda *_: None)
    model.fit(X, y)
    assert_allclose(model.loss_curve_, by_kernels[1], rtol=1e-9)
    assert_allclose(model.predict(X[:20]), by_kernels[0], rtol=1e-7)
