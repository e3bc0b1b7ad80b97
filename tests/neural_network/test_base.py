"""The parameters of an estimator that are those of its network are declared once, by it."""

import inspect

import pytest

from sklearn_rnn import HierarchicalAttentionClassifier
from tests.nets import NETS

FROM_DATA = {"self", "n_channels", "n_steps", "n_outputs", "generator", "vocabulary_size"}
ALL = [*NETS, HierarchicalAttentionClassifier]


def architecture(estimator):
    return estimator._architecture(estimator.get_params())


@pytest.mark.parametrize("cls", ALL)
def test_the_network_gets_every_argument_that_it_has(cls):
    arguments = inspect.signature(cls._module_class).parameters
    given = architecture(cls())
    required = {name for name, a in arguments.items() if a.default is a.empty} - FROM_DATA
    assert required - {"embedding_dim"} <= given.keys() <= arguments.keys()
    shared = (cls().get_params().keys() & arguments.keys()) - FROM_DATA - {"embedding_dim"}
    assert shared <= given.keys()


@pytest.mark.parametrize("cls", ALL)
def test_defaults_of_the_network_are_those_of_the_estimator(cls):
    arguments, parameters = inspect.signature(cls._module_class).parameters, cls().get_params()
    for name in arguments.keys() & parameters.keys():
        if arguments[name].default is not inspect.Parameter.empty:
            assert arguments[name].default == parameters[name], name


@pytest.mark.parametrize("cls", NETS)
def test_other_values_reach_the_network(cls):
    arguments = architecture(cls())
    for name in arguments.keys() & {"hidden_size", "num_channels", "dropout", "kernel_size"}:
        value = 0.5 if name == "dropout" else 7
        assert architecture(cls(**{name: value})) == {**arguments, name: value}
