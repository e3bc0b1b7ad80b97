"""Laws of training: what is the same, what continues, what is left alone, and messages."""

import pickle
import random
import re
import sys
import threading
import warnings
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)

from sklearn_rnn import DenseClassifier, DenseRegressor, GRURegressor, TCNRegressor
from sklearn_rnn._modules.kernels import threads as threads
from sklearn_rnn._modules.kernels.layer import LARGEST_HIDDEN
from sklearn_rnn._sequences.training_data import Data, series_of
from sklearn_rnn._sequences.windows import window_rows
from sklearn_rnn._sklearn.progress import Bar
from sklearn_rnn._training import callbacks as callbacks
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import MAX_VALUES_IN_DOUBLE, MIN_SAMPLES_TO_HOLD_OUT
from sklearn_rnn._training.flat_parameters import is_penalized
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn._training.schedules import cosine, one_cycle
from sklearn_rnn._training.skorch_net import SequenceNet
from tests.nets import NETS, few_epochs

pytestmark = few_epochs

SIZES = {
    "hidden_size": 4,
    "num_layers": 2,
    "num_channels": 4,
    "hidden_layer_sizes": (4, 3),
    "dropout": 0.2,
}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3, 2))
Y = X[:, -1, 0] - X[:, -2, 1] * X[:, -1, 1] + 0.1 * RNG.normal(size=40)
LABELS = np.where(np.arange(40) % 4 == 0, "rare", "usual")
WEIGHT = RNG.integers(0, 3, size=40).astype(float)

each_net = pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
each_task = pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier])


def make(cls=DenseRegressor, **parameters):
    """Return a small net that trains for a moment, in several batches an epoch."""
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 3, "batch_size": 16, "learning_rate": 0.01}
    settings |= {"random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def plain(**parameters):
    """Return a small dense regressor without dropout."""
    return make(DenseRegressor, **{"dropout": 0.0, "hidden_layer_sizes": (4,), **parameters})


def targets(estimator):
    return LABELS if is_classifier(estimator) else Y


def raw_output(estimator, data=X):
    """Return what a fitted estimator says, as numbers."""
    return getattr(estimator, "predict_proba", estimator.predict)(data)


def parameters_of(estimator):
    return [p.detach().numpy() for p in estimator.net_.module_.parameters()]


def assert_same_bits(one, other):
    assert one.loss_curve_ == other.loss_curve_
    assert one.validation_loss_curve_ == other.validation_loss_curve_
    for p, q in zip(parameters_of(one), parameters_of(other), strict=True):
        assert_array_equal(p, q)
    assert_array_equal(raw_output(one), raw_output(other))


class Spy(Callback):
    """Note, at every batch, the learning rate and the targets; at the start, the module."""

    def initialize(self):
        self.rates_, self.seen_, self.threads_ = [], [], set()
        return self

    def on_train_begin(self, net, **_):
        self.start_ = deepcopy(net.module_)

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **_):
        self.train_, self.valid_ = dataset_train, dataset_valid
        self.seen_.append([])
        self.threads_.add(torch.get_num_threads())

    def on_batch_begin(self, net, batch=None, **_):
        self.seen_[-1].append(batch[1].numpy().copy())

    def on_batch_end(self, net, **_):
        self.rates_.append(net.optimizer_.param_groups[0]["lr"])


def spied(estimator, *args, **kwargs):
    """Fit with a spy and return it."""
    estimator.set_params(callbacks=[Spy()]).fit(*args, **kwargs)
    return dict(estimator.net_.callbacks_)["Spy"]


def test_the_nets_are_found():
    assert len(NETS) >= 10


# --- randomness --------------------------------------------------------------------------------


@each_net
def test_the_same_random_state_gives_the_same_bits(cls):
    first = make(cls)
    first.fit(X, targets(first))
    again = deepcopy(parameters_of(first)), list(first.loss_curve_), raw_output(first)
    for other in (first, clone(first), pickle.loads(pickle.dumps(make(cls)))):
        np.random.seed(7)  # noqa: NPY002 - the global generators have no say
        torch.manual_seed(7)
        other.fit(X, targets(first))
        for p, q in zip(parameters_of(other), again[0], strict=True):
            assert_array_equal(p, q)
        assert other.loss_curve_ == again[1]
        assert_array_equal(raw_output(other), again[2])


@each_net
def test_another_random_state_gives_other_weights(cls):
    one, other = make(cls), make(cls, random_state=1)
    one.fit(X, targets(one))
    other.fit(X, targets(one))
    assert not np.allclose(raw_output(one), raw_output(other))


@each_net
def test_fit_and_predict_leave_the_global_generators_as_they_were(cls):
    estimator = make(cls, early_stopping=True, validation_fraction=0.2)

    def state():
        numpy_state = np.random.get_state()  # noqa: NPY002 - the global state is the subject
        torch_state = torch.get_rng_state().numpy().tobytes()
        return numpy_state[1].tobytes(), numpy_state[2:], torch_state, random.getstate()

    before = state()
    estimator.fit(X, targets(estimator))
    estimator.partial_fit(X, targets(estimator))
    raw_output(estimator)
    assert state() == before


def test_a_generator_as_random_state_is_consumed():
    shared = make(random_state=np.random.RandomState(0))
    first = raw_output(shared.fit(X, Y))
    assert not np.allclose(raw_output(shared.fit(X, Y)), first)
    assert_array_equal(raw_output(make(random_state=np.random.RandomState(0)).fit(X, Y)), first)


def test_without_a_random_state_fits_differ():
    assert not np.allclose(
        raw_output(make(random_state=None).fit(X, Y)), raw_output(make(random_state=None).fit(X, Y))
    )


# --- the loop against a plain one ----------------------------------------------------------------


