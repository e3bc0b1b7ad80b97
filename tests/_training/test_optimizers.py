"""Our optimizers against those of torch."""

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn

from sklearn_rnn import RNNRegressor
from sklearn_rnn._modules.kernels import loader as library
from sklearn_rnn._training import optimizers
from sklearn_rnn._training.flat_parameters import REGISTER, new_vector, parameters_as_views
from sklearn_rnn._training.optimizers import OPTIMIZERS, SGD, Adam, RMSprop

# Fits every network by every optimizer, and prints the fits that import anything.
FIRST_FITS = """
import sys
import tempfile
import warnings

import numpy as np
import sklearn_rnn
from sklearn_rnn._training.optimizers import OPTIMIZERS
from tests.nets import NETS

warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(20, 4, 2))
y = (X[:, -1, 0] > 0).astype(int)
documents = [[[1, 2], [3]], [[2]], [[3, 1]], [[1], [1, 2]]] * 5
small = {"max_epochs": 1, "random_state": 0}
extra = [
    {"linear_skip": True, "alpha": 0.1},
    {"alpha": 0.1, "l1_ratio": 0.5},
    {"max_grad_norm": 1.0, "dropout": 0.1},
    {"lr_schedule": "plateau", "early_stopping": True},
]
known = set(sys.modules)


def check(net, *data, **options):
    net(**small, **options).fit(*data)
    new = sorted(set(sys.modules) - known)
    known.update(new)
    if new:
        print(net.__name__, options, len(new), new[:5])


for net in NETS:
    for options in [*({"optimizer": name} for name in OPTIMIZERS), *extra]:
        check(net, X, y, **options)
check(sklearn_rnn.HierarchicalAttentionClassifier, documents, y)
with tempfile.TemporaryDirectory() as folder:
    check(sklearn_rnn.LSTMRegressor, X, y, checkpoint=folder)
net = sklearn_rnn.LSTMRegressor(**small).fit(X, y)
net.set_params(warm_start=True).fit(X, y).partial_fit(X, y).predict(X)
assert set(sys.modules) == known
"""


def steps(optimizer, vector, n_steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n_steps):
        vector.grad = torch.randn(len(vector), dtype=vector.dtype, generator=generator)
        optimizer.step()
    return vector.detach().clone()


@pytest.fixture(params=["kernels, if there are some", "torch"])
def _how(request, monkeypatch):
    if request.param == "torch":
        monkeypatch.setattr(optimizers, "has_step", lambda _: False)


@pytest.mark.usefixtures("_how")
@pytest.mark.parametrize("size", [1, 7, 333, 336])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["adam", "rmsprop", "sgd"])
def test_steps_are_those_of_torch(name, size, dtype):
    ours, options = OPTIMIZERS[name]
    if name == "adam":
        options = options | {"betas": (0.8, 0.95)}
    start = torch.randn(size, dtype=dtype, generator=torch.Generator().manual_seed(1))
    results = []
    for kind in (ours, getattr(torch.optim, ours.__name__)):
        vector = start.clone().requires_grad_()
        optimizer = kind([vector], lr=0.01, **options)
        steps(optimizer, vector, 20)
        optimizer.param_groups[0]["lr"] = 0.001
        results.append((steps(optimizer, vector, 20, seed=1), optimizer.state_dict()["state"][0]))
    (ours, state), (theirs, expected) = results
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(state, expected)
    if name == "adam" and size % REGISTER == 0 and library.INSTRUCTIONS != "plain":  # unfused
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
    monkeypatch.setattr(optimizers, "has_step", lambda _: False)
    assert net.fit(X, y).loss_curve_ == pytest.approx(curve, rel=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_of_torch_continues_ours(name):
    kind, options = OPTIMIZERS[name]
    of_torch = next(base for base in kind.__mro__ if base.__module__.startswith("torch.optim."))
    vector = torch.linspace(-1, 1, REGISTER, requires_grad=True)
    ours = kind([vector], lr=0.1, **options)
    again = vector.detach().clone().requires_grad_()
    theirs = of_torch([again], lr=0.1, **options)

    def step(optimizer, point):
        def loss():
            optimizer.zero_grad()
            value = (point**4 - point).sum()
            value.backward()
            return value

        loss()  # L-BFGS takes a closure, and the kernel none
        optimizer.step(*[loss] * (name == "lbfgs"))

    for _ in range(3):
        step(ours, vector)
    again.data.copy_(vector)
    theirs.load_state_dict(copy.deepcopy(ours.state_dict()))
    step(ours, vector)
    step(theirs, again)
    in_kernels = kind in (Adam, RMSprop, SGD)  # which round in their own order
    bits = {} if in_kernels else {"rtol": 0, "atol": 0}
    torch.testing.assert_close(again, vector, **bits)
    mine, other = ours.state_dict(), theirs.state_dict()
    torch.testing.assert_close(other["state"], mine["state"], **bits)
    assert other["param_groups"] == mine["param_groups"]


@pytest.mark.parametrize("kernels", ["0", "plain"])
def test_no_fit_imports_anything(kernels, monkeypatch):
    monkeypatch.setenv("SKLEARN_RNN_NATIVE", kernels)
    command = [sys.executable, "-c", FIRST_FITS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
