"""Training by the native kernels against autograd, torch's Adam, and itself."""

import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_rnn import RNNRegressor
from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._modules.kernels import loader as library
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.layer import LARGEST_HEAD, LARGEST_HEAD_AT_EACH_STEP
from sklearn_rnn._modules.kernels.loader import MOST_BYTES
from sklearn_rnn._modules.kernels.threads import parts_of
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.layers import set_dropout_generator
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._training.batches import Examples, at_valid_steps
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.flat_parameters import n_weights, new_vector, parameters_as_views
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn._training.state import TrainingState
from tests.nets import needs_library

pytestmark = needs_library
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
SMALL = 0.1
LOSSES = [
    SquaredError(),
    AbsoluteError(),
    Huber(0.7),
    Quantile(0.9),
    Poisson(),
    BinaryCrossEntropy(),
    BinaryCrossEntropy(0.2),
    CrossEntropy(),
    CrossEntropy(0.3),
]
NETS = ["rnn_tanh", "rnn_relu", "lstm", "gru", "coupled"]


def net(cell, n_channels, n_outputs, hidden, dtype, **options):
    options |= {"cell": "lstm", "coupled_gates": True} if cell == "coupled" else {"cell": cell}
    return Recurrent(n_channels, 5, n_outputs, hidden_size=hidden, **options).to(dtype).train()


def seed_dropout(module):
    set_dropout_generator(module, torch.Generator().manual_seed(0))


def native(module, loss):
    return module.native_training(KernelLoss(loss.kernel, loss.option))


def targets(loss, n, n_outputs, dtype):
    if isinstance(loss, CrossEntropy):
        return torch.randint(n_outputs, (n,))
    y = torch.randn(n, n_outputs, dtype=dtype)
    return (y > 0).to(dtype) if isinstance(loss, BinaryCrossEntropy) else y


def by_autograd(module, sequences, loss, ridge):
    """Return the objective, its gradient and that of x, as torch computes them."""
    x, y, weight, lengths = sequences
    x, vector = x.clone().requires_grad_(), new_vector(module)
    with pytest.MonkeyPatch.context() as patch, parameters_as_views(vector, module):
        patch.setattr("sklearn_rnn._modules.kernels.layer.LIBRARY", None)
        seed_dropout(module)
        objective = loss(at_valid_steps(module(x, lengths), lengths), y, weight)
        objective = objective + ridge / 2 * vector[: n_weights(module)].square().sum()
        objective.backward()
        return objective.detach(), vector.grad.clone(), x.grad


def forget_gradients(module):
    for parameter in module.parameters():
        parameter.grad.fill_(np.nan)


def by_kernels(module, sequences, loss, ridge):
    """Return the same from the kernels."""
    vector, dx = new_vector(module), torch.full_like(sequences.x, np.nan)
    with parameters_as_views(vector, module):
        forget_gradients(module)
        seed_dropout(module)
        ridge = Ridge(vector, n_weights(module), ridge)
        return native(module, loss).gradient(sequences, ridge, dx), vector.grad.clone(), dx


def worst_difference(found, exact):
    """Return the largest difference of a number, relative to that of its tensor or `SMALL`."""
    pairs = zip(found, exact, strict=True)
    worst = [(a - b).abs().max().double() / b.abs().max().clamp(min=SMALL) for a, b in pairs]
    return float(torch.stack(worst).max())  # NaN if one of them is


def assert_that_of_autograd(module, loss, shape, n_outputs, *, weighted, padded, each=False):
    batch, n_steps, _ = shape
    dtype = next(module.parameters()).dtype
    x = torch.randn(shape, dtype=dtype)
    lengths = torch.randint(0, n_steps + 1, (batch,)) if padded else None
    n_terms = batch
    if each:
        if padded:
            lengths[0] = n_steps  # there is a target
        n_terms = int(lengths.sum()) if padded else batch * n_steps
    y = targets(loss, n_terms, n_outputs, dtype)
    weight = torch.rand(n_terms, dtype=dtype) if weighted else None
    problem = Sequences(x, y, weight, lengths)
    doubled = [t.double() if t is not None and t.is_floating_point() else t for t in problem]
    exact = by_autograd(deepcopy(module).double(), Sequences(*doubled), loss, 0.1)
    difference = worst_difference(by_kernels(module, problem, loss, 0.1), exact)
    if not difference <= TOLERANCE[dtype]:  # ill-conditioned: torch's own operations lose as much
        assert difference < 2 * worst_difference(by_autograd(module, problem, loss, 0.1), exact)


