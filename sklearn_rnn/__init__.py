"""Recurrent, convolutional and dense networks for sequences, as scikit-learn estimators."""

from sklearn_rnn._sklearn.versions import show_versions
from sklearn_rnn.forecasting import PersistenceRegressor, RecursiveForecaster, make_ar
from sklearn_rnn.neural_network import (
    CNNClassifier,
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    DenseClassifier,
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
    TCNClassifier,
    TCNRegressor,
)
from sklearn_rnn.preprocessing import LagTransformer, TextSequencer, make_lagged

__version__ = "0.1.0"

__all__ = [
    "LagTransformer",
    "make_lagged",
    "TextSequencer",
    "RNNRegressor",
    "RNNClassifier",
    "LSTMRegressor",
    "LSTMClassifier",
    "GRURegressor",
    "GRUClassifier",
    "TCNRegressor",
    "TCNClassifier",
    "CNNRegressor",
    "CNNClassifier",
    "CNNLSTMRegressor",
    "CNNLSTMClassifier",
    "HierarchicalAttentionClassifier",
    "DenseRegressor",
    "DenseClassifier",
    "PersistenceRegressor",
    "make_ar",
    "RecursiveForecaster",
    "show_versions",
]
