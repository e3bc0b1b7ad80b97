"""Groups that `fit` is given are not divided between training and validation."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_rnn import (
    CompleteRows,
    DenseClassifier,
    DenseRegressor,
    GRUClassifier,
    HierarchicalAttentionClassifier,
    LagTransformer,
)
from sklearn_rnn._sequences.training_data import Data, complete_only
from sklearn_rnn._sequences.windows import window_rows
from sklearn_rnn.model_selection import compare_models
from sklearn_rnn.neural_network._validation_split import hold_out_groups, hold_out_random
from tests.nets import CLASSIFIERS, NETS

SHORT = {"max_epochs": 2, "lr_schedule": "cosine", "random_state": 0, "early_stopping": True}
"""Few epochs, which do not warn of convergence."""


def data_of(groups, target=None):
    n = len(groups)
    (_, _, _), origin = complete_only(np.zeros((n, 1)), None, None, groups)
    target = np.zeros(n) if target is None else target
    return Data(window_rows(np.zeros((n, 1, 1))), target, np.ones(n), None, *origin)


def split(groups, target=None, fraction=0.1, seed=0):
    rng = np.random.RandomState(seed)
    rows = np.arange(len(groups))
    stratified = target is not None
    return hold_out_groups(rows, data_of(groups, target), fraction, rng, stratified=stratified)


@pytest.fixture
def splits(monkeypatch):
    """The rows of each fit that were trained on and held out, and their groups."""
    found = []
    for cls in {C for net in NETS for C in net.__mro__ if "_hold_out" in vars(C)}:

        def noted(self, rows, data, rng, before=cls._hold_out):
            found.append((*before(self, rows, data, rng), data.groups))
            return found[-1][:2]

        monkeypatch.setattr(cls, "_hold_out", noted)
    return found


def samples(net, n=60):
    """Return X, y and groups for a net."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4, 2))
    if net is HierarchicalAttentionClassifier:
        X = [[[1, 2, 3], [2, 4]], [[3, 2]]] * (n // 2)
    y = rng.integers(0, 2, n) if net in CLASSIFIERS else rng.normal(size=n)
    return X, y, rng.choice(list("abcdefgh"), n)


# --- laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.37, 0.9, 0.999])
@pytest.mark.parametrize("n_groups", [2, 3, 10, 40])
@pytest.mark.parametrize("n_classes", [None, 2, 5])
def test_no_group_is_on_both_sides_and_no_class_is_lost(n_groups, n_classes, fraction):
    rng = np.random.default_rng(n_groups)
    groups = rng.integers(0, n_groups, 200) ** 2
    target = None if n_classes is None else rng.integers(0, n_classes, 200)
    for seed in range(5):
        train, held = split(groups, target, fraction, seed)
        assert not set(groups[train]) & set(groups[held])
        assert len(train) > 0 < len(held)
        np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(200))
        if target is not None:
            assert set(target[train]) == set(target)


@pytest.mark.parametrize("fraction", [0.1, 0.15, 0.5])
@pytest.mark.parametrize("n", [30, 105, 500])
def test_as_many_are_held_out_of_groups_of_one_as_without_groups(n, fraction):
    target = np.arange(n) % 3
    rng = np.random.RandomState(0)
    alone = data_of(np.arange(n), target)
    random = hold_out_random(np.arange(n), alone, fraction, rng, stratified=True)
    for of_class in (target, None):
        assert len(split(np.arange(n), of_class, fraction)[1]) == len(random[1])
    counts = np.bincount(target[split(np.arange(n), target, fraction)[1]])
    assert np.ptp(counts) <= 0.1 * counts.sum() + 1


def test_other_labels_of_the_same_groups_change_nothing():
    groups = np.random.default_rng(0).integers(0, 9, 90)
    names = np.array(list("ihgfedcba"))[groups]
    target = np.arange(90) % 2
    for other in (-groups, names, list(names), pd.Series(names, dtype="category"), groups[:, None]):
        np.testing.assert_array_equal(split(other, target)[1], split(groups, target)[1])


def test_sizes_and_classes_are_near_the_wanted_share():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), rng.integers(1, 60, 40))
    target = (np.arange(len(groups)) % 4 == 0).astype(int)
    target[groups < 4] = 1
    shares = [split(groups, target, 0.2, seed)[1] for seed in range(5)]
    assert all(abs(len(held) / len(groups) - 0.2) < 0.03 for held in shares)
    assert all(abs(target[held].mean() - target.mean()) < 0.04 for held in shares)
    huge = np.repeat(np.arange(6), [450, 10, 10, 10, 10, 10])
    assert len(split(huge)[1]) == 50  # all but the one that is far too large


def test_a_class_of_one_group_is_trained_on():
    groups = np.repeat(np.arange(10), 10)
    target = (groups == 3).astype(int)
    assert all(3 not in groups[split(groups, target, 0.5, seed)[1]] for seed in range(20))


