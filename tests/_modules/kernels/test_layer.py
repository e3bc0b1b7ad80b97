"""The native kernels against torch's layers, a loop by hand, and themselves."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._modules.kernels import loader as library
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.layer import (
    LARGEST_HIDDEN,
    Options,
    is_mostly_native,
    is_native,
    native_cell,
    native_layer,
)
from sklearn_rnn._modules.kernels.projection import projected
from sklearn_rnn._modules.kernels.threads import n_threads, run_together, threads_for_kernels
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.overlapping_windows import as_windows
from sklearn_rnn._modules.recurrent import CELLS, Recurrent
from sklearn_rnn._sklearn.versions import versions
from sklearn_rnn._training.flat_parameters import new_vector, parameters_as_views
from sklearn_rnn._training.losses import SquaredError
from tests.nets import needs_library

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
N_GATES = {"rnn": (1, 1), "lstm": (4, 3), "gru": (3,)}  # of option 0 and 1
KINDS = [(cell, option) for cell, gates in N_GATES.items() for option in range(len(gates))]


def by_hand(options, x, weights, initial):
    """Unroll the recursion in torch, step by step."""
    w_in, w_state, b_in, b_state = weights
    h, c = (x.new_zeros(len(x), w_state.shape[1]) if s is None else s for s in initial)
    states = []
    for t in range(x.shape[1]):
        h_in = h if options.mask is None else h * options.mask
        a, s = x[:, t] @ w_in.T + b_in, h_in @ w_state.T + b_state
        h_new, c_new = step(options, a, s, h, c)
        if options.lengths is not None:
            valid = (t < options.lengths)[:, None]
            h_new, c_new = torch.where(valid, h_new, h), torch.where(valid, c_new, c)
        h, c = h_new, c_new
        states.append(h)
    return torch.stack(states, 1), h, c


def step(options, a, s, h, c):
    if options.cell == "rnn":
        return (torch.relu(a + s) if options.option else torch.tanh(a + s)), c
    if options.cell == "gru":
        (ar, az, an), (sr, sz, sn) = a.chunk(3, 1), s.chunk(3, 1)
        z = torch.sigmoid(az + sz)
        return (1 - z) * torch.tanh(an + torch.sigmoid(ar + sr) * sn) + z * h, c
    i, *f, g, o = (a + s).chunk(3 if options.option else 4, 1)
    i = torch.sigmoid(i)
    c = (torch.sigmoid(f[0]) if f else 1 - i) * c + i * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def problem(kind, sizes, dtype, extras, seed):
    """Draw arguments of `native_cell`; `extras` tells whether there are initial, mask, lengths."""
    (cell, option), (batch, n_steps, n_channels, hidden) = kind, sizes
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape, scale=1.0):
        values = torch.randn(*shape, generator=generator, dtype=torch.float64) * scale
        return values.to(dtype).requires_grad_()

    units = N_GATES[cell][option] * hidden
    weights = (
        normal(units, n_channels, scale=n_channels**-0.5),
        normal(units, hidden, scale=0.5 * hidden**-0.5),
        normal(units, scale=0.3),
        normal(units, scale=0.3),
    )
    initial = (None, None)
    if extras[0]:
        initial = (normal(batch, hidden), normal(batch, hidden) if cell == "lstm" else None)
    mask = (torch.rand(batch, hidden, generator=generator) < 0.7).to(dtype) / 0.7
    lengths = torch.randint(0, n_steps + 1, (batch,), generator=generator)
    options = Options(
        cell, option, extras[3], mask if extras[1] else None, lengths if extras[2] else None
    )
    return options, normal(batch, n_steps, n_channels), weights, initial


def exactly(problem):
    """Return the same problem in float64."""
    options, x, weights, initial = problem

    def double(t):
        return None if t is None else t.detach().double().requires_grad_()

    mask = None if options.mask is None else options.mask.double()
    return (
        options._replace(mask=mask),
        double(x),
        tuple(map(double, weights)),
        tuple(map(double, initial)),
    )


def gradients(function, problem, given):
    """Return the results and the gradients, those of the results being `given`."""
    options, x, weights, initial = problem
    results = function(options, x, weights, initial)
    wanted = [options.states, True, options.cell == "lstm"]
    results = [r for r, want in zip(results, wanted, strict=True) if want]
    inputs = [t for t in (x, *weights, *initial) if t is not None]
    loss = sum(
        (r * g[: r.numel()].view(r.shape)).sum() for r, g in zip(results, given, strict=False)
    )
    return [r.detach() for r in results], torch.autograd.grad(loss, inputs)


def worst_difference(problem, function=native_cell, exact=by_hand):
    """Return how far results and gradients are from those in float64.

    It is the largest difference of a number, relative to the largest of its tensor or one.
    """
    given = torch.randn(
        3, 2 * 10**5, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    exact = gradients(exact, exactly(problem), given)
    ours = gradients(function, problem, given.to(problem[1].dtype))
    pairs = [pair for a, b in zip(ours, exact, strict=True) for pair in zip(a, b, strict=True)]
    worst = [(a - b).abs().max().double() / b.abs().max().clamp(min=1) for a, b in pairs]
    return float(torch.stack(worst).max())  # NaN if one of them is


def test_python_shares_out_what_the_sources_do():
    chunks = (library.FOLDER / "chunks.h").read_text()
    for name in ("CHUNK", "GROUPS"):
        assert f"#define {name} {getattr(library, name)}" in chunks


sizes = st.tuples(st.integers(1, 70), st.integers(1, 9), st.integers(1, 20), st.integers(1, 40))


@needs_library
@settings(max_examples=150, derandomize=True)
@given(
    kind=st.sampled_from(KINDS),
    sizes=sizes,
    dtype=st.sampled_from([torch.float32, torch.float64]),
    extras=st.tuples(*[st.booleans()] * 4),
    seed=st.integers(0, 2**20),
)
def test_results_and_gradients_are_those_of_a_loop(kind, sizes, dtype, extras, seed):
    drawn = problem(kind, sizes, dtype, extras, seed)
    difference = worst_difference(drawn)
    if not difference <= TOLERANCE[dtype]:  # ill-conditioned: torch's own operations lose as much
        assert difference < 2 * worst_difference(drawn, by_hand)


@needs_library
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_larger_layer(kind, dtype):
    assert worst_difference(problem(kind, (40, 24, 33, 129), dtype, [1] * 4, 0)) < TOLERANCE[dtype]


@needs_library
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_layer_is_torchs_layer(name, dtype):
    torch.manual_seed(0)
    layer = CELLS[name](7, 19, batch_first=True).to(dtype)
    x = torch.randn(45, 11, 7, dtype=dtype, requires_grad=True)
    assert is_native(layer, x)
    states, h, _ = native_layer(layer, x)
    theirs, _ = layer(x)
    torch.testing.assert_close(states, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    assert torch.equal(states[:, -1], h)
    ours = torch.autograd.grad(states.sum(), [x, *layer.parameters()])
    theirs = torch.autograd.grad(theirs.sum(), [x, *layer.parameters()])
    for a, b in zip(ours, theirs, strict=True):
        assert (a - b).abs().max() < 2 * TOLERANCE[dtype] * b.abs().max()


@needs_library
@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(kind):
    options, x, weights, initial = problem(kind, (3, 4, 2, 5), torch.float64, [1, 1, 1, 1], 0)
    n = 2 if initial[1] is not None else 1

    def function(x, *others):
        states, h, c = native_cell(options, x, others[:4], (*others[4:], None)[:2])
        return (states, h, c) if c is not None else (states, h)

    assert torch.autograd.gradcheck(function, (x, *weights, *initial[:n]))


@needs_library
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bits_for_one_and_two_threads_and_every_time(kind):
    drawn = problem(kind, (200, 30, 20, 70), torch.float32, [1, 1, 1, 1], 0)
    given = torch.randn(3, 10**6)
    before = torch.get_num_threads()
    try:
        runs = []
        for threads in (1, 2, 2, 3, 1):
            torch.set_num_threads(threads)
            results, grads = gradients(native_cell, drawn, given)
            runs.append([*results, *grads])
    finally:
        torch.set_num_threads(before)
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


@needs_library
def test_a_row_is_the_same_in_any_batch():
    options, x, weights, initial = problem(("lstm", 0), (67, 5, 3, 12), torch.float32, [0] * 4, 0)
    whole = native_cell(options, x, weights, initial)[1]
    for rows in (slice(0, 1), slice(30, 35), slice(60, 67)):
        assert torch.equal(native_cell(options, x[rows], weights, initial)[1], whole[rows])


@needs_library
def test_any_strides_of_x():
    options, x, weights, initial = problem(("gru", 0), (9, 5, 3, 4), torch.float64, [0] * 4, 0)
    rows = torch.randn(40, 3, dtype=torch.float64)
    views = [
        rows.as_strided((9, 5, 3), (3, 6, 1)),  # windows over the same rows, as of LagTransformer
        x.detach().flip(1).transpose(0, 1).contiguous().transpose(0, 1),
        x.detach().transpose(1, 2).contiguous().transpose(1, 2),
        x.detach()[:1].expand(9, 5, 3),
    ]
    for view in views:
        ours = native_cell(options, view, weights, initial)[1]
        assert torch.equal(ours, native_cell(options, view.clone(), weights, initial)[1])


@needs_library
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hidden", [5, 16])
@pytest.mark.parametrize("per_step", [1, 3])
def test_what_windows_share_is_computed_once(kind, hidden, per_step, monkeypatch):
    options, _, weights, initial = problem(kind, (9, 6, 3, hidden), torch.float64, [1, 1, 0, 1], 0)
    rows = torch.randn(9 + 5 * per_step, 3, dtype=torch.float64)
    windows = as_windows(rows[None], 9, 6, per_step)[0]
    seen = []
    monkeypatch.setattr(
        "sklearn_rnn._modules.kernels.layer.projected",
        lambda shared, *a, **k: seen.append(len(shared.rows[0])) or projected(shared, *a, **k),
    )
    with torch.no_grad():
        once = native_cell(options, windows, weights, initial)
        assert seen == [len(rows)]
        each = native_cell(options, windows.contiguous(), weights, initial)
    assert len(seen) == 1
    torch.testing.assert_close(once, each, rtol=0, atol=1e-13)


@needs_library
def test_steps_that_lie_before_windows_are_not_taken_for_shared_rows(monkeypatch):
    options, _, weights, _ = problem(("gru", 0), (9, 6, 1, 4), torch.float64, [0] * 4, 0)
    monkeypatch.setattr("sklearn_rnn._modules.kernels.layer.projected", None)
    x = torch.randn(6, 900, 1, dtype=torch.float64).transpose(0, 1)[:9]
    with torch.no_grad():
        native_cell(options, x, weights)


def test_an_interrupt_waits_for_the_other_threads():
    done = []

    def function(call):
        if call == b"first":
            raise KeyboardInterrupt
        time.sleep(0.2)
        done.append(call)
        return 0

    with pytest.raises(KeyboardInterrupt):
        run_together(function, [b"first", b"second"])
    assert done == [b"second"]


# ---------------------------------------------------------------- tanh and logistic


def activate(values, logistic):
    """Apply the library's tanh or logistic function to an array of float32 or float64."""
    import ctypes

    bits = values.dtype.itemsize * 8
    function = library.LIBRARY[f"activate_f{bits}_{library.INSTRUCTIONS}"]
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_long]
    function.restype = None
    out = np.empty_like(values)
    function(values.ctypes.data, out.ctypes.data, len(values), logistic)
    return out


