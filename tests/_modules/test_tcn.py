"""The temporal convolutional network; laws common to all modules: test_modules_recurrent."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose

from sklearn_rnn._modules.tcn import TCN, levels_to_cover, receptive_field

N_CHANNELS = 3


def make(kernel_size, num_levels, n_steps=12, num_channels=4, random_biases=True):
    torch.manual_seed(0)
    module = TCN(
        N_CHANNELS,
        n_steps,
        2,
        num_channels=num_channels,
        num_levels=num_levels,
        kernel_size=kernel_size,
    )
    # with biases, zeros before the first step are not the same as an input of zeros
    if random_biases:
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                scale = 1.0 if "bias" in name else 0.2
                parameter.add_(scale * torch.randn_like(parameter))
    return module.double()


def sequences(batch=3, n_steps=12, n_channels=N_CHANNELS):
    return torch.randn(batch, n_steps, n_channels, dtype=torch.float64)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


kernels_and_levels = pytest.mark.parametrize(
    ("kernel_size", "num_levels"), [(k, n) for k in (1, 2, 3, 4) for n in (1, 2, 3)]
)


def effective(conv):
    v, g = conv.weight_v.detach().numpy(), conv.weight_g.detach().numpy()
    return g * v / np.sqrt((v**2).sum(axis=(1, 2), keepdims=True)), conv.bias.detach().numpy()


def naive_convolution(conv, h, dilation):
    """Causal dilated convolution, one step and tap at a time; h is (batch, steps, channels)."""
    w, b = effective(conv)
    kernel_size = w.shape[2]
    out = np.zeros((h.shape[0], h.shape[1], w.shape[0])) + b
    for t in range(h.shape[1]):
        for j in range(kernel_size):
            s = t - (kernel_size - 1 - j) * dilation
            if s >= 0:
                out[:, t] += h[:, s] @ w[:, :, j].T
    return out


def naive_tcn(module, x):
    h = x.numpy()
    for level, block in enumerate(module.blocks):
        u = np.maximum(naive_convolution(block.conv1, h, 2**level), 0)
        v = np.maximum(naive_convolution(block.conv2, u, 2**level), 0)
        skip = block.skip(torch.from_numpy(h)).detach().numpy()
        h = np.maximum(v + skip, 0)
    return h


@kernels_and_levels
def test_tcn_equals_naive_loop(kernel_size, num_levels):
    module, x = make(kernel_size, num_levels), sequences()
    states = naive_tcn(module, x)
    assert_allclose(module.encode(x).detach(), states, atol=1e-10)
    head = module.head.linear
    expected = states[:, -1] @ head.weight.detach().numpy().T + head.bias.detach().numpy()
    assert_allclose(module(x).detach(), expected, atol=1e-10)


def chomp(conv, h, dilation):
    """Bai's formulation: pad both ends, convolve, cut off the end; (batch, channels, steps)."""
    weight = torch._weight_norm(conv.weight_v, conv.weight_g, 0)
    padding = (conv.weight_v.shape[2] - 1) * dilation
    out = F.conv1d(h, weight, conv.bias, padding=padding, dilation=dilation)
    return out[:, :, : h.shape[2]]


def chomp_tcn(module, x):
    h = x.transpose(1, 2)
    for level, block in enumerate(module.blocks):
        v = chomp(block.conv2, chomp(block.conv1, h, 2**level).relu(), 2**level).relu()
        skip = (
            h
            if isinstance(block.skip, torch.nn.Identity)
            else F.conv1d(h, block.skip.weight[:, :, None], block.skip.bias)
        )
        h = (v + skip).relu()
    return module.head.linear(h[:, :, -1])


@kernels_and_levels
def test_forward_equals_bai_chomp_with_gradients(kernel_size, num_levels):
    # forward computes only the steps that reach the last; this computes them all
    module, x = make(kernel_size, num_levels), sequences()
    parameters = list(module.parameters())
    ours, theirs = module(x), chomp_tcn(module, x)
    torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)
    gradients = [torch.autograd.grad(out.square().sum(), parameters) for out in (ours, theirs)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-10)


@kernels_and_levels
@pytest.mark.parametrize("n_steps", [1, 2, 5, 16, 33, 64])
def test_forward_equals_all_steps_at_any_length(kernel_size, num_levels, n_steps):
    module, x = make(kernel_size, num_levels), sequences(n_steps=n_steps)
    expected = module.head(module.encode(x)[:, -1])
    torch.testing.assert_close(module(x), expected, atol=1e-10, rtol=0)


