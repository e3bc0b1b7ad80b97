"""Steps that are looked up in a table of projected rows, against the rows themselves."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._modules.kernels import projection
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.layer import native_cell
from sklearn_rnn._modules.kernels.projection import Lookup, distinct_tokens
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.layers import set_dropout_generator
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._training.flat_parameters import n_weights, new_vector, parameters_as_views
from sklearn_rnn._training.losses import SquaredError
from tests._modules.kernels.test_layer import (
    KINDS,
    TOLERANCE,
    by_hand,
    gradients,
    problem,
    worst_difference,
)
from tests.nets import needs_library

pytestmark = needs_library
CELLS = ["rnn_tanh", "rnn_relu", "lstm", "gru", "coupled"]
OPTIONS = [
    {},
    {"pooling": "mean"},
    {"return_sequences": True},
    {"bidirectional": True},
    {"num_layers": 2, "dropout": 0.3},
    {"num_layers": 2, "bidirectional": True, "recurrent_dropout": 0.3},
]


def always_project(patch):
    patch.setattr(projection, "is_faster", lambda *_: True)
    patch.setattr(projection, "FEWEST_STEPS", 0)


def never_project(patch):
    patch.setattr(projection, "is_faster", lambda *_: False)


def leave_it_to_torch(patch):
    patch.setattr("sklearn_rnn._modules.kernels.layer.LIBRARY", None)


@pytest.mark.parametrize("vocabulary", [7, 3000])
def test_distinct_tokens_and_their_places_are_the_tokens(vocabulary):
    tokens, vectors = torch.randint(0, 7, (30, 50)) * (vocabulary // 7), torch.rand(vocabulary, 64)
    rows, numbers = distinct_tokens(tokens, vectors, 8)
    assert len(rows) == 7
    assert torch.equal(rows[numbers], tokens)


@pytest.mark.parametrize(
    ("shape", "n_distinct", "n_channels", "n_units"),
    [((30, 50), 1000, 64, 8), ((3, 50), 7, 64, 8), ((30, 50), 7, 8, 8), ((30, 50), 7, 64, 0)],
)
def test_tokens_are_not_sought_where_that_is_slower(shape, n_distinct, n_channels, n_units):
    tokens = torch.randint(0, n_distinct, shape)
    assert distinct_tokens(tokens, torch.rand(n_distinct, n_channels), n_units) is None


def test_gradients_of_projected_rows_have_a_bound(monkeypatch):
    tokens, vectors = torch.randint(0, 7, (30, 50)), torch.rand(7, 64)
    for n_bytes, fits in ((8 * 7 * 32 * 4, True), (8 * 7 * 32 * 4 - 1, False)):
        monkeypatch.setattr(projection, "MOST_BYTES_OF_GRADIENTS", n_bytes)
        assert (distinct_tokens(tokens, vectors, 32) is not None) == fits


@pytest.mark.parametrize("token", [-1, 7, 10**6])
@pytest.mark.parametrize("vocabulary", [7, 100])
def test_a_token_out_of_range_is_an_error(token, vocabulary):
    tokens = torch.randint(0, 7, (30, 50))
    tokens[3, 4] = token if token < 0 else token + vocabulary - 7
    with pytest.raises(IndexError):
        distinct_tokens(tokens, torch.rand(vocabulary, 64), 8)


# ---------------------------------------------------------------- one layer


def numbers_of(x):
    """Return tokens for x (batch, n_steps, n_channels), whose rows are the vectors."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, -(-x[..., 0].numel() // 3), x.shape[:2], generator=generator)


def by_lookup(options, x, weights, initial):
    return native_cell(options, Lookup(numbers_of(x), x.flatten(0, 1)), weights, initial)


def by_vectors(options, x, weights, initial):
    return by_hand(options, x.flatten(0, 1)[numbers_of(x)], weights, initial)


