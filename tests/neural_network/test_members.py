"""Several members in one estimator: each is the net of its seed, and predictions are means."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, Checkpoint, EpochScoring

from sklearn_rnn import (
    CNNRegressor,
    DenseClassifier,
    DenseRegressor,
    GRUClassifier,
    HierarchicalAttentionClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.model_selection import n_parameters, penalty_path
from sklearn_rnn.neural_network._members import Run, _needs_one_thread, mean_curve
from sklearn_rnn.plotting import TrainingCurveDisplay
from tests.nets import NETS, few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6, 2))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=40)
COUNTS, LABELS = np.arange(40) % 4, np.array(["a", "b", "c"])[np.arange(40) % 3]
WITH_GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
TOKENS = RNG.integers(1, 5, size=(40, 6))
RAGGED = [x[: 3 + i % 4] for i, x in enumerate(X)]
STEPS, STEP_LABELS = X[..., 0], np.sign(X[..., 0]).astype(int)
SERIES = np.cumsum(RNG.normal(size=(60, 2)), axis=0)
WINDOWS, NEXT = make_lagged(SERIES, SERIES[:, 0], 6)
BOTH = np.stack([Y, -Y], axis=1)
MULTILABEL = np.stack([Y > 0, X[:, 0, 1] > 0], axis=1).astype(int)
HELD_OUT = {"early_stopping": True, "validation_fraction": 0.3, "patience": 2, "max_epochs": 8}
SMALL = {"hidden_size": 3, "num_channels": 3, "hidden_layer_sizes": (3,), "dropout": 0.2}
OPTIONS = {
    "early stopping": (RNNRegressor, HELD_OUT, X, Y),
    "random validation": (RNNClassifier, HELD_OUT, X, LABELS),
    "missing values": (GRUClassifier, HELD_OUT, WITH_GAPS, Y > 0),
    "class weights": (DenseClassifier, {"class_weight": "balanced"}, X, LABELS),
    "multilabel": (RNNClassifier, {}, X, MULTILABEL),
    "outputs": (DenseRegressor, {}, X, BOTH),
    "a step each": (RNNRegressor, {"return_sequences": True}, X, STEPS),
    "a label a step": (RNNClassifier, {"return_sequences": True}, X, STEP_LABELS),
    "steps of lists": (
        RNNRegressor,
        {"return_sequences": True},
        RAGGED,
        [x[:, 0] for x in RAGGED],
    ),
    "lists": (TCNRegressor, {}, RAGGED, Y),
    "last": (RNNRegressor, {"standardize": "last"}, WINDOWS, NEXT),
    "window": (CNNRegressor, {"standardize": "window"} | HELD_OUT, WINDOWS, NEXT),
    "quantile": (DenseRegressor, {"loss": "quantile", "quantile": 0.9}, X, Y),
    "quantiles": (RNNRegressor, {"loss": "quantile", "quantile": [0.2, 0.5, 0.7]}, X, Y),
    "distribution": (DenseRegressor, {"loss": "student_t", **HELD_OUT}, X, BOTH),
    "negative binomial": (RNNRegressor, {"loss": "negative_binomial"}, X, COUNTS),
    "counts": (RNNRegressor, {"loss": "poisson"}, X, COUNTS),
    "linear model": (RNNRegressor, {"linear_skip": True, **HELD_OUT}, X, Y),
    "lasso": (RNNRegressor, {"linear_skip": True, "l1_ratio": 0.5, "alpha": 0.1}, X, Y),
    "groups": (TCNRegressor, {"penalty": "group", "l1_ratio": 0.9, "alpha": 0.1}, X, Y),
    "lbfgs": (DenseRegressor, {"optimizer": "lbfgs", "l1_ratio": 0.5, "alpha": 0.1}, X, Y),
    "augmentation": (RNNRegressor, {"augmentation": {"jitter": 0.1, "mixup": 0.2}}, X, Y),
    "plateau": (RNNRegressor, {"lr_schedule": "plateau", "patience": 2, "max_epochs": 9}, X, Y),
    "single precision": (LSTMRegressor, {"dtype": "float32"}, X, Y),
    "tokens": (RNNClassifier, {"embedding_dim": 3}, TOKENS, LABELS),
    "attention": (RNNRegressor, {"pooling": "attention"}, X, Y),
    "documents": (HierarchicalAttentionClassifier, {}, TOKENS.reshape(40, 3, 2), LABELS),
    "callbacks": (RNNRegressor, {"callbacks": [Callback()]}, X, Y),
    "no seed": (RNNRegressor, {"random_state": None}, X, Y),
}
CASES = {
    **{cls.__name__: (cls, {}, X, Y if hasattr(cls(), "loss") else LABELS) for cls in NETS},
    **OPTIONS,
}
every_case = pytest.mark.parametrize("case", CASES)


def build(cls, **parameters):
    sizes = {name: size for name, size in SMALL.items() if name in cls().get_params()}
    few = {"max_epochs": 2, "batch_size": 16, "device": "cpu", "random_state": 0}
    return cls(**{**few, **sizes, **parameters})


def fitted(case, **parameters):
    cls, options, data, target = CASES[case]
    return build(cls, **options, n_members=3, **parameters).fit(data, target)


def bits(estimator):
    return [p.detach().numpy().tobytes() for p in estimator.net_.module_.parameters()]


def respond(estimator, data):
    """Return probabilities of a classifier, predictions of a regressor."""
    return getattr(estimator, "predict_proba", estimator.predict)(data)


def mean_of(parts):
    """Return the mean over the first axis, of arrays of arrays too."""
    return sum(parts[1:], start=parts[0]) / len(parts)


def close(actual, expected):
    for a, e in zip(actual, expected, strict=True):
        assert_allclose(a, e, atol=1e-12)


@every_case
@pytest.mark.usefixtures("two_threads")
def test_each_member_is_the_net_of_its_seed_and_predictions_are_means(case):
    cls, options, data, target = CASES[case]
    several = fitted(case)
    singles = [
        build(cls, **{**options, "random_state": seed}).fit(data, target)
        for seed in several.member_seeds_
    ]
    assert len({tuple(bits(single)) for single in singles}) == 3, "members differ"
    for member, single in zip(several.members_, singles, strict=True):
        assert bits(member) == bits(single)
        assert member.net_.history[:, "train_loss"] == single.loss_curve_
        assert member.n_iter_ == single.n_iter_
        assert member.get_params() == single.get_params()
    of_each = several.predict_members(data)
    for values, single in zip(of_each, singles, strict=True):
        assert all(map(np.array_equal, values, respond(single, data)))
    close(respond(several, data), mean_of(of_each))
    assert several.net_ is several.members_[0].net_
    assert several.n_iter_ == max(single.n_iter_ for single in singles) == len(several.loss_curve_)
    assert several.n_parameters_ == sum(single.n_parameters_ for single in singles)
    assert several.loss_curve_ == mean_curve([single.loss_curve_ for single in singles])


@pytest.mark.parametrize("case", ["random validation", "class weights", "multilabel", "tokens"])
def test_all_responses_of_a_classifier_are_those_of_the_mean_probabilities(case):
    data = CASES[case][2]
    model = fitted(case)
    mean = model.predict_members(data).mean(axis=0)
    assert_allclose(model.predict_proba(data), mean, atol=1e-12)
    assert_allclose(model.predict_log_proba(data), np.log(mean), atol=1e-10)
    if case == "multilabel":
        assert_array_equal(model.predict(data), mean > 0.5)
        assert_allclose(model.decision_function(data), logit(mean), atol=1e-10)
        return
    assert_allclose(mean.sum(axis=1), 1.0)
    assert_array_equal(model.predict(data), model.classes_[mean.argmax(axis=1)])
    assert_allclose(model.decision_function(data), np.log(mean), atol=1e-10)


def test_log_odds_of_two_classes_stay_accurate_where_members_are_sure():
    model = build(RNNClassifier, n_members=2).fit(X, Y > 0)
    assert_allclose(model.decision_function(X), logit(model.predict_proba(X)[:, 1]), atol=1e-10)
    with torch.no_grad():
        for member in model.members_:
            member.net_.module_.head.linear.bias.fill_(-60.0)
    assert_allclose(model.decision_function(X), -60.0, atol=3.0)
    assert np.isfinite(model.predict_log_proba(X)).all()


def test_more_members_have_the_same_first_seeds_and_one_member_is_a_single_net():
    two, three = (build(RNNRegressor, n_members=n).fit(X, Y) for n in (2, 3))
    assert_array_equal(two.member_seeds_, three.member_seeds_[:2])
    assert_array_equal(two.predict_members(X), three.predict_members(X)[:2])
    single = build(RNNRegressor).fit(X, Y)
    assert_array_equal(single.predict_members(X), [single.predict(X)])
    again = three.set_params(n_members=1).fit(X, Y)
    assert bits(again) == bits(single)
    assert not {"members_", "member_seeds_"} & set(vars(again) | vars(single))


@pytest.mark.parametrize("case", ["random validation", "RNNRegressor", "callbacks"])
def test_training_that_continues_continues_each_member(case):
    cls, options, data, target = CASES[case]
    several = fitted(case)
    seeds = several.member_seeds_.copy()
    singles = [build(cls, **{**options, "random_state": s}).fit(data, target) for s in seeds]
    before = pickle.loads(pickle.dumps(several))
    again = {"warm_start": True, "alpha": 0.01}
    for model in (several, *singles):
        model.set_params(**again).fit(data, target).partial_fit(data, target)
    assert_array_equal(several.member_seeds_, seeds)
    for member, single in zip(several.members_, singles, strict=True):
        assert bits(member) == bits(single)
    assert_array_equal(several.predict_members(data), [respond(s, data) for s in singles])
    assert before.n_iter_ < several.n_iter_ == len(several.loss_curve_)
    with pytest.raises(ValueError, match="n_members cannot change from 3 to 2"):
        several.set_params(n_members=2).fit(data, target)


def test_an_estimator_is_copied_and_pickled_with_its_members():
    model = fitted("random validation")
    copied = pickle.loads(pickle.dumps(model))
    assert_array_equal(copied.predict_members(X), model.predict_members(X))
    assert clone(model).get_params() == model.get_params()
    assert_array_equal(clone(model).fit(X, LABELS).predict_proba(X), model.predict_proba(X))


class Fails(Callback):
    """Raises in the second epoch of the member that is trained as the last one."""

    def __init__(self, error, seed):
        self.error, self.seed = error, seed

    def on_epoch_end(self, net, **_):
        if net.seed == self.seed and len(net.history) % 2 == 0:
            raise self.error


@pytest.mark.parametrize(
    ("error", "side_by_side"),
    [(ValueError, True), (KeyboardInterrupt, True), (ValueError, False)],
)
@pytest.mark.usefixtures("two_threads")
def test_a_fit_that_fails_leaves_all_members_as_they_were(error, side_by_side, monkeypatch):
    model = build(RNNRegressor, n_members=3).fit(X, Y)
    new, before = clone(model), model.predict_members(X)
    fails = Fails(error("no more"), model.members_[-1].net_.seed)
    if side_by_side:  # callbacks would have them take turns
        monkeypatch.setattr(SequenceNet, "_end_epoch", lambda net, *_: fails.on_epoch_end(net))
    for estimator in (model.set_params(warm_start=True), new):
        estimator.set_params(max_epochs=4, callbacks=None if side_by_side else [fails])
        with pytest.raises(error, match="no more"):
            estimator.fit(X, Y)
    assert_array_equal(model.predict_members(X), before)
    assert model.n_iter_ == 2
    assert not [name for name in vars(new) if name.endswith("_")]
    assert torch.get_num_threads() == 2
    monkeypatch.undo()
    assert model.set_params(callbacks=None).fit(X, Y).n_iter_ == 6  # and all can go on


@pytest.mark.usefixtures("two_threads")
def test_large_networks_have_the_bits_of_two_threads_of_torch():
    wide = {"hidden_layer_sizes": (1500,), "batch_size": 1000, "max_epochs": 1, "device": "cpu"}
    data, target = RNG.normal(size=(1000, 6, 2)), RNG.normal(size=1000)
    model = DenseRegressor(**wide, n_members=2, random_state=0).fit(data, target)
    for member in model.members_:
        single = DenseRegressor(**wide, random_state=member.random_state).fit(data, target)
        assert bits(member) == bits(single)
    data = single._read(data, target, None, reset=False)
    run = single._prepare(data, None, parameters=single.get_params(), continues=True)
    assert not _needs_one_thread(Run(*run))


def test_validation_data_are_those_of_all_members():
    given = {"X_val": X[:10], "y_val": Y[:10]}
    model = build(RNNRegressor, n_members=2).fit(X, Y, **given)
    singles = [build(RNNRegressor, random_state=s).fit(X, Y, **given) for s in model.member_seeds_]
    assert model.validation_loss_curve_ == mean_curve([s.validation_loss_curve_ for s in singles])
    assert build(RNNRegressor, n_members=2).fit(X, Y).validation_loss_curve_ is None


def test_mean_of_curves_of_different_length():
    assert mean_curve([[4.0, 2.0], [2.0], [3.0, 4.0, 9.0]]) == [3.0, 8 / 3, 13 / 3]


def test_attention_weights_are_means():
    model = fitted("attention")
    weights = [member.attention_weights(X) for member in model.members_]
    assert_allclose(model.attention_weights(X), np.mean(weights, axis=0), atol=1e-12)
    documents = CASES["documents"][2]
    reader = fitted("documents")
    weights = [member.word_attention_weights(documents)[0][0] for member in reader.members_]
    close([reader.word_attention_weights(documents)[0][0]], [np.mean(weights, axis=0)])


def test_importances_are_means_and_selected_inputs_are_those_of_any_member():
    how = {"method": "integrated_gradients"}
    linear = build(DenseClassifier, n_members=3, hidden_layer_sizes=(), **HELD_OUT)
    for model, target in ((fitted("DenseRegressor"), Y), (linear.fit(X, LABELS), LABELS)):
        per_unit = [
            (lag_importance(m, X, target, **how).effects.T / m.channel_scale_.scale[:, None]).T
            for m in model.members_
        ]
        effects = lag_importance(model, X, target, **how).effects
        expected = (np.mean(per_unit, axis=0).T * model.channel_scale_.scale[:, None]).T
        assert_allclose(effects, expected, atol=1e-12)
    assert len({m.channel_scale_.scale[0] for m in linear.members_}) == 3, "of other samples"
    model = build(DenseRegressor, n_members=2, hidden_layer_sizes=()).fit(X, Y)
    for member, channel in zip(model.members_, (0, 1), strict=True):
        with torch.no_grad():
            member.net_.module_.head.linear.weight.view(6, 2)[:, channel] = 0.0
    assert [m.selected_channels_.tolist() for m in model.members_] == [[False, True], [True, False]]
    assert model.selected_channels_.all()
    assert model.selected_lags_.all()
    assert n_parameters(model) == 2 * (6 + 1)


def test_summary_and_plot_tell_of_members(capsys, close_figures):
    model = fitted("RNNRegressor")
    model.summary()
    assert f"one of 3 members, {model.n_parameters_} parameters" in capsys.readouterr().out
    display = TrainingCurveDisplay.from_estimator(model)
    loss = np.subtract(model.loss_curve_, model.penalty_curve_)
    assert_array_equal(display.lines_[0].get_ydata(), loss)


def test_a_warning_counts_the_members_that_were_still_improving():
    falling = build(RNNRegressor, n_members=3, max_epochs=6, patience=2, tol=0.0)
    with pytest.warns(
        ConvergenceWarning, match=r"RNNRegressor \(3 of 3 members\) was still"
    ) as seen:
        falling.fit(X, Y)
    assert len(seen) == 1
    assert seen[0].filename == __file__


def test_what_members_cannot_do_is_refused_before_training():
    with pytest.raises(ValueError, match="Checkpoint, whose files all members would share; set n_"):
        build(RNNRegressor, n_members=2, callbacks=[Checkpoint()]).fit(X, Y)
    with pytest.raises(ValueError, match="callbacks has a EpochScoring"):
        build(RNNRegressor, n_members=2, callbacks=[EpochScoring("r2")]).fit(X, Y)
    with pytest.raises(ValueError, match="estimator has n_members=2, but the path is that of one"):
        penalty_path(build(DenseRegressor, n_members=2, l1_ratio=1.0), X, Y)
    with pytest.raises(ValueError, match="'n_members' parameter"):
        build(RNNRegressor, n_members=0).fit(X, Y)
