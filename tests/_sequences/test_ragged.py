"""Laws of sequences as they come: different lengths, absent steps, missing values, tokens."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_rnn import (
    DenseRegressor,
    GRUClassifier,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    TCNRegressor,
)
from sklearn_rnn._sequences.ragged import Ragged, concatenate, trim_absent_steps
from sklearn_rnn._sequences.windows import Windows, lag_windows, window_rows
from tests.nets import STEPWISE, few_epochs

pytestmark = few_epochs

SIZES = {"hidden_size": 4, "num_channels": 4}
RNG = np.random.default_rng(0)
N = 40
LENGTHS = RNG.integers(1, 8, size=N)
RAGGED = [RNG.normal(size=(n, 2)) for n in LENGTHS]
Y = np.array([x[-1, 0] + 0.1 * len(x) for x in RAGGED])
LABELS = np.where(np.median(Y) < Y, "high", "low")

each_stepwise = pytest.mark.parametrize("cls", STEPWISE, ids=lambda cls: cls.__name__)


def make(cls, **parameters):
    """Return a small net that trains for a moment, in several batches an epoch."""
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 3, "batch_size": 16, "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def target(estimator):
    return LABELS if is_classifier(estimator) else Y


def raw_output(estimator, X):
    return getattr(estimator, "decision_function", estimator.predict)(X)


def padded(sequences, before, behind, fill=np.nan):
    n_steps = max(map(len, sequences)) + before + behind
    result = np.full((len(sequences), n_steps, sequences[0].shape[1]), fill)
    for i, sequence in enumerate(sequences):
        result[i, before : before + len(sequence)] = sequence
    return result


def test_the_nets_are_found():
    assert len(STEPWISE) >= 12


# --- lengths and absent steps --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (cls, options)
        for cls in STEPWISE
        for options in ({}, {"bidirectional": True}, {"pooling": "attention"})
        if options.keys() <= cls().get_params().keys()
    ],
)
def test_padding_changes_nothing_in_training_or_prediction(cls, options):
    net = make(cls, **options)
    own = clone(net).fit(RAGGED, target(net))
    expected = raw_output(own, RAGGED)
    for before, behind in ((0, 0), (3, 0), (0, 5), (2, 4)):
        X = padded(RAGGED, before, behind)
        assert_array_equal(raw_output(clone(net).fit(X, target(net)), X), expected)
        assert_allclose(raw_output(own, X[::-1]), expected[::-1], atol=1e-12)
    assert_allclose(raw_output(own, RAGGED[:1]), expected[:1], atol=1e-12)
    objects = np.array([*RAGGED, None], dtype=object)[:-1]
    assert_array_equal(raw_output(own, objects), expected)


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}])
@each_stepwise
def test_padding_all_sequences_alike_changes_no_batch(cls, options):
    if not options.keys() <= cls().get_params().keys():
        return
    X = RNG.normal(size=(200, 4, 2))
    y = X[:, :, 0] > 0 if options else X[:, -1, 0] > X[:, 0, 1]
    net = make(cls, max_epochs=2, **options)
    expected = raw_output(clone(net).fit(X, y), X)
    for before, behind in ((2, 0), (0, 3)):
        steps = ((0, 0), (before, behind))
        around = np.pad(X, (*steps, (0, 0)), constant_values=np.nan)
        fitted = clone(net).fit(around, np.pad(y, steps) if options else y)
        assert_array_equal(raw_output(fitted, X), expected)


UNIVARIATE = [x[:, 0] for x in RAGGED]


@pytest.mark.parametrize("X", [UNIVARIATE, [list(x) for x in UNIVARIATE], RAGGED])
def test_a_list_means_the_same_in_any_company(X):
    net = make(LSTMRegressor).fit(X, Y)
    whole = net.predict(X)
    alone = np.concatenate([net.predict(X[i : i + 1]) for i in range(N)])
    assert_allclose(alone, whole, atol=1e-12)
    three = [i for i in range(N) if len(X[i]) == 3][:2]
    assert_allclose(net.predict([X[i] for i in three]), whole[three], atol=1e-12)
    held_out = cross_val_predict(net, X, Y, cv=LeaveOneOut())
    assert np.isfinite(held_out).all()
    if isinstance(X[0], np.ndarray):
        assert_array_equal(net.predict(pd.Series(X)), whole)


def test_what_is_said_of_a_list_at_each_step_is_a_list():
    X, y = [np.ones((n, 1)) for n in (3, 3, 3, 4, 2, 5)], [np.ones(n) for n in (3, 3, 3, 4, 2, 5)]
    net = make(LSTMRegressor, return_sequences=True)
    for cv in (KFold(2), LeaveOneOut()):
        predicted = cross_val_predict(net, X, y, cv=cv)
        assert [len(one) for one in predicted] == [len(x) for x in X]
    net.fit(X, pd.Series(y))
    assert net.predict(X[:2]).dtype == object
    assert net.predict(np.ones((2, 3, 1))).shape == (2, 3)


@pytest.mark.parametrize("empty", [np.empty((0, 2)), np.empty(0), []])
@each_stepwise
def test_empty_sequences_alone_or_in_company_are_an_empty_past(cls, empty):
    net = make(cls).fit(RAGGED, target(make(cls)))
    expected = raw_output(net, np.full((1, 4, 2), np.nan))
    assert_array_equal(raw_output(net, [empty]), expected)
    assert_array_equal(raw_output(net, [empty, empty]), np.concatenate([expected, expected]))
    assert_allclose(raw_output(net, [RAGGED[0], empty])[1:], expected, atol=1e-12)
    tokens = make(cls, embedding_dim=3).fit([[1, 2], [3], [], [4]] * 10, target(net))
    assert_allclose(raw_output(tokens, [[]]), raw_output(tokens, [[1], []])[1:], atol=1e-12)


def test_lists_of_sequences_are_read_backwards_by_flipping_them():
    X = padded(RAGGED, 0, 2)
    flip = FunctionTransformer(np.flip, kw_args={"axis": 1})
    backwards = make_pipeline(flip, make(LSTMRegressor)).fit(X, Y)
    expected = make(LSTMRegressor).fit([x[::-1] for x in RAGGED], Y)
    assert_array_equal(backwards.predict(X), expected.predict([x[::-1] for x in RAGGED]))


def test_missing_values_may_be_none_in_lists():
    ours = make(LSTMRegressor).fit([[[1, None], [2, 3]], [[1, 2]]], [1.0, 2.0])
    expected = make(LSTMRegressor).fit([[[1, np.nan], [2, 3]], [[1, 2]]], [1.0, 2.0])
    assert_array_equal(ours.predict([[[1, None]]]), expected.predict([[[1, np.nan]]]))


def test_a_fit_to_a_list_forgets_the_names_of_columns():
    table = pd.DataFrame(np.ones((N, 3)), columns=list("abc"))
    net = make(LSTMRegressor).fit(table, Y)
    assert hasattr(net, "feature_names_in_")
    assert not hasattr(net.fit(RAGGED, Y), "feature_names_in_")


@each_stepwise
def test_lists_of_equal_length_are_an_array(cls):
    X = RNG.normal(size=(N, 5, 2))
    net = make(cls)
    expected = raw_output(clone(net).fit(X, target(net)), X)
    assert_array_equal(raw_output(clone(net).fit(list(X), target(net)), list(X)), expected)
    objects = np.empty(N, dtype=object)
    objects[:] = list(X)
    assert_array_equal(raw_output(clone(net).fit(objects, target(net)), objects), expected)


@each_stepwise
def test_an_empty_sequence_gets_the_prediction_of_an_empty_past(cls):
    net = make(cls).fit([*RAGGED[:-1], RAGGED[-1][:0]], target(make(cls)))
    empty = np.full((1, 4, 2), np.nan)
    assert np.isfinite(raw_output(net, empty)).all()
    assert_array_equal(raw_output(net, empty), raw_output(net, empty[:, :1]))
    with pytest.raises(ValueError, match=r"^X has no steps except padding in the training"):
        make(cls).fit(np.repeat(empty, N, axis=0), target(make(cls)))


def test_lists_go_through_searches_pipelines_and_pickles():
    net = make(LSTMClassifier)
    search = GridSearchCV(net, {"hidden_size": [2, 3]}, cv=KFold(3), error_score="raise")
    search.fit(RAGGED, LABELS)
    again = pickle.loads(pickle.dumps(search))
    assert_array_equal(again.predict_proba(RAGGED), search.predict_proba(RAGGED))
    halved = FunctionTransformer(lambda X: [x / 2 for x in X])
    predicted = cross_val_predict(make_pipeline(halved, net), RAGGED, LABELS, cv=3)
    assert set(predicted) <= {"high", "low"}


def test_validation_data_may_be_ragged_too():
    net = make(LSTMRegressor).fit(RAGGED[:30], Y[:30], X_val=RAGGED[30:], y_val=Y[30:])
    valid = padded(RAGGED[30:], 1, 1)
    other = make(LSTMRegressor).fit(RAGGED[:30], Y[:30], X_val=valid, y_val=Y[30:])
    assert net.validation_loss_curve_ == other.validation_loss_curve_


@pytest.mark.parametrize(
    ("X", "text"),
    [
        ([np.zeros((2, 2)), np.zeros((3, 1))], r"^X\[1\] has 1 channels, but X\[0\] has 2"),
        ([np.zeros((2, 2)), np.full((3, 2), np.inf)], "infinity"),
        ([np.zeros((2, 2)), np.full((3, 2), "a")], r"^X\[1\] must hold numbers"),
        (
            [np.zeros(3), np.zeros(4)],
            r"^X\[0\] has 3 values, which is not a multiple of n_channels",
        ),
    ],
)
def test_bad_lists_are_refused_in_words(X, text):
    net = make(LSTMRegressor, n_channels=2)
    with pytest.raises(ValueError, match=text):
        net.fit(X, [0.0, 1.0])
    assert vars(net) == net.get_params()


@pytest.mark.parametrize("net", [DenseRegressor(), LSTMRegressor(linear_skip=True)])
def test_nets_of_whole_windows_refuse_different_lengths(net):
    with pytest.raises(ValueError, match=r"^X holds sequences of different length"):
        net.fit(RAGGED, Y)


# --- missing values ------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [*STEPWISE, DenseRegressor], ids=lambda cls: cls.__name__)
def test_a_missing_value_is_the_mean_and_its_indicator(cls):
    X = RNG.normal(size=(N, 5, 2))
    X[RNG.random(X.shape) < 0.2] = np.nan
    X[:, [0, -1]] = np.nan_to_num(X[:, [0, -1]])  # so that no step is absent at an end
    net = make(cls).fit(X, target(make(cls)))
    assert_array_equal(net.missing_channels_, [0, 1])
    missing = np.isnan(X)
    mean = np.nanmean(X, axis=(0, 1))
    by_hand = np.concatenate([np.where(missing, mean, X), missing], axis=2)
    raw = net.net_.module_.net_ if hasattr(net.net_.module_, "net_") else net.net_.module_
    assert next(raw.parameters()).dtype == next(net.net_.module_.parameters()).dtype
    twin = make(cls, standardize=False)
    scaled = by_hand.copy()
    scaled[..., :2] = (by_hand[..., :2] - mean) / np.nanstd(X, axis=(0, 1))
    y = target(net) if is_classifier(net) else (Y - Y.mean()) / Y.std()
    twin.fit(scaled, y)
    expected = raw_output(twin, scaled)
    if not is_classifier(net):
        expected = expected * Y.std() + Y.mean()
    assert_allclose(raw_output(net, X), expected, atol=1e-6)


def test_indicators_are_made_for_the_channels_that_miss_values_in_training():
    X = RNG.normal(size=(N, 5, 3))
    X[3, 2, 1] = np.nan
    assert_array_equal(make(LSTMRegressor).fit(X, Y).missing_channels_, [1])
    net = make(LSTMRegressor, missing_indicator=False).fit(X, Y)
    assert len(net.missing_channels_) == 0
    filled = X.copy()
    filled[3, 2, 1] = np.nanmean(X[..., 1])
    assert_allclose(net.predict(X), net.predict(filled), atol=1e-9)
    whole = make(LSTMRegressor).fit(np.nan_to_num(X), Y)
    assert len(whole.missing_channels_) == 0
    assert np.isfinite(whole.predict(X)).all()


def test_a_gap_keeps_its_place_in_time():
    X = RNG.normal(size=(N, 6, 1))
    X[::2, 2] = np.nan
    net = make(TCNRegressor, max_epochs=20).fit(X, Y)
    closed = X.copy()
    closed[::2, 1:] = np.concatenate([np.full((N // 2, 1, 1), np.nan), X[::2, 1:2], X[::2, 3:]], 1)[
        :, :5
    ]
    assert np.abs(net.predict(closed) - net.predict(X))[::2].max() > 1e-3


def test_lags_with_nan_feed_absent_steps_if_asked():
    series = np.cumsum(RNG.normal(size=(60, 1)), axis=0)
    lags = LagTransformer(5, fill_value="nan")
    net = make(LSTMRegressor, all_missing="absent")
    model = make_pipeline(lags, net).fit(series, series[:, 0])
    third = model[-1].predict(series[np.newaxis, :2])[0]
    assert_allclose(model.predict(series[:3])[2], third, atol=1e-12)
    dense = make_pipeline(LagTransformer(5, fill_value="nan"), make(DenseRegressor, n_channels=1))
    assert np.isfinite(dense.fit(series, series[:, 0]).predict(series)).all()


def test_missing_values_count_in_the_selection_of_channels():
    X = RNG.normal(size=(N, 4, 2))
    X[::3, 1, 0] = np.nan
    net = make(DenseRegressor, l1_ratio=1.0).fit(X, Y)
    assert net.selected_channels_.shape == (2,)
    assert net.selected_lags_.shape == (4,)


# --- laid over rows ------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3])
def test_windows_with_absent_ends_stay_views(step):
    rows = RNG.normal(size=(50, 2))
    rows[[0, 1, 2, 20, 48, 49]] = np.nan
    windows = window_rows(lag_windows(rows, 4, step=step))
    ragged = trim_absent_steps(windows, np.isnan(rows).all(axis=1))
    assert isinstance(ragged, Ragged)
    assert np.shares_memory(ragged.rows, rows)
    for i, window in enumerate(windows.array()):
        there = np.flatnonzero(~np.isnan(window).all(axis=1))
        expected = window[there[0] : there[-1] + 1] if len(there) else window[:0]
        places = ragged.starts[i] + step * np.arange(ragged.lengths[i])
        assert_array_equal(ragged.rows[places], expected)
        assert len(there) == 0 or ragged.leads[i] == there[0]


def test_the_coverage_of_ragged_sequences_is_that_of_a_loop():
    ragged = concatenate(RAGGED)
    weight = RNG.integers(0, 3, size=N)
    assert_array_equal(ragged.coverage(weight), np.repeat(weight, LENGTHS))
    assert_array_equal(ragged.coverage(), np.ones(LENGTHS.sum()))


def test_even_sequences_are_windows():
    even = concatenate(list(RNG.normal(size=(7, 3, 2))))
    assert isinstance(trim_absent_steps(even, np.zeros(21, dtype=bool)), Windows)


# --- tokens --------------------------------------------------------------------------------------

TOKENS = [RNG.integers(1, 9, size=n) for n in RNG.integers(1, 12, size=N)]
HAS_THREE = np.array([3 in tokens for tokens in TOKENS])


@each_stepwise
def test_tokens_are_read_whatever_their_padding(cls):
    net = make(cls, embedding_dim=3)
    y = HAS_THREE if is_classifier(net) else HAS_THREE.astype(float)
    expected = raw_output(clone(net).fit(TOKENS, y), TOKENS)
    columns = [tokens[:, None] for tokens in TOKENS]
    for before, behind in ((0, 0), (0, 3), (2, 0)):
        X = padded(columns, before, behind, fill=0)[:, :, 0].astype(int)
        fitted = clone(net).fit(X, y)
        assert_array_equal(raw_output(fitted, X), expected)
        assert_allclose(
            raw_output(fitted, X[:4, :-1] if behind else X[:4]), expected[:4], atol=1e-12
        )


def test_tokens_that_training_did_not_show_are_the_unknown_token():
    net = make(GRUClassifier, embedding_dim=3).fit(TOKENS, HAS_THREE)
    unknown = net.predict_proba([[2, 1, 3], [2]])[0]
    for token in (9, 1000, 2**40):
        assert_array_equal(net.predict_proba([[2, token, 3], [2]])[0], unknown)
    capped = make(GRUClassifier, vocabulary_size=5).fit(TOKENS, HAS_THREE)
    assert_array_equal(capped.predict_proba([[7, 3], [2]]), capped.predict_proba([[1, 3], [2]]))
    assert capped.net_.module_.embedding.weight.shape == (5, 32)


def test_a_net_finds_a_word_that_matters():
    net = make(GRUClassifier, embedding_dim=4, max_epochs=60, learning_rate=0.02, pooling="max")
    assert net.fit(TOKENS, HAS_THREE).score(TOKENS, HAS_THREE) > 0.95


@pytest.mark.parametrize(
    ("X", "text"),
    [
        ([[0.5, 1.0], [1.0, 2.0]], "^X must hold tokens, which are non-negative integers"),
        ([[-1, 1], [1, 2]], "^X must hold tokens, which are non-negative integers"),
        (np.ones((2, 3, 2), dtype=int), "^X must hold one token at each step; got 2 channels"),
        ([[np.nan, 1], [1, 2]], "^X must hold tokens"),
    ],
)
def test_numbers_that_are_no_tokens_are_refused(X, text):
    with pytest.raises(ValueError, match=text):
        make(GRUClassifier, embedding_dim=2).fit(X, [0, 1])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"linear_skip": True}, "^linear_skip=True needs numbers"),
        ({"n_channels": 2}, "^n_channels must be None or 1 with tokens; got 2"),
        ({"penalty": "group", "l1_ratio": 0.5}, '^penalty="group" selects channels'),
    ],
)
def test_what_tokens_cannot_have_is_refused(options, text):
    with pytest.raises(ValueError, match=text):
        make(GRUClassifier, embedding_dim=2, **options).fit(TOKENS, HAS_THREE)


# --- a target for each step ----------------------------------------------------------------------

SPEAKERS = [cls for cls in STEPWISE if "return_sequences" in cls().get_params()]
RUNNING = [np.cumsum(x[:, 0]) for x in RAGGED]
each_speaker = pytest.mark.parametrize("cls", SPEAKERS, ids=lambda cls: cls.__name__)


def steps_of(cls, kind):
    if not is_classifier(cls()):
        return [np.stack([r, -r], axis=1) if kind == "several" else r for r in RUNNING]
    if kind == "several":
        return [np.stack([r > 0, r > 1], axis=1).astype(int) for r in RUNNING]
    return [np.where(r > 0, "up", "down") for r in RUNNING]


@pytest.mark.parametrize("kind", ["one", "several"])
@each_speaker
def test_targets_of_steps_match_ragged_and_padded_sequences(cls, kind):
    y = steps_of(cls, kind)
    net = make(cls, return_sequences=True).fit(RAGGED, y)
    predicted = net.predict(RAGGED)
    assert [p.shape for p in predicted] == [one.shape for one in y]
    X = padded(RAGGED, 2, 1)
    n_steps, more = X.shape[1], y[0].shape[1:]
    whole = np.full((N, n_steps, *more), y[0].flat[0], dtype=y[0].dtype)
    for i, one in enumerate(y):
        whole[i, 2 : 2 + len(one)] = one
    other = make(cls, return_sequences=True).fit(X, whole)
    assert other.loss_curve_ == net.loss_curve_
    again = other.predict(X)
    assert again.shape == whole.shape
    for i, one in enumerate(predicted):
        assert_array_equal(again[i, 2 : 2 + len(one)], one)
    if not is_classifier(net):
        assert np.isnan(again[0, :2]).all()
    assert other.score(X, whole) == pytest.approx(net.score(RAGGED, y))


@each_speaker
def test_what_a_causal_net_says_at_a_step_is_what_it_says_of_the_past(cls):
    net = make(cls, return_sequences=True).fit(RAGGED, steps_of(cls, "one"))
    for whole, x in zip(raw_output(net, RAGGED), RAGGED, strict=True):
        for step in range(1, len(x) + 1):
            past = raw_output(net, [x[:step], x[:1]])[0]
            assert_allclose(past, whole[:step], atol=1e-10)


def test_a_score_of_steps_is_that_of_all_of_them():
    y = [np.where(r > 0, "up", "down") for r in RUNNING]
    net = make(GRUClassifier, return_sequences=True, max_epochs=30).fit(RAGGED, y)
    right = np.concatenate([p == t for p, t in zip(net.predict(RAGGED), y, strict=True)])
    assert net.score(RAGGED, y) == pytest.approx(right.mean())
    weight = np.arange(N)
    weighted = np.average(right, weights=np.repeat(weight, LENGTHS))
    assert net.score(RAGGED, y, weight) == pytest.approx(weighted)
    assert [p.shape for p in net.predict_proba(RAGGED)] == [(n, 2) for n in LENGTHS]


def test_the_loss_of_steps_is_their_mean():
    y = RUNNING
    net = make(LSTMRegressor, return_sequences=True, standardize=False, alpha=0.0, batch_size=N)
    net.set_params(max_epochs=1, learning_rate=1e-30, dtype="float64").fit(RAGGED, y)
    errors = np.concatenate([p - t for p, t in zip(net.predict(RAGGED), y, strict=True)])
    assert net.loss_curve_[0] == pytest.approx(np.square(errors).mean() / 2)
    mean = np.concatenate(y).mean()
    scaled = make(LSTMRegressor, return_sequences=True).fit(RAGGED, y)
    assert scaled.target_scale_.mean == pytest.approx(mean)


def test_early_stopping_and_weights_work_with_steps():
    for cls in (LSTMRegressor, GRUClassifier):
        y, weight = steps_of(cls, "one"), RNG.integers(0, 3, size=N).astype(float)
        net = make(cls, return_sequences=True, early_stopping=True).fit(RAGGED, y, weight)
        kept = np.flatnonzero(weight)
        other = make(cls, return_sequences=True, early_stopping=True)
        other.fit([RAGGED[i] for i in kept], [y[i] for i in kept], weight[kept])
        assert len(net.validation_loss_curve_) == 3
        assert_allclose(net.loss_curve_, other.loss_curve_)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (RUNNING[:-1], "^y has 39 sequences, but X has 40"),
        ([*RUNNING[:-1], np.zeros(99)], r"^y\[39\] has 99 steps, but X\[39\] has"),
        (Y, "^return_sequences=True needs y of shape"),
        (None, "requires y to be passed, but the target y is None"),
    ],
)
def test_targets_that_do_not_match_the_steps_are_refused(y, text):
    with pytest.raises(ValueError, match=text):
        make(LSTMRegressor, return_sequences=True).fit(RAGGED, y)


# --- pooling, attention, series ------------------------------------------------------------------


@each_stepwise
def test_attention_weighs_the_steps_that_are_there(cls):
    net = make(cls, pooling="attention").fit(RAGGED, target(make(cls)))
    weights = net.attention_weights(RAGGED)
    assert [len(w) for w in weights] == LENGTHS.tolist()
    assert_allclose([w.sum() for w in weights], 1, atol=1e-6)
    X = padded(RAGGED, 1, 2)
    spread = net.attention_weights(X)
    assert spread.shape == X.shape[:2]
    assert (spread[:, 0] == 0).all()
    with pytest.raises(AttributeError, match='attention_weights needs pooling="attention"; got'):
        make(cls, pooling="mean").attention_weights(RAGGED)


@each_stepwise
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_every_pooling_trains(cls, pooling):
    net = make(cls, pooling=pooling).fit(RAGGED, target(make(cls)))
    assert np.isfinite(raw_output(net, RAGGED)).all()


def test_the_last_of_each_series_is_set_aside():
    index = pd.MultiIndex.from_product([["a", "b"], range(20)])
    X, y = RNG.normal(size=(40, 3, 1)), pd.Series(Y, index=index)
    net = make(LSTMRegressor, early_stopping=True, validation_fraction=0.2).fit(X, y)
    held = np.r_[16:20, 36:40]
    train = np.setdiff1d(np.arange(40), held)
    by_hand = make(LSTMRegressor).fit(X[train], Y[train], X_val=X[held], y_val=Y[held])
    assert_allclose(net.validation_loss_curve_, by_hand.validation_loss_curve_)


def test_recurrent_dropout_and_coupled_gates_reach_the_net():
    net = make(LSTMRegressor, recurrent_dropout=0.3, coupled_gates=True).fit(RAGGED, Y)
    full = make(LSTMRegressor).fit(RAGGED, Y)
    assert net.n_parameters_ < full.n_parameters_
    assert net.net_.module_.recurrent_dropout.p == 0.3
    assert_array_equal(net.predict(RAGGED), net.predict(RAGGED))


def test_the_type_of_labels_of_steps_is_kept_beside_an_empty_sequence():
    X = [np.empty((0, 1))] + [np.ones((i % 3 + 1, 1)) for i in range(9)]
    labels = [[], *([0, 1, 0][: i % 3 + 1] for i in range(9))]
    net = make(GRUClassifier, return_sequences=True)
    assert net.fit(X, labels).classes_.dtype.kind == "i"
    many = [[], *([[0, 1]] * (i % 3 + 1) for i in range(9))]
    assert net.fit(X, many).predict(X)[1].shape == (1, 2)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (5, r"^return_sequences=True needs y of shape"),
        ([np.ones(3), 4.0], r"^y\[1\] must hold a value for each step of X\[1\]; got 4.0"),
        (
            [np.ones(3), np.ones((2, 2))],
            r"^y\[1\] has the shape \(2, 2\), but the sequences before it",
        ),
    ],
)
def test_targets_of_steps_are_refused_by_name(y, text):
    with pytest.raises(ValueError, match=text):
        make(LSTMRegressor, return_sequences=True).fit([np.ones((3, 1)), np.ones((2, 1))], y)


def test_weights_of_a_score_of_steps_are_checked():
    X, y = [np.ones((3, 1)), np.zeros((2, 1))], [np.arange(3.0), np.arange(2.0)]
    net = make(LSTMRegressor, return_sequences=True).fit(X, y)
    with pytest.raises(ValueError, match=r"^sample_weight has 3 samples, but X has 2"):
        net.score(X, y, sample_weight=np.ones(3))


def test_tokens_too_large_for_a_table_are_refused():
    text = r"^X holds the token 1000000000; number the tokens"
    with pytest.raises(ValueError, match=text):
        make(GRUClassifier, embedding_dim=2).fit([[2, 10**9], [3]], [0, 1])