def test_forward_computes_fewer_steps_than_encode():
    module, x = make(3, 5, n_steps=100), sequences(n_steps=100)
    computed = []
    for block in module.blocks:
        for conv in (block.conv1, block.conv2):
            conv.register_forward_hook(lambda m, i, out: computed.append(out.shape[1]))
    module(x)
    # one output needs 3 inner steps, these 5 of the level before; the inner ones of that 4 * 2 + 3
    # = 11, these 13 (all that there are: every 8th of 100), and so on down to the 100 there are
    assert computed == [100, 50, 50, 25, 25, 13, 11, 5, 3, 1]


def open_network(kernel_size, num_levels, n_steps):
    """A network whose rectifiers are all open, so that every tap shows in the gradient."""
    module = make(kernel_size, num_levels, n_steps, random_biases=False)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_().add_(0.1)
    return module


@kernels_and_levels
@pytest.mark.parametrize("path", ["forward", "encode"])
def test_receptive_field_by_gradient(kernel_size, num_levels, path):
    field = receptive_field(kernel_size, num_levels)
    n_steps = field + 5
    x = sequences(1, n_steps).abs().requires_grad_()
    module = open_network(kernel_size, num_levels, n_steps)
    out = module(x).sum() if path == "forward" else module.encode(x)[:, -1].sum()
    reached = torch.autograd.grad(out, x)[0][0].abs().sum(1) > 0  # (n_steps,)
    assert reached.sum() == field
    assert reached[-field:].all()


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 7])
@pytest.mark.parametrize("n_steps", [1, 2, 3, 5, 6, 13, 64])
def test_auto_takes_the_fewest_levels_that_cover_the_window(kernel_size, n_steps):
    levels = len(TCN(1, n_steps, 1, num_channels=2, kernel_size=kernel_size).blocks)
    assert levels == levels_to_cover(n_steps, kernel_size)
    assert receptive_field(kernel_size, levels) >= 0.95 * n_steps
    assert levels == 1 or receptive_field(kernel_size, levels - 1) < 0.95 * n_steps


@pytest.mark.parametrize(("n_steps", "field"), [(13, 13), (14, 29), (61, 61), (64, 61), (65, 125)])
def test_auto_may_leave_out_a_twentieth_of_the_steps(n_steps, field):
    assert receptive_field(3, levels_to_cover(n_steps, 3)) == field


def test_auto_with_kernel_size_one_is_one_level():
    assert len(TCN(1, 50, 1, num_channels=2, kernel_size=1).blocks) == 1


def test_every_step_of_the_window_reaches_the_output_of_auto():
    module = open_network(3, "auto", 12)
    x = sequences(1, 12).abs().requires_grad_()
    assert (torch.autograd.grad(module(x).sum(), x)[0].abs().sum(2) > 0).all()


@pytest.mark.parametrize("kernel_size", [1, 2, 3])
def test_weight_normalisation_starts_at_its_direction(kernel_size):
    module = make(kernel_size, 2, random_biases=False)
    for block in module.blocks:
        for conv in (block.conv1, block.conv2):
            torch.testing.assert_close(conv.weight(), conv.weight_v)
            assert conv.weight_g.shape == (4, 1, 1)
            assert torch.all(conv.bias == 0)


def test_norm_parameter_is_the_norm_of_the_effective_weight():
    for block in make(3, 2).blocks:
        squared = block.conv2.weight().square().sum((1, 2))
        torch.testing.assert_close(block.conv2.weight_g.flatten().square(), squared)


def test_skip_is_linear_only_where_channels_change():
    module = make(2, 3)
    kinds = [type(block.skip) for block in module.blocks]
    assert kinds == [torch.nn.Linear, torch.nn.Identity, torch.nn.Identity]
    assert isinstance(make(2, 1, num_channels=N_CHANNELS).blocks[0].skip, torch.nn.Identity)


@pytest.mark.parametrize("num_levels", [1, 4, 8])
def test_scale_of_activations_starts_near_that_of_the_input(num_levels):
    # without the scaling of the second convolution it is 16 times the input's at 8 levels
    module = make(3, num_levels, n_steps=64, num_channels=64, random_biases=False)
    states = module.encode(sequences(8, 64))
    assert 0.5 < states.square().mean().sqrt() < 3