def exact_activation(x, logistic):
    return 1 / (1 + np.exp(-x)) if logistic else np.tanh(x)


@needs_library
@pytest.mark.parametrize("logistic", [False, True])
def test_activations_are_within_two_units_in_the_last_place(logistic):
    """Every 331st float32 of all: 13 million."""
    worst = 0.0
    for start in range(0, 2**32, 2**28):
        x = np.arange(start, start + 2**28, 331, dtype=np.uint32).view(np.float32)
        x = x[~np.isnan(x)]
        with np.errstate(over="ignore"):
            exact = exact_activation(x.astype(np.float64), logistic)
        below = np.nextafter(np.abs(exact).astype(np.float32), np.float32(0))
        unit = np.maximum(np.abs(exact).astype(np.float32) - below, np.float32(1.5e-45))
        worst = max(worst, np.max(np.abs(activate(x, logistic) - exact) / unit))
    assert worst <= 2


@needs_library
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_of_special_numbers(dtype):
    x = np.array([np.nan, -np.inf, np.inf, -0.0, 0.0, -1e4, 1e4], dtype)
    np.testing.assert_array_equal(activate(x, False), [np.nan, -1, 1, -0.0, 0, -1, 1])
    np.testing.assert_array_equal(np.signbit(activate(x, False)[3:5]), [True, False])
    np.testing.assert_array_equal(activate(x, True), [np.nan, 0, 1, 0.5, 0.5, 0, 1])