def plain_loop(module, x, y, weight, optimizer, *, size, epochs, alpha, clip):
    """Train as a torch tutorial would, with the penalty in the loss."""
    for _ in range(epochs):
        for rows in torch.arange(len(x)).split(size):
            optimizer.zero_grad()
            loss = ((module(x[rows]) - y[rows]) ** 2 / 2 * weight[rows, None]).mean()
            for name, w in module.named_parameters():
                if is_penalized(module)[name]:
                    loss = loss + alpha / 2 * (w**2).sum()
            loss.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimizer.step()


def adamw(module, lr, decay):
    named, penalized = list(module.named_parameters()), is_penalized(module)
    groups = [
        {"params": [p for name, p in named if penalized[name]], "weight_decay": decay},
        {"params": [p for name, p in named if not penalized[name]], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


TORCH = {
    "adam": torch.optim.Adam,
    "rmsprop": torch.optim.RMSprop,
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
}


def test_every_optimizer_is_held_against_torch():
    assert set(TORCH) | {"adamw", "lbfgs"} == set(OPTIMIZERS)


@pytest.mark.parametrize(
    ("cls", "optimizer"),
    [(DenseRegressor, name) for name in [*TORCH, "adamw"]]
    + [(cls, name) for cls in (GRURegressor, TCNRegressor) for name in ("adam", "adamw")],
)
@pytest.mark.parametrize(("alpha", "clip"), [(0.0, None), (0.1, None), (0.1, 0.05)])
@pytest.mark.parametrize("weight", [np.ones(40), WEIGHT + 1], ids=["equal", "weighted"])
def test_the_loop_is_a_plain_torch_loop(cls, weight, alpha, clip, optimizer):
    estimator = make(
        cls,
        dropout=0.0,
        shuffle=False,
        dtype="float64",
        optimizer=optimizer,
        alpha=alpha,
        max_grad_norm=clip,
    )
    module = spied(estimator, X, Y, sample_weight=weight).start_
    channels = np.average(X, axis=0, weights=weight).mean(axis=0)
    spread = np.sqrt(np.average((X - channels) ** 2, axis=0, weights=weight).mean(axis=0))
    centre = np.average(Y, weights=weight)
    scale = np.sqrt(np.average((Y - centre) ** 2, weights=weight))
    if optimizer == "adamw":  # decays the weights by itself
        stepper, alpha = adamw(module, 0.01, alpha), 0.0
    else:
        stepper = TORCH[optimizer](module.parameters(), lr=0.01)
    plain_loop(
        module.train(),
        torch.tensor((X - channels) / spread),
        torch.tensor((Y - centre) / scale)[:, None],
        torch.tensor(weight / weight.mean()),
        stepper,
        size=16,
        epochs=3,
        alpha=alpha,
        clip=clip,
    )
    for ours, theirs in zip(parameters_of(estimator), module.parameters(), strict=True):
        assert_allclose(ours, theirs.detach(), rtol=0, atol=1e-10)


def test_the_loss_curve_is_the_mean_of_the_objective_over_the_samples():
    alpha, l1_ratio = 0.2, 0.4
    estimator = plain(learning_rate=1e-12, alpha=alpha, l1_ratio=l1_ratio, standardize=False)
    module = spied(estimator, X, Y, sample_weight=WEIGHT).start_
    with torch.no_grad():
        loss = (module(torch.tensor(X))[:, 0].numpy() - Y) ** 2 / 2
    penalized = is_penalized(module)
    weights = [p.detach().numpy() for name, p in module.named_parameters() if penalized[name]]
    penalty = sum(
        alpha * l1_ratio * np.abs(w).sum() + alpha * (1 - l1_ratio) / 2 * (w**2).sum()
        for w in weights
    )
    expected = np.average(loss, weights=WEIGHT) + penalty
    assert_allclose(estimator.loss_curve_, expected, rtol=1e-6)


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 16, 30, 1000])
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("rows", [np.arange(40), np.arange(3, 33)], ids=["all", "some"])
@pytest.mark.parametrize("chunk_size", [1, 2**20])
def test_batches_cover_each_row_once_and_keep_it_together(
    size, shuffled, rows, chunk_size, monkeypatch
):
    monkeypatch.setattr("sklearn_rnn._training.batches.MAX_VALUES_GATHERED", chunk_size)
    number = torch.arange(40, dtype=torch.float64)
    x = number[:, None, None] * torch.ones(40, 3, 2)
    examples = Examples.of(x, number[:, None], 1 + np.arange(40.0), rows)
    generator = torch.Generator().manual_seed(0) if shuffled else None
    batches = list(examples.batches(size, generator))
    seen = torch.cat([y[:, 0] for _, y, *_ in batches]).numpy()
    assert_array_equal(np.sort(seen), rows)
    assert (seen == rows).all() == (not shuffled or size >= len(rows))
    assert {len(y) for _, y, *_ in batches[:-1]} <= {size}
    for x_part, y_part, weight, *_ in batches:
        assert (x_part == y_part[:, :, None]).all()
        assert_allclose(weight.numpy(), (1 + y_part[:, 0].numpy()) / (1 + rows).mean())


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_epoch_sees_each_row_once_in_an_order_of_its_own(shuffle):
    spy = spied(plain(shuffle=shuffle, standardize=False), X, Y)
    orders = [np.concatenate(epoch)[:, 0] for epoch in spy.seen_]
    assert len(orders) == 3
    for order in orders:
        assert_array_equal(np.sort(order), np.sort(Y))
        assert (order == Y).all() == (not shuffle)
    assert (orders[0] == orders[1]).all() == (not shuffle)


