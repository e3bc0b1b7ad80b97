"""Laws of the penalties with exact zeros: proximal steps, fixed points, and the classic limits."""

import copy
import inspect
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import ElasticNet, LogisticRegression, MultiTaskElasticNet

import sklearn_rnn
from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    LagElasticNet,
    LSTMRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training import loop as training
from sklearn_rnn._training.flat_parameters import n_weights, new_vector
from sklearn_rnn._training.penalties import input_weights, sparse_penalty
from sklearn_rnn._training.proximal_lbfgs import ProximalLBFGS
from sklearn_rnn._training.proximal_steps import GroupLasso, Lasso, step_sizes
from sklearn_rnn._training.skorch_net import OPTIMIZERS
from sklearn_rnn.datasets import load_hitters, load_nyse
from tests.nets import few_epochs

pytestmark = few_epochs

REGRESSORS = [
    getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__ if name.endswith("Regressor")
]
NETS = [C for C in REGRESSORS if "alpha" in inspect.signature(C).parameters]
SMALL_NETS = {
    "hidden_size": 4,
    "num_channels": 4,
    "hidden_layer_sizes": (4,),
    "bidirectional": True,
}
RNG = np.random.default_rng(0)
X3 = RNG.normal(size=(150, 4, 3))
Y3 = X3[:, -1, 0] - 0.8 * X3[:, -2, 0] + 0.3 * X3[:, -1, 2] * X3[:, -2, 0]


def small(cls, **parameters):
    sizes = {name: value for name, value in SMALL_NETS.items() if name in cls().get_params()}
    settings = {"random_state": 0, "early_stopping": False, "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def linear(cls=DenseRegressor, **parameters):
    """Return a linear model that is fitted to the end."""
    exact = {"optimizer": "lbfgs", "tol": 1e-13, "max_epochs": 1000, "dtype": "float64"}
    whole = {"hidden_layer_sizes": (), "early_stopping": False, "random_state": 0, "device": "cpu"}
    return cls(**{**whole, **exact, **parameters})


def weights_of(model):
    """Return the weights of a linear model: (n_outputs, n_steps * n_channels)."""
    return model.net_.module_.head.linear.weight.detach().numpy()


def standard(values):
    return (values - values.mean(0)) / values.std(0)


def hitters():
    X, y = load_hitters(return_X_y=True, as_frame=True)
    X = pd.get_dummies(X, drop_first=True, dtype=float).to_numpy()
    return X, y.to_numpy(), standard(X), standard(y.to_numpy())


def nyse():
    """Return 5 lags on the training days, as they are and as the net sees them."""
    frame = load_nyse(as_frame=True)
    X, y = make_lagged(frame.data[frame.train], frame.target[frame.train], 5)
    X, y = np.asarray(X), np.ravel(y)
    flat = ((X - X.mean((0, 1))) / X.std((0, 1))).reshape(len(X), -1)
    return X, y, flat, standard(y)


def well_conditioned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 10))
    X[:, 1] += X[:, 0]
    y = X @ [1.0, -1.0, 0.5, 0.3, 0, 0, 0, 0, 0, 0] + rng.normal(size=200)
    return X, y, standard(X), standard(y)


def rest_of_kkt(weights, gradient, strength):
    """Return by how much the lasso's conditions of a minimum fail."""
    active = np.where(weights != 0, np.abs(gradient + strength * np.sign(weights)), 0)
    return max(active.max(), (np.abs(gradient[weights == 0]) - strength).max(initial=0.0))