@given(
    kind=st.sampled_from(KINDS),
    sizes=st.tuples(*(st.integers(1, n) for n in (150, 9, 20, 40))),
    dtype=st.sampled_from(list(TOLERANCE)),
    extras=st.tuples(*[st.booleans()] * 4),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_results_and_gradients_are_those_of_a_loop(kind, sizes, dtype, extras, seed):
    drawn = problem(kind, sizes, dtype, extras, seed)
    difference = worst_difference(drawn, by_lookup, by_vectors)
    if not difference <= TOLERANCE[dtype]:  # ill-conditioned: torch's own operations lose as much
        assert difference < 2 * worst_difference(drawn, by_vectors, by_vectors)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bits_for_any_threads(kind, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", 0)
    drawn, runs = problem(kind, (200, 9, 20, 30), torch.float32, [1, 1, 1, 1], 0), []
    for threads in (1, 2, 3):
        monkeypatch.setattr("torch.get_num_threads", lambda n=threads: n)
        results, grads = gradients(by_lookup, drawn, torch.ones(3, 10**6))
        runs.append([*results, *grads])
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


# ---------------------------------------------------------------- networks that read tokens


def token_net(cell, sizes, dtype, **options):
    vocabulary, dim, hidden, n_outputs = sizes
    options |= {"cell": "lstm", "coupled_gates": True} if cell == "coupled" else {"cell": cell}
    how = {"inner": Recurrent, "architecture": {"hidden_size": hidden, **options}}
    module = Embedded(1, 5, n_outputs, vocabulary_size=vocabulary, embedding_dim=dim, **how)
    torch.nn.init.normal_(module.embedding.weight[1:].detach())
    return module.to(dtype).train()


def gradient(module, batch, choose, by):
    """Return the objective and its gradient, after `choose` has chosen what is projected."""
    vector, ridge = new_vector(module), 0.1
    with pytest.MonkeyPatch.context() as patch, parameters_as_views(vector, module):
        choose(patch)
        set_dropout_generator(module, torch.Generator().manual_seed(0))
        n = n_weights(module)
        if by == "kernels":
            for parameter in filter(lambda p: p.requires_grad, module.parameters()):
                parameter.grad.fill_(torch.nan)
            training = module.native_training(KernelLoss(0))
            return training.gradient(batch, Ridge(vector, n, ridge)), vector.grad.clone()
        outputs = module(batch.x, batch.lengths).flatten(0, -2)
        objective = SquaredError()(outputs, batch.y, batch.weight)
        objective = objective + ridge / 2 * vector[:n].square().sum()
        objective.backward()
        return objective.detach(), vector.grad.clone()


def assert_gradient_is_that_of_vectors(cell, options, sizes, dtype, *, padded):
    batch, n_steps, *of_net = sizes
    module = token_net(cell, of_net, dtype, **options)
    x = torch.randint(0, of_net[0], (batch, n_steps))
    x[:, -1] = of_net[0] - 1  # no padding
    each = module.net.pooling.kind == "none"
    if padded and not each:
        x[::3, n_steps // 2 :] = 0
    n = batch * (n_steps if each else 1)
    y, weight = torch.randn(n, of_net[-1], dtype=dtype), torch.rand(n, dtype=dtype)
    problem, exactly = Sequences(x, y, weight), Sequences(x, y.double(), weight.double())
    exact = gradient(deepcopy(module).double(), exactly, leave_it_to_torch, "autograd")
    for by in ("kernels", "autograd"):
        difference = largest_difference(gradient(module, problem, always_project, by), exact)
        if not difference <= TOLERANCE[dtype]:  # ill-conditioned: torch's operations lose as much
            by_torch = gradient(module, problem, leave_it_to_torch, "autograd")
            assert difference < 2 * largest_difference(by_torch, exact)


@pytest.mark.parametrize("choose", [always_project, never_project])
def test_vectors_that_are_not_trained_are_read_by_the_kernels(choose):
    module = token_net("gru", (20, 7, 6, 2), torch.float64, bidirectional=True)
    module.embedding.weight.requires_grad_(False)
    batch = Sequences(torch.randint(1, 20, (40, 9)), torch.randn(40, 2).double())
    exact = gradient(module, batch, leave_it_to_torch, "autograd")
    assert largest_difference(gradient(module, batch, choose, "kernels"), exact) < 1e-12


def largest_difference(found, exact):
    """Return the largest difference of a number, relative to the largest or a tenth."""
    pairs = zip(found, exact, strict=True)
    worst = [(a - b).abs().max().double() / b.abs().max().clamp(min=0.1) for a, b in pairs]
    return float(torch.stack(worst).max())  # NaN if one of them is


@given(
    cell=st.sampled_from(CELLS),
    options=st.sampled_from(OPTIONS),
    sizes=st.tuples(
        *(st.integers(1, n) for n in (70, 9)), st.integers(2, 60), *map(st.just, (7, 13, 2))
    ),
    dtype=st.sampled_from(list(TOLERANCE)),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=80, derandomize=True, deadline=None)
def test_gradients_are_those_of_vectors(cell, options, sizes, dtype, padded, seed):
    torch.manual_seed(seed)
    assert_gradient_is_that_of_vectors(cell, options, sizes, dtype, padded=padded)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_little_memory_gradients_are_those_of_vectors(cell, options, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.training.MOST_BYTES", 60_000)
    torch.manual_seed(0)
    sizes = (37, 70, 20, 7, 6, 2)
    assert_gradient_is_that_of_vectors(cell, options, sizes, torch.float64, padded=True)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_training_has_the_same_bits_for_any_threads(options, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", 0)
    module = token_net("gru", (50, 7, 13, 2), torch.float32, **options)
    x, n = torch.randint(1, 50, (300, 6)), 300 * (6 if module.net.pooling.kind == "none" else 1)
    batch, runs = Sequences(x, torch.randn(n, 2)), []
    for threads in (1, 2, 3):
        monkeypatch.setattr("torch.get_num_threads", lambda n=threads: n)
        runs.append(gradient(module, batch, always_project, "kernels"))
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize("options", [*OPTIONS, {"pooling": "attention"}], ids=str)
@pytest.mark.parametrize("padded", [False, True])
def test_outputs_are_those_of_vectors(options, padded, monkeypatch):
    torch.manual_seed(0)
    module = token_net("lstm", (20, 7, 13, 2), torch.float64, **options).eval()
    x, lengths = torch.randint(0, 20, (40, 9)), None
    if padded:
        lengths = torch.randint(0, 10, (40,))
        x = torch.where(torch.arange(9) < lengths[:, None], x, -7)  # which is no token
    never_project(monkeypatch)
    expected = module(x, lengths)
    always_project(monkeypatch)
    seen = []
    monkeypatch.setattr(
        "sklearn_rnn._modules.kernels.layer.project",
        lambda *a, **k: seen.append(1) or projection.project(*a, **k),
    )
    for context in (torch.no_grad, torch.enable_grad):
        with context():
            torch.testing.assert_close(module(x, lengths), expected, rtol=0, atol=1e-13)
    assert len(seen) == 2 * (1 + bool(module.net.reverse_layers))


def test_hooks_on_the_embedding_get_the_vectors_of_all_steps(monkeypatch):
    always_project(monkeypatch)
    module, seen = token_net("gru", (20, 7, 13, 2), torch.float64), []
    module.embedding.register_forward_hook(lambda _, __, vectors: seen.append(vectors.shape))
    module(torch.randint(1, 20, (40, 9)))
    assert seen == [(40, 9, 7)]