@pytest.mark.parametrize(
    ("n_samples", "optimizer", "size"),
    [
        (60, "adam", 60),
        (100, "adam", 32),
        (6400, "adam", 100),
        (100_000, "adam", 512),
        (100, "lbfgs", 100),
    ],
)
def test_the_automatic_size_of_a_batch(n_samples, optimizer, size):
    data = RNG.normal(size=(n_samples, 2))
    estimator = plain(batch_size="auto", optimizer=optimizer, max_epochs=1, early_stopping=False)
    spy = spied(estimator, data, data[:, 0])
    assert len(spy.seen_[0][0]) == size


# --- weights of samples --------------------------------------------------------------------------


@each_task
def test_a_weight_of_two_is_the_row_twice(cls):
    weighted, repeated = (
        make(cls, dropout=0.0, batch_size=1000),
        make(cls, dropout=0.0, batch_size=1000),
    )
    y, counts = targets(weighted), WEIGHT.astype(int)
    weighted.fit(X, y, sample_weight=WEIGHT)
    repeated.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(raw_output(weighted), raw_output(repeated), rtol=1e-9)
    unweighted = make(cls, dropout=0.0, batch_size=1000).fit(X, y)
    assert np.abs(raw_output(unweighted) - raw_output(weighted)).max() > 1e-4


@each_net
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_weight_of_zero_is_the_row_left_out(cls, early_stopping):
    weighted = make(cls, early_stopping=early_stopping, validation_fraction=0.3)
    kept, y = WEIGHT > 0, targets(weighted)
    reduced = clone(weighted).fit(X[kept], y[kept], sample_weight=WEIGHT[kept])
    weighted.fit(X, y, sample_weight=WEIGHT)
    assert 0 < kept.sum() < 40
    assert_same_bits(weighted, reduced)


@each_task
def test_a_common_factor_of_the_weights_changes_nothing(cls):
    y = targets(cls())
    base = make(cls).fit(X, y, sample_weight=WEIGHT)
    assert_same_bits(make(cls).fit(X, y, sample_weight=4 * WEIGHT), base)
    assert_allclose(
        raw_output(make(cls).fit(X, y, sample_weight=0.3 * WEIGHT)), raw_output(base), rtol=1e-9
    )
    assert_same_bits(make(cls).fit(X, y, sample_weight=np.full(40, 4.0)), make(cls).fit(X, y))


# --- early stopping ------------------------------------------------------------------------------


def validation_loss(regressor, data, y):
    error = (regressor.predict(data) - y) / regressor.target_scale_.scale
    return (error**2).mean() / 2


def test_a_regressor_is_validated_on_the_last_rows_and_returns_to_the_best_epoch():
    noise = np.random.default_rng(1).normal(size=40)
    estimator = plain(early_stopping=True, validation_fraction=0.2, max_epochs=60)
    estimator.set_params(learning_rate=0.05, patience=100).fit(X, noise)
    curve = estimator.validation_loss_curve_
    assert np.argmin(curve) + 1 < len(curve) == 60
    assert_allclose(validation_loss(estimator, X[-8:], noise[-8:]), min(curve))
    changed = np.where(np.arange(40) < 32, noise, 100.0)
    other = clone(estimator).fit(X, changed)
    assert other.loss_curve_ == estimator.loss_curve_
    assert other.validation_loss_curve_ != curve


def test_validation_data_that_are_given_are_used_as_those_held_out():
    held_out = plain(early_stopping=True, validation_fraction=0.2).fit(X, Y)
    given = plain(early_stopping=True).fit(X[:-8], Y[:-8], X_val=X[-8:], y_val=Y[-8:])
    assert_same_bits(given, held_out)


def test_without_early_stopping_validation_data_are_only_looked_at():
    estimator = plain(early_stopping=False, learning_rate=0.05, max_epochs=60, patience=100)
    looked = clone(estimator).fit(X[:-8], Y[:-8], X_val=X[-8:], y_val=-Y[-8:])
    assert_allclose(validation_loss(looked, X[-8:], -Y[-8:]), looked.validation_loss_curve_[-1])
    assert looked.validation_loss_curve_[-1] > min(looked.validation_loss_curve_)
    assert_array_equal(raw_output(looked), raw_output(estimator.fit(X[:-8], Y[:-8])))


def test_a_classifier_is_validated_on_a_random_part_with_the_shares_of_the_classes():
    parts = []
    for seed in range(3):
        estimator = make(DenseClassifier, random_state=seed, early_stopping=True)
        spy = spied(estimator.set_params(validation_fraction=0.2), X, LABELS)
        held = spy.valid_.index.numpy()
        assert sorted([*held, *spy.train_.index.numpy()]) == list(range(40))
        assert (LABELS[held] == "rare").sum() == 2
        assert len(held) == 8
        parts.append(tuple(held))
    assert len(set(parts)) == 3


def ends(curve, patience, tol):
    """Return the number of epochs after which patience is lost, by the definition."""
    for epoch in range(patience, len(curve)):
        late = range(epoch - patience + 1, epoch + 1)
        if all(curve[e] >= min(curve[:e]) - tol for e in late):
            return epoch + 1
    return None


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("patience", "tol"), [(2, 1e-2), (3, 1e-3), (5, 0.0)])
def test_training_ends_after_patience_epochs_without_an_improvement_by_tol(
    early_stopping, patience, tol
):
    estimator = plain(early_stopping=early_stopping, validation_fraction=0.2, learning_rate=0.1)
    estimator.set_params(max_epochs=300, patience=patience, tol=tol).fit(X, Y)
    curve = estimator.validation_loss_curve_ if early_stopping else estimator.loss_curve_
    assert estimator.n_iter_ < 300
    assert ends(curve, patience, tol) == estimator.n_iter_ == len(curve)


