"""Convolution and pooling; laws common to all modules: test_modules_recurrent."""

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_rnn import CNNLSTMClassifier, CNNRegressor
from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.cnn_lstm import CNNRecurrent
from sklearn_rnn._modules.convolution import Branches, Convolution
from sklearn_rnn._modules.recurrent import Recurrent
from tests.nets import few_epochs

N_CHANNELS, N_STEPS, FILTERS = 3, 11, 4


def make(module_class=CNN, kernel_size=3, pool_size=2, num_channels=FILTERS, **architecture):
    torch.manual_seed(0)
    module = module_class(
        N_CHANNELS,
        N_STEPS,
        2,
        num_channels=num_channels,
        kernel_size=kernel_size,
        pool_size=pool_size,
        **architecture,
    ).double()
    with torch.no_grad():  # with biases, a step outside is not the same as an input of zeros
        for name, parameter in module.named_parameters():
            scale = 1.0 if "bias" in name else 0.2
            parameter.add_(scale * torch.randn_like(parameter))
    return module


def sequences(batch=3, n_steps=N_STEPS):
    return torch.randn(batch, n_steps, N_CHANNELS, dtype=torch.float64)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


kernels_and_pools = pytest.mark.parametrize(
    ("kernel_size", "pool_size"),
    [
        *((k, p) for k in (1, 2, 3, 4, 5, 30) for p in (1, 2, 3, 20)),
        *(((2, 5, 30), 1), ((4, 1), 3), ((3, 3), 20), ((6,), 2)),
    ],
)


def widest(kernel_size):
    """Return the largest of several sizes, which all others lie within."""
    return int(np.max(kernel_size))


# ---------------------------------------------------------------- the formulas, in loops


def naive_convolution(layer, h):
    """Return max(0, .) of a convolution, or of several side by side plus a map of the step."""
    if isinstance(layer, Convolution):
        return np.maximum(naive_filters(layer, h), 0)
    parts = [naive_filters(branch, h) for branch in layer.branches]
    v = layer.residual.weight.detach().numpy()
    return np.array(
        [np.maximum(np.concatenate(row) + v @ x, 0) for *row, x in zip(*parts, h, strict=True)]
    )


def naive_filters(conv, h):
    """One step and tap at a time, zeros outside; h is (steps, channels)."""
    w, b = conv.weight.detach().numpy(), conv.bias.detach().numpy()
    n_out, _, kernel_size = w.shape
    out = np.zeros((len(h), n_out)) + b
    for t in range(len(h)):
        for j in range(kernel_size):
            s = t + j - (kernel_size - 1) // 2
            if 0 <= s < len(h):
                out[t] += w[:, :, j] @ h[s]
    return out


def naive_pooling(h, pool_size):
    """The largest values in each pool, counted from the first step; the last may be partial."""
    pools = []
    for start in range(0, len(h), pool_size):
        pools.append([max(column) for column in h[start : start + pool_size].T])
    return np.array(pools)


def naive_cnn(module, x):
    """Outputs for one sequence (steps, channels), of zero steps or more."""
    pools = naive_pooling(naive_convolution(module.conv1, x), module.conv1.pool_size)
    v = naive_convolution(module.conv2, pools)
    features = v.max(axis=0) if len(v) else np.zeros(module.conv2.n_out)
    W, b = module.head.linear.weight.detach().numpy(), module.head.linear.bias.detach().numpy()
    return W @ features + b


@kernels_and_pools
@pytest.mark.parametrize("n_steps", [1, 2, 5, N_STEPS])
def test_cnn_equals_naive_loop(kernel_size, pool_size, n_steps):
    module, x = make(CNN, kernel_size, pool_size), sequences(n_steps=n_steps)
    expected = [naive_cnn(module, row) for row in x.numpy()]
    assert_allclose(module(x).detach(), expected, atol=1e-10)


def ragged(garbage):
    """Sequences of every length from zero on, padded to more steps than the longest has."""
    x, lengths = sequences(N_STEPS + 1, N_STEPS + 4), torch.arange(N_STEPS + 1)
    padded = x.clone()
    for row, length in zip(padded, lengths, strict=True):
        row[length:] = garbage
    return [row[:n].numpy() for row, n in zip(x, lengths, strict=True)], padded, lengths


garbage_in_padding = pytest.mark.parametrize("garbage", [0.0, 1e3, float("nan")])


@kernels_and_pools
@garbage_in_padding
def test_cnn_equals_naive_loop_over_the_valid_steps(kernel_size, pool_size, garbage):
    module, (rows, padded, lengths) = make(CNN, kernel_size, pool_size), ragged(garbage)
    expected = [naive_cnn(module, row) for row in rows]
    assert_allclose(module(padded, lengths).detach(), expected, atol=1e-10)


