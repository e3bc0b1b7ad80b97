"""The rows of docs/coming_from.md on Keras, with torch as its backend."""

import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # it is read when Keras is imported

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_rnn import DenseRegressor, GRURegressor, LSTMRegressor, RNNRegressor

pytestmark = [
    pytest.mark.interop_full,
    # Keras asks a tensor of torch for an array in a way that is new in NumPy 2
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4, 2))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=60)
SHORT = {"max_epochs": 1, "lr_schedule": "cosine", "hidden_size": 3, "random_state": 0}
LAYERS = {
    RNNRegressor: (keras.layers.SimpleRNN, [0]),
    LSTMRegressor: (keras.layers.LSTM, [0, 1, 2, 3]),
    GRURegressor: (keras.layers.GRU, [1, 0, 2]),
}


def defaults(function):
    return {n: p.default for n, p in inspect.signature(function).parameters.items()}


def in_order(weights, order):
    """Return the blocks of gates on the last axis in another order."""
    gates = np.split(weights, len(order), axis=-1)
    return np.concatenate([gates[place] for place in order], axis=-1)


@pytest.mark.parametrize("cls", LAYERS)
def test_axes_gates_and_biases(cls):
    """Rows: inputs (batch, timesteps, features); `LSTM` kernels, gates i, f, c, o.

    Rows: `GRU` kernels, gates z, r, h.
    Rows: one bias (`LSTM`, `SimpleRNN`); two of `GRU(reset_after=True)`.
    """
    kind, order = LAYERS[cls]
    net = cls(dtype="float32", device="cpu", **SHORT).fit(X, Y)
    recurrent, head = net.net_.module_.layers[0], net.net_.module_.head.linear
    kernels = [recurrent.weight_ih_l0, recurrent.weight_hh_l0]
    biases = [recurrent.bias_ih_l0, recurrent.bias_hh_l0]
    kernels = [in_order(w.detach().numpy().T, order) for w in kernels]
    biases = np.stack([in_order(b.detach().numpy(), order) for b in biases])
    scale = net.channel_scale_
    scaled = ((X - scale.mean) / scale.scale).astype(np.float32)
    layer = kind(3)
    layer(scaled)
    layer.set_weights([*kernels, biases if kind is keras.layers.GRU else biases.sum(axis=0)])
    states = layer(scaled).detach().numpy()
    output = states @ head.weight.detach().numpy()[0] + head.bias.detach().numpy()
    target = net.target_scale_
    assert_allclose(output * target.scale + target.mean, net.predict(X), atol=1e-5)


def test_the_first_bias_of_the_forget_gate():
    """Rows: `unit_forget_bias=True`."""
    assert defaults(keras.layers.LSTM)["unit_forget_bias"]
    layer = keras.layers.LSTM(3)
    layer.build((None, 4, 2))
    net = LSTMRegressor(learning_rate=1e-12, **SHORT).fit(X, Y)
    ours = net.net_.module_.layers[0]
    total = (ours.bias_ih_l0 + ours.bias_hh_l0).detach().numpy()
    assert_allclose(total, layer.get_weights()[2], atol=1e-9)
    assert_array_equal(np.flatnonzero(total.round()), [3, 4, 5])


def test_defaults():
    """Rows: `units`, `return_sequences`; `Adam(learning_rate=0.001)`.

    Rows: `fit(epochs=1, validation_split=0.0)`.
    Rows: `EarlyStopping(patience=0, restore_best_weights=False)`.
    """
    ours = LSTMRegressor().get_params()
    assert (ours["hidden_size"], ours["return_sequences"]) == (32, False)
    assert defaults(keras.layers.LSTM)["units"] is inspect.Parameter.empty
    assert defaults(keras.layers.LSTM)["return_sequences"] is False
    assert defaults(keras.optimizers.Adam)["learning_rate"] == 0.001
    assert ours["learning_rate"] == 0.002
    fit = defaults(keras.Model.fit)
    assert (fit["epochs"], fit["validation_split"]) == (1, 0.0)
    assert (ours["max_epochs"], ours["validation_fraction"]) == (200, 0.1)
    stopping = defaults(keras.callbacks.EarlyStopping)
    assert (stopping["patience"], stopping["restore_best_weights"]) == (0, False)
    assert (ours["early_stopping"], ours["patience"]) == ("auto", 20)


def test_keras_holds_out_the_last_samples():
    """Rows: `fit(epochs=1, validation_split=0.0)`."""
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    y = np.r_[np.zeros(54), np.ones(6)]
    history = model.fit(X[:, -1], y, validation_split=0.1, verbose=0).history
    assert (history["loss"][0], history["val_loss"][0]) == (0.0, 1.0)


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_penalties(kind):
    """Rows: `kernel_regularizer=l2(a)` with the loss `"mse"`; `l1(a)` with the loss `"mse"`."""
    a = 0.3
    ours = {"l1": {"alpha": a / 2, "l1_ratio": 1.0}, "l2": {"alpha": a, "l1_ratio": 0.0}}[kind]
    table = (X[:, -1] - X[:, -1].mean(axis=0)) / X[:, -1].std(axis=0)
    y = (Y - Y.mean()) / Y.std()
    net = DenseRegressor(
        hidden_layer_sizes=(),
        optimizer="lbfgs",
        max_epochs=2000,
        tol=1e-14,
        early_stopping=False,
        dtype="float64",
        random_state=0,
        **ours,
    ).fit(table, y)
    regularizer = getattr(keras.regularizers, kind)(a)
    layer = keras.layers.Dense(1, kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(loss="mse")

    def objective(weights):
        layer.set_weights([np.reshape(weights, (2, 1)), np.zeros(1)])
        return float(model.evaluate(table, y, verbose=0))

    linear = net.net_.module_.head.linear
    best = linear.weight.detach().numpy().ravel()
    least = objective(best)
    for step in 0.02 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]]):
        assert objective(best + step) > least


def test_padding():
    """Rows: `Masking(mask_value=0.0)`, `pad_sequences` (zeros in front)."""
    assert defaults(keras.layers.Masking)["mask_value"] == 0.0
    assert defaults(keras.utils.pad_sequences)["padding"] == "pre"
    assert keras.utils.pad_sequences([[5]], maxlen=2).tolist() == [[0, 5]]
    ragged = [x[: 2 + i % 3] for i, x in enumerate(X)]
    net = GRURegressor(**SHORT).fit(ragged, Y)
    for place in ("front", "end"):
        padded = np.full(X.shape, np.nan)
        for row, x in zip(padded, ragged, strict=True):
            row[slice(-len(x), None) if place == "front" else slice(len(x))] = x
        assert_allclose(net.predict(padded), net.predict(ragged), atol=1e-6)
    zeros = np.nan_to_num(padded)
    assert np.abs(net.predict(zeros) - net.predict(ragged)).max() > 1e-3
