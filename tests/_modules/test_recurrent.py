"""Recurrent networks, and the laws that every module keeps (padding, batches, dropout, copies)."""

import copy
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.cnn_lstm import CNNRecurrent
from sklearn_rnn._modules.layers import Dropout, set_dropout_generator
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import CELLS, Recurrent
from sklearn_rnn._modules.tcn import TCN

N_CHANNELS, N_STEPS, N_OUTPUTS, HIDDEN = 3, 7, 2, 5

# Every kind of module, as module class and architecture.
ARCHITECTURES = {
    **{cell: (Recurrent, {"cell": cell, "hidden_size": HIDDEN, "num_layers": 2}) for cell in CELLS},
    "bidirectional": (
        Recurrent,
        {"cell": "gru", "hidden_size": HIDDEN, "num_layers": 2, "bidirectional": True},
    ),
    "tcn": (TCN, {"num_channels": 6, "kernel_size": 3}),
    "tcn_even_kernel": (TCN, {"num_channels": 6, "kernel_size": 2}),
    "tcn_short_field": (TCN, {"num_channels": 6, "kernel_size": 2, "num_levels": 1}),
    "cnn": (CNN, {"num_channels": 6}),
    "cnn_even_kernel": (CNN, {"num_channels": 6, "kernel_size": 2, "pool_size": 3}),
    "cnn_kernels": (CNN, {"num_channels": 3, "kernel_size": (2, 5)}),
    "cnn_gru_kernels": (
        CNNRecurrent,
        {"cell": "gru", "hidden_size": HIDDEN, "num_channels": 3, "kernel_size": (2, 5)},
    ),
    "cnn_wide_pool": (CNN, {"num_channels": 6, "kernel_size": 9, "pool_size": 10}),
    **{
        f"cnn_{cell}": (CNNRecurrent, {"cell": cell, "hidden_size": HIDDEN, "num_channels": 6})
        for cell in ("lstm", "gru", "rnn_tanh")
    },
    "coupled_lstm": (
        Recurrent,
        {"cell": "lstm", "hidden_size": HIDDEN, "num_layers": 2, "coupled_gates": True},
    ),
    **{
        f"bidirectional_{pooling}": (
            Recurrent,
            {"cell": "gru", "hidden_size": HIDDEN, "bidirectional": True, "pooling": pooling},
        )
        for pooling in ("mean", "max", "attention")
    },
    **{
        f"{name}_{pooling}": (module_class, {**sizes, "pooling": pooling})
        for name, module_class, sizes in (
            ("tcn", TCN, {"num_channels": 6}),
            ("cnn", CNN, {"num_channels": 6}),
            ("cnn_gru", CNNRecurrent, {"cell": "gru", "hidden_size": HIDDEN, "num_channels": 6}),
        )
        for pooling in ("last", "mean", "max", "attention")
    },
    "dense": (Dense, {"hidden_layer_sizes": (8, 6)}),
    "linear": (Dense, {"hidden_layer_sizes": ()}),
}
every_module = pytest.mark.parametrize("name", ARCHITECTURES)


def make(name, dtype=torch.float64, **parameters):
    module_class, architecture = ARCHITECTURES[name]
    torch.manual_seed(0)
    module = module_class(N_CHANNELS, N_STEPS, N_OUTPUTS, **architecture, **parameters)
    return randomise(module.to(dtype)).eval()