@kernels_and_pools
@garbage_in_padding
def test_recurrent_layer_reads_the_pools_of_the_valid_steps(kernel_size, pool_size, garbage):
    module = make(CNNRecurrent, kernel_size, pool_size, cell="gru", hidden_size=5)
    rows, padded, lengths = ragged(garbage)
    states = [torch.zeros(5, dtype=torch.float64)]  # that of the empty sequence
    for row in rows[1:]:
        pools = naive_pooling(naive_convolution(module.conv, row), pool_size)
        states.append(module.recurrent(torch.from_numpy(pools)[None])[0])
    expected = module.head(torch.stack(states))
    torch.testing.assert_close(module(padded, lengths), expected, atol=1e-10, rtol=0)


def test_recurrent_layer_is_that_of_the_recurrent_network():
    module = make(CNNRecurrent, cell="lstm", hidden_size=5)
    alone = Recurrent(FILTERS, 6, 2, cell="lstm", hidden_size=5).double()
    alone.layers.load_state_dict(module.recurrent.layers.state_dict())
    alone.head.load_state_dict(module.head.state_dict())
    x = sequences()
    pools = module.conv(x.transpose(1, 2))[0].transpose(1, 2)
    assert pools.shape == (3, 6, FILTERS)  # 11 steps: five pools of two, and one of one
    torch.testing.assert_close(module(x), alone(pools))
    assert sum(p.numel() for p in module.parameters()) == (
        sum(p.numel() for p in [*alone.parameters(), *module.conv.parameters()])
    )


# ---------------------------------------------------------------- pools


@pytest.mark.parametrize("pool_size", [2, 3])
def test_a_partial_pool_counts_its_valid_steps_alone(pool_size):
    # the padded step would have the larger value: its bias is positive, the input's weight not
    conv = Convolution(1, 1, 1, pool_size=pool_size)
    with torch.no_grad():
        conv.weight.fill_(-1.0)
        conv.bias.fill_(5.0)
    x = torch.tensor([[[1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]]])  # zero where it is padded
    pools, lengths = conv(x, torch.tensor([3]))
    valid = {2: [4.0, 2.0], 3: [4.0]}[pool_size]
    assert lengths.tolist() == [len(valid)]
    assert pools[0, 0].tolist() == valid + [0.0] * (-(-7 // pool_size) - len(valid))


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 7])
def test_convolution_equals_that_of_torch(kernel_size):
    ours = Convolution(2, 3, kernel_size).double()
    theirs = torch.nn.Conv1d(2, 3, kernel_size, padding="same").double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 2, 9, dtype=torch.float64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")  # a copy
        expected = theirs(x)
    torch.testing.assert_close(ours(x)[0], expected.relu())


# ---------------------------------------------------------------- what moves, and what is seen


def pattern_at(start, n_steps=30):
    """Zeros, and in them one pattern of four steps, the same for every start."""
    x = torch.zeros(1, n_steps, N_CHANNELS, dtype=torch.float64)
    generator = torch.Generator().manual_seed(5)
    pattern = 3 * torch.randn(4, N_CHANNELS, dtype=torch.float64, generator=generator)
    x[0, start : start + 4] = pattern[: n_steps - start]
    return x


@pytest.mark.parametrize("kernel_size", [1, 2, 3, (1, 2, 3)])
@pytest.mark.parametrize("pool_size", [1, 2, 3])
def test_an_interior_pattern_may_move_by_whole_pools(kernel_size, pool_size):
    module = make(CNN, kernel_size, pool_size, num_channels=64)
    # away from both ends
    receptive_field = (widest(kernel_size) - 1) * (pool_size + 1) + pool_size
    starts = [
        s for s in range(0, 30, pool_size) if receptive_field <= s <= 30 - 4 - receptive_field
    ]
    outputs = [module(pattern_at(s)) for s in starts]
    assert len(outputs) > 1
    for out in outputs[1:]:
        torch.testing.assert_close(out, outputs[0], atol=1e-12, rtol=0)
    # negative controls: without the pattern, and with half of it beyond the end
    assert not torch.allclose(module(torch.zeros_like(pattern_at(0))), outputs[0])
    assert not torch.allclose(module(pattern_at(28)), outputs[0])


def test_recurrent_layer_tells_where_the_pattern_is():
    module = make(CNNRecurrent, cell="gru", hidden_size=5)
    assert not torch.allclose(module(pattern_at(10)), module(pattern_at(14)))