@needs_library
@pytest.mark.parametrize("logistic", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_activation_has_the_same_bits_alone_and_among_others(dtype, logistic):
    """Several vectors go through a function together, the rest of an array one by one."""
    x = np.random.default_rng(0).normal(scale=4, size=333).astype(dtype)
    x[[7, 100, 200]] = np.nan, np.inf, -np.inf
    together = activate(x, logistic)
    alone = [activate(x[i : i + 1], logistic) for i in range(len(x))]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@needs_library
@pytest.mark.parametrize("logistic", [False, True])
def test_activations_in_double_precision(logistic):
    x = np.linspace(-40, 40, 200_001)
    exact = exact_activation(x.astype(np.longdouble), logistic)
    assert np.max(np.abs(activate(x, logistic) - exact) / np.abs(exact).clip(1e-300)) < 5e-16


@needs_library
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_row_and_pass_as_in_torch(kind, value):
    drawn = problem(kind, (40, 4, 3, 5), torch.float32, [0] * 4, 0)
    with torch.no_grad():
        drawn[1][7, 1, 2] = value
    ours, theirs = native_cell(*drawn), by_hand(*drawn)
    clean = torch.arange(40) != 7
    assert torch.isfinite(ours[1][clean]).all()
    assert torch.equal(torch.isnan(ours[1]), torch.isnan(theirs[1]))
    assert np.isnan(value) <= bool(torch.isnan(ours[1][7]).any())


# ---------------------------------------------------------------- around the kernels


def test_what_is_not_native():
    x = torch.zeros(2, 3, 4)
    hooked = nn.LSTM(4, 5, batch_first=True)
    hooked.register_forward_hook(lambda *_: None)

    class Own(nn.GRU):
        pass

    for layer in (
        nn.LSTM(4, 5, num_layers=2, batch_first=True),
        nn.LSTM(4, 5, bidirectional=True, batch_first=True),
        nn.LSTM(4, 5, proj_size=2, batch_first=True),
        nn.LSTM(4, 5, bias=False, batch_first=True),
        nn.LSTM(4, 5, batch_first=True).double(),
        nn.RNN(4, LARGEST_HIDDEN + 1, batch_first=True),
        Own(4, 5, batch_first=True),
        nn.Linear(4, 5),
        hooked,
    ):
        assert not is_native(layer, x)
    assert not is_native(nn.GRU(4, 5), x.to("meta"))
    assert not is_native(nn.GRU(4, 5), x[:0])


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_copies_and_pickles_know_nothing_of_the_kernels(cell):
    module = Recurrent(3, 5, 1, cell=cell, hidden_size=6, num_layers=2)
    names = {f"layers.{i}.{name}" for i in range(2) for name in nn.RNN(1, 1).state_dict()}
    assert set(module.state_dict()) == names | {"head.linear.weight", "head.linear.bias"}
    x = torch.randn(4, 5, 3)
    module(x).sum().backward()
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(x), module(x))


