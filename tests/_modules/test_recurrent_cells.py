"""Cells beyond torch's layers: coupled gates, and dropout on the recursion."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sklearn_rnn._modules import recurrent
from sklearn_rnn._modules.kernels import loader as library
from sklearn_rnn._modules.kernels.layer import is_native, native_layer
from sklearn_rnn._modules.layers import Dropout
from sklearn_rnn._modules.recurrent import CELLS, Recurrent
from sklearn_rnn._modules.recurrent_cells import CoupledLSTM, unroll
from tests.nets import needs_library

N_CHANNELS, N_STEPS, HIDDEN = 3, 6, 5
MAKERS = {**CELLS, "coupled_lstm": CoupledLSTM}
every_cell = pytest.mark.parametrize("cell", MAKERS)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(params=["native", "torch"])
def kernels(request, monkeypatch):
    """Run a test with the compiled kernels and with torch alone."""
    if request.param == "torch":
        monkeypatch.setattr(recurrent, "is_native", lambda layer, x: False)
    elif library.LIBRARY is None:
        pytest.skip(f"no compiled kernels to compare with: {library.STATUS}")


def make(cell, **parameters):
    if cell == "coupled_lstm":
        cell, parameters = "lstm", {**parameters, "coupled_gates": True}
    module = Recurrent(N_CHANNELS, N_STEPS, 2, cell=cell, hidden_size=HIDDEN, **parameters).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


def sequences(batch=4, n_steps=N_STEPS):
    return torch.randn(batch, n_steps, N_CHANNELS, dtype=torch.float64)


# ---------------------------------------------------------------- the recursion


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_hand(layer, cell, x, mask=1.0):
    """States (batch, n_steps, hidden) in numpy, h times the mask wherever a weight reads it."""
    W, U, b, c = (p.detach().numpy() for p in layer.parameters())
    h = memory = np.zeros((len(x), HIDDEN))
    states = []
    for t in range(x.shape[1]):
        a, s = x[:, t] @ W.T + b, (mask * h) @ U.T + c
        if cell == "gru":
            (ar, az, an), (sr, sz, sn) = np.split(a, 3, 1), np.split(s, 3, 1)
            z = sigmoid(az + sz)
            h = (1 - z) * np.tanh(an + sigmoid(ar + sr) * sn) + z * h
        elif cell in ("lstm", "coupled_lstm"):
            i, *f, g, o = np.split(a + s, 4 if cell == "lstm" else 3, 1)
            forget = sigmoid(f[0]) if f else 1 - sigmoid(i)
            memory = forget * memory + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(memory)
        else:
            h = np.tanh(a + s) if cell == "rnn_tanh" else np.maximum(a + s, 0)
        states.append(h)
    return np.stack(states, 1)


@every_cell
@pytest.mark.parametrize("masked", [False, True])
def test_unrolling_equals_numpy(cell, masked):
    layer, x = MAKERS[cell](N_CHANNELS, HIDDEN).double(), sequences()
    mask = torch.rand(4, HIDDEN, dtype=torch.float64) if masked else None
    states, h, _ = unroll(layer, x, mask)
    assert_allclose(
        states.detach(), by_hand(layer, cell, x.numpy(), 1.0 if mask is None else mask.numpy())
    )
    assert torch.equal(h, states[:, -1])


@every_cell
def test_unrolling_equals_the_layer(cell):
    layer, x = MAKERS[cell](N_CHANNELS, HIDDEN).double(), sequences()
    states, final = layer(x)
    ours = unroll(layer, x)
    torch.testing.assert_close(ours[0], states)
    finals = final if isinstance(final, tuple) else (final,)
    for mine, theirs in zip(ours[1:], finals, strict=False):
        torch.testing.assert_close(mine[None], theirs)


@needs_library
@every_cell
def test_unrolling_equals_the_kernels_with_gradients(cell):
    layer, x = MAKERS[cell](N_CHANNELS, HIDDEN).double(), sequences()
    mask = torch.rand(4, HIDDEN, dtype=torch.float64)
    assert is_native(layer, x)
    both = unroll(layer, x, mask)[0], native_layer(layer, x, mask=mask)[0]
    gradients = [torch.autograd.grad(s.square().sum(), layer.parameters()) for s in both]
    torch.testing.assert_close(*both)
    torch.testing.assert_close(*gradients)


# ---------------------------------------------------------------- coupled gates


def test_coupled_gates_have_the_names_of_torchs_lstm_and_three_gates():
    coupled, plain = CoupledLSTM(N_CHANNELS, HIDDEN), nn.LSTM(N_CHANNELS, HIDDEN)
    assert list(coupled.state_dict()) == list(plain.state_dict())
    for name, parameter in plain.state_dict().items():
        expected = (3 * HIDDEN, *parameter.shape[1:])
        assert coupled.get_parameter(name).shape == expected


@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_lstm_whose_forget_gate_mirrors_its_input_gate_is_coupled(kernels, bidirectional):
    # 1 - logistic(a) = logistic(-a)
    sizes = {"num_layers": 2, "bidirectional": bidirectional}
    coupled, plain = make("coupled_lstm", **sizes), make("lstm", **sizes)
    with torch.no_grad():
        for name, values in coupled.state_dict().items():
            if name.startswith("head"):
                plain.get_parameter(name).copy_(values)
            else:
                i, g, o = values.chunk(3)
                plain.get_parameter(name).copy_(torch.cat([i, -i, g, o]))
    x, lengths = sequences(), torch.tensor([6, 0, 3, 1])
    torch.testing.assert_close(coupled(x), plain(x))
    torch.testing.assert_close(coupled.encode(x), plain.encode(x))
    torch.testing.assert_close(coupled(x, lengths), plain(x, lengths))


def test_coupled_gates_start_as_documented():
    module = Recurrent(2, 4, 1, cell="lstm", hidden_size=6, coupled_gates=True)
    layer = module.layers[0]
    for gate in layer.weight_hh_l0.split(6):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6), atol=1e-5, rtol=0)
    bias = layer.bias_ih_l0 + layer.bias_hh_l0
    assert bias.tolist() == [-1.0] * 6 + [0.0] * 12
    plain = Recurrent(2, 4, 1, cell="lstm", hidden_size=6).layers[0]
    forget = (plain.bias_ih_l0 + plain.bias_hh_l0)[6:12]
    torch.testing.assert_close(1 - torch.sigmoid(bias[:6]), torch.sigmoid(forget))


@pytest.mark.parametrize("cell", ["gru", "rnn_tanh"])
def test_only_an_lstm_has_gates_to_couple(cell):
    with pytest.raises(ValueError, match=f"coupled_gates=True is for cell=\"lstm\".*'{cell}'"):
        Recurrent(2, 4, 1, cell=cell, hidden_size=6, coupled_gates=True)


# ---------------------------------------------------------------- recurrent dropout


def seeded(module, seed=0):
    """Do what the training loop does."""
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = torch.Generator().manual_seed(seed)
    return module.train()


def masks(p, n, batch=4, seed=0):
    """The first n masks that a module draws."""
    dropout = seeded(Dropout(p), seed)
    return [dropout(torch.ones(batch, HIDDEN, dtype=torch.float64)).numpy() for _ in range(n)]


@every_cell
def test_one_mask_serves_all_steps_of_a_layer_and_direction(kernels, cell):
    module = seeded(make(cell, num_layers=2, bidirectional=True, recurrent_dropout=0.4))
    x = sequences()
    drawn = iter(masks(0.4, 4))
    states = x.numpy()
    for layer, reverse in zip(module.layers, module.reverse_layers, strict=True):
        forward = by_hand(layer, cell, states, next(drawn))
        backward = by_hand(reverse, cell, states[:, ::-1], next(drawn))[:, ::-1]
        states = np.concatenate([forward, backward], 2)
    assert_allclose(module.encode(x).detach(), states, atol=1e-12)
    final = np.concatenate([states[:, -1, :HIDDEN], states[:, 0, HIDDEN:]], 1)
    expected = module.head(torch.from_numpy(final))
    torch.testing.assert_close(seeded(module)(x), expected, atol=1e-12, rtol=0)


@every_cell
def test_a_dropped_unit_is_read_at_no_step(kernels, cell):
    # by the gradient of the weights that read it, over all steps
    module = seeded(make(cell, recurrent_dropout=0.5))
    module(sequences(1)).sum().backward()
    kept = masks(0.5, 1, batch=1)[0][0] > 0
    assert 0 < kept.sum() < HIDDEN
    assert (module.layers[0].weight_hh_l0.grad.abs().sum(0) > 0).tolist() == kept.tolist()


def test_the_mask_keeps_the_expectation():
    p, n = 0.3, 100_000
    dropout = seeded(Dropout(p))
    mask = dropout.mask(torch.empty(n, dtype=torch.float64))
    assert set(mask.tolist()) == {0.0, 1 / (1 - p)}
    standard_error = (p / (1 - p) / n) ** 0.5
    assert abs(mask.mean() - 1) < 4 * standard_error


@every_cell
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("ragged", [False, True])
def test_evaluation_and_zero_are_the_plain_net(kernels, cell, bidirectional, ragged):
    dropped = make(cell, bidirectional=bidirectional, recurrent_dropout=0.4).eval()
    plain = make(cell, bidirectional=bidirectional).train()
    assert list(dropped.state_dict()) == list(plain.state_dict())
    plain.load_state_dict(dropped.state_dict())
    x, lengths = sequences(), torch.tensor([6, 0, 3, 1]) if ragged else None
    generator = torch.get_rng_state()
    assert torch.equal(dropped(x, lengths), plain(x, lengths))
    assert torch.equal(dropped.encode(x, lengths), plain.encode(x, lengths))
    assert torch.equal(torch.get_rng_state(), generator)


@every_cell
def test_masks_are_drawn_from_the_generator_alone(kernels, cell):
    module, x = make(cell, recurrent_dropout=0.5), sequences()
    before = torch.get_rng_state()
    first, again, other = (seeded(module, seed)(x) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(
        p.generator is None for p in copy.deepcopy(module).modules() if isinstance(p, Dropout)
    )


@every_cell
@pytest.mark.parametrize("garbage", [0.0, float("nan")])
def test_recurrent_dropout_does_not_see_padding(kernels, cell, garbage):
    module = make(cell, bidirectional=True, recurrent_dropout=0.5)
    x, lengths = sequences(), torch.tensor([6, 0, 3, 1])
    padded = torch.cat([x, torch.zeros(4, 3, N_CHANNELS).double()], 1)
    for row, n in zip(padded, lengths, strict=True):
        row[n:] = garbage
    expected = seeded(module)(x, lengths)
    torch.testing.assert_close(seeded(module)(padded, lengths), expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(expected[1], module.head(torch.zeros(2 * HIDDEN).double()))


@every_cell
def test_a_single_step_has_no_recursion_to_drop(kernels, cell):
    module, x = make(cell, recurrent_dropout=0.5), sequences(n_steps=1)
    torch.testing.assert_close(seeded(module)(x), module.eval()(x))
