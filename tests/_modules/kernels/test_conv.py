"""Convolutions of the native kernels, against their definition in torch and themselves."""

import gc
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.convolution import Convolution
from sklearn_rnn._modules.kernels.conv import (
    MOST_WEIGHTS_OF_A_TAP,
    Taps,
    native_convolution,
    runs_in_kernels,
)
from sklearn_rnn._modules.kernels.layer import is_mostly_native
from sklearn_rnn._modules.tcn import TCN
from tests._modules.kernels.test_layer import TOLERANCE, resident_bytes
from tests.nets import needs_library

pytestmark = needs_library


def by_definition(taps, x, weight, bias, lengths=None):
    """Gather what each tap reads, and multiply."""
    first = torch.arange(taps.n_steps) * taps.stride + taps.offset
    read = first[:, None] + torch.arange(weight.shape[2]) * taps.dilation  # (n_out_steps, k)
    inside = (read >= 0) & (read < x.shape[1])
    found = torch.where(inside[..., None], x[:, read.clamp(0, x.shape[1] - 1)], 0.0)
    h = torch.einsum("btkc,ock->bto", found, weight) + bias
    if lengths is not None:
        h = torch.where((torch.arange(taps.n_steps) < lengths[:, None])[..., None], h, 0.0)
    if not taps.rectifies:
        return h
    pools = F.max_pool1d(h.relu().transpose(1, 2), taps.pool_size, ceil_mode=True)
    return pools.transpose(1, 2)


def problem(sizes, taps, dtype, seed=0, *, ragged=False):
    """Draw arguments of `native_convolution`; sizes are batch, steps, channels, filters, taps."""
    batch, n_steps, n_in, n_out, kernel_size = sizes
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    weight = normal(n_out, n_in, kernel_size) / (n_in * kernel_size) ** 0.5
    tensors = [t.requires_grad_() for t in (normal(batch, n_steps, n_in), weight, normal(n_out))]
    lengths = torch.randint(0, taps.n_steps + 1, (batch,), generator=generator)
    return taps, *tensors, lengths if ragged else None


def with_gradients(function, drawn):
    y = function(*drawn)
    given = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return [y.detach(), *torch.autograd.grad(y, drawn[1:4], given.to(y.dtype))]


def exactly(drawn):
    taps, *tensors, lengths = drawn
    return taps, *[t.detach().double().requires_grad_() for t in tensors], lengths


def worst_difference(drawn, function=native_convolution):
    """Return how far output and gradients are from those in float64, as in test_layer."""
    pairs = zip(
        with_gradients(function, drawn), with_gradients(by_definition, exactly(drawn)), strict=True
    )
    worst = [(a - b).abs().max().double() / b.abs().max().clamp(min=1) for a, b in pairs]
    return float(torch.stack(worst).max())  # NaN if one of them is


def draws(*most):
    return st.tuples(*(st.integers(1, n) for n in most))


@settings(max_examples=300, derandomize=True)
@given(
    sizes=draws(20, 40, 20, 40, 11),
    taps=st.builds(
        Taps,
        n_steps=st.integers(1, 50),
        offset=st.integers(-30, 30),
        dilation=st.integers(1, 4),
        stride=st.integers(1, 3),
        rectifies=st.booleans(),
    ),
    pool_size=st.integers(1, 12),
    dtype=st.sampled_from(list(TOLERANCE)),
    ragged=st.booleans(),
    seed=st.integers(0, 2**20),
)
def test_output_and_gradients_are_those_of_the_definition(
    sizes, taps, pool_size, dtype, ragged, seed
):
    taps = taps._replace(pool_size=pool_size if taps.rectifies else 1)
    drawn = problem(sizes, taps, dtype, seed, ragged=ragged and taps.rectifies)
    difference = worst_difference(drawn)
    if not difference <= TOLERANCE[dtype]:  # ill-conditioned: torch's own operations lose as much
        assert difference < 2 * worst_difference(drawn, by_definition)


