"""Importance of lags: laws of permutation and of integrated gradients."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import check_scoring, mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    RNNRegressor,
    TCNRegressor,
    TextSequencer,
    make_ar,
    make_lagged,
)
from sklearn_rnn._sequences.ragged import concatenate
from sklearn_rnn._sequences.windows import lag_windows
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.inspection._integrated_gradients import attributions
from sklearn_rnn.inspection._permutation import PermutedEstimator, permutation_importances
from sklearn_rnn.inspection._ragged_gradients import ragged_importances
from sklearn_rnn.inspection._window_model import RaggedModel, find_windows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer as PrivateLagTransformer
from sklearn_rnn.preprocessing._omit_incomplete import omit_incomplete

RNG = np.random.default_rng(0)
ROWS = RNG.normal([5.0, -3.0], [2.0, 0.5], size=(303, 2))
WINDOWS = lag_windows(ROWS, 4)[:300]
Y = 3 * WINDOWS[:, -1, 0] - 20 * WINDOWS[:, 1, 1] + RNG.normal(size=300)
QUICK = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0, "dtype": "float64"}
LINEAR = {"hidden_layer_sizes": (), "alpha": 0.0, "optimizer": "lbfgs", "early_stopping": False}


def permuted_scores(model, X, y, n_repeats, seed):
    """Return scores with every cell permuted, by full copies."""
    rng = np.random.RandomState(seed)
    orders = [rng.permutation(len(X)) for _ in range(n_repeats)]
    scores = np.empty((*X.shape[1:], n_repeats))
    for step, channel, repeat in np.ndindex(scores.shape):
        copy = X.copy()
        copy[:, step, channel] = X[orders[repeat], step, channel]
        scores[step, channel, repeat] = model.score(copy, y)
    return scores


@pytest.mark.parametrize("chunk_size", [2**20, 100])
def test_permutation_is_the_naive_loop_whatever_the_batch(chunk_size, monkeypatch):
    monkeypatch.setattr("sklearn_rnn.inspection._window_model.CHUNK_SIZE", chunk_size)
    model = DenseRegressor(**QUICK).fit(WINDOWS, Y)
    found = lag_importance(model, WINDOWS, Y, n_repeats=3, random_state=7)
    expected = model.score(WINDOWS, Y) - permuted_scores(model, WINDOWS, Y, 3, seed=7)
    np.testing.assert_allclose(found.importances, expected, atol=1e-12)
    np.testing.assert_allclose(found.importances_mean, expected.mean(axis=2), atol=1e-12)
    np.testing.assert_allclose(found.importances_std, expected.std(axis=2), atol=1e-12)
    np.testing.assert_allclose(found.score, model.score(WINDOWS, Y))


def test_permuting_never_copies_more_than_a_batch(monkeypatch):
    monkeypatch.setattr("sklearn_rnn.inspection._window_model.CHUNK_SIZE", 80)

    class Watching(RegressorMixin, BaseEstimator):
        seen = 0

        def fit(self, X, y):
            return self

        def predict(self, X):
            Watching.seen = max(Watching.seen, len(X))
            return X[:, 0]

    lag_importance(Watching(), WINDOWS, Y, n_repeats=1)
    assert Watching.seen == 10
    before = WINDOWS.copy()
    lag_importance(Watching(), WINDOWS, Y, n_repeats=1)
    np.testing.assert_array_equal(WINDOWS, before)


def test_least_squares_loses_twice_the_squared_coefficient_times_the_variance():
    flat = WINDOWS.reshape(300, 8)
    model = LinearRegression().fit(flat, Y)
    found = lag_importance(
        model, WINDOWS, Y, scoring="neg_mean_squared_error", n_repeats=100, random_state=0
    )
    expected = (2 * model.coef_**2 * flat.var(axis=0)).reshape(4, 2)
    error = found.importances_std / np.sqrt(100)
    assert (np.abs(found.importances_mean - expected) < 4 * error + 1e-12).all()


def test_permutation_is_near_scikit_learns():
    flat = WINDOWS.reshape(300, 8)
    model = Ridge().fit(flat, Y)
    found = lag_importance(model, WINDOWS, Y, n_repeats=50, random_state=0)
    theirs = permutation_importance(model, flat, Y, n_repeats=50, random_state=0)
    np.testing.assert_allclose(
        found.importances_mean.ravel(), theirs.importances_mean, rtol=0.1, atol=0.01
    )


@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc", "accuracy", None])
def test_scores_of_probabilities_work(scoring):
    label = np.where(np.median(Y) < Y, "up", "down")
    model = DenseClassifier(**QUICK).fit(WINDOWS, label)
    found = lag_importance(model, WINDOWS, label, scoring=scoring, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() in (3, 6)


def test_a_callable_score_gets_an_estimator_that_answers():
    def score(estimator, X, y):
        return -mean_squared_error(y, estimator.predict(X))

    model = LinearRegression().fit(WINDOWS.reshape(300, 8), Y)
    one = lag_importance(model, WINDOWS, Y, scoring=score, random_state=0)
    two = lag_importance(model, WINDOWS, Y, scoring="neg_mean_squared_error", random_state=0)
    np.testing.assert_allclose(one.importances, two.importances)
    assert PermutedEstimator(find_windows(model, WINDOWS)).n_features_in_ == 8


def linear_net(**given):
    return DenseRegressor(**{**LINEAR, "dtype": "float64", "max_epochs": 500, **given})


@pytest.mark.parametrize("standardize", [True, False])
def test_the_effects_of_a_linear_net_are_its_coefficients(standardize):
    net = linear_net(standardize=standardize).fit(WINDOWS, Y)
    found = lag_importance(net, WINDOWS, method="integrated_gradients")
    weight = net.net_.module_.head.linear.weight.detach().numpy().reshape(4, 2)
    channel, target = net.channel_scale_, net.target_scale_
    coefficients = weight * target.scale / channel.scale
    used = find_windows(net, WINDOWS).windows.reshape(-1, 2)
    mean, deviation = used.mean(axis=0), used.std(axis=0)
    np.testing.assert_allclose(found.effects, coefficients * deviation, rtol=1e-12)
    (attribution, _), *_ = attributions(find_windows(net, WINDOWS), 32)
    expected = coefficients * (WINDOWS - mean)
    np.testing.assert_allclose(attribution[..., 0], expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.importances_mean, np.abs(expected).mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.importances_std, np.abs(expected).std(axis=0), rtol=1e-6)


def test_a_linear_net_and_least_squares_have_the_same_effects():
    net = linear_net(tol=0.0, patience=50).fit(WINDOWS, Y)
    flat = LinearRegression().fit(WINDOWS.reshape(300, 8), Y)
    one, two = (
        lag_importance(model, WINDOWS, method="integrated_gradients") for model in (net, flat)
    )
    np.testing.assert_allclose(one.effects, two.effects, atol=1e-5)
    np.testing.assert_allclose(one.importances_mean, two.importances_mean, atol=1e-5)


NETS = [
    DenseRegressor(activation="tanh", **QUICK),
    DenseRegressor(activation="relu", **QUICK),
    DenseRegressor(activation="tanh", standardize=False, **QUICK),
    LSTMRegressor(**QUICK),
    RNNRegressor(**QUICK),
    TCNRegressor(**QUICK),
]


@pytest.mark.parametrize("net", NETS, ids=lambda net: type(net).__name__)
def test_attributions_sum_to_the_prediction_less_that_of_the_mean_window(net):
    net.fit(WINDOWS, Y)
    mean = net.channel_scale_.mean if net.standardize else WINDOWS.reshape(-1, 2).mean(axis=0)
    baseline = net.predict(np.broadcast_to(mean, (1, 4, 2)))
    model = find_windows(net, WINDOWS)
    # A rectifier bends the path: parts of it are integrated until they miss little.
    bent = "relu" in str(
        getattr(net, "activation", "relu" if isinstance(net, TCNRegressor) else "")
    )
    (attribution, _), *_ = attributions(model, 64)
    total = attribution.sum(axis=(1, 2, 3))
    tolerance = 1e-2 if bent else 1e-8
    np.testing.assert_allclose(total, net.predict(WINDOWS) - baseline, atol=tolerance * Y.std())


def test_logits_are_attributed_in_classification():
    label = (np.median(Y) < Y).astype(int)
    model = DenseClassifier(activation="tanh", **QUICK).fit(WINDOWS, label)
    found = lag_importance(model, WINDOWS, method="integrated_gradients")
    assert found.effects.shape == (4, 2)
    (attribution, _), *_ = attributions(find_windows(model, WINDOWS), 64)
    baseline = model.decision_function(np.broadcast_to(model.channel_scale_.mean, (1, 4, 2)))
    difference = model.decision_function(WINDOWS) - baseline
    np.testing.assert_allclose(attribution.sum(axis=(1, 2, 3)), difference, atol=1e-8)


@pytest.mark.parametrize(
    "model", [GRUClassifier(**QUICK), LogisticRegression(max_iter=5000)], ids=["net", "linear"]
)
def test_several_outputs_have_effects_each_and_their_mean_importance(model):
    label = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    X = WINDOWS if isinstance(model, GRUClassifier) else WINDOWS.reshape(300, 8)
    model.fit(X, label)
    found = lag_importance(model, WINDOWS, method="integrated_gradients")
    assert found.effects.shape == (4, 2, 3)
    (attribution, _), *_ = attributions(find_windows(model, WINDOWS), 32)
    expected = np.abs(attribution).mean(axis=(0, 3))
    np.testing.assert_allclose(found.importances_mean, expected, rtol=1e-6)


def test_attributions_do_not_depend_on_the_batch(monkeypatch):
    net = LSTMRegressor(**QUICK).fit(WINDOWS, Y)
    whole = lag_importance(net, WINDOWS, method="integrated_gradients")
    monkeypatch.setattr("sklearn_rnn.inspection._window_model.CHUNK_SIZE", 100)
    parts = lag_importance(net, WINDOWS, method="integrated_gradients")
    for name in ("importances_mean", "importances_std", "effects"):
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-6)


def test_gradients_leave_the_net_as_it_was():
    net = LSTMRegressor(**QUICK).fit(WINDOWS, Y)
    before = net.predict(WINDOWS)
    lag_importance(net, WINDOWS, method="integrated_gradients")
    assert all(p.grad is None or not p.grad.any() for p in net.net_.module_.parameters())
    np.testing.assert_array_equal(net.predict(WINDOWS), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
def test_gradients_of_a_recurrent_net_work_on_the_gpu():
    net = LSTMRegressor(device="cuda", **QUICK).fit(WINDOWS, Y)
    found = lag_importance(net, WINDOWS, method="integrated_gradients")
    assert found.importances_mean.argmax() in (3, 6)


def table():
    return pd.DataFrame(ROWS, columns=["a", "b"])


def pipelines():
    """Return the same model, of complete rows, with windows in every form of a pipeline."""
    named = LagTransformer(4, flatten=True).set_output(transform="pandas")
    models = {
        "flat": make_pipeline(LagTransformer(4, flatten=True), LinearRegression()),
        "named": make_pipeline(named, LinearRegression()),
        "scaled": make_pipeline(
            LagTransformer(4, flatten=True), StandardScaler(), LinearRegression()
        ),
        "search": GridSearchCV(
            make_pipeline(LagTransformer(4, flatten=True), LinearRegression()), {}, cv=2
        ),
        "nested": make_pipeline(
            LagTransformer(4, flatten=True), make_pipeline(StandardScaler(), LinearRegression())
        ),
        "transformed": make_pipeline(
            LagTransformer(4, flatten=True), TransformedTargetRegressor(LinearRegression())
        ),
        "ar": make_ar(4),
        "net": make_pipeline(LagTransformer(4), linear_net(tol=0.0, patience=50)),
        "flat net": make_pipeline(
            LagTransformer(4, flatten=True), linear_net(tol=0.0, patience=50, n_channels=2)
        ),
        "table net": make_pipeline(
            LagTransformer(4, flatten=True), linear_net(tol=0.0, patience=50)
        ),
        "named net": make_pipeline(named, linear_net(tol=0.0, patience=50)),
    }
    return {name: omit_incomplete(model) for name, model in models.items()}


def named_table(step=1):
    """Return lags of a, and of b two rows later, by channel."""
    lags = 2 + step * np.arange(3, -1, -1)
    columns = [f"{name}_lag{lag - later}" for lag in lags for name, later in (("a", 0), ("b", 2))]
    table = pd.DataFrame(WINDOWS.reshape(300, 8), columns=columns)
    return lags, table[sorted(columns)]


@pytest.mark.parametrize("model", [LinearRegression(), LagRidge(), DenseRegressor(**QUICK)])
@pytest.mark.parametrize("method", ["permutation", "integrated_gradients"])
def test_names_of_columns_give_lags_and_channels(model, method):
    lags, X = named_table(step=3)
    found = lag_importance(clone(model).fit(X, Y), X, Y, method=method, random_state=0)
    assert list(found.lags) == list(lags)
    assert found.channels == ["a", "b"]
    own = WINDOWS.reshape(300, 8) if isinstance(model, LinearRegression) else WINDOWS
    other = lag_importance(clone(model).fit(own, Y), WINDOWS, Y, method=method, random_state=0)
    np.testing.assert_allclose(found.importances_mean, other.importances_mean, atol=1e-9)


def test_attributions_of_a_dense_net_on_a_table_sum_to_the_difference_of_its_predictions():
    model = make_pipeline(LagTransformer(4, flatten=True), DenseRegressor(**QUICK))
    model.fit(ROWS, ROWS[:, 0] + 3 * ROWS[:, 1])
    assert model[-1].n_channels_ == 8
    inside = find_windows(model, ROWS)
    assert inside.windows.shape[1:] == (4, 2)
    (attribution, _), *_ = attributions(inside, 64)
    baseline = model[-1].predict(model[-1].channel_scale_.mean[np.newaxis])
    difference = model.predict(ROWS) - baseline
    np.testing.assert_allclose(attribution.sum(axis=(1, 2, 3)), difference, atol=0.05)


@pytest.mark.parametrize("name", pipelines())
def test_pipelines_of_the_same_model_have_the_same_importances(name):
    y = np.roll(ROWS[:, 0], 2) + np.random.default_rng(1).normal(size=303)
    X = table()
    # The network leaves out the first rows, whose lags are filled.
    weights = {"linearregression__sample_weight": np.arange(len(X)) >= (4 if name == "net" else 0)}
    reference = lag_importance(pipelines()["flat"].fit(X, y, **weights), X, y, random_state=0)
    found = lag_importance(pipelines()[name].fit(X, y), X, y, random_state=0)
    # make_ar leaves out the first four rows, whose windows are incomplete.
    atol = 0.01 if name == "ar" else 1e-4
    np.testing.assert_allclose(found.importances, reference.importances, atol=atol)
    assert list(found.lags) == [4, 3, 2, 1]
    assert found.channels == ["a", "b"]
    assert reference.importances_mean.argmax() == 4  # channel a at lag 2


def test_lags_count_delay_and_step_and_names_come_from_where_they_are_known():
    lags = LagTransformer(3, delay=2, step=5)
    model = make_pipeline(StandardScaler(), lags, DenseRegressor(**QUICK)).fit(table(), ROWS[:, 0])
    found = find_windows(model, table())
    assert list(found.lags) == [12, 7, 2]
    assert found.channels == ["a", "b"]
    bare = find_windows(DenseRegressor(**QUICK).fit(WINDOWS, Y), WINDOWS)
    assert list(bare.lags) == [4, 3, 2, 1]
    assert bare.channels == ["x0", "x1"]
    assert PrivateLagTransformer is LagTransformer


def test_windows_of_a_pipeline_are_not_copied():
    model = make_pipeline(LagTransformer(4), DenseRegressor(**QUICK)).fit(ROWS, ROWS[:, 0])
    windows = find_windows(model, ROWS).windows
    assert windows.strides[0] == windows.strides[1]


@pytest.mark.parametrize(
    ("model", "given", "text"),
    [
        (LinearRegression(), {"method": "shap"}, "The 'method' parameter of lag_importance must"),
        (LinearRegression(), {"y": None}, "method='permutation' needs y to compute a score."),
        (
            make_pipeline(LagTransformer(4, flatten=True), PCA(8), LinearRegression()),
            {},
            "The steps after LagTransformer must keep its columns, as StandardScaler does; "
            "['PCA'] do not, or lack get_feature_names_out.",
        ),
        (
            LinearRegression(),
            {},
            "The lags and channels of the columns of X that LinearRegression reads are unknown; ",
        ),
        (
            make_pipeline(LagTransformer(4, flatten=True), TransformedTargetRegressor()),
            {"method": "integrated_gradients"},
            "method='integrated_gradients' needs a network of sklearn_rnn or a linear model",
        ),
    ],
)
def test_errors_name_argument_rule_and_fix(model, given, text):
    model.fit(ROWS, ROWS[:, 0])
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        lag_importance(model, **{"X": ROWS, "y": ROWS[:, 0], **given})


def test_a_linear_model_needs_windows_of_one_size():
    y = [0.0, 1.0, 2.0]
    ridge = LagRidge().fit(np.random.default_rng(0).normal(size=(3, 2, 2)), y)
    with pytest.raises(ValueError, match=r"^X must hold windows of as many steps each; got seq"):
        lag_importance(ridge, [np.ones((n, 2)) for n in (1, 2, 3)], y)
    with pytest.raises(ValueError, match=r"^X must give at least one window.* shape \(3, 2, 0\)"):
        lag_importance(ridge, np.ones((3, 2, 0)), y)


def test_windows_tell_lags_and_channels():
    X = table()
    windows, y = make_lagged(X, X["a"], 3, delay=2, step=4)
    net = linear_net(max_epochs=1).fit(windows, y)
    found = lag_importance(net, windows, y, random_state=0)
    assert found.channels == ["a", "b"]
    assert list(found.lags) == [10, 6, 2]


@pytest.mark.parametrize("flatten", [False, True])
def test_columns_of_times_and_series_are_no_channels(flatten):
    X = table()
    long = X.assign(day=np.arange(len(X)), shop="x")[["day", "b", "shop", "a"]]
    lags = LagTransformer(3, time="day", series="shop", flatten=flatten)
    model = make_pipeline(lags, StandardScaler() if flatten else "passthrough", linear_net())
    found = lag_importance(model.fit(long, X["a"]), long, X["a"], random_state=0)
    assert found.channels == ["b", "a"]


@pytest.mark.parametrize("name", ["n_repeats", "n_points"])
@pytest.mark.parametrize("value", [0, 1.5, 2**70])
def test_counts_are_positive_integers(name, value):
    with pytest.raises(ValueError, match=rf"^The '{name}' parameter .* int in the range \[1, inf"):
        lag_importance(make_ar(2).fit(ROWS, ROWS[:, 0]), ROWS, ROWS[:, 0], **{name: value})


# --- sequences of different length ---------------------------------------------------------------


def ragged(n=200):
    """Return sequences whose target is the value of x0 at lag 2, as a list and as an array."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) for length in rng.integers(2, 6, n)]
    padded = np.full((n, 7, 2), np.nan)
    for i, x in enumerate(X):
        padded[i, i % 3 :][: len(x)] = x
    return X, padded, np.array([x[-2, 0] for x in X])


