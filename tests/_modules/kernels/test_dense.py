"""Dense networks trained by the native kernels, against autograd and themselves."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rnn._modules.kernels.arguments import KernelLoss
from sklearn_rnn._modules.kernels.dense import ACTIVATIONS
from sklearn_rnn._modules.kernels.layer import LARGEST_HEAD, LARGEST_HIDDEN
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._training.flat_parameters import new_vector, parameters_as_views
from sklearn_rnn._training.losses import Huber, SquaredError
from tests._modules.kernels.test_training import (
    LOSSES,
    TOLERANCE,
    assert_same_bits_for_any_threads,
    assert_that_of_autograd,
    assert_trained_alike_in_many_calls,
    by_kernels,
)
from tests.nets import needs_library

pytestmark = needs_library


def net(activation, sizes, n_outputs, dtype, n_steps=5, n_channels=3):
    options = {"hidden_layer_sizes": sizes, "activation": activation}
    return Dense(n_channels, n_steps, n_outputs, **options).to(dtype).train()


@given(
    activation=st.sampled_from(list(ACTIVATIONS)),
    loss=st.sampled_from(LOSSES),
    sizes=st.lists(st.integers(1, 70), max_size=3),
    shape=st.tuples(*(st.integers(1, n) for n in (200, 9, 20))),
    n_outputs=st.integers(1, 20),
    dtype=st.sampled_from(list(TOLERANCE)),
    weighted=st.booleans(),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=150, derandomize=True)
def test_objective_and_gradient_are_those_of_autograd(
    activation, loss, sizes, shape, n_outputs, dtype, weighted, padded, seed
):
    torch.manual_seed(seed)
    module = net(activation, sizes, n_outputs, dtype, *shape[1:])
    assert_that_of_autograd(module, loss, shape, n_outputs, weighted=weighted, padded=padded)


def test_groups_of_several_chunks():
    module = net("tanh", [5, 17], 2, torch.float64)
    for n_rows in (513, 1100):  # 9 and 18 chunks in 8 groups
        shape = (n_rows, 5, 3)
        assert_that_of_autograd(module, Huber(0.7), shape, 2, weighted=True, padded=False)


@pytest.mark.parametrize("batch_size", [16, 150])  # of one chunk, of several
def test_the_same_bits_for_any_threads_and_batches_in_a_call(batch_size, monkeypatch):
    module = net("relu", [10, 40], 2, torch.float32)
    x, y = torch.randn(400, 5, 3), torch.randn(400, 2)
    assert_trained_alike_in_many_calls(module, x, y, monkeypatch, batch_size=batch_size)
    assert_same_bits_for_any_threads(module, monkeypatch)


def test_windows_of_a_series_are_read_where_they_are():
    rows, y = torch.randn(50, 3), torch.randn(46, 2)
    module, windows = net("tanh", [7], 2, torch.float32), rows.unfold(0, 5, 1).transpose(1, 2)
    assert windows.stride() == (3, 3, 1)
    found = [
        by_kernels(module, Sequences(x, y), SquaredError(), 0.1)
        for x in (windows, windows.contiguous())
    ]
    assert torch.equal(found[0][1], found[1][1])


def test_what_is_not_trained_by_kernels(monkeypatch):
    too_large = {"n_outputs": LARGEST_HEAD + 1}, {"hidden_layer_sizes": [6, LARGEST_HIDDEN + 1]}
    for options in ({"dropout": 0.1}, {"activation": "gelu"}, *too_large):
        sizes = {"n_channels": 3, "n_steps": 5, "n_outputs": 1, "hidden_layer_sizes": [6]}
        module = Dense(**{**sizes, **options}).train()
        with parameters_as_views(new_vector(module), module):
            assert module.native_training(KernelLoss(0)) is None
    module = net("relu", [6], 1, torch.float32)
    assert module.native_training(KernelLoss(0)) is None, "there is no gradient to write over"
    with parameters_as_views(new_vector(module), module):
        assert module.native_training(KernelLoss(0)) is not None
        monkeypatch.setattr("sklearn_rnn._modules.kernels.dense.LIBRARY", None)
        assert module.native_training(KernelLoss(0)) is None
