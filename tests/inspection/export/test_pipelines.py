"""Linear models and pipelines as modules and graphs, in the rows of one series."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import ElasticNet, LinearRegression, PoissonRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import sklearn_rnn
from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    DenseRegressor,
    GRURegressor,
    LagLogistic,
    LagTransformer,
    LSTMClassifier,
    RNNRegressor,
    make_ar,
    make_lasso,
    make_linear,
)
from sklearn_rnn.inspection.export import as_module
from tests.nets import few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
SHORT = {"max_epochs": 2, "random_state": 0}
DAYS = pd.date_range("2024-01-01", periods=80)
FRAME = pd.DataFrame(RNG.normal(size=(80, 3)).cumsum(0) + 500.0, DAYS, ["y", "load", "price"])
TARGET = FRAME["y"] + FRAME["load"] / 10
X = RNG.normal(size=(40, 5, 2)) * [1.0, 100.0] + [50.0, -3.0]
X[RNG.random(X.shape) < 0.1] = np.nan
LINEAR = [getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__ if name.startswith("Lag")]
LINEAR.remove(LagTransformer)
PIPELINES = {
    "net": CompleteRows(
        make_pipeline(
            StandardScaler(),
            LagTransformer(3, delay=2, step=2, known_ahead=[1]),
            GRURegressor(standardize="last", target_channel=0, **SHORT),
        )
    ),
    "without a delay": make_pipeline(
        LagTransformer(3, delay=0, known_ahead=["price"]), RNNRegressor(**SHORT)
    ),
    "known for longer than lags": make_pipeline(
        StandardScaler(with_mean=False),
        LagTransformer(2, delay=4, known_ahead=[1, 2], flatten=True),
        ElasticNet(alpha=0.01),
    ),
    "flat": make_pipeline(
        LagTransformer(3, flatten=True, known_ahead=[2]), DenseRegressor(**SHORT)
    ),
    "flat steps": make_pipeline(LagTransformer(3, flatten=True), GRURegressor(**SHORT)),
    "flat channels": make_pipeline(
        StandardScaler(), LagTransformer(3, flatten=True), GRURegressor(n_channels=3, **SHORT)
    ),
    "ar": make_ar(5, delay=2, known_ahead=["price"]),
    "lasso": make_lasso(3, step=3),
    "linear": make_linear(4, horizon=3, target_channel="y"),
    "scaled ar": make_pipeline(StandardScaler(), ARRegressor({0: [1, 4], 1: 2})),
    "ardl": ARRegressor({"price": 2, "load": [3, 7]}, known_ahead=["load"], delay=3),
}


def past_of(model):
    """Return the rows at the end of FRAME that a model reads, and those known ahead."""
    steps = [model] if isinstance(model, ARRegressor) else getattr(model, "estimator_", model)
    (lags,) = [getattr(s, "past_", s) for s in steps if isinstance(s, LagTransformer | ARRegressor)]
    newest = len(FRAME) - lags.delay
    rows = FRAME.to_numpy(copy=True)[newest - (lags.n_lags - 1) * lags.step - 1 : newest]
    known = FRAME.to_numpy()[newest:, lags._known]
    return rows, known


@pytest.mark.parametrize("name", PIPELINES)
def test_a_module_reads_the_last_rows_of_a_series(name):
    model = clone(PIPELINES[name])
    model.fit(FRAME[:60], TARGET[:60])
    rows, known = (torch.tensor(part[None]) for part in past_of(model))
    predicted = as_module(model)(rows, known if known.numel() else None).numpy()
    expected = model.predict(FRAME)[-1:]
    np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-5 * FRAME["y"].std())


def test_a_search_is_its_best_model(session_of):
    search = GridSearchCV(PIPELINES["lasso"], {}, cv=TimeSeriesSplit(2)).fit(FRAME, TARGET)
    rows, expected = past_of(search.best_estimator_)[0][None], search.predict(FRAME)[-1:]
    np.testing.assert_allclose(as_module(search)(torch.tensor(rows)), expected, rtol=1e-9)
    np.testing.assert_allclose(session_of(search).run(["y"], {"X": rows})[0], expected, rtol=1e-9)


@pytest.mark.parametrize("cls", LINEAR)
def test_a_linear_model_on_windows_is_a_module(cls):
    y = np.arange(40) % 2 if "Logistic" in cls.__name__ else np.arange(40) % 7
    model = cls().fit(X, y)
    predict = getattr(model, "predict_proba", model.predict)
    for x in (X, 1e9 * X):  # which an exponential would not bear
        np.testing.assert_allclose(as_module(model)(torch.tensor(x)), predict(x), rtol=1e-9)
    if "Logistic" not in cls.__name__ and "Poisson" not in cls.__name__:
        model = cls().fit(X, np.stack([y, -y], 1))
        np.testing.assert_allclose(as_module(model)(torch.tensor(X)), model.predict(X), rtol=1e-9)


def test_missing_values_are_missing_in_models_that_refuse_them():
    rows, _ = past_of(model := make_ar(5).fit(FRAME, TARGET))
    rows[2, 1] = np.nan
    assert as_module(model)(torch.tensor(rows[None])).isnan().all()


@pytest.mark.parametrize("name", ["net", "flat", "flat steps", "ardl"])
def test_a_pipeline_is_a_graph_of_the_last_rows(name, session_of):
    model = clone(PIPELINES[name])
    model.fit(FRAME[:60], TARGET[:60])
    session = session_of(model)
    rows, known = past_of(model)
    given = {"X": rows[None]}
    if known.size:
        given["known_ahead"] = known[None]
    expected = model.predict(FRAME)[-1:]
    tolerance = 1e-5 * FRAME["y"].std()
    np.testing.assert_allclose(session.run(["y"], given)[0], expected, rtol=0, atol=tolerance)
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(["y"], {**given, "X": rows[None, -1:]})
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["channels"]) == ["y", "load", "price"]


def test_a_linear_model_is_a_graph_in_double_precision(session_of):
    model = LagLogistic(0.1).fit(X, np.arange(40) % 2)
    session = session_of(model)
    computed = session.run(None, {"X": X})
    np.testing.assert_allclose(computed[0], model.predict_proba(X), rtol=1e-9)


@pytest.mark.parametrize(
    "steps", [(MinMaxScaler(), LagTransformer(2)), (LagTransformer(2), StandardScaler()), ()]
)
def test_other_steps_are_refused(steps):
    flat = [clone(s).set_params(flatten=True) if hasattr(s, "flatten") else s for s in steps]
    model = make_pipeline(*flat, LinearRegression()).fit(FRAME, TARGET)
    with pytest.raises(TypeError, match="estimator, if a pipeline, must consist of StandardScaler"):
        as_module(model)


def test_models_with_a_link_of_their_own_are_refused():
    lags = LagTransformer(2, flatten=True)
    model = make_pipeline(lags, PoissonRegressor()).fit(FRAME / 100, TARGET.abs())
    with pytest.raises(TypeError, match=r"got PoissonRegressor\.$"):
        as_module(model)


@pytest.mark.parametrize("n_rows", [2, 4])
def test_the_rows_are_those_of_a_window(n_rows):
    model = make_pipeline(LagTransformer(3), GRURegressor(**SHORT)).fit(FRAME, TARGET)
    with pytest.raises(ValueError, match=rf"X must hold 3 rows of each series; got {n_rows}\.$"):
        as_module(model)(torch.ones(1, n_rows, 3))


def test_columns_known_ahead_are_needed():
    model = clone(PIPELINES["ar"]).fit(FRAME, TARGET)
    with pytest.raises(ValueError, match="known_ahead must be given"):
        as_module(model)(torch.tensor(past_of(model)[0][None]))


def test_a_classifier_in_a_pipeline_gives_probabilities(session_of):
    model = make_pipeline(LagTransformer(3), LSTMClassifier(**SHORT))
    labels = np.where(FRAME["y"].diff() > 0, "up", "down")
    model.fit(FRAME, labels)
    session = session_of(model)
    probabilities, label = session.run(None, {"X": past_of(model)[0][None]})
    np.testing.assert_allclose(probabilities, model.predict_proba(FRAME)[-1:], atol=1e-5)
    assert label == probabilities.argmax()