@given(
    cell=st.sampled_from(NETS),
    loss=st.sampled_from(LOSSES),
    sizes=st.tuples(*(st.integers(1, n) for n in (70, 9, 20, 40, 4))),
    dtype=st.sampled_from(list(TOLERANCE)),
    weighted=st.booleans(),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=150, derandomize=True)
def test_objective_and_gradient_are_those_of_autograd(
    cell, loss, sizes, dtype, weighted, padded, seed
):
    torch.manual_seed(seed)
    batch, n_steps, n_channels, hidden, n_outputs = sizes
    module, shape = net(cell, n_channels, n_outputs, hidden, dtype), (batch, n_steps, n_channels)
    assert_that_of_autograd(module, loss, shape, n_outputs, weighted=weighted, padded=padded)


OPTIONS = [
    {"pooling": "mean"},
    {"return_sequences": True},
    {"bidirectional": True},
    {"num_layers": 3},
    {"dropout": 0.3},
    {"recurrent_dropout": 0.3},
    {"num_layers": 2, "bidirectional": True, "dropout": 0.3, "recurrent_dropout": 0.2},
    {"num_layers": 2, "bidirectional": True, "dropout": 0.3, "return_sequences": True},
    {"num_layers": 2, "bidirectional": True, "recurrent_dropout": 0.3, "pooling": "mean"},
]


@given(
    cell=st.sampled_from(NETS),
    options=st.sampled_from(OPTIONS),
    loss=st.sampled_from(LOSSES),
    sizes=st.tuples(*(st.integers(1, n) for n in (70, 9, 20, 40, 4))),
    dtype=st.sampled_from(list(TOLERANCE)),
    weighted=st.booleans(),
    padded=st.booleans(),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=200, derandomize=True)
def test_options_have_the_objective_and_gradient_of_autograd(
    cell, options, loss, sizes, dtype, weighted, padded, seed
):
    torch.manual_seed(seed)
    n_channels, hidden, n_outputs = sizes[2:]
    module, shape = net(cell, n_channels, n_outputs, hidden, dtype, **options), sizes[:3]
    how = {"weighted": weighted, "padded": padded, "each": module.pooling.kind == "none"}
    assert_that_of_autograd(module, loss, shape, n_outputs, **how)


LITTLE, LITTLER = 60_000, 1  # bytes that make segments, and pass row by row, in the tests below


def set_most_bytes(monkeypatch, most):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.training.MOST_BYTES", most)


@pytest.mark.parametrize("most", [LITTLE, LITTLER])
@pytest.mark.parametrize("cell", NETS)
@pytest.mark.parametrize("options", [{}, *OPTIONS], ids=str)
def test_with_little_memory_the_gradient_is_that_of_autograd(cell, options, most, monkeypatch):
    set_most_bytes(monkeypatch, most)
    torch.manual_seed(0)
    module = net(cell, 3, 2, 6, torch.float64, **options)
    for n_steps, padded in ((70, False), (37, True)):
        how = {"weighted": True, "padded": padded, "each": module.pooling.kind == "none"}
        assert_that_of_autograd(module, Huber(0.7), (37, n_steps, 3), 2, **how)


@pytest.mark.parametrize("cell", NETS)
@pytest.mark.parametrize("options", [{}, {"pooling": "mean"}, {"recurrent_dropout": 0.3}], ids=str)
def test_segments_of_the_steps_change_no_bit(cell, options, monkeypatch):
    module = net(cell, 3, 2, 10, torch.float32, **options)
    lengths = torch.randint(0, 101, (40,))
    batch = Sequences(torch.randn(40, 100, 3), torch.randn(40, 2), None, lengths)
    found = []
    for most in (2**40, 100_000 if "rnn" in cell else 300_000):  # enough for 16 rows in segments
        set_most_bytes(monkeypatch, most)
        found.append(by_kernels(module, batch, SquaredError(), 0.1))
    for whole, in_segments in zip(*found, strict=True):
        assert torch.equal(whole, in_segments)


@pytest.mark.parametrize("most", [LITTLE, LITTLER])
def test_with_little_memory_threads_change_no_bit(most, monkeypatch):
    set_most_bytes(monkeypatch, most)
    module = net("lstm", 3, 2, 10, torch.float32, num_layers=2, bidirectional=True)
    assert_same_bits_for_any_threads(module, monkeypatch, n_steps=50)


