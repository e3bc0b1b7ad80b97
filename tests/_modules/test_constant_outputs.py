"""Constant outputs: they do not depend on the input, and leave the network as it is."""

import pytest
import torch
from torch.testing import assert_close

from sklearn_rnn._modules.constant_outputs import ConstantOutputs, with_constants
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training.flat_parameters import is_penalized, n_weights

X = torch.randn(5, 6, 2, dtype=torch.float64, generator=torch.manual_seed(0))
INNER = {
    "dense": (Dense, {"hidden_layer_sizes": (3,)}),
    "lstm": (Recurrent, {"cell": "lstm", "hidden_size": 3}),
    "tcn": (TCN, {"num_channels": 3, "kernel_size": 2, "num_levels": 2}),
    "steps": (Recurrent, {"cell": "lstm", "hidden_size": 3, "return_sequences": True}),
}
each_inner = pytest.mark.parametrize("name", INNER)


def pair(name):
    """Return a module with two constants, and its network alone."""
    inner, architecture = INNER[name]
    sizes = {"n_channels": 2, "n_steps": 6}
    cls, arguments = with_constants((inner, {**sizes, "n_outputs": 5, **architecture}), 2)
    module = cls(**arguments, generator=torch.manual_seed(0)).double()
    with torch.no_grad():
        module.constants.copy_(torch.tensor([0.03, -0.2]))
    alone = inner(**sizes, n_outputs=3, **architecture, generator=torch.manual_seed(0)).double()
    return module, alone


@each_inner
def test_the_last_outputs_are_the_constants(name):
    module, alone = pair(name)
    outputs = module(X)
    assert_close(outputs[..., :3], alone(X))
    assert_close(
        outputs[..., 3:], torch.tensor([0.3, -2.0]).double().expand(*outputs.shape[:-1], 2)
    )
    lengths = torch.tensor([6, 2, 3, 6, 1])
    assert_close(module(X, lengths)[..., :3], alone(X, lengths))
    assert module.receptive_field == alone.receptive_field


@each_inner
def test_constants_are_not_penalised_and_read_no_input(name):
    module, alone = pair(name)
    assert not is_penalized(module)["constants"]
    assert n_weights(module) == n_weights(alone)
    if name == "dense":
        groups, of_net = module.input_groups(), alone.input_groups()
        assert groups.shape == of_net.shape
        assert [*groups.labels] == [f"net.{label}" for label in of_net.labels]


def test_the_vector_jacobian_product_is_that_of_autograd():
    module, _ = pair("tcn")
    gradient = torch.randn(5, 5, dtype=torch.float64, generator=torch.manual_seed(1))
    module(X).backward(gradient)
    expected = [p.grad.clone() for p in module.parameters()]
    for p in module.parameters():
        p.grad.zero_()
    assert module.has_vjp()
    with torch.no_grad():
        outputs, pullback = module.forward_and_vjp(X)
        pullback(gradient)
    assert_close(outputs, module(X))
    for p, grad in zip(module.parameters(), expected, strict=True):
        assert_close(p.grad, grad)


def test_a_network_without_a_vjp_has_none_with_constants():
    assert not pair("dense")[0].has_vjp()


def test_attention_is_that_of_the_network():
    architecture = {"cell": "gru", "hidden_size": 3, "pooling": "attention"}
    module = ConstantOutputs(2, 6, 2, n_constants=1, inner=Recurrent, architecture=architecture)
    module.double()
    assert_close(module.attention_weights(X), module.net.attention_weights(X))
