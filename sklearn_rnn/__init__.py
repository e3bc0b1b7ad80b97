"""Recurrent, convolutional and dense networks for sequences, as scikit-learn estimators."""

from sklearn_rnn import neural_network
from sklearn_rnn._sklearn.versions import show_versions
from sklearn_rnn.forecasting import (
    ARRegressor,
    DifferencedRegressor,
    Forecaster,
    IntervalRegressor,
    LocalForecaster,
    NaiveForecaster,
    PersistenceRegressor,
    RecursiveForecaster,
    make_ar,
    make_lasso,
    make_linear,
    stream,
)
from sklearn_rnn.linear import (
    LagElasticNet,
    LagElasticNetCV,
    LagLogistic,
    LagLogisticCV,
    LagPoisson,
    LagPoissonCV,
    LagRidge,
    LagRidgeCV,
)
from sklearn_rnn.neural_network import *  # noqa: F403 - the networks, listed once in its `__all__`
from sklearn_rnn.preprocessing import (
    CalendarFeatures,
    CompleteRows,
    LagTransformer,
    TextSequencer,
    frame_from_sequences,
    make_lagged,
    sequences_from_frame,
)

__version__ = "0.1.0"

__all__ = ["LagTransformer", "make_lagged", "CompleteRows", "CalendarFeatures", "TextSequencer"]
__all__ += ["sequences_from_frame", "frame_from_sequences"]
__all__ += neural_network.__all__
__all__ += ["LagElasticNet", "LagElasticNetCV", "LagRidge", "LagRidgeCV"]
__all__ += ["LagLogistic", "LagLogisticCV", "LagPoisson", "LagPoissonCV"]
__all__ += [
    "ARRegressor",
    "DifferencedRegressor",
    "IntervalRegressor",
    "Forecaster",
    "LocalForecaster",
    "NaiveForecaster",
    "PersistenceRegressor",
    "make_ar",
    "make_lasso",
    "make_linear",
    "RecursiveForecaster",
    "stream",
    "show_versions",
]
