"""Fitted models outside of scikit-learn: as torch modules and as graphs of ONNX."""

from sklearn_rnn.export._as_module import as_module
from sklearn_rnn.export._to_onnx import to_onnx

__all__ = ["as_module", "to_onnx"]