@pytest.mark.parametrize(
    ("cls", "task"), [(DenseRegressor, "regression"), (DenseClassifier, "classification")]
)
@pytest.mark.parametrize(("n_more", "stops_early"), [(-1, False), (0, True)])
def test_automatic_early_stopping_needs_enough_samples(cls, task, n_more, stops_early):
    n_samples = MIN_SAMPLES_TO_HOLD_OUT[task] + n_more
    data = RNG.normal(size=(n_samples, 2))
    y = data[:, 0] > 0 if is_classifier(cls()) else data[:, 0]
    estimator = make(cls, batch_size="auto", max_epochs=1).fit(data, y)
    assert (estimator.validation_loss_curve_ is not None) == stops_early


def test_automatic_early_stopping_takes_the_validation_data_that_are_given():
    estimator = plain().fit(X, Y, X_val=X, y_val=Y)
    assert len(estimator.validation_loss_curve_) == 3
    assert estimator.net_.config.early_stopping


# --- learning rates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "formula"),
    [("constant", lambda p: 1.0), ("cosine", cosine), ("onecycle", one_cycle)],
)
def test_the_learning_rate_of_every_batch_is_that_of_the_schedule(name, formula):
    spy = spied(plain(lr_schedule=name, max_epochs=5), X, Y)
    assert_allclose(spy.rates_, [0.01 * formula(i / 15) for i in range(15)])


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_learning_rate_falls_to_a_tenth_on_each_plateau(early_stopping):
    estimator = plain(lr_schedule="plateau", patience=6, tol=0.0, max_epochs=300)
    spy = spied(estimator.set_params(early_stopping=early_stopping, learning_rate=0.2), X, Y)
    curve = estimator.validation_loss_curve_ if early_stopping else estimator.loss_curve_
    rate, best, misses, rates = 0.2, np.inf, 0, []
    for loss in curve:
        rates += [rate] * (len(spy.rates_) // len(curve))
        misses = 0 if loss < best else misses + 1
        best = min(best, loss)
        if misses > 3:  # more than half of patience
            rate, misses = rate / 10, 0
    assert_allclose(spy.rates_, rates)
    assert rates[-1] < rates[0]


def test_every_call_starts_at_the_learning_rate_that_is_set():
    estimator = plain(lr_schedule="cosine", warm_start=True)
    spy = spied(estimator, X, Y)
    assert spy.rates_[-1] < 0.001
    estimator.partial_fit(X, Y)
    assert spy.rates_[9:] == [0.01] * 3
    estimator.set_params(lr_schedule="constant", learning_rate=0.5).fit(X, Y)
    assert spy.rates_[12:] == [0.5] * 9


# --- warnings, interruptions, failures -----------------------------------------------------------


def test_a_fit_that_max_epochs_ended_early_warns():
    text = (
        "DenseRegressor was still improving when max_epochs=20 ended the fit; raise max_epochs or "
        "learning_rate."
    )
    with pytest.warns(ConvergenceWarning, match=f"^{re.escape(text)}$") as record:
        plain(max_epochs=20, learning_rate=0.001).fit(X, Y)
    assert [w.filename for w in record] == [__file__]


@pytest.fixture
def unfinished(monkeypatch):
    """Let every fit end while the loss falls."""
    improving = "sklearn_rnn._training.skorch_net.still_improving"
    monkeypatch.setattr(improving, lambda losses, patience, tol: True)


@pytest.mark.parametrize(
    ("best", "text"),
    [
        (35, "was still improving when max_epochs=40 ended the fit; raise max_epochs or learning_"),
        (
            22,
            "did not improve in its last 17 epochs, but max_epochs=40 ended the fit before "
            "patience=30 ran out; raise max_epochs, or lower patience.",
        ),
    ],
)
def test_a_fit_whose_best_epoch_was_long_ago_is_not_told_to_improve(best, text, monkeypatch):
    rises = "sklearn_rnn._training.loop.Trainer.mean_loss"
    monkeypatch.setattr(rises, lambda self, _: 0.01 * abs(self.state.epoch - best))
    net = plain(max_epochs=40, patience=30, early_stopping=True)
    with pytest.warns(ConvergenceWarning, match=f"^DenseRegressor {re.escape(text)}"):
        net.fit(X, Y)
    assert np.argmin(net.validation_loss_curve_) == best


@pytest.mark.usefixtures("unfinished")
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("parameters", [{}, {"loss": "huber"}, {"optimizer": "sgd"}])
@pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier])
def test_the_advice_after_an_exploded_loss_is_not_to_raise_the_rate(
    cls, parameters, early_stopping
):
    settings = {"learning_rate": 100.0, "max_epochs": 4, "early_stopping": early_stopping}
    settings |= parameters if cls is DenseRegressor else {}
    net = make(cls, dropout=0.0, **settings)
    text = r"with a loss of \S+, more than that of a constant .* lower learning_rate\.$"
    with pytest.warns(ConvergenceWarning, match=text) as record:
        net.fit(X, targets(net))
    assert "raise" not in str(record[0].message)


