"""Displays of comparisons, importances, training curves, paths and forecasts (matplotlib)."""

from sklearn_rnn.forecasting._plot import ForecastDisplay
from sklearn_rnn.inspection._plot import LagImportanceDisplay
from sklearn_rnn.model_selection._plot.comparison import ComparisonDisplay
from sklearn_rnn.model_selection._plot.path import PathDisplay
from sklearn_rnn.neural_network._plot import TrainingCurveDisplay

__all__ = [
    "ComparisonDisplay",
    "ForecastDisplay",
    "LagImportanceDisplay",
    "PathDisplay",
    "TrainingCurveDisplay",
]
