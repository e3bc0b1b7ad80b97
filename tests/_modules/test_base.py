"""The interface of the networks."""

import pytest
import torch
from torch import nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.training import KernelLoss
from sklearn_rnn._modules.layers import Dropout
from tests.nets import NETS


class Last(SequenceModule):
    """Offers nothing but outputs."""

    def __init__(self):
        super().__init__()
        self.parts = nn.Sequential(Dropout(0.5), nn.ModuleList([Dropout(0.5)]))

    def forward(self, x, lengths=None):
        return x[:, -1]


def test_a_network_without_outputs_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        SequenceModule()


@pytest.mark.parametrize("cls", NETS)
def test_every_estimator_holds_such_a_network(cls):
    assert issubclass(cls._module_class, SequenceModule)


def test_by_default_nothing_is_offered():
    module, x = Last(), torch.zeros(2, 3, 1)
    assert module.receptive_field is None
    assert module.native_training(KernelLoss(0)) is None
    assert not module.has_vjp()
    with pytest.raises(NotImplementedError, match="Last has no vector-Jacobian product"):
        module.forward_and_vjp(x)
    with pytest.raises(ValueError, match="Last has no attention weights"):
        module.attention_weights(x)
    with pytest.raises(ValueError, match="Last does not tell which of its weights"):
        module.input_groups()


def test_the_generator_of_dropout_reaches_every_layer():
    module, generator = Last(), torch.Generator()
    module.set_dropout_generator(generator)
    layers = [layer for layer in module.modules() if isinstance(layer, Dropout)]
    assert len(layers) == 2
    assert all(layer.generator is generator for layer in layers)