def open_network(module):
    """Make all weights positive, so that every tap shows in the gradient."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_().add_(0.1)
    return module


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 7, (2, 7), (5, 1, 4)])
@pytest.mark.parametrize("pool_size", [1, 2, 3, 6])
def test_receptive_field_by_gradient(kernel_size, pool_size):
    module = open_network(make(CNN, kernel_size, pool_size))
    kernel_size = widest(kernel_size)
    field = (kernel_size - 1) * (pool_size + 1) + pool_size
    middle = field // pool_size + 1  # pools before it, so that the field lies inside
    n_steps = (2 * middle + 1) * pool_size
    # a pool passes its largest value only: in row t that comes from step t, which is a spike
    x = 0.1 * torch.rand(n_steps, n_steps, 1, dtype=torch.float64).expand(-1, -1, N_CHANNELS)
    x = (x + 100 * torch.eye(n_steps, dtype=torch.float64)[:, :, None]).requires_grad_()
    v = module.conv2(module.conv1(x.transpose(1, 2))[0])[0]
    gradient = torch.autograd.grad(v[:, :, middle].sum(), x)[0].abs().sum(2)  # (row, step)
    seen = gradient.diagonal().nonzero().flatten()
    first = (middle - (kernel_size - 1) // 2) * pool_size - (kernel_size - 1) // 2
    assert seen.tolist() == list(range(first, first + field))


@pytest.mark.parametrize("kernel_size", [1, 2, 5, (2, 5)])
def test_every_step_of_the_window_can_reach_the_output(kernel_size):
    for module in (
        make(CNN, kernel_size),
        make(CNNRecurrent, kernel_size, cell="gru", hidden_size=5),
    ):
        open_network(module)
        x = sequences(1).abs()
        for t in range(N_STEPS):
            spiked = x.clone()
            spiked[0, t] += 1.0
            assert not torch.equal(module(spiked), module(x))


# ---------------------------------------------------------------- start, and groups of weights


@pytest.mark.parametrize("kernel_size", [1, 3, 5, (9, 19, 39)])
def test_scale_of_features_starts_near_that_of_the_input(kernel_size):
    torch.manual_seed(0)
    module = CNN(8, 40, 1, num_channels=64, kernel_size=kernel_size)
    x = torch.randn(20, 40, 8)
    u = module.conv1(x.transpose(1, 2))[0]
    for h in (u, module.conv2(u)[0]):
        assert 0.7 < h.square().mean().sqrt() < 3
    assert not any(p.any() for name, p in module.conv1.named_parameters() if "bias" in name)


@pytest.mark.parametrize("kernel_size", [3, (2, 5)])
@pytest.mark.parametrize(
    ("module_class", "architecture"), [(CNN, {}), (CNNRecurrent, {"cell": "gru", "hidden_size": 5})]
)
def test_a_channel_whose_group_is_zero_is_not_read(module_class, architecture, kernel_size):
    module = make(module_class, kernel_size, **architecture)
    shape, labels = module.input_groups()
    assert shape == (N_CHANNELS,)
    x = sequences()
    changed = x.clone()
    changed[:, :, 1] += 1.0
    assert not torch.allclose(module(changed), module(x))
    with torch.no_grad():
        for name, label in labels.items():
            module.get_parameter(name)[label == 1] = 0.0
    torch.testing.assert_close(module(changed), module(x))
    changed[:, :, 2] += 1.0  # the other channels are
    assert not torch.allclose(module(changed), module(x))


# ---------------------------------------------------------------- kernels of several sizes


def test_one_branch_without_its_residual_is_a_convolution():
    one, several = Convolution(3, 4, 5, pool_size=2), Branches(3, 4, (5,), pool_size=2)
    several.branches[0].load_state_dict(one.state_dict())
    x = torch.randn(2, 3, 9)
    assert not torch.allclose(several(x)[0], one(x)[0])
    torch.nn.init.zeros_(several.residual.weight)
    torch.testing.assert_close(several(x)[0], one(x)[0])


@pytest.mark.parametrize("sizes", [(9, 19, 39), (2,), (1, 4)])
def test_number_of_parameters_is_that_of_the_formula(sizes):
    layer = Branches(7, 5, sizes)
    n_parameters = sum(p.numel() for p in layer.parameters())
    assert n_parameters == 5 * 7 * sum(k + 1 for k in sizes) + 5 * len(sizes)
    assert layer(torch.randn(2, 7, 6))[0].shape == (2, layer.n_out, 6) == (2, 5 * len(sizes), 6)


@few_epochs
def test_estimators_take_several_sizes_in_any_form_and_select_channels():
    X = np.random.default_rng(0).normal(size=(40, 8, 3))
    how = {"num_channels": 4, "max_epochs": 3, "random_state": 0, "device": "cpu"}
    model = CNNRegressor(kernel_size=(2, 5), **how).fit(X, X[:, 2, 0])
    for same in ([2, 5], np.array([2, 5])):
        other = CNNRegressor(kernel_size=same, **how).fit(X, X[:, 2, 0])
        assert (other.predict(X) == model.predict(X)).all()
    strong = {"penalty": "group", "l1_ratio": 1.0, "alpha": 1000.0}
    labels = np.arange(40) % 3
    reader = CNNLSTMClassifier(kernel_size=(2, 5), **strong, **how).fit(X, labels)
    assert not reader.selected_channels_.any()
    assert (reader.predict_proba(X) == reader.predict_proba(X[:1])).all()
    assert model.selected_channels_.all()


@pytest.mark.parametrize("sizes", [(), (3, 0), (3, 2.5), [[3, 5]], ("3",)])
def test_kernel_sizes_that_are_none_are_refused(sizes):
    X = np.zeros((10, 8, 1))
    with pytest.raises(
        ValueError, match="kernel_size must be an integer of at least 1, or several"
    ):
        CNNRegressor(kernel_size=sizes).fit(X, np.arange(10))
