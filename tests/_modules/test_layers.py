"""Layers with initial values from a generator."""

import pytest
import torch
from torch import nn

from sklearn_rnn._modules.layers import Dropout, linear, set_dropout_generator, uninitialized
from sklearn_rnn._modules.recurrent import CELLS
from sklearn_rnn._modules.recurrent_cells import CoupledLSTM


@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_starts_as_that_of_torch_from_the_same_seed(bias):
    before = torch.get_rng_state()
    ours = linear(5, 3, bias=bias, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = nn.Linear(5, 3, bias=bias)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert all(torch.equal(ours.state_dict()[name], p) for name, p in theirs.state_dict().items())
    assert all(p.requires_grad for p in ours.parameters())


@pytest.mark.parametrize("kind", [nn.Linear, CoupledLSTM, *CELLS.values()])
def test_a_layer_without_initial_values_is_otherwise_that_of_torch(kind):
    expected, before = kind(3, 4), torch.get_rng_state()
    layer = uninitialized(kind, 3, 4)
    assert torch.equal(torch.get_rng_state(), before)
    assert type(layer) is type(expected)
    assert vars(layer).keys() == vars(expected).keys()
    assert repr(layer) == repr(expected)
    shapes = [{name: p.shape for name, p in of.named_parameters()} for of in (layer, expected)]
    assert shapes[0] == shapes[1]
    layer.load_state_dict(expected.state_dict())
    x = torch.randn(2, 5, 3)
    for found, output in zip(layer(x), expected(x), strict=True):
        torch.testing.assert_close(found, output)


def test_the_generator_of_dropout_reaches_every_layer():
    generator, first, second = torch.Generator(), Dropout(0.5), Dropout(0.5)
    set_dropout_generator(nn.Sequential(first, nn.ModuleList([second])), generator)
    assert first.generator is generator
    assert second.generator is generator
