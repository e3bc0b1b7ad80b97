"""Attributions of predictions: they add up, find what matters, and are blind to padding."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    CNNRegressor,
    DenseRegressor,
    Forecaster,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LagTransformer,
    LSTMRegressor,
    NaiveForecaster,
    TCNClassifier,
    TCNRegressor,
    TextSequencer,
)
from sklearn_rnn.inspection import attributions, lag_importance
from sklearn_rnn.inspection.export import as_module, to_onnx
from tests.nets import few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 6, 2)) * [1.0, 50.0] + [3.0, 0.0]
Y = 1000 + 200 * X[:, -2, 0] + np.square(X[:, -1, 1])
RAGGED = [x[: 3 + i % 4] for i, x in enumerate(X)]
TOKENS = [RNG.integers(2, 9, size=2 + i % 5) for i in range(80)]
QUICK = {"max_epochs": 5, "lr_schedule": "cosine", "random_state": 0, "dtype": "float64"}


def totals(found):
    return found.base_values + [a.sum() for a in found.attributions]


@pytest.mark.parametrize("cls", [GRURegressor, LSTMRegressor, TCNRegressor, CNNRegressor])
@pytest.mark.parametrize("given", [X, RAGGED], ids=["array", "list"])
def test_attributions_add_up_to_predictions(cls, given):
    net = cls(**QUICK).fit(given, Y)
    found = attributions(net, given)
    assert_allclose(totals(found), net.predict(given), atol=0.01 * np.std(Y))
    assert [a.shape for a in found.attributions] == [x.shape for x in given]
    assert found.channels == ["x0", "x1"]


def with_sharp_states(given, factor):
    """Return a network with several stable states, between which its outputs jump."""
    net = GRURegressor(max_epochs=2, lr_schedule="cosine", random_state=0, dtype="float64")
    net.fit(given, Y)
    with torch.no_grad():
        for parameter in net.net_.module_.layers.parameters():
            parameter.mul_(factor)
    return net


@pytest.mark.parametrize("given", [X, RAGGED], ids=["array", "list"])
def test_attributions_add_up_where_the_output_jumps(given):
    net = with_sharp_states(given, 10)
    found = attributions(net, given)
    predicted = net.predict(given)
    assert_allclose(totals(found), predicted, atol=0.01 * np.std(predicted))
    lags = lag_importance(net, given, method="integrated_gradients")
    sizes = sum(np.abs(a).sum() for a in found.attributions) / len(given)
    assert_allclose(lags.importances_mean.sum(), sizes, rtol=0.01)


@pytest.mark.parametrize("given", [X, RAGGED], ids=["array", "list"])
def test_attributions_that_do_not_add_up_warn_by_how_much(given):
    net, given = with_sharp_states(given, 1e4), given[:8]
    with pytest.warns(ConvergenceWarning, match="add up") as caught:
        found = attributions(net, given, n_points=4)
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    n_samples, missed = re.search(r"for (\d+) of 8 .* by up to (\S+),", message).groups()
    misses = np.abs(totals(found) - net.predict(given))
    assert float(missed) == pytest.approx(misses.max(), rel=0.1)
    assert 1 <= int(n_samples) <= 8
    with pytest.warns(ConvergenceWarning, match="lag_importance with n_points=4") as caught:
        lag_importance(net, given, method="integrated_gradients", n_points=4)
    assert caught[0].filename == __file__


def test_attributions_to_a_network_that_is_linear_are_its_coefficients():
    net = DenseRegressor(hidden_layer_sizes=(), **QUICK).fit(X, Y)
    origin = np.broadcast_to(net.channel_scale_.mean, (1, *X.shape[1:]))
    found = attributions(net, X, n_points=1)
    assert_allclose(found.base_values, net.predict(origin)[0])
    for step, channel in np.ndindex(X.shape[1:]):
        moved = np.repeat(origin, len(X), axis=0)
        moved[:, step, channel] = X[:, step, channel]
        effect = net.predict(moved) - found.base_values
        assert_allclose(found.attributions[:, step, channel], effect, atol=1e-8)


def test_means_over_samples_are_the_importances_of_lags():
    pipe = make_pipeline(LagTransformer(3), TCNRegressor(**QUICK))
    frame = pd.DataFrame(RNG.normal(size=(60, 2)), columns=["a", "b"])
    pipe.fit(frame, frame["a"].shift(2, fill_value=0.0))
    found = attributions(pipe, frame)
    importance = lag_importance(pipe, frame, method="integrated_gradients")
    assert found.channels == importance.channels == ["a", "b"]
    assert_allclose(np.abs(found.attributions).mean(0), importance.importances_mean)


def test_padding_and_its_values_do_not_count():
    net = GRURegressor(**QUICK).fit(RAGGED, Y)
    padded = np.full((len(RAGGED), 7, 2), np.nan)
    for row, sequence in zip(padded, RAGGED, strict=True):
        row[: len(sequence)] = sequence
    in_array, in_list = attributions(net, padded), attributions(net, RAGGED)
    assert_allclose(in_array.base_values, in_list.base_values)
    for row, one in zip(in_array.attributions, in_list.attributions, strict=True):
        assert_allclose(row[: len(one)], one, atol=1e-9)
        assert not row[len(one) :].any()


def test_a_sequence_without_steps_has_its_prediction_as_base_value():
    X = [np.ones((n, 2)) for n in (1, 2, 3)]
    net = GRURegressor(hidden_size=2, max_epochs=1, lr_schedule="cosine").fit(X, [0.0, 1.0, 2.0])
    empty = [np.ones((0, 2))]
    found = attributions(net, empty)
    assert found.attributions[0].shape == (0, 2)
    np.testing.assert_allclose(found.base_values, net.predict(empty))


def test_a_missing_value_counts_by_its_indicator():
    missing = X.copy()
    missing[::3, 2, 0] = np.nan
    net = GRURegressor(**QUICK).fit(missing, Y)
    found = attributions(net, missing)
    assert found.attributions.shape == X.shape
    assert_allclose(totals(found), net.predict(missing), rtol=1e-4)
    assert found.attributions[::3, 2, 0].all()


@pytest.mark.parametrize("cls", [GRUClassifier, TCNClassifier])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_logits_of_tokens_add_up(cls, n_classes):
    labels = np.array([tokens[0] for tokens in TOKENS]) % n_classes
    net = cls(embedding_dim=3, learning_rate=0.05, **QUICK).fit(TOKENS, labels)
    logits, last = net.decision_function(TOKENS), () if n_classes == 2 else (3,)
    found = attributions(net, TOKENS)
    sums = np.array([a.sum(axis=0) for a in found.attributions])
    assert_allclose(found.base_values + sums, logits, atol=0.01 * logits.std())
    assert_array_equal(net.decision_function(TOKENS), logits)  # the network is as it was
    shapes = [(len(x), *last) for x in TOKENS]
    assert [a.shape for a in found.attributions] == shapes


def test_categories_count_as_a_whole():
    frame = pd.DataFrame(RNG.normal(size=(60, 2)), columns=["a", "b"])
    frame["day"] = pd.Categorical(np.arange(60) % 3)
    target = frame["a"].shift(1, fill_value=0.0) + np.arange(60) % 3
    pipe = make_pipeline(LagTransformer(3), GRURegressor(**QUICK)).fit(frame, target)
    found = attributions(pipe, frame)
    assert found.channels == ["a", "b", "day"]
    predicted = pipe.predict(frame)
    whole = np.isfinite(predicted)
    assert_allclose(totals(found)[whole], predicted[whole], atol=1e-3)
    assert found.attributions[..., 2].any()


def test_outputs_members_and_links():
    both = np.column_stack([Y, -Y])
    net = GRURegressor(**QUICK).fit(X, both)
    found = attributions(net, X)
    assert found.attributions.shape == (*X.shape, 2)
    sums = found.attributions.sum(axis=(1, 2))
    assert_allclose(found.base_values + sums, net.predict(X), rtol=1e-4)
    two = GRURegressor(n_members=2, **QUICK).fit(X, Y)
    assert_allclose(totals(attributions(two, X)), two.predict(X), rtol=1e-4)
    counts = GRURegressor(loss="poisson", **QUICK).fit(X, Y.round())
    assert_allclose(totals(attributions(counts, X)), np.log(counts.predict(X)), rtol=1e-4)
    spread = GRURegressor(loss="normal", **QUICK).fit(X, Y)
    assert_allclose(totals(attributions(spread, X)), spread.predict(X), rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cls", [GRURegressor, LSTMRegressor])
def test_the_step_that_is_marked_is_found(cls, seed):
    """The target is the value at the marked step; see also the benchmark ``attribution``."""
    rng = np.random.default_rng(seed)
    at = rng.integers(12, size=2500)
    values, marks = rng.normal(size=(2500, 12)), np.arange(12) == at[:, np.newaxis]
    marked, y = np.stack([values, marks], axis=2), values[marks]
    settings = {"alpha": 0.0, "learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 40}
    net = cls(random_state=seed, **settings).fit(marked[:2000], y[:2000])
    found = np.abs(attributions(net, marked[2000:]).attributions).sum(axis=2).argmax(axis=1)
    assert np.mean(found == at[2000:]) >= 0.95


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (LinearRegression(), "needs a network of sklearn_rnn, .* got LinearRegression"),
        (make_pipeline(StandardScaler(), LinearRegression()), "got LinearRegression"),
        (GRURegressor(return_sequences=True), "got return_sequences=True"),
        (GRURegressor(standardize="last"), re.escape('got standardize="last"')),
        (HierarchicalAttentionClassifier(), "TextSequencer without sentence_end"),
    ],
)
def test_what_cannot_be_attributed_is_refused(model, text):
    if isinstance(model, type(make_pipeline(None))):
        model.fit(X[:, 0], Y)
    with pytest.raises(ValueError, match=text):
        attributions(model, X[:, 0])


@pytest.mark.parametrize("function", [attributions, lag_importance, as_module, to_onnx])
def test_a_forecaster_is_refused_with_the_way_to_its_models(function, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"day": np.tile(np.arange(40), 2), "shop": np.repeat(["a", "b"], 40)})
    table["sales"], table["price"] = rng.normal(size=(2, 80))
    given = {"target": "sales", "time": "day", "series": "shop"}
    net = GRURegressor(**QUICK | {"dtype": "auto"})
    forecaster = Forecaster(make_pipeline(LagTransformer(3), net), 2, **given).fit(table)
    rows = table.set_index(["shop", "day"]).sort_index()
    others = {
        attributions: [rows],
        lag_importance: [rows, rows["sales"]],
        as_module: [],
        to_onnx: [tmp_path / "x.onnx"],
    }[function]
    text = f"{function.__name__} needs a model on windows; got the forecaster Forecaster: give the"
    with pytest.raises(TypeError, match=f"^{text} .*forecaster.models_.h - 1., .*sorted by both"):
        function(forecaster, *others)
    found = function(forecaster.models_[1], *others)
    if function is attributions:
        assert_allclose(totals(found), forecaster.models_[1].predict(rows), atol=0.01)
    if function is lag_importance:
        assert found.lags.tolist() == [4, 3, 2]
    with pytest.raises(TypeError, match=r"NaiveForecaster: it has no fitted model on windows\.$"):
        function(NaiveForecaster(**given).fit(table), *others)


def test_texts_before_a_sequencer():
    texts = ["good film", "bad plot", "good good plot", "a bad film"] * 10
    net = GRUClassifier(embedding_dim=2, **QUICK)
    pipe = make_pipeline(TextSequencer(), net).fit(texts, [1, 0, 1, 0] * 10)
    found = attributions(pipe, texts)
    assert_allclose(totals(found), pipe.decision_function(texts), atol=1e-4)
    assert not found.attributions[0, 2:].any()
