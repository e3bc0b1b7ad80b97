"""Warnings about how a training run ended: a network that is no better than a constant."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch.nn.utils import parameters_to_vector

from sklearn_rnn import DenseClassifier, DenseRegressor, GRURegressor
from sklearn_rnn._training.convergence import constant_loss
from sklearn_rnn.exceptions import NothingLearnedWarning
from sklearn_rnn.model_selection import compare_models

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 5, 1))
Y = X[:, 0, 0]
STRONG = {"alpha": 10.0, "random_state": 0, "hidden_layer_sizes": (16, 16)}
SLOW = {"alpha": 0.0, "learning_rate": 1e-7}


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({}, r"the penalty may be too strong; lower alpha=10,"),
        (
            {**SLOW, "max_epochs": 25, "tol": 0.0, "lr_schedule": "cosine"},
            r"there may be too few epochs; raise max_epochs=25,",
        ),
        (SLOW, r"raise patience=20,"),
    ],
)
def test_a_network_that_learns_nothing_says_so_and_names_a_cause(settings, cause):
    net = DenseRegressor(**{**STRONG, **settings})
    with pytest.warns(NothingLearnedWarning, match=cause) as caught:
        net.fit(X, Y)
    assert caught[0].filename == __file__
    assert "no better than that of a constant" in str(caught[0].message)


@pytest.mark.parametrize("alpha", [0.0, 0.001, 100.0])
def test_a_strong_penalty_is_named_however_many_the_epochs(alpha):
    short = {"max_epochs": 25, "tol": 0.0, "lr_schedule": "cosine", "learning_rate": 1e-7}
    net = DenseRegressor(**{**STRONG, **short, "alpha": alpha})
    with pytest.warns(NothingLearnedWarning, match=r"raise max_epochs=25,") as caught:
        net.fit(X, Y)
    assert ("lower alpha=100," in str(caught[0].message)) is (alpha == 100)
    assert ("alpha" in str(caught[0].message)) is (alpha == 100)


def test_a_classifier_and_members_say_so():
    with pytest.warns(NothingLearnedWarning, match=r"DenseClassifier \(2 of 2 members\)"):
        DenseClassifier(**STRONG, n_members=2).fit(X, np.median(Y) < Y)


RARE = (RNG.random(600) < 0.1).astype(int)
SKEWED = RNG.exponential(size=600)
STEPS = RNG.normal(size=(30, 20, 1))
BY_STEP = {"return_sequences": True, "early_stopping": True, "alpha": 0.0, "learning_rate": 1e-7}


@pytest.mark.parametrize(
    ("net", "X", "y", "weight"),
    [
        (DenseRegressor(**STRONG, loss="huber", dtype="float32"), X, SKEWED, None),
        (DenseRegressor(**STRONG, standardize=False), X, Y + 3, None),
        (DenseRegressor(**STRONG), X, np.column_stack([Y, -Y, X[:, 1, 0]]), None),
        (DenseRegressor(**STRONG), X, Y, RNG.random(600)),
        (DenseRegressor(**STRONG, loss="absolute_error"), X, SKEWED, None),
        (DenseRegressor(**STRONG, loss="quantile", quantile=0.9), X, SKEWED, None),
        (DenseClassifier(**STRONG), X, RARE, None),  # the shares of classes are a constant, too
        (DenseClassifier(**STRONG, class_weight="balanced"), X, RARE, None),
        (DenseClassifier(**STRONG), X, RARE, 1 + RARE),
        (DenseClassifier(**STRONG), X[:150], RARE[:150], None),
        (GRURegressor(**BY_STEP), STEPS, STEPS[:, :, 0], None),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some are slow
def test_whatever_the_best_constant_is_it_is_found(net, X, y, weight):
    net.set_params(random_state=0)
    with pytest.warns(NothingLearnedWarning):
        net.fit(X, y, weight)


def test_groups_do_not_hide_it():
    with pytest.warns(NothingLearnedWarning):
        DenseRegressor(**STRONG).fit(X, Y, groups=np.arange(600) // 20)


@pytest.mark.parametrize(
    ("net", "y"),
    [
        (GRURegressor(random_state=0), Y),
        (DenseRegressor(random_state=0), RNG.normal(size=len(X))),  # noise that is fitted
        (DenseRegressor(**STRONG, early_stopping=False), Y),  # a limit may be wanted
        (DenseRegressor(**STRONG, l1_ratio=1.0), Y),  # as asked for, on a path of penalties
        (DenseRegressor(random_state=0), np.ones(600)),  # there is nothing to learn
        (DenseRegressor(**{**STRONG, "max_epochs": 3}, lr_schedule="cosine"), Y),  # too soon
        (DenseClassifier(random_state=0), (X[:, 0, 0] > 1.5).astype(int)),
        (DenseClassifier(random_state=0, class_weight="balanced"), (Y > 1.5).astype(int)),
        (DenseClassifier(random_state=0, label_smoothing=0.3), (Y > 0).astype(int)),
        (DenseRegressor(random_state=0, loss="quantile", quantile=0.9), Y),
        (DenseRegressor(random_state=0), np.column_stack([Y, *RNG.normal(size=(3, 600))])),
    ],
)
def test_others_do_not(net, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error", NothingLearnedWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y)


WORSE = {"learning_rate": 3.0, "early_stopping": False, "hidden_layer_sizes": ()}


@pytest.mark.parametrize("l1_ratio", [0.0, 0.9])
def test_worse_than_a_constant_is_never_silent(l1_ratio):
    """A penalty may ask for a constant, with or without validation data, but for nothing worse."""
    noise = RNG.normal(size=len(X))
    net = DenseRegressor(**WORSE, alpha=1e-3, l1_ratio=l1_ratio, random_state=0)
    match = "is worse than that of a constant prediction.*lower learning_rate=3 or alpha=0.001"
    with pytest.warns(NothingLearnedWarning, match=match):
        net.fit(X, noise)
    assert net.score(X, noise) < -0.02


def test_validation_data_unlike_the_others_are_named_as_the_cause():
    net = DenseRegressor(linear_skip=True, alpha=0.0, random_state=0, warm_start=True)
    net.fit(X, -5 * Y)
    with pytest.warns(NothingLearnedWarning, match="set early_stopping=False"):
        net.fit(X, Y, X_val=X, y_val=-5 * Y)


def test_a_comparison_counts_it():
    models = {"net": DenseRegressor(**STRONG)}
    with pytest.warns(
        ConvergenceWarning, match=r"^Not converged: 2 of 2 fits of 'net'.*has learned"
    ):
        compare_models(models, np.tile(X, (2, 1, 1)), np.tile(Y, 2), cv=2, verbose=0)


def examples_of(net, y, weight):
    """Return the examples of all samples."""
    data = net._read(X, y, weight, reset=False)
    return net._examples(data, net.net_.config)(np.arange(len(X)))


@pytest.mark.parametrize("weight", [None, 1 + RARE], ids=["", "weights"])
@pytest.mark.parametrize(
    ("cls", "y", "given"),
    [
        (DenseRegressor, SKEWED, {}),
        (DenseRegressor, SKEWED + 9, {"standardize": False}),
        (DenseRegressor, np.column_stack([SKEWED, -SKEWED]), {"loss": "absolute_error"}),
        (DenseRegressor, SKEWED, {"loss": "huber"}),
        (DenseRegressor, SKEWED, {"loss": "quantile", "quantile": 0.9}),
        (DenseRegressor, SKEWED, {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}),
        (DenseRegressor, SKEWED, {"loss": "normal"}),
        (DenseRegressor, SKEWED, {"loss": "student_t"}),
        (DenseRegressor, RNG.poisson(SKEWED), {"loss": "poisson"}),
        (DenseRegressor, RNG.poisson(SKEWED), {"loss": "negative_binomial"}),
        (DenseClassifier, RARE, {}),
        (DenseClassifier, RARE, {"label_smoothing": 0.2}),
        (DenseClassifier, np.digitize(SKEWED, [0.2, 1.0]), {}),
        (DenseClassifier, np.digitize(SKEWED, [0.2, 1.0]), {"label_smoothing": 0.2}),
        (DenseClassifier, np.column_stack([RARE, 1 - RARE, RARE]), {}),
    ],
)
def test_no_other_constant_is_better_than_the_best(cls, y, given, weight):
    net = cls(max_epochs=1, lr_schedule="cosine", **given).fit(X, y, weight)
    examples = examples_of(net, y, weight)
    targets, weights = examples.targets()
    loss, vector = net.net_.criterion_, parameters_to_vector(net.net_.module_.parameters())
    n_outputs = net.net_.config.n_outputs
    best = constant_loss(loss, examples, vector, n_outputs)
    constant = loss.constant(targets, weights, n_outputs).to(vector.dtype)
    for change in (*torch.eye(len(constant), dtype=constant.dtype), torch.ones_like(constant)):
        for size in (-1.0, -0.1, 0.1, 1.0):
            other = (constant + size * change).expand(len(targets), -1)
            assert float(loss(other, targets, weights)) > best - 1e-4 * abs(best)


@pytest.mark.parametrize("listed", [False, True])
def test_targets_of_steps_are_those_of_the_sequences_in_use(listed):
    X = [x[: 3 + i % 4] for i, x in enumerate(STEPS)] if listed else STEPS
    y = [np.full(len(x), i) + np.arange(len(x)) / 100 for i, x in enumerate(X)]
    y = y if listed else np.array(y)
    net = GRURegressor(max_epochs=1, lr_schedule="cosine", return_sequences=True, standardize=False)
    net.fit(X, y)
    data = net._read(X, y, reset=False)
    rows = np.array([4, 7, 21])
    targets, _ = net._examples(data, net.net_.config)(rows).targets()
    expected = np.concatenate([y[i] for i in rows])
    np.testing.assert_allclose(targets.numpy().ravel(), expected, rtol=1e-6)
