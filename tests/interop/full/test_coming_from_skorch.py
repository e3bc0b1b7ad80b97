"""The rows of docs/coming_from.md on skorch."""

import inspect

import numpy as np
import pytest
import torch
from skorch import NeuralNet, NeuralNetRegressor
from skorch.callbacks import EarlyStopping

from sklearn_rnn import DenseRegressor

pytestmark = pytest.mark.interop_full

X = np.random.default_rng(0).normal(size=(600, 2))
Y = X[:, 0]
OURS = DenseRegressor().get_params()


def defaults(function):
    return {n: p.default for n, p in inspect.signature(function).parameters.items()}


def make(**parameters):
    sizes = {"module__in_features": 2, "module__out_features": 1}
    return NeuralNetRegressor(torch.nn.Linear, verbose=0, **sizes, **parameters)


def test_the_net_and_the_shapes_of_y():
    """Rows: `NeuralNetRegressor(module)`.

    Rows: `X`, `y` of float32, `y` of shape (n, 1); one of shape (n,) is broadcast
    """
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine", random_state=0).fit(X, Y)
    assert isinstance(net.net_, NeuralNet)
    assert net.predict(X).shape == Y.shape
    assert net.fit(X, Y[:, None]).predict(X).shape == (600, 1)
    with pytest.warns(UserWarning, match="will likely lead to incorrect results due to broadcast"):
        make().fit(X.astype(np.float32), Y.astype(np.float32))
    with pytest.raises(RuntimeError, match=r"dtype|Float"):
        make().fit(X, Y[:, None])


def test_defaults():
    """Rows: `lr=0.01`, `SGD`; `max_epochs=10`, `batch_size=128`; `iterator_train__shuffle` (False).

    Rows: `EarlyStopping(patience=5, load_best=False)`.
    """
    theirs = defaults(NeuralNet)
    assert theirs["optimizer"] is torch.optim.SGD
    assert (theirs["lr"], theirs["max_epochs"], theirs["batch_size"]) == (0.01, 10, 128)
    assert (OURS["learning_rate"], OURS["optimizer"]) == (0.002, "adam")
    assert (OURS["max_epochs"], OURS["batch_size"], OURS["shuffle"]) == (200, "auto", True)
    net = make().initialize()
    batches = net.get_iterator(net.get_dataset(X, Y), training=True)
    assert isinstance(batches.sampler, torch.utils.data.SequentialSampler)
    stopping = defaults(EarlyStopping)
    assert (stopping["patience"], stopping["load_best"]) == (5, False)
    assert OURS["patience"] == 20


def test_what_is_held_out():
    """Rows: `train_split=ValidSplit(5)`."""
    net = make().initialize()
    train, held_out = net.get_split_datasets(X, np.arange(600.0)[:, None])
    assert [float(held_out[i][1][0]) for i in range(len(held_out))] == list(range(120))
    assert len(train) == 480
    given = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0}
    ours = DenseRegressor(early_stopping=True, **given).fit(X, Y)
    apart = DenseRegressor(early_stopping=True, **given).fit(
        X[:540], Y[:540], X_val=X[540:], y_val=Y[540:]
    )
    np.testing.assert_array_equal(ours.predict(X), apart.predict(X))


def test_weight_decay_is_on_biases_too():
    """Rows: `optimizer__weight_decay`."""
    net = make(optimizer__weight_decay=0.1).initialize()
    decayed = {id(p) for group in net.optimizer_.param_groups for p in group["params"]}
    assert id(net.module_.bias) in decayed
    y = Y + 100.0
    ours = DenseRegressor(
        hidden_layer_sizes=(),
        standardize=False,
        alpha=1e4,
        optimizer="lbfgs",
        max_epochs=500,
        random_state=0,
        early_stopping=False,
    ).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), y.mean(), atol=0.1)  # that of the bias alone
