"""Pooling over the steps, and outputs at every step; padding: also test_modules_recurrent."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.cnn_lstm import CNNRecurrent
from sklearn_rnn._modules.kernels.arguments import KernelLoss
from sklearn_rnn._modules.linear_skip import LinearSkip
from sklearn_rnn._modules.pooling import Pooling, upsample
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from tests.nets import needs_library

N_CHANNELS, N_STEPS, N_OUTPUTS, HIDDEN = 3, 7, 2, 5
KINDS = ("last", "mean", "max", "attention")

# Nets with as many features as steps, and all nets.
SEQUENTIAL = {
    "lstm": (Recurrent, {"cell": "lstm", "hidden_size": HIDDEN}),
    "bidirectional": (
        Recurrent,
        {"cell": "gru", "hidden_size": HIDDEN, "num_layers": 2, "bidirectional": True},
    ),
    "tcn": (TCN, {"num_channels": HIDDEN, "kernel_size": 2}),
}
NETS = {
    **SEQUENTIAL,
    "cnn": (CNN, {"num_channels": HIDDEN}),
    "cnn_gru": (CNNRecurrent, {"num_channels": 4, "cell": "gru", "hidden_size": HIDDEN}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
sequential = pytest.mark.parametrize("name", SEQUENTIAL)


def make(name, **parameters):
    module_class, architecture = NETS[name]
    torch.manual_seed(0)
    module = module_class(N_CHANNELS, N_STEPS, N_OUTPUTS, **architecture, **parameters)
    return randomise(module.double()).eval()


def randomise(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


def sequences(batch=4, n_steps=N_STEPS, n_channels=N_CHANNELS):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, n_steps, n_channels, dtype=torch.float64, generator=generator)


def with_padding(x, lengths, garbage):
    padded = x.clone()
    for row, length in zip(padded, lengths, strict=True):
        row[length:] = garbage
    return padded


# ---------------------------------------------------------------- the formulas


def numpy_weights(pooling, h):
    """Weights of the steps of one sequence h (n_steps, n_features)."""
    W, b = (p.detach().numpy() for p in pooling.affine.parameters())
    e = np.exp(np.tanh(h @ W.T + b) @ pooling.query.weight.detach().numpy()[0])
    return e / e.sum()


def numpy_pooling(pooling, h):
    if len(h) == 0:
        return np.zeros(h.shape[1])
    if pooling.kind == "attention":
        return numpy_weights(pooling, h) @ h
    return {"last": h[-1], "mean": h.mean(0), "max": h.max(0)}[pooling.kind]


@every_kind
def test_pooling_equals_numpy(kind):
    pooling, h = randomise(Pooling(kind, 4).double()), sequences(6, n_channels=4)
    expected = [numpy_pooling(pooling, row) for row in h.numpy()]
    assert_allclose(pooling(h).detach(), expected, atol=1e-12)


@every_kind
@pytest.mark.parametrize("garbage", [0.0, -1e3, 1e3, float("inf"), float("nan")])
def test_pooling_of_the_valid_steps_equals_numpy(kind, garbage):
    pooling, h = randomise(Pooling(kind, 4).double()), sequences(N_STEPS + 1, n_channels=4)
    lengths = torch.arange(N_STEPS + 1)
    expected = [numpy_pooling(pooling, row[:n]) for row, n in zip(h.numpy(), lengths, strict=True)]
    padded = with_padding(h, lengths, garbage).requires_grad_()
    got = pooling(padded, lengths)
    assert_allclose(got.detach(), expected, atol=1e-12)
    gradient = torch.autograd.grad(got.square().sum(), padded)[0]
    assert torch.isfinite(gradient).all()
    assert not with_padding(gradient, lengths, 0.0).sub(gradient).any()  # zero in the padding


@pytest.mark.parametrize("ragged", [False, True])
def test_attention_starts_as_the_mean(ragged):
    h = sequences(n_channels=4)
    lengths = torch.tensor([7, 0, 3, 1]) if ragged else None
    attention, mean = Pooling("attention", 4).double(), Pooling("mean", 4)
    torch.testing.assert_close(attention(h, lengths), mean(h, lengths))


def test_attention_prefers_steps_that_answer_the_query():
    attention, h = Pooling("attention", 4).double(), sequences(n_channels=4)
    with torch.no_grad():
        attention.affine.weight.copy_(torch.eye(4))
        attention.query.weight.copy_(torch.tensor([[1e4, 0, 0, 0]]))
    assert torch.equal(attention.weights(h).argmax(1), h[:, :, 0].argmax(1))
    assert torch.allclose(attention.weights(h).amax(1), torch.ones(4).double())


# ---------------------------------------------------------------- in the nets


@every_kind
@sequential
def test_the_head_reads_what_is_pooled(name, kind):
    module, x = make(name, pooling=kind), sequences()
    lengths = torch.tensor([7, 0, 3, 1])
    states = module.encode(x, lengths).detach().numpy()
    pooled = np.stack(
        [numpy_pooling(module.pooling, h[:n]) for h, n in zip(states, lengths, strict=True)]
    )
    if name == "bidirectional" and kind == "last":  # each direction is read where it ends
        pooled[:, HIDDEN:] = states[:, 0, HIDDEN:] * (lengths[:, None] > 0).numpy()
    expected = module.head(torch.from_numpy(pooled))
    torch.testing.assert_close(module(x, lengths), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["cnn", "cnn_gru"])
@every_kind
def test_the_head_reads_what_is_pooled_of_pools(name, kind):
    module, x = make(name, pooling=kind, pool_size=3), sequences(n_steps=10)
    if name == "cnn":
        features = module.conv2(module.conv1(x.transpose(1, 2))[0])[0].transpose(1, 2)
        pooling = module.pooling
    else:
        features = module.recurrent.encode(module.conv(x.transpose(1, 2))[0].transpose(1, 2))
        pooling = module.recurrent.pooling
    assert features.shape == (4, 4, HIDDEN)
    pooled = np.stack([numpy_pooling(pooling, h) for h in features.detach().numpy()])
    torch.testing.assert_close(module(x), module.head(torch.from_numpy(pooled)))


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("garbage", [1e3, float("nan")])
def test_attention_weights(name, garbage):
    module, x = make(name, pooling="attention"), sequences()
    lengths = torch.tensor([7, 0, 3, 1])
    weights = module.attention_weights(with_padding(x, lengths, garbage), lengths)
    assert weights.shape == (4, N_STEPS)
    valid = torch.arange(N_STEPS) < lengths[:, None]
    assert (weights[valid] > 0).all()
    assert (weights[~valid] == 0).all()
    torch.testing.assert_close(weights.sum(1), (lengths > 0).double())
    for row, sequence, n in zip(weights, x, lengths, strict=True):
        if n:
            torch.testing.assert_close(module.attention_weights(sequence[None, :n])[0], row[:n])


@sequential
def test_attention_weights_are_those_of_the_states(name):
    module, x = make(name, pooling="attention"), sequences()
    pooled = torch.einsum("bt,btf->bf", module.attention_weights(x), module.encode(x))
    torch.testing.assert_close(module(x), module.head(pooled))


@pytest.mark.parametrize("pool_size", [1, 2, 3, 20])
def test_weights_of_pools_are_shared_by_their_steps(pool_size):
    n_pools = -(-N_STEPS // pool_size)
    weights = torch.rand(N_STEPS, n_pools, dtype=torch.float64)
    lengths = torch.arange(1, N_STEPS + 1)
    shares = upsample(weights, pool_size, N_STEPS, lengths)
    for row, shared, n in zip(weights, shares, lengths, strict=True):
        members = [range(i, min(i + pool_size, n)) for i in range(0, n, pool_size)]
        expected = [row[i] / len(pool) for i, pool in enumerate(members) for _ in pool]
        assert_allclose(shared, [*expected, *[0.0] * (N_STEPS - n)])
    full = torch.full((N_STEPS,), N_STEPS)
    assert torch.equal(
        upsample(weights, pool_size, N_STEPS, None), upsample(weights, pool_size, N_STEPS, full)
    )


def test_attention_beside_a_linear_model_is_that_of_the_net():
    module_class, architecture = SEQUENTIAL["lstm"]
    architecture = {**architecture, "pooling": "attention"}
    module = LinearSkip(
        N_CHANNELS, N_STEPS, 1, inner=module_class, architecture=architecture
    ).double()
    randomise(module)
    x = sequences()
    assert torch.equal(module.attention_weights(x), module.net.attention_weights(x))


# ---------------------------------------------------------------- outputs at every step


@sequential
def test_the_head_reads_every_step(name):
    module, x = make(name, return_sequences=True), sequences()
    out = module(x)
    assert out.shape == (4, N_STEPS, N_OUTPUTS)
    torch.testing.assert_close(out, module.head(module.encode(x)))


@pytest.mark.parametrize("name", ["lstm", "tcn"])
def test_every_output_of_a_causal_net_is_that_of_its_past(name):
    whole, x = make(name, return_sequences=True), sequences()
    last = make(name)
    last.load_state_dict(whole.state_dict())
    for t in range(N_STEPS):
        torch.testing.assert_close(whole(x)[:, t], last(x[:, : t + 1]))


def influence(module):
    """Matrix of |d output[t] / d x[s]|, summed over channels: row t, column s."""
    x = sequences(1).requires_grad_()
    gradients = [torch.autograd.grad(o.sum(), x, retain_graph=True)[0] for o in module(x)[0]]
    return torch.stack([g[0].abs().sum(1) for g in gradients])


@sequential
def test_an_output_depends_on_the_future_in_a_bidirectional_net_alone(name):
    effect = influence(make(name, return_sequences=True))
    assert (effect.diagonal() > 0).all()
    assert bool(effect.triu(1).any()) == (name == "bidirectional")


@sequential
@pytest.mark.parametrize("garbage", [0.0, 1e3, float("nan")])
@pytest.mark.parametrize("n_padded", [0, 5])
def test_outputs_of_all_steps_do_not_see_padding(name, garbage, n_padded):
    module, x = make(name, return_sequences=True), sequences()
    lengths = torch.tensor([7, 0, 3, 1])
    longer = torch.cat([x, torch.zeros(4, n_padded, N_CHANNELS).double()], 1)
    out = module(with_padding(longer, lengths, garbage), lengths)
    nothing = module.head(torch.zeros(module.head.linear.in_features).double())
    for row, sequence, n in zip(out, x, lengths, strict=True):
        if n:
            torch.testing.assert_close(row[:n], module(sequence[None, :n])[0], atol=1e-12, rtol=0)
        torch.testing.assert_close(row[n:], nothing.expand(len(row) - n, -1))


@sequential
def test_dropout_is_drawn_for_every_output(name):
    module = make(name, return_sequences=True, dropout=0.5).train()
    dropped = []
    module.head.dropout.register_forward_hook(lambda m, args, out: dropped.append(out.shape[:2]))
    module(sequences())
    assert dropped == [(4, N_STEPS)]


# ---------------------------------------------------------------- what is as it was, and errors


@pytest.mark.parametrize("name", NETS)
def test_only_attention_has_parameters(name):
    module_class, architecture = NETS[name]
    states = {}
    for kind in KINDS:
        torch.manual_seed(0)
        module = module_class(N_CHANNELS, N_STEPS, 1, **architecture, pooling=kind)
        states[kind] = module.state_dict(), torch.get_rng_state()
    plain, generator = states["last"]
    for kind in ("mean", "max"):
        assert list(states[kind][0]) == list(plain)
        for key, values in states[kind][0].items():  # biases of a GRU depend on what is read
            assert key.endswith("bias_ih_l0") or torch.equal(values, plain[key])
        assert torch.equal(states[kind][1], generator)
    new = set(states["attention"][0]) - set(plain)
    prefix = "recurrent.pooling." if name == "cnn_gru" else "pooling."
    names = ("affine.weight", "affine.bias", "query.weight")
    assert new == {prefix + key for key in names}


PARTS = {
    "lstm": {f"layers.0.{kind}_{side}_l0" for kind in ("weight", "bias") for side in ("ih", "hh")},
    "tcn": {
        *{f"blocks.0.skip.{kind}" for kind in ("weight", "bias")},
        *{
            f"blocks.{level}.conv{i}.{kind}"
            for level in range(2)
            for i in (1, 2)
            for kind in ("weight_v", "weight_g", "bias")
        },
    },
    "cnn": {f"conv{i}.{kind}" for i in (1, 2) for kind in ("weight", "bias")},
    "cnn_gru": {
        *{"conv.weight", "conv.bias"},
        *{
            f"recurrent.layers.0.{kind}_{side}_l0"
            for kind in ("weight", "bias")
            for side in ("ih", "hh")
        },
    },
}


@pytest.mark.parametrize("name", PARTS)
def test_names_of_the_parameters_by_default(name):
    head = {"head.linear.weight", "head.linear.bias"}
    assert set(make(name).state_dict()) == PARTS[name] | head


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        *(({}, True), ({"return_sequences": True}, True), ({"pooling": "mean"}, True)),
        *(({"pooling": "max"}, False), ({"pooling": "attention"}, False)),
    ],
)
@needs_library
def test_which_states_are_read_in_training_by_the_kernels(parameters, expected):
    module = make("lstm", **parameters).train()
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    assert (module.native_training(KernelLoss(0)) is not None) == expected


@pytest.mark.parametrize("name", NETS)
def test_pooling_is_one_of_four(name):
    with pytest.raises(ValueError, match=r'pooling must be one of "last".*got \'median\''):
        make(name, pooling="median")


@sequential
def test_steps_that_stay_apart_are_not_pooled(name):
    with pytest.raises(
        ValueError, match="return_sequences=True pools no steps; got pooling='mean'"
    ):
        make(name, return_sequences=True, pooling="mean")


@pytest.mark.parametrize("name", NETS)
def test_weights_of_the_steps_need_attention(name):
    with pytest.raises(ValueError, match='with pooling="attention" only'):
        make(name, pooling="mean").attention_weights(sequences())


def test_a_linear_model_of_the_window_has_one_output():
    architecture = {"cell": "gru", "hidden_size": 4, "return_sequences": True}
    with pytest.raises(ValueError, match="got return_sequences=True"):
        LinearSkip(N_CHANNELS, N_STEPS, 1, inner=Recurrent, architecture=architecture)
