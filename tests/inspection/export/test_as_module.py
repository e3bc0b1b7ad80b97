"""`as_module`: a module of torch returns, for raw X, what the estimator predicts."""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_rnn import (
    GRURegressor,
    HierarchicalAttentionClassifier,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    RNNRegressor,
    TCNClassifier,
    TCNRegressor,
)
from sklearn_rnn.inspection.export import as_module
from tests.nets import CLASSIFIERS, NETS, REGRESSORS, STEPWISE, few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
SHORT = {"max_epochs": 2, "random_state": 0}
X = RNG.normal(size=(40, 5, 2)) * [1.0, 100.0] + [50.0, -3.0]
X[RNG.random(X.shape) < 0.1] = np.nan
X[:, -1] = RNG.normal(size=(40, 2))
Y = 30.0 * X[:, -1, 0] + 1000.0
LABELS = np.where(Y > 1000.0, "up", "down")
RAGGED = [x[-n:] for x, n in zip(X, 1 + np.arange(40) % 5, strict=True)]


def module_of(estimator, X, lengths=None):
    """Return what the module of an estimator makes of X."""
    X = torch.tensor(np.asarray(X))
    lengths = None if lengths is None else torch.tensor(lengths)
    return as_module(estimator)(X, lengths).numpy()


def padded(sequences):
    """Return sequences in one array, behind each of them what must have no effect, and lengths."""
    lengths = [len(x) for x in sequences]
    full = np.full((len(sequences), max(lengths), sequences[0].shape[1]), 1e6)
    for row, x in zip(full, sequences, strict=True):
        row[: len(x)] = x
    return full, lengths


def unit_of(y):
    return 1e-5 * np.std(y)