# --- fits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_each_network_holds_out_whole_groups(net, splits):
    X, y, groups = samples(net)
    model = net(**SHORT).fit(X, y, groups=groups)
    (train, held, _), numbers = splits[0], pd.factorize(groups)[0]
    assert not set(numbers[train]) & set(numbers[held])
    assert len(train) + len(held) == 60
    again = net(**SHORT).fit(X, y, None, pd.Series(groups))
    assert again.loss_curve_ == model.loss_curve_


def of_subjects(n, seed):
    """Return X, y and groups of n subjects whose marks are in all of their samples."""
    rng = np.random.default_rng(seed)
    marks = rng.normal(size=(n, 1, 1, 3))
    labels = (marks[:, 0, 0, 0] + rng.normal(size=n) > 0).astype(int)
    X = 2 * marks + rng.normal(size=(n, 20, 8, 3))
    return X.reshape(-1, 8, 3), labels.repeat(20), np.arange(n).repeat(20)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of random samples
def test_the_held_out_loss_is_that_of_new_subjects():
    X_new, y_new, _ = of_subjects(300, 100)
    losses = {False: [], True: []}
    for seed in range(6):
        X, y, groups = of_subjects(60, seed)
        for grouped in losses:
            net = DenseClassifier(validation_fraction=0.3, random_state=0)
            net.fit(X, y, groups=groups if grouped else None)
            held = min(net.validation_loss_curve_)
            losses[grouped].append((held, log_loss(y_new, net.predict_proba(X_new))))
    held, new = np.mean(losses[False], axis=0)
    assert new > 1.5 * held
    held, of_groups = np.mean(losses[True], axis=0)
    assert abs(of_groups - held) < 0.1
    assert of_groups < 0.8 * new


def test_members_hold_out_groups_by_their_own_seeds(splits):
    X, y, groups = samples(DenseRegressor)
    model = DenseRegressor(**SHORT, n_members=3).fit(X, y, groups=groups)
    helds = [tuple(held) for _, held, _ in splits]
    assert len(set(helds)) > 1
    for seed, member in zip(model.member_seeds_, model.members_, strict=True):
        alone = DenseRegressor(**{**SHORT, "random_state": int(seed)}).fit(X, y, groups=groups)
        np.testing.assert_array_equal(alone.predict(X), member.predict(X))


def test_samples_of_weight_zero_do_not_count():
    X, y, groups = samples(DenseRegressor)
    weight = (groups == "a").astype(float)
    with pytest.raises(ValueError, match="needs at least two groups; groups has 1"):
        DenseRegressor(**SHORT).fit(X, y, weight, groups)


def test_without_a_held_out_part_groups_change_nothing():
    X, y, groups = samples(GRUClassifier)
    for how, given in (
        ({"early_stopping": False}, {}),
        ({"early_stopping": "auto"}, {}),  # of few samples
        ({}, {"X_val": X[:9], "y_val": y[:9]}),
    ):
        one, other = (GRUClassifier(**{**SHORT, **how}) for _ in range(2))
        one.fit(X, y, **given)
        other.fit(X, y, groups=groups, **given)
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_a_checkpoint_is_known_by_its_groups(tmp_path, monkeypatch):
    names = []
    monkeypatch.setattr(
        "sklearn_rnn.neural_network._checkpoint.fingerprint",
        lambda known: names.append(known["data"][0].groups) or "x",
    )
    X, y, groups = samples(DenseRegressor)
    for given in (None, groups, np.roll(groups, 1)):
        DenseRegressor(**SHORT, checkpoint=tmp_path).fit(X, y, groups=given)
    assert names[0] is None
    assert not np.array_equal(names[1], names[2])


# --- windows of a series -------------------------------------------------------------------------