@needs_library
@pytest.mark.filterwarnings("ignore")  # torch warns of tracing, and of its own layers in it
def test_a_traced_module_is_made_of_torchs_own_layers():
    module = Recurrent(3, 5, 1, cell="gru", hidden_size=6).eval()
    x = torch.randn(4, 5, 3)
    with torch.no_grad():
        kinds = {node.kind() for node in torch.jit.trace(module, x).inlined_graph.nodes()}
    assert "aten::gru" in kinds


@needs_library
def test_second_derivatives_are_refused():
    options, x, weights, _ = problem(("gru", 0), (2, 3, 2, 4), torch.float64, [0] * 4, 0)
    _, h, _ = native_cell(options, x, weights)
    with pytest.raises(RuntimeError, match=r"differentiated once.*SKLEARN_RNN_NATIVE=0"):
        torch.autograd.grad(h.sum(), x, create_graph=True)


@needs_library
def test_a_graph_can_be_kept_and_gone_through_twice():
    options, x, weights, _ = problem(("lstm", 0), (2, 3, 2, 4), torch.float64, [0] * 4, 0)
    _, h, _ = native_cell(options, x, weights)
    first = torch.autograd.grad(h.sum(), weights, retain_graph=True)
    for a, b in zip(first, torch.autograd.grad(h.sum(), weights), strict=True):
        assert torch.equal(a, b)


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@needs_library
@pytest.mark.skipif(sys.platform != "linux", reason="memory in use is read from /proc")
def test_no_memory_is_lost_over_a_hundred_thousand_calls():
    drawn = [problem(kind, (3, 2, 2, 4), torch.float32, [1] * 4, 0) for kind in KINDS]
    trained, whole, plain = 10_000, 20_000, 70_000
    module = Recurrent(2, 2, 1, cell="gru", hidden_size=4).train()
    vector, batch = new_vector(module), Sequences(torch.ones(3, 2, 2), torch.ones(3, 1))

    def train(n):
        with parameters_as_views(vector, module):
            training = module.native_training(KernelLoss(SquaredError.kernel))
            for _ in range(n):
                training.gradient(batch, Ridge(vector, 0, 0.0))

    def calls(n, grad):
        with torch.set_grad_enabled(grad):
            for i in range(n):
                result = native_cell(*drawn[i % len(drawn)])[1]
                if grad:
                    result.sum().backward()

    calls(1000, True)
    train(1000)
    gc.collect()
    before = resident_bytes()
    calls(trained, True)
    train(whole)
    calls(plain, False)
    gc.collect()
    # one lost state of 48 bytes a call would be 5 MB
    assert resident_bytes() - before < 2**22