# -- proximal steps


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("strength", [0.01, 0.5, 2.0])
def test_proximal_steps_fulfil_their_definition(spread, strength):
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(60, dtype=torch.double, generator=rng)
    step = 10 ** (spread * (torch.rand(60, dtype=torch.double, generator=rng) - 0.5))
    w = z.clone()
    Lasso(strength).prox_(w, step)
    assert rest_of_kkt(w.numpy(), ((w - z) / step).numpy(), strength) < 1e-12

    groups = torch.randperm(60, generator=rng)[:50].reshape(10, 5)
    w = z.clone()
    GroupLasso(strength, groups).prox_(w, step)
    outside = torch.ones(60, dtype=torch.bool)
    outside[groups.reshape(-1)] = False
    assert_array_equal(w[outside], z[outside])
    for rows in groups:
        pull, norm = (z[rows] - w[rows]) / step[rows], w[rows].norm()
        if norm:
            assert_allclose(pull, strength * 5**0.5 * w[rows] / norm, rtol=1e-9, atol=1e-12)
        else:
            assert (w[rows] == 0).all()
            assert pull.norm() <= strength * 5**0.5


def test_one_size_and_equal_sizes_are_the_same_step():
    z = torch.randn(12, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    for penalty in (Lasso(0.7), GroupLasso(2.0, torch.arange(12).reshape(4, 3))):
        one, many = z.clone(), z.clone()
        penalty.prox_(one, 0.5)
        penalty.prox_(many, torch.full((12,), 0.5, dtype=torch.double))
        assert_allclose(one, many, rtol=1e-12)
        assert 0 < (one == 0).sum() < 12


@pytest.mark.parametrize("penalty", [Lasso(0.5), GroupLasso(0.5, torch.arange(6).reshape(3, 2))])
def test_least_is_the_strength_that_just_holds_zero(penalty):
    gradient = torch.tensor([0.1, -0.9, 0.3, 0.2, -0.2, 0.1], dtype=torch.double)
    least = penalty.null_strength(gradient)
    scale = penalty.strength / 0.5
    for factor, zero in ((1.001, True), (0.999, False)):
        penalty.strength = factor * least * scale
        w = -gradient.clone()
        penalty.prox_(w, 1.0)
        assert bool((w == 0).all()) is zero
    penalty.strength = 0.5 * scale


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"lbfgs"}))
def test_step_sizes_are_what_a_lasting_gradient_moves(name):
    vector = torch.zeros(3, dtype=torch.double, requires_grad=True)
    optimizer_class, options = OPTIMIZERS[name]
    optimizer = optimizer_class([vector], lr=0.01, **options)
    gradient = torch.tensor([0.5, -2.0, 0.01], dtype=torch.double)
    for _ in range(400):
        vector.grad = gradient.clone()
        before = vector.detach().clone()
        optimizer.step()
    moved = (before - vector.detach()) / gradient
    sizes = torch.as_tensor(step_sizes(optimizer, 2)).expand(2)
    assert_allclose(sizes, moved[:2], rtol=1e-7)  # torch counts steps in single precision


# -- the fixed points are the classic models


@pytest.mark.parametrize("data", [hitters, nyse])
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.1, 1.0), (0.01, 1.0), (0.01, 0.5)])
def test_lbfgs_is_the_elastic_net(data, alpha, l1_ratio):
    X, y, flat, target = data()
    reference = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-12, max_iter=100_000)
    reference.fit(flat, target)
    model = linear(n_channels=X.shape[-1], alpha=alpha, l1_ratio=l1_ratio).fit(X, y)
    found = weights_of(model).ravel()
    assert_allclose(found, reference.coef_, rtol=0, atol=1e-7)
    assert_array_equal(found == 0, reference.coef_ == 0)
    residual = target - flat @ found - model.net_.module_.head.linear.bias.item()
    gradient = -flat.T @ residual / len(y) + alpha * (1 - l1_ratio) * found
    assert rest_of_kkt(found, gradient, alpha * l1_ratio) < 1e-7


