"""`to_onnx`: onnxruntime computes, from raw X, what the estimator predicts."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import (
    ARRegressor,
    CNNRegressor,
    DenseClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LagElasticNet,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    RNNRegressor,
    TCNClassifier,
    make_lagged,
)
from sklearn_rnn.inspection.export import to_onnx
from tests.nets import REGRESSORS, few_epochs

ort = pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")

pytestmark = few_epochs

RNG = np.random.default_rng(0)
SHORT = {"max_epochs": 2, "random_state": 0}
X = RNG.normal(size=(40, 5, 2)) * [1.0, 100.0] + [50.0, -3.0]
Y = 30.0 * X[:, -1, 0] + 1000.0
TOLERANCE = {"rtol": 0, "atol": 1e-5 * np.std(Y)}


def metadata(session):
    props = session.get_modelmeta().custom_metadata_map
    return {name: json.loads(value) for name, value in props.items()}


@pytest.mark.parametrize("cls", REGRESSORS)
def test_every_architecture_has_a_graph_of_any_batch_and_steps(session_of, cls):
    net = cls(**SHORT).fit(X, Y)
    session = session_of(net)
    for n, n_steps in ((1, 5), (7, 5), *([(3, 1), (2, 12)] if cls._any_length else [])):
        x = np.resize(X, (n, n_steps, 2))
        np.testing.assert_allclose(session.run(["y"], {"X": x})[0], net.predict(x), **TOLERANCE)


@pytest.mark.parametrize(
    "net",
    [
        LSTMRegressor(
            bidirectional=True, coupled_gates=True, num_layers=2, pooling="attention", **SHORT
        ),
        GRURegressor(standardize="window", target_channel=0, **SHORT),
        CNNRegressor(kernel_size=(2, 3), loss="normal", dtype="float64", **SHORT),
    ],
)
def test_lengths_are_an_input(session_of, net):
    sequences = [x[: 1 + i % 5] for i, x in enumerate(X)]
    net.fit(sequences, Y)
    padded, lengths = np.nan_to_num(X), np.array([len(x) for x in sequences])
    y = session_of(net).run(["y"], {"X": padded, "lengths": lengths})[0]
    np.testing.assert_allclose(y, net.predict(sequences), **TOLERANCE)


def test_quantiles_have_their_levels_in_the_metadata(session_of):
    levels = [0.1, 0.5, 0.9]
    net = RNNRegressor(loss="quantile", quantile=levels, n_members=2, **SHORT).fit(X, Y)
    session = session_of(net)
    quantiles = session.run(["quantiles"], {"X": X})[0]
    np.testing.assert_allclose(quantiles, net.predict(X, quantiles=levels), **TOLERANCE)
    assert metadata(session)["quantiles"] == levels


@pytest.mark.parametrize("cls", [TCNClassifier, DenseClassifier])
def test_classes_are_positions_whose_names_are_in_the_metadata(session_of, cls):
    labels = np.resize(["low", "high", "middle"], 40)
    net = cls(**SHORT).fit(X, labels)
    session = session_of(net)
    probabilities, label = session.run(["probabilities", "label"], {"X": X})
    np.testing.assert_allclose(probabilities, net.predict_proba(X), rtol=0, atol=1e-5)
    assert np.array(metadata(session)["classes"])[label].tolist() == net.predict(X).tolist()


def test_labels_of_each_step_are_zeros_and_ones(session_of):
    targets = (X.mean((0, 1)) < X).astype(int)
    net = LSTMClassifier(return_sequences=True, **SHORT).fit(X, targets)
    label = session_of(net, ragged=True).run(["label"], {"X": X, "lengths": np.full(40, 5)})[0]
    np.testing.assert_array_equal(label, net.predict(X))


def test_tokens_and_documents_are_integers(session_of):
    documents = RNG.integers(2, 9, size=(40, 3, 4))
    documents[::2, 1:, 3] = 0
    labels = np.arange(40) % 2
    net = HierarchicalAttentionClassifier(**SHORT).fit(documents, labels)
    computed = session_of(net).run(["probabilities"], {"X": documents})[0]
    np.testing.assert_allclose(computed, net.predict_proba(documents), rtol=0, atol=1e-5)
    tokens = documents.reshape(40, 12)
    net = LSTMClassifier(vocabulary_size=9, **SHORT).fit(tokens, labels)
    computed = session_of(net).run(["probabilities"], {"X": tokens})[0]
    np.testing.assert_allclose(computed, net.predict_proba(tokens), rtol=0, atol=1e-5)


def test_categories_and_channels_are_named_in_the_metadata(session_of):
    frame = pd.DataFrame({"a": Y, "kind": pd.Categorical(np.resize(["u", "v"], 40))})
    windows = LagTransformer(3).fit_transform(frame)
    net = GRURegressor(linear_skip=False, **SHORT).fit(windows, Y)
    session = session_of(net)
    assert metadata(session)["channels"] == ["a", "kind"]
    assert metadata(session)["categories"] == {"1": ["u", "v"]}
    y = session.run(["y"], {"X": np.asarray(windows)})[0]
    np.testing.assert_allclose(y[3:], net.predict(windows[3:]), **TOLERANCE)


def test_a_path_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match="The 'path' parameter of to_onnx must be an instance of"):
        to_onnx(LagElasticNet(), None)


def test_a_graph_that_differs_is_refused(tmp_path):
    net = LSTMRegressor(dtype="bfloat16", **SHORT).fit(X, Y)
    with pytest.raises(ValueError, match=r"LSTMRegressor computes in bfloat16"):
        to_onnx(net, tmp_path / "model.onnx")
    net = LSTMRegressor(**SHORT).fit(X, Y)
    net.predict = lambda X, quantiles: np.full(len(X), Y.mean())
    with pytest.raises(ValueError, match=r"does not compute what it predicts; they differ by"):
        to_onnx(net, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_lengths_need_a_network_that_reads_step_by_step(tmp_path):
    net = DenseClassifier(**SHORT).fit(X, np.arange(40) % 2)
    with pytest.raises(ValueError, match=r"inputs of DenseClassifier have a fixed length\.$"):
        to_onnx(net, tmp_path / "model.onnx", ragged=True)


WITHOUT_TORCH = """
import sys, time
import numpy as np, onnxruntime as ort

