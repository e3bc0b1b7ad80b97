"""Classification: its limits in classical models, labels, probabilities, and every refusal."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_array, csr_array, csr_matrix
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from skorch.callbacks import Callback

from sklearn_rnn import DenseClassifier
from tests.nets import CLASSIFIERS as NETS
from tests.nets import few_epochs

# scikit-learn 1.6 calls SciPy 1.16 so.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize. The `disp`:DeprecationWarning")

RNG = np.random.default_rng(0)
N = 90
X = RNG.normal(size=(N, 3, 2))
X = (X - X.mean(axis=0)) / X.std(axis=0)  # which the net then leaves as it is
FLAT = X.reshape(N, -1)
SCORE = X[:, -1, 0] - 0.5 * X[:, 0, 1] + RNG.logistic(size=N)
TWO = np.where(SCORE > 0.5, "yes", "no")
THREE = np.array(["low", "middle", "top"])[np.digitize(SCORE, [-1.0, 1.0])]
MANY = np.column_stack([SCORE > 0, SCORE > 1, X[:, 0, 0] + RNG.normal(size=N) > 0]).astype(int)
WEIGHT = RNG.integers(1, 4, size=N).astype(float)
TARGETS = {"two": TWO, "three": THREE, "many": MANY}

SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}
each_net = pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
each_target = pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)


def small(cls=DenseClassifier, **parameters):
    """Return a small net that trains for a moment and does not warn."""
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, "learning_rate": 0.05, **parameters})


@each_net
def test_probabilities_of_finite_sequences_are_finite_in_single_precision(cls):
    net = small(cls, dtype="float32").fit(X, X[:, -1, 0] > 0)
    extreme = X[:3].copy()
    extreme[0, 1, 0], extreme[1] = np.finfo(np.float64).max, -1e30
    probabilities = net.predict_proba(extreme)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def linear(**parameters):
    """Return a linear net that is trained to the end."""
    settings = {
        "hidden_layer_sizes": (),
        "optimizer": "lbfgs",
        "alpha": 0.01,
        "tol": 0.0,
        "max_epochs": 1000,
        "dtype": "float64",
        "early_stopping": False,
        "random_state": 0,
        "device": "cpu",
    }
    return DenseClassifier(**{**settings, **parameters})


def logistic(alpha, total=N, **parameters):
    """Return the logistic regression with the same objective."""
    return LogisticRegression(C=1 / (total * alpha), tol=1e-8, max_iter=10_000, **parameters)


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_a_linear_net_for_two_classes_is_logistic_regression(alpha):
    net, classic = linear(alpha=alpha).fit(X, TWO), logistic(alpha).fit(FLAT, TWO)
    assert_allclose(net.predict_proba(X), classic.predict_proba(FLAT), atol=1e-5)
    assert_allclose(net.decision_function(X), classic.decision_function(FLAT), atol=1e-4)
    assert_array_equal(net.predict(X), classic.predict(FLAT))


@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_a_linear_net_for_three_classes_is_multinomial_regression(alpha):
    net, classic = linear(alpha=alpha).fit(X, THREE), logistic(alpha).fit(FLAT, THREE)
    assert_allclose(net.predict_proba(X), classic.predict_proba(FLAT), atol=1e-5)
    assert_array_equal(net.predict(X), classic.predict(FLAT))


def test_a_linear_net_for_many_labels_is_a_logistic_regression_for_each():
    # the loss is the mean over labels, so that each has a third of the weight
    net = linear(alpha=0.01).fit(X, MANY)
    for j in range(3):
        classic = logistic(0.03).fit(FLAT, MANY[:, j])
        assert_allclose(net.predict_proba(X)[:, j], classic.predict_proba(FLAT)[:, 1], atol=1e-5)


def test_weights_of_samples_are_those_of_logistic_regression():
    net = linear(standardize=False).fit(X, TWO, sample_weight=WEIGHT)
    classic = logistic(0.01, total=WEIGHT.sum()).fit(FLAT, TWO, sample_weight=WEIGHT)
    assert_allclose(net.predict_proba(X), classic.predict_proba(FLAT), atol=1e-5)
    equal = logistic(0.01).fit(FLAT, TWO)
    assert np.abs(net.predict_proba(X) - equal.predict_proba(FLAT)).max() > 0.01


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_hidden_layer_separates_what_a_line_cannot(activation):
    y = X[:, -1, 0] * X[:, -1, 1] > 0
    net = linear(hidden_layer_sizes=(8,), activation=activation, alpha=0.0, max_epochs=100)
    assert net.set_params(lr_schedule="cosine").fit(X, y).score(X, y) > 0.95
    assert logistic(1e-4).fit(FLAT, y).score(FLAT, y) < 0.8


# --- labels and probabilities --------------------------------------------------------------------


@each_target
@each_net
def test_the_methods_agree_with_each_other(cls, y):
    net = small(cls).fit(X, y)
    proba, decision = net.predict_proba(X), net.decision_function(X)
    assert proba.dtype == decision.dtype == np.float64
    assert_allclose(net.predict_log_proba(X), np.log(proba), rtol=1e-9)
    if y is MANY:
        assert proba.shape == decision.shape == MANY.shape
        assert_allclose(proba, expit(decision))
        assert_array_equal(net.predict(X), decision > 0)
        assert net.predict(X).dtype.kind == "i"
        assert_array_equal(net.classes_, [0, 1, 2])
        return
    assert_array_equal(net.classes_, np.unique(y))
    assert proba.shape == (N, len(net.classes_))
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_array_equal(net.predict(X), net.classes_[proba.argmax(axis=1)])
    if y is TWO:
        assert decision.shape == (N,)
        assert_allclose(proba[:, 1], expit(decision))
        assert_array_equal(net.predict(X) == "yes", decision > 0)
    else:
        assert_allclose(proba, softmax(decision, axis=1))


@each_net
def test_logarithms_of_tiny_probabilities_are_finite(cls):
    net = small(cls, standardize=False, alpha=0.0, max_epochs=30, batch_size=N).fit(X, TWO)
    module = net.net_.module_
    for p in module.head.parameters():
        p.data *= 1e5
    assert (net.predict_proba(X) == 0).any()
    assert np.isfinite(net.predict_log_proba(X)).all()


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2], [-5, 3, 7], [2.0, 3.0, 4.0], ["b", "c", "a"], [True, False], [10**12, 0]],
    ids=str,
)
def test_labels_come_back_as_they_were_given(labels):
    codes = np.unique(TWO if len(labels) == 2 else THREE, return_inverse=True)[1]
    y = np.array(labels)[codes]
    net = small(max_epochs=60).fit(X, y)
    assert_array_equal(net.classes_, np.unique(y))
    assert net.predict(X).dtype == y.dtype
    assert set(net.predict(X)) <= set(y)
    assert net.score(X, y) > 0.5
    swapped = small(max_epochs=60).fit(X, y.astype(object) if y.dtype.kind == "U" else list(y))
    assert_array_equal(swapped.predict_proba(X), net.predict_proba(X))


def test_names_of_labels_and_columns_in_frames_are_fine():
    frame = pd.DataFrame(FLAT, columns=list("abcdef"))
    net = small(n_channels=2).fit(frame, pd.Series(TWO, dtype="category"))
    assert_array_equal(net.predict(frame), small().fit(X, TWO).predict(X))
    assert list(net.feature_names_in_) == list("abcdef")


@pytest.mark.parametrize("container", [csr_array, csr_matrix, csc_array, list, np.asfortranarray])
def test_many_labels_may_be_sparse(container):
    expected = small().fit(X, MANY)
    y = MANY.tolist() if container is list else container(MANY)
    if container is list:
        y = np.array(y, dtype=bool)
    assert_array_equal(small().fit(X, y).predict_proba(X), expected.predict_proba(X))


def test_a_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        net = small().fit(X, TWO[:, None])
    assert_array_equal(net.predict_proba(X), small().fit(X, TWO).predict_proba(X))


@each_target
def test_early_stopping_is_possible_with_every_target(y):
    net = small(early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(net.validation_loss_curve_) == 3


def test_the_validation_loss_is_the_log_loss_of_the_part_held_out():
    net = small(max_epochs=8).fit(X[:60], THREE[:60], X_val=X[60:], y_val=THREE[60:])
    by_hand = log_loss(THREE[60:], net.predict_proba(X[60:]), labels=net.classes_)
    assert by_hand == pytest.approx(min(net.validation_loss_curve_))


# --- weights of classes, label smoothing ---------------------------------------------------------


@pytest.mark.parametrize(
    "class_weight", ["balanced", {"low": 1.0, "middle": 3.0, "top": 0.5}], ids=str
)
@each_net
def test_class_weights_are_weights_of_the_samples(cls, class_weight):
    by_class = small(cls, class_weight=class_weight).fit(X, THREE, sample_weight=WEIGHT)
    weight = WEIGHT * compute_sample_weight(class_weight, THREE)
    by_sample = small(cls).fit(X, THREE, sample_weight=weight)
    assert_array_equal(by_class.predict_proba(X), by_sample.predict_proba(X))
    unweighted = small(cls).fit(X, THREE, sample_weight=WEIGHT)
    assert not np.allclose(by_class.predict_proba(X), unweighted.predict_proba(X))


def test_balanced_classes_have_the_same_mean_probability():
    rare = np.where(SCORE > 2, "rare", "usual")
    proba = linear(alpha=0.001, class_weight="balanced").fit(X, rare).predict_proba(X)
    weight = compute_sample_weight("balanced", rare)
    assert_allclose(np.average(proba, axis=0, weights=weight), 0.5, atol=1e-4)
    assert linear(alpha=0.001).fit(X, rare).predict_proba(X)[:, 0].mean() < 0.3


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_label_smoothing_mixes_the_frequencies_with_even_ones(y):
    nothing = np.zeros_like(X)
    share = np.unique(y, return_counts=True)[1] / N
    for smoothing in (0.0, 0.3):
        net = linear(label_smoothing=smoothing, alpha=0.0).fit(nothing, y)
        expected = (1 - smoothing) * share + smoothing / len(share)
        assert_allclose(net.predict_proba(nothing[:1])[0], expected, atol=1e-4)


# without smoothing the probabilities go on towards the ends for ever
@few_epochs
def test_label_smoothing_keeps_probabilities_from_the_ends():
    y = X[:, -1, 0] > 0
    net = linear(hidden_layer_sizes=(8,), alpha=0.0, max_epochs=150)
    sharp = net.fit(X, y).predict_proba(X)
    smooth = net.set_params(label_smoothing=0.2).fit(X, y).predict_proba(X)
    assert np.median(sharp.max(axis=1)) > 0.99
    assert_allclose(np.median(smooth.max(axis=1)), 0.9, atol=0.03)


# --- partial_fit ---------------------------------------------------------------------------------


@each_net
def test_classes_may_be_announced_before_they_come(cls):
    low = THREE == "low"
    net = small(cls).partial_fit(X[low], THREE[low], classes=["top", "low", "middle"])
    assert_array_equal(net.classes_, ["low", "middle", "top"])
    assert net.predict_proba(X).shape == (N, 3)
    before = net.predict_proba(X)
    net.partial_fit(X, THREE)
    assert net.n_iter_ == 2
    assert not np.allclose(net.predict_proba(X), before)


def test_without_announcement_the_first_part_says_which_classes_there_are():
    net = small().partial_fit(X, TWO).partial_fit(X[:3], np.full(3, "yes"))
    assert_array_equal(net.classes_, ["no", "yes"])


# --- refusals ------------------------------------------------------------------------------------

ONE_CLASS = (
    "y must hold at least two classes with a positive sample_weight; got 1 class. If later calls "
    "have more, give all of them in partial_fit(..., classes=)."
)
REFUSED = {
    "one class": (np.full(N, "yes"), {}, {}, ONE_CLASS),
    "one class with a weight": (
        TWO,
        {},
        {"sample_weight": (TWO == "yes").astype(float)},
        ONE_CLASS,
    ),
    "one class with a class weight": (TWO, {"class_weight": {"no": 0, "yes": 1}}, {}, ONE_CLASS),
    "continuous y": (
        SCORE,
        {},
        {},
        "y: Unknown label type: continuous. Maybe you are trying to fit a classifier, which "
        "expects discrete classes on a regression target with continuous values.",
    ),
    "several targets": (
        np.column_stack([MANY, MANY + 1]),
        {},
        {},
        "y must hold a label for each sequence, or columns of zeros and ones (multilabel); got ",
    ),
    "missing y": (
        np.where(SCORE > 2, np.nan, 1.0),
        {},
        {},
        "Input y contains NaN. Of 90 rows 9 lack a target, at the positions 7, 22, 36, ... "
        "(y.shift(-1) leaves such rows at the end); leave them out of X and y.",
    ),
    "y of another length": (
        TWO[:-1],
        {},
        {},
        "y has 89 samples, but X has 90; give one for each sample of X.",
    ),
    "no y": (
        None,
        {},
        {},
        "This DenseClassifier estimator requires y to be passed, but the target y is None.",
    ),
    "negative class weight": (
        TWO,
        {"class_weight": {"no": -1, "yes": 1}},
        {},
        "class_weight must be finite numbers, none negative; got {'no': -1, 'yes': 1}.",
    ),
    "class weight of text": (
        TWO,
        {"class_weight": {"no": "a"}},
        {},
        "class_weight must be finite numbers, none negative; got {'no': 'a'}.",
    ),
    "class weight of other labels": (
        TWO,
        {"class_weight": {"maybe": 2}},
        {},
        "class_weight names ['maybe'], but the classes of y are ['no', 'yes'].",
    ),
    "negative weights": (
        TWO,
        {},
        {"sample_weight": -WEIGHT},
        "Negative values in data passed to `sample_weight`.",
    ),
}


@pytest.mark.parametrize(("y", "parameters", "arguments", "text"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_targets_are_refused_in_words_before_training(
    y, parameters, arguments, text, method, monkeypatch
):
    monkeypatch.setattr("sklearn_rnn._training.loop.Trainer.epoch", None)
    net = small(**parameters)
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        getattr(net, method)(X, y, **arguments)
    assert vars(net) == net.get_params()


UNSEEN = (
    "y has the labels ['maybe'], which are not among the classes ['no', 'yes']. Give all labels in "
    "classes= of the first fit."
)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "y_val"])
@pytest.mark.parametrize(
    ("fitted_on", "y", "text"),
    [
        (TWO, np.where(SCORE > 2, "maybe", TWO), UNSEEN),
        (
            TWO,
            MANY,
            "y is multilabel-indicator of shape (90, 3), which is not the kind of target that "
            "DenseClassifier was fitted on.",
        ),
        (
            MANY,
            MANY[:, 0],
            "y is binary of shape (90,), which is not the kind of target that DenseClassifier was "
            "fitted on.",
        ),
        (
            MANY,
            MANY[:, :2],
            "y is multilabel-indicator of shape (90, 2), which is not the kind of target that "
            "DenseClassifier was fitted on.",
        ),
    ],
    ids=["unseen", "labels", "label", "fewer"],
)
def test_targets_of_another_kind_are_refused_in_words(fitted_on, y, text, method):
    net = small(warm_start=True).fit(X, fitted_on)
    before = net.predict_proba(X)
    text = f"X_val and y_val cannot be used for validation. {text}" if method == "y_val" else text
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):  # noqa: PT012  # one call
        if method == "y_val":
            small().fit(X, fitted_on, X_val=X, y_val=y)
        else:
            getattr(net, method)(X, y)
    assert_array_equal(net.predict_proba(X), before)


def test_a_label_that_was_not_announced_is_refused():
    with pytest.raises(ValueError, match=re.escape("['middle'], which are not among the classes")):
        small().partial_fit(X, THREE, classes=["low", "top"])


def test_one_announced_class_is_refused():
    with pytest.raises(ValueError, match=f"^{re.escape(ONE_CLASS)}$"):
        small().partial_fit(X, np.full(N, "yes"), classes=["yes"])


def test_a_class_with_one_member_is_trained_on_and_never_held_out():
    X = np.random.default_rng(0).normal(size=(600, 4, 1))
    y = np.where(X[:, -1, 0] > 0, "many", "more")
    y[7] = "rare"
    model = DenseClassifier(max_epochs=2, lr_schedule="cosine", random_state=0).fit(X, y)
    assert "rare" in model.classes_
    assert model.validation_loss_curve_ is not None


@pytest.mark.parametrize("y", [THREE, MANY], ids=["classes", "labels"])
def test_balanced_weights_are_those_of_the_training_labels_in_validation_too(y):
    part = np.arange(N) % 3 > 0
    net = small(class_weight="balanced").fit(X, y, X_val=X[part], y_val=y[part])
    weights = (
        [compute_class_weight("balanced", classes=np.array([0, 1]), y=column) for column in y.T]
        if y.ndim == 2
        else compute_class_weight("balanced", classes=np.unique(y), y=y)
    )
    explicit = (
        [dict(enumerate(w)) for w in weights]
        if y.ndim == 2
        else dict(zip(np.unique(y), weights, strict=True))
    )
    same = small(class_weight=explicit).fit(X, y, X_val=X[part], y_val=y[part])
    assert net.validation_loss_curve_ == same.validation_loss_curve_
    assert net.loss_curve_ == same.loss_curve_


def test_partial_fit_cannot_balance_classes_that_it_has_not_seen():
    with pytest.raises(ValueError, match=r'^class_weight="balanced" needs all of y'):
        small(class_weight="balanced").partial_fit(X, THREE)


def test_classes_without_weight_cannot_validate():
    weight = {"low": 0.0, "middle": 1.0, "top": 1.0}
    low = THREE == "low"
    text = "X_val and y_val cannot be used for validation. All samples have weight zero"
    with pytest.raises(ValueError, match=f"^{text}"):
        small(class_weight=weight).fit(X, THREE, X_val=X[low], y_val=THREE[low])


@pytest.mark.parametrize("fraction", [0.03, 0.5, 0.97])
def test_any_fraction_can_be_set_aside(fraction):
    net = small(early_stopping=True, validation_fraction=fraction).fit(X, THREE)
    assert len(net.validation_loss_curve_) == 3


def test_classes_of_one_member_each_cannot_be_set_aside():
    net = small(early_stopping=True)
    with pytest.raises(ValueError, match=r"^early_stopping cannot hold out validation_fraction="):
        net.fit(X[:4], list("abcd"))
    assert vars(net) == net.get_params()


def test_class_weights_hold_for_data_without_some_class():
    common = {"class_weight": {"no": 2.0}, "max_epochs": 3, "early_stopping": False}
    both = small(**common).fit(X, TWO, X_val=X[TWO == "yes"], y_val=TWO[TWO == "yes"])
    assert len(both.validation_loss_curve_) == 3
    piecewise = small(class_weight={"no": 2.0}).partial_fit(X, TWO, classes=["no", "yes"])
    weighed = clone(piecewise).set_params(class_weight=None)
    weight = np.where(TWO == "no", 2.0, 1.0)
    weighed.partial_fit(X, TWO, classes=["no", "yes"], sample_weight=weight)
    for one in ("yes", "no"):
        piecewise.partial_fit(X[one == TWO], TWO[one == TWO])
        weighed.partial_fit(X[one == TWO], TWO[one == TWO], sample_weight=weight[one == TWO])
    np.testing.assert_array_equal(piecewise.predict_proba(X), weighed.predict_proba(X))


def test_other_classes_in_a_later_call_are_refused():
    model = small().partial_fit(X, TWO, classes=["no", "yes"])
    before = model.predict_proba(X)
    model.partial_fit(X, TWO, classes=["yes", "no"])
    text = "classes=['maybe', 'no', 'yes'] must be the classes of the first call, ['no', 'yes']"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        model.partial_fit(X, TWO, classes=["maybe", "no", "yes"])
    assert not np.array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize(
    ("n", "how", "n_held"), [(100, "auto", 20), (500, "auto", 50), (100, True, 10)]
)
def test_of_few_samples_a_fifth_is_held_out(n, how, n_held):
    class Sizes(Callback):
        def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **_):
            self.sizes = len(dataset_train), len(dataset_valid)

    data, sizes = np.random.default_rng(0).normal(size=(n, 2)), Sizes()
    net = DenseClassifier(early_stopping=how, max_epochs=1, random_state=0, callbacks=[sizes])
    net.fit(data, data[:, 0] > 0)
    assert sizes.sizes == (n - n_held, n_held)


@pytest.mark.parametrize(
    ("y", "classes", "text"),
    [
        (
            np.where(X[:, :, 0] > 0, "a", "b"),
            None,
            r"^y must hold a label for each.*\(90, 3\).*return_s",
        ),
        (
            np.where(X[:, :, 0] > 0, "a", None),
            None,
            r"^Input y contains NaN.*return_sequences=True",
        ),
        ([None, "a", "b"] * 30, None, r"^Input y contains NaN. Of 90 rows 30 .*leave them out of"),
        (TWO, "no", r"^classes must be an array of all labels of y; got 'no'"),
        (TWO, ["no", None], r"^classes must be an array of all labels of y; got \['no', None\]"),
        (MANY, [0, 1], r"^classes of a multilabel y are the positions of its columns, \[0, 1, 2\]"),
    ],
)
def test_labels_that_cannot_be_are_named(y, classes, text):
    with pytest.raises(ValueError, match=text):
        small().fit(X, y, classes=classes)


def test_the_validation_loss_is_weighted_by_classes():
    weights = {"no": 1.0, "yes": 5.0}
    net = small(class_weight=weights, max_epochs=1).fit(X, TWO, X_val=X[:40], y_val=TWO[:40])
    weight = [weights[label] for label in TWO[:40]]
    expected = log_loss(TWO[:40], net.predict_proba(X[:40]), sample_weight=weight)
    assert_allclose(net.validation_loss_curve_[0], expected, rtol=1e-6)
