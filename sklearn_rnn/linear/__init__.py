"""Linear models on windows, which are never written out."""

from sklearn_rnn.linear._elastic_net import LagElasticNet
from sklearn_rnn.linear._ridge import LagRidge

__all__ = [
    "LagElasticNet",
    "LagRidge",
]
