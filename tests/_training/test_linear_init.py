"""Laws of the linear model beside a net: where it starts, what it holds, when it is returned."""

import copy
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from torch import nn

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn._modules.linear_skip import LinearSkip
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.linear_init import Start, combine_with_start
from sklearn_rnn.datasets import load_nyse
from tests.nets import NETS, few_epochs

pytestmark = few_epochs

SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4, 3)) * [1.0, 5.0, 0.2] + [0.0, 3.0, -1.0]
Y = np.c_[X[:, -1, 0] + 0.1 * X[:, 0, 1], np.tanh(X[:, -2, 0])] + 0.1 * RNG.normal(size=(120, 2))
LABELS = np.array(["a", "b", "c"])[(Y[:, 0] > 0) * 1 + (Y[:, 1] > 0.5)]
WEIGHT = RNG.integers(0, 3, size=120).astype(float)


def make(cls, **parameters):
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"linear_skip": True, "random_state": 0, "dtype": "float64", "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def at_start(cls, **parameters):
    """Return an estimator whose one epoch changes nothing."""
    still = {"learning_rate": 1e-300, "max_epochs": 1, "early_stopping": False}
    return make(cls, **{**still, **parameters})


def as_the_net_sees(model, X):
    scale = model.channel_scale_
    return ((X - scale.mean) / scale.scale).reshape(len(X), -1)


# -- the start


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
@pytest.mark.parametrize("y", [Y[:, 0], Y], ids=["one", "two"])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_it_starts_as_the_ridge_regression(weight, y, alpha):
    model = at_start(LSTMRegressor, alpha=alpha).fit(X, y, weight)
    flat, n_outputs = as_the_net_sees(model, X), y[:1].size
    used = np.ones(120) if weight is None else weight
    scale = model.target_scale_.scale
    target = (y.reshape(120, -1) - model.target_scale_.mean) / scale
    # n k alpha: the weights of the samples sum to n, the loss is the mean over k outputs
    n_used = (used > 0).sum()
    ridge = Ridge(alpha=n_used * n_outputs * alpha, solver="svd")
    ridge.fit(flat, target, used * n_used / used.sum())
    expected = ridge.predict(flat).reshape(120, -1) * scale + model.target_scale_.mean
    assert_allclose(model.predict(X).reshape(120, -1), expected, rtol=0, atol=1e-8)
    assert model.linear_share_ == pytest.approx(1.0, abs=1e-12)


def test_without_a_penalty_it_starts_at_least_squares_even_if_columns_repeat():
    doubled = np.concatenate([X, X[:, :, :1], np.ones((120, 4, 1))], 2)
    model = at_start(DenseRegressor, alpha=0.0).fit(doubled, Y[:, 0])
    flat = X.reshape(120, -1)
    expected = LinearRegression().fit(flat, Y[:, 0]).predict(flat)
    assert_allclose(model.predict(doubled), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_for_two_classes_it_starts_as_the_logistic_regression(class_weight):
    labels = LABELS == "a"
    model = at_start(LSTMClassifier, alpha=0.05, class_weight=class_weight).fit(X, labels)
    flat = as_the_net_sees(model, X)
    reference = LogisticRegression(C=1 / (120 * 0.05), class_weight=class_weight, tol=1e-9)
    expected = reference.fit(flat, labels).predict_proba(flat)
    assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-6)


def test_for_several_classes_it_starts_as_the_multinomial_regression():
    model = at_start(DenseClassifier, alpha=0.05).fit(X, LABELS)
    flat = as_the_net_sees(model, X)
    expected = LogisticRegression(C=1 / (120 * 0.05), tol=1e-9).fit(flat, LABELS)
    assert_allclose(model.predict_proba(X), expected.predict_proba(flat), rtol=0, atol=1e-6)