path, n_steps, n_channels = sys.argv[1], *map(int, sys.argv[2:])
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
row = {"X": np.ones((1, n_steps, n_channels))}

def seconds():
    start = time.perf_counter()
    session.run(None, row)
    return time.perf_counter() - start

assert not {"torch", "sklearn", "sklearn_rnn"} & {*sys.modules}
print(min(np.median([seconds() for _ in range(500)]) for _ in range(5)))
"""


@pytest.mark.parametrize("name", ["ar", "lasso", "lstm"])
def test_one_row_is_predicted_without_torch_in_a_twentieth_of_a_millisecond(name, tmp_path):
    rows, path = RNG.normal(size=(60, 3)).cumsum(0), tmp_path / "model.onnx"
    if name == "ar":
        rows = rows[:, :1]
        to_onnx(ARRegressor(5).fit(rows, rows[:, 0]), path)
    else:
        model = LSTMRegressor(hidden_size=32, **SHORT) if name == "lstm" else LagElasticNet(0.01)
        to_onnx(model.fit(*make_lagged(rows, rows[:, 0], 5)), path)
    command = [sys.executable, "-c", WITHOUT_TORCH, path, "5", str(rows.shape[1])]
    median = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert median <= 5e-5


def test_onnxruntime_still_lacks_double_precision():
    from onnx import TensorProto, helper

    sizes = {"x": [2, 3, 5], "w": [1, 16, 5], "r": [1, 16, 4]}
    values = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, s) for n, s in sizes.items()]
    y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    lstm = helper.make_node("LSTM", list(sizes), ["y"], hidden_size=4)
    graph = helper.make_graph([lstm], "lstm", values, [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    with pytest.raises(Exception, match="LSTM operator does not support double"):
        session.run(None, {name: np.ones(size) for name, size in sizes.items()})