LARGE = {
    "two blocks of a CNN": ((40, 64, 8, 32, 5), Taps(64, -2, rectifies=True, pool_size=2)),
    "many steps": ((3, 1500, 4, 17, 5), Taps(1500, -2, rectifies=True, pool_size=3)),
    "one pool of many steps": ((3, 600, 4, 17, 5), Taps(600, -2, rectifies=True, pool_size=600)),
    "one step of many sequences": ((300, 5, 8, 40, 3), Taps(1, 2, rectifies=True)),
    "more taps than factors, dilated": ((9, 200, 3, 33, 20), Taps(200, -57, dilation=3)),
    "many filters": ((9, 30, 70, 129, 3), Taps(15, -1, stride=2, rectifies=True)),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("ragged", [False, True])
def test_larger_convolutions(name, dtype, ragged):
    sizes, taps = LARGE[name]
    drawn = problem(sizes, taps, dtype, ragged=ragged and taps.rectifies)
    limit = max(TOLERANCE[dtype], 2 * worst_difference(drawn, by_definition))
    assert worst_difference(drawn) <= limit


@pytest.mark.parametrize("taps", [Taps(7, -2, 2, 1, rectifies=True), Taps(4, -1, 1, 2)])
def test_gradcheck(taps):
    _, *tensors, _ = problem((3, 7, 2, 5, 3), taps, torch.float64)
    assert torch.autograd.gradcheck(lambda *t: native_convolution(taps, *t), tensors)


@pytest.mark.parametrize("name", LARGE)
def test_the_same_bits_for_one_and_more_threads_and_every_time(name, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", 0)
    drawn, before = problem(*LARGE[name], torch.float32), torch.get_num_threads()
    try:
        runs = []
        for threads in (1, 2, 2, 3, 7, 1):
            torch.set_num_threads(threads)
            runs.append(with_gradients(native_convolution, drawn))
    finally:
        torch.set_num_threads(before)
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize("name", LARGE)
def test_a_row_is_the_same_in_any_batch(name):
    taps, x, weight, bias, _ = problem(*LARGE[name], torch.float32)
    whole = native_convolution(taps, x, weight, bias)
    for rows in (slice(0, 1), slice(1, 3), slice(len(x) - 1, len(x))):
        assert torch.equal(native_convolution(taps, x[rows], weight, bias), whole[rows])


def test_what_training_keeps_does_not_change_the_output():
    drawn = problem(*LARGE["two blocks of a CNN"], torch.float32)
    with torch.no_grad():
        alone = native_convolution(*drawn)
    assert torch.equal(native_convolution(*drawn), alone)


def test_any_strides_of_x():
    taps, x, weight, bias, _ = problem((9, 5, 3, 4, 3), Taps(5, -1), torch.float64)
    rows = torch.randn(40, 3, dtype=torch.float64)
    views = [
        rows.as_strided((9, 5, 3), (3, 6, 1)),  # windows over the same rows, as of LagTransformer
        x.detach().flip(1).transpose(0, 1).contiguous().transpose(0, 1),
        x.detach().transpose(1, 2).contiguous().transpose(1, 2),
        x.detach()[:1].expand(9, 5, 3),
    ]
    for view in views:
        ours = native_convolution(taps, view, weight, bias)
        assert torch.equal(ours, native_convolution(taps, view.clone(), weight, bias))


@pytest.mark.parametrize("pool_size", [1, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stay_in_their_row_and_pass_as_in_torch(value, pool_size):
    taps = Taps(8, -1, rectifies=True, pool_size=pool_size)
    drawn = problem((40, 8, 3, 5, 3), taps, torch.float32)
    with torch.no_grad():
        drawn[1][7, 4, 2] = value
    ours, theirs = native_convolution(*drawn), by_definition(*drawn)
    assert torch.isfinite(ours[torch.arange(40) != 7]).all()
    torch.testing.assert_close(ours, theirs, equal_nan=True)
    assert np.isinf(value) or torch.isnan(ours[7]).any()


# ---------------------------------------------------------------- around the kernels


def test_what_is_not_run_in_kernels(monkeypatch):
    x, weight = torch.zeros(2, 3, 4), torch.zeros(5, 3, 1)
    assert runs_in_kernels(x, weight)
    assert not runs_in_kernels(x[:0], weight)
    large = torch.zeros(MOST_WEIGHTS_OF_A_TAP // 3, 3, 1)
    assert runs_in_kernels(x, large)
    assert not runs_in_kernels(x, torch.cat([large, large[:1]]))
    assert not runs_in_kernels(x, weight.double())
    assert not runs_in_kernels(x.half(), weight.half())
    assert not runs_in_kernels(x.to("meta"), weight.to("meta"))
    with torch.autocast("cpu", torch.bfloat16):
        assert not runs_in_kernels(x, weight)
    monkeypatch.setattr("sklearn_rnn._modules.kernels.conv.LIBRARY", None)
    assert not runs_in_kernels(x, weight)


@pytest.mark.parametrize("lengths", [None, torch.tensor([0, 9, 4, 11])])
@pytest.mark.parametrize("kernel_size", [4, (2, 5)])
@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
def test_a_cnn_is_the_same_with_and_without_kernels(lengths, kernel_size, pooling, monkeypatch):
    torch.manual_seed(0)
    module = CNN(3, 11, 2, num_channels=6, kernel_size=kernel_size, pooling=pooling).double()
    x = torch.randn(4, 11, 3, dtype=torch.float64)
    found = []
    for _ in range(2):
        y = module(x, lengths)
        found.append([y, *torch.autograd.grad(y.square().sum(), list(module.parameters()))])
        monkeypatch.setattr("sklearn_rnn._modules.kernels.conv.LIBRARY", None)
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("lengths", [None, torch.tensor([0, 17, 4, 20])])
@pytest.mark.parametrize("options", [{}, {"pooling": "mean"}, {"num_levels": 2}, {"selects": True}])
def test_a_tcn_is_the_same_with_and_without_kernels(lengths, options, monkeypatch):
    torch.manual_seed(0)
    module = TCN(3, 20, 2, num_channels=6, **options).double()
    x = torch.randn(4, 20, 3, dtype=torch.float64, requires_grad=True)
    found = []
    for _ in range(2):
        y = module(x, lengths)
        found.append([y, *torch.autograd.grad(y.square().sum(), [x, *module.parameters()])])
        monkeypatch.setattr("sklearn_rnn._modules.kernels.conv.LIBRARY", None)
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"num_levels": 2}, {"selects": True}])
@pytest.mark.parametrize("shares_rows", [False, True])
def test_the_gradient_of_a_tcn_without_autograd_is_the_same(options, shares_rows, monkeypatch):
    torch.manual_seed(0)
    module, rows = TCN(3, 20, 2, num_channels=6, **options).double(), torch.randn(60, 3)
    x = rows.double().unfold(0, 20, 1).transpose(1, 2)
    x = x if shares_rows else x.contiguous()
    found = []
    for _ in range(2):
        module.zero_grad(set_to_none=False)
        module(x).square().sum().backward()
        expected = [p.grad.clone() for p in module.parameters()]
        assert module.has_vjp()
        with torch.no_grad():
            y, pullback = module.forward_and_vjp(x)
            pullback(2 * y)
        found.append([y, *(p.grad.clone() for p in module.parameters())])
        for a, b in zip(found[-1][1:], expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)
        monkeypatch.setattr("sklearn_rnn._modules.kernels.conv.LIBRARY", None)
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("part", ["conv2", "pooling"])
def test_a_hook_sees_the_features_of_all_steps(part):
    module, seen = CNN(3, 11, 2, num_channels=6), []
    x = torch.randn(4, 11, 3)
    alone = module(x)
    getattr(module, part).register_forward_hook(lambda _, inputs, output: seen.append(inputs))
    torch.testing.assert_close(module(x), alone)
    assert seen[0][0].shape == (4, 6, 6)


@pytest.mark.filterwarnings("ignore")  # torch warns of tracing
def test_a_traced_module_is_made_of_torchs_own_layers():
    module, x = CNN(3, 11, 2, num_channels=6).eval(), torch.randn(4, 11, 3)
    with torch.no_grad():
        kinds = {node.kind() for node in torch.jit.trace(module, x).inlined_graph.nodes()}
    assert "aten::_convolution" in kinds


def test_what_kernels_do_most_of():
    assert is_mostly_native(CNN(3, 11, 2, num_channels=6))
    assert is_mostly_native(CNN(3, 11, 2, num_channels=6, kernel_size=(2, 3)))
    assert is_mostly_native(TCN(3, 11, 2, num_channels=6))
    assert not is_mostly_native(nn.Conv1d(3, 6, 5))


def test_second_derivatives_are_refused():
    drawn = problem((2, 5, 2, 4, 3), Taps(5, -1), torch.float64)
    y = native_convolution(*drawn)
    with pytest.raises(RuntimeError, match=r"differentiated once.*SKLEARN_RNN_NATIVE=0"):
        torch.autograd.grad(y.sum(), drawn[1], create_graph=True)


@pytest.mark.skipif(sys.platform != "linux", reason="memory in use is read from /proc")
def test_no_memory_is_lost_over_a_hundred_thousand_calls():
    layer, x = Convolution(2, 4, 3, pool_size=2), torch.randn(3, 2, 5)

    def calls(n, grad):
        with torch.set_grad_enabled(grad):
            for _ in range(n):
                result = layer(x)[0]
                if grad:
                    result.sum().backward()

    calls(1000, True)
    gc.collect()
    before = resident_bytes()
    calls(5000, True)
    calls(95_000, False)
    gc.collect()
    # one lost state of 48 bytes a call would be 5 MB
    assert resident_bytes() - before < 2**22
