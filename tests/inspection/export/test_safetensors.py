"""Files of safetensors: an estimator that is read from one predicts the same, to the last bit."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_rnn
from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    GRUClassifier,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    TCNClassifier,
)
from sklearn_rnn.exceptions import StoredVersionWarning
from sklearn_rnn.inspection.export import from_safetensors, to_safetensors
from tests.nets import CLASSIFIERS, NETS, few_epochs

safetensors = pytest.importorskip(
    "safetensors.numpy", reason="safetensors, of the extra `export`, is not installed"
)

pytestmark = few_epochs

RNG = np.random.default_rng(0)
SHORT = {"max_epochs": 2, "random_state": 0}
X = RNG.normal(size=(40, 5, 2))
Y = X[:, -1, 0]
LABELS = np.where(Y > 0, "up", "down")
DAYS = pd.date_range("2020-01-01", periods=60)
FRAME = pd.DataFrame(RNG.normal(size=(60, 2)).cumsum(0), DAYS, ["a", "b"])
FRAME["kind"] = pd.Categorical(np.resize(["u", "v"], 60))
LINEAR = [getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__ if name.startswith("Lag")]
LINEAR.remove(LagTransformer)


@pytest.fixture
def stored(tmp_path):
    """Return a function that writes an estimator and reads it again."""

    def write_and_read(estimator):
        to_safetensors(estimator, tmp_path / "file.safetensors")
        return from_safetensors(tmp_path / "file.safetensors")

    return write_and_read


@pytest.mark.parametrize("cls", [*NETS, *LINEAR])
def test_an_estimator_is_read_again(cls, stored):
    y = LABELS if cls in CLASSIFIERS or "Logistic" in cls.__name__ else np.arange(40) % 5
    estimator = cls(**(SHORT if cls in NETS else {})).fit(X, y)
    again = stored(estimator)
    assert type(again) is cls
    assert again.get_params() == estimator.get_params()
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


@pytest.mark.parametrize(
    "net",
    [
        TCNClassifier(n_members=2, callbacks=None, **SHORT),
        GRUClassifier(standardize="window", warm_start=True, **SHORT),
    ],
)
def test_members_scales_and_classes_are_read_again(net, stored):
    net.fit(X, LABELS)
    again = stored(net)
    np.testing.assert_array_equal(again.classes_, net.classes_)
    np.testing.assert_array_equal(again.predict_members(X), net.predict_members(X))
    assert vars(again).keys() == vars(net).keys()


def test_the_network_learns_on(stored):
    net = LSTMRegressor(warm_start=True, **SHORT).fit(X, Y)
    again = stored(net)
    np.testing.assert_array_equal(again.fit(X, Y).predict(X), net.fit(X, Y).predict(X))


def test_lags_and_calendars_are_read_again(stored):
    lags = LagTransformer(3).fit(FRAME[:50])
    windows = lags.transform(FRAME)
    np.testing.assert_array_equal(stored(lags).transform(FRAME[50:]), windows[50:])
    net = LSTMRegressor(**SHORT).fit(windows, np.arange(60.0))
    np.testing.assert_array_equal(stored(net).predict(windows[10:]), net.predict(windows[10:]))
    numbers = FRAME[["a", "b"]]
    for model in (ARRegressor("aic"), PersistenceRegressor()):
        model.fit(numbers[:50], numbers["a"][:50])
        again = stored(model)
        np.testing.assert_array_equal(again.predict(numbers[50:]), model.predict(numbers[50:]))
    ar = ARRegressor(2).fit(numbers, numbers)
    pd.testing.assert_frame_equal(stored(ar).summary(), ar.summary())


def test_tensors_have_the_names_of_the_network(tmp_path):
    net = LSTMRegressor(**SHORT).fit(X, Y)
    to_safetensors(net, tmp_path / "file.safetensors")
    tensors = safetensors.load_file(tmp_path / "file.safetensors")
    for name, parameter in net.net_.module_.named_parameters():
        np.testing.assert_array_equal(tensors[f"net_.{name}"], parameter.detach().numpy())
    np.testing.assert_array_equal(tensors["channel_scale_.mean"], net.channel_scale_.mean)


def test_pipelines_and_other_files_are_refused(tmp_path):
    steps = (StandardScaler(), LagTransformer(2), LSTMRegressor(**SHORT))
    pipeline = CompleteRows(make_pipeline(*steps))
    pipeline.fit(FRAME[["a", "b"]], FRAME["a"])
    with pytest.raises(TypeError, match=r"got estimator of type Pipeline\. skops stores"):
        to_safetensors(pipeline, tmp_path / "file.safetensors")
    path = tmp_path / "other.safetensors"
    safetensors.save_file({"a": X}, path)
    with pytest.raises(ValueError, match="has no estimator of sklearn_rnn"):
        from_safetensors(path)
    text = json.dumps({"estimator": "os:system", "state": {}})
    safetensors.save_file({"a": X}, path, metadata={"sklearn_rnn": text})
    with pytest.raises(ValueError, match="'os:system' is no estimator of sklearn_rnn"):
        from_safetensors(path)


def test_a_path_that_is_none_is_refused_by_name():
    model = LSTMRegressor(**SHORT).fit(X, Y)
    for call in (lambda: to_safetensors(model, None), lambda: from_safetensors(3)):
        with pytest.raises(ValueError, match=r"The 'path' parameter of .*_safetensors must be an"):
            call()


def test_other_versions_warn(tmp_path, monkeypatch):
    path = tmp_path / "file.safetensors"
    to_safetensors(LSTMRegressor(**SHORT).fit(X, Y), path)
    versions = {"torch": "0", "numpy": "0", "sklearn-rnn": "0"}
    monkeypatch.setattr("sklearn_rnn._sklearn.estimator.stored_versions", lambda: versions)
    with pytest.warns(StoredVersionWarning):
        from_safetensors(path)