# Two epochs show the loss of a constant, which is known before the first.
@pytest.mark.usefixtures("unfinished")
@pytest.mark.parametrize("weight", [None, np.r_[np.ones(20), np.full(20, 3.0)]])
def test_the_loss_of_a_constant_is_that_of_the_mean(weight):
    for loss, value in {"squared_error": 0.5, "poisson": 1.0}.items():
        net = plain(max_epochs=2, loss=loss).fit(X, np.exp(Y), sample_weight=weight)
        assert net.net_.constant_loss_ == pytest.approx(value, rel=1e-6)
    labels = np.arange(40) % 3
    net = make(DenseClassifier, max_epochs=2).fit(X, labels)
    shares = np.bincount(labels) / 40
    assert net.net_.constant_loss_ == pytest.approx(-shares @ np.log(shares), rel=1e-6)
    steps = GRURegressor(max_epochs=2, return_sequences=True, random_state=0)
    assert steps.fit(X, X[:, :, 0]).net_.constant_loss_ == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_epochs": 300, "learning_rate": 0.1},  # patience was lost
        {"lr_schedule": "cosine"},  # planned to end there
        {"lr_schedule": "onecycle"},
        {"max_epochs": 40, "patience": 20, "learning_rate": 1e-6},  # hardly moves
        {"callbacks": [EarlyStopping(monitor="train_loss", patience=1, threshold=1e6)]},
    ],
)
def test_a_fit_that_is_done_does_not_warn(parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain(**parameters).fit(X, Y)


def test_partial_fit_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain().partial_fit(X, Y).partial_fit(X, Y)


def interrupt(monkeypatch, error, *, after):
    """Let the batch number `after` end in an error, after it has changed the weights."""
    update, calls = Trainer._update, []

    def failing(self, batch):
        calls.append(update(self, batch))
        if len(calls) > after:
            raise error
        return calls[-1]

    monkeypatch.setattr(Trainer, "_update", failing)
    return calls


@each_net
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("no memory")])
def test_an_interrupted_first_fit_leaves_an_unfitted_estimator(cls, error, monkeypatch):
    estimator = make(cls, alpha=0.01, l1_ratio=0.5)  # with which no call trains many batches
    calls = interrupt(monkeypatch, error, after=4)
    with pytest.raises(error if isinstance(error, type) else type(error)):
        estimator.fit(X, targets(estimator))
    assert len(calls) == 5
    assert vars(estimator) == estimator.get_params()


@pytest.mark.parametrize("callbacks", [None, [Spy()]])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_after_an_interruption_everything_is_as_if_it_had_not_been_tried(
    callbacks, method, warm_start, optimizer, monkeypatch
):
    options = {"alpha": 0.01, "l1_ratio": 0.5}  # with which no call trains many batches
    options |= {"warm_start": warm_start, "optimizer": optimizer, "callbacks": callbacks}
    estimator = make(**options).fit(X, Y)
    twin = clone(estimator).fit(X, Y)
    with monkeypatch.context() as patch:
        interrupt(patch, KeyboardInterrupt, after=0)
        with pytest.raises(KeyboardInterrupt):
            getattr(estimator, method)(2 * X + 1, Y)
    assert_same_bits(estimator, twin)
    assert len(estimator.net_.history) == estimator.n_iter_ == 3
    assert_same_bits(getattr(estimator, method)(X, Y), getattr(twin, method)(X, Y))


def test_an_interruption_at_the_end_of_an_epoch_is_raised_too(monkeypatch):
    estimator = plain()
    notify = SequenceNet.notify

    def interrupted(self, hook, **arguments):
        if hook == "on_epoch_end":
            raise KeyboardInterrupt
        notify(self, hook, **arguments)

    monkeypatch.setattr(SequenceNet, "notify", interrupted)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, Y)
    assert vars(estimator) == estimator.get_params()


@pytest.mark.parametrize(
    ("data", "y"),
    [
        (X[:, :, :1], LABELS[:-1]),
        (X[:, :, :1], LABELS == "rare"),
        (np.where(X > 2, np.inf, X), Y > 0),
        (X.reshape(40, 6)[:, :5], Y > 0),
    ],
)
@each_task
def test_a_failed_fit_leaves_the_old_one_usable(cls, data, y):
    estimator = make(cls).fit(X, targets(cls()))
    before, learned = raw_output(estimator), dict(vars(estimator))
    with pytest.raises(ValueError, match=r"NaN|39 samples|infinity|not a multiple|in its last"):
        estimator.set_params(n_channels=2).fit(data, y)
    assert vars(estimator) == {**learned, "n_channels": 2}
    assert_array_equal(raw_output(estimator.set_params(n_channels=None)), before)


@pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier])
def test_a_divergence_is_said_in_words(cls):
    estimator = make(cls, optimizer="sgd", learning_rate=1e20, max_epochs=50, alpha=1.0)
    text = (
        r"^Training diverged: train_loss is (nan|inf) after epoch \d+; lower learning_rate, set "
        r"max_grad_norm, or keep standardize=True\.$"
    )
    with pytest.raises(ValueError, match=text):
        estimator.fit(X, targets(estimator))
    assert vars(estimator) == estimator.get_params()


# --- what is shown, callbacks --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_nothing_is_shown_by_default(method, capfd):
    estimator = plain()
    getattr(estimator, method)(X, Y)
    estimator.predict(X)
    assert capfd.readouterr() == ("", "")


def test_verbose_one_shows_a_line_an_epoch(capfd):
    plain(verbose=1, early_stopping=True).fit(X, Y)
    out, err = capfd.readouterr()
    assert len(re.findall(r"^ +\d .*\d\.\d{4}", out, flags=re.M)) == 3
    assert re.search(r"epoch +train_loss +valid_loss", out)
    assert "\x1b" not in out
    assert err == ""


def test_a_terminal_has_colours(capfd, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    plain(verbose=1).fit(X, Y)
    assert "\x1b[36m" in capfd.readouterr().out


def test_verbose_two_shows_a_bar_with_the_loss(capfd):
    plain(verbose=2, early_stopping=True).fit(X, Y)
    out, err = capfd.readouterr()
    assert out == ""
    assert re.search(r"100%.*3/3 .*epoch.*train_loss=[\d.]+, valid_loss=[\d.]+", err)


def test_the_bar_is_closed_when_training_fails(capfd, monkeypatch):
    batch_by_batch = {"alpha": 0.01, "l1_ratio": 0.5}  # not many of them in a call of the kernels
    estimator = plain(verbose=2, warm_start=True, **batch_by_batch).fit(X, Y)
    interrupt(monkeypatch, KeyboardInterrupt, after=3)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, Y)
    assert capfd.readouterr().err.endswith("\n")
    assert_same_bits(pickle.loads(pickle.dumps(estimator)), estimator)  # an open bar has none


