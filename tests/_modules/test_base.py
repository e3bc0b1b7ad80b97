"""The interface of the networks."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from sklearn_rnn import HierarchicalAttentionClassifier
from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.arguments import KernelLoss
from tests.nets import NETS, few_epochs


class Last(SequenceModule):
    """Offers nothing but outputs."""

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
    with pytest.raises(ValueError, match="Last does not declare which weights"):
        module.input_groups()


# ---------------------------------------------------------------- random numbers

X, Y = np.random.default_rng(0).normal(size=(20, 4, 2)), np.arange(20) % 2
TOKENS = np.random.default_rng(1).integers(1, 5, size=(20, 4))
SMALL = {"hidden_size": 3, "num_channels": 3, "hidden_layer_sizes": (3,), "dropout": 0.2}
CASES = {
    **{cls.__name__: (cls, {}, X) for cls in NETS},
    "tokens": (NETS[0], {"embedding_dim": 3}, TOKENS),
    "attention": (NETS[0], {"pooling": "attention"}, X),
    "linear model": (NETS[0], {"linear_skip": True}, X),
    "augmentation": (NETS[0], {"augmentation": {"jitter": 0.1, "mixup": 0.2}}, X),
    "documents": (HierarchicalAttentionClassifier, {}, TOKENS.reshape(20, 2, 2)),
}


@contextmanager
def draws_in_another_thread():
    """Let a thread draw from the global generator of torch, all the time."""
    stop = threading.Event()

    def draw():
        while not stop.is_set():
            torch.rand(100)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@few_epochs
@pytest.mark.parametrize("case", CASES)
def test_no_number_of_a_fit_comes_from_the_global_generator(case):
    cls, parameters, data = CASES[case]
    sizes = {name: size for name, size in SMALL.items() if name in cls().get_params()}
    how = {"max_epochs": 2, "batch_size": 8, "random_state": 0, "device": "cpu"}

    def bits():
        module = cls(**{**how, **sizes, **parameters}).fit(data, Y).net_.module_
        return [p.detach().numpy().tobytes() for p in module.parameters()]

    before, expected = torch.get_rng_state(), bits()
    assert torch.equal(torch.get_rng_state(), before)
    with draws_in_another_thread():
        assert all(bits() == expected for _ in range(10))
