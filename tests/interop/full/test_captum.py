"""Attributions are those of captum's integrated gradients, of the network as a torch module."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients

from sklearn_rnn import CNNRegressor, DenseRegressor, GRURegressor, LSTMRegressor
from sklearn_rnn.inspection import attributions
from sklearn_rnn.inspection.export import as_module
from tests.nets import few_epochs

X = np.random.default_rng(0).normal([0.0, 5.0, -1.0], [1.0, 3.0, 0.2], size=(60, 6, 3))
Y = X[:, -1, 0] * X[:, -2, 1] + X[:, 0, 2]


@few_epochs
@pytest.mark.parametrize("make", [CNNRegressor, DenseRegressor, GRURegressor, LSTMRegressor])
def test_attributions_are_those_of_captum(make):
    net = make(max_epochs=20, early_stopping=False, random_state=0).fit(X, Y)
    found = attributions(net, X)
    x, means = torch.as_tensor(X), torch.as_tensor(X.mean((0, 1))).expand(1, 6, 3)
    module = as_module(net)
    module.eval()
    theirs = IntegratedGradients(lambda given: module(given).reshape(len(given)))
    expected = theirs.attribute(x, means, n_steps=400, method="gausslegendre").numpy()
    largest = np.abs(expected).max()
    np.testing.assert_allclose(found.attributions, expected, atol=0.005 * largest)
