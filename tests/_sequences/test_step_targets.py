"""Targets of steps, some of which may be missing, and weights of steps or of sequences."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, cross_val_score
from sklearn.utils.class_weight import compute_class_weight

from sklearn_rnn import GRUClassifier, GRURegressor
from sklearn_rnn.model_selection import compare_models, step_scorer

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(2, 9, size=24)
LISTS = [RNG.normal(size=(n, 1)) for n in LENGTHS]
SUMS = [x[:, 0].cumsum() for x in LISTS]
MISSING = [RNG.uniform(size=n) < 0.4 for n in LENGTHS]
KINDS = {
    "number": SUMS,
    "numbers": [np.column_stack([s, -s]) for s in SUMS],
    "words": [np.where(s > 0, "up", "down").astype(object) for s in SUMS],
    "codes": [(s > 0).astype(float) for s in SUMS],
    "labels": [np.column_stack([s > 0, s > 1]).astype(float) for s in SUMS],
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def net_for(kind, **parameters):
    cls = GRURegressor if kind.startswith("number") else GRUClassifier
    how = {"max_epochs": 3, "lr_schedule": "onecycle", "hidden_size": 4, "random_state": 0}
    return cls(return_sequences=True, **{**how, **parameters})


def with_missing(kind):
    """Return targets, some of which are missing."""
    y = [one.copy() for one in KINDS[kind]]
    for one, missing in zip(y, MISSING, strict=True):
        one[missing] = None if kind == "words" else np.nan
    return y


def padded(values, fill):
    filled = np.full((len(values), 10, *values[0].shape[1:]), fill, dtype=values[0].dtype)
    for row, value in zip(filled, values, strict=True):
        row[1 : 1 + len(value)] = value
    return filled


@each_kind
def test_a_step_without_a_target_is_one_of_weight_zero(kind):
    y = with_missing(kind)
    net = net_for(kind).fit(LISTS, y)
    weight = [(~missing).astype(float) for missing in MISSING]
    other = net_for(kind).fit(LISTS, [one.tolist() for one in KINDS[kind]], weight)
    assert net.loss_curve_ == other.loss_curve_
    for one, same in zip(net.predict(LISTS), other.predict(LISTS), strict=True):
        assert_array_equal(one, same)
    array = net_for(kind).fit(padded(LISTS, np.nan), padded(y, y[0][~MISSING[0]].flat[0]))
    assert array.loss_curve_ == net.loss_curve_


@each_kind
def test_the_score_is_that_of_the_steps_with_a_target(kind):
    y = with_missing(kind)
    net = net_for(kind).fit(LISTS, y)
    kept = [
        [(x[: k + 1], one[k]) for k in np.flatnonzero(~missing)]
        for x, one, missing in zip(LISTS, y, MISSING, strict=True)
    ]
    pasts, targets = zip(*[pair for pairs in kept for pair in pairs], strict=True)
    last = np.array([net.predict([past])[0][-1] for past in pasts])
    targets = np.array(targets)
    if kind.startswith("number"):
        error = np.square(last - targets).sum(axis=0)
        expected = np.mean(1 - error / np.square(targets - targets.mean(axis=0)).sum(axis=0))
    else:
        expected = (last == targets).reshape(len(last), -1).all(axis=1).mean()
    assert net.score(LISTS, y) == pytest.approx(expected)
    scoring = "r2" if kind.startswith("number") else "accuracy"
    assert step_scorer(scoring)(net, LISTS, y) == pytest.approx(expected)
    comparison = compare_models({"net": net_for(kind)}, LISTS, y, cv=KFold(3), verbose=0)
    own = cross_val_score(net_for(kind), LISTS, y, cv=KFold(3))
    assert_allclose(comparison.runs["score"], own)


@pytest.mark.parametrize("kind", ["number", "words"])
def test_steps_behind_the_last_target_have_no_effect(kind):
    ends = [1 + len(x) // 2 for x in LISTS]
    y = [one.copy() for one in KINDS[kind]]
    for one, end in zip(y, ends, strict=True):
        one[end:] = None if kind == "words" else np.nan
    how = {"standardize": False, "dtype": "float64", "alpha": 0.0}
    net = net_for(kind, **how).fit(LISTS, y)
    short, targets = ([v[:end] for v, end in zip(w, ends, strict=True)] for w in (LISTS, y))
    other = net_for(kind, **how).fit(short, [one.tolist() for one in targets])
    assert_allclose(net.loss_curve_, other.loss_curve_)
    for p, q in zip(net.predict(short), other.predict(short), strict=True):
        assert_array_equal(p, q) if kind == "words" else assert_allclose(p, q)


def test_balanced_classes_are_those_of_the_targets_that_are_there():
    y = with_missing("words")
    present = np.concatenate([one[~missing] for one, missing in zip(y, MISSING, strict=True)])
    labels = np.unique(present.astype(str))
    weights = compute_class_weight("balanced", classes=labels, y=present.astype(str))
    given = dict(zip(labels.tolist(), weights.tolist(), strict=True))
    balanced = net_for("words", class_weight="balanced").fit(LISTS, y)
    assert balanced.loss_curve_ == net_for("words", class_weight=given).fit(LISTS, y).loss_curve_


@pytest.mark.parametrize("kind", ["number", "words"])
def test_weights_of_sequences_are_weights_of_all_their_steps(kind):
    y, weight = KINDS[kind], RNG.integers(0, 3, size=len(LISTS)).astype(float)
    y = [one.tolist() for one in y]
    of_steps = [np.full(n, w) for n, w in zip(LENGTHS, weight, strict=True)]
    net = net_for(kind).fit(LISTS, y, weight)
    assert net_for(kind).fit(LISTS, y, of_steps).loss_curve_ == net.loss_curve_
    X, filled = padded(LISTS, np.nan), padded(KINDS[kind], KINDS[kind][0][0])
    filled = np.array(filled.tolist())
    array = net_for(kind).fit(X, filled, padded(of_steps, np.nan))
    assert array.loss_curve_ == net.loss_curve_
    scores = [net.score(LISTS, y, weight), net.score(LISTS, y, of_steps)]
    scorer = step_scorer("r2" if kind == "number" else "accuracy")
    scores += [scorer(net, LISTS, y, sample_weight=w) for w in (weight, of_steps)]
    assert_allclose(scores, scores[0])


def test_classes_that_are_given_are_the_columns_in_all_folds():
    y = [np.where(s > 0, "up", "down") for s in SUMS]
    y[0][:] = "flat"  # the other folds do not have it
    labels = ["down", "flat", "up"]
    for train, test in KFold(4).split(LISTS):
        X, targets = [LISTS[k] for k in train], [y[k] for k in train]
        net = net_for("words").fit(X, targets, classes=labels)
        assert net.classes_.tolist() == labels
        X, targets = [LISTS[k] for k in test], [y[k] for k in test]
        proba = np.concatenate(net.predict_proba(X))
        expected = -log_loss(np.concatenate(targets), proba, labels=labels)
        assert step_scorer("neg_log_loss")(net, X, targets) == pytest.approx(expected)
    how = {"cv": KFold(4), "params": {"classes": labels}}
    scores = cross_val_score(net_for("words"), LISTS, y, scoring=step_scorer("neg_log_loss"), **how)
    assert np.isfinite(scores).all()
    with pytest.raises(ValueError, match=r"y has the labels \['flat'\], which are not among"):
        net_for("words").fit(LISTS, y, classes=["down", "up"])


@pytest.mark.parametrize(
    ("y", "weight", "text"),
    [
        ([np.full(n, np.nan) for n in LENGTHS], None, "y has no target at any step; got NaN or"),
        (KINDS["number"], [np.ones(n + 1) for n in LENGTHS], "sample_weight[0] has "),
        (KINDS["number"], [-np.ones(n) for n in LENGTHS], "Negative values in data passed to"),
    ],
)
def test_missing_targets_and_weights_that_leave_nothing_to_learn_are_refused(y, weight, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        net_for("number").fit(LISTS, y, weight)


def test_weights_of_other_sequences_are_refused_in_a_score():
    net = net_for("number").fit(LISTS, SUMS)
    text = "sample_weight has 23 samples, but X has 24; give one for each sample of X, or for each"
    for score in (net.score, lambda X, y, w: step_scorer("r2")(net, X, y, sample_weight=w)):
        with pytest.raises(ValueError, match=f"^{text}"):
            score(LISTS, SUMS, np.ones(23))
