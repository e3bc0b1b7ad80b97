"""Dense networks trained by the native kernels, against autograd and themselves."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rnn._modules.kernels.arguments import KernelLoss
from sklearn_rnn._modules.kernels.dense import ACTIVATIONS, dense_outputs
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


def net(activation, sizes, n_outputs, dtype, n_steps=5, n_channels=3, dropout=0.0):
    options = {"hidden_layer_sizes": sizes, "activation": activation, "dropout": dropout}
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
    dropout=st.sampled_from([0.0, 0.4]),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=200, derandomize=True)
def test_objective_and_gradient_are_those_of_autograd(
    activation, loss, sizes, shape, n_outputs, dtype, weighted, padded, dropout, seed
):
    torch.manual_seed(seed)
    module = net(activation, sizes, n_outputs, dtype, *shape[1:], dropout)
    assert_that_of_autograd(module, loss, shape, n_outputs, weighted=weighted, padded=padded)


@given(
    activation=st.sampled_from(list(ACTIVATIONS)),
    sizes=st.lists(st.integers(1, 70), max_size=3),
    shape=st.tuples(*(st.integers(1, n) for n in (200, 9, 20))),
    n_outputs=st.integers(1, 20),
    dtype=st.sampled_from(list(TOLERANCE)),
    layout=st.sampled_from(["rows", "windows of a series", "channels first"]),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=150, derandomize=True)
def test_outputs_are_those_of_torch(activation, sizes, shape, n_outputs, dtype, layout, seed):
    torch.manual_seed(seed)
    n_rows, n_steps, n_channels = shape
    module = net(activation, sizes, n_outputs, dtype, n_steps, n_channels).eval()
    x = torch.randn(shape, dtype=dtype)
    if layout == "windows of a series":
        rows = torch.randn(n_rows + n_steps - 1, n_channels, dtype=dtype)
        x = rows.unfold(0, n_steps, 1).transpose(1, 2)
    elif layout == "channels first":
        x = torch.randn(n_rows, n_channels, n_steps, dtype=dtype).transpose(1, 2)
    expected = module(x).detach()  # with a gradient, by torch
    with torch.inference_mode():
        found = dense_outputs([*module.layers, module.head.linear], activation, x)
        assert torch.equal(module(x), found)
    assert (found - expected).abs().max() <= TOLERANCE[dtype] * expected.abs().max().clamp(min=1)


def test_outputs_have_the_same_bits_for_any_threads(monkeypatch):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", 0)
    module, x, found = net("tanh", [30, 9], 2, torch.float32).eval(), torch.randn(300, 5, 3), []
    for threads in (1, 2, 3):
        monkeypatch.setattr("torch.get_num_threads", lambda n=threads: n)
        with torch.inference_mode():
            found.append(module(x))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize("n_rows", [1, 7, 8, 65])
def test_few_rows_and_many_give_what_they_give_alone(n_rows):
    module, x = net("relu", [33, 20], 3, torch.float64).eval(), torch.randn(65, 5, 3).double()
    with torch.inference_mode():
        torch.testing.assert_close(module(x[:n_rows]), module(x)[:n_rows], rtol=1e-12, atol=1e-12)


def test_infinite_and_missing_values_stay_what_torch_makes_of_them():
    module = net("relu", [4], 2, torch.float32).eval()
    for value in (torch.inf, -torch.inf, torch.nan):
        for n_rows in (1, 20):
            x = torch.zeros(n_rows, 5, 3)
            x[0, 2, 1] = value
            expected = module(x).detach()
            with torch.inference_mode():
                torch.testing.assert_close(module(x), expected, equal_nan=True)


def outputs_by_kernels(module, x):
    """Return the outputs of the kernels, None where torch computes them."""
    layers = [*module.layers, module.head.linear]
    return dense_outputs(layers, module.activation, x)


def test_outputs_that_torch_computes(monkeypatch):
    module, x = net("relu", [6], 1, torch.float32).eval(), torch.randn(4, 5, 3)
    assert outputs_by_kernels(module, x) is None, "with a gradient"
    with torch.inference_mode():
        assert outputs_by_kernels(module, x) is not None
        assert outputs_by_kernels(module, x.double()) is None, "of another dtype"
        assert outputs_by_kernels(module, x[:0]) is None, "of no rows"
        assert outputs_by_kernels(net("gelu", [6], 1, torch.float32), x) is None
        assert outputs_by_kernels(net("relu", [LARGEST_HIDDEN + 1], 1, torch.float32), x) is None
        assert outputs_by_kernels(net("relu", [6], LARGEST_HEAD + 1, torch.float32), x) is None
        with torch.autocast("cpu", torch.bfloat16):
            assert outputs_by_kernels(module, x) is None
        monkeypatch.setattr("sklearn_rnn._modules.kernels.dense.LIBRARY", None)
        assert outputs_by_kernels(module, x) is None


@pytest.mark.parametrize("part", ["layers.0", "dropout", "head", "head.linear"])
def test_hooks_of_a_part_are_called(part):
    module, x, called = net("relu", [6, 6], 1, torch.float32).eval(), torch.randn(4, 5, 3), []
    module.get_submodule(part).register_forward_hook(lambda *_: called.append(1))
    with torch.inference_mode():
        module(x)
    assert called


def test_dropout_is_applied_in_training_without_a_gradient():
    options = {"hidden_layer_sizes": [50], "dropout": 0.5}
    module, x = Dense(3, 5, 1, **options).train(), torch.randn(4, 5, 3)
    with torch.inference_mode():
        assert not torch.equal(module(x), module(x))
        assert torch.equal(module.eval()(x), module(x))


def test_groups_of_several_chunks():
    module = net("tanh", [5, 17], 2, torch.float64)
    for n_rows in (513, 1100):  # 9 and 18 chunks in 8 groups
        shape = (n_rows, 5, 3)
        assert_that_of_autograd(module, Huber(0.7), shape, 2, weighted=True, padded=False)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("batch_size", [16, 150])  # of one chunk, of several
def test_the_same_bits_for_any_threads_and_batches_in_a_call(batch_size, dropout, monkeypatch):
    module = net("relu", [10, 40], 2, torch.float32, dropout=dropout)
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
    for options in ({"activation": "gelu"}, *too_large):
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