@pytest.mark.parametrize("penalty", ["elasticnet", "group"])
def test_lbfgs_is_the_logistic_regression_with_a_lasso(penalty):
    X, y, flat, _ = hitters()
    labels = y > np.median(y)
    alpha = 0.02
    reference = LogisticRegression(
        solver="saga", l1_ratio=1, C=1 / (len(y) * alpha), tol=1e-9, max_iter=100_000
    )
    if reference.penalty == "l2":  # scikit-learn before 1.8 does not read it from l1_ratio
        reference.set_params(penalty="elasticnet")
    reference.fit(flat, labels)
    # with one output each group is a single weight, and the two penalties are the same
    model = linear(DenseClassifier, n_channels=19, alpha=alpha, l1_ratio=1.0, penalty=penalty)
    found = weights_of(model.fit(X, labels))
    assert_allclose(found, reference.coef_, rtol=0, atol=1e-4)
    assert_array_equal(found == 0, reference.coef_ == 0)
    assert_array_equal(model.selected_channels_, (reference.coef_ != 0)[0])
    assert 0 < model.selected_channels_.sum() < 19


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_groups_of_several_outputs_are_the_multi_task_elastic_net(l1_ratio, optimizer):
    X, y, flat, _ = well_conditioned()
    rng = np.random.default_rng(1)
    Y = np.c_[y, X[:, 4] + 0.3 * rng.normal(size=200), X[:, 0] + rng.normal(size=200)]
    alpha, k = 0.05, 3  # our loss is the mean over outputs, and a group has k weights
    lasso, ridge = alpha * l1_ratio * k * k**0.5, alpha * (1 - l1_ratio) * k
    reference = MultiTaskElasticNet(
        alpha=lasso + ridge, l1_ratio=lasso / (lasso + ridge), tol=1e-12, max_iter=100_000
    ).fit(flat, standard(Y))
    net = {"alpha": lasso + ridge, "l1_ratio": lasso / (lasso + ridge), "groups": "column"}
    on_windows = LagElasticNet(**net, tol=1e-12).fit(flat, standard(Y))
    assert_allclose(on_windows.coef_, reference.coef_, rtol=0, atol=1e-7)
    how = {"learning_rate": 0.02, "lr_schedule": "cosine", "batch_size": 200, "max_epochs": 500}
    how = {"optimizer": "lbfgs"} if optimizer == "lbfgs" else {"optimizer": optimizer, **how}
    model = linear(n_channels=10, alpha=alpha, l1_ratio=l1_ratio, penalty="group", **how).fit(X, Y)
    atol = 1e-7 if optimizer == "lbfgs" else 1e-4
    assert_allclose(weights_of(model), reference.coef_, rtol=0, atol=atol)
    assert_array_equal(model.selected_channels_, (reference.coef_ != 0).any(0))
    assert 0 < model.selected_channels_.sum() < 10


RATES = {"adam": 0.02, "adamw": 0.02, "sgd": 0.01, "adagrad": 0.2, "adadelta": 5.0, "rmsprop": 0.02}


@pytest.mark.parametrize("optimizer", RATES)
def test_every_optimizer_comes_to_rest_at_the_lasso(optimizer):
    X, y, flat, target = well_conditioned()
    reference = ElasticNet(alpha=0.1, l1_ratio=1.0, tol=1e-12).fit(flat, target)
    how = {"learning_rate": RATES[optimizer], "lr_schedule": "cosine", "batch_size": 200}
    model = linear(n_channels=10, alpha=0.1, l1_ratio=1.0, optimizer=optimizer, **how).fit(X, y)
    assert_allclose(weights_of(model)[0], reference.coef_, rtol=0, atol=1e-4)
    assert_array_equal(weights_of(model)[0] == 0, reference.coef_ == 0)


def test_adam_is_the_lasso_on_hitters():
    X, y, flat, target = hitters()
    reference = ElasticNet(alpha=0.1, l1_ratio=1.0, tol=1e-12, max_iter=100_000).fit(flat, target)
    how = {"learning_rate": 0.05, "lr_schedule": "cosine", "batch_size": 263}
    model = linear(n_channels=19, alpha=0.1, l1_ratio=1.0, optimizer="adam", **how).fit(X, y)
    assert_allclose(weights_of(model)[0], reference.coef_, rtol=0, atol=1e-4)
    assert_array_equal(weights_of(model)[0] == 0, reference.coef_ == 0)


