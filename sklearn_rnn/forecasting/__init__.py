"""Baseline forecasts, and forecasts of several steps of one series or many."""

from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.forecasting._autoregression import make_ar
from sklearn_rnn.forecasting._differenced import DifferencedRegressor
from sklearn_rnn.forecasting._forecaster import Forecaster
from sklearn_rnn.forecasting._interval_regressor import IntervalRegressor
from sklearn_rnn.forecasting._local_forecaster import LocalForecaster
from sklearn_rnn.forecasting._naive_forecaster import NaiveForecaster
from sklearn_rnn.forecasting._penalized import make_lasso, make_linear
from sklearn_rnn.forecasting._persistence import PersistenceRegressor
from sklearn_rnn.forecasting._recursive import RecursiveForecaster
from sklearn_rnn.forecasting._stream import stream

__all__ = [
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
]