def test_for_another_loss_it_starts_as_the_linear_model_of_that_loss():
    counts = np.random.default_rng(1).poisson(np.exp(0.3 * Y[:, 0]))
    model = at_start(DenseRegressor, loss="poisson", alpha=0.05).fit(X, counts)
    flat = as_the_net_sees(model, X)
    reference = PoissonRegressor(alpha=0.05, tol=1e-9, max_iter=1000)
    expected = reference.fit(flat, counts / counts.mean()).predict(flat) * counts.mean()
    assert_allclose(model.predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
def test_every_net_starts_as_the_same_linear_model(cls):
    y = LABELS == "a" if hasattr(cls, "predict_proba") else Y[:, 0]
    twin = DenseClassifier if hasattr(cls, "predict_proba") else DenseRegressor
    models = [at_start(one).fit(X, y) for one in (cls, twin)]
    raw_output = [getattr(m, "decision_function", m.predict)(X) for m in models]
    assert_allclose(*raw_output, rtol=0, atol=1e-12)
    trained = make(cls, max_epochs=5, learning_rate=0.01, early_stopping=False).fit(X, y)
    assert trained.loss_curve_[-1] < trained.loss_curve_[0]
    assert trained.linear_share_ != 1.0
    again = pickle.loads(pickle.dumps(trained))
    assert_array_equal(again.predict(X), trained.predict(X))


# -- the module


def test_the_module_is_the_sum_of_net_and_linear_model():
    torch.manual_seed(0)
    alone = Dense(3, 4, 2, hidden_layer_sizes=(5,))
    torch.manual_seed(0)
    both = LinearSkip(3, 4, 2, inner=Dense, architecture={"hidden_layer_sizes": (5,)})
    torch.testing.assert_close(both.net.layers[0].weight, alone.layers[0].weight)  # same draw
    x = torch.randn(6, 4, 3)
    assert not both(x).any()
    for parameter in both.parameters():
        torch.nn.init.normal_(parameter)
    expected = both.net(x) + both.linear(x.reshape(6, 12))
    torch.testing.assert_close(both(x), expected)
    lengths = torch.tensor([4, 3, 2, 1, 4, 0])
    padded = x.clone()
    for row, length in zip(padded, lengths, strict=True):
        row[length:] = 0
    torch.testing.assert_close(both(x, lengths), both(padded))


def test_groups_join_those_of_the_net_and_of_the_linear_model():
    model = make(LSTMRegressor, penalty="group", l1_ratio=0.9, alpha=0.03, optimizer="lbfgs")
    noisy = np.concatenate([X, RNG.normal(size=(120, 4, 2))], 2)
    model.fit(noisy, Y[:, 0])
    module = copy.deepcopy(model.net_.module_)
    x = torch.as_tensor(noisy[:10]).requires_grad_()
    module(x).sum().backward()
    assert_array_equal(x.grad.abs().sum((0, 1)).numpy() > 0, model.selected_channels_)
    assert 0 < model.selected_channels_.sum() < 5
    of_dense = make(DenseRegressor, penalty="group", l1_ratio=0.9, alpha=0.05, optimizer="lbfgs")
    assert 0 < of_dense.fit(noisy, Y[:, 0]).selected_lags_.sum() < 4


# -- the end


@pytest.mark.parametrize("cls", [DenseRegressor, LSTMRegressor, TCNRegressor])
def test_early_stopping_returns_the_linear_model_where_the_net_does_harm(cls):
    rng = np.random.default_rng(2)
    y = X[:, -1, 0] + rng.normal(size=120)
    steep = {"learning_rate": 50.0, "max_epochs": 4, "early_stopping": True}
    model = make(cls, **steep).fit(X, y)
    start = at_start(cls, early_stopping=True).fit(X, y)
    assert min(model.validation_loss_curve_) > start.validation_loss_curve_[0]
    assert_array_equal(model.predict(X), start.predict(X))
    assert model.linear_share_ == pytest.approx(1.0)
    without = make(cls, **steep, linear_skip=False).fit(X, y)
    assert not np.array_equal(without.predict(X), start.predict(X))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_never_worse_than_the_linear_model_on_the_validation_data(seed):
    rng = np.random.default_rng(seed)
    y = X[:, -1, 0] + 0.5 * rng.normal(size=120)
    X_val, y_val, X_fit, y_fit = X[100:], y[100:], X[:100], y[:100]
    how = {"learning_rate": 0.03, "random_state": seed}
    model = make(DenseRegressor, **how).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    start = at_start(DenseRegressor, random_state=seed).fit(X_fit, y_fit)
    assert model.score(X_val, y_val) >= start.score(X_val, y_val)


def test_the_share_is_the_covariance_of_the_linear_part_with_the_whole():
    model = make(DenseRegressor, max_epochs=40, learning_rate=0.01, early_stopping=False)
    model.fit(X, Y, WEIGHT)
    flat = torch.as_tensor(as_the_net_sees(model, X))
    module, rows = model.net_.module_, WEIGHT > 0
    with torch.inference_mode():
        parts = [module.linear(flat), module(flat.reshape(120, 4, 3))]
    linear, whole = (part.numpy()[rows] for part in parts)
    pairs = [np.cov(a, b, aweights=WEIGHT[rows]) for a, b in zip(linear.T, whole.T, strict=True)]
    expected = sum(pair[0, 1] for pair in pairs) / sum(pair[1, 1] for pair in pairs)
    assert model.linear_share_ == pytest.approx(expected, abs=1e-9)
    assert 0.3 < model.linear_share_ < 1.0


def test_the_share_falls_where_the_target_bends():
    straight, bent = X[:, -1, 0], np.abs(X[:, -1, 0])
    how = {"optimizer": "lbfgs", "max_epochs": 50, "early_stopping": False}
    shares = [make(DenseRegressor, **how).fit(X, y).linear_share_ for y in (straight, bent)]
    assert shares[0] > 0.9
    assert shares[1] < 0.3


def test_the_number_of_steps_is_fixed():
    model = make(LSTMRegressor, max_epochs=1).fit(X, Y)
    with pytest.raises(
        ValueError, match="X has 3 steps, but LSTMRegressor was fitted on 4 and with "
    ):
        model.predict(X[:, 1:])
    free = make(LSTMRegressor, max_epochs=1, linear_skip=False).fit(X, Y)
    assert free.predict(X[:, 1:]).shape == (120, 2)
    assert not hasattr(free, "linear_share_")


def test_a_warm_start_goes_on_from_what_was_learned():
    how = {"max_epochs": 5, "learning_rate": 0.01, "early_stopping": False, "warm_start": True}
    model = make(DenseRegressor, **how).fit(X, Y[:, 0])
    first = model.loss_curve_[-1]
    assert model.fit(X, Y[:, 0]).loss_curve_[5] < first + 1e-3
    assert len(model.loss_curve_) == 10


@pytest.mark.parametrize("seed", range(2))
def test_on_nyse_it_does_not_lose_to_the_autoregression(seed):
    """A light form of the benchmark ``linear_skip``: ten seeds of every net there.

    At the defaults it may lose up to 0.005: early stopping takes the best of noisy epochs.
    """
    one_cycle = {"lr_schedule": "onecycle", "max_epochs": 20, "learning_rate": 0.003}
    nyse = load_nyse(as_frame=True)
    windows, volume = make_lagged(nyse.data, nyse.target, 5)
    windows, volume = np.asarray(windows), np.ravel(volume)
    past, future = slice(0, 4276), slice(4276, None)
    model = DenseRegressor(linear_skip=True, random_state=seed, **one_cycle)
    model.fit(windows[past], volume[past])
    flat = as_the_net_sees(model, windows)
    ridge = Ridge(alpha=4276 * 0.001).fit(flat[past], volume[past])
    gain = model.score(windows[future], volume[future]) - ridge.score(flat[future], volume[future])
    assert gain > -0.002


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_the_end_lies_between_the_linear_model_and_the_best_epoch(loss, monkeypatch):
    def fitted():
        settings = {"early_stopping": True, "max_epochs": 30, "learning_rate": 0.02}
        return make(LSTMRegressor, loss=loss, **settings).fit(X, Y)

    both = fitted()
    monkeypatch.setattr("sklearn_rnn._training.linear_skip.combine_with_start", lambda *_: None)
    best = fitted()
    start = make(LSTMRegressor, loss=loss, max_epochs=1, learning_rate=1e-30).fit(
        X[:-12], Y[:-12], X_val=X[-12:], y_val=Y[-12:]
    )
    first, last, end = (model.predict(X) for model in (start, best, both))
    shares = ((end - first) / (last - first)).ravel()
    assert_allclose(shares, shares[0], rtol=1e-6)
    assert 0 < shares[0] < 0.5 + 1e-6
    score = {"squared_error": np.square, "absolute_error": np.abs}[loss]
    scale = both.target_scale_.scale
    losses = [score((p - Y)[-12:] / scale).mean() for p in (first, last, end)]
    assert losses[2] <= losses[0]
    tried = [
        score((first + c * (last - first) - Y)[-12:] / scale).mean() for c in np.linspace(0, 1, 21)
    ]
    assert shares[0] == pytest.approx(np.argmin(tried) / 40)


@pytest.mark.parametrize(
    ("criterion", "share"),
    [
        (lambda o, *_: (o - 1).square().mean(), 0.5),
        (lambda o, *_: (4 * o * (1 - o) - 0.1 * o).mean(), 0.0),  # -0.1 at one, 0.95 half-way
    ],
    ids=["convex", "not convex"],
)
def test_it_ends_at_the_linear_model_if_half_way_is_worse(criterion, share):
    dense = {"inner": Dense, "architecture": {"hidden_layer_sizes": (2,)}}
    module = LinearSkip(1, 3, 1, **dense).double()
    nn.init.ones_(module.net.head.linear.bias)  # the best epoch predicts one, the start zero
    start = Start(torch.zeros(1, 3).double(), torch.zeros(1).double())
    x, y = torch.randn(5, 3, 1).double(), torch.zeros(5, 1).double()
    combine_with_start(module, start, Examples(x, y, None, torch.arange(5)), criterion)
    assert_allclose(module(x).detach(), share)


@pytest.mark.parametrize("cls", [DenseRegressor, LSTMRegressor])
@pytest.mark.parametrize("penalty", ["group", "elasticnet"])
def test_zeros_of_a_sparse_net_last_beside_a_linear_model_that_is_sparse_too(cls, penalty):
    X = RNG.normal(size=(600, 4, 3))
    y = X[:, -1, 0] + 0.3 * RNG.normal(size=600)
    how = {"penalty": penalty, "l1_ratio": 1.0, "alpha": 0.1, "linear_skip": True}
    net = cls(**how, max_epochs=60, learning_rate=0.01, random_state=0).fit(X, y)
    assert net.validation_loss_curve_ is not None  # it ended half-way to the best epoch
    linear = net.net_.module_.linear.weight.detach().numpy().reshape(4, 3)
    assert (linear != 0).sum() < 4
    assert linear[-1, 0] != 0
    if penalty == "group" and cls is DenseRegressor:
        assert net.selected_channels_.tolist() == [True, False, False]
        moved = X + np.array([0.0, 5.0, -3.0])
        np.testing.assert_allclose(net.predict(moved), net.predict(X), rtol=1e-6)


def test_a_sparse_start_is_the_lasso():
    X, y = RNG.normal(size=(200, 3, 2)), RNG.normal(size=200)
    y += X[:, -1, 0]
    flat = X.reshape(200, -1)
    how = {"l1_ratio": 1.0, "alpha": 0.05, "standardize": False, "max_epochs": 1}
    net = LSTMRegressor(linear_skip=True, **how, lr_schedule="cosine", learning_rate=1e-12)
    lasso = Lasso(alpha=0.05, tol=1e-12).fit(flat, y)
    np.testing.assert_allclose(net.fit(X, y).predict(X), lasso.predict(flat), atol=1e-6)
