"""Windows that share rows: convolved once, with what each window by itself would give."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from sklearn_rnn import LagTransformer, LSTMRegressor, TCNClassifier, TCNRegressor
from sklearn_rnn._modules.overlapping_windows import as_windows, shared_rows
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training.batches import Examples

N_CHANNELS = 3


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


def series(n_rows=80):
    return torch.randn(n_rows, N_CHANNELS, dtype=torch.float64)


def windows(n_steps=20, per_step=1, n_windows=40):
    rows = series(n_windows + (n_steps - 1) * per_step)
    return as_windows(rows[None], n_windows, n_steps, per_step)[0]


def make(kernel_size=3, num_levels=2, n_steps=20, **more):
    sizes = {"num_channels": 4, "kernel_size": kernel_size, "num_levels": num_levels}
    module = TCN(N_CHANNELS, n_steps, 2, **sizes, **more).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


def steps_computed(module, x):
    """Count the steps at which the first convolution is computed."""
    counts = []
    hook = module.blocks[0].conv1.register_forward_hook(
        lambda m, i, out: counts.append(out.shape[:2].numel())
    )
    module(x)
    hook.remove()
    return counts[0]


@pytest.mark.parametrize("per_step", [1, 3])
def test_windows_of_a_series_are_recognised_by_their_strides(per_step):
    x = windows(per_step=per_step)
    found = shared_rows(x)
    assert (found.n_windows, found.n_steps, found.per_step) == (40, 20, per_step)
    assert found.rows.data_ptr() == x.data_ptr()
    again = as_windows(found.rows, found.n_windows, found.n_steps, found.per_step)
    assert torch.equal(again[0], x)


@pytest.mark.parametrize(
    "x",
    [
        windows().contiguous(),
        windows()[::2],
        windows()[:1],
        windows(n_steps=1),
        windows().clone().requires_grad_(),
        torch.zeros(1, 20, N_CHANNELS).expand(40, -1, -1),
    ],
    ids=["copied", "every other", "one", "one step", "leaf", "expanded"],
)
def test_other_windows_are_not(x):
    assert shared_rows(x) is None


@pytest.mark.parametrize(("kernel_size", "num_levels"), [(3, 2), (2, 3), (4, 2), (3, 1)])
@pytest.mark.parametrize("per_step", [1, 3])
@pytest.mark.parametrize("selects", [False, True])
def test_a_window_among_others_is_what_it_is_by_itself(kernel_size, num_levels, per_step, selects):
    module, x = make(kernel_size, num_levels, selects=selects), windows(per_step=per_step)
    assert steps_computed(module, x) < steps_computed(module, x.contiguous()) / 2
    torch.testing.assert_close(module(x), module(x.contiguous()), rtol=0, atol=1e-12)


def test_a_field_beyond_the_window_is_not_shared():
    module, x = make(3, 3), windows()  # reads 29 steps of 20: zeros stand before the first
    assert module.receptive_field == 29
    assert steps_computed(module, x) == steps_computed(module, x.contiguous())
    torch.testing.assert_close(module(x), module(x.contiguous()), rtol=0, atol=1e-12)


def test_stretches_are_windows():
    rows = series(100).view(2, 50, N_CHANNELS)
    module, x = make(), as_windows(rows, 31, 20, 1)  # (2, 31, 20, N_CHANNELS)
    torch.testing.assert_close(module(x), module(x.flatten(0, 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layout", ["shared", "copied", "stretches", "beyond"])
@pytest.mark.parametrize("selects", [False, True])
def test_gradients_without_autograd_are_those_of_autograd(layout, selects):
    module = make(num_levels=3 if layout == "beyond" else 2, selects=selects).train()
    x = windows()
    if layout == "stretches":
        x = as_windows(series(100).view(2, 50, N_CHANNELS), 31, 20, 1)
    elif layout != "shared":
        x = x.contiguous()
    assert not module.has_vjp(), "there is no gradient to write over"
    module(x).square().sum().backward()
    expected = [p.grad.clone() for p in module.parameters()]
    assert module.has_vjp()
    with torch.no_grad():
        outputs, pullback = module.forward_and_vjp(x)
        pullback(2 * outputs)
    torch.testing.assert_close([p.grad for p in module.parameters()], expected)


def test_dropout_and_pooling_are_trained_with_autograd():
    for net in (make(dropout=0.5), make(pooling="mean")):
        net(windows()).sum().backward()
        assert not net.train().has_vjp()


def examples(n=203, n_steps=20, per_step=1):
    x = windows(n_steps, per_step, n + 7)
    index = np.arange(3, n + 3)
    y = torch.arange(n + 7, dtype=torch.float64)[:, None]
    return Examples.of(x, y, np.arange(1.0, n + 8), index), x


@pytest.mark.parametrize("size", [32, 50, 64])
@pytest.mark.parametrize("per_step", [1, 2])
@pytest.mark.parametrize("seed", [0, 1])
def test_stretches_show_each_window_once_with_its_target_and_weight(size, per_step, seed):
    given, x = examples(per_step=per_step)
    generator = torch.Generator().manual_seed(seed)
    batches = list(given.batches(size, generator, receptive_field=9))
    shown = torch.cat([b.y[:, 0] for b in batches]).long()
    assert_array_equal(np.sort(shown), np.arange(3, 206))
    assert not torch.equal(shown, shown.sort().values), "in a random order"
    for batch in batches:
        rows = batch.y[:, 0].long()
        assert batch.x.dim() == 4
        assert len(rows) <= size
        torch.testing.assert_close(batch.x.flatten(0, 1), x[rows])
        torch.testing.assert_close(batch.weight, given.weight[rows])


def test_short_fields_are_trained_on_single_windows():
    generator = torch.Generator().manual_seed(0)
    assert {b.x.dim() for b in examples()[0].batches(32, generator, receptive_field=5)} == {3}


def test_stretches_begin_anywhere():
    begins = set()
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        batches = list(examples()[0].batches(32, generator, receptive_field=9))
        begins |= {int(b.y[0, 0]) % 8 for b in batches}
    assert len(begins) > 1


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_windows_that_do_not_take_part_may_stand_between_the_others(share):
    given, x = examples()
    rng = np.random.default_rng(0)
    index = np.sort(rng.choice(np.arange(3, 206), int(share * 203) + 2, replace=False))
    some = Examples.of(x, given.y, np.arange(1.0, len(x) + 1), index)
    batches = list(some.batches(32, torch.Generator().manual_seed(0), receptive_field=9))
    shown = torch.cat([b.y[:, 0] for b in batches]).long()
    assert_array_equal(np.sort(shown), index)
    for batch in batches:
        rows = batch.y[:, 0].long()
        torch.testing.assert_close(batch.x.flatten(0, 1)[batch.kept], x[rows])
        torch.testing.assert_close(batch.weight, some.weight[rows])


def test_few_windows_among_others_are_trained_one_by_one():
    given, x = examples()
    some = Examples.of(x, given.y, np.ones(len(x)), np.arange(0, 200, 3))
    generator = torch.Generator().manual_seed(0)
    assert {b.x.dim() for b in some.batches(32, generator, receptive_field=9)} == {3}


@pytest.fixture
def lagged():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, N_CHANNELS)).cumsum(axis=0)
    X = LagTransformer(13).fit_transform(rows)[13:]  # complete: others are not fitted
    return X, X[:, -1, 0] + rng.normal(size=len(X))


FIT = {"num_channels": 4, "random_state": 0, "early_stopping": False, "lr_schedule": "cosine"}
FIT |= {"dtype": "float64"}


def test_predictions_for_a_view_are_those_for_a_copy(lagged):
    X, y = lagged
    net = TCNRegressor(max_epochs=2, **FIT).fit(X, y)
    assert_allclose(net.predict(X), net.predict(np.ascontiguousarray(X)), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:TCNRegressor was still improving")  # few epochs are enough
def test_a_full_batch_trains_on_a_view_as_on_a_copy(lagged):
    X, y = lagged
    nets = [
        TCNRegressor(max_epochs=5, optimizer="lbfgs", **FIT).fit(Z, y)
        for Z in (X, np.ascontiguousarray(X))
    ]
    assert_allclose(nets[0].loss_curve_, nets[1].loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("linear_skip", [False, True])
def test_training_on_stretches_learns_what_training_on_windows_learns(lagged, linear_skip):
    X, y = lagged
    fit = {**FIT, "max_epochs": 40, "learning_rate": 0.01, "linear_skip": linear_skip}
    scores = [TCNRegressor(**fit).fit(Z, y).score(Z, y) for Z in (X, np.ascontiguousarray(X))]
    assert min(scores) > 0.9
    assert abs(scores[0] - scores[1]) < 0.05


def test_augmented_windows_are_trained_one_by_one(lagged):
    X, y = lagged
    shapes = set()
    net = TCNRegressor(max_epochs=1, augmentation={"jitter": 0.1}, **FIT).fit(X, y)
    net.net_.module_.register_forward_hook(lambda m, x, out: shapes.add(x[0].dim()))
    net.set_params(warm_start=True).fit(X, y)
    assert shapes == {3}


def test_a_net_without_a_reach_trains_on_a_view_as_on_a_copy(lagged):
    X, y = lagged
    nets = [
        LSTMRegressor(hidden_size=4, max_epochs=2, lr_schedule="cosine", random_state=0).fit(Z, y)
        for Z in (X, np.ascontiguousarray(X))
    ]
    assert nets[0].loss_curve_ == nets[1].loss_curve_


def test_a_pipeline_shares_rows(lagged):
    X, y = lagged
    rows = np.array(X[:, -1])
    shapes = set()
    model = make_pipeline(LagTransformer(13), TCNRegressor(max_epochs=1, **FIT)).fit(rows, y)
    model[-1].net_.module_.blocks[0].register_forward_hook(
        lambda m, x, out: shapes.add(tuple(x[0].shape))
    )
    model.predict(rows)
    assert shapes == {(1, len(rows) + 12, N_CHANNELS)}


@pytest.mark.parametrize("dropout", [0.0, 0.1])  # without and with automatic differentiation
def test_windows_of_weight_zero_do_not_count(lagged, dropout):
    X, y = lagged
    weight = np.ones(len(y))
    weight[::7] = 0
    wrong = np.where(weight > 0, y, 1e6)
    fit = {**FIT, "max_epochs": 3, "dropout": dropout, "standardize": False}
    curves = [
        TCNRegressor(**fit).fit(X, target, sample_weight=weight).loss_curve_
        for target in (y, wrong)
    ]
    assert curves[0] == curves[1]


def test_a_classifier_trains_on_stretches_beside_its_validation_part(lagged):
    X, y = lagged
    dims = set()
    fit = {**FIT, "max_epochs": 1, "early_stopping": True, "dropout": 0.1}
    net = TCNClassifier(**fit).fit(X, y > np.median(y)).set_params(warm_start=True)
    net.net_.module_.register_forward_hook(
        lambda m, x, out: dims.add(x[0].dim()) if m.training else None
    )
    net.fit(X, y > np.median(y))
    assert dims == {4}