def gru(X, y, cls=GRURegressor, **given):
    net = cls(max_epochs=15, learning_rate=0.02, lr_schedule="cosine", random_state=0)
    return net.set_params(**given).fit(X, y)


@pytest.mark.parametrize("chunk_size", [1, 50, 2**20])
def test_lags_of_a_list_are_permuted_among_the_sequences_that_have_them(chunk_size, monkeypatch):
    monkeypatch.setattr("sklearn_rnn.inspection._window_model.CHUNK_SIZE", chunk_size)
    X, _, y = ragged()
    net = gru(X, y)
    found = lag_importance(net, X, y, n_repeats=1, random_state=0)
    assert found.importances.shape == (5, 2, 1)
    assert list(found.lags) == [5, 4, 3, 2, 1]
    assert found.importances_mean[3, 0] > 1 > 0.2 > np.delete(found.importances_mean, 6).max()
    order = np.random.RandomState(0).permutation(len(X))
    for lag, channel in ((2, 0), (4, 1), (5, 0)):
        have = np.array([i for i, x in enumerate(X) if len(x) >= lag])
        changed = [x.copy() for x in X]
        for i, k in zip(have, order[np.isin(order, have)], strict=True):
            changed[i][-lag, channel] = X[k][-lag, channel]
        expected = net.score(X, y) - net.score(changed, y)
        assert found.importances[5 - lag, channel, 0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ["permutation", "integrated_gradients"])