def test_the_metric_of_plain_descent_leads_adam_elsewhere(monkeypatch):
    """Negative control: with the threshold lr * lambda Adam does not rest at the lasso."""
    X, y, flat, target = well_conditioned()
    reference = ElasticNet(alpha=0.1, l1_ratio=1.0, tol=1e-12).fit(flat, target)
    monkeypatch.setattr(
        training, "step_sizes", lambda optimizer, _: optimizer.param_groups[0]["lr"]
    )
    how = {"learning_rate": 0.01, "lr_schedule": "cosine", "batch_size": 200}
    model = linear(n_channels=10, alpha=0.1, l1_ratio=1.0, optimizer="adam", **how).fit(X, y)
    assert np.abs(weights_of(model)[0] - reference.coef_).max() > 0.05


def test_a_subgradient_alone_gives_no_zero():
    """Negative control: what the penalty would do without its proximal step."""
    X, y, flat, target = well_conditioned()
    model = linear(n_channels=10, alpha=0.1, l1_ratio=1.0, batch_size=200, optimizer="adam")
    assert (weights_of(model.set_params(max_epochs=300, learning_rate=0.01).fit(X, y)) == 0).sum()
    w = torch.full((10,), 0.1, dtype=torch.double, requires_grad=True)
    descent = torch.optim.Adam([w], lr=0.01)
    for _ in range(300):
        descent.zero_grad()
        residual = torch.as_tensor(target) - torch.as_tensor(flat) @ w
        (residual.square().mean() / 2 + 0.1 * w.abs().sum()).backward()
        descent.step()
    assert (w == 0).sum() == 0


@pytest.mark.parametrize("penalty", ["elasticnet", "group"])
def test_a_net_with_a_hidden_layer_fulfils_the_conditions_of_a_minimum(penalty):
    alpha, l1_ratio = 0.02, 0.7
    model = small(
        DenseRegressor,
        activation="tanh",
        alpha=alpha,
        l1_ratio=l1_ratio,
        penalty=penalty,
        optimizer="lbfgs",
        tol=1e-12,
        max_epochs=2000,
    ).fit(X3, Y3)
    module = model.net_.module_
    x = torch.as_tensor((X3 - model.channel_scale_.mean) / model.channel_scale_.scale)
    y = torch.as_tensor(standard(Y3))
    weights = [p for name, p in module.named_parameters() if "bias" not in name]
    loss = (module(x)[:, 0] - y).square().mean() / 2
    loss = loss + alpha * (1 - l1_ratio) / 2 * sum(w.square().sum() for w in weights)
    first, last = (g.numpy() for g in torch.autograd.grad(loss, weights))
    strength = alpha * l1_ratio
    w, v = (weight.detach().numpy() for weight in weights)
    if penalty == "elasticnet":
        assert rest_of_kkt(w, first, strength) < 1e-4
        assert rest_of_kkt(v, last, strength) < 1e-4
    else:
        norm = np.linalg.norm(w, axis=0)
        pull = strength * 2.0 * w[:, norm > 0] / norm[norm > 0]  # 4 weights in a group
        assert np.abs(first[:, norm > 0] + pull).max() < 1e-4
        assert np.linalg.norm(first[:, norm == 0], axis=0).max() <= strength * 2.0
        assert np.abs(last).max() < 1e-4  # the later layer has the ridge part alone
    assert 0 < (w == 0).sum() < w.size


def test_proximal_lbfgs_never_raises_the_objective():
    model = small(LSTMRegressor, optimizer="lbfgs", alpha=0.05, l1_ratio=0.5, max_epochs=60)
    curve = np.array(model.fit(X3, Y3).loss_curve_)
    assert (np.diff(curve) <= 1e-9).all()
    assert curve[-1] < 0.7 * curve[0]


