"""The rows of docs/coming_from.md on Keras, with torch as its backend."""

import inspect
import os
import pickle

os.environ.setdefault("KERAS_BACKEND", "torch")  # it is read when Keras is imported

import keras
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss
from skorch.callbacks import Callback, Checkpoint

from sklearn_rnn import DenseRegressor, GRUClassifier, GRURegressor, LSTMRegressor, RNNRegressor

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


def weights_of(cell, kind, order):
    """Return the weights of a cell of ours as those of a layer of Keras."""
    kernels = [cell.weight_ih_l0, cell.weight_hh_l0]
    biases = [cell.bias_ih_l0, cell.bias_hh_l0]
    kernels = [in_order(w.detach().numpy().T, order) for w in kernels]
    biases = np.stack([in_order(b.detach().numpy(), order) for b in biases])
    return [*kernels, biases if kind is keras.layers.GRU else biases.sum(axis=0)]


def scaled(net):
    scale = net.channel_scale_
    return ((X - scale.mean) / scale.scale).astype(np.float32)


def in_units_of_y(net, states):
    """Return what the output layer and the scale of the target make of states."""
    head, target = net.net_.module_.head.linear, net.target_scale_
    output = states.detach().numpy() @ head.weight.detach().numpy()[0] + head.bias.item()
    return output * target.scale + target.mean


@pytest.mark.parametrize("cls", LAYERS)
def test_axes_gates_and_biases(cls):
    """Rows: inputs (batch, timesteps, features); `LSTM` kernels, gates i, f, c, o.

    Rows: `GRU` kernels, gates z, r, h.
    Rows: one bias (`LSTM`, `SimpleRNN`); two of `GRU(reset_after=True)`.
    """
    kind, order = LAYERS[cls]
    net = cls(dtype="float32", device="cpu", **SHORT).fit(X, Y)
    layer = kind(3)
    layer(scaled(net))
    layer.set_weights(weights_of(net.net_.module_.layers[0], kind, order))
    assert_allclose(in_units_of_y(net, layer(scaled(net))), net.predict(X), atol=1e-5)


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("cls", LAYERS)
def test_two_directions_and_their_mean(cls, pooling):
    """Rows: `Bidirectional(GRU(32))`; `GlobalAveragePooling1D` of all states."""
    kind, order = LAYERS[cls]
    how = {"bidirectional": True, "pooling": pooling, "dtype": "float32", "device": "cpu"}
    net = cls(**how, **SHORT).fit(X, Y)
    layer = keras.layers.Bidirectional(kind(3, return_sequences=pooling == "mean"))
    layer(scaled(net))
    ours = net.net_.module_
    cells = ours.layers[0], ours.reverse_layers[0]
    layer.set_weights([w for cell in cells for w in weights_of(cell, kind, order)])
    states = layer(scaled(net))
    if pooling == "mean":
        states = keras.layers.GlobalAveragePooling1D()(states)
    assert_allclose(in_units_of_y(net, states), net.predict(X), atol=1e-5)


def test_an_output_at_each_step():
    """Rows: `TimeDistributed(Dense(1))` of all states."""
    how = {"return_sequences": True, "dtype": "float32", "device": "cpu"}
    net = GRURegressor(**how, **SHORT).fit(X, X[..., 0].cumsum(axis=1))
    kind, order = LAYERS[GRURegressor]
    layer = kind(3, return_sequences=True)
    output = keras.layers.TimeDistributed(keras.layers.Dense(1))
    output(layer(scaled(net)))
    layer.set_weights(weights_of(net.net_.module_.layers[0], kind, order))
    head, target = net.net_.module_.head.linear, net.target_scale_
    output.set_weights([head.weight.detach().numpy().T, head.bias.detach().numpy()])
    found = output(layer(scaled(net))).detach().numpy()[..., 0]
    assert_allclose(found * target.scale + target.mean, net.predict(X), atol=1e-5)


def test_what_dropout_drops():
    """Rows: `GRU(32, dropout=0.2)` drops inputs of the layer, the same at all steps."""
    layer = keras.layers.SimpleRNN(1, dropout=0.5, return_sequences=True, activation="linear")
    ones = np.ones((50, 6, 2), np.float32)
    layer(ones)
    layer.set_weights([np.ones((2, 1)), np.zeros((1, 1)), np.zeros(1)])
    states = layer(ones, training=True).detach().numpy()[..., 0]
    assert (states == states[:, :1]).all()
    assert set(states[:, 0]) == {0.0, 2.0, 4.0}
    net = RNNRegressor(dropout=0.5, **{**SHORT, "hidden_size": 1}).fit(X, Y)
    module = net.net_.module_.cpu()
    x = torch.tensor(scaled(net), dtype=module.head.linear.weight.dtype)
    with torch.no_grad():
        whole = module.eval()(x)[:, 0] - module.head.linear.bias
        dropped = module.train()(x)[:, 0] - module.head.linear.bias
        factors = module.dropout(torch.ones(50, 6, 2))
    assert_allclose(dropped * (dropped - 2 * whole), 0.0, atol=1e-6)  # its outputs, or none
    assert (dropped == 0).any()
    assert (factors != factors[:, :1]).any()


