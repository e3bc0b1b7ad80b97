"""Recurrent, convolutional, attention and dense networks as estimators."""

from sklearn_rnn.neural_network._cnn import (
    CNNClassifier,
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
)
from sklearn_rnn.neural_network._hierarchical_attention import HierarchicalAttentionClassifier
from sklearn_rnn.neural_network._mlp import DenseClassifier, DenseRegressor
from sklearn_rnn.neural_network._recurrent import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
)
from sklearn_rnn.neural_network._tcn import TCNClassifier, TCNRegressor

__all__ = [
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
]