def test_padding_changes_nothing(method):
    X, padded, y = ragged()
    net = gru(X, y)
    one, other = (lag_importance(net, x, y, method=method, random_state=0) for x in (X, padded))
    np.testing.assert_allclose(other.importances_mean, one.importances_mean, atol=1e-6)
    np.testing.assert_allclose(other.importances_std, one.importances_std, atol=1e-6)


@pytest.mark.parametrize("method", ["permutation", "integrated_gradients"])
@pytest.mark.parametrize("n_members", [1, 2])
def test_sequences_of_equal_length_are_windows(method, n_members):
    net = gru(WINDOWS, Y, n_members=n_members)
    windows = lag_importance(net, WINDOWS, Y, method=method, random_state=0)
    listed = lag_importance(net, list(WINDOWS), Y, method=method, random_state=0)
    sequences = concatenate(list(WINDOWS))
    ragged_model = RaggedModel.of(net, sequences)
    if method == "permutation":
        scorer = check_scoring(net, "r2")
        rng = np.random.RandomState(0)
        importances = permutation_importances(ragged_model, Y, scorer, 5, rng)[1]
        np.testing.assert_allclose(importances, windows.importances, atol=1e-6)
    else:
        found = ragged_importances(ragged_model, 32)
        for name, value in found.items():
            np.testing.assert_allclose(value, windows[name], atol=1e-5)
    np.testing.assert_allclose(listed.importances_mean, windows.importances_mean, atol=1e-6)