@pytest.mark.parametrize("cls", REGRESSORS)
@pytest.mark.parametrize("standardize", [True, False, "window", "last"])
def test_a_regressor_predicts_the_same(cls, standardize):
    channel = {"target_channel": 0} if isinstance(standardize, str) else {}
    net = cls(standardize=standardize, **channel, **SHORT).fit(X, Y)
    np.testing.assert_allclose(module_of(net, X), net.predict(X), rtol=0, atol=unit_of(Y))


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_a_classifier_gives_the_same_probabilities(cls):
    for labels in (LABELS, np.arange(40) % 3, np.stack([Y > 990, Y > 1010], 1).astype(int)):
        net = cls(**SHORT).fit(X, labels)
        np.testing.assert_allclose(module_of(net, X), net.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cls", [cls for cls in STEPWISE if cls in REGRESSORS])
@pytest.mark.parametrize("how", [{}, {"standardize": "window", "target_channel": 0}])
def test_padding_after_the_lengths_has_no_effect(cls, how):
    net = cls(all_missing="value", **how, **SHORT).fit(RAGGED, Y)
    predicted = module_of(net, *padded(RAGGED))
    np.testing.assert_allclose(predicted, net.predict(RAGGED), rtol=0, atol=unit_of(Y))


@pytest.mark.parametrize("how", [{}, {"standardize": "last", "target_channel": [0, 1]}])
def test_several_quantiles_come_along_the_last_axis(how):
    levels = [0.1, 0.5, 0.7, 0.9]
    net = LSTMRegressor(loss="quantile", quantile=levels, n_members=2, **how, **SHORT)
    net.fit(X, np.stack([Y, -Y], 1))
    expected = net.predict(X, quantiles=levels)
    assert expected.shape == (40, 2, 4)
    np.testing.assert_allclose(module_of(net, X), expected, rtol=0, atol=unit_of(Y))


@pytest.mark.parametrize("loss", ["poisson", "negative_binomial", "student_t", "huber"])
def test_the_mean_of_any_loss_is_predicted(loss):
    counts = RNG.poisson(5.0, size=40)
    net = GRURegressor(loss=loss, n_members=2, **SHORT).fit(X, counts)
    predicted = module_of(net, X)
    np.testing.assert_allclose(predicted, net.predict(X), rtol=0, atol=unit_of(counts))


def test_values_beyond_the_numbers_of_the_network_are_bounded():
    net, far = GRURegressor(**SHORT).fit(X, Y), X.copy()
    far[:, -1] = 1e200
    np.testing.assert_allclose(module_of(net, far), net.predict(far), rtol=0, atol=unit_of(Y))


def test_members_are_averaged():
    net = TCNClassifier(n_members=3, **SHORT).fit(X, np.arange(40) % 3)
    np.testing.assert_allclose(module_of(net, X), net.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cls", [LSTMRegressor, LSTMClassifier, TCNRegressor])
def test_each_step_has_a_prediction_and_the_padding_has_none(cls):
    labels = [np.where(x[:, 0] > 0, "up", "down") for x in RAGGED]
    targets = labels if cls is LSTMClassifier else [x[:, 1] for x in np.nan_to_num(X)[:, -5:]]
    targets = [t[: len(x)] for t, x in zip(targets, RAGGED, strict=True)]
    net = cls(return_sequences=True, all_missing="value", **SHORT).fit(RAGGED, targets)
    predict = net.predict_proba if cls is LSTMClassifier else net.predict
    predicted = module_of(net, *padded(RAGGED))
    for given, expected in zip(predicted, predict(RAGGED), strict=True):
        np.testing.assert_allclose(given[: len(expected)], expected, rtol=0, atol=1e-3)
        assert np.isnan(given[len(expected) :]).all()


@pytest.mark.parametrize("vocabulary_size", [9, 12])  # the last one is in the training data, or not
def test_tokens_that_are_not_known_are_unknown(vocabulary_size):
    tokens = RNG.integers(2, 9, size=(40, 6))
    tokens[::2, 4:] = 0
    net = LSTMClassifier(vocabulary_size=vocabulary_size, **SHORT).fit(tokens, LABELS)
    tokens[:, 1] = np.arange(40)
    tokens[:, 1] += 2
    np.testing.assert_allclose(module_of(net, tokens), net.predict_proba(tokens), atol=1e-6)


def test_documents_are_arrays_of_sentences():
    documents = RNG.integers(2, 9, size=(40, 3, 4))
    documents[::2, :, 3] = 0
    documents[::3, 2] = 0
    net = HierarchicalAttentionClassifier(**SHORT).fit(documents, LABELS)
    predicted = module_of(net, documents)
    np.testing.assert_allclose(predicted, net.predict_proba(documents), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cls", [RNNRegressor, TCNRegressor])
def test_categories_are_their_codes(cls):
    frame = pd.DataFrame({"a": Y, "kind": pd.Categorical(np.resize(["u", "v", None], 40))})
    lags = LagTransformer(3).fit(frame)
    windows = lags.transform(frame)
    net = cls(**SHORT).fit(windows, Y)
    predicted = module_of(net, windows[3:])
    np.testing.assert_allclose(predicted, net.predict(windows[3:]), rtol=0, atol=unit_of(Y))


@pytest.mark.parametrize("cls", NETS)
def test_double_precision_stays(cls):
    target = LABELS if cls in CLASSIFIERS else Y
    net = cls(dtype="float64", **SHORT).fit(X, target)
    predict = net.predict_proba if cls in CLASSIFIERS else net.predict
    np.testing.assert_allclose(module_of(net, X), predict(X), rtol=1e-11)


def test_the_module_is_a_copy():
    net = LSTMRegressor(**SHORT).fit(X, Y)
    before = net.predict(X)
    module = as_module(net)
    for parameter in module.parameters():
        parameter.zero_()
    assert not module.training
    np.testing.assert_array_equal(net.predict(X), before)


def test_other_models_are_refused():
    with pytest.raises(
        TypeError,
        match="as_module takes a fitted network or linear model",
    ):
        as_module(LagTransformer(3).fit(X[0]))