def test_a_callback_of_skorch_stops_training():
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=1e6, threshold_mode="abs")
    estimator = plain(callbacks=[stop], max_epochs=10, patience=10).fit(X, Y)
    assert estimator.n_iter_ == 3


def test_a_callback_of_skorch_schedules_the_learning_rate():
    schedule = LRScheduler(policy="StepLR", step_size=1, gamma=0.5)
    spy_and_schedule = plain(callbacks=[Spy(), schedule]).fit(X, Y)
    rates = dict(spy_and_schedule.net_.callbacks_)["Spy"].rates_
    assert_allclose(rates, np.repeat([0.01, 0.005, 0.0025], 3))


def test_a_callback_of_skorch_clips_the_gradient():
    by_callback = plain(callbacks=[GradientNormClipping(0.05)], optimizer="sgd").fit(X, Y)
    by_parameter = plain(max_grad_norm=0.05, optimizer="sgd").fit(X, Y)
    assert_allclose(raw_output(by_callback), raw_output(by_parameter), rtol=1e-9)
    assert not np.allclose(raw_output(by_callback), raw_output(plain(optimizer="sgd").fit(X, Y)))


def test_the_history_has_a_row_an_epoch():
    estimator = plain(early_stopping=True, validation_fraction=0.2).fit(X, Y)
    history = estimator.net_.history
    assert history[:, "epoch"] == [1, 2, 3]
    assert history[:, "train_loss"] == estimator.loss_curve_
    assert history[:, "valid_loss"] == estimator.validation_loss_curve_
    assert min(history[:, "dur"]) > 0
    for name in ("train_loss", "valid_loss"):
        values = history[:, name]
        lowest = [loss < min([np.inf, *values[:i]]) for i, loss in enumerate(values)]
        assert history[:, f"{name}_best"] == lowest


# --- going on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop", "lbfgs"])
def test_two_warm_fits_are_one_long_fit(optimizer):
    warm = plain(optimizer=optimizer, shuffle=False, warm_start=True, max_epochs=2, tol=0.0)
    first = list(warm.fit(X, Y).loss_curve_)
    assert_same_bits(warm.fit(X, Y), clone(warm).set_params(max_epochs=4).fit(X, Y))
    assert warm.n_iter_ == len(warm.loss_curve_) == 4
    assert warm.loss_curve_[:2] == first


@each_task
def test_partial_fits_are_one_fit_without_a_schedule(cls):
    many = np.tile(X, (3, 1, 1)), np.tile(targets(cls()), 3)  # so many settle the scales
    how = {"shuffle": False, "dropout": 0.0, "max_epochs": 3, "early_stopping": False}
    whole = make(cls, **how).fit(*many)
    parts = clone(whole)
    for epoch in (1, 2, 3):
        parts.partial_fit(*many)
        assert parts.n_iter_ == epoch
    assert_same_bits(parts, whole)


@each_net
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_pickle_goes_on_with_the_same_bits(cls, method):
    estimator = make(cls, warm_start=True)
    y = targets(estimator)
    getattr(estimator, method)(X, y)
    copy = pickle.loads(pickle.dumps(estimator))
    assert_same_bits(copy, estimator)
    assert_same_bits(getattr(copy, method)(X, y), getattr(estimator, method)(X, y))
    assert copy.n_iter_ == (6 if method == "fit" else 2)


def test_going_on_keeps_the_scales_and_starting_anew_does_not():
    estimator = plain(warm_start=True).fit(X, Y)
    scales = estimator.channel_scale_, estimator.target_scale_
    estimator.partial_fit(5 * X + 1, 7 * Y).fit(5 * X + 1, 7 * Y)
    assert (estimator.channel_scale_, estimator.target_scale_) == scales
    estimator.set_params(warm_start=False).fit(5 * X + 1, 7 * Y)
    assert_allclose(estimator.channel_scale_.scale, 5 * X.std(axis=(0, 1)))
    assert_allclose(estimator.target_scale_.scale, 7 * Y.std())
    assert estimator.n_iter_ == 3


def test_going_on_draws_a_new_order_at_each_call():
    estimator = plain(callbacks=[Spy()])
    for _ in range(3):
        estimator.partial_fit(X, Y)
    orders = [np.concatenate(epoch) for epoch in dict(estimator.net_.callbacks_)["Spy"].seen_]
    assert len({order.tobytes() for order in orders}) == 3


def test_a_cold_fit_forgets_the_last_one():
    estimator = make().fit(2 * X, -Y)
    assert_same_bits(estimator.fit(X, Y), make().fit(X, Y))


# --- precision, devices, threads, processes ------------------------------------------------------


def dtype_of(estimator):
    return next(estimator.net_.module_.parameters()).dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_net
def test_the_net_has_the_dtype_and_its_predictions_are_double(cls, dtype):
    estimator = make(cls, dtype=dtype)
    estimator.fit(X, targets(estimator))
    assert dtype_of(estimator) == getattr(torch, dtype)
    assert raw_output(estimator).dtype == np.float64
    other = make(cls, dtype="float64").fit(X, targets(estimator))
    assert_allclose(raw_output(estimator), raw_output(other), atol=1e-4)


