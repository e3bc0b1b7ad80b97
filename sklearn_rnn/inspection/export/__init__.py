"""Fitted models outside of scikit-learn: torch modules, graphs of ONNX, files of safetensors."""

from sklearn_rnn.inspection.export._as_module import as_module
from sklearn_rnn.inspection.export._safetensors import from_safetensors, to_safetensors
from sklearn_rnn.inspection.export._to_onnx import to_onnx

__all__ = ["as_module", "to_onnx", "to_safetensors", "from_safetensors"]