def test_proximal_lbfgs_minimises_a_nonsmooth_function_of_rosenbrock():
    """f = Rosenbrock's valley, R = |x|_1 / 2; the minimum found by a grid, to its resolution."""
    vector = torch.tensor([-1.2, 1.0], dtype=torch.double)
    vector.grad = torch.zeros_like(vector)
    penalty = Lasso(0.5)

    def closure():
        with torch.enable_grad():
            x = vector.clone().requires_grad_()
            value = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
            vector.grad = torch.autograd.grad(value, x)[0]
        return value.detach() + penalty.value(vector)

    search = ProximalLBFGS(vector, 2, penalty, {})
    for _ in range(300):
        search.step(closure)
    found = float(closure())
    a, b = np.meshgrid(np.linspace(0, 1.5, 1501), np.linspace(0, 1.5, 1501))
    grid = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + (np.abs(a) + np.abs(b)) / 2
    assert found <= grid.min() + 1e-9
    assert found > grid.min() - 1e-3


# -- selection


@pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
def test_a_channel_that_is_not_selected_has_no_influence_at_all(cls):
    """There are as many channels as the TCN has filters: no identity may skip the weights."""
    X = np.random.default_rng(1).normal(size=(150, 4, 4))
    y = X[:, -1, 0] - 0.8 * X[:, -2, 0] + 0.5 * X[:, -1, 2]
    how = {"penalty": "group", "l1_ratio": 0.9, "optimizer": "lbfgs", "warm_start": True}
    model = small(cls, max_epochs=50, **how)
    for alpha in np.geomspace(0.002, 0.4, 16):
        chosen = model.set_params(alpha=alpha).fit(X, y).selected_channels_
        if not chosen.all():
            break
    assert chosen.shape == (4,)
    assert chosen[0], "the channel that matters is kept"
    assert not chosen.all(), "something is left out"
    x = torch.as_tensor(X[:20]).requires_grad_()
    model.net_.module_.eval()(x).sum().backward()
    assert_array_equal(x.grad.abs().sum((0, 1)).numpy() > 0, chosen)
    other = np.where(chosen, X, 7.0 * X + 1.0)
    assert_array_equal(model.predict(X), model.predict(other))


def test_dense_nets_select_lags_and_the_others_do_not():
    model = small(DenseRegressor, penalty="group", l1_ratio=0.9, alpha=0.05, optimizer="lbfgs")
    model.fit(X3, Y3)
    x = torch.as_tensor(X3[:20]).requires_grad_()
    model.net_.module_(x).sum().backward()
    used = x.grad.abs().sum(0).numpy() > 0
    assert_array_equal(model.selected_lags_, used.any(1))
    assert_array_equal(model.selected_channels_, used.any(0))
    assert 0 < model.selected_lags_.sum() < 4
    assert not hasattr(small(LSTMRegressor, max_epochs=1).fit(X3, Y3), "selected_lags_")


def test_selection_is_known_after_fit_and_where_weights_can_tell():
    assert not hasattr(DenseRegressor(), "selected_channels_")
    model = small(TCNRegressor, max_epochs=1).fit(X3, Y3)
    assert not hasattr(model, "selected_channels_")
    with pytest.raises(AttributeError, match='for single channels with penalty="group"'):
        _ = model.selected_channels_
    with pytest.raises(ValueError, match="penalty cannot change from 'elasticnet' to 'group'"):
        model.set_params(penalty="group", l1_ratio=0.5, warm_start=True).fit(X3, Y3)
    again = pickle.loads(pickle.dumps(small(DenseRegressor, l1_ratio=1.0).fit(X3, Y3)))
    assert again.selected_channels_.shape == (3,)