@pytest.mark.parametrize(
    ("n_samples", "dtype"),
    [(MAX_VALUES_IN_DOUBLE // 2, "float64"), (MAX_VALUES_IN_DOUBLE // 2 + 1, "float32")],
)
def test_the_automatic_dtype_is_double_for_small_data(n_samples, dtype):
    data = np.random.default_rng(0).normal(size=(n_samples, 2))
    estimator = plain(max_epochs=1, early_stopping=False, batch_size="auto").fit(data, data[:, 0])
    assert dtype_of(estimator) == getattr(torch, dtype)


def test_the_automatic_device_is_cuda_where_there_is_one():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    estimator = plain(device="auto").fit(X, Y)
    assert next(estimator.net_.module_.parameters()).device.type == expected
    assert_same_bits(estimator, plain(device=expected).fit(X, Y))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("worth", "expected"), [(10**12, 1), (0, 2)])
def test_small_steps_get_one_thread_and_the_number_is_restored(worth, expected, monkeypatch):
    monkeypatch.setattr(threads, "OPERATIONS_WORTH_THREADS", worth)
    estimator = plain(hidden_layer_sizes=(LARGEST_HIDDEN + 1,))  # by torch, which takes the threads
    assert spied(estimator, X, Y).threads_ == {expected}
    estimator.predict(X)
    assert torch.get_num_threads() == 2
    with pytest.raises(ValueError, match="diverged"):
        plain(optimizer="sgd", learning_rate=1e20, alpha=1.0, max_epochs=50).fit(X, Y)
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_a_fit_inside_of_a_thread_takes_one_thread(monkeypatch):
    monkeypatch.setattr(threads, "OPERATIONS_WORTH_THREADS", 0)
    estimator = plain()
    worker = threading.Thread(target=lambda: spied(estimator, X, Y))
    worker.start()
    worker.join()
    assert dict(estimator.net_.callbacks_)["Spy"].threads_ == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("backend", ["loky", "threading"])
@each_task
def test_the_number_of_jobs_changes_no_bit(cls, backend):
    estimator, y = make(cls), (Y > 0 if is_classifier(cls()) else Y)
    method = "predict_proba" if is_classifier(estimator) else "predict"
    alone = cross_val_predict(estimator, X, y, cv=KFold(4), method=method)
    scoring = "neg_log_loss" if is_classifier(estimator) else "r2"
    search = GridSearchCV(estimator, {"max_epochs": [3, 20]}, cv=KFold(2), scoring=scoring)
    scores = search.fit(X, y).cv_results_["mean_test_score"]
    with parallel_config(backend):
        together = cross_val_predict(estimator, X, y, cv=KFold(4), method=method, n_jobs=2)
        search.set_params(n_jobs=2).fit(X, y)
    assert_array_equal(together, alone)
    assert_array_equal(search.cv_results_["mean_test_score"], scores)
    assert np.ptp(scores) > 0


def test_a_warm_start_with_another_optimizer_is_refused_and_changes_nothing():
    X = np.random.default_rng(0).normal(size=(40, 4, 1))
    model = DenseRegressor(lr_schedule="cosine", max_epochs=2, warm_start=True, random_state=0)
    model.fit(X, X[:, -1, 0])
    before = model.predict(X)
    message = "optimizer cannot change from 'adam' to 'adamw' when training is continued; set"
    with pytest.raises(ValueError, match=re.escape(message)):
        model.set_params(optimizer="adamw").fit(X, X[:, -1, 0])
    np.testing.assert_array_equal(model.predict(X), before)


OTHERS = {
    "hidden_layer_sizes": (5,),
    "activation": "tanh",
    "loss": "poisson",
    "quantile": 0.9,
    "optimizer": "adamw",
    "linear_skip": True,
    "standardize": False,
    "dtype": "float32",
    "penalty": "group",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_made_the_net_cannot_be_changed_while_it_is_trained_further(name):
    model = plain(warm_start=True).fit(X, Y**2)
    before, weights, n_epochs = model.predict(X), parameters_of(model), model.n_iter_
    text = f"{name} cannot change from {model.get_params()[name]!r} to {OTHERS[name]!r} when"
    model.set_params(**{name: OTHERS[name]})
    for go_on in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=re.escape(text)):
            go_on(X, Y**2)
        assert_array_equal(model.predict(X), before)
        assert len(model.net_.history) == n_epochs
        assert all(map(np.array_equal, weights, parameters_of(model)))
    assert model.set_params(warm_start=False).fit(X, Y**2).n_iter_ == 3


def test_going_on_takes_over_what_may_change(capsys):
    model = plain(warm_start=True).fit(X, Y)
    spy = Spy()
    model.set_params(verbose=1, callbacks=[spy], learning_rate=0.5, max_epochs=2, batch_size=8)
    model.fit(X, Y)
    assert dict(model.net_.callbacks_)["Spy"].rates_ == [0.5] * 10
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert model.n_iter_ == 5


def test_a_warm_start_that_fails_changes_nothing_of_the_net():
    model = plain(warm_start=True).fit(X, Y)
    settings, stopped = model.net_.config, model.net_.stopped_
    with pytest.raises(ValueError, match="diverged"):
        model.set_params(max_grad_norm=1.0, learning_rate=1e200).fit(X, Y)
    assert model.net_.config is settings
    assert model.net_.stopped_ == stopped


def test_going_on_with_early_stopping_never_ends_worse_than_it_began():
    model = plain(early_stopping=True, warm_start=True, max_epochs=60).fit(X, Y)
    held = slice(-4, None)
    before = np.square(model.predict(X[held]) - Y[held]).mean()
    model.set_params(learning_rate=30.0, max_epochs=3).fit(X, Y)
    assert np.square(model.predict(X[held]) - Y[held]).mean() <= before
    assert min(model.validation_loss_curve_[-3:]) > min(model.validation_loss_curve_[:-3])


@pytest.mark.parametrize("name", ["cosine", "onecycle", "plateau"])
def test_the_line_search_of_lbfgs_finds_its_rate_without_a_schedule(name):
    settings = {"optimizer": "lbfgs", "learning_rate": 1e-6, "max_epochs": 40}
    scheduled = plain(lr_schedule=name, **settings).fit(X, Y)
    assert_same_bits(scheduled, plain(**settings).fit(X, Y))
    assert scheduled.loss_curve_[-1] < 0.5 * scheduled.loss_curve_[0]


def test_a_bar_is_closed_when_another_callback_fails_at_the_start(monkeypatch):
    class Broken(Callback):
        def on_train_begin(self, net, **_):
            raise RuntimeError("broken")

    bars = []
    monkeypatch.setattr(callbacks, "Bar", lambda **how: bars.append(Bar(**how)) or bars[-1])
    with pytest.raises(RuntimeError, match="broken"):
        plain(verbose=2, callbacks=[Broken()]).fit(X, Y)
    assert [bar.disable for bar in bars] == [True]  # which closing does


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_epochs", [1, 2, 10])
def test_a_short_fit_of_what_is_known_at_once_does_not_warn(max_epochs):
    plain(max_epochs=max_epochs, alpha=0.0).fit(X, np.ones(40))


def test_a_validation_loss_that_is_not_finite_is_a_divergence(monkeypatch):
    estimator = plain(dtype="float64")
    far = clone(estimator).fit(X, Y, X_val=X, y_val=np.full(40, 1e200))
    assert np.isfinite(far.validation_loss_curve_).all()  # targets are never that far
    monkeypatch.setattr("sklearn_rnn._training.loop.Trainer.mean_loss", lambda *_: float("inf"))
    with pytest.raises(ValueError, match=r"^Training diverged: valid_loss is inf after epoch 1"):
        estimator.fit(X, Y, X_val=X, y_val=Y)
    assert vars(estimator) == estimator.get_params()


def test_weights_that_are_not_finite_after_the_last_step_are_a_divergence():
    estimator = plain(optimizer="sgd", learning_rate=1e60, dtype="float32")
    with pytest.raises(ValueError, match=r"^Training diverged: some weights are not finite"):
        estimator.set_params(max_epochs=1, batch_size=40).fit(X, Y)


WHOLE = ["max_epochs", "batch_size", "patience", "hidden_size", "num_layers", "num_channels"]
WHOLE += ["kernel_size", "num_levels", "n_channels", "hidden_layer_sizes", "pool_size"]


@each_net
def test_numbers_of_numpy_are_numbers(cls):
    declared = make(cls, early_stopping=False).get_params()
    names = [name for name in WHOLE if isinstance(declared.get(name), int | tuple)]
    ours = make(cls, early_stopping=False, **{name: declared[name] for name in names})
    numpys = clone(ours)
    for name in names:
        value = np.array(declared[name])
        numpys.set_params(**{name: value if value.ndim else value[()]})
    numpys.set_params(alpha=np.float32(0), tol=np.float64(0), standardize=np.bool_(True))
    ours.set_params(alpha=0, tol=0)
    assert len(names) > 3
    assert_same_bits(numpys.fit(X, targets(numpys)), ours.fit(X, targets(ours)))


@pytest.mark.parametrize(("n_series", "n_rows"), [(600, 1), (300, 2), (6, 100), (1, 600)])
def test_of_many_short_series_the_stated_share_is_held_out(n_series, n_rows):
    n = n_series * n_rows
    index = pd.MultiIndex.from_product([range(n_series), range(n_rows)])
    data = Data(window_rows(np.zeros((n, 1, 1))), np.zeros((n, 1)), np.ones(n), None, None)
    data = replace(data, series=series_of(pd.DataFrame(index=index), None))
    kept, held = plain()._hold_out(np.arange(n), data, np.random.RandomState(0))
    assert len(held) == 60
    assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(n))
    last_kept = np.full(n_series, -1)
    np.maximum.at(last_kept, kept // n_rows, kept)
    assert (held > last_kept[held // n_rows]).all()  # never before a row that is trained on
    most = np.bincount(held // n_rows).max()
    assert most <= -(-n_rows // 10)


def test_the_linear_share_is_forgotten_with_the_linear_part():
    estimator = plain(linear_skip=True).fit(X, Y)
    assert hasattr(estimator, "linear_share_")
    assert not hasattr(estimator.set_params(linear_skip=False).fit(X, Y), "linear_share_")


@each_net
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "lbfgs"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_the_loss_without_the_penalty_does_not_depend_on_it(cls, optimizer, l1_ratio):
    if (optimizer, l1_ratio) == ("adamw", 0.5):
        l1_ratio = 0.0
    how = {"optimizer": optimizer, "max_epochs": 1, "batch_size": 40, "dropout": 0.0}
    free = make(cls, alpha=0.0, **how).fit(X, targets(cls()))
    net = make(cls, alpha=0.3, l1_ratio=l1_ratio, **how).fit(X, targets(cls()))
    assert net.penalty_curve_[0] > 0.01
    np.testing.assert_allclose(
        np.subtract(net.loss_curve_, net.penalty_curve_), free.loss_curve_, rtol=1e-5
    )
    assert free.penalty_curve_ == [0.0]


def test_the_penalty_of_an_epoch_is_between_those_of_its_begin_and_end():
    net = plain(alpha=1.0, batch_size=4, max_epochs=30).fit(X, Y)
    rest = np.subtract(net.loss_curve_, net.penalty_curve_)
    assert (np.diff(net.penalty_curve_) < 0).all()
    assert (rest > 0).all()
    assert len(net.penalty_curve_) == len(net.loss_curve_) == 30
