"""Networks step by step against the same networks on every beginning of the sequences."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.constant_outputs import ConstantOutputs
from sklearn_rnn._modules.layers import Layer
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import CELLS, Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training.step_by_step import StepNetwork, why_not_stepwise

N_STEPS, N_CHANNELS, N_OUTPUTS = 30, 3, 2
POOLED = {
    "last": {},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "each step": {"return_sequences": True},
}

recurrent = st.fixed_dictionaries(
    {"cell": st.sampled_from([*CELLS, "coupled"]), "num_layers": st.integers(1, 3)}
)
tcn = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 4),
        "num_levels": st.integers(1, 3),
        "selects": st.booleans(),
        "num_channels": st.sampled_from([N_CHANNELS, 4]),  # without and with a map around a block
    }
)
cnn = st.fixed_dictionaries(
    {
        "kernel_size": st.one_of(st.integers(1, 6), st.just([2, 5])),
        "pool_size": st.integers(1, 3),
        "num_channels": st.integers(1, 3),
    }
)
SMALL = {
    **{cell: {"cell": cell} for cell in [*CELLS, "coupled"]},
    "TCN": {"num_channels": 4},
    "CNN": {"num_channels": 4, "pool_size": 2},
}


def build(sizes, pooling, *, constants=0, seed=0):
    """Build a network in double precision, with all its parameters drawn."""
    sizes = dict(sizes)
    cls = Recurrent if "cell" in sizes else CNN if "pool_size" in sizes else TCN
    if cls is Recurrent:
        coupled = sizes["cell"] == "coupled"
        sizes |= {"cell": "lstm", "coupled_gates": True} if coupled else {}
        sizes |= {"hidden_size": 4, "recurrent_dropout": 0.3}
    generator = torch.Generator().manual_seed(seed)
    sizes |= {**POOLED[pooling], "dropout": 0.3}
    given = (N_CHANNELS, N_STEPS, N_OUTPUTS + constants)
    if constants:
        own = {"n_constants": constants, "inner": cls, "architecture": sizes}
        module: Layer = ConstantOutputs(*given, **own, generator=generator)
    else:
        module = cls(*given, **sizes, generator=generator)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.7 * torch.randn(parameter.shape, generator=generator))
    return module.double().eval()


def run(net, x, state=None):
    outputs = []
    for row in np.moveaxis(x, 1, 0):
        output, state = net.step(row, state)
        outputs.append(output)
    return np.stack(outputs, axis=1), state


def on_beginnings(module, x):
    """Return the newest outputs of a module for the first 1, 2, ... steps."""
    x = torch.from_numpy(x)
    with torch.no_grad():
        parts = [module(x[:, : i + 1]) for i in range(x.shape[1])]
    return torch.stack([p if p.dim() == 2 else p[:, -1] for p in parts], 1).numpy()


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.one_of(recurrent, tcn, cnn),
    pooling=st.sampled_from([*POOLED]),
    constants=st.integers(0, 2),
    batch=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_steps_equal_the_network_on_every_beginning(sizes, pooling, constants, batch, seed):
    assume(not ("pool_size" in sizes and pooling == "each step"))  # a CNN has no such output
    module = build(sizes, pooling, constants=constants, seed=seed)
    x = np.random.default_rng(seed).normal(size=(batch, N_STEPS, N_CHANNELS))
    outputs, _ = run(StepNetwork(module), x)
    assert_allclose(outputs, on_beginnings(module, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sizes", SMALL.values(), ids=SMALL)
@pytest.mark.parametrize("pooling", [*POOLED])
def test_a_sequence_without_steps_is_one_of_length_zero(sizes, pooling):
    if "pool_size" in sizes and pooling == "each step":
        return  # a CNN has no such output
    module = build(sizes, pooling)
    with torch.no_grad():
        none = module(torch.ones(2, 1, N_CHANNELS).double(), torch.zeros(2, dtype=torch.int64))
    outputs = StepNetwork(module).without_steps(2)
    if pooling != "each step":  # which has no output then
        assert_allclose(outputs, none.numpy())
    assert outputs.shape == (2, N_OUTPUTS)


@pytest.mark.parametrize("sizes", SMALL.values(), ids=SMALL)
def test_the_state_is_all_that_is_needed_and_does_not_grow(sizes):
    module = build(sizes, "mean")
    net, x = StepNetwork(module), np.random.default_rng(0).normal(size=(2, 40, N_CHANNELS))
    whole, last = run(net, x)
    _, half = run(net, x[:, :20])
    rest, _ = run(pickle.loads(pickle.dumps(net)), x[:, 20:], pickle.loads(pickle.dumps(half)))
    assert_allclose(rest, whole[:, 20:], rtol=1e-12)
    assert len(pickle.dumps(last)) == len(pickle.dumps(half))
    forgetful, _ = run(net, x[:, 20:])
    assert not np.allclose(forgetful, whole[:, 20:])


def test_a_step_leaves_the_state_before_it_as_it_was():
    for sizes in SMALL.values():
        net, x = StepNetwork(build(sizes, "max")), np.ones((2, 3, N_CHANNELS))
        _, state = run(net, x)
        first, second = run(net, x, state)[0], run(net, x, state)[0]
        assert_allclose(first, second, rtol=0)


def test_a_running_mean_stays_exact():
    n_steps = 20_000
    net = StepNetwork(build({"cell": "rnn_tanh"}, "mean"))
    x = np.full((1, N_CHANNELS), 0.3)
    _, state = net.step(x, None)
    for _ in range(n_steps - 1):
        output, state = net.step(x, state)
    fixed = run(StepNetwork(build({"cell": "rnn_tanh"}, "last")), np.full((1, 300, 3), 0.3))[0]
    assert_allclose(output, fixed[:, -1], atol=1e-3)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (Recurrent(2, 3, 1, cell="gru", hidden_size=2, bidirectional=True), "bidirectional=True"),
        (Recurrent(2, 3, 1, cell="gru", hidden_size=2, pooling="attention"), '"attention"'),
        (TCN(2, 3, 1, num_channels=2, pooling="attention"), '"attention"'),
        (CNN(2, 3, 1, num_channels=2, pooling="attention"), '"attention"'),
        (Dense(2, 3, 1, hidden_layer_sizes=(2,)), "reads all steps again"),
    ],
)
def test_what_needs_all_steps_is_named(module, why):
    assert why in why_not_stepwise(module)


def test_others_need_no_more_than_their_state():
    assert why_not_stepwise(build({"cell": "gru"}, "mean", constants=1)) == ""
    assert why_not_stepwise(build({"num_channels": 3}, "last")) == ""