def test_effects_on_a_list_are_those_of_the_sequences_that_have_the_lag():
    X, _, y = ragged()
    net = gru(X, np.column_stack([y, -2 * y]), max_epochs=60)
    found = lag_importance(net, X, method="integrated_gradients")
    assert found.effects.shape == (5, 2, 2)
    np.testing.assert_allclose(found.effects[3, 0], [1, -2], atol=0.2)
    np.testing.assert_allclose(np.delete(found.effects, 3, axis=0), 0, atol=0.1)


def test_words_are_permuted_by_their_distance_from_the_end():
    rng = np.random.default_rng(0)
    words = [rng.choice(["red", "blue", "green"], size=n) for n in rng.integers(2, 6, 150)]
    y = [w[-2] == "red" for w in words]
    texts = [" ".join(w) for w in words]
    model = make_pipeline(TextSequencer(), GRUClassifier(embedding_dim=4, random_state=0))
    model.set_params(gruclassifier__learning_rate=0.03, gruclassifier__max_epochs=30).fit(texts, y)
    found = lag_importance(model, texts, y, random_state=0)
    assert found.importances_mean.shape == (5, 1)
    assert found.importances_mean[:, 0].argmax() == 3
    with pytest.raises(ValueError, match=r"^method='integrated_gradients' needs numbers, but GRUC"):
        lag_importance(model, texts, y, method="integrated_gradients")


def test_a_target_that_is_a_text_is_named():
    X, _, y = ragged()
    with pytest.raises(ValueError, match="The 'y' parameter of lag_importance must be"):
        lag_importance(gru(X, y), X, "abc")


def test_what_has_no_lags_is_refused():
    X, _, y = ragged()
    by_step = gru(X, [x[:, 0] for x in X], return_sequences=True)
    with pytest.raises(ValueError, match=r"needs one prediction for each.*return_sequences=True"):
        lag_importance(by_step, X, [x[:, 0] for x in X])
    documents = [[[1, 2], [3]], [[2, 3]]] * 5
    reader = HierarchicalAttentionClassifier(max_epochs=2, lr_schedule="cosine", random_state=0)
    with pytest.raises(ValueError, match=r"^X must be sequences.*reads documents"):
        lag_importance(reader.fit(documents, [0, 1] * 5), documents, [0, 1] * 5)
    holes = [np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x) for x in X]
    with pytest.raises(ValueError, match="needs numeric windows without missing values"):
        lag_importance(gru(holes, y), holes, y, method="integrated_gradients")
    found = lag_importance(gru(holes, y), holes, y, random_state=0)
    assert found.importances_mean.argmax() == 6