def randomise(module):
    """Move every parameter, biases too, so that no term of a formula is absent from the tests."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


def sequences(batch=4, n_steps=N_STEPS, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, n_steps, N_CHANNELS, dtype=torch.float64, generator=generator)


# ---------------------------------------------------------------- the recursion, by hand


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def unroll(layer, cell, x):
    """States (batch, n_steps, hidden) of one layer in one direction, in numpy."""
    W, U, b, c = (p.detach().numpy() for p in layer.parameters())
    h = cell_state = np.zeros((x.shape[0], U.shape[1]))
    states = []
    for t in range(x.shape[1]):
        from_x, from_h = x[:, t] @ W.T + b, h @ U.T + c
        if cell == "gru":
            rx, zx, nx = np.split(from_x, 3, axis=1)
            rh, zh, nh = np.split(from_h, 3, axis=1)
            z = sigmoid(zx + zh)
            h = (1 - z) * np.tanh(nx + sigmoid(rx + rh) * nh) + z * h
        elif cell == "lstm":
            i, f, g, o = np.split(from_x + from_h, 4, axis=1)
            cell_state = sigmoid(f) * cell_state + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(cell_state)
        else:
            h = {"rnn_tanh": np.tanh, "rnn_relu": lambda a: np.maximum(a, 0)}[cell](from_x + from_h)
        states.append(h)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_equals_numpy_unrolling(cell, bidirectional, num_layers):
    torch.manual_seed(0)
    module = Recurrent(
        N_CHANNELS,
        N_STEPS,
        N_OUTPUTS,
        cell=cell,
        hidden_size=HIDDEN,
        num_layers=num_layers,
        bidirectional=bidirectional,
    )
    module = randomise(module.double())
    x = sequences()
    states = x.numpy()
    for i in range(num_layers):
        forward = unroll(module.layers[i], cell, states)
        if bidirectional:
            backward = unroll(module.reverse_layers[i], cell, states[:, ::-1])[:, ::-1]
            states = np.concatenate([forward, backward], axis=2)
        else:
            states = forward
    final = states[:, -1].copy()
    if bidirectional:
        final[:, HIDDEN:] = states[:, 0, HIDDEN:]  # the backward direction ends at the first step
    W, b = module.head.linear.weight.detach().numpy(), module.head.linear.bias.detach().numpy()

    assert_allclose(module.encode(x).detach(), states, atol=1e-10)
    assert_allclose(module(x).detach(), final @ W.T + b, atol=1e-10)


# ---------------------------------------------------------------- causality


def influence(module, n_steps=N_STEPS):
    """Matrix of |d encode(x)[t] / d x[s]|, summed over channels: row t, column s."""
    x = sequences(1, n_steps).requires_grad_()
    steps = module.encode(x)[0]  # (n_steps, n_features)
    gradients = [torch.autograd.grad(h.sum(), x, retain_graph=True)[0] for h in steps]
    return torch.stack([g[0].abs().sum(1) for g in gradients])  # (n_steps, n_steps)


@pytest.mark.parametrize("name", [*CELLS, "tcn", "tcn_even_kernel", "tcn_short_field"])
def test_hidden_sequence_does_not_depend_on_the_future(name):
    effect = influence(make(name))
    assert torch.all(effect.triu(1) == 0)
    assert torch.all(effect.diagonal() > 0)


def test_bidirectional_hidden_sequence_depends_on_the_future():
    assert torch.all(influence(make("bidirectional")).triu(1)[:-1].sum(1) > 0)


@pytest.mark.parametrize("name", [*CELLS, "tcn", "tcn_even_kernel", "tcn_short_field"])
def test_output_is_the_head_of_the_last_hidden_step(name):
    module, x = make(name), sequences()
    torch.testing.assert_close(module(x), module.head(module.encode(x)[:, -1]))


# ---------------------------------------------------------------- padding


@every_module
@pytest.mark.parametrize("garbage", [0.0, 1e3, float("nan")])
def test_padding_never_changes_an_output(name, garbage):
    module, x = make(name), sequences(batch=N_STEPS)
    lengths = torch.arange(1, N_STEPS + 1)
    padded = x.clone()
    for row, length in zip(padded, lengths, strict=True):
        row[length:] = garbage
    got = module(padded, lengths)
    if name in ("dense", "linear"):  # not a sequence model: an absent step is a zero
        for row, length in zip(padded, lengths, strict=True):
            row[length:] = 0
        expected = module(padded)
    else:
        expected = torch.cat([module(x[i : i + 1, :n]) for i, n in enumerate(lengths)])
    torch.testing.assert_close(got, expected, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n not in ("dense", "linear")])
@pytest.mark.parametrize("n_padded", [1, 9, 40])
def test_any_amount_of_padding_gives_the_unpadded_output(name, n_padded):
    module, x = make(name), sequences()
    padded = torch.cat([x, torch.full((len(x), n_padded, N_CHANNELS), 1e3).double()], 1)
    lengths = torch.full((len(x),), N_STEPS)
    torch.testing.assert_close(module(padded, lengths), module(x), atol=1e-12, rtol=1e-12)
    assert not torch.allclose(module(padded), module(x))  # without lengths it does change


@every_module
def test_lengths_of_all_steps_equal_no_lengths(name):
    module, x = make(name), sequences()
    torch.testing.assert_close(module(x, torch.full((len(x),), N_STEPS)), module(x))


@every_module
@pytest.mark.parametrize("garbage", [1e3, float("nan")])
def test_row_without_valid_step_gives_the_head_of_zeros(name, garbage):
    module, x = make(name), sequences()
    x[1] = garbage
    lengths = torch.tensor([N_STEPS, 0, 3, 0])
    got = module(x, lengths)
    n_features = module.head.linear.in_features
    if name in ("dense", "linear"):
        empty = module(torch.zeros_like(x[:1]))[0]
    else:
        empty = module.head(torch.zeros(n_features, dtype=x.dtype))
    assert torch.isfinite(got).all()
    torch.testing.assert_close(got[1], empty)
    torch.testing.assert_close(got[3], empty)
    torch.testing.assert_close(got[0], module(x[:1])[0])


@every_module
def test_gradients_do_not_see_padding(name):
    module, x = make(name), sequences()
    lengths = torch.tensor([N_STEPS, 0, 3, 1])
    gradients = []
    for garbage in (0.0, float("inf")):
        padded = x.clone()
        for row, length in zip(padded, lengths, strict=True):
            row[length:] = garbage
        module.zero_grad()
        module(padded, lengths).square().sum().backward()
        gradients.append([p.grad.clone() for p in module.parameters()])
    for zero, infinite in zip(*gradients, strict=True):
        assert torch.isfinite(infinite).all()
        torch.testing.assert_close(infinite, zero)


# ---------------------------------------------------------------- batches, shapes, copies


@every_module
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_output_has_the_shape_and_type_asked_for(name, dtype):
    module = make(name, dtype)
    for batch in (1, 5):
        x = sequences(batch).to(dtype)
        for lengths in (None, torch.full((batch,), 2)):
            out = module(x, lengths)
            assert out.shape == (batch, N_OUTPUTS)
            assert out.dtype == dtype


@every_module
@pytest.mark.parametrize("ragged", [False, True])
def test_rows_do_not_depend_on_their_batch(name, ragged):
    module, x = make(name), sequences(batch=6)
    lengths = torch.tensor([7, 2, 0, 5, 1, 7]) if ragged else None
    whole = module(x, lengths)
    for rows in ([0], [3, 1], [5, 4, 3, 2, 1, 0]):
        part = module(x[rows], None if lengths is None else lengths[rows])
        torch.testing.assert_close(part, whole[rows], atol=1e-12, rtol=1e-12)


@every_module
@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("trained", [False, True])
def test_copies_predict_the_same_bits(name, how, trained):
    module, x = make(name, dropout=0.5), sequences()
    if trained:
        module.train()
        set_dropout_generator(module, torch.Generator().manual_seed(0))
        module(x).square().sum().backward()
        torch.optim.SGD(module.parameters(), 1e-3).step()
        module.eval()
    twin = how(module)
    assert torch.equal(twin(x), module(x))
    assert all(m.generator is None for m in twin.modules() if isinstance(m, Dropout))
    with torch.no_grad():
        next(module.parameters()).zero_()
    assert not torch.equal(twin(x), module(x))  # nothing is shared


@every_module
def test_untrained_network_predicts_nearly_the_mean(name):
    module_class, architecture = ARCHITECTURES[name]
    torch.manual_seed(0)
    module = module_class(N_CHANNELS, N_STEPS, 200, **architecture).double()
    out = module(sequences(batch=50))
    assert 0.003 < out.square().mean().sqrt() < 0.3


# ---------------------------------------------------------------- initial values


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_weights_start_orthogonal_and_biases_at_zero(cell, bidirectional):
    torch.manual_seed(0)
    module = Recurrent(2, 4, 1, cell=cell, hidden_size=6, num_layers=2, bidirectional=bidirectional)
    layers = [*module.layers, *module.reverse_layers]
    assert len(layers) == (4 if bidirectional else 2)
    for layer in layers:
        for gate in layer.weight_hh_l0.split(6):
            torch.testing.assert_close(gate @ gate.T, torch.eye(6), atol=1e-5, rtol=0)
        limit = (6 / (layer.weight_ih_l0.shape[1] + 6)) ** 0.5  # Glorot, for a single gate
        assert 0.8 * limit < layer.weight_ih_l0.abs().max() <= limit
        bias = layer.bias_ih_l0 + layer.bias_hh_l0
        expected = torch.zeros_like(bias)
        if cell == "lstm":
            expected[6:12] = 1
        if cell == "gru":
            expected[6:12] = torch.linspace(0, np.log(3), 6)
        assert torch.equal(bias, expected)


@pytest.mark.parametrize(("pooling", "longest"), [("last", 200), ("mean", 1)])
def test_units_of_a_gru_remember_from_one_step_to_all_if_the_last_state_is_read(pooling, longest):
    """A state that nothing feeds keeps the share z at each step: 1 / (1 - z) steps in the mean."""
    module = Recurrent(1, 201, 1, cell="gru", hidden_size=8, pooling=pooling)
    _, z, _ = module.layers[0].bias_ih_l0.detach().split(8)
    times = 1 / (1 - torch.sigmoid(z).numpy())  # 1 + exp(z)
    assert times == pytest.approx(1 + np.geomspace(1, longest, 8), 1e-5)


# ---------------------------------------------------------------- dropout


def test_dropout_keeps_the_mean_and_scales_what_it_keeps():
    p, n = 0.3, 100_000
    dropout = Dropout(p)
    dropout.generator = torch.Generator().manual_seed(0)
    out = dropout(torch.full((n,), 2.0, dtype=torch.float64))
    assert set(out.tolist()) == {0.0, 2.0 / (1 - p)}
    standard_error = (p * (1 - p) / n) ** 0.5
    assert abs((out == 0).double().mean() - p) < 4 * standard_error


def test_dropout_gradient_uses_the_mask_of_the_output():
    x = torch.ones(50, dtype=torch.float64, requires_grad=True)
    out = Dropout(0.5)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())
    assert 0 < (out == 0).sum() < 50


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (0.5, False)])
def test_dropout_is_the_identity_in_evaluation_and_at_zero(p, training):
    x = torch.randn(3, 4)
    assert Dropout(p).train(training)(x) is x


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n != "linear"])
@pytest.mark.parametrize("ragged", [False, True])
def test_dropout_draws_from_its_generator_alone(name, ragged):
    module, x = make(name, dropout=0.5).train(), sequences()
    lengths = torch.tensor([7, 4, 2, 6]) if ragged else None
    before = torch.get_rng_state()
    outputs = []
    for seed in (0, 0, 1):
        set_dropout_generator(module, torch.Generator().manual_seed(seed))
        outputs.append(module(x, lengths))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert torch.equal(torch.get_rng_state(), before)
    set_dropout_generator(module, None)  # negative control: without it the global generator moves
    module(x, lengths)
    assert not torch.equal(torch.get_rng_state(), before)


DROPPED = {
    "lstm": [(4, 7, 5), (4, 5)],  # the states of the first layer, then the features of the head
    "bidirectional": [(4, 7, 10), (4, 10)],
    "tcn_short_field": [(4, 2, 6), (4, 1, 6)],  # both convolutions, no others
    "cnn": [(4, 6)],  # the largest values
    "cnn_gru": [(4, 5)],  # the last state, not the pools
    "dense": [(4, 8), (4, 6)],  # the hidden layers, not the input
    "linear": [],
}


@pytest.mark.parametrize("name", DROPPED)
def test_dropout_falls_where_documented(name):
    module = make(name, dropout=0.5).train()
    dropped = []
    for part in module.modules():
        if isinstance(part, Dropout) and part.p > 0:
            part.register_forward_hook(lambda m, args, out: dropped.append(tuple(out.shape)))
    module(sequences())
    assert dropped == DROPPED[name]


def test_linear_model_has_no_dropout():
    module, x = make("linear", dropout=0.5), sequences()
    assert torch.equal(module.train()(x), module.eval()(x))