def test_a_large_network_over_many_steps_stays_within_the_bound(monkeypatch):
    module, asked = net("lstm", 1, 1, 512, torch.float64), []

    def record(n_bytes, _):
        asked.append(n_bytes)
        raise MemoryError

    monkeypatch.setattr("sklearn_rnn._modules.kernels.training.check_memory", record)
    monkeypatch.setattr("sklearn_rnn._modules.kernels.training.LARGE", 0)
    batch = Sequences(torch.zeros(16, 5000, 1).double(), torch.zeros(16, 1).double())
    for most in (MOST_BYTES, 2**40):
        set_most_bytes(monkeypatch, most)
        with pytest.raises(MemoryError):
            by_kernels(module, batch, SquaredError(), 0.1)
    of_weights = 8 * sum(p.numel() for p in module.parameters())
    assert asked[0] < MOST_BYTES + 4 * of_weights
    assert asked[1] > 2_300_000_000


@pytest.mark.parametrize("cell", NETS)
def test_groups_of_several_chunks(cell):
    torch.manual_seed(0)
    for n_rows in (129, 300):  # 9 and 19 chunks in 8 groups
        module = net(cell, 3, 2, 5, torch.float64)
        assert_that_of_autograd(module, Huber(0.7), (n_rows, 4, 3), 2, weighted=True, padded=False)


