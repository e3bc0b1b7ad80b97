"""Linear models on windows, fitted without storing the flattened windows."""

from sklearn_rnn.linear._elastic_net import LagElasticNet
from sklearn_rnn.linear._elastic_net_cv import LagElasticNetCV
from sklearn_rnn.linear._logistic import LagLogistic, LagLogisticCV
from sklearn_rnn.linear._poisson import LagPoisson, LagPoissonCV
from sklearn_rnn.linear._ridge import LagRidge
from sklearn_rnn.linear._ridge_cv import LagRidgeCV

__all__ = [
    "LagElasticNet",
    "LagElasticNetCV",
    "LagLogistic",
    "LagLogisticCV",
    "LagPoisson",
    "LagPoissonCV",
    "LagRidge",
    "LagRidgeCV",
]
