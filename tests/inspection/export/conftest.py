"""Graphs of ONNX, in all tests that run one."""

import pytest


@pytest.fixture
def session_of(tmp_path):
    """Return a function that exports a model and loads the graph."""
    ort = pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
    from sklearn_rnn.inspection.export import to_onnx

    def export(model, **how):
        to_onnx(model, tmp_path / "model.onnx", **how)
        return ort.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])

    return export
