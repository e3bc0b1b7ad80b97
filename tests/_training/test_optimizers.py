"""Our optimizers against those of torch."""

import copy
import pickle

import pytest
import torch
from torch import nn

from sklearn_rnn import RNNRegressor
from sklearn_rnn._modules.kernels import loader as library
from sklearn_rnn._training import optimizers
from sklearn_rnn._training.flat_parameters import REGISTER, new_vector, parameters_as_views
from sklearn_rnn._training.optimizers import Adam


def steps(optimizer, vector, n_steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n_steps):
        vector.grad = torch.randn(len(vector), dtype=vector.dtype, generator=generator)
        optimizer.step()
    return vector.detach().clone()


@pytest.fixture(params=["kernels, if there are some", "torch"])
def _how(request, monkeypatch):
    if request.param == "torch":
        monkeypatch.setattr(optimizers, "LIBRARY", None)


@pytest.mark.usefixtures("_how")
@pytest.mark.parametrize("size", [1, 7, 333, 336])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_adam_is_that_of_torch(size, dtype):
    start = torch.randn(size, dtype=dtype, generator=torch.Generator().manual_seed(1))
    results = []
    for kind in (Adam, torch.optim.Adam):
        vector = start.clone().requires_grad_()
        optimizer = kind([vector], lr=0.01, betas=(0.8, 0.95), fused=True)
        steps(optimizer, vector, 20)
        optimizer.param_groups[0]["lr"] = 0.001
        results.append((steps(optimizer, vector, 20, seed=1), optimizer.state_dict()["state"][0]))
    (ours, state), (theirs, expected) = results
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(state, expected)
    if size % REGISTER == 0 and library.INSTRUCTIONS != "plain":  # which fuses no operations
        assert torch.equal(ours, theirs)


@pytest.mark.usefixtures("_how")
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_of_adam_goes_on(copied):
    vector = torch.ones(9, dtype=torch.float64, requires_grad=True)
    optimizer = Adam([vector], lr=0.1, fused=True)
    steps(optimizer, vector, 3)
    again = copied(optimizer)
    mine = again.param_groups[0]["params"][0]
    torch.testing.assert_close(steps(again, mine, 3, seed=2), steps(optimizer, vector, 3, seed=2))


def test_a_vector_of_parameters_is_whole_registers_of_which_the_rest_stays_zero():
    module = nn.Linear(3, 5)
    vector = new_vector(module)
    assert vector.shape == (32,)
    with parameters_as_views(vector, module):
        optimizer = Adam([vector], lr=0.1, fused=True)
        module(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        assert torch.equal(vector[:15].view(5, 3), module.weight)
        assert torch.equal(vector[15:20], module.bias)
        assert not vector[20:].any()


def test_training_is_the_same_without_the_kernel(monkeypatch):
    X = torch.randn(200, 5, 2, generator=torch.Generator().manual_seed(0)).numpy()
    y = X[:, -1, 0]
    net = RNNRegressor(max_epochs=5, lr_schedule="cosine", dtype="float64", random_state=0)
    curve = net.fit(X, y).loss_curve_
    monkeypatch.setattr(optimizers, "LIBRARY", None)
    assert net.fit(X, y).loss_curve_ == pytest.approx(curve, rel=1e-12)