STATES = (
    "import torch; from sklearn_rnn._modules.recurrent import Recurrent; torch.manual_seed(0); "
)
STATES += "m = Recurrent(3, 5, 1, cell='lstm', hidden_size=6).double(); "
STATES += "print(m(torch.ones(2, 5, 3, dtype=torch.float64)).tolist()); "
STATES += "from sklearn_rnn._modules.kernels import loader as library; print(library.STATUS)"


def in_process(**environment):
    command = [sys.executable, "-c", STATES]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    values, status = done.stdout.splitlines()
    return np.array(eval(values)), status


def test_the_kernels_can_be_turned_off_and_chosen():
    torchs, status = in_process(SKLEARN_RNN_NATIVE="0")
    assert status == "none (SKLEARN_RNN_NATIVE=0)"
    plain, status = in_process(SKLEARN_RNN_NATIVE="plain")
    assert status == "plain" or status.startswith("none (")
    np.testing.assert_allclose(plain, torchs, rtol=1e-12)


def test_versions_say_which_kernels_are_active():
    assert versions()["native kernels"] == library.STATUS
    assert library.FOLDER.is_relative_to(versions()["location"])
    assert library.INSTRUCTIONS in ("", *library.INSTRUCTION_SETS)


@needs_library
def test_threads_for_kernels_are_those_of_torch_and_are_given_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_for_kernels():
            assert (torch.get_num_threads(), n_threads()) == (1, 2)
            with threads_for_kernels():
                assert (torch.get_num_threads(), n_threads()) == (1, 2)
            assert (torch.get_num_threads(), n_threads()) == (1, 2)
        assert (torch.get_num_threads(), n_threads()) == (2, 2)
    finally:
        torch.set_num_threads(before)


@needs_library
@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (Recurrent(3, 5, 1, cell="lstm", hidden_size=8, num_layers=2), True),
        (Recurrent(3, 5, 1, cell="lstm", hidden_size=LARGEST_HIDDEN + 1), False),
        (Dense(3, 5, 1, hidden_layer_sizes=(8,)), True),
        (Dense(3, 5, 1, hidden_layer_sizes=(LARGEST_HIDDEN + 1,)), False),
        (
            Embedded(
                1,
                5,
                1,
                vocabulary_size=10_000,
                embedding_dim=4,
                inner=Recurrent,
                architecture={"cell": "gru", "hidden_size": 4},
            ),
            True,
        ),
    ],
    ids=["stacked", "large", "dense", "large dense", "tokens"],
)
def test_what_kernels_do_most_of(net, expected):
    assert is_mostly_native(net) == expected


@needs_library
def test_a_library_of_other_sources_is_not_used(tmp_path, monkeypatch):
    assert library.sources() == library._read_string(library.LIBRARY, "sklearn_rnn_sources")
    for path in library.FOLDER.glob("*.[chs]*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    assert library._load("")[1] in library.INSTRUCTION_SETS
    (tmp_path / "gru.c").write_text("/* another version */")
    with pytest.raises(library._Unavailable, match="run make native"):
        library._load("")


@needs_library
def test_an_unknown_set_of_instructions_is_told():
    with pytest.warns(UserWarning, match="got 'off', which is ignored"):
        library._load("off")
