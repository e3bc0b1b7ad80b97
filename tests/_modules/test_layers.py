"""Layers with initial values from a generator."""

import pytest
import torch
from torch import nn

from sklearn_rnn._modules.layers import Dropout, linear, set_dropout_generator


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


def test_the_generator_of_dropout_reaches_every_layer():
    generator, first, second = torch.Generator(), Dropout(0.5), Dropout(0.5)
    set_dropout_generator(nn.Sequential(first, nn.ModuleList([second])), generator)
    assert first.generator is generator
    assert second.generator is generator
