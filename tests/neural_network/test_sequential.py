"""Steps without any value: missing values at their place in windows of a series, or padding."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier

from sklearn_rnn import GRURegressor, LSTMClassifier, LSTMRegressor, TCNRegressor
from sklearn_rnn._sequences.windows import lag_windows
from tests.nets import CLASSIFIERS, STEPWISE, few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
ROWS = RNG.normal([3.0, -1.0], size=(64, 2))
WINDOWS = lag_windows(ROWS, 5)
N = len(WINDOWS)
Y = WINDOWS[:, -2, 0]
LABELS = np.where(Y > 3, "high", "low")
SIZES = {"hidden_size": 3, "num_channels": 3}
each_stepwise = pytest.mark.parametrize("cls", STEPWISE, ids=lambda cls: cls.__name__)


def make(cls, **parameters):
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 2, "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def target(net):
    return LABELS if is_classifier(net) else Y


def raw_output(net, X):
    return getattr(net, "decision_function", net.predict)(X)


def without_newest(X, value=np.nan):
    """Return a copy of which the newest step, in all sequences, has other values."""
    X = np.array(X)
    X[:, -1] = value
    return X


@each_stepwise
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_missing_newest_step_of_windows_is_the_mean_and_keeps_all_lags(cls, method):
    net = make(cls)
    first = {"classes": np.unique(LABELS)} if is_classifier(net) and method != "fit" else {}
    for _ in range(2):
        getattr(net, method)(WINDOWS, target(net), **first)
    missing = without_newest(WINDOWS)
    expected = raw_output(net, without_newest(WINDOWS, net.channel_scale_.mean))
    found = raw_output(net, missing)
    assert_allclose(found, expected, rtol=1e-9)
    assert_allclose([raw_output(net, one[None])[0] for one in missing[:5]], found[:5], rtol=1e-9)


@pytest.mark.parametrize(
    "cls", [c for c in CLASSIFIERS if c in STEPWISE], ids=lambda cls: cls.__name__
)
def test_probabilities_follow_too(cls):
    net = make(cls).fit(WINDOWS, LABELS)
    expected = net.predict_proba(without_newest(WINDOWS, net.channel_scale_.mean))
    assert_allclose(net.predict_proba(without_newest(WINDOWS)), expected, rtol=1e-9)


@each_stepwise
def test_validation_data_are_read_as_the_training_data(cls):
    net = make(cls)
    y = target(net)
    mean = make(cls).fit(WINDOWS, y).channel_scale_.mean
    curves = [
        make(cls).fit(WINDOWS, y, X_val=valid, y_val=y).validation_loss_curve_
        for valid in (without_newest(WINDOWS), without_newest(WINDOWS, mean))
    ]
    assert_allclose(*curves, rtol=1e-9)


@each_stepwise
def test_missing_rows_in_training_have_an_indicator_at_their_lag(cls):
    rows = ROWS.copy()
    rows[::7] = np.nan
    seen = lag_windows(rows, 5)
    net = make(cls).fit(seen, target(make(cls)))
    beside = np.column_stack([rows, np.zeros(len(rows))])  # a channel that is never missing
    beside = make(cls, all_missing="absent").fit(lag_windows(beside, 5), target(net))
    assert_array_equal(net.missing_channels_, [0, 1])
    assert_array_equal(beside.missing_channels_, [0, 1])
    scale, other = net.channel_scale_, beside.channel_scale_
    assert_allclose(scale.mean, other.mean[:2])
    assert_allclose(scale.scale, other.scale[:2])


@each_stepwise
def test_padding_is_dropped_from_windows_that_are_said_to_be_padded(cls):
    net = make(cls, all_missing="absent").fit(WINDOWS, target(make(cls)))
    found = raw_output(net, without_newest(WINDOWS))
    assert_allclose(found, raw_output(net, np.array(WINDOWS[:, :-1])), rtol=1e-6)


@each_stepwise
def test_missing_steps_of_lists_keep_their_place_if_asked(cls):
    padded = without_newest(ROWS[:60].reshape(12, 5, 2))
    y = target(make(cls))[:12]
    nets = [make(cls, all_missing=kind).fit(padded, y) for kind in ("auto", "value")]
    assert [net.n_steps_ for net in nets] == [4, 5]
    in_list = make(cls, all_missing="value").fit(list(padded), y)
    assert_array_equal(raw_output(in_list, list(padded)), raw_output(nets[1], padded))
    ragged = [x[i % 3 :] for i, x in enumerate(padded)]
    net = make(cls, all_missing="value").fit(ragged, y)
    filled = [np.where(np.isnan(x), net.channel_scale_.mean, x) for x in ragged]
    mean = make(cls, all_missing="value", missing_indicator=False).fit(ragged, y)
    assert_allclose(raw_output(mean, ragged), raw_output(mean, filled), rtol=1e-6)


@pytest.mark.parametrize(
    ("cls", "parameters", "text"),
    [
        (LSTMRegressor, {"all_missing": "absent", "linear_skip": True}, "^linear_skip=True needs"),
        (LSTMClassifier, {"all_missing": "value", "embedding_dim": 2}, '^all_missing="value" nee'),
        (TCNRegressor, {"all_missing": "padding"}, "The 'all_missing' parameter"),
    ],
)
def test_contradictions_are_refused(cls, parameters, text):
    net = make(cls, **parameters)
    with pytest.raises(ValueError, match=text):
        net.fit(WINDOWS, target(net))
    assert vars(net) == net.get_params()


@pytest.mark.parametrize("as_table", [np.asarray, pd.DataFrame])
def test_one_sequence_without_the_axis_of_samples_is_told_how_to_give_it(as_table):
    sequences = np.random.default_rng(0).normal(size=(20, 6, 2))
    net = GRURegressor(return_sequences=True, max_epochs=2, lr_schedule="cosine", random_state=0)
    net.fit(sequences, sequences[:, :, 0])
    one = as_table(sequences[0])
    with pytest.raises(ValueError, match=r"One sequence .* is np\.asarray\(X\)\[np\.newaxis\]\.$"):
        net.predict(one)
    np.testing.assert_array_equal(
        net.predict(np.asarray(one)[np.newaxis]), net.predict(sequences[:1])
    )
    with pytest.raises(ValueError, match=r"got the shape \(6,\)\. Of one sequence give X\[np\.n"):
        net.fit(one, sequences[0, :, 0])
