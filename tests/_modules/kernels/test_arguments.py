"""What the compiled kernels are given is what they read: sizes, types and parameters."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.nn.utils import prune

from sklearn_rnn import DenseRegressor, LSTMRegressor
from sklearn_rnn._modules.convolution import Convolution
from sklearn_rnn._modules.kernels.projection import distinct_tokens
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent

INTEGERS = (torch.int32, torch.int64)
X = torch.randn(4, 7, 3, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
@pytest.mark.parametrize("shape", [(5, 1, 9), (5, 1, 21), (5, 6, 3), (5, 7, 2)])
def test_inputs_of_another_size_are_refused_as_by_torch(shape):
    x, module = torch.randn(shape), Dense(3, 7, 2, hidden_layer_sizes=[8])
    if shape[1] * shape[2] != 21:
        with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes|shapes cannot be"):
            module(x)
    else:
        assert module(x).shape == (5, 2)


@pytest.mark.parametrize("n_channels", [2, 4])
def test_channels_that_a_convolution_has_no_weights_for_are_refused(n_channels):
    with pytest.raises(RuntimeError, match="channels"):
        Convolution(3, 4, 3)(torch.randn(2, n_channels, 7))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_lengths_may_be_of_any_integer_type(cell):
    module = Recurrent(3, 7, 2, cell=cell, hidden_size=4)
    found = [module(X, torch.tensor([3, 7, 1, 4], dtype=dtype)) for dtype in INTEGERS]
    assert torch.equal(*found)


def test_lengths_of_convolutions_may_be_of_any_integer_type():
    module = Convolution(3, 4, 3)
    lengths = [torch.tensor([3, 7, 1, 4], dtype=dtype) for dtype in INTEGERS]
    found = [module(X.transpose(1, 2), of_rows)[0] for of_rows in lengths]
    assert torch.equal(*found)


@torch.no_grad()
def test_biases_may_be_stored_in_any_way():
    module = Dense(3, 7, 2, hidden_layer_sizes=[8])
    expected = module(X)
    bias = module.layers[0].bias
    apart = torch.zeros(16)
    apart[::2] = bias
    module.layers[0].bias = nn.Parameter(apart[::2])
    assert_allclose(module(X), expected, rtol=1e-5, atol=1e-6)


def name_of(layer):
    """Return the name of a weight of a layer."""
    return "weight" if isinstance(layer, nn.Linear) else "weight_ih_l0"


@pytest.mark.parametrize("make", [DenseRegressor, LSTMRegressor])
def test_pruned_networks_predict(make):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4, 2))
    net = make(max_epochs=1, lr_schedule="cosine", random_state=0).fit(x, x[:, -1, 0])
    module = net.net_.module_
    layers = [m for m in module.modules() if isinstance(m, nn.Linear | nn.LSTM)]
    for layer in layers:
        prune.l1_unstructured(layer, name_of(layer), 0.5)
    before = net.predict(x)
    with torch.no_grad():
        layers[0].get_parameter(f"{name_of(layers[0])}_orig").mul_(2.0)
    assert not np.array_equal(net.predict(x), before)


@pytest.mark.parametrize("wrong", [-1, 50])
@pytest.mark.parametrize("shape", [(50, 40), (400, 40)])
def test_tokens_out_of_range_are_refused(wrong, shape):
    tokens = torch.zeros(shape, dtype=torch.int64)
    tokens[0, 0] = wrong
    with pytest.raises(IndexError, match="tokens must be from 0 to 49"):
        distinct_tokens(tokens, torch.randn(50, 64), 16)
