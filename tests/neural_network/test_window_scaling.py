"""Networks on windows that are normalised by their own values: standardize="last" and "window"."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    LSTMRegressor,
    TCNRegressor,
    make_lagged,
)
from sklearn_rnn.inspection import lag_importance
from tests.nets import CLASSIFIERS, REGRESSORS

ROWS = np.random.default_rng(0).normal(size=(300, 3)).cumsum(axis=0)
W, Y = make_lagged(ROWS, ROWS[:, 1], 8, delay=3)
X = np.asarray(W)
SHORT = {"max_epochs": 3, "random_state": 0, "dtype": "float32"}
KINDS = ["last", "window"]
LOSSES = ["squared_error", "absolute_error", "huber", "quantile"]


def fitted(net, X, y, *others, **given):
    net = net if isinstance(net, type) else type(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return net(**{**SHORT, **given}).fit(X, y, *others)


def moved(kind, X, channels=(1,)):
    """Return windows at other levels, and for "window" of other sizes, and how they moved."""
    rng = np.random.default_rng(3)
    level = 1000 * rng.normal(size=len(X))
    size = np.exp(rng.normal(size=len(X))) if kind == "window" else np.ones(len(X))
    other = np.array(X)
    for c in channels:
        other[:, :, c] = other[:, :, c] * size[:, np.newaxis] + level[:, np.newaxis]
    return other, size, level


def assert_follows(kind, model, X, channels=(1,)):
    other, size, level = moved(kind, X, channels)
    expected = (model.predict(X).T * size + level).T
    assert_allclose(model.predict(other), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", REGRESSORS, ids=lambda net: net.__name__)
def test_predictions_follow_their_windows(net, kind):
    model = fitted(net, W, Y, standardize=kind)
    assert_follows(kind, model, X)
    assert_allclose(model.predict(X[7:8]), model.predict(X)[7:8], rtol=1e-5)
    same = fitted(net, X, Y, standardize=kind, target_channel=1)
    assert_array_equal(same.predict(X), model.predict(W))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_has_the_units_of_all_windows(kind, loss):
    X_val, y_val = X[250:], Y[250:]
    model = fitted(DenseRegressor, X[:250], Y[:250], standardize=kind, loss=loss, target_channel=1)
    model = clone(model).set_params(early_stopping=False, quantile=0.3, delta=0.4, dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[:250], Y[:250], X_val=X_val, y_val=y_val)
    encoder = model._encoder
    unit = float(encoder.unit[0] * encoder.scale.scale[0])
    error = (y_val - model.predict(X_val)) / unit
    size = np.abs(error)
    terms = {
        "squared_error": error**2 / 2,
        "absolute_error": size,
        "huber": np.where(size < 0.4, error**2 / 2, 0.4 * (size - 0.2)),
        "quantile": np.where(error > 0, 0.3 * error, -0.7 * error),
    }
    assert_allclose(model.validation_loss_curve_[-1], terms[loss].mean(), rtol=1e-9)
    assert_follows(kind, model, X)


def test_a_linear_network_is_a_regression_on_windows_less_their_last_value():
    exact = {"alpha": 0.0, "optimizer": "lbfgs", "max_epochs": 500, "tol": 0.0, "dtype": "float64"}
    given = {"hidden_layer_sizes": (), "standardize": "last", "early_stopping": False}
    model = fitted(DenseRegressor, W, Y, **exact, **given)
    last = X[:, -1:]
    flat = (X - last).reshape(len(X), -1)
    twin = LinearRegression().fit(flat, Y - last[:, 0, 1])
    assert_allclose(model.predict(X), twin.predict(flat) + last[:, 0, 1], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_follow_channels_of_their_own(kind):
    W, y = make_lagged(ROWS, ROWS[:, [2, 0]], 8)
    model = fitted(GRURegressor, W, y, standardize=kind)
    assert_array_equal(model._encoder.channels, [2, 0])
    X, before = np.array(W), model.predict(W)
    other, size, level = moved(kind, X, (0,))
    after = model.predict(other)
    assert_allclose(after[:, 0], before[:, 0], rtol=1e-5, atol=1e-5)
    assert_allclose(after[:, 1], before[:, 1] * size + level, rtol=1e-5, atol=1e-5)
    W, y = make_lagged(ROWS, ROWS[:, 1], 8, horizon=4)
    assert_follows(kind, fitted(GRURegressor, W, y, standardize=kind), np.asarray(W))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "given",
    [
        {"linear_skip": True},
        {"linear_skip": True, "loss": "huber", "early_stopping": True},
        {"linear_skip": True, "alpha": 0.1, "l1_ratio": 1.0},
        {"early_stopping": True, "batch_size": 16},
        {"augmentation": {"jitter": 0.1, "mixup": 0.2}, "loss": "huber"},
        {"optimizer": "lbfgs"},
        {"dtype": "bfloat16"},
    ],
    ids=str,
)
def test_it_goes_with_other_parameters(kind, given):
    is_half = given.get("dtype") == "bfloat16"  # torch's LSTM may lack it on this processor
    net = DenseRegressor if is_half else LSTMRegressor
    model = fitted(net, W, Y, standardize=kind, **given)
    other, size, level = moved(kind, X)
    tol = 0.05 if is_half else 1e-5
    assert_allclose(model.predict(other), model.predict(X) * size + level, rtol=tol, atol=tol)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values_are_at_no_level(kind):
    rows = ROWS.copy()
    rows[np.random.default_rng(4).random(rows.shape) < 0.2] = np.nan
    rows[100:110, 1] = np.nan  # no value in some windows
    W, y = make_lagged(rows, ROWS[:, 1], 8)
    model = fitted(GRURegressor, W, y, standardize=kind, target_channel=1)
    X = np.asarray(W)
    has_value = ~np.isnan(X[:, :, 1]).all(axis=1)
    has_several = has_value & (np.nanmax(np.nan_to_num(X[:, :, 1]), axis=1) != 0)
    X = X[has_several & ((~np.isnan(X[:, :, 1])).sum(axis=1) > 1)]
    assert_follows(kind, model, X)
    assert np.isfinite(model.predict(W)).all()
    assert list(model.missing_channels_) == [0, 1, 2]
    unseen = np.full((1, 8, 3), np.nan)
    at_mean = model.channel_scale_.mean[1]
    spread = float(model.target_scale_.scale[0]) * model.channel_scale_.scale[1]
    assert abs(model.predict(unseen)[0] - at_mean) < 10 * spread


@pytest.mark.parametrize("kind", KINDS)
def test_channels_known_ahead_keep_their_level(kind):
    table = pd.DataFrame(ROWS, columns=["day", "y", "z"])
    flat = LagTransformer(5, delay=2, known_ahead=["day"], flatten=True).set_output(
        transform="pandas"
    )
    windows = LagTransformer(5, delay=2, known_ahead=["day"]).fit_transform(table)
    model = fitted(DenseRegressor, windows[6:], ROWS[6:, 1], standardize=kind)
    other = np.array(windows)
    other[:, :, 0] += 5.0
    assert np.abs(model.predict(other) - model.predict(windows)).max() > 1e-3
    named = flat.fit_transform(table)[6:]
    same = fitted(DenseRegressor, named, ROWS[6:, 1], standardize=kind, target_channel="y")
    assert_allclose(same.predict(named), model.predict(windows[6:]), rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", CLASSIFIERS, ids=lambda net: net.__name__)
def test_classes_do_not_depend_on_the_level(net, kind):
    labels = np.where(X[:, -1, 1] < Y, "up", "down")
    model = fitted(net, W, labels, standardize=kind)
    other, *_ = moved(kind, X, (0, 1))
    assert_allclose(model.predict_proba(other), model.predict_proba(W), atol=1e-5)
    assert "target_channel" not in model.get_params()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_on_disk_give_the_same_network(kind, tmp_path, monkeypatch):
    expected = fitted(TCNRegressor, W, Y, standardize=kind).predict(W)
    monkeypatch.setattr("sklearn_rnn._sequences.storage.LARGE_FILE", 0)
    np.save(tmp_path / "rows.npy", ROWS)
    file = np.load(tmp_path / "rows.npy", mmap_mode="r")
    windows, y = make_lagged(file, file[:, 1], 8, delay=3)
    model = fitted(TCNRegressor, windows, np.array(y), standardize=kind)
    assert_array_equal(model.predict(windows), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_of_any_length(kind):
    sequences = [x[i % 4 :] for i, x in enumerate(X)]
    model = fitted(GRURegressor, sequences, Y, standardize=kind, target_channel=1)
    padded = X.copy()
    for i, x in enumerate(padded):
        x[: i % 4] = np.nan
    assert_allclose(model.predict(padded), model.predict(sequences), rtol=1e-5)
    assert_follows(kind, model, padded)


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_with_the_channel_that_was_found(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GRURegressor(**SHORT, standardize=kind, warm_start=True)
        model.fit(W[:150], Y[:150])
        scale = model.target_scale_
        model.fit(X[150:], Y[150:]).partial_fit(X[:10], Y[:10])
    assert model.target_scale_ is scale
    assert_follows(kind, model, X)


def test_a_search_chooses_it():
    model = make_pipeline(LagTransformer(8, delay=3), DenseRegressor(**SHORT))
    grid = {"denseregressor__standardize": [True, "window", "last"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(model, grid, cv=TimeSeriesSplit(3), error_score="raise")
        search.fit(pd.DataFrame(ROWS), ROWS[:, 1])
    assert search.best_params_["denseregressor__standardize"] == "last"


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_does_not_go_with_is_refused(kind):
    for given, text in [
        ({"loss": "poisson"}, f'standardize="{kind}" subtracts the level of a window from y'),
        ({"return_sequences": True}, f'standardize="{kind}" normalises by the values of the'),
        ({"vocabulary_size": 5}, f'standardize="{kind}" needs numbers; tokens have no level'),
        ({}, "needs target_channel"),
    ]:
        model = GRURegressor(**SHORT, standardize=kind, **given)
        with pytest.raises(ValueError, match=re.escape(text)):
            model.fit(np.abs(X).astype(int), Y)
        assert not hasattr(model, "net_")
    with pytest.raises(ValueError, match="needs windows of at least two steps; X has one"):
        DenseClassifier(**SHORT, standardize=kind).fit(X[:, 0], Y > 0)
    model = fitted(DenseRegressor, W, Y, standardize=kind)
    with pytest.raises(ValueError, match="'integrated_gradients' needs a network with one scale"):
        lag_importance(model, W, Y, method="integrated_gradients")