@pytest.mark.parametrize(
    "module",
    [
        Dense(3, 4, 2, hidden_layer_sizes=(5,)),
        Dense(3, 4, 2, hidden_layer_sizes=()),
        Recurrent(3, 4, 2, cell="lstm", hidden_size=5, bidirectional=True),
        TCN(3, 4, 2, num_channels=3, selects=True),
    ],
    ids=lambda module: type(module).__name__,
)
def test_input_groups_are_the_weights_that_each_input_meets(module):
    """A module reads exactly the inputs whose groups are not zero, whichever they are."""
    module = copy.deepcopy(module).double()
    shape, labels = module.input_groups()
    assert input_weights(module).shape[:-1] == shape
    settings = SimpleNamespace(alpha=1.0, l1_ratio=1.0, penalty="group")
    penalty = sparse_penalty(module, settings)
    vector = new_vector(module).detach()
    flat = vector[: n_weights(module)][penalty.positions].reshape(*shape, -1)
    assert_array_equal(flat.sort(-1).values, input_weights(module).sort(-1).values)
    n_groups = int(np.prod(shape))
    for group in range(n_groups):
        alone = copy.deepcopy(module)
        with torch.no_grad():
            for name, label in labels.items():
                alone.get_parameter(name)[label != group] = 0
        x = torch.randn(6, 4, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0))
        alone(x.requires_grad_()).sum().backward()
        read = x.grad.abs().sum(0) > 0  # (n_steps, n_channels)
        expected = torch.zeros(read.shape, dtype=torch.bool)
        expected.view(-1)[group::n_groups] = True
        assert_array_equal(read & ~expected, torch.zeros_like(read))
        assert (read & expected).any()


def test_a_tcn_that_selects_begins_as_the_same_function():
    arguments = {"n_channels": 3, "n_steps": 8, "n_outputs": 1, "num_channels": 5}
    modules = []
    for selects in (False, True):
        torch.manual_seed(0)
        modules.append(TCN(**arguments, selects=selects))
    x = torch.randn(4, 8, 3)
    torch.testing.assert_close(modules[0](x), modules[1](x))


# -- what stays as it was


@pytest.mark.parametrize("cls", [DenseRegressor, LSTMRegressor])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_without_a_lasso_groups_change_nothing(cls, optimizer):
    one, other = (
        small(cls, penalty=penalty, alpha=0.1, max_epochs=5, optimizer=optimizer).fit(X3, Y3)
        for penalty in ("elasticnet", "group")
    )
    assert one.loss_curve_ == other.loss_curve_
    assert_array_equal(one.predict(X3), other.predict(X3))
    assert one.selected_channels_.all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_penalty_that_allows_no_input_leaves_none(early_stopping, seed):
    """The weights on the way to zero have a lower validation loss than the constant, by chance."""
    X = np.random.default_rng(0).normal(size=(600, 5, 3))
    net = DenseRegressor(penalty="group", l1_ratio=0.9, alpha=0.3, optimizer="lbfgs")
    net.set_params(early_stopping=early_stopping, random_state=seed, max_epochs=200)
    assert not net.fit(X, X[:, -1, 0] + X[:, -2, 1]).selected_channels_.any()


def test_nothing_is_built_for_a_penalty_that_is_not_there():
    for alpha, l1_ratio in ((0.0, 1.0), (1.0, 0.0)):
        settings = SimpleNamespace(alpha=alpha, l1_ratio=l1_ratio)
        assert sparse_penalty(Dense(2, 2, 1, hidden_layer_sizes=()), settings) is None


def test_a_warm_start_may_turn_the_lasso_on():
    model = small(DenseRegressor, optimizer="lbfgs", alpha=0.1, max_epochs=30, warm_start=True)
    assert (model.fit(X3, Y3).net_.module_.layers[0].weight != 0).all()
    model.set_params(l1_ratio=1.0).fit(X3, Y3)
    assert (model.net_.module_.layers[0].weight == 0).any()
    pickle.loads(pickle.dumps(model)).set_params(alpha=0.2).fit(X3, Y3)


def test_a_module_without_groups_is_named():
    class Opaque(SequenceModule):
        def forward(self, x, lengths=None):
            return x[:, -1]

    settings = SimpleNamespace(alpha=1.0, l1_ratio=0.5, penalty="group")
    with pytest.raises(ValueError, match=r"Opaque does not declare .* set penalty"):
        sparse_penalty(Opaque(), settings)
