"""Fitted models outside of scikit-learn: as torch modules."""

from sklearn_rnn.export._as_module import as_module

__all__ = ["as_module"]
