"""Recurrent, convolutional and dense networks for sequences, as scikit-learn estimators."""

from sklearn_rnn._baselines import PersistenceRegressor, make_ar
from sklearn_rnn._cnn import CNNClassifier, CNNLSTMClassifier, CNNLSTMRegressor, CNNRegressor
from sklearn_rnn._dense import DenseClassifier, DenseRegressor
from sklearn_rnn._hierarchical import HierarchicalAttentionClassifier
from sklearn_rnn._lags import LagTransformer
from sklearn_rnn._make_lagged import make_lagged
from sklearn_rnn._recurrent import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
)
from sklearn_rnn._recursive import RecursiveForecaster
from sklearn_rnn._tcn import TCNClassifier, TCNRegressor
from sklearn_rnn._text import TextSequencer
from sklearn_rnn._versions import show_versions

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