def test_two_threads_have_the_same_work(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    for chunks in range(2, 100):
        (first, middle), (also_middle, last) = parts_of(16 * chunks, 10**9)
        assert (first, middle, also_middle, last) == (0, chunks // 2, chunks // 2, chunks)


@pytest.mark.parametrize("cell", NETS)
def test_the_same_bits_for_one_and_two_threads_and_every_time(cell, monkeypatch):
    assert_same_bits_for_any_threads(net(cell, 3, 2, 10, torch.float32), monkeypatch)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_have_the_same_bits_for_one_and_two_threads(options, monkeypatch):
    module = net("gru", 3, 2, 10, torch.float32, **options)
    n_targets = 300 * (5 if module.pooling.kind == "none" else 1)
    assert_same_bits_for_any_threads(module, monkeypatch, n_targets)


def assert_same_bits_for_any_threads(module, monkeypatch, n_targets=300, n_steps=5):
    monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", 0)
    x, y = torch.randn(300, n_steps, 3), torch.randn(n_targets, 2)
    vector, examples = new_vector(module), Sequences(x, y)
    gradients = []
    with parameters_as_views(vector, module):
        for threads in (1, 2, 2):
            monkeypatch.setattr("torch.get_num_threads", lambda n=threads: n)
            seed_dropout(module)
            ridge = Ridge(vector, n_weights(module), 0.1)
            objective = native(module, SquaredError()).gradient(examples, ridge)
            gradients.append((objective, vector.grad.clone()))
    for other in gradients[1:]:
        assert torch.equal(gradients[0][0], other[0])
        assert torch.equal(gradients[0][1], other[1])


def trained(module, x, y, *, apart, threads=1, schedule="constant", **changes):
    """Train for two epochs, batch by batch if `apart`."""
    names = dict.fromkeys(field.name for field in fields(TrainingConfig))
    options = {"alpha": 0.01, "l1_ratio": 0.0, "optimizer": "adam", "mixed": False, "tol": 0.0}
    options |= {"lr_schedule": schedule, "shuffle": True, "batch_size": 16, "patience": 9}
    options |= {"learning_rate": 0.01, "max_epochs": 2, "early_stopping": False, **changes}
    config = TrainingConfig(**{**names, **options})
    torch.manual_seed(0)
    vector = new_vector(module)
    kind, given = OPTIMIZERS[config.optimizer]
    optimizer = kind([vector], lr=0.01, **given)
    observer = (lambda *_: None) if apart else None
    with parameters_as_views(vector, module):
        state = TrainingState.begin(optimizer, config, seed=0)
        trainer = Trainer(module, SquaredError(), config, state, observer)
        weight = np.random.default_rng(0).uniform(size=len(y))
        lengths = np.full(len(x), x.shape[1]) if len(y) > len(x) else None
        examples = Examples.of(x, y, weight, np.arange(0, len(x)), lengths)
        losses = [trainer.step(examples)["train_loss"] for _ in range(2)]
    return vector.detach(), losses, optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize("cell", NETS)
@pytest.mark.parametrize(
    "changes",
    [
        *({}, {"lr_schedule": "onecycle"}, {"shuffle": False}),
        *({"optimizer": name, "lr_schedule": "cosine"} for name in ("adamw", "rmsprop", "sgd")),
    ],
    ids=str,
)
def test_many_batches_in_a_call_are_the_batches_one_by_one(cell, changes, monkeypatch):
    module, x, y = net(cell, 3, 2, 6, torch.float32), torch.randn(70, 5, 3), torch.randn(70, 2)
    assert_trained_alike_in_many_calls(module, x, y, monkeypatch, **changes)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_in_many_batches_in_a_call_are_the_batches_one_by_one(options, monkeypatch):
    module = net("lstm", 3, 2, 6, torch.float32, **options)
    n_targets = 70 * (5 if module.pooling.kind == "none" else 1)
    x, y = torch.randn(70, 5, 3), torch.randn(n_targets, 2)
    assert_trained_alike_in_many_calls(module, x, y, monkeypatch)


def assert_trained_alike_in_many_calls(module, x, y, monkeypatch, **changes):
    results = []
    for worth, apart in ((10**9, True), (10**9, False), (0, False)):
        monkeypatch.setattr("sklearn_rnn._modules.kernels.threads.WORTH_THREADS", worth)
        monkeypatch.setattr("torch.get_num_threads", lambda: 2)
        monkeypatch.setattr("sklearn_rnn._modules.kernels.training.WORK_PER_CALL", 10**4)
        results.append(trained(deepcopy(module), x, y, apart=apart, **changes))
    for vector, losses, rate in results[1:]:
        assert torch.equal(vector, results[0][0])
        assert_allclose(losses, results[0][1], rtol=1e-12)
        assert rate == results[0][2]


@pytest.mark.parametrize("cell", NETS)
@pytest.mark.parametrize("largest", [1e-3, 0.1, 1e9])
def test_gradients_are_clipped_in_many_batches_as_by_torch(cell, largest):
    """To rounding: torch sums the squares of a norm in another order."""
    module, x, y = net(cell, 3, 2, 6, torch.float64), torch.randn(70, 5, 3), torch.randn(70, 2)
    x, y, changes = x.double(), y.double(), {"max_grad_norm": largest, "optimizer": "sgd"}
    theirs, ours = (trained(deepcopy(module), x, y, apart=it, **changes) for it in (True, False))
    assert_allclose(ours[0], theirs[0], rtol=1e-10, atol=1e-12)
    free = trained(module, x, y, apart=False, optimizer="sgd")[0]
    assert torch.equal(ours[0], free) == (largest == 1e9)


def test_a_callback_that_hooks_in_is_served():
    """The control of the test before: something must be called batch by batch."""
    module, seen = net("gru", 3, 2, 6, torch.float32), []
    module.head.register_forward_hook(lambda *_: seen.append(1))
    trained(module, torch.randn(70, 5, 3), torch.randn(70, 2), apart=False)
    assert len(seen) == 2 * 5


@pytest.mark.parametrize("padded", [False, True])
def test_vectors_of_tokens_have_the_gradient_of_autograd(padded):
    torch.manual_seed(0)
    architecture = {"cell": "lstm", "hidden_size": 5}
    module = Embedded(
        1, 6, 2, vocabulary_size=9, embedding_dim=4, inner=Recurrent, architecture=architecture
    )
    module = module.double().train()
    x, y = torch.randint(1, 9, (40, 6, 1)), torch.randn(40, 2).double()
    weight = torch.rand(40)  # of another type than the net
    if padded:
        x[::3, 4:] = 0
        x[1::3, 2] = 0  # a step of zeros, not the end
    vector = new_vector(module)
    with parameters_as_views(vector, module):
        loss = SquaredError()(module(x), y, weight)
        loss.backward()
        expected = vector.grad.clone()
        forget_gradients(module)
        batch, training = Sequences(x, y, weight), native(module, SquaredError())
        for part in (batch.part(0, 7), batch, batch.part(3, 40), batch):  # memory is used again
            found = training.gradient(part, Ridge(vector, 0, 0.0))
        assert_allclose(float(found), float(loss.detach()), rtol=1e-12)
        assert_allclose(vector.grad, expected, rtol=0, atol=1e-12)


def test_what_is_not_trained_by_kernels(monkeypatch):
    loss = KernelLoss(0)
    many = LARGEST_HEAD_AT_EACH_STEP + 1
    for n_outputs, options in (
        (1, {"pooling": "max"}),
        (1, {"pooling": "attention"}),
        (LARGEST_HEAD + 1, {}),
        (many, {"return_sequences": True}),
    ):
        module = Recurrent(3, 5, n_outputs, cell="gru", hidden_size=6, **options).train()
        with parameters_as_views(new_vector(module), module):
            assert module.native_training(loss) is None
    module = net("gru", 3, 1, 6, torch.float32)
    assert module.native_training(loss) is None, "there is no gradient to write over"
    monkeypatch.setattr("sklearn_rnn._modules.kernels.layer.LIBRARY", None)
    with parameters_as_views(new_vector(module), module):
        assert module.native_training(loss) is None


def test_a_divergence_in_the_kernels_is_said_in_words():
    X = np.random.default_rng(0).standard_normal((64, 5, 3))
    with pytest.raises(ValueError, match="diverged"):
        RNNRegressor(nonlinearity="relu", learning_rate=1e30, random_state=0, dtype="float32").fit(
            X, X[:, -1, 0]
        )


SETS = """
import torch
from sklearn_rnn._training.flat_parameters import parameters_as_views, n_weights, new_vector
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.layers import set_dropout_generator
from sklearn_rnn._modules.recurrent import Recurrent
torch.manual_seed(0)
nets = [Recurrent(3, 5, 2, cell=c, hidden_size=13) for c in ("rnn_tanh", "rnn_relu", "lstm", "gru")]
for module in [*nets, Dense(3, 5, 2, hidden_layer_sizes=(13, 7))]:
    module = module.double().train()
    vector, x, y = new_vector(module), torch.randn(300, 5, 3).double(), torch.randn(300, 2).double()
    with parameters_as_views(vector, module):
        training = module.native_training(KernelLoss(0))
        ridge = Ridge(vector, n_weights(module), 0.1)
        print(*training.gradient(Sequences(x, y), ridge).view(1).tolist(), *vector.grad.tolist())
"""


def test_every_set_of_instructions_gives_the_same_gradient():
    found = []
    for name in library.INSTRUCTION_SETS[library.INSTRUCTION_SETS.index(library.INSTRUCTIONS) :]:
        environment = {**os.environ, "SKLEARN_RNN_NATIVE": name}
        command = [sys.executable, "-c", SETS]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        found.append(np.array(done.stdout.split(), dtype=float))
    for other in found[1:]:
        assert_allclose(other, found[0], rtol=0, atol=1e-12)


def test_an_infinite_logit_of_another_class_is_no_loss():
    loss, module = CrossEntropy(), net("gru", 1, 2, 3, torch.float64)
    torch.nn.init.constant_(module.head.linear.bias, -np.inf)
    torch.nn.init.zeros_(module.head.linear.bias[:1])
    batch = Sequences(torch.randn(4, 5, 1).double(), torch.zeros(4, dtype=torch.int64))
    with parameters_as_views(vector := new_vector(module), module):
        assert float(native(module, loss).gradient(batch, Ridge(vector, 0, 0.0))) == 0


def test_what_is_watched_or_frozen_is_not_trained_by_kernels():
    for watch in (
        lambda module: module.head.linear.register_full_backward_hook(lambda *_: None),
        lambda module: module.layers[0].register_forward_hook(lambda *_: None),
        lambda module: module.layers[0].weight_hh_l0.requires_grad_(False),
    ):
        module = net("gru", 3, 1, 6, torch.float32)
        with parameters_as_views(new_vector(module), module):
            assert native(module, SquaredError()) is not None
            watch(module)
            assert native(module, SquaredError()) is None


def test_many_batches_have_no_lengths():
    module = net("gru", 3, 1, 6, torch.float32)
    batch = Sequences(torch.randn(4, 5, 3), torch.randn(4, 1), None, torch.ones(4).long())
    with (
        parameters_as_views(vector := new_vector(module), module),
        pytest.raises(ValueError, match="lengths"),
    ):
        native(module, SquaredError()).train(batch, 2, Ridge(vector, 0, 0.0), None, [])
