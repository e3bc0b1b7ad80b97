"""The dense network; the laws common to all modules are in test_modules_recurrent."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import erf, expit

from sklearn_rnn._modules.mlp import ACTIVATIONS, Dense

N_CHANNELS, N_STEPS, N_OUTPUTS = 3, 4, 2

PHI = {
    "identity": lambda a: a,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "gelu": lambda a: a * (1 + erf(a / np.sqrt(2))) / 2,
    "silu": lambda a: a * expit(a),
}


def make(hidden_layer_sizes, activation="relu"):
    torch.manual_seed(0)
    module = Dense(
        N_CHANNELS,
        N_STEPS,
        N_OUTPUTS,
        hidden_layer_sizes=hidden_layer_sizes,
        activation=activation,
    ).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


def sequences(batch=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, N_STEPS, N_CHANNELS, dtype=torch.float64, generator=generator)


def numpy_forward(module, x, phi):
    h = x.numpy().reshape(len(x), -1)  # C order: step by step, oldest first
    for layer in module.layers:
        h = phi(h @ layer.weight.detach().numpy().T + layer.bias.detach().numpy())
    head = module.head.linear
    return h @ head.weight.detach().numpy().T + head.bias.detach().numpy()


def test_every_activation_is_tested():
    assert set(PHI) == set(ACTIVATIONS)


@pytest.mark.parametrize("activation", PHI)
@pytest.mark.parametrize("hidden_layer_sizes", [(), (5,), (5, 4, 3)])
def test_dense_equals_numpy(hidden_layer_sizes, activation):
    module, x = make(hidden_layer_sizes, activation), sequences()
    assert len(module.layers) == len(hidden_layer_sizes)
    expected = numpy_forward(module, x, PHI[activation])
    assert_allclose(module(x).detach(), expected, atol=1e-10)


def test_first_columns_are_the_channels_of_the_oldest_step():
    module = make(())
    x = sequences()
    weight = module.head.linear.weight.view(N_OUTPUTS, N_STEPS, N_CHANNELS)
    expected = torch.einsum("btc,otc->bo", x, weight) + module.head.linear.bias
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize(("hidden_layer_sizes", "linear"), [((), True), ((8,), False)])
def test_only_a_network_without_hidden_layer_is_additive(hidden_layer_sizes, linear):
    module, x, z = make(hidden_layer_sizes), sequences(seed=0), sequences(seed=1)
    zero = torch.zeros_like(x)
    assert torch.allclose(module(x + z) + module(zero), module(x) + module(z)) == linear


@pytest.mark.parametrize(
    ("activation", "variance"), [("relu", 2 / 200), ("silu", 2 / 200), ("tanh", 2 / (200 + 300))]
)
def test_initial_weights_fit_the_activation(activation, variance):
    torch.manual_seed(0)
    module = Dense(4, 50, 1, hidden_layer_sizes=(300,), activation=activation)
    assert module.layers[0].weight.var().item() == pytest.approx(variance, rel=0.02)
    assert torch.all(module.layers[0].bias == 0)
