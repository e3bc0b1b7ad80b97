"""The parameters of a module as one vector, and which of them are penalised."""

import importlib
import inspect
import pkgutil
import warnings
from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from sklearn_rnn import HierarchicalAttentionClassifier, _modules
from sklearn_rnn._modules.categories import EmbeddedCategories
from sklearn_rnn._modules.constant_outputs import ConstantOutputs
from sklearn_rnn._modules.layers import OF_TORCH, Layer
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._training.flat_parameters import (
    is_penalized,
    n_weights,
    new_vector,
    ordered,
    parameters_as_views,
)
from tests.nets import NETS

OPTIONS = [
    *({}, {"linear_skip": True}, {"penalty": "group"}, {"vocabulary_size": 6}),
    *({"pooling": "attention"}, {"bidirectional": True}, {"coupled_gates": True}),
    *({"hidden_layer_sizes": ()}, {"kernel_size": (2, 3)}),
]
"""Parameters of estimators with which a network has other layers."""


def fitted():
    """The networks of all estimators, with each of the options that they have."""
    X, y = np.random.default_rng(0).normal(size=(10, 6, 2)), np.arange(10) % 2
    tokens = np.random.default_rng(0).integers(1, 5, size=(10, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for cls in NETS:
            for option in OPTIONS:
                takes_sizes = (
                    "kernel_size" not in option or "CNN" in cls.__name__
                )  # a TCN takes one
                if option.keys() <= cls().get_params().keys() and takes_sizes:
                    data = tokens if "vocabulary_size" in option else X
                    yield cls(max_epochs=1, **option).fit(data, y).net_.module_
        documents = tokens.reshape(10, 2, 3)
        yield HierarchicalAttentionClassifier(max_epochs=1).fit(documents, y).net_.module_
    linear = {"inner": Dense, "architecture": {"hidden_layer_sizes": ()}}
    yield ConstantOutputs(2, 6, 3, n_constants=1, **linear)
    yield EmbeddedCategories(2, 6, 3, vectors={1: (0, 1)}, dims=(2,), **linear)


@pytest.fixture(scope="module")
def modules():
    return list(fitted())


def classes():
    """The classes of layers and networks in the package."""
    for info in pkgutil.walk_packages(_modules.__path__, _modules.__name__ + "."):
        file = importlib.import_module(info.name)
        for _, cls in inspect.getmembers(file, inspect.isclass):
            if issubclass(cls, nn.Module) and cls.__module__ == info.name:
                yield cls


def test_the_networks_contain_every_layer_of_the_package(modules):
    built = {type(layer) for module in modules for layer in module.modules()}
    abstract = {cls for cls in classes() if inspect.isabstract(cls)} | {Layer}
    assert set(classes()) - abstract <= built


def test_every_parameter_is_declared_and_which_are_free(modules):
    for module in modules:
        penalized = is_penalized(module)
        assert list(penalized) == [name for name, _ in module.named_parameters()]
        for name, parameter in module.named_parameters():
            is_bias = parameter.ndim == 1
            is_direction = name.removesuffix("_v") + "_g" in penalized
            is_free = is_bias or is_direction or "embedding" in name or "weight_hh" in name
            assert penalized[name] != is_free, name


def test_the_penalised_parameters_are_the_head_of_the_vector(modules):
    for module in modules:
        penalized, n = is_penalized(module), n_weights(module)
        weights = [p.detach().ravel() for k, p in module.named_parameters() if penalized[k]]
        assert torch.equal(new_vector(module)[:n], torch.cat(weights))
        assert sorted(name for name, _ in ordered(module)) == sorted(penalized)


def test_nothing_is_declared_that_does_not_exist(modules):
    layers = [layer for module in modules for layer in module.modules()]
    for cls in {type(layer) for layer in layers if isinstance(layer, Layer)}:
        names = {
            n for one in layers if type(one) is cls for n, _ in one.named_parameters(recurse=False)
        }
        assert names == set(cls.penalized)


@pytest.mark.parametrize("layer", [nn.Linear(2, 3), nn.LSTM(2, 3), nn.GRU(2, 3), nn.RNN(2, 3)])
def test_layers_of_torch(layer):
    assert is_penalized(layer) == next(d for kind, d in OF_TORCH.items() if isinstance(layer, kind))


def test_a_parameter_that_is_not_declared_is_refused():
    class Scaled(Layer):
        penalized: ClassVar = {"weight": True}

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))
            self.gain = nn.Parameter(torch.ones(3))

    with pytest.raises(TypeError, match="Scaled does not declare whether its parameter 'gain' is"):
        n_weights(nn.Sequential(nn.Linear(2, 3), Scaled()))
    with pytest.raises(TypeError, match=r"Conv1d does not declare .* 'weight'"):
        new_vector(nn.Conv1d(2, 3, 1))


def test_filters_of_warnings_are_left_alone_for_other_threads():
    module, before = nn.LSTM(2, 3), list(warnings.filters)
    with parameters_as_views(new_vector(module), module):
        assert warnings.filters == before
    assert warnings.filters == before