def test_recurrent_dropout():
    """Rows: `GRU(32, recurrent_dropout=0.2)`."""
    ones = np.ones((50, 6, 1), np.float32)
    how = {"recurrent_dropout": 0.5, "return_sequences": True, "activation": "linear"}
    layer = keras.layers.SimpleRNN(1, **how)
    layer(ones)
    layer.set_weights([np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)])
    states = layer(ones, training=True).detach().numpy()[..., 0]
    kept = 2.0 ** np.arange(1, 7) - 1  # of a state that is doubled at each step
    assert {tuple(row) for row in states} == {(1.0,) * 6, tuple(kept)}
    net = RNNRegressor(recurrent_dropout=0.5, **SHORT).fit(X, Y)
    mask = net.net_.module_.train()._mask(torch.ones(50, 6, 2))
    assert mask.shape == (50, 3)  # no axis of steps


def test_class_weights():
    """Rows: `fit(class_weight={0: 1, 1: 5})`."""
    y = (Y > 0).astype(int)
    model = keras.Sequential(
        [keras.layers.Dense(1, activation="sigmoid", kernel_initializer="zeros")]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="binary_crossentropy")
    given = {"validation_data": (X[:, -1], y), "class_weight": {0: 1, 1: 5}, "verbose": 0}
    history = model.fit(X[:, -1], y, batch_size=60, **given).history
    weight = np.array([1, 5])[y]
    assert_allclose(history["loss"], np.log(2) * weight.mean(), rtol=1e-5)
    assert_allclose(history["val_loss"], np.log(2), rtol=1e-5)
    net = GRUClassifier(class_weight={0: 1, 1: 5}, **SHORT).fit(X, y, X_val=X, y_val=y)
    expected = log_loss(y, net.predict_proba(X), sample_weight=weight)
    assert_allclose(net.validation_loss_curve_, expected, rtol=1e-5)


def test_callbacks_see_the_losses_of_each_epoch(tmp_path):
    """Rows: `Callback` with `on_epoch_end(epoch, logs)`.

    Rows: `ModelCheckpoint(save_best_only=True)`.
    Rows: `fit(initial_epoch=2, epochs=5)`.
    """
    theirs, ours = [], []

    class OfKeras(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            theirs.append(logs["val_loss"])

    class OfSkorch(Callback):
        def on_epoch_end(self, net, **kwargs):
            ours.append(net.history[-1]["valid_loss"])

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss="mse")
    given = {"validation_data": (X[:, -1], Y), "verbose": 0, "callbacks": [OfKeras()]}
    assert model.fit(X[:, -1], Y, epochs=2, **given).history["val_loss"] == theirs
    assert model.fit(X[:, -1], Y, initial_epoch=2, epochs=5, **given).epoch == [2, 3, 4]
    best = Checkpoint(dirname=tmp_path, monitor="valid_loss_best")
    how = {"callbacks": [OfSkorch(), best], "warm_start": True, "early_stopping": True}
    net = GRURegressor(**how, **{**SHORT, "max_epochs": 2}).fit(X, Y)
    assert ours == net.validation_loss_curve_
    assert net.set_params(max_epochs=3).fit(X, Y).n_iter_ == 5
    predicted = net.predict(X)
    net.net_.load_params(checkpoint=best)
    assert_array_equal(net.predict(X), predicted)
    assert net.checkpoint is None


def test_saving(tmp_path):
    """Rows: `model.save`, `load_model`."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    predicted = model.predict(X[:, -1], verbose=0)
    assert_array_equal(again.predict(X[:, -1], verbose=0), predicted)
    net = GRURegressor(**SHORT).fit(X, Y)
    assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), net.predict(X))


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
    Rows: no penalty (`kernel_regularizer=None`).
    Rows: `ReduceLROnPlateau(factor=0.1, patience=10)`.
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
    assert defaults(keras.layers.LSTM)["kernel_regularizer"] is None
    assert (ours["alpha"], ours["l1_ratio"]) == (0.001, 0.0)
    plateau = defaults(keras.callbacks.ReduceLROnPlateau)
    assert (plateau["factor"], plateau["patience"]) == (0.1, ours["patience"] // 2)
    assert plateau["min_delta"] == ours["tol"]


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