def panel(n=30):
    index = pd.MultiIndex.from_product([list("ABCDEF"), pd.date_range("2024", periods=n)])
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=6 * n)}, index=index)
    return table, table["a"].to_numpy() * 2, np.repeat(list("AABBCC"), 2).repeat(n // 2)


@pytest.mark.parametrize("wrap", [lambda pipeline: pipeline, CompleteRows])
@pytest.mark.parametrize("net", [DenseRegressor, GRUClassifier])
def test_groups_of_rows_are_those_of_their_windows(wrap, net, splits):
    table, y, groups = panel()
    y = y if net is DenseRegressor else y > 0
    model = wrap(make_pipeline(LagTransformer(5), net(**SHORT)))
    model.fit(table, y, **{f"{net.__name__.lower()}__groups": groups})
    train, held, numbers = splits[0]
    complete = np.tile(np.arange(30) >= 5, 6)
    np.testing.assert_array_equal(numbers, pd.factorize(groups[complete])[0])
    assert not set(numbers[train]) & set(numbers[held])
    if wrap is CompleteRows:
        model.fit(table, y, groups=groups)
        np.testing.assert_array_equal(splits[1][1], held)


@pytest.mark.parametrize("net", [DenseRegressor, GRUClassifier])
def test_groups_that_divide_a_series_are_refused(net):
    table, y, _ = panel()
    y = y if net is DenseRegressor else y > 0
    windows, months = LagTransformer(5).fit_transform(table), np.arange(180) // 15
    text = r"groups must not divide a series.*6 series, and 12 parts .* last windows of each"
    with pytest.raises(ValueError, match=text):
        net(**SHORT).fit(windows, y, groups=months)
    net(**{**SHORT, "early_stopping": False}).fit(windows, y, groups=months)
    flat = LagTransformer(5, flatten=True).set_output(transform="pandas").fit_transform(table)
    single = flat.reset_index(drop=True)[5:30]
    with pytest.raises(ValueError, match=r"groups must not divide a series.*1 series, and 2 parts"):
        net(**SHORT).fit(single, y[5:30], groups=np.arange(25) // 20)


# --- scikit-learn --------------------------------------------------------------------------------


@pytest.mark.parametrize("pipeline", [False, True])
def test_groups_reach_networks_in_searches_by_metadata_routing(pipeline, splits):
    X, y, groups = samples(GRUClassifier)
    net = GRUClassifier(**SHORT)
    model = make_pipeline(FunctionTransformer(), net) if pipeline else net
    grid = {f"{'gruclassifier__' * pipeline}hidden_size": [2, 3]}
    with config_context(enable_metadata_routing=True):
        GridSearchCV(model, grid, cv=GroupKFold(3)).fit(X, y, groups=groups)
        assert len(splits) == 7
        assert all(not set(g[train]) & set(g[held]) for train, held, g in splits)
        splits.clear()
        net.set_fit_request(groups=True)
        cross_validate(model, X, y, cv=GroupKFold(3), params={"groups": groups})
        assert len(splits) == 3
        assert all(g is not None for _, _, g in splits)
        splits.clear()
        net.set_fit_request(groups=False)
        cross_validate(model, X, y, cv=GroupKFold(3), params={"groups": groups})
        assert [g for _, _, g in splits] == [None] * 3


def test_comparisons_give_their_groups_to_networks(splits):
    X, y, groups = samples(GRUClassifier)
    net = GRUClassifier(**SHORT)
    pipeline = make_pipeline(FunctionTransformer(), net)
    models = {
        "alone": net,
        "pipeline": pipeline,
        "search": GridSearchCV(pipeline, {"gruclassifier__hidden_size": [2]}, cv=2),
    }
    found = compare_models(models, X, y, cv=GroupKFold(3), groups=groups)
    assert not found.failures.any()
    assert len(splits) == 3 + 3 + 9
    assert all(not set(g[train]) & set(g[held]) for train, held, g in splits)


def test_comparisons_keep_groups_that_divide_series_from_networks(splits):
    table, y, groups = panel()
    models = {"net": make_pipeline(LagTransformer(5), DenseRegressor(**SHORT))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # groups are not in the order of time
        for given in (groups, np.arange(180) // 10):
            found = compare_models(models, table, y, cv=GroupKFold(3), groups=given)
            assert not found.failures.any()
    assert [g is not None for _, _, g in splits] == [True] * 3 + [False] * 3


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        (np.zeros(60), "at least two groups; groups has 1. Give more groups, X_val and y_val, or"),
        (np.zeros(59), "groups has 59 samples, but X has 60"),
        (np.zeros((60, 2)), r"groups must have one dimension.*got the shape \(60, 2\)"),
        (3, r"groups must have one dimension.*got the shape \(\)"),
        ("a", r"groups must have one dimension.*got the shape \(\)"),
        ([None, *"ab"] * 20, r"group of each sample; those at the positions \[0, 3, 6\] are miss"),
        (["a", np.nan, "b"] * 20, r"the positions \[1, 4, 7\] are missing. Give them a group"),
        ([[1], [2, 3]] * 30, "groups: unhashable type"),
    ],
)
@pytest.mark.parametrize("net", [DenseRegressor, GRUClassifier])
def test_groups_that_cannot_be_are_refused_by_name(net, groups, text):
    X, y, _ = samples(net)
    with pytest.raises((ValueError, TypeError), match=text):
        net(**SHORT).fit(X, y, groups=groups)


def test_classes_that_no_two_groups_share_are_refused():
    X, _, _ = samples(GRUClassifier)
    y = np.arange(60) % 3
    with pytest.raises(ValueError, match="a class in each group that others have, too; groups has"):
        GRUClassifier(**SHORT).fit(X, y, groups=y)


def test_partial_fit_holds_nothing_out_and_takes_no_groups():
    X, y, groups = samples(DenseRegressor)
    with pytest.raises(TypeError, match="groups"):
        DenseRegressor().partial_fit(X, y, groups=groups)
